/* C: every compressed instruction, its odd immediates, reserved encodings. */
#include "test.h"

    .bss
    .balign 64
memory:
    .space 1024

    begin
    .option rvc

    /* Computation. */
    c.li a0, -32
    CHECK(a0, -32)
    c.li a0, 31
    CHECK(a0, 31)
    c.lui a0, 0x1f
    CHECK(a0, 0x1f000)
    c.lui a0, 0xfffe0
    CHECK(a0, 0xfffffffffffe0000)
    li a0, 100
    c.addi a0, -32
    CHECK(a0, 68)
    li a0, 0x7fffffff
    c.addiw a0, 1
    CHECK(a0, 0xffffffff80000000)
    c.addiw a0, 0
    CHECK(a0, 0xffffffff80000000)
    mv s2, sp
    c.addi16sp sp, -512
    c.addi16sp sp, 496
    addi a0, s2, -16
    CHECK_EQ(sp, a0)
    mv sp, s2
    c.addi4spn a0, sp, 1020
    addi a1, s2, 1020
    CHECK_EQ(a0, a1)
    c.addi4spn s0, sp, 4
    addi a1, s2, 4
    CHECK_EQ(s0, a1)
    li a0, 1
    c.slli a0, 63
    CHECK(a0, 0x8000000000000000)
    c.srai a0, 32
    CHECK(a0, 0xffffffff80000000)
    c.srli a0, 63
    CHECK(a0, 1)
    li a0, 0x8000000000000000
    c.srai a0, 63
    CHECK(a0, -1)
    c.andi a0, -32
    CHECK(a0, -32)
    c.andi a0, 31
    CHECK(a0, 0)
    li t3, 0x123456789
    c.mv a0, t3
    CHECK(a0, 0x123456789)
    c.add a0, t3
    CHECK(a0, 0x2468acf12)
    li a0, 5
    li a1, 7
    c.sub a0, a1
    CHECK(a0, -2)
    c.xor a0, a1
    CHECK(a0, -7)
    c.or a0, a1
    CHECK(a0, -1)
    c.and a0, a1
    CHECK(a0, 7)
    li a0, 0x7fffffff
    c.addw a0, a1
    CHECK(a0, 0xffffffff80000006)
    c.subw a0, a1
    CHECK(a0, 0x7fffffff)

    /* Hints do nothing. */
    li a0, 77
    .2byte 0x0501               /* c.addi a0, 0 */
    .2byte 0x0005               /* c.nop 1 */
    .2byte 0x4015               /* c.li x0, 5 */
    .2byte 0x8002 | (10 << 2)   /* c.mv x0, a0 */
    .2byte 0x9002 | (10 << 2)   /* c.add x0, a0 */
    .2byte 0x1002               /* c.slli x0, 32 */
    CHECK(a0, 77)
    CHECK(zero, 0)

    /* Loads and stores, to the ends of their reach. */
    la a1, memory
    li a0, 0x8877665544332211
    c.sd a0, 248(a1)
    c.ld a2, 248(a1)
    CHECK(a2, 0x8877665544332211)
    c.lw a2, 124(a1)
    CHECK(a2, 0)
    c.sw a0, 124(a1)
    c.lw a2, 124(a1)
    CHECK(a2, 0x44332211)
    lw a2, 252(a1)
    CHECK(a2, 0xffffffff88776655)
    c.sw a2, 64(a1)
    c.lw a3, 64(a1)
    CHECK(a3, 0xffffffff88776655)
    mv sp, a1
    c.sdsp a0, 504(sp)
    c.ldsp t3, 504(sp)
    CHECK(t3, 0x8877665544332211)
    ld a2, 504(a1)
    CHECK(a2, 0x8877665544332211)
    c.swsp t3, 252(sp)
    c.lwsp t4, 252(sp)
    CHECK(t4, 0x44332211)
    c.ldsp ra, 504(sp)
    CHECK(ra, 0x8877665544332211)

    /* Floating point. */
    csr_field mstatus, MSTATUS_FS, (1 << MSTATUS_FS_SHIFT)
    fmv.d.x fa0, a0
    c.fsd fa0, 240(a1)
    ld a2, 240(a1)
    CHECK_EQ(a2, a0)
    c.fld fa1, 248(a1)
    fmv.x.d a2, fa1
    ld a3, 248(a1)
    CHECK_EQ(a2, a3)
    c.fsdsp fa0, 488(sp)
    c.fldsp ft8, 488(sp)
    fmv.x.d a2, ft8
    CHECK_EQ(a2, a0)
    mv sp, s2

    /* Jumps. */
    li a0, 0
    c.j 2f
1:  c.addi a0, 1
    c.j 3f
2:  c.j 1b
3:  CHECK(a0, 1)
    c.beqz a0, 5f
    c.bnez a0, 4f
    j fail
4:  li a0, 0
    c.bnez a0, 5f
    c.beqz a0, 6f
5:  j fail
6:  la a2, 7f
    c.jr a2
    j fail
7:  la a2, 9f
    c.jalr a2
8:  j fail
9:  la a3, 8b
    CHECK_EQ(ra, a3)
    /* ra as the target of a jump that writes ra. */
    la ra, 11f
    c.jalr ra
10: j fail
11: la a3, 10b
    CHECK_EQ(ra, a3)

    /* Targets need not be multiples of 4, and 4-byte instructions may lie anywhere. */
    .balign 4
    li a0, 0
    c.j 12f
    .balign 4
    c.nop
12: .option norvc
    addi a0, a0, 1
    addi a0, a0, 2
    .option rvc
    CHECK(a0, 3)

    /* Reserved, or another architecture's. */
    ILLEGAL16(0x0000)           /* defined as illegal */
    ILLEGAL16(0x0004)           /* c.addi4spn with immediate 0 */
    ILLEGAL16(0x2001)           /* c.addiw x0 */
    ILLEGAL16(0x6101)           /* c.addi16sp with immediate 0 */
    ILLEGAL16(0x6501)           /* c.lui with immediate 0 */
    ILLEGAL16(0x9c41)           /* the row of c.subw: 10 */
    ILLEGAL16(0x9c61)           /* 11 */
    ILLEGAL16(0x4002)           /* c.lwsp x0 */
    ILLEGAL16(0x6002)           /* c.ldsp x0 */
    ILLEGAL16(0x8002)           /* c.jr x0 */
    ILLEGAL16(0x8000)           /* quadrant 0, row 4 */

    PASS
