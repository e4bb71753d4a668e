/* A: load-reserved and store-conditional, atomic read-modify-write. */
#include "test.h"

/* Memory before, operand, memory after and result, with each ordering. */
#define AMO(insn, before, operand, after, old) \
    amo __LINE__, insn, STR(before), STR(operand), STR(after), STR(old)
.macro amo line, insn, before, operand, after, old
    li gp, \line
    li s2, \before
    li a2, \operand
    li a4, \old
    li a5, \after
    amo_once \insn, \operand
    amo_once \insn\().aqrl, \operand
.endm
.macro amo_once insn, operand
    sd s2, 0(s0)
    \insn a0, a2, (s0)
    bne a0, a4, .Lbad\@
    ld a0, 0(s0)
    bne a0, a5, .Lbad\@
    /* The operand's register may take the result. */
    sd s2, 0(s0)
    mv a3, a2
    \insn a3, a3, (s0)
    bne a3, a4, .Lbad\@
    /* So may the address's. */
    sd s2, 0(s0)
    mv a3, s0
    \insn a3, a2, (a3)
    bne a3, a4, .Lbad\@
    /* Nobody need take it. */
    sd s2, 0(s0)
    \insn zero, a2, (s0)
    ld a0, 0(s0)
    beq a0, a5, .Lok\@
.Lbad\@:
    j fail
.Lok\@:
.endm

    .bss
    .balign 4096
cell:
    .space 4096
other:
    .space 64

    begin
    la s0, cell

    AMO(amoswap.d, 1, -2, -2, 1)
    AMO(amoswap.w, 0x1234567880000000, 0xabcdef0100000005, 0x1234567800000005, 0xffffffff80000000)
    AMO(amoadd.d, 0x7fffffffffffffff, 1, 0x8000000000000000, 0x7fffffffffffffff)
    AMO(amoadd.w, 0x12345678ffffffff, 1, 0x1234567800000000, -1)
    AMO(amoxor.d, 0xff00ff00ff00ff00, 0x0ff00ff00ff00ff0, 0xf0f0f0f0f0f0f0f0, 0xff00ff00ff00ff00)
    AMO(amoxor.w, 0x1234567800ff00ff, -1, 0x12345678ff00ff00, 0x00ff00ff)
    AMO(amoand.d, 0xff00ff00ff00ff00, 0x0ff00ff00ff00ff0, 0x0f000f000f000f00, 0xff00ff00ff00ff00)
    AMO(amoand.w, 0x12345678f0f0f0f0, 0xff00ff00, 0x12345678f000f000, 0xfffffffff0f0f0f0)
    AMO(amoor.d, 0x0100000000000000, 1, 0x0100000000000001, 0x0100000000000000)
    AMO(amoor.w, 0x1234567800000001, 0x80000000, 0x1234567880000001, 1)
    AMO(amomin.d, -5, 3, -5, -5)
    AMO(amomin.d, 3, -5, -5, 3)
    AMO(amomin.w, 0x1234567800000003, 0x00000000fffffff0, 0x12345678fffffff0, 3)
    AMO(amomin.w, 0x1234567880000000, 7, 0x1234567880000000, 0xffffffff80000000)
    AMO(amomax.d, -5, 3, 3, -5)
    AMO(amomax.d, 7, 7, 7, 7)
    AMO(amomax.w, 0x1234567880000000, 7, 0x1234567800000007, 0xffffffff80000000)
    AMO(amomax.w, 0x1234567800000003, 0x7ffffffffffffff0, 0x1234567800000003, 3)
    AMO(amominu.d, -5, 3, 3, -5)
    AMO(amominu.w, 0x1234567880000000, 7, 0x1234567800000007, 0xffffffff80000000)
    AMO(amominu.w, 0x1234567800000003, 0xf00000002, 0x1234567800000002, 3)
    AMO(amomaxu.d, -5, 3, -5, -5)
    AMO(amomaxu.w, 0x1234567880000000, 7, 0x1234567880000000, 0xffffffff80000000)
    AMO(amomaxu.w, 0x1234567800000003, 0xf00000002, 0x1234567800000003, 3)

    /* The upper word of a doubleword. */
    li a0, 0x1234567880000000
    sd a0, 0(s0)
    addi a1, s0, 4
    li a2, 1
    amoadd.w a0, a2, (a1)
    CHECK(a0, 0x12345678)
    ld a0, 0(s0)
    CHECK(a0, 0x1234567980000000)

    /* A pair succeeds once. */
    li a0, 0xffffffff80000001
    sd a0, 0(s0)
    li a2, 5
    lr.d a0, (s0)
    sc.d a1, a2, (s0)
    CHECK(a0, 0xffffffff80000001)
    CHECK(a1, 0)
    ld a0, 0(s0)
    CHECK(a0, 5)
    li a2, 6
    sc.d a1, a2, (s0)
    CHECK(a1, 1)
    ld a0, 0(s0)
    CHECK(a0, 5)

    /* Words: sign-extended, the neighbour untouched. */
    li a0, 0x1234567880000001
    sd a0, 0(s0)
    lr.w.aq a0, (s0)
    sc.w.rl a1, a2, (s0)
    CHECK(a0, 0xffffffff80000001)
    CHECK(a1, 0)
    ld a0, 0(s0)
    CHECK(a0, 0x1234567800000006)

    /* The result may replace address or value. */
    mv a3, s0
    lr.w a3, (a3)
    CHECK(a3, 6)
    li a3, 9
    sc.w a3, a3, (s0)
    CHECK(a3, 0)
    lw a0, 0(s0)
    CHECK(a0, 9)
    lr.w a0, (s0)
    mv a3, s0
    sc.w a3, a2, (a3)
    CHECK(a3, 0)

    /* Elsewhere it fails, and uses the reservation up. */
    la s1, other
    sd zero, 0(s1)
    lr.d a0, (s0)
    sc.d a1, a2, (s1)
    CHECK(a1, 1)
    ld a0, 0(s1)
    CHECK(a0, 0)
    sc.d a1, a2, (s0)
    CHECK(a1, 1)

    /* The last load-reserved counts. */
    lr.d a0, (s0)
    lr.d a0, (s1)
    sc.d a1, a2, (s0)
    CHECK(a1, 1)
    lr.d a0, (s0)
    lr.d a0, (s1)
    sc.d a1, a2, (s1)
    CHECK(a1, 0)

    /* A counter in the canonical loop. */
    sd zero, 0(s0)
    li s2, 1000
1:  lr.d a0, (s0)
    addi a0, a0, 1
    sc.d a1, a0, (s0)
    bnez a1, 1b
    addi s2, s2, -1
    bnez s2, 1b
    ld a0, 0(s0)
    CHECK(a0, 1000)

    /* Misaligned atomics trap, wherever they are, and change nothing. */
    la s0, cell
    sd zero, 0(s0)
    addi a1, s0, 2
    li a2, -1
    TRAPS_WITH(CAUSE_LOAD_MISALIGNED, a1, lr.w a0, (a1))
    TRAPS_WITH(CAUSE_STORE_MISALIGNED, a1, sc.w a0, a2, (a1))
    TRAPS_WITH(CAUSE_STORE_MISALIGNED, a1, amoswap.w a0, a2, (a1))
    addi a1, s0, 4
    TRAPS_WITH(CAUSE_LOAD_MISALIGNED, a1, lr.d a0, (a1))
    TRAPS_WITH(CAUSE_STORE_MISALIGNED, a1, sc.d a0, a2, (a1))
    TRAPS_WITH(CAUSE_STORE_MISALIGNED, a1, amoadd.d a0, a2, (a1))
    ld a0, 0(s0)
    CHECK(a0, 0)

    /* Where there is no memory. */
    li a1, NOWHERE
    TRAPS_WITH(CAUSE_LOAD_ACCESS, a1, lr.d a0, (a1))
    TRAPS_WITH(CAUSE_STORE_ACCESS, a1, amoor.d a0, a2, (a1))
    TRAPS_WITH(CAUSE_STORE_ACCESS, a1, amomaxu.w zero, a2, (a1))

    /* Reserved encodings. */
    ILLEGAL(0x1015a52f)         /* lr.w with rs2 = 1 */
    ILLEGAL(0x3015a52f)         /* funct5 that nobody has: 00110 */
    ILLEGAL(0x00c5d52f)         /* width that nobody has */

    PASS
