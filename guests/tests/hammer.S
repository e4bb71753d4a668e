# Reads and writes random values of all sizes all over the board's devices,
# then switches off. Every hart takes part; faults are stepped over.

        .option norvc
        .equ    ROUNDS, 100000

        .section .text.start, "ax"
        .globl  _start
_start: la      t0, trap
        csrw    mtvec, t0
        addi    s0, a0, 1               # xorshift64 state, never 0
        slli    s0, s0, 32
        ori     s0, s0, 0x55
        li      s1, ROUNDS
        mv      s11, a0

round:  slli    t0, s0, 13
        xor     s0, s0, t0
        srli    t0, s0, 7
        xor     s0, s0, t0
        slli    t0, s0, 17
        xor     s0, s0, t0

        andi    t0, s0, 15              # which window
        slli    t0, t0, 4
        la      t1, windows
        add     t1, t1, t0
        ld      t2, 0(t1)               # its address
        ld      t3, 8(t1)               # a mask for offsets
        srli    t4, s0, 4
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
        .dword  0x00101000, 0x3f        # real-time clock
        .dword  0x02000000, 0xffff      # CLINT
        .dword  0x0c000000, 0x3ffffff   # PLIC
        .dword  0x0c200000, 0xffff
        .dword  0x10000000, 0x7         # UART
        .dword  0x10001000, 0x1ff       # virtio-mmio, with a disk
        .dword  0x10001000, 0xff
        .dword  0x10002000, 0x1ff       # virtio-mmio, empty
        .dword  0x30000000, 0xffff      # PCI configuration space
        .dword  0x30008000, 0xff
        .dword  0x30008000, 0xffff
        .dword  0x30010000, 0xff
        .dword  0x40000000, 0xffff      # PCI memory
        .dword  0x40000000, 0x3fffffff
        .dword  0x00000000, 0xfff       # nothing
        .dword  0x03000000, 0xffff      # PCI port I/O

        .data
        .balign 4
        .globl  harts
harts:  .word   2
finished:
        .word   0
