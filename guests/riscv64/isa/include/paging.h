/* Address translation of one mode: LEVELS page-table levels, MODE in satp.
 *
 * A table of accesses is tried with leaves at every level. All addresses go
 * through entry `INDEX(level)` of one table for each level; whatever the
 * leaf's level, the address leads to `page`.
 */
#include "pte.h"
#include "test.h"

#define MAGIC 0x1badb002cafef00d
#define INDEX(level) (level + 5)
#define SHIFT(level) (PAGE_SHIFT + VPN_BITS * (level))
#define ROOT (LEVELS - 1)
#define VA_BITS SHIFT(LEVELS)

/* Kinds of access. */
#define LOAD 0
#define STORE 1
#define FETCH 2
#define AMO 3
#define LR 4
#define CLEAN 5
#define ZERO 6

/* The part of every address below the root's index, for leaves at level 0. */
#if LEVELS == 3
#define LOW_INDICES ((INDEX(1) << SHIFT(1)) | (INDEX(0) << SHIFT(0)))
#elif LEVELS == 4
#define LOW_INDICES \
    ((INDEX(2) << SHIFT(2)) | (INDEX(1) << SHIFT(1)) | (INDEX(0) << SHIFT(0)))
#else
#define LOW_INDICES ((INDEX(3) << SHIFT(3)) | (INDEX(2) << SHIFT(2)) | \
    (INDEX(1) << SHIFT(1)) | (INDEX(0) << SHIFT(0)))
#endif
#define VA0 ((INDEX(ROOT) << SHIFT(ROOT)) | LOW_INDICES)

/* Privilege, access, entry; bits of mstatus and menvcfg; the trap, 0 for none;
 * the bits that the access sets in the entry. */
#define ROW(privilege, kind, bits, modes, cause, sets) \
    .dword bits, modes, privilege, kind, cause, sets, __LINE__
#define ROW_BYTES 56
#define SUM MSTATUS_SUM
#define MXR MSTATUS_MXR
#define ADUE MENVCFG_ADUE

    .section .rodata
    .balign 8
rows:
    /* Permissions, each for each. */
    ROW(PRIV_S, LOAD, PTE_V | PTE_R | PTE_A, 0, 0, 0)
    ROW(PRIV_S, STORE, PTE_V | PTE_R | PTE_AD, 0, CAUSE_STORE_PAGE, 0)
    ROW(PRIV_S, FETCH, PTE_V | PTE_R | PTE_AD, 0, CAUSE_FETCH_PAGE, 0)
    ROW(PRIV_S, STORE, PTE_RW, 0, 0, 0)
    ROW(PRIV_S, LOAD, PTE_RW, 0, 0, 0)
    ROW(PRIV_S, FETCH, PTE_RW, 0, CAUSE_FETCH_PAGE, 0)
    ROW(PRIV_S, FETCH, PTE_V | PTE_X | PTE_A, 0, CAUSE_ECALL_S, 0)
    ROW(PRIV_S, LOAD, PTE_V | PTE_X | PTE_AD, 0, CAUSE_LOAD_PAGE, 0)
    ROW(PRIV_S, STORE, PTE_V | PTE_X | PTE_AD, MXR, CAUSE_STORE_PAGE, 0)
    ROW(PRIV_S, FETCH, PTE_RWX, 0, CAUSE_ECALL_S, 0)
    ROW(PRIV_S, LOAD, PTE_RWX | PTE_RSW | PTE_G, 0, 0, 0)
    /* MXR. */
    ROW(PRIV_S, LOAD, PTE_V | PTE_X | PTE_A, MXR, 0, 0)
    ROW(PRIV_U, LOAD, PTE_V | PTE_X | PTE_U | PTE_A, MXR, 0, 0)
    ROW(PRIV_U, LOAD, PTE_V | PTE_X | PTE_U | PTE_A, 0, CAUSE_LOAD_PAGE, 0)
    /* Invalid, or reserved. */
    ROW(PRIV_S, LOAD, PTE_RWX & ~PTE_V, 0, CAUSE_LOAD_PAGE, 0)
    ROW(PRIV_S, STORE, PTE_RWX & ~PTE_V, 0, CAUSE_STORE_PAGE, 0)
    ROW(PRIV_S, FETCH, PTE_RWX & ~PTE_V, 0, CAUSE_FETCH_PAGE, 0)
    ROW(PRIV_S, STORE, PTE_RW & ~PTE_R, 0, CAUSE_STORE_PAGE, 0)
    ROW(PRIV_S, LOAD, PTE_RW & ~PTE_R, 0, CAUSE_LOAD_PAGE, 0)
    ROW(PRIV_S, FETCH, PTE_RWX & ~PTE_R, 0, CAUSE_FETCH_PAGE, 0)
    ROW(PRIV_S, LOAD, PTE_RWX | PTE_RESERVED(0), 0, CAUSE_LOAD_PAGE, 0)
    ROW(PRIV_S, FETCH, PTE_RWX | PTE_RESERVED(6), 0, CAUSE_FETCH_PAGE, 0)
    ROW(PRIV_S, LOAD, PTE_RWX | PTE_NC, 0, CAUSE_LOAD_PAGE, 0)
    ROW(PRIV_S, STORE, PTE_RWX | PTE_IO, 0, CAUSE_STORE_PAGE, 0)
    /* User pages: nothing for S-mode, but data with SUM; the others' not for U. */
    ROW(PRIV_U, LOAD, PTE_RWX | PTE_U, 0, 0, 0)
    ROW(PRIV_U, STORE, PTE_RWX | PTE_U, 0, 0, 0)
    ROW(PRIV_U, FETCH, PTE_RWX | PTE_U, 0, CAUSE_ECALL_U, 0)
    ROW(PRIV_U, LOAD, PTE_RWX, SUM, CAUSE_LOAD_PAGE, 0)
    ROW(PRIV_U, STORE, PTE_RWX, SUM, CAUSE_STORE_PAGE, 0)
    ROW(PRIV_U, FETCH, PTE_RWX, SUM, CAUSE_FETCH_PAGE, 0)
    ROW(PRIV_S, LOAD, PTE_RWX | PTE_U, 0, CAUSE_LOAD_PAGE, 0)
    ROW(PRIV_S, STORE, PTE_RWX | PTE_U, 0, CAUSE_STORE_PAGE, 0)
    ROW(PRIV_S, LOAD, PTE_RWX | PTE_U, SUM, 0, 0)
    ROW(PRIV_S, STORE, PTE_RWX | PTE_U, SUM, 0, 0)
    ROW(PRIV_S, FETCH, PTE_RWX | PTE_U, SUM, CAUSE_FETCH_PAGE, 0)
    ROW(PRIV_S, FETCH, PTE_RWX | PTE_U, 0, CAUSE_FETCH_PAGE, 0)
    ROW(PRIV_S, LOAD, PTE_V | PTE_X | PTE_U | PTE_A, SUM, CAUSE_LOAD_PAGE, 0)
    ROW(PRIV_S, LOAD, PTE_V | PTE_X | PTE_U | PTE_A, SUM | MXR, 0, 0)
    /* Accessed and dirty: faults without ADUE, otherwise set. */
    ROW(PRIV_S, LOAD, PTE_RWX & ~PTE_AD, 0, CAUSE_LOAD_PAGE, 0)
    ROW(PRIV_S, FETCH, PTE_RWX & ~PTE_AD, 0, CAUSE_FETCH_PAGE, 0)
    ROW(PRIV_S, STORE, PTE_RWX & ~PTE_D, 0, CAUSE_STORE_PAGE, 0)
    ROW(PRIV_S, STORE, PTE_RWX & ~PTE_A, 0, CAUSE_STORE_PAGE, 0)
    ROW(PRIV_S, LOAD, PTE_RWX & ~PTE_D, 0, 0, 0)
    ROW(PRIV_S, LOAD, PTE_RWX & ~PTE_AD, ADUE, 0, PTE_A)
    ROW(PRIV_S, FETCH, PTE_RWX & ~PTE_AD, ADUE, CAUSE_ECALL_S, PTE_A)
    ROW(PRIV_S, STORE, PTE_RWX & ~PTE_AD, ADUE, 0, PTE_AD)
    ROW(PRIV_S, STORE, PTE_RWX & ~PTE_D, ADUE, 0, PTE_D)
    ROW(PRIV_U, STORE, PTE_RWX & ~PTE_AD | PTE_U, ADUE, 0, PTE_AD)
    ROW(PRIV_S, STORE, PTE_V | PTE_R, ADUE, CAUSE_STORE_PAGE, 0)
    ROW(PRIV_U, LOAD, PTE_RWX & ~PTE_AD, ADUE, CAUSE_LOAD_PAGE, 0)
    /* Atomics are stores, but for load-reserved. */
    ROW(PRIV_S, AMO, PTE_RW, 0, 0, 0)
    ROW(PRIV_S, AMO, PTE_V | PTE_R | PTE_AD, 0, CAUSE_STORE_PAGE, 0)
    ROW(PRIV_S, AMO, PTE_RW & ~PTE_AD, ADUE, 0, PTE_AD)
    ROW(PRIV_U, AMO, PTE_RW, 0, CAUSE_STORE_PAGE, 0)
    ROW(PRIV_S, LR, PTE_V | PTE_R | PTE_A, 0, 0, 0)
    ROW(PRIV_S, LR, PTE_V | PTE_X | PTE_A, 0, CAUSE_LOAD_PAGE, 0)
    /* Cache management needs a right to load or store, its faults are stores'. */
    ROW(PRIV_S, CLEAN, PTE_V | PTE_R | PTE_A, 0, 0, 0)
    ROW(PRIV_S, CLEAN, PTE_V | PTE_X | PTE_A, 0, CAUSE_STORE_PAGE, 0)
    ROW(PRIV_S, ZERO, PTE_V | PTE_R | PTE_AD, 0, CAUSE_STORE_PAGE, 0)
    ROW(PRIV_S, ZERO, PTE_RW, 0, 0, 0)
end_of_rows:

    .bss
    .balign 4096
tables:                         /* the root is the last */
    .space 4096 * LEVELS
page:                           /* ECALL, then from 64 on data */
    .space 4096
second_page:
    .space 4096

    begin
    open_memory
    csrw menvcfg, zero
    la s0, page
    li a0, 0x00000073
    sw a0, 0(s0)
    sw a0, 64(s0)
    la a0, tables + 4096 * ROOT
    srli a0, a0, PAGE_SHIFT
    li a1, MODE << 60
    or a0, a0, a1
    csrw satp, a0
    csrr a1, satp
    HERE
    CHECK_EQ(a1, a0)

    /* From the root down: s1 is the leaf's level, s2 the entry's address, s3 the
     * virtual address, s4 the mask of what the leaf leaves untranslated. */
    li s1, ROOT
    la s2, tables + 4096 * ROOT + 8 * INDEX(ROOT)
    li s3, INDEX(ROOT) << SHIFT(ROOT)
    li s4, (1 << SHIFT(ROOT)) - 1
each_level:
    and a0, s0, s4
    or s3, s3, a0               /* the address of `page` */
    la s5, rows
each_row:
    jal try_row
    addi s5, s5, ROW_BYTES
    la a0, end_of_rows
    bltu s5, a0, each_row
    beqz s1, levels_done

    /* A superpage must be aligned, whatever else it is. */
    not a0, s4
    and a0, s0, a0
    addi a1, s4, 1
    srli a1, a1, 1
    add a0, a0, a1
    make_pte a0, a0, PTE_RWX
    sd a0, 0(s2)
    sfence.vma
    addi a4, s3, 64
    lend PRIV_S
    TRAPS_WITH(CAUSE_LOAD_PAGE, a4, ld a0, 0(a4))

    /* The entry becomes a pointer to the table below. */
    slli a0, s1, PAGE_SHIFT
    la a1, tables - 4096
    add a0, a0, a1
    make_pte a1, a0, PTE_V
    sd a1, 0(s2)
    li a2, 4096 + 8
    sub s2, s2, a2
    addi s1, s1, -1
    not a0, s4
    and s3, s3, a0              /* without the page's offset, ... */
    srli s4, s4, VPN_BITS
    addi a0, s1, INDEX(0)
    addi a1, s4, 1
    mul a0, a0, a1              /* ... with the index of this level */
    or s3, s3, a0
    j each_level

levels_done:
    /* Everything is a 4 KiB page at VA0 now. */
    csrw menvcfg, zero
    li s3, VA0 + 64
    li a0, MAGIC
    sd a0, 64(s0)
    /* There is no table below. */
    make_pte a0, s0, PTE_V
    sd a0, 0(s2)
    sfence.vma
    lend PRIV_S
    TRAPS_WITH(CAUSE_LOAD_PAGE, s3, ld a0, 0(s3))
    make_pte s6, s0, PTE_RWX
    sd s6, 0(s2)
    sfence.vma
    HERE
    lend PRIV_S
    ld a0, 0(s3)
    take_back
    CHECK(a0, MAGIC)

    /* Pointers may be global and carry software's bits, but nothing of leaves. */
    li s1, 1
each_pointer:
    slli a0, s1, PAGE_SHIFT
    slli a1, s1, 3
    add a0, a0, a1
    la a1, tables + 8 * INDEX(0)
    add s4, a0, a1
    ld s5, 0(s4)
    .macro pointer_may_have bits
    li a0, \bits
    or a0, a0, s5
    sd a0, 0(s4)
    sfence.vma
    lend PRIV_S
    ld a0, 0(s3)
    take_back
    CHECK(a0, MAGIC)
    .endm
    .macro pointer_may_not_have bits
    li a0, \bits
    or a0, a0, s5
    sd a0, 0(s4)
    sfence.vma
    lend PRIV_S
    TRAPS_WITH(CAUSE_LOAD_PAGE, s3, ld a0, 0(s3))
    .endm
    HERE
    pointer_may_have PTE_G
    pointer_may_have PTE_RSW
    pointer_may_not_have PTE_A
    pointer_may_not_have PTE_D
    pointer_may_not_have PTE_U
    pointer_may_not_have PTE_NC
    pointer_may_not_have PTE_N
    pointer_may_not_have PTE_W
    pointer_may_not_have PTE_RESERVED(3)
    /* A table where there is no memory is an access fault. */
    li a1, NOWHERE
    make_pte a0, a1, PTE_V
    sd a0, 0(s4)
    sfence.vma
    lend PRIV_S
    TRAPS_WITH(CAUSE_LOAD_ACCESS, s3, ld a0, 0(s3))
    lend PRIV_S
    TRAPS_WITH(CAUSE_STORE_ACCESS, s3, sd a0, 0(s3))
    HERE
    la s11, 1f
    li a1, VA0
    csrw mepc, a1
    csr_field mstatus, MSTATUS_MPP, (PRIV_S << MSTATUS_MPP_SHIFT)
    mret
1:  CHECK(s8, CAUSE_FETCH_ACCESS)
    CHECK_EQ(s9, a1)
    CHECK_EQ(s10, a1)
    sd s5, 0(s4)
    addi s1, s1, 1
    li a0, LEVELS
    bltu s1, a0, each_pointer

    /* So is a page. */
    li a1, NOWHERE
    make_pte a0, a1, PTE_RWX
    sd a0, 0(s2)
    sfence.vma
    lend PRIV_S
    TRAPS_WITH(CAUSE_LOAD_ACCESS, s3, ld a0, 0(s3))
    lend PRIV_S
    TRAPS_WITH(CAUSE_STORE_ACCESS, s3, sd a0, 0(s3))
    sd s6, 0(s2)
    sfence.vma

    /* Addresses whose upper bits are not all alike. */
    li a1, VA0 | (1 << (VA_BITS - 1))
    lend PRIV_S
    TRAPS_WITH(CAUSE_LOAD_PAGE, a1, ld a0, 0(a1))
    li a1, VA0 | (1 << 63)
    lend PRIV_S
    TRAPS_WITH(CAUSE_STORE_PAGE, a1, sd a0, 0(a1))
    li a1, VA0 | (1 << VA_BITS)
    HERE
    la s11, 2f
    csrw mepc, a1
    csr_field mstatus, MSTATUS_MPP, (PRIV_S << MSTATUS_MPP_SHIFT)
    mret
2:  CHECK(s8, CAUSE_FETCH_PAGE)
    CHECK_EQ(s9, a1)
    CHECK_EQ(s10, a1)
    /* The upper half: by the root's last entry to the same tables. */
    la a1, tables + 4096 * ROOT
    ld a0, 8 * INDEX(ROOT)(a1)
    li a2, 4088
    add a1, a1, a2
    sd a0, 0(a1)
    li s7, (-1 << SHIFT(ROOT)) | LOW_INDICES
    HERE
    lend PRIV_S
    ld a0, 64(s7)
    take_back
    CHECK(a0, MAGIC)
    la s11, 3f
    csrw mepc, s7
    csr_field mstatus, MSTATUS_MPP, (PRIV_S << MSTATUS_MPP_SHIFT)
    mret
3:  CHECK(s8, CAUSE_ECALL_S)
    CHECK_EQ(s9, s7)

    /* Accesses across pages: to two that do not neighbour; the second page missing. */
    la s1, second_page
    make_pte a0, s1, PTE_RWX
    sd s6, 8(s2)                /* second_page first, then page */
    sd a0, 0(s2)
    sfence.vma
    li a1, VA0 + 4096 - 3
    li a2, 0x1122334455667788
    sd zero, 0(s0)
    HERE
    lend PRIV_S
    sd a2, 0(a1)
    ld a3, 0(a1)
    lw a4, 0(a1)
    take_back
    CHECK_EQ(a3, a2)
    CHECK(a4, 0x55667788)
    ld a0, 0(s0)
    CHECK(a0, 0x1122334455)
    li a0, 4088
    add a0, s1, a0
    ld a0, 0(a0)
    CHECK(a0, 0x6677880000000000)
    sd zero, 8(s2)
    sfence.vma
    li a3, VA0 + 4096
    lend PRIV_S
    la s11, 4f
    HERE
    ld a0, 0(a1)
    UNREACHABLE
4:  CHECK(s8, CAUSE_LOAD_PAGE)
    CHECK_EQ(s10, a3)
    lend PRIV_S
    la s11, 5f
    HERE
    sd zero, 0(a1)
    UNREACHABLE
5:  CHECK(s8, CAUSE_STORE_PAGE)
    CHECK_EQ(s10, a3)
    /* An instruction across them. */
    li a0, 0x0073
    sh a0, 0(s0)
    li a0, 4094
    add a4, s1, a0
    li a0, 0x0513               /* addi a0, zero, 7, its lower half */
    sh a0, 0(a4)
    fence.i
    HERE
    la s11, 6f
    li a5, VA0 + 4094
    csrw mepc, a5
    csr_field mstatus, MSTATUS_MPP, (PRIV_S << MSTATUS_MPP_SHIFT)
    mret
6:  CHECK(s8, CAUSE_FETCH_PAGE)
    CHECK_EQ(s9, a5)
    CHECK_EQ(s10, a3)
    sd s6, 8(s2)
    sfence.vma
    li a0, 0x0070               /* its upper half, then ECALL */
    sh a0, 0(s0)
    li a0, 0x0073
    sw a0, 2(s0)
    fence.i
    HERE
    la s11, 7f
    csrw mepc, a5
    csr_field mstatus, MSTATUS_MPP, (PRIV_S << MSTATUS_MPP_SHIFT)
    mret
7:  CHECK(s8, CAUSE_ECALL_S)
    CHECK(a0, 7)
    /* The same instruction, its second page now another. */
    make_pte a0, s1, PTE_RWX
    sd a0, 8(s2)
    li a0, 0x0090
    sh a0, 0(s1)
    li a0, 0x0073
    sw a0, 2(s1)
    sfence.vma
    fence.i
    HERE
    la s11, 8f
    csrw mepc, a5
    csr_field mstatus, MSTATUS_MPP, (PRIV_S << MSTATUS_MPP_SHIFT)
    mret
8:  CHECK(s8, CAUSE_ECALL_S)
    CHECK(a0, 9)

    /* Every form of fence makes a changed entry seen. */
    sd zero, 64(s0)
    li a0, 1
    sd a0, 64(s1)
    make_pte s7, s1, PTE_RWX
    csrr a5, satp
    li a0, 5 << 44
    or a5, a5, a0
    csrw satp, a5
    sfence.vma
    li a2, 5
    .macro fenced fence:vararg
    sd s6, 0(s2)
    \fence
    lend PRIV_S
    ld a0, 0(s3)
    take_back
    CHECK(a0, 0)
    sd s7, 0(s2)
    \fence
    lend PRIV_S
    ld a0, 0(s3)
    take_back
    CHECK(a0, 1)
    .endm
    HERE
    fenced sfence.vma
    fenced sfence.vma s3
    fenced sfence.vma zero, a2
    fenced sfence.vma s3, a2
    .macro invalidate
    sfence.w.inval
    sinval.vma s3, a2
    sfence.inval.ir
    .endm
    fenced invalidate

    /* Address spaces do not share what is not global. */
    HERE
    la a0, tables + 4096 * ROOT
    srli a0, a0, PAGE_SHIFT
    li a1, (MODE << 60) | (6 << 44)
    or a4, a0, a1
    sd s6, 0(s2)
    sfence.vma
    lend PRIV_S
    ld a0, 0(s3)                /* 5 has seen `page` */
    take_back
    CHECK(a0, 0)
    csrw satp, a4
    sd s7, 0(s2)
    li a1, 6
    sfence.vma zero, a1
    lend PRIV_S
    ld a0, 0(s3)
    take_back
    CHECK(a0, 1)
    csrw satp, a5
    sfence.vma zero, a2
    lend PRIV_S
    ld a0, 0(s3)
    take_back
    CHECK(a0, 1)

    /* Without translation the same address is a physical one. */
    csrw satp, zero
    lend PRIV_S
    ld a0, 64(s0)
    take_back
    CHECK(a0, 0)

    PASS

    /* Tries the row at s5. */
try_row:
    ld gp, 48(s5)
    li a1, MAGIC
    sd a1, 64(s0)
    not a0, s4
    and a0, s0, a0
    srli a0, a0, PAGE_SHIFT
    slli a0, a0, 10
    ld a1, 0(s5)
    or s6, a0, a1
    sd s6, 0(s2)
    ld a1, 8(s5)
    csr_field mstatus, (SUM | MXR | MSTATUS_MPP), 0
    li a2, SUM | MXR
    and a2, a1, a2
    csrs mstatus, a2
    li a2, ADUE
    and a1, a1, a2
    csrw menvcfg, a1
    sfence.vma
    ld a1, 16(s5)
    slli a1, a1, MSTATUS_MPP_SHIFT
    csrs mstatus, a1
    li s8, 0
    la s11, tried
    ld a1, 24(s5)
    li a2, MSTATUS_MPRV
    mv a4, s3
    li a3, FETCH
    beq a1, a3, try_fetch
    addi a4, s3, 64
    li a3, STORE
    beq a1, a3, try_store
    li a3, AMO
    beq a1, a3, try_amo
    li a3, LR
    beq a1, a3, try_lr
    li a3, CLEAN
    beq a1, a3, try_clean
    li a3, ZERO
    beq a1, a3, try_zero

    csrs mstatus, a2
    ld a0, 0(a4)
    csrc mstatus, a2
    j check_loaded
try_lr:
    csrs mstatus, a2
    lr.d a0, (a4)
    csrc mstatus, a2
check_loaded:
    li a1, MAGIC
    beq a0, a1, tried
    j fail
try_store:
    li a0, MAGIC + 1
    csrs mstatus, a2
    sd a0, 0(a4)
    csrc mstatus, a2
    j check_stored
try_amo:
    li a0, 1
    csrs mstatus, a2
    amoadd.d zero, a0, (a4)
    csrc mstatus, a2
check_stored:
    ld a0, 64(s0)
    li a1, MAGIC + 1
    beq a0, a1, tried
    j fail
try_clean:
    csrs mstatus, a2
    cbo.clean (a4)
    csrc mstatus, a2
    j tried
try_zero:
    csrs mstatus, a2
    cbo.zero (a4)
    csrc mstatus, a2
    ld a0, 64(s0)
    beqz a0, tried
    j fail
try_fetch:
    csrw mepc, a4
    mret

tried:
    li s11, 0
    ld a1, 32(s5)
    bne s8, a1, 11f
    beqz s8, 10f
    /* It trapped: where, and nothing was stored. */
    li a2, CAUSE_ECALL_S
    bgtu s8, a2, 9f             /* a page fault */
    mv s10, s9
9:  bne s10, a4, 11f
    ld a0, 64(s0)
    li a1, MAGIC
    bne a0, a1, 12f
10: ld a0, 0(s2)
    ld a1, 40(s5)
    or a1, a1, s6
    bne a0, a1, 12f
    ret
11: j wrong_trap
12: j fail
