/* Four harts: atomic counters and spinlocks lose no update. */
#define HARTS 4
#include "smp.h"

#define ROUNDS 2000

    .macro amocas.d rd, rs2, rs1
    .insn r 0x2f, 3, 0x14, \rd, \rs1, \rs2
    .endm

    .bss
    .balign 64
added:
    .dword 0
paired:
    .dword 0
    .balign 64
swapped:
    .dword 0
    .balign 64
lock:
    .dword 0
    .balign 64
guarded:                        /* by `lock`; two words that must agree */
    .dword 0
    .space 4088
    .dword 0
    .balign 64
highest:
    .dword 0

    /* Does `body` ROUNDS times, with s2 counting down, between barriers. */
    .macro rounds body
    barrier
    li s2, ROUNDS
.Lagain\@:
    \body
    addi s2, s2, -1
    bnez s2, .Lagain\@
    barrier
    .endm
    /* Adds 1 to both guarded words, without atomics. */
    .macro critical_section
    ld a3, 0(s4)
    ld a4, 0(s5)
    li gp, __LINE__
    bne a3, a4, disagree
    addi a3, a3, 1
    sd a3, 0(s4)
    sd a3, 0(s5)
    .endm
    .macro expect_total reg
    li a1, HARTS * ROUNDS
    ld a0, 0(\reg)
    li gp, __LINE__
    bne a0, a1, disagree
    .endm

    begin_smp
    la s4, guarded
    li a0, 4096
    add s5, s4, a0
    la s3, added

    .macro add_one
    li a0, 1
    amoadd.d zero, a0, (s3)
    .endm
    rounds add_one
    expect_total s3

    /* Load-reserved and store-conditional. */
    la s3, paired
    .macro pair
1:  lr.d a0, (s3)
    addi a0, a0, 1
    sc.d a1, a0, (s3)
    bnez a1, 1b
    .endm
    rounds pair
    expect_total s3

    /* Compare-and-swap. */
    la s3, swapped
    .macro swap
    ld a0, 0(s3)
1:  mv a1, a0
    addi a2, a0, 1
    amocas.d a0, a2, s3
    bne a0, a1, 1b
    .endm
    rounds swap
    expect_total s3

    /* Locks: taken by a pair, by a swap. */
    la s3, lock
    .macro pair_lock
1:  lr.w.aq a0, (s3)
    bnez a0, 1b
    li a0, 1
    sc.w a1, a0, (s3)
    bnez a1, 1b
    critical_section
    amoswap.w.rl zero, zero, (s3)
    .endm
    rounds pair_lock
    expect_total s4
    barrier
    bnez s0, 2f
    sd zero, 0(s4)
    sd zero, 0(s5)
2:  .macro swap_lock
    li a0, 1
1:  lw a1, 0(s3)
    bnez a1, 1b
    amoswap.w.aq a1, a0, (s3)
    bnez a1, 1b
    critical_section
    fence rw, w
    sw zero, 0(s3)
    .endm
    rounds swap_lock
    expect_total s4
    expect_total s5

    /* The highest of what all say. */
    la s3, highest
    .macro say
    slli a0, s2, 2
    add a0, a0, s0
    amomaxu.d zero, a0, (s3)
    .endm
    rounds say
    ld a0, 0(s3)
    li a1, 4 * ROUNDS + HARTS - 1
    li gp, __LINE__
    bne a0, a1, disagree

    barrier
    bnez s0, idle
    PASS
disagree:
    j fail
