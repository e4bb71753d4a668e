# Calls the SBI firmware with legal and illegal arguments and tells what it answers:
# the name of the call, a0 and a1. Wants two harts and 128 MiB.

#include "print.h"

        .option norvc
        .equ    BUFFER, 0x80400000
        .equ    RAM_END, 0x88000000
        .equ    BASE, 0x10
        .equ    TIME, 0x54494d45
        .equ    IPI, 0x735049
        .equ    RFENCE, 0x52464e43
        .equ    HSM, 0x48534d
        .equ    SRST, 0x53525354
        .equ    PMU, 0x504d55
        .equ    DBCN, 0x4442434e
        .equ    SUSP, 0x53555350
        .equ    CPPC, 0x43505043
        .equ    NACL, 0x4e41434c
        .equ    STA, 0x535441
        .equ    SSE, 0x535345
        .equ    FWFT, 0x46574654
        .equ    DBTR, 0x44425452
        .equ    MPXY, 0x4d505859
        .equ    PATIENCE, 300000000     # 30 s in ticks of the time counter

        .macro  call_sbi ext, fid, x0=0, x1=0, x2=0, x3=0, x4=0
        li      a0, \x0
        li      a1, \x1
        li      a2, \x2
        li      a3, \x3
        li      a4, \x4
        li      a5, 0x5a
        li      a6, \fid
        li      a7, \ext
        ecall
        .endm

# A call, and its answer in a line.
        .macro  sbi name, ext, fid, x0=0, x1=0, x2=0, x3=0, x4=0
        call_sbi \ext, \fid, \x0, \x1, \x2, \x3, \x4
        mv      s8, a0
        mv      s9, a1
        print   "\name"
        mv      t0, s8
        call    print_number
        mv      t0, s9
        call    print_number
        call    print_end
        .endm

# A line with a register.
        .macro  number name, register
        mv      s8, \register
        print   "\name"
        mv      t0, s8
        call    print_number
        call    print_end
        .endm

# A line with a CSR, or the trap.
        .macro  csr name, number
        csrr    t0, \number
        number  "\name", t0
        .endm

# Waits until a hart's state is that, and says so.
        .macro  await name, hart, state
        csrr    s2, time
1:      call_sbi HSM, 2, \hart
        li      t0, \state
        bne     a1, t0, 2f
        beqz    a0, 3f
2:      csrr    t0, time
        sub     t0, t0, s2
        li      t1, PATIENCE
        bltu    t0, t1, 1b
3:      mv      s8, a1
        number  "\name", s8
        .endm

        .section .text.start, "ax"
        .globl  _start
_start: la      t0, trap
        csrw    stvec, t0
        csrr    s3, sie
        csrr    s4, sstatus
        csrr    s5, sip
        csrw    sie, zero
        mv      s1, a1
        number  "hart", a0
        lwu     t0, 0(s1)
        number  "device tree", t0
        number  "sstatus", s4
        number  "sie", s3
        number  "sip", s5
        csr     "satp", satp
        csr     "scounteren", scounteren
        csr     "senvcfg", 0x10a
        csrr    t0, 0x14d
        number  "stimecmp", t0
        csrr    t0, cycle
        snez    t0, t0
        number  "cycle is open", t0
        csrr    t0, time
        snez    t0, t0
        number  "time is open", t0
        csrr    t0, instret
        snez    t0, t0
        number  "instret is open", t0
        csr     "hpmcounter3", hpmcounter3
        .word   0xffffffff
        number  "illegal instruction", t0
        ebreak
        number  "breakpoint", t0
        li      t1, 0x18000000
        ld      t0, 0(t1)
        number  "load from nowhere", t0
        li      t1, BUFFER + 4
        amoadd.d t0, t0, (t1)
        number  "misaligned atomic", t0
        csrr    t0, mstatus
        number  "a CSR of M-mode", t0

        sbi     "base: version", BASE, 0
        sbi     "base: implementation", BASE, 1
        sbi     "base: its version", BASE, 2
        sbi     "base: mvendorid", BASE, 4
        sbi     "base: marchid", BASE, 5
        sbi     "base: mimpid", BASE, 6
        sbi     "base: function 7", BASE, 7
        sbi     "base: function -1", BASE, -1
        .irp    number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15
        sbi     "probe legacy \number", BASE, 3, \number
        .endr
        .irp    name, BASE, TIME, IPI, RFENCE, HSM, SRST, PMU, DBCN, SUSP, CPPC, NACL, STA, SSE, FWFT, DBTR, MPXY
        sbi     "probe \name", BASE, 3, \name
        .endr
        sbi     "probe experimental", BASE, 3, 0x8000000
        sbi     "probe vendor", BASE, 3, 0x9000000
        sbi     "probe -1", BASE, 3, -1
        sbi     "unknown extension", 0x123456, 0
        sbi     "extension -1", -1, 0
        sbi     "extension beyond 32 bits", 0x100000010, 0

        sbi     "time: never", TIME, 0, -1
        csr     "sip", sip
        sbi     "time: past", TIME, 0, 0
        call    settle
        csr     "sip", sip
        sbi     "time: never again", TIME, 0, -1
        call    settle
        csr     "sip", sip
        sbi     "time: function 1", TIME, 1, -1

        sbi     "ipi: self", IPI, 0, 1, 0
        call    settle
        csr     "sip", sip
        csrci   sip, 2
        csr     "sip", sip
        sbi     "ipi: nobody", IPI, 0, 0, 0
        sbi     "ipi: nobody, far away", IPI, 0, 0, 5
        sbi     "ipi: a stopped hart", IPI, 0, 2, 0
        sbi     "ipi: no such hart", IPI, 0, 4, 0
        sbi     "ipi: one and no such hart", IPI, 0, 5, 0
        csrci   sip, 2
        sbi     "ipi: base beyond", IPI, 0, 1, 2
        sbi     "ipi: base far beyond", IPI, 0, 1, 0x7fffffffffffffff
        sbi     "ipi: base wraps", IPI, 0, 2, -2
        sbi     "ipi: all", IPI, 0, 0, -1
        call    settle
        csr     "sip", sip
        csrci   sip, 2
        sbi     "ipi: all, with a mask", IPI, 0, 0x100, -1
        csrci   sip, 2
        sbi     "ipi: function 1", IPI, 1, 1, 0

        .irp    function, 0, 1, 2, 3, 4, 5, 6, 7
        sbi     "rfence: \function, self", RFENCE, \function, 1, 0, 0x1000, 0x1000, 3
        .endr
        sbi     "rfence: all", RFENCE, 1, 0, -1, 0, 0
        sbi     "rfence: a stopped hart", RFENCE, 1, 2, 0, 0, 0
        sbi     "rfence: no such hart", RFENCE, 1, 4, 0, 0, 0
        sbi     "rfence: base beyond", RFENCE, 0, 1, 2
        sbi     "rfence: nobody", RFENCE, 1, 0, 0, 0, 0
        sbi     "rfence: everything", RFENCE, 1, 1, 0, 0, -1
        sbi     "rfence: unaligned", RFENCE, 1, 1, 0, 0x1234, 1
        sbi     "rfence: wraps", RFENCE, 1, 1, 0, -4096, 0x10000
        sbi     "rfence: large ASID", RFENCE, 2, 1, 0, 0, 0x1000, 0x12345

        sbi     "hsm: state of 0", HSM, 2, 0
        sbi     "hsm: state of 1", HSM, 2, 1
        sbi     "hsm: state of 2", HSM, 2, 2
        sbi     "hsm: state of -1", HSM, 2, -1
        sbi     "hsm: state of a large number", HSM, 2, 0x100000000
        sbi     "hsm: start 0", HSM, 0, 0, BUFFER, 0
        sbi     "hsm: start 2", HSM, 0, 2, BUFFER, 0
        sbi     "hsm: start 1 at a device", HSM, 0, 1, 0x10000000, 0
        sbi     "hsm: start 0 at a device", HSM, 0, 0, 0x10000000, 0
        sbi     "hsm: function 4", HSM, 4, 0
        sbi     "hsm: suspend, type 1", HSM, 3, 1, BUFFER, 0
        sbi     "hsm: suspend, type 0x10000001", HSM, 3, 0x10000001, BUFFER, 0
        sbi     "hsm: suspend, type 0x80000001", HSM, 3, 0x80000001, BUFFER, 0
        sbi     "hsm: suspend, type 0x90000000", HSM, 3, 0x90000000, BUFFER, 0
        sbi     "hsm: suspend, type -1", HSM, 3, -1, BUFFER, 0
        sbi     "hsm: suspend to a device", HSM, 3, 0x80000000, 0x10000000, 0

        # Hart 1 starts, sleeps in both ways until an interrupt is sent, and stops.
        li      a0, 1
        la      a1, second
        li      a2, 0x77
        li      a6, 0
        li      a7, HSM
        ecall
        number  "hsm: start 1", a0
        await   "hsm: it sleeps", 1, 4
        sbi     "hsm: start 1, which sleeps", HSM, 0, 1, BUFFER, 0
        sbi     "ipi: wake 1", IPI, 0, 2, 0
        call    told
        number  "hsm: a0", s6
        number  "hsm: a1", s7
        await   "hsm: it sleeps again", 1, 4
        sbi     "ipi: wake 1 again", IPI, 0, 1, 1
        call    told
        number  "hsm: a0", s6
        number  "hsm: a1", s7
        la      t0, seen_satp
        ld      t0, 0(t0)
        number  "hsm: satp", t0
        la      t0, seen_sie
        ld      t0, 0(t0)
        number  "hsm: SIE", t0
        await   "hsm: it runs", 1, 0
        sbi     "hsm: start 1, which runs", HSM, 0, 1, BUFFER, 0
        la      t0, go
        li      t1, 1
        sw      t1, 0(t0)
        await   "hsm: it stops", 1, 1
        li      a0, 1
        la      a1, third
        li      a2, 0x78
        li      a6, 0
        li      a7, HSM
        ecall
        number  "hsm: start it again", a0
        call    told
        number  "hsm: a0", s6
        number  "hsm: a1", s7
        await   "hsm: it stops for good", 1, 1

        li      t0, BUFFER
        li      t1, 0x2e2e2e                    # "..."
        sd      t1, 0(t0)
        sbi     "dbcn: write 2", DBCN, 0, 2, BUFFER, 0
        sbi     "dbcn: write nothing", DBCN, 0, 0, BUFFER, 0
        sbi     "dbcn: write nothing from nowhere", DBCN, 0, 0, 0, 0
        sbi     "dbcn: write from a device", DBCN, 0, 2, 0x10000000, 0
        sbi     "dbcn: write high", DBCN, 0, 2, BUFFER, 1
        sbi     "dbcn: read nothing", DBCN, 1, 4, BUFFER, 0
        sbi     "dbcn: read to a device", DBCN, 1, 4, 0x10000000, 0
        sbi     "dbcn: read high", DBCN, 1, 4, BUFFER, 1
        sbi     "dbcn: byte", DBCN, 2, 0x12e
        sbi     "dbcn: function 3", DBCN, 3, 0

        .irp    number, 0, 1, 2, 3
        sbi     "pmu: \number", PMU, \number, 0
        sbi     "susp: \number", SUSP, \number, 1
        sbi     "cppc: \number", CPPC, \number, 0x80000000
        sbi     "fwft: \number", FWFT, \number, 0x3fffffff
        sbi     "dbtr: \number", DBTR, \number, 0
        .endr

        sbi     "legacy: timer", 0, 0, -1, 0x55
        sbi     "legacy: putchar", 1, 0, 0x2e, 0x55
        sbi     "legacy: getchar", 2, 0, 0, 0x55
        sbi     "legacy: clear ipi", 3, 0, 0, 0x55
        li      t0, BUFFER
        li      t1, 1
        sd      t1, 0(t0)
        sbi     "legacy: send ipi", 4, 0, BUFFER, 0x55
        call    settle
        csr     "sip", sip
        sbi     "legacy: clear ipi", 3, 0, 0, 0x55
        csr     "sip", sip
        csrci   sip, 2
        sbi     "legacy: send ipi to all", 4, 0, 0, 0x55
        csrci   sip, 2
        sbi     "legacy: fence.i", 5, 0, BUFFER, 0x55
        sbi     "legacy: sfence.vma", 6, 0, BUFFER, 0x55, 0x1000
        sbi     "legacy: sfence.vma, ASID", 7, 0, BUFFER, 0x55, 0x1000, 1
        li      t0, BUFFER
        li      t1, 4
        sd      t1, 0(t0)
        sbi     "legacy: ipi to no such hart", 4, 0, BUFFER, 0x55
        sbi     "legacy: mask from nowhere", 4, 0, 0x18000000, 0x55
        sbi     "legacy: 9", 9, 0, 0, 0x55

        sbi     "srst: type 3", SRST, 0, 3, 0
        sbi     "srst: type 0xf0000000", SRST, 0, 0xf0000000, 0
        sbi     "srst: reason 2", SRST, 0, 0, 2
        sbi     "srst: reason 0xe0000000", SRST, 0, 0, 0xe0000000
        sbi     "srst: function 1", SRST, 1, 0, 0
        sbi     "srst: type beyond 32 bits", SRST, 0, 0x100000003, 0
        sbi     "srst: reason beyond 32 bits", SRST, 0, 0, 0x100000002
        # What ignores the upper halves ends here.
        sbi     "srst: shutdown beyond 32 bits", SRST, 0, 0x100000000, 0
        sbi     "srst: shutdown", SRST, 0, 0, 0
        power_off


# Gives what was asked for time to come.
settle: csrr    t0, time
1:      csrr    t1, time
        sub     t1, t1, t0
        li      t2, 20000
        bltu    t1, t2, 1b
        ret

# Waits until hart 1 tells its a0 and a1, in s6 and s7.
told:   csrr    s2, time
        la      t0, telling
1:      lw      t1, 0(t0)
        bnez    t1, 2f
        csrr    t1, time
        sub     t1, t1, s2
        li      t2, PATIENCE
        bltu    t1, t2, 1b
2:      fence   rw, rw
        ld      s6, 8(t0)
        ld      s7, 16(t0)
        sw      zero, 0(t0)
        fence   rw, rw
        ret

# Tells a0 and a1, when what was told before has been taken.
tell:   la      t0, telling
1:      lw      t1, 0(t0)
        bnez    t1, 1b
        sd      a0, 8(t0)
        sd      a1, 16(t0)
        fence   rw, rw
        li      t1, 1
        sw      t1, 0(t0)
        ret

# Hart 1: sleeps and returns, sleeps and starts anew, stops when told to.
        .balign 4
second: csrwi   sie, 2
        call_sbi HSM, 3, 0, 0, 0x99
        csrci   sip, 2
        call    tell
        li      t0, 0x80000000
        la      a1, awake
        li      a2, 0x99
        mv      a0, t0
        li      a6, 3
        li      a7, HSM
        ecall
        call    tell                            # it has returned, which is wrong
        j       .
        .balign 4
awake:  csrci   sip, 2
        csrr    t0, satp
        la      t1, seen_satp
        sd      t0, 0(t1)
        csrr    t0, sstatus
        andi    t0, t0, 2
        la      t1, seen_sie
        sd      t0, 0(t1)
        call    tell
        la      t0, go
1:      lw      t1, 0(t0)
        beqz    t1, 1b
        call_sbi HSM, 1
        j       .
        .balign 4
third:  call    tell
        call_sbi HSM, 1
        j       .

# Goes on at the next instruction with the cause, marked, in t0.
        .balign 4
trap:   csrr    t0, sepc
        addi    t0, t0, 4
        csrw    sepc, t0
        csrr    t0, scause
        li      t1, 0x7a9 << 20
        or      t0, t0, t1
        sret

        .bss
        .balign 8
telling:
        .skip   24
seen_satp:
        .skip   8
seen_sie:
        .skip   8
go:     .skip   4
