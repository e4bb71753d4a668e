# Sends back what the UART receives; ends at Ctrl-D.

        .option norvc
        .equ    UART, 0x10000000
        .equ    LSR, 5
        .equ    DATA_READY, 1
        .equ    THR_EMPTY, 0x20
        .equ    CTRL_D, 4

        .section .text.start, "ax"
        .globl  _start
_start: li      t0, UART
        li      t3, CTRL_D
loop:   lbu     t1, LSR(t0)
        andi    t1, t1, DATA_READY
        beqz    t1, loop
        lbu     t2, 0(t0)
        beq     t2, t3, end
busy:   lbu     t1, LSR(t0)
        andi    t1, t1, THR_EMPTY
        beqz    t1, busy
        sb      t2, 0(t0)
        j       loop
end:    li      t0, 0x100000
        li      t1, 0x5555
        sw      t1, 0(t0)
park:   wfi
        j       park
