/* Svpbmt: memory types of pages. */
#include "pte.h"
#include "test.h"

/* Sv39 addresses through entries 1, 2 and 3; and through entry 4 of the root. */
#define VA ((1 << 30) | (2 << 21) | (3 << 12))
#define VA_LARGE ((4 << 30) | 64)

    .bss
    .balign 4096
page:
    .space 4096
root:
    .space 4096
middle:
    .space 4096
lowest:
    .space 4096

    .macro entry bits
    make_pte a0, s0, \bits
    sd a0, 24(s2)
    sfence.vma
    .endm
#define ALLOWED(bits) allowed __LINE__, (bits)
    .macro allowed line, bits
    li gp, \line
    entry \bits
    li a2, \line
    lend PRIV_S
    sd a2, 0(s3)
    ld a1, 0(s3)
    take_back
    CHECK_EQ(a1, a2)
    ld a1, 0(s0)
    CHECK_EQ(a1, a2)
    .endm
#define FAULTS(bits) entry (bits); lend PRIV_S; TRAPS_WITH(CAUSE_LOAD_PAGE, s3, ld a0, 0(s3))

    begin
    open_memory
    csrw menvcfg, zero
    la s0, page
    la s1, middle
    la s2, lowest
    li s3, VA
    la a1, root
    make_pte a0, s1, PTE_V
    sd a0, 8(a1)
    make_pte s4, s2, PTE_V
    sd s4, 16(s1)
    srli a1, a1, PAGE_SHIFT
    li a0, 8 << 60
    or a0, a0, a1
    csrw satp, a0

    /* Reserved without PBMTE. */
    ALLOWED(PTE_RW)
    FAULTS(PTE_RW | PTE_NC)
    FAULTS(PTE_RW | PTE_IO)
    FAULTS(PTE_RW | PTE_PBMT_RESERVED)

    li a1, MENVCFG_PBMTE
    csrs menvcfg, a1
    csrr a0, menvcfg
    and a0, a0, a1
    CHECK_EQ(a0, a1)
    ALLOWED(PTE_RW)
    ALLOWED(PTE_RW | PTE_NC)
    ALLOWED(PTE_RW | PTE_IO)
    FAULTS(PTE_RW | PTE_PBMT_RESERVED)
    /* Larger pages have types too, pointers do not. */
    li a1, 0x80000000
    make_pte a0, a1, (PTE_RW | PTE_NC)
    la a1, root
    sd a0, 32(a1)
    sfence.vma
    li a1, VA_LARGE
    HERE
    lend PRIV_S
    ld a0, 0(a1)
    take_back
    entry PTE_RW
    li a0, PTE_NC
    or a0, a0, s4
    sd a0, 16(s1)
    sfence.vma
    lend PRIV_S
    TRAPS_WITH(CAUSE_LOAD_PAGE, s3, ld a0, 0(s3))
    sd s4, 16(s1)
    ALLOWED(PTE_RW | PTE_IO)

    /* Switching it off counts for what was used before. */
    csrw menvcfg, zero
    sfence.vma
    lend PRIV_S
    TRAPS_WITH(CAUSE_LOAD_PAGE, s3, ld a0, 0(s3))

    PASS
