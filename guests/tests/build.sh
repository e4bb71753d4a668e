#!/bin/sh
# Builds the guests of the tests; the results are checked in.
set -eu
cd "$(dirname "$0")"
for source in *.S; do
    riscv64-linux-gnu-gcc -march=rv64gc -mabi=lp64d -nostdlib -static \
        -Wl,--build-id=none -Wl,--no-warn-rwx-segments -Wl,-z,max-page-size=4096 \
        -T link.ld -o "${source%.S}.elf" "$source"
done
