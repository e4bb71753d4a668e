#!/bin/sh
# The first program of a Trine guest: it prepares an ordinary root file system in
# memory, loads the drivers of the devices that are present, and runs one command
# (trine.cmd="..." or trine.cmd64=BASE64 on the kernel command line) or a shell.
# The machine powers off when that ends.
#
# Starting a program costs an emulated guest some three million instructions, so what
# the shell can do by itself, it does.

export PATH=/bin HOME=/root

mount -t proc -o nosuid,nodev,noexec proc /proc
mount -t sysfs -o nosuid,nodev,noexec sysfs /sys
mount -t devtmpfs -o nosuid,mode=0755 devtmpfs /dev
mkdir -m 1777 /dev/pts /dev/shm
mount -t devpts -o nosuid,noexec,gid=5,mode=0620,ptmxmode=0666 devpts /dev/pts
ln -s /proc/self/fd /dev/fd
ip link set lo up
echo trine >/proc/sys/kernel/hostname

# Loads the modules that the devices of the given buses ask for in `modalias`. A device
# that has a driver gets none loaded; a module that the image lacks is left out.
load_drivers() {
    wanted=
    for bus in "$@"; do
        for device in /sys/bus/$bus/devices/*; do
            [ -e "$device/driver" ] && continue
            read -r alias <"$device/modalias" && wanted="$wanted $alias"
        done
    done 2>/dev/null
    [ -n "$wanted" ] && modprobe -q -a $wanted 2>/dev/null
}

# The transports bring the virtio devices to light.
load_drivers platform pci
load_drivers virtio

command=
read -r cmdline </proc/cmdline
case " $cmdline" in
*' trine.cmd64='*)
    command=${cmdline#*trine.cmd64=}
    command=$(echo "${command%% *}" | base64 -d)
    ;;
*' trine.cmd="'*)
    command=${cmdline#*trine.cmd=\"}
    command=${command%%\"*}
    ;;
*' trine.cmd='*)
    command=${cmdline#*trine.cmd=}
    command=${command%% *}
    ;;
esac

cd "$HOME"
if [ -n "$command" ]; then
    sh -c "$command"
    echo "trine: exit status $?"
else
    read -r release </proc/sys/kernel/osrelease
    read -r machine </proc/sys/kernel/arch
    echo
    echo "Linux $release on $machine, with busybox. Type \`exit\` to power off."
    echo
    setsid cttyhack sh -l
fi
poweroff -f
