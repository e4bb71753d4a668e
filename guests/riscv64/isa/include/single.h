/* Single-precision operands, boxed. */
#ifndef SINGLE_H
#define SINGLE_H

#include "float.h"

#define ZERO S(0)
#define MINUS_ZERO S(0x80000000)
#define MIN_SUBNORMAL S(1)
#define MAX_SUBNORMAL S(0x007fffff)
#define MIN_NORMAL S(0x00800000)
#define HALF S(0x3f000000)
#define ONE S(0x3f800000)
#define ONE_ULP S(0x3f800001)
#define TWO S(0x40000000)
#define THREE S(0x40400000)
#define MINUS_ONE S(0xbf800000)
#define TINY S(0x33800000)              /* 2^-24 */
#define MAX S(0x7f7fffff)
#define MINUS_MAX S(0xff7fffff)
#define INF S(0x7f800000)
#define MINUS_INF S(0xff800000)
#define NAN S(0x7fc00000)               /* the canonical one */
#define QNAN S(0xffc12345)
#define SNAN S(0x7f812345)

#endif
