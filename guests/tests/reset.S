# Counts its starts in memory that a reset clears, and asks for a reset; the
# UART tells how far it got.

        .option norvc
        .section .text.start, "ax"
        .globl  _start
_start: bnez    a0, park
        la      t0, count
        lw      t1, 0(t0)
        addi    t1, t1, 1
        sw      t1, 0(t0)
        addi    t1, t1, '0'
        li      t2, 0x10000000
        sb      t1, 0(t2)
        li      t0, 0x100000
        li      t1, 0x7777
        sw      t1, 0(t0)
park:   wfi
        j       park

        .data
count:  .word   0
