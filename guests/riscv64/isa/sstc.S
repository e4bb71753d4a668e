/* Sstc: the supervisor's timer. */
#include "test.h"

#define STIP (1 << IRQ_STI)

/* STIP becomes so, not necessarily at once. */
#define AWAIT(level) await __LINE__, level
    .macro await line, level
    li gp, \line
    li t5, \level
.Lagain\@:
    csrr t6, mip
    andi t6, t6, STIP
    bne t6, t5, .Lagain\@
    .endm

    begin
    open_memory
    csrw mie, zero
    csrw mip, zero
    csrw mideleg, zero
    csrwi mcounteren, 7

    /* Without STCE, stimecmp has no effect and is M-mode's only. */
    csrw menvcfg, zero
    csrw stimecmp, zero
    csrr a0, mip
    andi a0, a0, STIP
    CHECK(a0, 0)
    li a1, STIP
    csrs mip, a1
    csrr a0, mip
    andi a0, a0, STIP
    CHECK(a0, STIP)
    csrw mip, zero
    HERE
    la s11, 1f
    enter PRIV_S, read_stimecmp
1:  CHECK(s8, CAUSE_ILLEGAL)

    li a1, MENVCFG_STCE
    csrs menvcfg, a1
    csrr a0, menvcfg
    and a0, a0, a1
    CHECK_EQ(a0, a1)

    /* Pending when time has reached stimecmp, as unsigned numbers; no other way. */
    AWAIT(STIP)
    li a1, STIP
    csrc mip, a1
    csrr a0, mip
    and a0, a0, a1
    CHECK(a0, STIP)
    li a1, -1
    csrw stimecmp, a1
    csrr a0, stimecmp
    CHECK(a0, -1)
    AWAIT(0)
    li a1, STIP
    csrs mip, a1
    csrr a0, mip
    and a0, a0, a1
    CHECK(a0, 0)
    csrr a1, time
    csrw stimecmp, a1
    AWAIT(STIP)

    /* S-mode may use it, with TM. */
    HERE
    la s11, 2f
    enter PRIV_S, read_stimecmp
2:  CHECK(s8, CAUSE_ECALL_S)
    csrwi mcounteren, 5
    la s11, 3f
    enter PRIV_S, read_stimecmp
3:  CHECK(s8, CAUSE_ILLEGAL)
    csrwi mcounteren, 7
    HERE
    la s11, 4f
    enter PRIV_U, read_stimecmp
4:  CHECK(s8, CAUSE_ILLEGAL)

    /* WFI sleeps until it is due, and not for much less. */
    li s2, 3
5:  li a1, STIP
    csrw mie, a1
    csrr a1, time
    li a2, 5000
    add a1, a1, a2
    csrw stimecmp, a1
    HERE
6:  wfi
    csrr a0, mip
    andi a0, a0, STIP
    beqz a0, 6b
    csrr a0, time
    bgeu a0, a1, 7f
    j fail
7:  addi s2, s2, -1
    bnez s2, 5b

    /* It interrupts M-mode if it is not delegated. */
    HERE
    csrr a1, time
    addi a1, a1, 1000
    csrw stimecmp, a1
    la s11, 8f
    csrsi mstatus, MSTATUS_MIE
    j spin
8:  li a2, CAUSE_INTERRUPT | IRQ_STI
    CHECK_EQ(s8, a2)
    csrr a0, time
    bgeu a0, a1, 9f
    j fail
9:
    /* And S- and U-mode if it is; the handler sets the next. */
    li a1, STIP
    csrw mideleg, a1
    la a1, tick
    csrw stvec, a1
    HERE
    li s2, 10
    la s11, 10f
    csrr a1, time
    addi a1, a1, 500
    csrw stimecmp, a1
    enter PRIV_U, spin
10: CHECK(s8, CAUSE_ECALL_S)
    CHECK(s2, 0)
    la a1, spin
    csrr a0, sepc
    CHECK_EQ(a0, a1)

    PASS

    .balign 4
read_stimecmp:
    csrr a0, stimecmp
    ecall
    .balign 4
spin:
    j spin
    .balign 4
tick:
    addi s2, s2, -1
    beqz s2, 11f
    csrr t0, scause
    li t1, CAUSE_INTERRUPT | IRQ_STI
    bne t0, t1, 11f
    csrr t0, time
    addi t0, t0, 500
    csrw stimecmp, t0
    sret
11: ecall
