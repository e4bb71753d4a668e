/* Zba: address generation. */
#include "table.h"

    begin

    TABLE(add.uw)
        ROW(0xffffffff80000000, 1, 0x80000001)
        ROW(0x1234567887654321, 0, 0x87654321)
        ROW(-1, -1, 0xfffffffe)
    END_TABLE
    TABLE(sh1add)
        ROW(0x8000000000000001, 5, 7)
        ROW(-1, 1, -1)
    END_TABLE
    TABLE(sh2add)
        ROW(0x4000000000000001, 5, 9)
        ROW(-1, 4, 0)
    END_TABLE
    TABLE(sh3add)
        ROW(0x2000000000000001, 5, 13)
        ROW(3, -24, 0)
    END_TABLE
    TABLE(sh1add.uw)
        ROW(0xffffffffffffffff, 1, 0x1ffffffff)
        ROW(0x1234567800000001, -1, 1)
    END_TABLE
    TABLE(sh2add.uw)
        ROW(-1, 1, 0x3fffffffd)
    END_TABLE
    TABLE(sh3add.uw)
        ROW(-1, 8, 0x800000000)
        ROW(0xf80000000, 0x8000000000000000, 0x8000000400000000)
    END_TABLE

#define SLLI_UW(a, amount, want) \
    li a1, a; slli.uw a0, a1, amount; CHECK(a0, want)
    SLLI_UW(-1, 0, 0xffffffff)
    SLLI_UW(-1, 4, 0xffffffff0)
    SLLI_UW(0xf80000001, 63, 0x8000000000000000)
    SLLI_UW(0x123456789abcdef0, 33, 0x3579bde000000000)

    PASS
