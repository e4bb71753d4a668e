# Read by the login shell of a Trine guest.
export PATH=/bin HOME=/root
PS1='\u@\h:\w\$ '
alias ll='ls -l'
