/* Two harts share page tables: changes by fences, A and D by the walkers. */
#define HARTS 2
#include "pte.h"
#include "smp.h"

#define CHANGES 300
#define MARKS 300
/* Sv39, through entries 1, 2 and 3 of the levels. */
#define VA ((1 << 30) | (2 << 21) | (3 << 12))

    .bss
    .balign 4096
root:
    .space 4096
middle:
    .space 4096
lowest:
    .space 4096
pages:
    .space 2 * 4096
    .balign 4096
changed:
    .dword 0
    .balign 64
seen:
    .dword 0

    begin_smp
    open_memory
    li a0, MENVCFG_ADUE
    csrw menvcfg, a0
    la s1, lowest + 24          /* the entry */
    la s2, pages
    li s3, VA
    la s4, changed
    la s5, seen
    li s6, 0
    bnez s0, 1f
    la a1, middle
    make_pte a0, a1, PTE_V
    la a2, root
    sd a0, 8(a2)
    la a2, lowest
    make_pte a0, a2, PTE_V
    sd a0, 16(a1)
    li a0, 4096
    add a0, s2, a0
    li a1, 1
    sd a1, 0(a0)
1:  la a0, root
    srli a0, a0, PAGE_SHIFT
    li a1, 8 << 60
    or a0, a0, a1
    csrw satp, a0
    barrier
    bnez s0, follow

    /* Hart 0 remaps, hart 1 fences when told and sees the other page. */
change:
    addi s6, s6, 1
    andi a0, s6, 1
    slli a0, a0, PAGE_SHIFT
    add a0, a0, s2
    make_pte a0, a0, PTE_RW
    sd a0, 0(s1)
    fence w, w
    sd s6, 0(s4)
2:  ld a0, 0(s5)
    bne a0, s6, 2b
    li a0, CHANGES
    bne s6, a0, change
    j mark
follow:
    ld a0, 0(s4)
    beq a0, s6, follow
    mv s6, a0
    fence r, r
    sfence.vma
    lend PRIV_S
    ld a0, 0(s3)
    take_back
    andi a1, s6, 1
    CHECK_EQ(a0, a1)
    sd s6, 0(s5)
    li a0, CHANGES
    bne s6, a0, follow

    /* Hart 1's stores mark the entry, while hart 0 sets and clears bits that
     * belong to software in it: neither may lose the other's. */
mark:
    li s6, MARKS
    make_pte s7, s2, (PTE_RW & ~PTE_AD)
each_mark:
    barrier
    bnez s0, 3f
    sd s7, 0(s1)
3:  barrier
    bnez s0, store_through
    li a0, 1 << 8
    li a1, ~(1 << 8)
    li a2, 20
4:  amoor.d a3, a0, (s1)
    andi a3, a3, 1 << 8
    CHECK(a3, 0)
    amoand.d a3, a1, (s1)
    andi a3, a3, 1 << 8
    CHECK(a3, 1 << 8)
    addi a2, a2, -1
    bnez a2, 4b
    amoor.d zero, a0, (s1)
    j 5f
store_through:
    sfence.vma
    HERE
    lend PRIV_S
    ld a0, 0(s3)
    sd s6, 0(s3)
    take_back
5:  barrier
    ld a0, 0(s1)
    li a1, PTE_AD | (1 << 8)
    or a1, a1, s7
    CHECK_EQ(a0, a1)
    addi s6, s6, -1
    bnez s6, each_mark

    barrier
    bnez s0, idle
    PASS
