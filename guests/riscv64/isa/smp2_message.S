/* Two harts: messages in order, fences, interrupts between them. */
#define HARTS 2
#include "smp.h"

#define MESSAGES 3000
#define SLOTS 16
#define RACES 1000
#define CALLS 100
#define MSIP (1 << IRQ_MSI)

    .bss
    .balign 64
sent:
    .dword 0
    .balign 64
received:
    .dword 0
    .balign 64
ring:
    .space SLOTS * 64
    /* What each hart says and hears in a race. */
flags:
    .space HARTS * 64
heard:
    .space HARTS * 64
answered:
    .dword 0

    begin_smp
    la s2, sent
    la s3, received
    la s4, ring
    li s5, 0
    li s6, MESSAGES
    bnez s0, receive

    /* Fills a slot of the ring, then says so. */
send:
    ld a0, 0(s3)
    addi a0, a0, SLOTS
    bgeu s5, a0, send           /* full */
    fence r, w
    andi a1, s5, SLOTS - 1
    slli a1, a1, 6
    add a1, a1, s4
    slli a2, s5, 32
    or a2, a2, s5
    sd a2, 0(a1)
    not a2, a2
    sd a2, 56(a1)
    addi s5, s5, 1
    fence w, w
    sd s5, 0(s2)
    bne s5, s6, send
    j race

receive:
    ld a0, 0(s2)
    bgeu s5, a0, receive        /* empty */
    fence r, r
    andi a1, s5, SLOTS - 1
    slli a1, a1, 6
    add a1, a1, s4
    ld a2, 0(a1)
    slli a3, s5, 32
    or a3, a3, s5
    CHECK_EQ(a2, a3)
    ld a2, 56(a1)
    not a3, a3
    CHECK_EQ(a2, a3)
    addi s5, s5, 1
    fence r, w
    sd s5, 0(s3)
    bne s5, s6, receive

    /* Each raises its flag and looks at the other's: with a full fence between,
     * at least one sees the other's. */
race:
    li s6, RACES
    slli s4, s0, 6
    la s2, flags
    la s3, heard
    add s7, s3, s4
    add s4, s2, s4              /* mine */
    xori a0, s0, 1
    slli a0, a0, 6
    add s5, s2, a0              /* the other's */
each_race:
    sd zero, 0(s4)
    barrier
    li a0, 1
    sd a0, 0(s4)
    fence rw, rw
    ld a1, 0(s5)
    sd a1, 0(s7)
    barrier
    ld a0, 0(s3)
    ld a1, 64(s3)
    or a0, a0, a1
    CHECK(a0, 1)
    barrier
    addi s6, s6, -1
    bnez s6, each_race

    /* Hart 0 calls, hart 1 sleeps until then and answers. */
    la s3, answered
    li s5, 0
    li s6, CALLS
    li s4, CLINT_MSIP
    bnez s0, answer
call:
    li a0, 1
    sw a0, 4(s4)
    addi s5, s5, 1
1:  ld a0, 0(s3)
    bltu a0, s5, 1b
    CHECK_EQ(a0, s5)
    bne s5, s6, call
    barrier
    PASS

answer:
    li a0, MSIP
    csrw mie, a0
    HERE
2:  wfi
    csrr a0, mip
    andi a0, a0, MSIP
    beqz a0, 2b
    sw zero, 4(s4)
3:  csrr a0, mip
    andi a0, a0, MSIP
    bnez a0, 3b
    addi s5, s5, 1
    fence rw, w
    sd s5, 0(s3)
    bne s5, s6, answer
    barrier
    j idle
