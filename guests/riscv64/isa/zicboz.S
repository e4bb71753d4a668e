/* Zicboz: a block of 64 bytes is zeroed, in the modes that may. */
#include "test.h"

    .macro cbo.zero_at rs1
    .insn i 0x0f, 2, x0, \rs1, 4
    .endm

    .bss
    .balign 4096
before:
    .space 64
block:
    .space 64
after:
    .space 64

    begin
    open_memory
    li a1, -1
    la s0, before
    li a2, 24
1:  sd a1, 0(s0)
    addi s0, s0, 8
    addi a2, a2, -1
    bnez a2, 1b

    /* From anywhere in it, exactly the block. */
    la s0, block + 37
    cbo.zero_at s0
    la s0, block
    li a2, 8
2:  ld a0, 0(s0)
    CHECK(a0, 0)
    addi s0, s0, 8
    addi a2, a2, -1
    bnez a2, 2b
    ld a0, 0(s0)
    CHECK(a0, -1)
    ld a0, -72(s0)
    CHECK(a0, -1)

    /* Faults are stores'. */
    li a1, NOWHERE
    TRAPS(CAUSE_STORE_ACCESS, NOWHERE, cbo.zero_at a1)

#define IN_MODE(privilege, cause) in_mode __LINE__, privilege, cause
    .macro in_mode line, privilege, cause
    li gp, \line
    la s11, .Lback\@
    la s0, block
    enter \privilege, .Lthere\@
.Lthere\@:
    cbo.zero_at s0
    ecall
.Lback\@:
    li t6, \cause
    beq s8, t6, .Lok\@
    j wrong_trap
.Lok\@:
    .endm

    csrw menvcfg, zero
    csrw senvcfg, zero
    IN_MODE(PRIV_S, CAUSE_ILLEGAL)
    CHECK(s10, 0x0044200f)
    IN_MODE(PRIV_U, CAUSE_ILLEGAL)
    li a1, ENVCFG_CBZE
    csrw menvcfg, a1
    IN_MODE(PRIV_S, CAUSE_ECALL_S)
    IN_MODE(PRIV_U, CAUSE_ILLEGAL)
    csrw senvcfg, a1
    IN_MODE(PRIV_U, CAUSE_ECALL_U)
    csrw menvcfg, zero
    IN_MODE(PRIV_U, CAUSE_ILLEGAL)

    PASS
