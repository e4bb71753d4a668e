/* D: computation in double precision. */
#include "double.h"

    begin
    float_on

    FF2(fadd.d)
        ROW(ONE, ONE, RNE, TWO, 0)
        ROW(ONE, TINY, RNE, ONE, NX)
        ROW(ONE, TINY, RTZ, ONE, NX)
        ROW(ONE, TINY, RDN, ONE, NX)
        ROW(ONE, TINY, RUP, ONE_ULP, NX)
        ROW(ONE, TINY, RMM, ONE_ULP, NX)
        ROW(ONE_ULP, TINY, RNE, 0x3ff0000000000002, NX)
        ROW(MINUS_ONE, TINY | SIGN, RMM, ONE_ULP | SIGN, NX)
        ROW(MAX, MAX, RNE, INF, OF | NX)
        ROW(MAX, MAX, RTZ, MAX, OF | NX)
        ROW(MAX, MAX, RDN, MAX, OF | NX)
        ROW(MINUS_MAX, MINUS_MAX, RUP, MINUS_MAX, OF | NX)
        ROW(MINUS_MAX, MINUS_MAX, RDN, MINUS_INF, OF | NX)
        ROW(MINUS_MAX, MINUS_MAX, RMM, MINUS_INF, OF | NX)
        ROW(INF, MINUS_INF, RNE, NAN, NV)
        ROW(ONE, MINUS_ONE, RNE, ZERO, 0)
        ROW(ONE, MINUS_ONE, RDN, MINUS_ZERO, 0)
        ROW(MINUS_ZERO, ZERO, RDN, MINUS_ZERO, 0)
        ROW(MINUS_ZERO, ZERO, RUP, ZERO, 0)
        ROW(MIN_SUBNORMAL, MAX_SUBNORMAL, RNE, MIN_NORMAL, 0)
        ROW(QNAN, ONE, RNE, NAN, 0)
        ROW(ONE, SNAN, RNE, NAN, NV)
    END_TABLE
    FF2(fsub.d)
        ROW(ONE, ONE, RDN, MINUS_ZERO, 0)
        ROW(INF, INF, RNE, NAN, NV)
        ROW(ONE, 0x3c90000000000000, RTZ, 0x3fefffffffffffff, NX)
        ROW(MIN_NORMAL, MIN_SUBNORMAL, RNE, MAX_SUBNORMAL, 0)
    END_TABLE
    FF2(fmul.d)
        ROW(TWO, THREE, RNE, 0x4018000000000000, 0)
        ROW(MIN_NORMAL, HALF, RNE, 0x0008000000000000, 0)
        ROW(MIN_SUBNORMAL, HALF, RNE, ZERO, UF | NX)
        ROW(MIN_SUBNORMAL, HALF, RUP, MIN_SUBNORMAL, UF | NX)
        ROW(MIN_SUBNORMAL, HALF, RMM, MIN_SUBNORMAL, UF | NX)
        ROW(MIN_SUBNORMAL, HALF | SIGN, RDN, MIN_SUBNORMAL | SIGN, UF | NX)
        ROW(0x3fefffffffffffff, MIN_NORMAL, RNE, MIN_NORMAL, UF | NX)
        ROW(0x3fefffffffffffff, MIN_NORMAL, RTZ, MAX_SUBNORMAL, UF | NX)
        ROW(ZERO, MINUS_INF, RNE, NAN, NV)
        ROW(MAX, TWO, RTZ, MAX, OF | NX)
        ROW(ONE_ULP, ONE_ULP, RNE, 0x3ff0000000000002, NX)
    END_TABLE
    FF2(fdiv.d)
        ROW(ONE, THREE, RNE, 0x3fd5555555555555, NX)
        ROW(ONE, THREE, RUP, 0x3fd5555555555556, NX)
        ROW(MINUS_ONE, THREE, RUP, 0xbfd5555555555555, NX)
        ROW(MINUS_ONE, THREE, RDN, 0xbfd5555555555556, NX)
        ROW(ONE, MINUS_ZERO, RTZ, MINUS_INF, DZ)
        ROW(ZERO, ZERO, RNE, NAN, NV)
        ROW(INF, INF, RNE, NAN, NV)
        ROW(ONE, MINUS_INF, RNE, MINUS_ZERO, 0)
        ROW(QNAN, ZERO, RNE, NAN, 0)
    END_TABLE
    FF1(fsqrt.d)
        ROW(0x4010000000000000, 0, RNE, TWO, 0)
        ROW(TWO, 0, RNE, 0x3ff6a09e667f3bcd, NX)
        ROW(TWO, 0, RTZ, 0x3ff6a09e667f3bcc, NX)
        ROW(MINUS_ZERO, 0, RNE, MINUS_ZERO, 0)
        ROW(MINUS_ONE, 0, RNE, NAN, NV)
        ROW(MIN_SUBNORMAL, 0, RNE, 0x1e60000000000000, 0)
    END_TABLE

    FF3(fmadd.d)
        ROW3(ONE, TWO, THREE, RNE, 0x4014000000000000, 0)
        ROW3(ONE_ULP, ONE_ULP, 0xbff0000000000002, RNE, 0x3970000000000000, 0)
        ROW3(INF, ZERO, QNAN, RNE, NAN, NV)
        ROW3(INF, ONE, MINUS_INF, RNE, NAN, NV)
        ROW3(ONE, MINUS_ONE, ONE, RDN, MINUS_ZERO, 0)
        /* Tiny only before rounding: that does not count. */
        ROW3(MIN_SUBNORMAL, 0xbf50000000000000, MIN_NORMAL, RNE, MIN_NORMAL, NX)
    END_TABLE
    FF3(fmsub.d)
        ROW3(ONE, TWO, THREE, RNE, MINUS_ONE, 0)
        ROW3(INF, ONE, INF, RNE, NAN, NV)
    END_TABLE
    FF3(fnmsub.d)
        ROW3(ONE, TWO, THREE, RNE, ONE, 0)
        ROW3(ONE, ONE, ONE, RDN, MINUS_ZERO, 0)
    END_TABLE
    FF3(fnmadd.d)
        ROW3(ONE, TWO, THREE, RNE, 0xc014000000000000, 0)
        ROW3(ONE, TINY, ONE, RDN, ONE_ULP | SIGN, NX)
        ROW3(SNAN, ONE, ONE, RNE, NAN, NV)
    END_TABLE

    FF2(fmin.d)
        ROW(ONE, TWO, RNE, ONE, 0)
        ROW(ZERO, MINUS_ZERO, RNE, MINUS_ZERO, 0)
        ROW(MINUS_ZERO, ZERO, RNE, MINUS_ZERO, 0)
        ROW(QNAN, TWO, RNE, TWO, 0)
        ROW(TWO, SNAN, RNE, TWO, NV)
        ROW(QNAN, QNAN, RNE, NAN, 0)
    END_TABLE
    FF2(fmax.d)
        ROW(ONE, TWO, RNE, TWO, 0)
        ROW(ZERO, MINUS_ZERO, RNE, ZERO, 0)
        ROW(MINUS_ZERO, ZERO, RNE, ZERO, 0)
        ROW(QNAN, SNAN, RNE, NAN, NV)
    END_TABLE
    FI2(feq.d)
        ROW(ONE, ONE, RNE, 1, 0)
        ROW(ZERO, MINUS_ZERO, RNE, 1, 0)
        ROW(QNAN, QNAN, RNE, 0, 0)
        ROW(SNAN, ONE, RNE, 0, NV)
    END_TABLE
    FI2(flt.d)
        ROW(MINUS_ONE, ONE, RNE, 1, 0)
        ROW(MINUS_ZERO, ZERO, RNE, 0, 0)
        ROW(QNAN, ONE, RNE, 0, NV)
    END_TABLE
    FI2(fle.d)
        ROW(ONE, ONE, RNE, 1, 0)
        ROW(ZERO, MINUS_ZERO, RNE, 1, 0)
        ROW(TWO, ONE, RNE, 0, 0)
        ROW(ONE, QNAN, RNE, 0, NV)
    END_TABLE
    FI1(fclass.d)
        ROW(MINUS_INF, 0, RNE, 1 << 0, 0)
        ROW(MINUS_MAX, 0, RNE, 1 << 1, 0)
        ROW(MIN_SUBNORMAL | SIGN, 0, RNE, 1 << 2, 0)
        ROW(MINUS_ZERO, 0, RNE, 1 << 3, 0)
        ROW(ZERO, 0, RNE, 1 << 4, 0)
        ROW(MAX_SUBNORMAL, 0, RNE, 1 << 5, 0)
        ROW(MIN_NORMAL, 0, RNE, 1 << 6, 0)
        ROW(INF, 0, RNE, 1 << 7, 0)
        ROW(SNAN, 0, RNE, 1 << 8, 0)
        ROW(QNAN, 0, RNE, 1 << 9, 0)
    END_TABLE
    FF2(fsgnj.d)
        ROW(ONE, MINUS_ZERO, RNE, MINUS_ONE, 0)
        ROW(SNAN, MINUS_ONE, RNE, SNAN | SIGN, 0)
    END_TABLE
    FF2(fsgnjn.d)
        ROW(ONE, ONE, RNE, MINUS_ONE, 0)
        ROW(SNAN, MINUS_ONE, RNE, SNAN, 0)
    END_TABLE
    FF2(fsgnjx.d)
        ROW(MINUS_ONE, MINUS_ZERO, RNE, ONE, 0)
    END_TABLE

    PASS
