/* Integer instructions against tables of operands and results.
 *
 *   TABLE(add)  ROW(1, 2, 3)  ...  END_TABLE
 *
 * Each row is tried twice: with constants in the code, which translators may
 * fold, and in a loop over the table, with rd apart from, equal to rs1, equal
 * to rs2, and x0. Instructions of one operand take TABLE1 and ignore the
 * second column. a0 to a5 and s0, s1 are used.
 */
#ifndef TABLE_H
#define TABLE_H

#include "test.h"

#define TABLE(insn) \
    .macro operation d, a, b; insn \d, \a, \b; .endm; table_loop
#define TABLE1(insn) \
    .macro operation d, a, b; insn \d, \a; .endm; table_loop
#define ROW(a, b, want) table_row __LINE__, STR(a), STR(b), STR(want)
#define END_TABLE table_end

.macro table_compare got
    beq \got, a3, .Lok\@
    mv a0, \got
    mv a1, a3
    j fail
.Lok\@:
.endm

.macro table_loop
    la s0, 98f
    la s1, 99f
97: lwu gp, 24(s0)
    ld a1, 0(s0)
    ld a2, 8(s0)
    ld a3, 16(s0)
    operation a0, a1, a2
    table_compare a0
    mv a4, a1
    operation a4, a4, a2
    table_compare a4
    mv a5, a2
    operation a5, a1, a5
    table_compare a5
    operation zero, a1, a2
    bnez zero, 96f
    addi s0, s0, 32
    bne s0, s1, 97b
    j 95f
96: j fail
95:
    .pushsection .rodata
    .balign 8
98:
    .popsection
.endm

.macro table_row line, a, b, want
    .pushsection .rodata
    .dword \a, \b, \want, \line
    .popsection
    li gp, \line
    li a1, \a
    li a2, \b
    operation a0, a1, a2
    li a3, \want
    table_compare a0
.endm

.macro table_end
    .pushsection .rodata
99:
    .popsection
    .purgem operation
.endm

#endif
