/* Exceptions: causes, values, delegation, the stacks of modes and enables. */
#include "test.h"

    begin
    open_memory
    csrw medeleg, zero
    csrw mideleg, zero

    /* Illegal instructions, of either length; mtval holds them. */
    ILLEGAL(0xffffffff)
    ILLEGAL(0x00000073 | 0xffe00000)
    ILLEGAL16(0x0000)
    /* Breakpoint: mtval holds its address. */
    .option norvc
    TRAPS_WITH(CAUSE_BREAKPOINT, s9, ebreak)
    .option rvc
    TRAPS_WITH(CAUSE_BREAKPOINT, s9, c.ebreak)
    TRAPS(CAUSE_ECALL_M, 0, ecall)
    /* Jumps fault at their targets. */
#define JUMP_TRAPS(target, cause) \
    li gp, __LINE__; li a1, target; la s11, 1f; li ra, 0; jalr a1; j fail; \
1:  CHECK(s8, cause); CHECK_EQ(s9, a1); CHECK_EQ(s10, a1)
    JUMP_TRAPS(NOWHERE, CAUSE_FETCH_ACCESS)
    JUMP_TRAPS(NOWHERE + 2, CAUSE_FETCH_ACCESS)
    JUMP_TRAPS(0, CAUSE_FETCH_ACCESS)
    /* Around the end of the address space. */
    JUMP_TRAPS(-2, CAUSE_FETCH_ACCESS)
    JUMP_TRAPS(-4, CAUSE_FETCH_ACCESS)
    JUMP_TRAPS(0x7ffffffffffffffe, CAUSE_FETCH_ACCESS)
    TRAPS(CAUSE_LOAD_ACCESS, -1, lb a0, -1(zero))
    TRAPS(CAUSE_LOAD_ACCESS, -8, ld a0, -8(zero))
    TRAPS(CAUSE_LOAD_ACCESS, -4, ld a0, -4(zero))
    TRAPS(CAUSE_STORE_ACCESS, -8, sd a0, -8(zero))
    TRAPS(CAUSE_STORE_ACCESS, -1, sh a0, -1(zero))
    TRAPS(CAUSE_STORE_ACCESS, -3, sw a0, -3(zero))
    li a1, -8
    TRAPS(CAUSE_STORE_ACCESS, -8, amoadd.d a0, a0, (a1))
    TRAPS(CAUSE_LOAD_ACCESS, -8, lr.d a0, (a1))
    li a1, -64
    TRAPS(CAUSE_STORE_ACCESS, -64, cbo.zero 0(a1))
    /* The link register was written before. */
    HERE
    li a1, NOWHERE
    la s11, 2f
    jalr a1
2:  la a2, 2b
    CHECK_EQ(ra, a2)

    /* What a mode may not do. `value` is the instruction. */
#define IN_MODE(privilege, cause, value, ...) \
    in_mode __LINE__, privilege, STR(cause), STR(value), __VA_ARGS__
    .macro in_mode line, privilege, cause, value, insn:vararg
    li gp, \line
    la s11, .Lback\@
    enter \privilege, .Lthere\@
    .balign 4
.Lthere\@:
    \insn
    ecall
.Lback\@:
    li t6, \cause
    bne s8, t6, .Lbad\@
    li t6, \value
    beq s10, t6, .Lgood\@
.Lbad\@:
    j wrong_trap
.Lgood\@:
    .endm
    IN_MODE(PRIV_U, CAUSE_ECALL_U, 0, ecall)
    IN_MODE(PRIV_S, CAUSE_ECALL_S, 0, ecall)
    IN_MODE(PRIV_U, CAUSE_ILLEGAL, 0x30200073, mret)
    IN_MODE(PRIV_S, CAUSE_ILLEGAL, 0x30200073, mret)
    IN_MODE(PRIV_U, CAUSE_ILLEGAL, 0x10200073, sret)
    li a1, NOWHERE
    IN_MODE(PRIV_S, CAUSE_LOAD_ACCESS, NOWHERE, ld a1, 0(a1))
    li a1, MSTATUS_TSR
    csrs mstatus, a1
    IN_MODE(PRIV_S, CAUSE_ILLEGAL, 0x10200073, sret)
    li a1, MSTATUS_TSR
    csrc mstatus, a1
    li a1, MSTATUS_TW
    csrs mstatus, a1
    IN_MODE(PRIV_S, CAUSE_ILLEGAL, 0x10500073, wfi)
    IN_MODE(PRIV_U, CAUSE_ILLEGAL, 0x10500073, wfi)
    li a1, MSTATUS_TW
    csrc mstatus, a1
    /* Without floating point. */
    li a1, MSTATUS_FS
    csrc mstatus, a1
    ILLEGAL(0x02a57553)         /* fadd.d fa0, fa0, fa0 */
    ILLEGAL(0x00052507)         /* flw fa0, 0(a0) */
    ILLEGAL16(0x2108)           /* c.fld fa0, 0(a0) */
    ILLEGAL16(0xa108)           /* c.fsd fa0, 0(a0) */

    /* MRET takes MIE from MPIE, sets MPIE, leaves MPP at U. */
    HERE
    csr_field mstatus, (MSTATUS_MPP | MSTATUS_MIE | MSTATUS_MPIE), MSTATUS_MPP
    la a1, 3f
    csrw mepc, a1
    mret
3:  csrr a0, mstatus
    li a1, MSTATUS_MIE | MSTATUS_MPIE | MSTATUS_MPP
    and a0, a0, a1
    CHECK(a0, MSTATUS_MPIE)
    csrw mie, zero
    csr_field mstatus, 0, (MSTATUS_MPP | MSTATUS_MPIE)
    la a1, 4f
    csrw mepc, a1
    mret
4:  csrr a0, mstatus
    li a1, MSTATUS_MIE | MSTATUS_MPIE | MSTATUS_MPP
    and a0, a0, a1
    CHECK(a0, MSTATUS_MIE | MSTATUS_MPIE)
    /* A trap reverses it. */
    HERE
    la a1, own_handler
    csrw mtvec, a1
    la s2, 5f
    ecall
5:  csrr a0, mstatus
    li a1, MSTATUS_MIE | MSTATUS_MPIE | MSTATUS_MPP
    and a0, a0, a1
    CHECK(a0, MSTATUS_MPIE | MSTATUS_MPP)
    /* Vectored mode does not concern exceptions. */
    la a1, own_handler + 1
    csrw mtvec, a1
    la s2, 6f
    ecall
6:  la a1, trap_entry
    csrw mtvec, a1
    /* MRET to a lower mode ends MPRV, to M-mode it does not. */
    HERE
    li a1, MSTATUS_MPRV
    csr_field mstatus, MSTATUS_MPP, (MSTATUS_MPP | MSTATUS_MPRV)
    la a2, 7f
    csrw mepc, a2
    mret
7:  csrr a0, mstatus
    and a0, a0, a1
    CHECK(a0, MSTATUS_MPRV)
    la a2, own_handler
    csrw mtvec, a2
    la s2, 8f
    csr_field mstatus, MSTATUS_MPP, (PRIV_S << MSTATUS_MPP_SHIFT)
    la a2, ecall_only
    csrw mepc, a2
    mret
8:  csrr a0, mstatus
    and a0, a0, a1
    CHECK(a0, 0)
    la a1, trap_entry
    csrw mtvec, a1

    /* SRET in M-mode: SIE from SPIE, mode from SPP, MPRV off. */
    HERE
    csr_field mstatus, (MSTATUS_SIE | MSTATUS_SPP), (MSTATUS_SPIE | MSTATUS_MPRV)
    la a1, ecall_only
    csrw sepc, a1
    la s11, 9f
    sret
9:  CHECK(s8, CAUSE_ECALL_U)
    csrr a0, mstatus
    li a1, MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP | MSTATUS_MPRV
    and a0, a0, a1
    CHECK(a0, MSTATUS_SIE | MSTATUS_SPIE)
    csr_field mstatus, MSTATUS_SIE, MSTATUS_SPP
    la s11, 10f
    sret
10: CHECK(s8, CAUSE_ECALL_S)
    csr_field mstatus, (MSTATUS_SIE | MSTATUS_SPIE), 0

    /* Delegation: from U to the handler of S, the machine's registers untouched. */
    li a1, 1 << CAUSE_ECALL_U | 1 << CAUSE_ILLEGAL | 1 << CAUSE_BREAKPOINT
    csrw medeleg, a1
    la a1, supervisor_handler
    csrw stvec, a1
    li a1, 99
    csrw mcause, a1
    li a1, MSTATUS_SIE
    csrs mstatus, a1
    HERE
    la s11, 11f
    enter PRIV_U, ecall_only
11: CHECK(s8, CAUSE_ECALL_S)    /* the handler's own, to come back here */
    CHECK(s2, CAUSE_ECALL_U)
    la a1, ecall_only
    CHECK_EQ(s3, a1)
    CHECK(s4, 0)
    CHECK(s5, MSTATUS_SPIE)     /* SIE off, SPP is U */
    /* From S to S. */
    csr_field mstatus, MSTATUS_SIE, 0
    la s11, 12f
    enter PRIV_S, illegal_only
12: CHECK(s8, CAUSE_ECALL_S)
    CHECK(s2, CAUSE_ILLEGAL)
    la a1, illegal_only
    CHECK_EQ(s3, a1)
    CHECK(s4, 0xffffffff)
    CHECK(s5, MSTATUS_SPP)
    /* What M-mode raises is never delegated. */
    ILLEGAL(0xffffffff)
    TRAPS_WITH(CAUSE_BREAKPOINT, s9, ebreak)
    /* What is not in medeleg comes to M-mode. */
    csrw medeleg, zero
    la s11, 13f
    enter PRIV_U, illegal_only
13: CHECK(s8, CAUSE_ILLEGAL)

    PASS

    .balign 4
    /* Goes on at s2 in M-mode, without MRET. */
own_handler:
    jr s2
    .balign 4
ecall_only:
    ecall
illegal_only:
    .4byte 0xffffffff
    .balign 4
    /* Keeps what it finds in s2 to s5 and calls M-mode. */
supervisor_handler:
    csrr s2, scause
    csrr s3, sepc
    csrr s4, stval
    csrr s5, sstatus
    li t0, MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP
    and s5, s5, t0
    ecall
