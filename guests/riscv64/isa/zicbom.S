/* Zicbom: cache management keeps memory's contents and obeys envcfg. */
#include "test.h"

    .macro cbo_at operation, rs1
    .insn i 0x0f, 2, x0, \rs1, \operation
    .endm
#define INVAL 0
#define CLEAN 1
#define FLUSH 2

    .bss
    .balign 4096
block:
    .space 64

    begin
    open_memory
    la s0, block + 3
    la s1, block
    li a1, 0x123456789
    sd a1, 0(s1)
    cbo_at CLEAN, s0
    ld a0, 0(s1)
    CHECK(a0, 0x123456789)
    cbo_at FLUSH, s0
    ld a0, 0(s1)
    CHECK(a0, 0x123456789)
    cbo_at INVAL, s0
    ld a0, 0(s1)
    CHECK(a0, 0x123456789)

#define IN_MODE(privilege, operation, cause) in_mode __LINE__, privilege, operation, cause
    .macro in_mode line, privilege, operation, cause
    li gp, \line
    la s11, .Lback\@
    enter \privilege, .Lthere\@
.Lthere\@:
    cbo_at \operation, s0
    ecall
.Lback\@:
    li t6, \cause
    beq s8, t6, .Lok\@
    j wrong_trap
.Lok\@:
    .endm

    csrw menvcfg, zero
    csrw senvcfg, zero
    IN_MODE(PRIV_S, CLEAN, CAUSE_ILLEGAL)
    CHECK(s10, 0x0014200f)
    IN_MODE(PRIV_S, FLUSH, CAUSE_ILLEGAL)
    IN_MODE(PRIV_S, INVAL, CAUSE_ILLEGAL)
    CHECK(s10, 0x0004200f)
    IN_MODE(PRIV_U, FLUSH, CAUSE_ILLEGAL)

    li a1, ENVCFG_CBCFE
    csrw menvcfg, a1
    IN_MODE(PRIV_S, CLEAN, CAUSE_ECALL_S)
    IN_MODE(PRIV_S, FLUSH, CAUSE_ECALL_S)
    IN_MODE(PRIV_S, INVAL, CAUSE_ILLEGAL)
    IN_MODE(PRIV_U, CLEAN, CAUSE_ILLEGAL)
    csrw senvcfg, a1
    IN_MODE(PRIV_U, CLEAN, CAUSE_ECALL_U)
    IN_MODE(PRIV_U, INVAL, CAUSE_ILLEGAL)

    li a1, 1 << ENVCFG_CBIE_SHIFT
    csrw menvcfg, a1
    IN_MODE(PRIV_S, INVAL, CAUSE_ECALL_S)
    IN_MODE(PRIV_S, CLEAN, CAUSE_ILLEGAL)
    IN_MODE(PRIV_U, INVAL, CAUSE_ILLEGAL)
    li a1, 3 << ENVCFG_CBIE_SHIFT
    csrw senvcfg, a1
    IN_MODE(PRIV_U, INVAL, CAUSE_ECALL_U)
    csrr a0, senvcfg
    CHECK(a0, 3 << ENVCFG_CBIE_SHIFT)
    /* Flushed, not dropped: what U-mode stored is still there. */
    ld a0, 0(s1)
    CHECK(a0, 0x123456789)

    PASS
