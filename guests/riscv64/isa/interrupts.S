/* Interrupts: pending, enabled, delegated, prioritised, vectored; WFI. */
#include "test.h"

#define SSIP (1 << IRQ_SSI)
#define MSIP (1 << IRQ_MSI)
#define STIP (1 << IRQ_STI)
#define SEIP (1 << IRQ_SEI)

    begin
    open_memory
    csrw mie, zero
    csrw mip, zero
    csrw mideleg, zero
    csrw menvcfg, zero

    /* Software may make the supervisor's interrupts pending. */
    li a1, SSIP | STIP | SEIP
    csrw mip, a1
    csrr a0, mip
    and a0, a0, a1
    CHECK(a0, SSIP | STIP | SEIP)
    /* Through sip only what is delegated shows, and only SSIP is written. */
    csrr a0, sip
    CHECK(a0, 0)
    li a1, SSIP | STIP
    csrw mideleg, a1
    csrr a0, sip
    CHECK(a0, SSIP | STIP)
    csrw sip, zero
    csrr a0, sip
    CHECK(a0, STIP)
    csrsi sip, SSIP
    csrr a0, sip
    CHECK(a0, SSIP | STIP)
    csrw mip, zero
    csrw mideleg, zero

    /* In M-mode, nothing comes without MIE; with it, at once. */
    li a1, SSIP
    csrw mie, a1
    csrw mip, a1
    HERE
    la s11, 1f
    csrsi mstatus, MSTATUS_MIE
0:  UNREACHABLE
1:  li a1, CAUSE_INTERRUPT | IRQ_SSI
    CHECK_EQ(s8, a1)
    la a1, 0b
    CHECK_EQ(s9, a1)
    CHECK(s10, 0)
    /* Not without the bit in mie. */
    csrw mie, zero
    csrsi mstatus, MSTATUS_MIE
    HERE
    nop
    csrci mstatus, MSTATUS_MIE
    li a1, SSIP
    csrw mie, a1

    /* The enabling instruction is the last: by mie, by mip, by MRET. */
    csrw mip, zero
    csrsi mstatus, MSTATUS_MIE
    HERE
    la s11, 2f
    csrw mip, a1
    UNREACHABLE
2:  csrw mie, zero
    csrsi mstatus, MSTATUS_MIE
    HERE
    la s11, 3f
    csrw mie, a1
    UNREACHABLE
3:  HERE
    la s11, 5f
    csr_field mstatus, 0, (MSTATUS_MPIE | MSTATUS_MPP)
    la a1, 4f
    csrw mepc, a1
    mret
4:  UNREACHABLE
5:  CHECK_EQ(s9, a1)

    /* A lower mode cannot keep the machine's interrupts out. */
    csrci mstatus, MSTATUS_MIE | MSTATUS_SIE
    HERE
    la s11, 6f
    enter PRIV_S, spin
6:  li a1, CAUSE_INTERRUPT | IRQ_SSI
    CHECK_EQ(s8, a1)
    la a1, spin
    CHECK_EQ(s9, a1)

    /* A delegated interrupt never comes in M-mode. */
    li a1, SSIP
    csrw mideleg, a1
    HERE
    csrsi mstatus, MSTATUS_MIE
    nop
    csrci mstatus, MSTATUS_MIE
    /* In S-mode only with SIE. */
    la a1, supervisor_vector
    csrw stvec, a1
    la s11, 7f
    enter PRIV_S, ecall_only
7:  CHECK(s8, CAUSE_ECALL_S)
    la a1, ecall_only
    CHECK_EQ(s9, a1)
    HERE
    csrsi mstatus, MSTATUS_SIE
    la s11, 8f
    enter PRIV_S, spin
8:  CHECK(s8, CAUSE_ECALL_S)
    li a1, CAUSE_INTERRUPT | IRQ_SSI
    CHECK_EQ(s2, a1)
    la a1, spin
    CHECK_EQ(s3, a1)
    /* In U-mode always; vectored by cause. */
    HERE
    csrci mstatus, MSTATUS_SIE
    la a1, supervisor_vector + 1
    csrw stvec, a1
    la s11, 9f
    li s4, 0
    enter PRIV_U, spin
9:  CHECK(s8, CAUSE_ECALL_S)
    CHECK(s4, IRQ_SSI)
    /* S-mode enables for itself. */
    HERE
    la s11, 10f
    li s4, 0
    enter PRIV_S, enable_and_spin
10: CHECK(s4, IRQ_SSI)
    csrw mip, zero
    csrw mideleg, zero

    /* Vectored in M-mode, most urgent first; the handlers clear what they serve. */
    HERE
    la a1, machine_vector + 1
    csrw mtvec, a1
    li a1, CLINT_MSIP
    li a2, 1
    sw a2, 0(a1)
11: csrr a0, mip
    andi a0, a0, MSIP
    beqz a0, 11b
    lw a0, 0(a1)
    CHECK(a0, 1)
    li a1, SSIP | STIP | SEIP
    csrw mip, a1
    li a1, SSIP | STIP | SEIP | MSIP
    csrw mie, a1
    li s5, 0
    HERE
    csrsi mstatus, MSTATUS_MIE
12: csrr a0, mip
    and a0, a0, a1
    bnez a0, 12b
    CHECK(s5, (IRQ_MSI << 12) | (IRQ_SEI << 8) | (IRQ_SSI << 4) | IRQ_STI)
    /* The machine's before the supervisor's, though delegated ones are due. */
    csrci mstatus, MSTATUS_MIE
    li a1, SSIP | SEIP
    csrw mideleg, a1
    csrw mip, a1
    la a1, supervisor_vector
    csrw stvec, a1
    li a1, CLINT_MSIP
    sw a2, 0(a1)
13: csrr a0, mip
    andi a0, a0, MSIP
    beqz a0, 13b
    HERE
    csrsi mstatus, MSTATUS_SIE
    li s5, 0
    li s2, 0
    la s11, 14f
    enter PRIV_S, spin
14: CHECK(s5, IRQ_MSI)
    /* Then SEI before SSI. */
    li a1, CAUSE_INTERRUPT | IRQ_SEI
    CHECK_EQ(s2, a1)
    la a1, trap_entry
    csrw mtvec, a1

    /* WFI goes on when an interrupt pends that mie lets through: whatever
     * mstatus says, whoever it is delegated to, in M- and in S-mode. */
    csrci mstatus, MSTATUS_MIE | MSTATUS_SIE
    csrw mideleg, zero
    csrw mip, zero
    li a1, SSIP
    csrw mie, a1
    csrw mip, a1
    HERE
    wfi
    csrw mideleg, a1
    wfi
    la s11, 15f
    enter PRIV_S, wait
15: CHECK(s8, CAUSE_ECALL_S)
    /* If it is taken, then behind the WFI. */
    csrw mideleg, zero
    csrw mie, zero
    HERE
    la s11, 17f
    csrsi mstatus, MSTATUS_MIE
    csrw mip, a1
    la a2, 16f
    csrw mie, a1
16: wfi
    UNREACHABLE
17: CHECK_EQ(s9, a2)

    PASS

    .balign 4
wait:
    wfi
ecall_only:
    ecall
enable_and_spin:
    csrsi sstatus, MSTATUS_SIE
spin:
    j spin

    /* Served in M-mode: appends the cause to s5. */
    .balign 4
machine_vector:
    .option push
    .option norvc
    j machine_exception
    j machine_1
    j fail
    j machine_3
    j fail
    j machine_5
    j fail
    j fail
    j fail
    j machine_9
    .option pop
machine_1:
    csrci mip, SSIP
    li t0, IRQ_SSI
    j machine_served
machine_3:
    li t0, CLINT_MSIP
    sw zero, 0(t0)
18: csrr t0, mip
    andi t0, t0, MSIP
    bnez t0, 18b
    li t0, IRQ_MSI
    j machine_served
machine_5:
    li t0, STIP
    csrc mip, t0
    li t0, IRQ_STI
    j machine_served
machine_9:
    li t0, SEIP
    csrc mip, t0
    li t0, IRQ_SEI
machine_served:
    slli s5, s5, 4
    add s5, s5, t0
    mret
machine_exception:
    j trap_entry

    /* Serves nothing: keeps what it finds in s2 and s3, and the slot in s4. */
    .balign 4
supervisor_vector:
    .option push
    .option norvc
    j supervisor_served
    j supervisor_1
    .option pop
supervisor_1:
    li s4, IRQ_SSI
supervisor_served:
    csrr s2, scause
    csrr s3, sepc
    ecall
