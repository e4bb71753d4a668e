/* Zbb: basic bit manipulation. */
#include "table.h"

    begin

    TABLE(andn)
        ROW(-1, 0x00ff00ff00ff00ff, 0xff00ff00ff00ff00)
    END_TABLE
    TABLE(orn)
        ROW(0, 0x00ff00ff00ff00ff, 0xff00ff00ff00ff00)
    END_TABLE
    TABLE(xnor)
        ROW(0xff00, 0x0ff0, 0xffffffffffff0f0f)
        ROW(5, 5, -1)
    END_TABLE
    TABLE(min)
        ROW(-1, 1, -1)
        ROW(5, 5, 5)
        ROW(0x8000000000000000, 0x7fffffffffffffff, 0x8000000000000000)
    END_TABLE
    TABLE(minu)
        ROW(-1, 1, 1)
        ROW(0x8000000000000000, 0x7fffffffffffffff, 0x7fffffffffffffff)
    END_TABLE
    TABLE(max)
        ROW(-1, 1, 1)
        ROW(0x8000000000000000, 0x7fffffffffffffff, 0x7fffffffffffffff)
    END_TABLE
    TABLE(maxu)
        ROW(-1, 1, -1)
        ROW(3, 0x100000000, 0x100000000)
    END_TABLE
    TABLE(rol)
        ROW(0x8000000000000001, 1, 3)
        ROW(0x123456789abcdef0, 68, 0x23456789abcdef01)
        ROW(0x123456789abcdef0, 64, 0x123456789abcdef0)
    END_TABLE
    TABLE(ror)
        ROW(3, 1, 0x8000000000000001)
        ROW(0x123456789abcdef0, -4, 0x23456789abcdef01)
        ROW(7, 0, 7)
    END_TABLE
    TABLE(rolw)
        ROW(0xffffffff40000001, 1, 0xffffffff80000002)
        ROW(0x80000000, 1, 1)
        ROW(0x123456780000000f, 36, 0xf0)
        ROW(0x80000000, 32, 0xffffffff80000000)
    END_TABLE
    TABLE(rorw)
        ROW(1, 1, 0xffffffff80000000)
        ROW(0xffffffff00000010, 36, 1)
        ROW(0x1234567880000000, 0, 0xffffffff80000000)
    END_TABLE
    TABLE1(clz)
        ROW(0, 0, 64)
        ROW(1, 0, 63)
        ROW(-1, 0, 0)
        ROW(0x0000800000000000, 0, 16)
    END_TABLE
    TABLE1(clzw)
        ROW(0xffffffff00000000, 0, 32)
        ROW(0x7fffffff, 0, 1)
        ROW(0x80000000, 0, 0)
    END_TABLE
    TABLE1(ctz)
        ROW(0, 0, 64)
        ROW(1, 0, 0)
        ROW(0x8000000000000000, 0, 63)
    END_TABLE
    TABLE1(ctzw)
        ROW(0xffffffff00000000, 0, 32)
        ROW(0x80000000, 0, 31)
        ROW(0x10, 0, 4)
    END_TABLE
    TABLE1(cpop)
        ROW(0, 0, 0)
        ROW(-1, 0, 64)
        ROW(0x8000400020001001, 0, 5)
    END_TABLE
    TABLE1(cpopw)
        ROW(0xffffffff00000000, 0, 0)
        ROW(-1, 0, 32)
        ROW(0x80000001, 0, 2)
    END_TABLE
    TABLE1(sext.b)
        ROW(0x17f, 0, 0x7f)
        ROW(0x180, 0, -128)
    END_TABLE
    TABLE1(sext.h)
        ROW(0x17fff, 0, 0x7fff)
        ROW(0x18000, 0, -32768)
    END_TABLE
    TABLE1(zext.h)
        ROW(-1, 0, 0xffff)
    END_TABLE
    TABLE1(orc.b)
        ROW(0, 0, 0)
        ROW(0x0100800010000001, 0, 0xff00ff00ff0000ff)
        ROW(0x00ff7f0102040810, 0, 0x00ffffffffffffff)
    END_TABLE
    TABLE1(rev8)
        ROW(0x0123456789abcdef, 0, 0xefcdab8967452301)
    END_TABLE

#define RORI(insn, a, amount, want) \
    li a1, a; insn a0, a1, amount; CHECK(a0, want)
    RORI(rori, 0x123456789abcdef0, 4, 0x0123456789abcdef)
    RORI(rori, 1, 63, 2)
    RORI(rori, 5, 0, 5)
    RORI(roriw, 1, 1, 0xffffffff80000000)
    RORI(roriw, 0xffffffff00000003, 31, 6)
    RORI(roriw, 0x123480000000, 0, 0xffffffff80000000)

    PASS
