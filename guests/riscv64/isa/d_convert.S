/* D: conversions from and to integers and single precision, moves, memory. */
#include "double.h"

    begin
    float_on

    FI1(fcvt.w.d)
        ROW(0x3ff8000000000000, 0, RNE, 2, NX)          /* 1.5 */
        ROW(0x4004000000000000, 0, RNE, 2, NX)          /* 2.5 */
        ROW(0x4004000000000000, 0, RMM, 3, NX)
        ROW(0xbff8000000000000, 0, RTZ, -1, NX)
        ROW(0xbff8000000000000, 0, RDN, -2, NX)
        ROW(0xbff8000000000000, 0, RUP, -1, NX)
        ROW(0xc1e0000000000000, 0, RNE, 0xffffffff80000000, 0)
        ROW(0xc1e0000000100000, 0, RNE, 0xffffffff80000000, NX)     /* -2^31 - 0.5 */
        ROW(0xc1e0000000100000, 0, RDN, 0xffffffff80000000, NV)
        ROW(0x41dfffffffc00000, 0, RNE, 0x7fffffff, 0)
        ROW(0x41dfffffffe00000, 0, RTZ, 0x7fffffff, NX)
        ROW(0x41dfffffffe00000, 0, RNE, 0x7fffffff, NV)
        ROW(INF, 0, RNE, 0x7fffffff, NV)
        ROW(MINUS_INF, 0, RNE, 0xffffffff80000000, NV)
        ROW(QNAN, 0, RNE, 0x7fffffff, NV)
    END_TABLE
    FI1(fcvt.wu.d)
        ROW(0x41efffffffe00000, 0, RNE, -1, 0)
        ROW(0x41f0000000000000, 0, RNE, -1, NV)
        ROW(0xbfe0000000000000, 0, RTZ, 0, NX)
        ROW(0xbfe8000000000000, 0, RNE, 0, NV)
        ROW(MINUS_ONE, 0, RNE, 0, NV)
        ROW(NAN, 0, RNE, -1, NV)
    END_TABLE
    FI1(fcvt.l.d)
        ROW(0xc3e0000000000000, 0, RNE, 0x8000000000000000, 0)
        ROW(0x43e0000000000000, 0, RNE, 0x7fffffffffffffff, NV)
        ROW(0x43dfffffffffffff, 0, RNE, 0x7ffffffffffffc00, 0)
        ROW(0xbfe0000000000000, 0, RDN, -1, NX)
        ROW(0x433fffffffffffff, 0, RNE, 0x1fffffffffffff, 0)
        ROW(SNAN, 0, RNE, 0x7fffffffffffffff, NV)
    END_TABLE
    FI1(fcvt.lu.d)
        ROW(0x43e0000000000000, 0, RNE, 0x8000000000000000, 0)
        ROW(0x43f0000000000000, 0, RNE, -1, NV)
        ROW(0x43efffffffffffff, 0, RNE, 0xfffffffffffff800, 0)
        ROW(0xbfe0000000000000, 0, RNE, 0, NX)
        ROW(0xbfe0000000000000, 0, RDN, 0, NV)
        ROW(MINUS_INF, 0, RNE, 0, NV)
    END_TABLE
    IF1(fcvt.d.w)
        ROW(0x1ffffffff, 0, RNE, MINUS_ONE, 0)
        ROW(0x80000000, 0, RNE, 0xc1e0000000000000, 0)
    END_TABLE
    IF1(fcvt.d.wu)
        ROW(-1, 0, RNE, 0x41efffffffe00000, 0)
        ROW(0x100000000, 0, RNE, 0, 0)
    END_TABLE
    IF1(fcvt.d.l)
        ROW(0x8000000000000000, 0, RNE, 0xc3e0000000000000, 0)
        ROW(0x7fffffffffffffff, 0, RNE, 0x43e0000000000000, NX)
        ROW(0x7fffffffffffffff, 0, RTZ, 0x43dfffffffffffff, NX)
        ROW(0x0020000000000001, 0, RNE, 0x4340000000000000, NX)
        ROW(0x0020000000000001, 0, RMM, 0x4340000000000001, NX)
        ROW(0xffdfffffffffffff, 0, RDN, 0xc340000000000001, NX)
    END_TABLE
    IF1(fcvt.d.lu)
        ROW(-1, 0, RNE, 0x43f0000000000000, NX)
        ROW(-1, 0, RDN, 0x43efffffffffffff, NX)
        ROW(0x8000000000000000, 0, RNE, 0x43e0000000000000, 0)
    END_TABLE

    FF1(fcvt.d.s)
        ROW(S(0x3f800000), 0, RNE, ONE, 0)
        ROW(S(0x00000001), 0, RNE, 0x36a0000000000000, 0)
        ROW(S(0xff800000), 0, RNE, MINUS_INF, 0)
        ROW(S(0x7f812345), 0, RNE, NAN, NV)
        ROW(S(0xffc12345), 0, RNE, NAN, 0)
        ROW(UNBOXED(0x3f800000), 0, RNE, NAN, 0)
    END_TABLE
    FF1(fcvt.s.d)
        ROW(ONE, 0, RNE, S(0x3f800000), 0)
        ROW(0x3fd5555555555555, 0, RNE, S(0x3eaaaaab), NX)
        ROW(0x3fd5555555555555, 0, RTZ, S(0x3eaaaaaa), NX)
        ROW(MAX, 0, RNE, S(0x7f800000), OF | NX)
        ROW(MAX, 0, RDN, S(0x7f7fffff), OF | NX)
        ROW(MIN_NORMAL, 0, RNE, S(0), UF | NX)
        ROW(MIN_NORMAL | SIGN, 0, RDN, S(0x80000001), UF | NX)
        ROW(0x36a0000000000000, 0, RNE, S(0x00000001), 0)
        ROW(0x380fffffffffffff, 0, RNE, S(0x00800000), NX)
        ROW(0x380fffffe0000000, 0, RNE, S(0x00800000), UF | NX)
        ROW(SNAN, 0, RNE, S(0x7fc00000), NV)
        ROW(QNAN, 0, RNE, S(0x7fc00000), 0)
    END_TABLE
    IF1(fmv.d.x)
        ROW(SNAN, 0, RNE, SNAN, 0)
    END_TABLE
    FI1(fmv.x.d)
        ROW(SNAN, 0, RNE, SNAN, 0)
    END_TABLE

    /* Memory: any bits, at any alignment. */
    li a0, SNAN
    sd a0, -16(sp)
    sd zero, -24(sp)
    fld fa0, -16(sp)
    fsd fa0, -21(sp)
    ld a1, -21(sp)
    CHECK(a1, SNAN)
    ld a1, -24(sp)
    CHECK(a1, 0x0012345678000000)
    fld fa1, -21(sp)
    fmv.x.d a0, fa1
    CHECK(a0, SNAN)
    li a1, NOWHERE
    TRAPS_WITH(CAUSE_LOAD_ACCESS, a1, fld fa0, 0(a1))
    TRAPS_WITH(CAUSE_STORE_ACCESS, a1, fsd fa0, 0(a1))
    fmv.x.d a0, fa0
    CHECK(a0, SNAN)

    /* Reserved: conversions of a precision to itself. */
    ILLEGAL(0x4005f553)         /* fcvt.s.s */
    ILLEGAL(0x4215f553)         /* fcvt.d.d */
    ILLEGAL(0xd245f553)         /* fcvt.d from an integer that nobody has */
    ILLEGAL(0xe205a553)         /* fmv.x.d with funct3 = 2 */

    PASS
