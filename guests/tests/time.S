# Sets mtime and looks at all that follows it: the time CSR of both harts, the
# interrupts of stimecmp and mtimecmp. Ends with the number of the check that
# failed as its status.

        .option norvc
        .equ    FINISHER, 0x100000
        .equ    MTIMECMP, 0x02004000
        .equ    MTIME, 0x0200bff8
        .equ    STI, 1 << 5
        .equ    MTI, 1 << 7
        .equ    SECONDS, 30 * 10000000  # of patience, in ticks

        .macro  check number            # what fails now is this
        li      s11, \number
        .endm
        .macro  set_mtime register
        sd      \register, 0(s1)
        fence   iorw, iorw
        .endm

        .section .text.start, "ax"
        .globl  _start
_start: bnez    a0, second
        li      s1, MTIME
        li      s2, MTIMECMP
        li      s3, SECONDS
        li      t0, -1
        sd      t0, 0(s2)
        csrw    0x14d, t0               # stimecmp
        li      t0, 1 << 63
        csrs    0x30a, t0               # menvcfg.STCE
        li      t0, STI | MTI
        csrw    mie, t0                 # for WFI; mstatus.MIE stays 0

        check   1                       # the time CSR is mtime
        li      s4, 1 << 40
        set_mtime s4
        csrr    t0, time
        sub     t0, t0, s4
        bgeu    t0, s3, fail
        ld      t0, 0(s1)
        sub     t0, t0, s4
        bgeu    t0, s3, fail

        check   2                       # so it is on the other hart
        la      s5, wanted
        sd      s4, 0(s5)
        fence   rw, rw
1:      csrr    t0, time
        sub     t0, t0, s4
        bgeu    t0, s3, fail
        ld      t0, 8(s5)
        beqz    t0, 1b

        check   3                       # stimecmp is due when mtime is set beyond it
        slli    s4, s4, 1
        csrw    0x14d, s4
        li      t1, STI
        csrr    t0, mip
        and     t0, t0, t1
        bnez    t0, fail
        set_mtime s4
        csrr    t0, mip
        and     t0, t0, t1
        beqz    t0, fail

        check   4                       # and not any more when it is set back
        set_mtime zero
        csrr    t0, mip
        and     t0, t0, t1
        bnez    t0, fail

        check   5                       # WFI ends when stimecmp is due by the new time
        li      t0, 100000              # 10 ms
        sub     t0, s4, t0
        set_mtime t0
        call    sleep

        check   6                       # the same for mtimecmp
        set_mtime zero
        li      t0, -1
        csrw    0x14d, t0
        slli    s4, s4, 1
        sd      s4, 0(s2)
        li      t1, MTI
        li      t0, 100000
        sub     t0, s4, t0
        set_mtime t0
        call    sleep

        check   7                       # halves of mtime: the time has its low half
        sw      zero, 4(s1)
        csrr    t0, time
        srli    t0, t0, 32
        bnez    t0, fail

        li      s11, 0
fail:   li      t0, FINISHER
        beqz    s11, 2f
        slli    s11, s11, 16
        li      t1, 0x3333
        or      t1, t1, s11
        j       3f
2:      li      t1, 0x5555
3:      sw      t1, 0(t0)
park:   wfi
        j       park

# Waits for an interrupt of t1, and not for ever: mtime is below s4 until it is due.
sleep:  csrr    t0, mip
        and     t0, t0, t1
        bnez    t0, 4f
        csrr    t0, time
        sub     t0, t0, s4
        blez    t0, 5f
        bgeu    t0, s3, fail
5:      wfi
        j       sleep
4:      csrr    t0, time
        bltu    t0, s4, fail
        ret

# The other hart tells when its time is what was set.
second: la      s5, wanted
6:      ld      t1, 0(s5)
        beqz    t1, 6b
7:      csrr    t0, time
        bltu    t0, t1, 7b
        li      t0, 1
        sd      t0, 8(s5)
        j       park

        .data
        .balign 8
wanted: .dword  0, 0
