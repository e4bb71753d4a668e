# Tells what a bare-metal program finds on the board, a line for each fact: CSRs
# after reset and their writable bits, registers of devices after reset.

#include "print.h"

        .option norvc

# Prints a name and a register.
        .macro  number name, register
        mv      s11, \register
        print   "\name"
        mv      t0, s11
        call    print_number
        call    print_end
        .endm

# Prints a CSR; `trap` and the cause if it cannot be read.
        .macro  csr name, csr=none
        la      t0, .Lname\@
        call    print_text
        .ifc    \csr, none
        csrr    t0, \name
        .else
        csrr    t0, \csr
        .endif
        call    print_number
        call    print_end
        .pushsection .rodata
.Lname\@: .asciz "\name:"
        .popsection
        .endm

# Prints what a CSR reads as after all ones and all zeros were written, and
# puts the old value back.
        .macro  bits name, csr=none
        .ifc    \csr, none
        bits    \name, \name
        .else
        la      t0, .Lname\@
        call    print_text
        csrr    s10, \csr
        li      t0, -1
        csrw    \csr, t0
        csrr    t0, \csr
        call    print_number
        csrw    \csr, zero
        csrr    t0, \csr
        call    print_number
        csrw    \csr, s10
        call    print_end
        .pushsection .rodata
.Lname\@: .asciz "bits of \name:"
        .popsection
        .endif
        .endm

# Prints a register of a device, read with `load`.
        .macro  device name, load, address
        print   "\name"
        li      t0, \address
        \load   t0, 0(t0)
        call    print_number
        call    print_end
        .endm

# The same after a word was written to it.
        .macro  poked name, address, value
        print   "\name"
        li      t0, \address
        li      t1, \value
        sw      t1, 0(t0)
        lwu     t0, 0(t0)
        call    print_number
        call    print_end
        .endm

# Prints the IDs of a PCI function: vendor and device, class and revision,
# subsystem.
        .macro  function name, number
        device  "\name id", lwu, 0x30000000 + \number * 0x8000
        device  "\name class", lwu, 0x30000008 + \number * 0x8000
        device  "\name subsystem", lwu, 0x3000002c + \number * 0x8000
        device  "\name pin", lbu, 0x3000003d + \number * 0x8000
        .endm

        .section .text.start, "ax"
        .globl  _start
_start: j       begin

# Goes on at the next instruction with the cause, marked, in t0.
        .balign 256                     # where no change of the program moves it
trap:   csrr    t0, mepc
        addi    t0, t0, 4
        csrw    mepc, t0
        csrr    t0, mcause
        li      t1, 0x7a9 << 20
        or      t0, t0, t1
        mret

begin:  csrr    s0, mtvec
        la      t0, trap
        csrw    mtvec, t0
        beqz    a0, first
park:   wfi
        j       park

first:  la      sp, stack
        mv      s1, a0
        mv      s2, a1
        mv      s3, a2
        number  "a0", s1
        lwu     t0, 0(s2)
        number  "a1 leads to", t0
        ld      t0, 0(s3)
        number  "a2 leads to", t0
        ld      t0, 8(s3)
        number  "a2 version", t0
        ld      t0, 16(s3)
        number  "a2 next address", t0
        ld      t0, 24(s3)
        number  "a2 next mode", t0
        ld      t0, 32(s3)
        number  "a2 options", t0
        ld      t0, 40(s3)
        number  "a2 boot hart", t0

        csr     mvendorid
        csr     marchid
        csr     mimpid
        csr     mhartid
        csr     mconfigptr, 0xf15
        csr     misa
        csr     mstatus
        number  mtvec, s0
        csr     medeleg
        csr     mideleg
        csr     mie
        csr     mip
        csr     mscratch
        csr     menvcfg, 0x30a
        csr     mcounteren
        csr     mcountinhibit
        csr     mseccfg, 0x747
        csr     mnstatus, 0x744
        csr     pmpcfg0
        csr     pmpcfg1, 0x3a1
        csr     pmpcfg2
        csr     pmpcfg4, 0x3a4
        csr     pmpaddr0
        csr     pmpaddr15
        csr     pmpaddr16, 0x3c0
        csr     sstatus
        csr     stvec
        csr     sie
        csr     scounteren
        csr     senvcfg, 0x10a
        csr     satp
        csr     stimecmp, 0x14d
        csr     fcsr
        csr     hstatus, 0x600
        csr     vstart, 0x8
        csr     tselect, 0x7a0
        csr     mhpmcounter3
        csr     mhpmevent3
        csr     hpmcounter3

        bits    mstatus
        bits    misa
        bits    mtvec
        bits    medeleg
        bits    mideleg
        bits    mie
        bits    mip
        bits    mepc
        bits    mcause
        bits    mtval
        bits    mscratch
        bits    menvcfg, 0x30a
        bits    mcounteren
        bits    mcountinhibit
        bits    pmpaddr0
        bits    stvec
        bits    sepc
        bits    scause
        bits    stval
        bits    scounteren
        bits    senvcfg, 0x10a
        bits    satp
        bits    mhpmcounter3
        bits    mhpmevent3

        device  "uart IER", lbu, 0x10000001
        device  "uart IIR", lbu, 0x10000002
        device  "uart LCR", lbu, 0x10000003
        device  "uart MCR", lbu, 0x10000004
        device  "uart LSR", lbu, 0x10000005
        device  "uart MSR", lbu, 0x10000006
        device  "uart SCR", lbu, 0x10000007
        device  "finisher", lwu, 0x100000
        device  "rtc alarm", lwu, 0x10100c
        device  "rtc enabled", lwu, 0x101010
        device  "rtc alarm status", lwu, 0x101018
        device  "msip", lwu, 0x2000000
        device  "msip of hart 9", lwu, 0x2000024
        device  "mtimecmp", ld, 0x2004000
        device  "mtimecmp, high half", lwu, 0x2004004
        device  "mtimecmp of hart 9", ld, 0x2004048
        device  "mtime, high half", lwu, 0x200bffc
        poked   "msip bits", 0x2000000, 0xfffffffe
        poked   "plic priority 0", 0xc000000, 0xffffffff
        poked   "plic priority 1", 0xc000004, 0xffffffff
        poked   "plic priority 95", 0xc00017c, 0xffffffff
        poked   "plic priority 96", 0xc000180, 0xffffffff
        device  "plic pending 0", lwu, 0xc001000
        device  "plic pending 2", lwu, 0xc001008
        poked   "plic enable 0 of context 0", 0xc002000, 0xffffffff
        poked   "plic enable 0 of context 1", 0xc002080, 0xffffffff
        poked   "plic enable 2 of context 1", 0xc002088, 0xffffffff
        poked   "plic enable 3 of context 1", 0xc00208c, 0xffffffff
        poked   "plic threshold of context 1", 0xc201000, 0xffffffff
        device  "plic claim of context 1", lwu, 0xc201004

        device  "virtio magic", lwu, 0x10001000
        device  "virtio version", lwu, 0x10001004
        device  "virtio device", lwu, 0x10001008
        device  "virtio vendor", lwu, 0x1000100c
        device  "virtio status", lwu, 0x10001070
        device  "virtio interrupts", lwu, 0x10001060
        device  "virtio queue size", lwu, 0x10001034
        device  "virtio configuration generation", lwu, 0x100010fc
        device  "virtio sectors", ld, 0x10001100
        device  "vacant magic", lwu, 0x10008000
        device  "vacant version", lwu, 0x10008004
        device  "vacant device", lwu, 0x10008008
        device  "vacant vendor", lwu, 0x1000800c

        call    without_version_1

        function "host bridge", 0
        function "random", 1
        function "disk", 2
        function "vacant", 3

        device  "hole at 0x0", lwu, 0x0
        device  "hole at 0x18000000", lwu, 0x18000000
        device  "hole below RAM", lwu, 0x7ffffffc
        device  "fw_cfg", lwu, 0x10100000
        device  "flash", lwu, 0x20000000
        power_off

# A driver that takes no feature at all: may it go on?
without_version_1:
        mv      s9, ra
        li      s8, 0x10001000
        sw      zero, 0x70(s8)
        li      t0, 1
        sw      t0, 0x70(s8)
        li      t0, 3
        sw      t0, 0x70(s8)
        sw      zero, 0x24(s8)
        sw      zero, 0x20(s8)
        li      t0, 11
        sw      t0, 0x70(s8)
        device  "status without features", lwu, 0x10001070
        li      t0, 0x10001070
        sw      zero, 0(t0)
        li      t0, 3
        sw      t0, 0x70(s8)
        sw      zero, 0x24(s8)
        li      t0, 1 << 31             # not offered
        sw      t0, 0x20(s8)
        li      t0, 11
        sw      t0, 0x70(s8)
        device  "status with a feature that was not offered", lwu, 0x10001070
        sw      zero, 0x70(s8)
        li      t0, 3
        sw      t0, 0x70(s8)
        li      t0, 7
        sw      t0, 0x70(s8)
        device  "status of a driver that agrees on nothing", lwu, 0x10001070
        sw      zero, 0x70(s8)
        jr      s9

        .bss
        .balign 16
        .skip   4096
stack:
