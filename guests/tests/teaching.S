# What a small teaching kernel for QEMU's board does: from M-mode to S-mode, page
# tables without A and D, a virtio disk over MMIO whose driver takes no VERSION_1,
# PLIC and UART, three harts, ticks by stimecmp. It prints the disk's first sector up
# to its first zero, writes the text back in the second, and ends with the number of
# the check that failed as its status, or 32 and the cause of an unexpected trap.

        .option norvc
        .equ    HARTS, 3
        .equ    FINISHER, 0x100000
        .equ    PLIC, 0x0c000000
        .equ    UART, 0x10000000
        .equ    UART_IRQ, 10
        .equ    DISK, 0x10001000
        .equ    DISK_IRQ, 1
        .equ    QUEUE, 8                # descriptors
        .equ    TICK, 10000             # 1 ms
        .equ    TICKS, 3                # that every hart waits for
        .equ    PATIENCE, 300000000     # 30 s in ticks of the time counter

        .macro  check number
        li      s11, \number
        .endm
        .macro  disk_write register, value
        li      t0, DISK
        li      t1, \value
        sw      t1, \register(t0)
        .endm
        .macro  disk_address register, symbol
        li      t0, DISK
        la      t1, \symbol
        sw      t1, \register(t0)
        srli    t1, t1, 32
        sw      t1, \register + 4(t0)
        .endm

        .section .text.start, "ax"
        .globl  _start
_start: li      s11, 0
        csrr    tp, mhartid
        li      t0, HARTS
        bgeu    tp, t0, park
        addi    t0, tp, 1
        slli    t0, t0, 12
        la      sp, stacks
        add     sp, sp, t0
        csrr    t0, mstatus             # S-mode is next
        li      t1, ~(3 << 11)
        and     t0, t0, t1
        li      t1, 1 << 11
        or      t0, t0, t1
        csrw    mstatus, t0
        la      t0, supervisor
        csrw    mepc, t0
        csrw    satp, zero
        li      t0, 0xffff
        csrw    medeleg, t0
        csrw    mideleg, t0
        li      t0, 0x3fffffffffffff
        csrw    pmpaddr0, t0
        li      t0, 0xf
        csrw    pmpcfg0, t0
        csrr    t0, 0x30a               # menvcfg: STCE, and what reset has left
        li      t1, 1 << 63
        or      t0, t0, t1
        csrw    0x30a, t0
        csrr    t0, mcounteren
        ori     t0, t0, 2
        csrw    mcounteren, t0
        csrr    t0, time
        li      t1, TICK
        add     t0, t0, t1
        csrw    0x14d, t0               # stimecmp
        mret
park:   wfi
        j       park

supervisor:
        la      t0, trap
        csrw    stvec, t0
        li      t0, 1 << 9 | 1 << 5     # SEIE, STIE
        csrw    sie, t0
        bnez    tp, other

        # Page tables: a gigabyte of devices, a gigabyte of RAM.
        la      s0, root
        li      t0, 0x7                 # V, R, W
        sd      t0, 0(s0)
        li      t0, (0x80000000 >> 2) | 0xf
        sd      t0, 16(s0)
        call    enable_paging
        check   1                       # the hart has set A, and D where it stored
        la      t0, patience
        sd      zero, 0(t0)
        sfence.vma
        ld      t0, 16(s0)
        andi    t0, t0, 0xc0
        li      t1, 0xc0
        bne     t0, t1, fail

        # Interrupts of UART and disk, at hart 0's S-mode context.
        li      t0, PLIC
        li      t1, 1
        sw      t1, UART_IRQ * 4(t0)
        sw      t1, DISK_IRQ * 4(t0)
        li      t0, PLIC + 0x2080
        li      t1, 1 << UART_IRQ | 1 << DISK_IRQ
        sw      t1, 0(t0)
        li      t0, PLIC + 0x201000
        sw      zero, 0(t0)
        li      t0, UART
        sb      zero, 1(t0)
        li      t1, 0x80                # 38400 baud, 8 bits, FIFOs
        sb      t1, 3(t0)
        li      t1, 3
        sb      t1, 0(t0)
        sb      zero, 1(t0)
        sb      t1, 3(t0)
        li      t1, 7
        sb      t1, 2(t0)
        csrsi   sstatus, 2              # SIE

        la      t0, started             # wake the others
        li      t1, 1
        fence   rw, rw
        sw      t1, 0(t0)

        call    find_disk
        check   6                       # the first sector, by an interrupt
        li      a0, 0
        li      a1, 0
        call    transfer
        la      a0, buffer
        call    print
        check   7                       # and into the second
        li      a0, 1
        li      a1, 1
        call    transfer

        check   8                       # ticks here
        call    wait_for_ticks
        check   9                       # and on the other harts
        csrr    s2, time
1:      la      t0, arrived
        lw      t0, 0(t0)
        li      t1, HARTS - 1
        beq     t0, t1, 2f
        call    patient
        j       1b
2:      li      s11, 0
fail:   li      t0, FINISHER
        beqz    s11, 3f
        slli    s11, s11, 16
        li      t1, 0x3333
        or      t1, t1, s11
        j       4f
3:      li      t1, 0x5555
4:      sw      t1, 0(t0)
5:      j       5b

# The other harts: wait for hart 0, then as it.
other:  la      t0, started
        lw      t0, 0(t0)
        beqz    t0, other
        fence   rw, rw
        call    enable_paging
        csrsi   sstatus, 2
        call    wait_for_ticks
        la      t0, arrived
        li      t1, 1
        amoadd.w t1, t1, (t0)
6:      wfi
        j       6b

enable_paging:
        la      t0, root
        srli    t0, t0, 12
        li      t1, 8 << 60             # Sv39
        or      t0, t0, t1
        sfence.vma
        csrw    satp, t0
        sfence.vma
        ret

# Fails when it has been called for too long since the time in s2.
patient:
        csrr    t0, time
        sub     t0, t0, s2
        li      t1, PATIENCE
        bgtu    t0, t1, fail
        ret

wait_for_ticks:
        mv      s3, ra
        csrr    s2, time
7:      slli    t0, tp, 2
        la      t1, ticks
        add     t0, t0, t1
        lw      t0, 0(t0)
        li      t1, TICKS
        bgeu    t0, t1, 8f
        call    patient
        wfi
        j       7b
8:      jr      s3

# Prints the text at a0, each byte when the UART has asked for it.
print:  mv      s3, ra
        csrr    s2, time
9:      lbu     s4, 0(a0)
        beqz    s4, 12f
        la      s5, uart_ready
        sw      zero, 0(s5)
        li      t0, UART
        li      t1, 2                   # interrupt when empty
        sb      t1, 1(t0)
10:     lw      t0, 0(s5)
        bnez    t0, 11f
        call    patient
        j       10b
11:     li      t0, UART
        sb      s4, 0(t0)
        addi    a0, a0, 1
        j       9b
12:     jr      s3

# The disk: found, features negotiated, queue 0 set up.
find_disk:
        check   2
        li      t0, DISK
        lw      t1, 0(t0)
        li      t2, 0x74726976
        bne     t1, t2, fail
        lw      t1, 4(t0)
        li      t2, 2
        bne     t1, t2, fail
        lw      t1, 8(t0)
        bne     t1, t2, fail
        check   3                       # "QEMU"
        lw      t1, 12(t0)
        li      t2, 0x554d4551
        bne     t1, t2, fail
        sw      zero, 0x70(t0)
        disk_write 0x70, 1              # ACKNOWLEDGE
        disk_write 0x70, 3              # DRIVER
        lw      t1, 0x10(t0)            # the low features, less these
        li      t2, ~(1 << 5 | 1 << 7 | 1 << 9 | 1 << 11 | 1 << 12 | 1 << 27 | 1 << 28 | 1 << 29)
        and     t1, t1, t2
        sw      t1, 0x20(t0)
        disk_write 0x70, 11             # FEATURES_OK
        check   4
        lw      t1, 0x70(t0)
        andi    t1, t1, 8
        beqz    t1, fail
        check   5
        sw      zero, 0x30(t0)
        lw      t1, 0x44(t0)
        bnez    t1, fail
        lw      t1, 0x34(t0)
        li      t2, QUEUE
        bltu    t1, t2, fail
        sw      t2, 0x38(t0)
        disk_address 0x80, descriptors
        disk_address 0x90, available
        disk_address 0xa0, used
        disk_write 0x44, 1
        disk_write 0x70, 15             # DRIVER_OK
        ret

# Reads (a1 = 0) or writes (a1 = 1) sector a0 from or to the buffer.
transfer:
        mv      s3, ra
        csrr    s2, time
        la      t0, request
        sw      a1, 0(t0)
        sw      zero, 4(t0)
        sd      a0, 8(t0)
        la      t1, descriptors
        sd      t0, 0(t1)               # the request: 16 bytes, next is 1
        li      t2, 16 | 1 << 32 | 1 << 48
        sd      t2, 8(t1)
        la      t0, buffer
        sd      t0, 16(t1)              # 512 bytes, next is 2, written on reads
        li      t2, 512 | 3 << 32 | 2 << 48
        slli    t3, a1, 33
        sub     t2, t2, t3
        sd      t2, 24(t1)
        la      t0, result
        li      t2, 0xff
        sb      t2, 0(t0)
        sd      t0, 32(t1)              # one byte, written
        li      t2, 1 | 2 << 32
        sd      t2, 40(t1)
        la      s4, available
        lhu     t0, 2(s4)
        andi    t1, t0, QUEUE - 1
        slli    t1, t1, 1
        add     t1, t1, s4
        sh      zero, 4(t1)
        fence   iorw, iorw
        addi    t0, t0, 1
        sh      t0, 2(s4)
        fence   iorw, iorw
        disk_write 0x50, 0
13:     la      t0, disk_done           # the interrupt handler counts
        lw      t0, 0(t0)
        lhu     t1, 2(s4)
        beq     t0, t1, 14f
        call    patient
        j       13b
14:     la      t0, result
        lbu     t0, 0(t0)
        bnez    t0, fail
        jr      s3

# Interrupts; nothing else is expected. Leaves all registers as they were.
        .balign 4
trap:   addi    sp, sp, -32
        sd      t0, 0(sp)
        sd      t1, 8(sp)
        sd      t2, 16(sp)
        csrr    t0, scause
        bgez    t0, unexpected
        andi    t0, t0, 0xf
        li      t1, 5
        beq     t0, t1, tick
        li      t0, PLIC + 0x201004     # claim
        lwu     t1, 0(t0)
        li      t2, DISK_IRQ
        beq     t1, t2, disk
        li      t2, UART_IRQ
        bne     t1, t2, done            # another hart's, or none
        li      t0, UART
        lbu     t2, 2(t0)               # IIR: takes it back
        sb      zero, 1(t0)
        la      t0, uart_ready
        sw      t1, 0(t0)
        j       complete
disk:   li      t0, DISK
        lw      t2, 0x60(t0)
        andi    t2, t2, 3
        sw      t2, 0x64(t0)
        fence   iorw, iorw
        la      t0, used
        lhu     t0, 2(t0)
        la      t2, disk_done
        sw      t0, 0(t2)
complete:
        li      t0, PLIC + 0x201004
        sw      t1, 0(t0)
        j       done
tick:   slli    t0, tp, 2
        la      t1, ticks
        add     t0, t0, t1
        lw      t1, 0(t0)
        addi    t1, t1, 1
        sw      t1, 0(t0)
        csrr    t0, time
        li      t1, TICK
        add     t0, t0, t1
        csrw    0x14d, t0
done:   ld      t0, 0(sp)
        ld      t1, 8(sp)
        ld      t2, 16(sp)
        addi    sp, sp, 32
        sret
unexpected:
        addi    s11, t0, 32
        csrw    satp, zero
        j       fail

        .bss
        .balign 4096
root:   .skip   4096
stacks: .skip   4096 * (HARTS + 1)
descriptors:
        .skip   16 * QUEUE
available:
        .skip   64
        .balign 4
used:   .skip   128
buffer: .skip   512
request:
        .skip   16
patience:
        .skip   8
ticks:  .skip   4 * HARTS
started:
        .skip   4
arrived:
        .skip   4
uart_ready:
        .skip   4
disk_done:
        .skip   4
result: .skip   1
