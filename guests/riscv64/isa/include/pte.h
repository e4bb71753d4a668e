/* Page-table entries (Privileged 1.13 §12.4). */
#ifndef PTE_H
#define PTE_H

#define PTE_V (1 << 0)
#define PTE_R (1 << 1)
#define PTE_W (1 << 2)
#define PTE_X (1 << 3)
#define PTE_U (1 << 4)
#define PTE_G (1 << 5)
#define PTE_A (1 << 6)
#define PTE_D (1 << 7)
#define PTE_RSW (3 << 8)
#define PTE_RESERVED(n) (1 << (54 + n))
#define PTE_NC (1 << 61)
#define PTE_IO (2 << 61)
#define PTE_PBMT_RESERVED (3 << 61)
#define PTE_N (1 << 63)
/* What leaves usually have. */
#define PTE_AD (PTE_A | PTE_D)
#define PTE_RW (PTE_V | PTE_R | PTE_W | PTE_AD)
#define PTE_RWX (PTE_RW | PTE_X)

/* Bits 38:12 of addresses that one level translates. */
#define VPN_BITS 9
#define PAGE_SHIFT 12

/* rd = an entry for the page at rs with these bits; uses t6. */
.macro make_pte rd, rs, bits
    srli \rd, \rs, PAGE_SHIFT
    slli \rd, \rd, 10
    li t6, \bits
    or \rd, \rd, t6
.endm

#endif
