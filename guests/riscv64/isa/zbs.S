/* Zbs: single bits. */
#include "table.h"

#define IMM(insn, a, bit, want) \
    li a1, a; insn a0, a1, bit; CHECK(a0, want)

    begin

    TABLE(bset)
        ROW(0, 63, 0x8000000000000000)
        ROW(0, 64, 1)
        ROW(1, 0, 1)
        ROW(0, -1, 0x8000000000000000)
    END_TABLE
    TABLE(bclr)
        ROW(-1, 63, 0x7fffffffffffffff)
        ROW(-1, 65, -3)
        ROW(0, 5, 0)
    END_TABLE
    TABLE(binv)
        ROW(0, 32, 0x100000000)
        ROW(-1, 63, 0x7fffffffffffffff)
        ROW(3, 64, 2)
    END_TABLE
    TABLE(bext)
        ROW(0x8000000000000000, 63, 1)
        ROW(0x8000000000000000, 62, 0)
        ROW(2, 65, 1)
    END_TABLE
    IMM(bseti, 0, 63, 0x8000000000000000)
    IMM(bseti, 2, 0, 3)
    IMM(bclri, -1, 32, 0xfffffffeffffffff)
    IMM(bclri, 0, 1, 0)
    IMM(binvi, 0, 31, 0x80000000)
    IMM(binvi, -1, 63, 0x7fffffffffffffff)
    IMM(bexti, 0x8000000000000000, 63, 1)
    IMM(bexti, 4, 3, 0)

    PASS
