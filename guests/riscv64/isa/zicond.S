/* Zicond: conditional zero. */
#include "table.h"

/* Not known to older assemblers. */
    .macro czero.eqz rd, rs1, rs2
    .insn r 0x33, 5, 7, \rd, \rs1, \rs2
    .endm
    .macro czero.nez rd, rs1, rs2
    .insn r 0x33, 7, 7, \rd, \rs1, \rs2
    .endm

    begin

    TABLE(czero.eqz)
        ROW(0x123456789abcdef0, 0, 0)
        ROW(0x123456789abcdef0, 1, 0x123456789abcdef0)
        ROW(-1, 0x8000000000000000, -1)
        ROW(-1, 0x100000000, -1)
    END_TABLE
    TABLE(czero.nez)
        ROW(0x123456789abcdef0, 0, 0x123456789abcdef0)
        ROW(0x123456789abcdef0, 1, 0)
        ROW(-1, 0x8000000000000000, 0)
        ROW(-1, 0x100000000, 0)
    END_TABLE

    /* The pair selects. */
    li a1, 5
    li a2, 7
    li a3, 0
    czero.eqz a0, a1, a3
    czero.nez a4, a2, a3
    or a0, a0, a4
    CHECK(a0, 7)
    czero.nez a0, a1, zero
    CHECK(a0, 5)
    czero.eqz a0, a1, zero
    CHECK(a0, 0)

    PASS
