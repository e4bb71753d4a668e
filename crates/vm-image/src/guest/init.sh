#!/bin/sh
# The first program of a Trine guest: it prepares an ordinary root file system in
# memory, loads the drivers of the devices that are present, and runs one command
# (trine.cmd="..." or trine.cmd64=BASE64 on the kernel command line) or a shell.
# The machine powers off when that ends.

export PATH=/bin HOME=/root

mount -t proc -o nosuid,nodev,noexec proc /proc
mount -t sysfs -o nosuid,nodev,noexec sysfs /sys
mount -t devtmpfs -o nosuid,mode=0755 devtmpfs /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts -o nosuid,noexec,gid=5,mode=0620 devpts /dev/pts
mount -t tmpfs -o nosuid,nodev tmpfs /dev/shm
mount -t tmpfs -o nosuid,nodev,mode=0755 tmpfs /run
mount -t tmpfs -o nosuid,nodev tmpfs /tmp
ln -sf /proc/self/fd /dev/fd
hostname trine

# Every device states in `modalias` which driver it needs. A transport (virtio-mmio)
# brings its own devices to light, so buses are asked until a round finds nothing new.
known=
while :; do
    now=$(cat /sys/bus/*/devices/*/modalias 2>/dev/null)
    [ "$now" = "$known" ] && break
    known=$now
    # One process for all: starting programs is what costs time in an emulated guest.
    modprobe -q -a $(printf '%s\n' "$known" | sort -u) 2>/dev/null
done
ip link set lo up 2>/dev/null

command=
read -r cmdline </proc/cmdline
case " $cmdline" in
*' trine.cmd64='*)
    command=${cmdline#*trine.cmd64=}
    command=$(printf '%s' "${command%% *}" | base64 -d)
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
    echo
    echo "Linux $(uname -r) on $(uname -m), with busybox. Type \`exit\` to power off."
    echo
    setsid cttyhack sh -l
fi
sync
poweroff -f
