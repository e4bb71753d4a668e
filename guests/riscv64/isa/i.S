/* RV64I: integer computation, with registers and with immediates. */
#include "table.h"

#define IMM(insn, a, imm, want) imm_row __LINE__, insn, STR(a), STR(imm), STR(want)
.macro imm_row line, insn, a, imm, want
    li gp, \line
    li a1, \a
    \insn a0, a1, \imm
    li a3, \want
    table_compare a0
    \insn a1, a1, \imm
    table_compare a1
.endm

    begin
    .option norvc

    TABLE(add)
        ROW(1, 2, 3)
        ROW(-1, 1, 0)
        ROW(0x7fffffffffffffff, 1, 0x8000000000000000)
        ROW(0x123456789abcdef0, 0xfedcba9876543210, 0x1111111111111100)
    END_TABLE
    TABLE(sub)
        ROW(3, 5, -2)
        ROW(0x8000000000000000, 1, 0x7fffffffffffffff)
        ROW(0, 0x8000000000000000, 0x8000000000000000)
    END_TABLE
    TABLE(addw)
        ROW(0x7fffffff, 1, 0xffffffff80000000)
        ROW(0xffffffff00000001, 0x1234567800000002, 3)
        ROW(-1, -1, -2)
    END_TABLE
    TABLE(subw)
        ROW(0x80000000, 1, 0x7fffffff)
        ROW(0, 1, -1)
        ROW(0x100000000, 0x80000000, 0xffffffff80000000)
    END_TABLE
    TABLE(and)
        ROW(0xff00ff00ff00ff00, 0x0f0f0f0f0f0f0f0f, 0x0f000f000f000f00)
    END_TABLE
    TABLE(or)
        ROW(0xff00ff00ff00ff00, 0x0f0f0f0f0f0f0f0f, 0xff0fff0fff0fff0f)
    END_TABLE
    TABLE(xor)
        ROW(0xff00ff00ff00ff00, 0x0f0f0f0f0f0f0f0f, 0xf00ff00ff00ff00f)
        ROW(-1, -1, 0)
    END_TABLE
    TABLE(slt)
        ROW(-1, 0, 1)
        ROW(0, -1, 0)
        ROW(7, 7, 0)
        ROW(0x8000000000000000, 0x7fffffffffffffff, 1)
    END_TABLE
    TABLE(sltu)
        ROW(-1, 0, 0)
        ROW(0, -1, 1)
        ROW(7, 7, 0)
        ROW(0x7fffffffffffffff, 0x8000000000000000, 1)
    END_TABLE
    /* Shifts use the low six bits of the amount, the W forms five. */
    TABLE(sll)
        ROW(1, 63, 0x8000000000000000)
        ROW(0x123456789abcdef1, 64, 0x123456789abcdef1)
        ROW(1, -1, 0x8000000000000000)
        ROW(0xff, 36, 0xff000000000)
    END_TABLE
    TABLE(srl)
        ROW(0x8000000000000000, 63, 1)
        ROW(-1, 0xffffffc4, 0x0fffffffffffffff)
    END_TABLE
    TABLE(sra)
        ROW(0x8000000000000000, 63, -1)
        ROW(0x4000000000000000, 62, 1)
        ROW(0x8000000000000000, 68, 0xf800000000000000)
    END_TABLE
    TABLE(sllw)
        ROW(1, 31, 0xffffffff80000000)
        ROW(0xffffffff00000001, 32, 1)
        ROW(0x7fffffff, 33, -2)
    END_TABLE
    TABLE(srlw)
        ROW(0xffffffff80000000, 31, 1)
        ROW(0xffffffff80000000, 32, 0xffffffff80000000)
        ROW(0xf00000000, 4, 0)
    END_TABLE
    TABLE(sraw)
        ROW(0x80000000, 31, -1)
        ROW(0xffffffff7fffffff, 30, 1)
        ROW(0x80000000, 63, -1)
    END_TABLE

    IMM(addi, 0x7fffffff, 1, 0x80000000)
    IMM(addi, 0, -2048, -2048)
    IMM(addi, 1, 2047, 2048)
    IMM(addiw, 0x7fffffff, 1, 0xffffffff80000000)
    IMM(addiw, 0x1ffffffff, 0, -1)
    IMM(slti, -5, -4, 1)
    IMM(slti, 0, -1, 0)
    IMM(sltiu, 5, -1, 1)
    IMM(sltiu, 0, 1, 1)
    IMM(sltiu, -1, -1, 0)
    IMM(andi, 0x123456789abcdef0, -16, 0x123456789abcdef0)
    IMM(andi, -1, 0x7ff, 0x7ff)
    IMM(ori, 0x1000, -2048, -2048)
    IMM(xori, 0x123456789abcdef0, -1, 0xedcba9876543210f)
    IMM(slli, 1, 63, 0x8000000000000000)
    IMM(slli, -1, 0, -1)
    IMM(srli, -1, 60, 15)
    IMM(srai, 0x8000000000000000, 60, -8)
    IMM(slliw, 0x123456789, 4, 0x34567890)
    IMM(slliw, 1, 31, 0xffffffff80000000)
    IMM(srliw, 0xffffffff80000000, 28, 8)
    IMM(srliw, 0xffffffff80000000, 0, 0xffffffff80000000)
    IMM(sraiw, 0x180000000, 28, -8)

    lui a0, 0x80000
    CHECK(a0, 0xffffffff80000000)
    lui a0, 0x7ffff
    CHECK(a0, 0x7ffff000)
1:  auipc a0, 0xfffff
    la a1, 1b - 0x1000
    CHECK_EQ(a0, a1)
2:  auipc a0, 0
    la a1, 2b
    CHECK_EQ(a0, a1)

    /* x0 swallows what is written to it, also by loads. */
    li a1, 5
    addi zero, a1, 7
    CHECK(zero, 0)
    la a2, main
    lw zero, 0(a2)
    CHECK(zero, 0)
    lui zero, 1
    auipc zero, 1
    CHECK(zero, 0)

    /* Reserved shift amounts are illegal. */
    ILLEGAL(0x0205951b)         /* slliw with bit 25 */
    ILLEGAL(0x0205d51b)         /* srliw with bit 25 */
    ILLEGAL(0x42b50533)         /* funct7 that nobody has: 0x21 */

    /* Fences of every kind do nothing that can be seen here. */
    li a1, 11
    fence
    fence rw, w
    fence.tso
    .4byte 0x0100000f           /* pause */
    .4byte 0xf0f0068f           /* reserved fm and rd: treated as a fence */
    CHECK(a1, 11)

    PASS
