#!/bin/sh
# The first program of a guest that runs the suite: it reads commands from the
# console, one a line, and says when each one ends and what the guest's clock
# showed before and after.

export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs tmpfs /tmp
stty -echo -onlcr

echo "bench: ready"
while read -r line; do
    read -r before _ </proc/uptime
    eval "$line"
    status=$?
    read -r after _ </proc/uptime
    echo "bench: end $status $before $after"
done
poweroff -f
