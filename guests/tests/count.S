# Two harts print in turn, hart 0 small and hart 1 capital letters, in the order
# of the alphabet; then they switch off. Between two letters hart 0 waits for
# the timer, so that there is something to save: registers, memory, an
# interrupt that is due.

        .option norvc
        .equ    UART, 0x10000000
        .equ    CLINT, 0x02000000
        .equ    MTIMECMP, 0x4000
        .equ    MTIME, 0xbff8
        .equ    PAUSE, 20000            # ticks of 100 ns

        .section .text.start, "ax"
        .globl  _start
_start: la      s0, turn
        li      s1, UART
        li      s2, 26
        li      s3, 'a'
        mv      s4, a0
        beqz    a0, loop
        li      s3, 'A'
loop:   lw      t0, 0(s0)               # whose turn is it?
        andi    t0, t0, 1
        bne     t0, s4, loop
        bnez    s4, print

        li      t0, CLINT               # hart 0 waits for its timer
        li      t1, MTIME
        add     t1, t0, t1
        ld      t2, 0(t1)
        li      t1, PAUSE
        add     t2, t2, t1
        li      t1, MTIMECMP
        add     t1, t0, t1
        sd      t2, 0(t1)
        li      t1, 1 << 7
        csrw    mie, t1
again:  wfi
        csrr    t1, mip
        andi    t1, t1, 1 << 7
        beqz    t1, again

print:  sb      s3, 0(s1)
        addi    s3, s3, 1
        lw      t0, 0(s0)
        addi    t0, t0, 1
        sw      t0, 0(s0)
        addi    s2, s2, -1
        bnez    s2, loop
        beqz    s4, park
        li      t0, 0x100000
        li      t1, 0x5555
        sw      t1, 0(t0)
park:   wfi
        j       park

        .data
        .balign 4
turn:   .word   0
