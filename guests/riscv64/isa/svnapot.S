/* Svnapot: 64 KiB pages of 16 entries. */
#include "pte.h"
#include "test.h"

#define ENTRIES 16
#define RANGE (ENTRIES * 4096)
/* The low page-number bits that mean 64 KiB, in an entry. */
#define NAPOT_64K (8 << 10)

/* Sv39 addresses through entry 1, 2 and 16 to 31 of the three levels. */
#define VA ((1 << 30) | (2 << 21) | (ENTRIES << 12))

    .bss
    .balign RANGE
pages:
    .space RANGE
root:
    .space 4096
middle:
    .space 4096
lowest:
    .space 4096

    /* Fills all entries of the range with these bits. */
    .macro fill bits
    make_pte a0, s0, \bits
    la a1, lowest + 8 * ENTRIES
    li a2, ENTRIES
.Lagain\@:
    sd a0, 0(a1)
    addi a1, a1, 8
    addi a2, a2, -1
    bnez a2, .Lagain\@
    sfence.vma
    .endm

    begin
    open_memory
    csrw menvcfg, zero
    la s0, pages
    la s1, middle
    la a1, root
    make_pte a0, s1, PTE_V
    sd a0, 8(a1)
    la a1, lowest
    make_pte a0, a1, PTE_V
    sd a0, 16(s1)
    la a1, root
    srli a1, a1, PAGE_SHIFT
    li a0, 8 << 60
    or a0, a0, a1
    csrw satp, a0

    /* Each page knows its number. */
    li a2, 0
    li a3, ENTRIES
    mv a1, s0
    li a4, 4096
1:  sd a2, 0(a1)
    add a1, a1, a4
    addi a2, a2, 1
    bne a2, a3, 1b

    fill (PTE_RW | PTE_N | NAPOT_64K)
    li s3, VA
    li s2, 0
2:  HERE
    lend PRIV_S
    ld a0, 0(s3)
    take_back
    CHECK_EQ(a0, s2)
    li a4, 4096
    add s3, s3, a4
    addi s2, s2, 1
    li a3, ENTRIES
    bne s2, a3, 2b

    /* Stores too; across its pages. */
    li s3, VA + 4096 * 7 - 4
    li a0, 0x1122334455667788
    HERE
    lend PRIV_S
    sd a0, 0(s3)
    take_back
    li a1, 4096 * 7 - 4
    add a1, s0, a1
    ld a2, 0(a1)
    CHECK_EQ(a2, a0)

    /* Permissions are those of any page. */
    li s3, VA + 4096 * 3
    fill (PTE_V | PTE_R | PTE_A | PTE_N | NAPOT_64K)
    lend PRIV_S
    TRAPS_WITH(CAUSE_STORE_PAGE, s3, sd a0, 0(s3))
    fill (PTE_RW | PTE_U | PTE_N | NAPOT_64K)
    lend PRIV_S
    TRAPS_WITH(CAUSE_LOAD_PAGE, s3, ld a0, 0(s3))
    HERE
    lend PRIV_U
    ld a0, 0(s3)
    take_back
    CHECK(a0, 3)

    /* Other sizes are reserved. */
    fill (PTE_RW | PTE_N)
    lend PRIV_S
    TRAPS_WITH(CAUSE_LOAD_PAGE, s3, ld a0, 0(s3))
    fill (PTE_RW | PTE_N | (1 << 10))
    lend PRIV_S
    TRAPS_WITH(CAUSE_LOAD_PAGE, s3, ld a0, 0(s3))
    fill (PTE_RW | PTE_N | (4 << 10))
    lend PRIV_S
    TRAPS_WITH(CAUSE_STORE_PAGE, s3, sd a0, 0(s3))
    fill (PTE_RW | PTE_N | (12 << 10))
    lend PRIV_S
    TRAPS_WITH(CAUSE_LOAD_PAGE, s3, ld a0, 0(s3))
    /* So are all of larger pages. */
    li a1, 0x80000000
    make_pte a0, a1, (PTE_RW | PTE_N | NAPOT_64K)
    sd a0, 16(s1)
    sfence.vma
    lend PRIV_S
    TRAPS_WITH(CAUSE_LOAD_PAGE, s3, ld a0, 0(s3))
    make_pte a0, a1, PTE_RW
    sd a0, 16(s1)
    sfence.vma
    HERE
    lend PRIV_S
    ld a0, 0(s3)
    take_back

    PASS
