/* M: multiplication and division, with their defined overflows and divisions by 0. */
#include "table.h"

#define MIN64 0x8000000000000000
#define MAX64 0x7fffffffffffffff

    begin

    TABLE(mul)
        ROW(7, -6, -42)
        ROW(MAX64, MAX64, 1)
        ROW(MIN64, -1, MIN64)
        ROW(0x123456789abcdef0, 0x0fedcba987654321, 0x2236d88fe5618cf0)
    END_TABLE
    TABLE(mulh)
        ROW(-1, -1, 0)
        ROW(MIN64, MIN64, 0x4000000000000000)
        ROW(MIN64, MAX64, 0xc000000000000000)
        ROW(-1, 1, -1)
        ROW(0x123456789abcdef0, 0x0fedcba987654321, 0x0121fa00ad77d742)
    END_TABLE
    TABLE(mulhu)
        ROW(-1, -1, -2)
        ROW(MIN64, 2, 1)
        ROW(-1, 1, 0)
        ROW(0xaaaaaaaaaaaaaaab, 3, 2)
    END_TABLE
    TABLE(mulhsu)
        ROW(-1, -1, -1)
        ROW(1, -1, 0)
        ROW(MIN64, MIN64, 0xc000000000000000)
        ROW(MAX64, -1, 0x7ffffffffffffffe)
    END_TABLE
    TABLE(mulw)
        ROW(0x80000000, -1, 0xffffffff80000000)
        ROW(0x10000, 0x8000, 0xffffffff80000000)
        ROW(0xffffffff00000003, 0x1234567800000005, 15)
    END_TABLE

    TABLE(div)
        ROW(-7, 2, -3)
        ROW(7, -2, -3)
        ROW(1, 0, -1)
        ROW(0, 0, -1)
        ROW(MIN64, -1, MIN64)
        ROW(MIN64, 1, MIN64)
    END_TABLE
    TABLE(divu)
        ROW(-7, 2, 0x7ffffffffffffffc)
        ROW(MIN64, -1, 0)
        ROW(5, 0, -1)
    END_TABLE
    TABLE(rem)
        ROW(-7, 2, -1)
        ROW(7, -2, 1)
        ROW(-5, 0, -5)
        ROW(MIN64, -1, 0)
        ROW(MIN64, MAX64, -1)
    END_TABLE
    TABLE(remu)
        ROW(-7, 2, 1)
        ROW(MIN64, -1, MIN64)
        ROW(5, 0, 5)
    END_TABLE
    TABLE(divw)
        ROW(0xffffffff80000000, -1, 0xffffffff80000000)
        ROW(0x180000000, 0x1ffffffff, 0xffffffff80000000)
        ROW(-7, 2, -3)
        ROW(20, 0x100000000, -1)
    END_TABLE
    TABLE(divuw)
        ROW(0xffffffff80000000, 0x1ffffffff, 0)
        ROW(-7, 2, 0x7ffffffc)
        ROW(-1, 1, -1)
        ROW(20, 0x100000000, -1)
    END_TABLE
    TABLE(remw)
        ROW(0x80000000, 0xffffffff, 0)
        ROW(-7, 2, -1)
        ROW(0xf80000005, 0, 0xffffffff80000005)
    END_TABLE
    TABLE(remuw)
        ROW(0x80000000, 0xffffffff, 0xffffffff80000000)
        ROW(-7, 2, 1)
        ROW(0xf80000005, 0, 0xffffffff80000005)
    END_TABLE

    PASS
