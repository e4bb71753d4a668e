/* Zbc: carry-less multiplication. */
#include "table.h"

    begin

    TABLE(clmul)
        ROW(3, 3, 5)
        ROW(0xff, 0xff, 0x5555)
        ROW(-1, -1, 0x5555555555555555)
        ROW(0x8000000000000000, 2, 0)
        ROW(0x123456789abcdef0, 0xfedcba9876543210, 0x0a0789828c810f00)
        ROW(0, -1, 0)
    END_TABLE
    TABLE(clmulh)
        ROW(3, 3, 0)
        ROW(-1, -1, 0x5555555555555555)
        ROW(0x8000000000000000, 2, 1)
        ROW(0x8000000000000000, 0x8000000000000000, 0x4000000000000000)
    END_TABLE
    TABLE(clmulr)
        ROW(1, 1, 0)
        ROW(-1, -1, 0xaaaaaaaaaaaaaaaa)
        ROW(0x8000000000000000, 1, 1)
        ROW(0x8000000000000000, 0x8000000000000000, 0x8000000000000000)
        ROW(0x8000000000000000, 0x123456789abcdef0, 0x123456789abcdef0)
    END_TABLE

    PASS
