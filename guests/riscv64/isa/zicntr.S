/* Zicntr: what the counters count. */
#include "test.h"

    begin
    .option norvc

    /* instret counts every instruction, its own reading not. */
    csrr a0, instret
    nop
    nop
    nop
    csrr a1, instret
    sub a0, a1, a0
    CHECK(a0, 4)
    /* Across branches, taken or not. */
    csrr a0, instret
    li a2, 3
1:  addi a2, a2, -1
    bnez a2, 1b
    beqz a2, 2f
2:  csrr a1, instret
    sub a0, a1, a0
    CHECK(a0, 1 + 1 + 2 * 3 + 1)
    /* An instruction that traps does not retire, ECALL included. */
    HERE
    la s11, 3f
    csrr a0, instret
    nop
    ecall
    nop
3:  csrr a1, instret
    sub a0, a1, a0
    CHECK(a0, 2 + HANDLER_INSNS)

    /* A written counter goes on from what was written. */
    li a2, 0x123456789abc
    csrw minstret, a2
    csrr a0, minstret
    CHECK(a0, 0x123456789abc)
    csrr a1, minstret
    /* li and beq of the check above lie between. */
    bgtu a1, a0, 4f
    j fail
4:  li a2, -1
    csrw minstret, a2
    csrr a0, minstret
    nop
    csrr a1, minstret
    CHECK(a0, -1)
    CHECK(a1, 1)
    li a2, 0x8000000000000000
    csrw mcycle, a2
    csrr a0, mcycle
    bltu a0, a2, 5f
    csrr a1, cycle
    bltu a1, a0, 5f
    j 6f
5:  j fail
6:
    /* Inhibited counters stand still. */
    HERE
    csrwi mcountinhibit, 5
    csrr a0, mcountinhibit
    CHECK(a0, 5)
    csrr a0, minstret
    csrr a2, mcycle
    nop
    csrr a1, minstret
    csrr a3, mcycle
    CHECK_EQ(a0, a1)
    CHECK_EQ(a2, a3)
    csrwi mcountinhibit, 0
    csrr a0, minstret
    nop
    csrr a1, minstret
    sub a0, a1, a0
    CHECK(a0, 2)

    /* Time passes, and never backwards. */
    HERE
    csrr a0, time
    li a3, 2
7:  csrr a1, time
    bltu a1, a0, 5b
    beq a1, a0, 7b
    mv a0, a1
    addi a3, a3, -1
    bnez a3, 7b

    PASS
