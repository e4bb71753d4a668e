# Prints without end.

        .option norvc
        .equ    UART, 0x10000000
        .equ    LSR, 5
        .equ    THR_EMPTY, 0x20

        .section .text.start, "ax"
        .globl  _start
_start: li      t0, UART
again:  li      t2, 'a'
        li      t3, 'z'
busy:   lbu     t1, LSR(t0)
        andi    t1, t1, THR_EMPTY
        beqz    t1, busy
        sb      t2, 0(t0)
        addi    t2, t2, 1
        ble     t2, t3, busy
        j       again
