/* Zacas: compare-and-swap of words, doublewords and quadwords. */
#include "test.h"

/* Not known to older assemblers. */
    .macro amocas.w rd, rs2, rs1
    .insn r 0x2f, 2, 0x14, \rd, \rs1, \rs2
    .endm
    .macro amocas.d rd, rs2, rs1
    .insn r 0x2f, 3, 0x14, \rd, \rs1, \rs2
    .endm
    .macro amocas.q rd, rs2, rs1
    .insn r 0x2f, 4, 0x14, \rd, \rs1, \rs2
    .endm
    .macro amocas.d.aqrl rd, rs2, rs1
    .insn r 0x2f, 3, 0x17, \rd, \rs1, \rs2
    .endm

    .bss
    .balign 64
cell:
    .space 64

    begin
    la s0, cell

#define CAS(insn, before, expected, new, after, old) \
    li a0, before; sd a0, 0(s0); li a0, expected; li a2, new; \
    insn a0, a2, s0; CHECK(a0, old); ld a0, 0(s0); CHECK(a0, after)

    CAS(amocas.d, 5, 5, 6, 6, 5)
    CAS(amocas.d, 5, 4, 6, 5, 5)
    CAS(amocas.d, -1, 0xffffffff, 6, -1, -1)
    CAS(amocas.d.aqrl, -1, -1, 0, 0, -1)
    /* Words: only the low halves count, the neighbour stays, rd is extended. */
    CAS(amocas.w, 0x1234567880000000, 0x80000000, 7, 0x1234567800000007, 0xffffffff80000000)
    CAS(amocas.w, 0x1234567880000000, 0xabcd80000000, 0xffff00000007, 0x1234567800000007, 0xffffffff80000000)
    CAS(amocas.w, 0x1234567800000001, 2, 7, 0x1234567800000001, 1)

    /* x0 as what is expected: zero; the result is dropped. */
    sd zero, 0(s0)
    li a2, 9
    amocas.d zero, a2, s0
    ld a0, 0(s0)
    CHECK(a0, 9)
    CHECK(zero, 0)
    amocas.d zero, zero, s0
    ld a0, 0(s0)
    CHECK(a0, 9)
    li a0, 9
    amocas.d a0, zero, s0
    CHECK(a0, 9)
    ld a0, 0(s0)
    CHECK(a0, 0)
    /* One register for all. */
    sd s0, 0(s0)
    mv a0, s0
    amocas.d a0, a0, a0
    CHECK_EQ(a0, s0)

#define PAIR(low, high) li a0, low; sd a0, 0(s0); li a0, high; sd a0, 8(s0)
#define CHECK_PAIR(low, high) \
    ld a4, 0(s0); CHECK(a4, low); ld a4, 8(s0); CHECK(a4, high)

    /* Quadwords in pairs of registers: equal. */
    PAIR(1, 2)
    li a0, 1
    li a1, 2
    li a2, 3
    li a3, 4
    amocas.q a0, a2, s0
    CHECK(a0, 1)
    CHECK(a1, 2)
    CHECK_PAIR(3, 4)
    /* Different in the lower, in the upper half. */
    li a0, 0
    li a1, 4
    li a2, 5
    amocas.q a0, a2, s0
    CHECK(a0, 3)
    CHECK(a1, 4)
    CHECK_PAIR(3, 4)
    li a0, 3
    li a1, 0
    amocas.q a0, a2, s0
    CHECK(a0, 3)
    CHECK(a1, 4)
    CHECK_PAIR(3, 4)
    /* x0 as a pair is zero twice and takes nothing. */
    PAIR(0, 0)
    li a2, 5
    li a3, 6
    amocas.q zero, a2, s0
    CHECK_PAIR(5, 6)
    CHECK(zero, 0)
    li a0, 5
    li a1, 6
    amocas.q a0, zero, s0
    CHECK(a0, 5)
    CHECK(a1, 6)
    CHECK_PAIR(0, 0)

    /* Odd registers are reserved. */
    ILLEGAL(0x28c445af)         /* amocas.q a1, a2, (s0) */
    ILLEGAL(0x28d4452f)         /* amocas.q a0, a3, (s0) */

    /* Alignment is to the whole operand. */
    addi a1, s0, 2
    TRAPS_WITH(CAUSE_STORE_MISALIGNED, a1, amocas.w a0, a2, a1)
    addi a1, s0, 4
    TRAPS_WITH(CAUSE_STORE_MISALIGNED, a1, amocas.d a0, a2, a1)
    addi a1, s0, 8
    TRAPS_WITH(CAUSE_STORE_MISALIGNED, a1, amocas.q a4, a2, a1)

    /* A failing compare needs write access too. */
    li a1, NOWHERE
    TRAPS_WITH(CAUSE_STORE_ACCESS, a1, amocas.d a0, a2, a1)
    TRAPS_WITH(CAUSE_STORE_ACCESS, a1, amocas.q a4, a2, a1)

    PASS
