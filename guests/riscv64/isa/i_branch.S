/* RV64I: jumps and branches, forwards, backwards, far, linked. */
#include "test.h"

/* Taken forwards and backwards, or not, with constants and with unknowns. */
#define TAKEN(insn, a, b) branch __LINE__, insn, a, b, 1
#define NOT_TAKEN(insn, a, b) branch __LINE__, insn, a, b, 0
.macro branch line, insn, a, b, taken
    li gp, \line
    li a1, \a
    li a2, \b
    li a0, 0
    j 2f
1:  addi a0, a0, 4
    j 4f
2:  \insn a1, a2, 3f
    addi a0, a0, 1
3:  \insn a1, a2, 1b
    addi a0, a0, 2
4:  .if \taken
    li a1, 4
    .else
    li a1, 3
    .endif
    beq a0, a1, 5f
    j fail
5:
.endm

    begin
    .option norvc

    TAKEN(beq, -1, -1)
    NOT_TAKEN(beq, 0x100000000, 0)
    TAKEN(bne, 0x100000000, 0)
    NOT_TAKEN(bne, 7, 7)
    TAKEN(blt, -1, 0)
    NOT_TAKEN(blt, 0, -1)
    NOT_TAKEN(blt, 3, 3)
    TAKEN(bge, 0, -1)
    TAKEN(bge, 3, 3)
    NOT_TAKEN(bge, 0x8000000000000000, 0x7fffffffffffffff)
    TAKEN(bltu, 0, -1)
    NOT_TAKEN(bltu, -1, 0)
    NOT_TAKEN(bltu, 3, 3)
    TAKEN(bgeu, -1, 0)
    TAKEN(bgeu, 3, 3)
    NOT_TAKEN(bgeu, 0, 1)

    /* JAL and JALR link to what follows them. */
    HERE
    jal a0, 1f
0:  j fail
1:  la a1, 0b
    CHECK_EQ(a0, a1)
    la a2, 3f - 100
    jalr a0, 100(a2)
2:  j fail
3:  la a1, 2b
    CHECK_EQ(a0, a1)
    /* The target is taken from rs1 before rd is written; its bit 0 is dropped. */
    la a2, 5f + 1
    jalr a2, 0(a2)
4:  j fail
5:  la a1, 4b
    CHECK_EQ(a2, a1)
    jal zero, 6f
    j fail
6:  CHECK(zero, 0)

    /* Calls nest; returns are found whatever register links. */
    li s2, 0
    jal ra, outer
    CHECK(s2, 111)
    jal t0, alternate
    CHECK(s2, 112)

    /* A loop long enough to be noticed. */
    li a0, 0
    li a1, 20000
7:  add a0, a0, a1
    addi a1, a1, -1
    bnez a1, 7b
    CHECK(a0, 200010000)

    /* The same indirect jump to many targets. */
    li s2, 0
    li s3, 300
8:  la a1, targets
    andi a2, s3, 3
    slli a2, a2, 2
    add a1, a1, a2
    jr a1
targets:
    j 10f
    j 11f
    j 12f
    addi s2, s2, 1
    j 13f
10: addi s2, s2, 10
    j 13f
11: addi s2, s2, 100
    j 13f
12: addi s2, s2, 1000
13: addi s3, s3, -1
    bnez s3, 8b
    CHECK(s2, 75 * 1111)

    /* A jump into an instruction whose immediate is an instruction. */
    HERE
    la a1, 14f + 2
    li a0, 1
    jr a1
14: lui zero, 0x05050           /* c.addi a0, 1 in the upper half */
    CHECK(a0, 2)

    /* As far as they reach. */
    li a0, 0
    j far_back
far_forward:
    CHECK(a0, 3)
    PASS

outer:
    mv s3, ra
    addi s2, s2, 1
    jal ra, inner
    jal ra, inner
    addi s2, s2, 10
    jr s3
inner:
    addi s2, s2, 50
    ret
alternate:
    addi s2, s2, 1
    jr t0

far_back:
    ori a0, a0, 1
    beqz a0, fail
    bnez a0, 1f
    .space 4000
1:  ori a0, a0, 2
    /* Beyond a branch: JAL reaches 1 MiB. */
    HERE
    jal zero, far_forward
