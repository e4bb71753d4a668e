# Reads and writes random values of all sizes all over the board's devices,
# then switches off. Every hart takes part; faults are stepped over.
#
# A hart goes on for BATCHES batches of rounds and for SECONDS of the guest's own
# clock, whichever takes longer. The clock is a device, too, and a batch that was
# long is one in which somebody set it: its time does not count.

#ifndef HARTS
#define HARTS   2
#define SECONDS 0
#endif

        .option norvc
        .equ    BATCHES, 400
        .equ    ROUNDS, 256             # of a batch
        .equ    HERTZ, 10000000         # of the clock
        .equ    LONG, HERTZ / 10

        .section .text.start, "ax"
        .globl  _start
_start: la      t0, trap
        csrw    mtvec, t0
        addi    s0, a0, 1               # xorshift64 state, never 0
        slli    s0, s0, 32
        ori     s0, s0, 0x55
        li      s2, BATCHES
        li      s3, SECONDS * HERTZ     # what is left of the time
        rdtime  s4

batch:  li      s1, ROUNDS              # give the PCI functions addresses:
        li      t0, 0x30008000          # the configuration space of function 1
        li      t1, 0x40000000          # the memory of function 1
        li      t2, 0x8000              # from one function to the next in both
        add     t3, t0, t2
        add     t4, t1, t2
        sw      t1, 0x10(t0)            # base address register 0
        sw      t4, 0x10(t3)
        li      t1, 6                   # memory accesses and bus mastering
        sh      t1, 4(t0)
        sh      t1, 4(t3)

round:  slli    t0, s0, 13
        xor     s0, s0, t0
        srli    t0, s0, 7
        xor     s0, s0, t0
        slli    t0, s0, 17
        xor     s0, s0, t0

        andi    t0, s0, 31              # which window
        slli    t0, t0, 4
        la      t1, windows
        add     t1, t1, t0
        ld      t2, 0(t1)               # its address
        ld      t3, 8(t1)               # a mask for offsets
        srli    t4, s0, 5
        and     t4, t4, t3
        add     t2, t2, t4
        srli    a1, s0, 23              # the value

        srli    t0, s0, 60
        andi    t0, t0, 7
        slli    t0, t0, 3
        la      t1, accesses
        add     t1, t1, t0
        jr      t1
accesses:
        lb      t0, 0(t2)
        j       next
        lh      t0, 0(t2)
        j       next
        lw      t0, 0(t2)
        j       next
        ld      t0, 0(t2)
        j       next
        sb      a1, 0(t2)
        j       next
        sh      a1, 0(t2)
        j       next
        sw      a1, 0(t2)
        j       next
        sd      a1, 0(t2)
next:   addi    s1, s1, -1
        bnez    s1, round

        rdtime  t0
        sub     t1, t0, s4
        mv      s4, t0
        li      t2, LONG
        bgeu    t1, t2, 1f
        sub     s3, s3, t1
1:      addi    s2, s2, -1
        bgtz    s2, batch
        bgtz    s3, batch

        la      t0, finished            # the last hart switches off
        li      t1, 1
        amoadd.w t1, t1, (t0)
        la      t0, harts
        lw      t0, 0(t0)
        addi    t1, t1, 1
        bne     t1, t0, park
        li      t0, 0x100000
        li      t1, 0x5555
        sw      t1, 0(t0)
park:   wfi
        j       park

        .balign 4
trap:   csrr    t0, mepc
        addi    t0, t0, 4
        csrw    mepc, t0
        csrw    mie, zero
        mret

        .section .rodata
        .balign 8
windows:
        .dword  0x00001000, 0xffff      # reset ROM
        .dword  0x00100004, 0xff8       # syscon, beside the register that ends all
        .dword  0x00101000, 0x3f        # real-time clock
        .dword  0x00101000, 0xfff
        .dword  0x02000000, 0xffff      # CLINT
        .dword  0x02000000, 0x1f        # its software interrupts
        .dword  0x02004000, 0x3f        # its time comparators
        .dword  0x03000000, 0xffff      # PCI port I/O
        .dword  0x0c000000, 0x3ffffff   # PLIC
        .dword  0x0c000000, 0x1ff       # its priorities
        .dword  0x0c002000, 0x3ff       # its enable bits
        .dword  0x0c200000, 0xffff      # its thresholds and claims
        .dword  0x10000000, 0x7         # UART
        .dword  0x10000000, 0xff
        .dword  0x10001000, 0x1ff       # virtio-mmio, with a disk
        .dword  0x10001000, 0xff
        .dword  0x10001070, 0x3         # its status
        .dword  0x10002000, 0x1ff       # virtio-mmio, empty
        .dword  0x10001000, 0x7fff      # all virtio-mmio slots
        .dword  0x30000000, 0xffff      # PCI configuration space
        .dword  0x30008000, 0xff        # of function 1
        .dword  0x30010000, 0xff        # of function 2
        .dword  0x30000000, 0xfffffff
        .dword  0x40000000, 0x3f        # memory of function 1: its registers
        .dword  0x40000000, 0x3fff
        .dword  0x40008000, 0x3f        # memory of function 2
        .dword  0x40008000, 0x3fff
        .dword  0x40000000, 0xffff
        .dword  0x40000000, 0x3fffffff
        .dword  0x400000000, 0xffffffff # PCI memory above 4 GiB
        .dword  0x00000000, 0xfff       # nothing
        .dword  0x20000000, 0xfffffff

        .data
        .balign 4
harts:  .word   HARTS
finished:
        .word   0
