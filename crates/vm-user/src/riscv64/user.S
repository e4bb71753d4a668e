# Runs a program in U-mode and hands its system calls to the device. Assembled with
#   riscv64-linux-gnu-gcc -march=rv64imafd_zicsr -nostdlib -static -Wl,--build-id=none \
#       -Wl,-Ttext=0x80000000 user.S -o user.elf
#   riscv64-linux-gnu-objcopy -O binary -j .text user.elf user.bin
        .equ    DEVICE, 0x100000
        .equ    PARAMETERS, 0x800       # satp, entry point, stack pointer

        .globl  _start
_start:   auipc   t1, 0
        li      t0, 0x1f                # all of memory, for U-mode too
        csrw    pmpcfg0, t0
        li      t0, -1
        csrw    pmpaddr0, t0
        csrw    mcounteren, t0
        csrw    scounteren, t0
        lla     t0, trap
        csrw    mtvec, t0
        li      t0, 3 << 13             # FS: dirty; MPP: U-mode
        csrw    mstatus, t0
        li      t0, PARAMETERS
        add     t1, t1, t0
        ld      t0, 0(t1)
        csrw    satp, t0
        sfence.vma
        ld      t0, 8(t1)
        csrw    mepc, t0
        ld      sp, 16(t1)
        mret

        .balign 4
trap:   csrw    mscratch, t0
        li      t0, DEVICE
        sd      a0, 0(t0)
        sd      a1, 8(t0)
        sd      a2, 16(t0)
        sd      a3, 24(t0)
        sd      a4, 32(t0)
        sd      a5, 40(t0)
        sd      a7, 48(t0)
        csrr    a0, mcause
        sd      a0, 56(t0)
        csrr    a0, mtval
        sd      a0, 64(t0)
        csrr    a0, mepc
        sd      a0, 72(t0)
        addi    a0, a0, 4
        csrw    mepc, a0
        ld      a0, 0(t0)               # does the call
        csrr    t0, mscratch
        mret
