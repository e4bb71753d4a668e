/* Zifencei: code that is stored to is executed as stored after FENCE.I. */
#include "test.h"

#define INSN_RET 0x00008067
/* addi a0, zero, n and addi a0, a0, n */
#define INSN_LI(n) (0x00000513 | (n) << 20)
#define INSN_ADDI(n) (0x00050513 | (n) << 20)

    /* A page for code only, one where code and data mix, and a boundary. */
    .bss
    .balign 4096
code_page:
    .space 4096
mixed_page:
    .space 4096
boundary:
    .space 64

    begin
    .option norvc
    la s0, code_page
    la s1, mixed_page

    /* A function is rewritten again and again. */
    li a1, INSN_RET
    sw a1, 4(s0)
    li s2, 0
    li s3, 200
1:  slli a1, s2, 20
    addi a1, a1, 0x513          /* addi a0, zero, s2 */
    sw a1, 0(s0)
    fence.i
    jalr s0
    HERE
    CHECK_EQ(a0, s2)
    /* Unchanged it is called again, without a fence. */
    jalr s0
    CHECK_EQ(a0, s2)
    addi s2, s2, 1
    bne s2, s3, 1b

    /* Every way to store: bytes, halves, doublewords, floats, atomics. */
    li a1, INSN_LI(1) | INSN_RET << 32
    sd a1, 0(s0)
    fence.i
    jalr s0
    CHECK(a0, 1)
    li a1, 2 << 4
    sb a1, 2(s0)                /* the low bits of the immediate */
    fence.i
    jalr s0
    CHECK(a0, 2)
    li a1, 3 << 4
    sh a1, 2(s0)
    fence.i
    jalr s0
    CHECK(a0, 3)
    li a1, (INSN_LI(4) & 0xffffffff) >> 8
    sh a1, 1(s0)                /* misaligned */
    li a1, (INSN_LI(4)) >> 24
    sb a1, 3(s0)
    fence.i
    jalr s0
    CHECK(a0, 4)
    li a1, 1 << 20
    amoadd.w zero, a1, (s0)
    fence.i
    jalr s0
    CHECK(a0, 5)
    li a1, INSN_LI(6)
2:  lr.w a2, (s0)
    sc.w a2, a1, (s0)
    bnez a2, 2b
    fence.i
    jalr s0
    CHECK(a0, 6)
    csr_field mstatus, MSTATUS_FS, (1 << MSTATUS_FS_SHIFT)
    li a1, INSN_LI(7)
    fmv.w.x fa0, a1
    fsw fa0, 0(s0)
    fence.i
    jalr s0
    CHECK(a0, 7)

    li a1, INSN_LI(8) | INSN_RET << 32
    fmv.d.x fa0, a1
    fsd fa0, 0(s0)
    fence.i
    jalr s0
    CHECK(a0, 8)
    /* A zeroed block is illegal. */
    cbo.zero (s0)
    fence.i
    HERE
    la s11, 7f
    jr s0
7:  CHECK(s8, CAUSE_ILLEGAL)
    CHECK_EQ(s9, s0)
    CHECK(s10, 0)

    /* Stores beside the code, in its page, leave it alone. */
    li a1, INSN_ADDI(1) | INSN_RET << 32
    sd a1, 64(s1)
    fence.i
    li s3, 300
    li a0, 0
    addi a2, s1, 64
3:  sd s3, 0(s1)
    jalr a2
    ld a3, 0(s1)
    CHECK_EQ(a3, s3)
    addi s3, s3, -1
    bnez s3, 3b
    CHECK(a0, 300)

    /* Code that patches what follows it, in its own page. */
    HERE
    la a2, 4f
    li a1, INSN_ADDI(16)
    li a0, 1
    sw a1, 0(a2)
    fence.i
4:  addi a0, a0, 1
    CHECK(a0, 17)
    /* And what comes before it, in a loop. */
    li a0, 0
    li s3, 3
    li a1, INSN_ADDI(0)
5:  addi a0, a0, 1
    la a2, 5b
    slli a3, s3, 20
    add a3, a3, a1
    sw a3, 0(a2)
    fence.i
    addi s3, s3, -1
    bnez s3, 5b
    CHECK(a0, 1 + 3 + 2)

    /* An instruction across a page boundary; either half changes. */
    la a2, boundary - 2
    li a1, INSN_LI(0x155)
    sw a1, 0(a2)
    li a1, INSN_RET
    sw a1, 4(a2)
    fence.i
    jalr a2
    CHECK(a0, 0x155)
    la a3, boundary
    li a1, (INSN_LI(0x2aa)) >> 16
    sh a1, 0(a3)
    fence.i
    jalr a2
    CHECK(a0, 0x2aa)
    li a1, 0x0593               /* the lower half, now for a1 */
    sh a1, 0(a2)
    li a0, 1
    fence.i
    jalr a2
    CHECK(a0, 1)
    mv a0, a1
    CHECK(a0, 0x2aa)

    /* Code becomes data and code again. */
    li s3, 50
6:  li a1, INSN_LI(11) | INSN_RET << 32
    sd a1, 128(s0)
    fence.i
    addi a2, s0, 128
    jalr a2
    CHECK(a0, 11)
    sd s3, 128(s0)
    ld a0, 128(s0)
    CHECK_EQ(a0, s3)
    li a1, INSN_LI(12) | INSN_RET << 32
    sd a1, 128(s0)
    fence.i
    jalr a2
    CHECK(a0, 12)
    addi s3, s3, -1
    bnez s3, 6b

    PASS
