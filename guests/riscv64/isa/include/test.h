/* What every program shares: entry, verdict, checks, traps.
 *
 * A program passes by storing 1 to `tohost` and fails by storing
 * (line << 1) | 1, where `line` is the source line of the check that failed;
 * TRAP_LINE is added to it where a trap came unexpectedly after that line.
 * The hart then holds in a0 what was found and in a1 what was expected, or the
 * cause, address and value of the trap that came in a0, a1 and a2.
 *
 * gp, t5, t6 and s8 to s11 belong to the macros.
 */
#ifndef TEST_H
#define TEST_H

#include "csr.h"

/* Added to the line of a failure that is an unexpected trap. */
#define TRAP_LINE 0x8000
/* One argument of an assembler macro, whatever blanks and commas it has. */
#define STR(...) #__VA_ARGS__
/* Instructions of `trap_entry`. */
#define HANDLER_INSNS 13
/* log2 of the bytes of stack of each hart. */
#define STACK_SHIFT 12

    .option norelax

    .section .tohost, "aw", @progbits
    .balign 64
    .globl tohost
    .globl fromhost
tohost:
    .dword 0
    .balign 64
fromhost:
    .dword 0

/* Begins the program: all harts arrive at what follows, in M-mode, with their
 * number in a0, a stack, and traps directed to `trap_entry`. */
.macro begin
    .section .text.start, "ax", @progbits
    .globl _start
_start:
    la t0, trap_entry
    csrw mtvec, t0
    li s11, 0
    li gp, 0
    csrr a0, mhartid
    la sp, stacks
    addi t0, a0, 1
    slli t0, t0, STACK_SHIFT
    add sp, sp, t0
    j main

    .balign 4
    /* Goes on at s11, where a trap is expected, with s8, s9 and s10 holding
     * mcause, mepc and mtval: in M-mode, MPRV and MIE off. */
trap_entry:
    beqz s11, unexpected_trap
    csrr s8, mcause
    csrr s9, mepc
    csrr s10, mtval
    csrw mepc, s11
    li s11, MSTATUS_MPRV | MSTATUS_MPIE
    csrc mstatus, s11
    li s11, MSTATUS_MPP
    csrs mstatus, s11
    li s11, 0
    mret

unexpected_trap:
    csrr a0, mcause
    csrr a1, mepc
    csrr a2, mtval
    li t6, TRAP_LINE
    or gp, gp, t6
    j fail
    /* Not the trap that was expected. */
wrong_trap:
    mv a0, s8
    mv a1, s9
    mv a2, s10
fail:
    slli gp, gp, 1
    ori gp, gp, 1
    j verdict
pass:
    li gp, 1
verdict:
    li t6, MSTATUS_MPRV
    csrc mstatus, t6
    la t6, tohost
    sd gp, 0(t6)
    j verdict

    .section .bss
    .balign 16
stacks:
    .space 4 << STACK_SHIFT

    .text
    .balign 4
main:
.endm

/* Ends the program: whoever arrives has found nothing wrong. */
#define PASS j pass

/* The register must hold the constant. */
#define CHECK(reg, want) check __LINE__, reg, STR(want)
.macro check line, reg, want
    li gp, \line
    li t6, \want
    beq \reg, t6, .Lok\@
    mv a0, \reg
    mv a1, t6
    j fail
.Lok\@:
.endm

/* The two registers must be equal. */
#define CHECK_EQ(reg, want) check_eq __LINE__, reg, want
.macro check_eq line, reg, want
    li gp, \line
    beq \reg, \want, .Lok\@
    mv t6, \want
    mv a0, \reg
    mv a1, t6
    j fail
.Lok\@:
.endm

/* Names the current line, for unexpected traps. */
#define HERE li gp, __LINE__
/* Fails: this line must not be reached. */
#define UNREACHABLE li gp, __LINE__; j fail

/* The instruction must trap with this cause and the constant in mtval. */
#define TRAPS(cause, tval, ...) \
    traps __LINE__, STR(cause), STR(tval), __VA_ARGS__
.macro traps line, cause, tval, insn:vararg
    li t5, \tval
    traps_with \line, \cause, t5, \insn
.endm

/* The same with mtval as in a register. */
#define TRAPS_WITH(cause, reg, ...) \
    traps_with __LINE__, STR(cause), reg, __VA_ARGS__
.macro traps_with line, cause, tval, insn:vararg
    li gp, \line
    la s11, .Ltrapped\@
.Lfaulty\@:
    \insn
    j fail
.Ltrapped\@:
    li t6, \cause
    bne s8, t6, .Lbad\@
    la t6, .Lfaulty\@
    bne s9, t6, .Lbad\@
    beq s10, \tval, .Lgood\@
.Lbad\@:
    j wrong_trap
.Lgood\@:
.endm

/* These 32 (or 16) bits must be an illegal instruction. */
#define ILLEGAL(bits) traps __LINE__, CAUSE_ILLEGAL, STR(bits), .4byte bits
#define ILLEGAL16(bits) traps __LINE__, CAUSE_ILLEGAL, STR(bits), .2byte bits

/* Clears the constant's bits in a CSR, then sets `set`. */
.macro csr_field csr, mask, set
    li t6, \mask
    csrc \csr, t6
    li t6, \set
    csrs \csr, t6
.endm

/* Loads and stores of M-mode act with this privilege, until `take_back` or a trap. */
.macro lend privilege
    csr_field mstatus, MSTATUS_MPP, (\privilege << MSTATUS_MPP_SHIFT)
    li t6, MSTATUS_MPRV
    csrs mstatus, t6
.endm
.macro take_back
    li t6, MSTATUS_MPRV
    csrc mstatus, t6
.endm

/* Opens all of memory to S- and U-mode, with PMP entry 15. */
.macro open_memory
    li t6, -1
    csrw pmpaddr15, t6
    li t6, 0x1f << 56
    csrs pmpcfg2, t6
.endm

/* Goes on at `label` with this privilege; a trap to M-mode comes back. */
.macro enter privilege, label
    csr_field mstatus, MSTATUS_MPP, (\privilege << MSTATUS_MPP_SHIFT)
    la t6, \label
    csrw mepc, t6
    mret
.endm

#endif
