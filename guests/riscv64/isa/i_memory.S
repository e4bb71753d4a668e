/* RV64I: loads and stores, misaligned ones included, and their faults. */
#include "test.h"

#define LOAD(insn, offset, want) \
    li gp, __LINE__; la a1, pattern + 16; insn a0, offset(a1); CHECK(a0, want)

    .data
    .balign 64
pattern:
    .dword 0x8877665544332211, 0x00ffeeddccbbaa99
    .dword 0x8182838485868788, 0x7172737475767778
    .bss
    .balign 4096
scratch:
    .space 4096
page_end:
    .space 64

    begin

    LOAD(lb, 0, -120)
    LOAD(lb, 8, 0x78)
    LOAD(lbu, 0, 0x88)
    LOAD(lh, 0, 0xffffffffffff8788)
    LOAD(lh, -2, 0x00ff)
    LOAD(lhu, 0, 0x8788)
    LOAD(lw, 0, 0xffffffff85868788)
    LOAD(lw, 8, 0x75767778)
    LOAD(lwu, 0, 0x85868788)
    LOAD(ld, 0, 0x8182838485868788)
    LOAD(ld, -16, 0x8877665544332211)

    /* Misaligned: within and across doublewords. */
    LOAD(lh, -15, 0x3322)
    LOAD(lh, -1, 0xffffffffffff8800)
    LOAD(lhu, -1, 0x8800)
    LOAD(lw, -14, 0x66554433)
    LOAD(lw, -2, 0xffffffff878800ff)
    LOAD(lwu, -3, 0x8800ffee)
    LOAD(ld, -15, 0x9988776655443322)
    LOAD(ld, -1, 0x8283848586878800)

    /* A load may overwrite its own base. */
    la a1, pattern
    ld a1, 0(a1)
    CHECK(a1, 0x8877665544332211)

    /* Stores change their bytes only. */
    la a1, scratch
    li a2, 0x1122334455667788
    li a3, -1
    sd a3, 0(a1)
    sb a2, 3(a1)
    ld a0, 0(a1)
    CHECK(a0, 0xffffffff88ffffff)
    sd a3, 0(a1)
    sh a2, 6(a1)
    ld a0, 0(a1)
    CHECK(a0, 0x7788ffffffffffff)
    sd a3, 0(a1)
    sw a2, 4(a1)
    ld a0, 0(a1)
    CHECK(a0, 0x55667788ffffffff)
    sd a2, 2047(a1)
    ld a0, 2047(a1)
    CHECK(a0, 0x1122334455667788)
    addi a1, a1, 2000
    sd a2, -2000(a1)
    ld a0, -2000(a1)
    CHECK(a0, 0x1122334455667788)

    /* Across a page boundary, at every distance. */
    la a1, page_end - 7
    li a4, 7
    li a2, 0x0123456789abcdef
1:  sd zero, -8(a1)
    sd zero, 8(a1)
    sd a2, 0(a1)
    ld a0, 0(a1)
    CHECK(a0, 0x0123456789abcdef)
    lwu a0, 2(a1)
    CHECK(a0, 0x456789ab)
    ld a0, -8(a1)
    CHECK(a0, 0)
    ld a0, 8(a1)
    CHECK(a0, 0)
    sw a2, 3(a1)
    ld a0, 0(a1)
    CHECK(a0, 0x0189abcdefabcdef)
    addi a1, a1, 1
    addi a4, a4, -1
    bnez a4, 1b

    /* Where nothing answers. */
    li a1, NOWHERE
    li a2, 0x0123456789abcdef
    TRAPS(CAUSE_LOAD_ACCESS, NOWHERE, lb a0, 0(a1))
    TRAPS(CAUSE_LOAD_ACCESS, NOWHERE + 8, ld a0, 8(a1))
    TRAPS(CAUSE_STORE_ACCESS, NOWHERE, sb a0, 0(a1))
    TRAPS(CAUSE_STORE_ACCESS, NOWHERE + 8, sd a0, 8(a1))
    /* A load that faults leaves rd alone. */
    li a0, 77
    TRAPS(CAUSE_LOAD_ACCESS, NOWHERE, ld a3, 0(a1))
    li a3, 77
    HERE
    la s11, 2f
    ld a3, 0(a1)
    UNREACHABLE
2:  CHECK(a3, 77)
    /* So does a fault in the middle of a block, of everything before it. */
    la s11, 3f
    li a3, 1
    addi a3, a3, 1
    ld a3, 0(a1)
    addi a3, a3, 1
    UNREACHABLE
3:  CHECK(a3, 2)

    PASS
