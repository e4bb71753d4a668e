/* Double-precision operands. */
#ifndef DOUBLE_H
#define DOUBLE_H

#include "float.h"

#define SIGN 0x8000000000000000
#define ZERO 0
#define MINUS_ZERO SIGN
#define MIN_SUBNORMAL 1
#define MAX_SUBNORMAL 0x000fffffffffffff
#define MIN_NORMAL 0x0010000000000000
#define HALF 0x3fe0000000000000
#define ONE 0x3ff0000000000000
#define ONE_ULP 0x3ff0000000000001
#define TWO 0x4000000000000000
#define THREE 0x4008000000000000
#define MINUS_ONE 0xbff0000000000000
#define TINY 0x3ca0000000000000         /* 2^-53 */
#define MAX 0x7fefffffffffffff
#define MINUS_MAX 0xffefffffffffffff
#define INF 0x7ff0000000000000
#define MINUS_INF 0xfff0000000000000
#define NAN 0x7ff8000000000000          /* the canonical one */
#define QNAN 0xfff8000012345678
#define SNAN 0x7ff0000012345678

#endif
