#!/bin/sh
# Builds the programs; the results are checked in.
set -eu
cd "$(dirname "$0")"
for name in board sbi; do
    riscv64-linux-gnu-gcc -march=rv64gc -mabi=lp64d -nostdlib -static -s \
        -Wl,--build-id=none -Wl,--no-warn-rwx-segments -Wl,-z,max-page-size=4096 \
        -T "$name.ld" -o "$name.elf" "$name.S"
    chmod 644 "$name.elf"
done
