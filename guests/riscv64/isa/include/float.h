/* Floating-point instructions against tables of operands, results and flags.
 *
 *   FF2(fadd.s)  ROW(a, b, rounding, result, flags)  ...  END_TABLE
 *
 * Operands are raw 64-bit register contents: single-precision ones come with
 * their box, `S(bits)`, or without. Results are compared as 64 bits as well.
 * Rounding modes are dynamic. a0 to a3 and s0 to s3 are used.
 */
#ifndef FLOAT_H
#define FLOAT_H

#include "test.h"

/* A boxed single; the same without its box. */
#define S(bits) (0xffffffff00000000 | (bits))
#define UNBOXED(bits) (bits)

#define RNE 0
#define RTZ 1
#define RDN 2
#define RUP 3
#define RMM 4

#define NX FFLAG_NX
#define UF FFLAG_UF
#define OF FFLAG_OF
#define DZ FFLAG_DZ
#define NV FFLAG_NV

/* What operands and results are: F floating, I integer. */
#define FF1(insn) float_table insn fa0, fa1; float_result
#define FF2(insn) float_table insn fa0, fa1, fa2; float_result
#define FF3(insn) float_table insn fa0, fa1, fa2, fa3; float_result
#define FI1(insn) float_table insn a0, fa1; float_loop
#define FI2(insn) float_table insn a0, fa1, fa2; float_loop
#define IF1(insn) float_table insn fa0, a1; float_result

#define ROW(a, b, rounding, want, flags) \
    float_row STR(a), STR(b), 0, rounding, STR(want), STR(flags), __LINE__
#define ROW3(a, b, c, rounding, want, flags) \
    float_row STR(a), STR(b), STR(c), rounding, STR(want), STR(flags), __LINE__
#define END_TABLE float_end

/* Floating point on, nothing raised. */
.macro float_on
    csr_field mstatus, MSTATUS_FS, (1 << MSTATUS_FS_SHIFT)
    csrw fcsr, zero
.endm

.macro float_table insn:vararg
    .macro operation
    \insn
    .endm
.endm

.macro float_result
    .macro result
    fmv.x.d a0, fa0
    .endm
    float_body
    .purgem result
.endm
.macro float_loop
    .macro result
    .endm
    float_body
    .purgem result
.endm

.macro float_body
    la s0, 98f
    la s1, 99f
97: lhu gp, 32(s0)
    ld a1, 0(s0)
    fld fa1, 0(s0)
    fld fa2, 8(s0)
    fld fa3, 16(s0)
    lbu a2, 34(s0)
    csrw frm, a2
    csrw fflags, zero
    operation
    result
    ld a2, 24(s0)
    bne a0, a2, 96f
    csrr a0, fflags
    lbu a2, 35(s0)
    beq a0, a2, 95f
96: mv a1, a2
    j fail
95: addi s0, s0, 40
    bne s0, s1, 97b
    .purgem operation
    .pushsection .rodata
    .balign 8
98:
    .popsection
.endm

.macro float_row a, b, c, rounding, want, flags, line
    .pushsection .rodata
    .dword \a, \b, \c, \want
    .2byte \line
    .byte \rounding, \flags
    .balign 8
    .popsection
.endm

.macro float_end
    .pushsection .rodata
99:
    .popsection
.endm

#endif
