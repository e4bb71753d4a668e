/* Physical memory protection: matching, priority, rights, locks. */
#include "pte.h"
#include "test.h"

#define R 1
#define W 2
#define X 4
#define TOR (1 << 3)
#define NA4 (2 << 3)
#define NAPOT (3 << 3)
#define L 0x80
/* pmpaddr of an address, or of an aligned range with a power of two for a size,
 * relative to `area`. */
#define AT(offset) ((offset) >> 2)
#define RANGE(offset, bytes) (((offset) >> 2) | (((bytes) >> 3) - 1))
#define NONE 0
/* The configuration bytes of entries 0 to 2. */
#define CFG(first, second, third) ((first) | (second) << 8 | (third) << 16)

/* Kinds of access. */
#define LOAD8 0
#define STORE8 1
#define FETCH 2
#define LOAD1 3
#define LOAD4 4

/* Configuration, addresses; privilege, access, offset; the trap, 0 for none. */
#define ROW(cfg, addr0, addr1, addr2, privilege, kind, offset, cause) \
    .dword cfg, addr0, addr1, addr2, privilege, kind, offset, cause, __LINE__
#define ROW_BYTES 72

    .section .rodata
    .balign 8
rows:
    /* Without an entry nothing is allowed below M-mode. */
    ROW(CFG(0, 0, 0), NONE, NONE, NONE, PRIV_S, LOAD8, 0, CAUSE_LOAD_ACCESS)
    ROW(CFG(0, 0, 0), NONE, NONE, NONE, PRIV_U, STORE8, 0, CAUSE_STORE_ACCESS)
    ROW(CFG(0, 0, 0), NONE, NONE, NONE, PRIV_S, FETCH, 0, CAUSE_FETCH_ACCESS)
    ROW(CFG(0, 0, 0), NONE, NONE, NONE, PRIV_M, LOAD8, 0, 0)
    ROW(CFG(0, 0, 0), NONE, NONE, NONE, PRIV_M, STORE8, 0, 0)
    /* Each right, for each access. */
    ROW(CFG(NAPOT|R, 0, 0), RANGE(0, 4096), NONE, NONE, PRIV_S, LOAD8, 64, 0)
    ROW(CFG(NAPOT|R, 0, 0), RANGE(0, 4096), NONE, NONE, PRIV_S, STORE8, 64, CAUSE_STORE_ACCESS)
    ROW(CFG(NAPOT|R, 0, 0), RANGE(0, 4096), NONE, NONE, PRIV_S, FETCH, 64, CAUSE_FETCH_ACCESS)
    ROW(CFG(NAPOT|R|W, 0, 0), RANGE(0, 4096), NONE, NONE, PRIV_U, STORE8, 64, 0)
    ROW(CFG(NAPOT|X, 0, 0), RANGE(0, 4096), NONE, NONE, PRIV_U, FETCH, 64, CAUSE_ECALL_U)
    ROW(CFG(NAPOT|X, 0, 0), RANGE(0, 4096), NONE, NONE, PRIV_S, LOAD8, 64, CAUSE_LOAD_ACCESS)
    ROW(CFG(NAPOT|R|X, 0, 0), RANGE(0, 4096), NONE, NONE, PRIV_S, FETCH, 64, CAUSE_ECALL_S)
    ROW(CFG(NAPOT|X, 0, 0), RANGE(0, 4096), NONE, NONE, PRIV_M, LOAD8, 64, 0)
    /* NAPOT of 8 and 64 bytes ends where it ends. */
    ROW(CFG(NAPOT|R, 0, 0), RANGE(64, 64), NONE, NONE, PRIV_S, LOAD8, 64, 0)
    ROW(CFG(NAPOT|R, 0, 0), RANGE(64, 64), NONE, NONE, PRIV_S, LOAD8, 120, 0)
    ROW(CFG(NAPOT|R, 0, 0), RANGE(64, 64), NONE, NONE, PRIV_S, LOAD8, 128, CAUSE_LOAD_ACCESS)
    ROW(CFG(NAPOT|R, 0, 0), RANGE(64, 64), NONE, NONE, PRIV_S, LOAD8, 56, CAUSE_LOAD_ACCESS)
    ROW(CFG(NAPOT|R|W, 0, 0), RANGE(72, 8), NONE, NONE, PRIV_S, STORE8, 72, 0)
    ROW(CFG(NAPOT|R|W, 0, 0), RANGE(72, 8), NONE, NONE, PRIV_S, STORE8, 64, CAUSE_STORE_ACCESS)
    ROW(CFG(NAPOT|R|W, 0, 0), RANGE(72, 8), NONE, NONE, PRIV_S, STORE8, 80, CAUSE_STORE_ACCESS)
    /* Four bytes. */
    ROW(CFG(NA4|R, 0, 0), AT(68), NONE, NONE, PRIV_S, LOAD4, 68, 0)
    ROW(CFG(NA4|R, 0, 0), AT(68), NONE, NONE, PRIV_S, LOAD1, 71, 0)
    ROW(CFG(NA4|R, 0, 0), AT(68), NONE, NONE, PRIV_S, LOAD1, 72, CAUSE_LOAD_ACCESS)
    ROW(CFG(NA4|R, 0, 0), AT(68), NONE, NONE, PRIV_S, LOAD4, 64, CAUSE_LOAD_ACCESS)
    /* From the top of the one before; the first from 0. */
    ROW(CFG(TOR|R, 0, 0), AT(64), NONE, NONE, PRIV_S, LOAD8, 56, 0)
    ROW(CFG(TOR|R, 0, 0), AT(64), NONE, NONE, PRIV_S, LOAD8, 64, CAUSE_LOAD_ACCESS)
    ROW(CFG(0, TOR|R, 0), AT(64), AT(68), NONE, PRIV_S, LOAD4, 64, 0)
    ROW(CFG(0, TOR|R, 0), AT(64), AT(68), NONE, PRIV_S, LOAD4, 60, CAUSE_LOAD_ACCESS)
    ROW(CFG(0, TOR|R, 0), AT(64), AT(68), NONE, PRIV_S, LOAD4, 68, CAUSE_LOAD_ACCESS)
    ROW(CFG(NAPOT, TOR|R, 0), RANGE(0, 8), AT(512), NONE, PRIV_S, LOAD8, 64, 0)
    ROW(CFG(0, TOR|R, 0), AT(64), AT(64), NONE, PRIV_S, LOAD4, 64, CAUSE_LOAD_ACCESS)
    ROW(CFG(0, TOR|R, 0), AT(128), AT(64), NONE, PRIV_S, LOAD8, 64, CAUSE_LOAD_ACCESS)
    /* The first that matches decides, whatever it says. */
    ROW(CFG(NAPOT, NAPOT|R, 0), RANGE(64, 64), RANGE(0, 4096), NONE, PRIV_S, LOAD8, 64, CAUSE_LOAD_ACCESS)
    ROW(CFG(NAPOT, NAPOT|R, 0), RANGE(64, 64), RANGE(0, 4096), NONE, PRIV_S, LOAD8, 128, 0)
    ROW(CFG(NAPOT|R, NAPOT, 0), RANGE(64, 64), RANGE(0, 4096), NONE, PRIV_S, LOAD8, 64, 0)
    ROW(CFG(0, NAPOT, NAPOT|R|W), NONE, RANGE(64, 8), RANGE(0, 4096), PRIV_U, STORE8, 64, CAUSE_STORE_ACCESS)
    ROW(CFG(0, NAPOT, NAPOT|R|W), NONE, RANGE(64, 8), RANGE(0, 4096), PRIV_U, STORE8, 72, 0)
    /* If it matches a part only, the access fails, in M-mode too. */
    ROW(CFG(NA4|R|W, NAPOT|R|W, 0), AT(64), RANGE(0, 4096), NONE, PRIV_S, LOAD8, 64, CAUSE_LOAD_ACCESS)
    ROW(CFG(NA4|R|W, NAPOT|R|W, 0), AT(68), RANGE(0, 4096), NONE, PRIV_S, STORE8, 64, CAUSE_STORE_ACCESS)
    ROW(CFG(NA4|R|W, NAPOT|R|W, 0), AT(68), RANGE(0, 4096), NONE, PRIV_M, LOAD8, 64, CAUSE_LOAD_ACCESS)
    ROW(CFG(NA4|R|W, NAPOT|R|W, 0), AT(68), RANGE(0, 4096), NONE, PRIV_M, LOAD4, 64, 0)
end_of_rows:

    .bss
    .balign 4096
area:
    .space 4096
    /* Sv39 tables. */
root:
    .space 4096

    begin
    csrw medeleg, zero

    /* Registers: bytes of pmpcfg are independent, pmpaddr has bits 53 to 0. */
    li a1, 0x0f0d0b0908010000
    csrw pmpcfg0, a1
    csrr a0, pmpcfg0
    CHECK_EQ(a0, a1)
    csrw pmpcfg0, zero
    li a1, -1
    csrw pmpaddr7, a1
    csrr a0, pmpaddr7
    CHECK(a0, (1 << 54) - 1)
    csrw pmpaddr7, zero
    csrr a0, pmpaddr7
    CHECK(a0, 0)

    la s0, area
    srli s1, s0, 2
    la s2, rows
each_row:
    ld gp, 64(s2)
    csrw pmpcfg0, zero
    /* ECALL wherever a row might go. */
    li a0, 0x00000073
    sd a0, 64(s0)
    .irp n, 0, 1, 2
    ld a0, (8 + 8 * \n)(s2)
    add a0, a0, s1
    csrw pmpaddr\n, a0
    .endr
    ld a0, 0(s2)
    csrw pmpcfg0, a0
    csr_field mstatus, MSTATUS_MPP, 0
    ld a0, 32(s2)
    slli a0, a0, MSTATUS_MPP_SHIFT
    csrs mstatus, a0
    ld a4, 48(s2)
    add a4, a4, s0
    li s8, 0
    la s11, tried
    li a2, MSTATUS_MPRV
    ld a1, 40(s2)
    beqz a1, try_load8
    li a3, STORE8
    beq a1, a3, try_store8
    li a3, LOAD4
    beq a1, a3, try_load4
    li a3, LOAD1
    beq a1, a3, try_load1
    csrw mepc, a4
    mret
try_load8:
    csrs mstatus, a2
    ld a0, 0(a4)
    j tried
try_load4:
    csrs mstatus, a2
    lw a0, 0(a4)
    j tried
try_load1:
    csrs mstatus, a2
    lb a0, 0(a4)
    j tried
try_store8:
    csrs mstatus, a2
    sd zero, 0(a4)
tried:
    csrc mstatus, a2
    li s11, 0
    ld a0, 56(s2)
    bne s8, a0, 2f
    li a1, CAUSE_LOAD_ACCESS
    beq s8, a1, 1f
    li a1, CAUSE_STORE_ACCESS
    beq s8, a1, 1f
    li a1, CAUSE_FETCH_ACCESS
    bne s8, a1, 3f
1:  beq s10, a4, 3f
2:  csrw pmpcfg0, zero
    j wrong_trap
3:  addi s2, s2, ROW_BYTES
    la a0, end_of_rows
    bltu s2, a0, each_row

    /* The walk of page tables is an access of S-mode; its fault is that of the
     * access that walks. */
    csrw pmpcfg0, zero
    open_memory
    la s3, root
    li a0, 0x80000000
    make_pte a0, a0, PTE_RWX
    sd a0, 16(s3)
    srli a0, s3, PAGE_SHIFT
    li a1, 8 << 60
    or a0, a0, a1
    csrw satp, a0
    sfence.vma
    HERE
    lend PRIV_S
    ld a0, 0(s0)
    take_back
    srli a0, s3, 2
    ori a0, a0, 0x1ff           /* 4 KiB */
    csrw pmpaddr0, a0
    li a1, NAPOT
    csrw pmpcfg0, a1
    sfence.vma
    lend PRIV_S
    TRAPS_WITH(CAUSE_LOAD_ACCESS, s0, ld a0, 0(s0))
    lend PRIV_S
    TRAPS_WITH(CAUSE_STORE_ACCESS, s0, sd a0, 0(s0))
    HERE
    la s11, 4f
    enter PRIV_S, area
4:  CHECK(s8, CAUSE_FETCH_ACCESS)
    CHECK_EQ(s10, s0)
    /* Reading the tables is enough, unless A or D are to be set. */
    li a1, NAPOT | R
    csrw pmpcfg0, a1
    sfence.vma
    HERE
    lend PRIV_S
    ld a0, 0(s0)
    take_back
    li a1, MENVCFG_ADUE
    csrw menvcfg, a1
    li a0, 0x80000000
    make_pte a0, a0, (PTE_RWX & ~PTE_D)
    sd a0, 16(s3)
    sfence.vma
    HERE
    lend PRIV_S
    ld a0, 0(s0)
    lend PRIV_S
    TRAPS_WITH(CAUSE_STORE_ACCESS, s0, sd a0, 0(s0))
    csrw satp, zero
    csrw pmpcfg0, zero

    /* Locked entries bind M-mode, and stay as they are until reset. */
    csrw pmpaddr1, s1
    addi a1, s1, AT(64)
    csrw pmpaddr2, a1
    li a0, (L | TOR | R) << 16
    csrw pmpcfg0, a0
    HERE
    ld a1, 0(s0)
    TRAPS_WITH(CAUSE_STORE_ACCESS, s0, sd a0, 0(s0))
    HERE
    sd zero, 64(s0)
    la s11, 5f
    jr s0
5:  CHECK(s8, CAUSE_FETCH_ACCESS)
    CHECK_EQ(s9, s0)
    CHECK_EQ(s10, s0)
    csrw pmpcfg0, zero
    csrr a0, pmpcfg0
    CHECK(a0, (L | TOR | R) << 16)
    li a1, 0x1234
    csrr a0, pmpaddr2
    csrw pmpaddr2, a1
    csrr a2, pmpaddr2
    CHECK_EQ(a2, a0)
    /* So does the address below, which is its bottom. */
    csrw pmpaddr1, a1
    csrr a0, pmpaddr1
    CHECK_EQ(a0, s1)
    csrw pmpaddr0, a1
    csrr a0, pmpaddr0
    CHECK_EQ(a0, a1)
    /* The others can still be changed, and come first if they do. */
    li a1, RANGE(0, 8)
    add a1, a1, s1
    csrw pmpaddr0, a1
    li a0, NAPOT | R | W
    csrw pmpcfg0, a0
    HERE
    sd zero, 0(s0)
    addi a1, s0, 8
    TRAPS_WITH(CAUSE_STORE_ACCESS, a1, sd a0, 0(a1))
    /* Locked and off still locks. */
    li a0, L << 24
    csrw pmpcfg0, a0
    csrw pmpaddr3, s1
    csrr a0, pmpaddr3
    CHECK(a0, 0)

    PASS
