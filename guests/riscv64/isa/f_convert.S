/* F: conversions from and to integers, moves. */
#include "single.h"

    begin
    float_on

    FI1(fcvt.w.s)
        ROW(S(0x3fc00000), 0, RNE, 2, NX)
        ROW(S(0x40200000), 0, RNE, 2, NX)
        ROW(S(0x40200000), 0, RMM, 3, NX)
        ROW(S(0xbfc00000), 0, RTZ, -1, NX)
        ROW(S(0xbfc00000), 0, RDN, -2, NX)
        ROW(S(0xbfc00000), 0, RUP, -1, NX)
        ROW(S(0xcf000000), 0, RNE, 0xffffffff80000000, 0)
        ROW(S(0x4f000000), 0, RNE, 0x7fffffff, NV)
        ROW(S(0xcf000001), 0, RNE, 0xffffffff80000000, NV)
        ROW(INF, 0, RNE, 0x7fffffff, NV)
        ROW(MINUS_INF, 0, RNE, 0xffffffff80000000, NV)
        ROW(S(0xffc00000), 0, RNE, 0x7fffffff, NV)
        ROW(UNBOXED(0x3f800000), 0, RNE, 0x7fffffff, NV)
    END_TABLE
    FI1(fcvt.wu.s)
        ROW(S(0x4f32d05e), 0, RNE, 0xffffffffb2d05e00, 0)
        ROW(S(0xbf000000), 0, RTZ, 0, NX)
        ROW(S(0xbf400000), 0, RNE, 0, NV)
        ROW(MINUS_ONE, 0, RNE, 0, NV)
        ROW(S(0x4f800000), 0, RNE, -1, NV)
        ROW(NAN, 0, RNE, -1, NV)
        ROW(MINUS_INF, 0, RNE, 0, NV)
    END_TABLE
    FI1(fcvt.l.s)
        ROW(S(0xdf000000), 0, RNE, 0x8000000000000000, 0)
        ROW(S(0x5f000000), 0, RNE, 0x7fffffffffffffff, NV)
        ROW(S(0xbf000000), 0, RDN, -1, NX)
        ROW(MINUS_INF, 0, RNE, 0x8000000000000000, NV)
        ROW(SNAN, 0, RNE, 0x7fffffffffffffff, NV)
    END_TABLE
    FI1(fcvt.lu.s)
        ROW(S(0x5f000000), 0, RNE, 0x8000000000000000, 0)
        ROW(S(0x5f800000), 0, RNE, -1, NV)
        ROW(S(0xbf000000), 0, RNE, 0, NX)
        ROW(S(0xbf000000), 0, RDN, 0, NV)
        ROW(QNAN, 0, RNE, -1, NV)
    END_TABLE
    IF1(fcvt.s.w)
        ROW(-1, 0, RNE, MINUS_ONE, 0)
        ROW(0x100000001, 0, RNE, ONE, 0)
        ROW(0x01000001, 0, RNE, S(0x4b800000), NX)
        ROW(0x01000001, 0, RUP, S(0x4b800001), NX)
        ROW(0x80000000, 0, RNE, S(0xcf000000), 0)
        ROW(0, 0, RDN, ZERO, 0)
    END_TABLE
    IF1(fcvt.s.wu)
        ROW(-1, 0, RNE, S(0x4f800000), NX)
        ROW(-1, 0, RTZ, S(0x4f7fffff), NX)
        ROW(0x80000000, 0, RNE, S(0x4f000000), 0)
    END_TABLE
    IF1(fcvt.s.l)
        ROW(0x8000000000000000, 0, RNE, S(0xdf000000), 0)
        ROW(0x7fffffffffffffff, 0, RTZ, S(0x5effffff), NX)
        ROW(0x7fffffffffffffff, 0, RMM, S(0x5f000000), NX)
    END_TABLE
    IF1(fcvt.s.lu)
        ROW(-1, 0, RNE, S(0x5f800000), NX)
        ROW(0x8000000000000000, 0, RNE, S(0x5f000000), 0)
        ROW(0x8000008000000001, 0, RNE, S(0x5f000001), NX)
    END_TABLE
    IF1(fmv.w.x)
        ROW(0x123456787f812345, 0, RNE, SNAN, 0)
    END_TABLE
    FI1(fmv.x.w)
        ROW(0x1234567880000001, 0, RNE, 0xffffffff80000001, 0)
        ROW(S(0x7f812345), 0, RNE, 0x7f812345, 0)
    END_TABLE

    PASS
