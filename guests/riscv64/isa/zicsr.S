/* Zicsr: the instructions, access rights, and which values registers take. */
#include "test.h"

/* What a register reads as after these were written. */
#define WARL(csr, value, want) \
    li a1, value; csrw csr, a1; csrr a0, csr; CHECK(a0, want)

    begin

    /* All six instructions, on a register that takes anything. */
    li a1, 0x00ff00ff00ff00ff
    csrw mscratch, a1
    li a2, 0x0ff00ff00ff00ff0
    csrrs a0, mscratch, a2
    CHECK(a0, 0x00ff00ff00ff00ff)
    csrrc a0, mscratch, a1
    CHECK(a0, 0x0fff0fff0fff0fff)
    csrrw a0, mscratch, a2
    CHECK(a0, 0x0f000f000f000f00)
    csrrwi a0, mscratch, 31
    CHECK(a0, 0x0ff00ff00ff00ff0)
    csrrci a0, mscratch, 5
    CHECK(a0, 31)
    csrrsi a0, mscratch, 1
    CHECK(a0, 26)
    csrr a0, mscratch
    CHECK(a0, 27)
    /* rd and rs1 may be the same; rd may be x0. */
    li a0, 6
    csrrw a0, mscratch, a0
    CHECK(a0, 27)
    csrrs a0, mscratch, a0
    CHECK(a0, 6)
    csrrw zero, mscratch, a2
    CHECK(zero, 0)
    csrr a0, mscratch
    CHECK(a0, 0x0ff00ff00ff00ff0)
    csrrsi a0, mscratch, 0
    csrrci a0, mscratch, 0
    CHECK(a0, 0x0ff00ff00ff00ff0)

    /* Read-only registers: reading by set and clear of nothing is fine. */
    li a1, 0
    csrrs a0, mhartid, zero
    CHECK(a0, 0)
    csrrci a0, mhartid, 0
    ILLEGAL(0xf1459573)         /* csrrw a0, mhartid, a1 */
    ILLEGAL(0xf145a573)         /* csrrs a0, mhartid, a1, though a1 holds 0 */
    ILLEGAL(0xf140d573)         /* csrrwi a0, mhartid, 1 */
    ILLEGAL(0xf140f573)         /* csrrci a0, mhartid, 1 */
    ILLEGAL(0xc0201073)         /* csrw instret, x0 */
    /* Registers that do not exist. */
    ILLEGAL(0x8ff02573)
    ILLEGAL(0x5a9025f3)
    ILLEGAL(0x3a102573)         /* pmpcfg1 of RV32 */
    ILLEGAL(0xb8002573)         /* mcycleh of RV32 */
    ILLEGAL(0xc8002573)         /* cycleh of RV32 */
    ILLEGAL(0x34004573)         /* funct3 that nobody has */

    /* Where values are legalized. */
    WARL(mepc, -1, -2)
    WARL(sepc, 0x80000003, 0x80000002)
    WARL(mcause, 0x800000000000000b, 0x800000000000000b)
    WARL(mtval, 0x123456789abcdef0, 0x123456789abcdef0)
    WARL(stval, -1, -1)
    WARL(sscratch, 0xfedcba9876543210, 0xfedcba9876543210)
    la s2, trap_entry
    csrr s3, mtvec
    CHECK_EQ(s2, s3)
    WARL(stvec, 0x80001001, 0x80001001)
    WARL(stvec, 0x80002000, 0x80002000)
    WARL(mideleg, -1, 0x222)
    WARL(mideleg, 0, 0)
    WARL(mie, -1, 0xaaa)
    WARL(sie, 0, 0)
    WARL(mie, 0, 0)
    /* Any exception that S-mode can handle may be delegated, ECALL of M-mode not.
     * Whether 0, which never comes with C, and 9 may is up to the hart. */
    li a1, -1
    csrw medeleg, a1
    csrr a0, medeleg
    li a1, 1 << 11 | 0xb1fe
    and a0, a0, a1
    CHECK(a0, 0xb1fe)
    csrw medeleg, zero

    /* misa says what the programs here test: IMAFDC, S and U, 64 bits. */
    csrr a0, misa
    li a1, 0xc00000000014112d
    and a0, a0, a1
    CHECK(a0, 0x800000000014112d)

    /* mstatus: XLENs are fixed; MPP keeps legal values only; FS shows in SD. */
    li a1, MSTATUS_FS | MSTATUS_MPP | MSTATUS_MPRV | MSTATUS_SUM | MSTATUS_MXR
    csrc mstatus, a1
    csrr a0, mstatus
    li a1, 15 << 32
    and a0, a0, a1
    CHECK(a0, 10 << 32)
    li a1, 1 << 11
    csrs mstatus, a1
    csrr a0, mstatus
    and a0, a0, a1
    CHECK(a0, 1 << 11)
    li a1, MSTATUS_FS
    csrs mstatus, a1
    csrr a0, mstatus
    srli a0, a0, 63
    CHECK(a0, 1)
    csrc mstatus, a1
    csrr a0, mstatus
    srli a0, a0, 63
    CHECK(a0, 0)

    /* sstatus is a view of mstatus. */
    li a1, MSTATUS_SUM | MSTATUS_MXR | MSTATUS_SPIE | MSTATUS_SPP
    csrs sstatus, a1
    csrr a0, mstatus
    and a0, a0, a1
    CHECK(a0, MSTATUS_SUM | MSTATUS_MXR | MSTATUS_SPIE | MSTATUS_SPP)
    li a2, MSTATUS_MIE | MSTATUS_MPIE | MSTATUS_MPRV | MSTATUS_TVM | MSTATUS_TW | MSTATUS_TSR
    csrc mstatus, a2
    csrs sstatus, a2
    csrr a0, mstatus
    and a0, a0, a2
    CHECK(a0, 0)
    csrc sstatus, a1
    csrr a0, mstatus
    and a0, a0, a1
    CHECK(a0, 0)

    /* satp: an unsupported mode changes nothing at all. */
    li a1, 0x8000000000012345
    csrw satp, a1
    li a2, 0x7000000000054321
    csrw satp, a2
    csrr a0, satp
    CHECK(a0, 0x8000000000012345)
    csrw satp, zero

    /* Without floating point its registers are out of reach. */
    li a1, MSTATUS_FS
    csrc mstatus, a1
    ILLEGAL(0x00102573)         /* csrr a0, fflags */
    ILLEGAL(0x00301073)         /* csrw fcsr, x0 */
    ILLEGAL(0x00202573)         /* csrr a0, frm */
    li a1, 1 << MSTATUS_FS_SHIFT
    csrs mstatus, a1
    WARL(fcsr, 0xffffffffffffffff, 0xff)
    csrr a0, fflags
    CHECK(a0, 0x1f)
    csrr a0, frm
    CHECK(a0, 7)
    WARL(frm, 0xfffffffffffffff9, 1)
    csrr a0, fcsr
    CHECK(a0, 0x3f)
    WARL(fflags, 0x20, 0)
    csrr a0, fcsr
    CHECK(a0, 0x20)
    /* The write made the state dirty. */
    csrr a0, mstatus
    srli a0, a0, MSTATUS_FS_SHIFT
    andi a0, a0, 3
    CHECK(a0, 3)
    csrw fcsr, zero

    /* Lower modes reach lower registers only. */
    open_memory
    csrw scounteren, zero
    csrw mcounteren, zero
#define IN_MODE(privilege, ...) in_mode __LINE__, privilege, __VA_ARGS__
    .macro in_mode line, privilege, insn:vararg
    li gp, \line
    la s11, .Lback\@
    enter \privilege, .Lthere\@
    .balign 4
.Lthere\@:
    \insn
    ecall
.Lback\@:
    .endm
    IN_MODE(PRIV_S, csrr a0, mstatus)
    CHECK(s8, CAUSE_ILLEGAL)
    CHECK(s10, 0x30002573)
    IN_MODE(PRIV_S, csrr a0, sstatus)
    CHECK(s8, CAUSE_ECALL_S)
    IN_MODE(PRIV_U, csrr a0, sstatus)
    CHECK(s8, CAUSE_ILLEGAL)
    CHECK(s10, 0x10002573)
    IN_MODE(PRIV_U, csrr a0, fcsr)
    CHECK(s8, CAUSE_ECALL_U)
    IN_MODE(PRIV_S, csrr a0, satp)
    CHECK(s8, CAUSE_ECALL_S)
    li a1, MSTATUS_TVM
    csrs mstatus, a1
    IN_MODE(PRIV_S, csrr a0, satp)
    CHECK(s8, CAUSE_ILLEGAL)
    IN_MODE(PRIV_S, sfence.vma)
    CHECK(s8, CAUSE_ILLEGAL)
    li a1, MSTATUS_TVM
    csrc mstatus, a1
    IN_MODE(PRIV_S, sfence.vma)
    CHECK(s8, CAUSE_ECALL_S)
    IN_MODE(PRIV_U, sfence.vma)
    CHECK(s8, CAUSE_ILLEGAL)
    IN_MODE(PRIV_S, csrr a0, instret)
    CHECK(s8, CAUSE_ILLEGAL)
    csrwi mcounteren, 7
    IN_MODE(PRIV_S, csrr a0, instret)
    CHECK(s8, CAUSE_ECALL_S)
    IN_MODE(PRIV_U, csrr a0, instret)
    CHECK(s8, CAUSE_ILLEGAL)
    csrwi scounteren, 4
    IN_MODE(PRIV_U, csrr a0, instret)
    CHECK(s8, CAUSE_ECALL_U)
    IN_MODE(PRIV_U, csrr a0, cycle)
    CHECK(s8, CAUSE_ILLEGAL)

    PASS
