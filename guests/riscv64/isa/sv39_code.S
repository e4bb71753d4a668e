/* Code under translation: the same code at several addresses, several codes at
 * the same address, stores to it through other addresses. */
#include "pte.h"
#include "test.h"

#define INSN_ECALL 0x00000073
#define INSN_LI(n) (0x00000513 | (n) << 20)

/* Sv39 addresses through entries 1 and 2 of the upper levels; entries 1 to 4 of
 * the lowest. */
#define BASE ((1 << 30) | (2 << 21))
#define FIRST (BASE + 1 * 4096)
#define SECOND (BASE + 2 * 4096)
#define DATA (BASE + 3 * 4096)

    .bss
    .balign 4096
roots:                          /* of two address spaces */
    .space 2 * 4096
middles:
    .space 2 * 4096
lowests:
    .space 2 * 4096
code:                           /* of two functions, in two pages */
    .space 2 * 4096

    /* Runs at this address until ECALL; a0 is the result. */
#define RUN(privilege, address) run __LINE__, privilege, address
    .macro run line, privilege, address
    li gp, \line
    csr_field mstatus, MSTATUS_MPP, (\privilege << MSTATUS_MPP_SHIFT)
    li t0, \address
    csrw mepc, t0
    la s11, .Lback\@
    mret
.Lback\@:
    .endm
    .macro expect_ecall line, cause
    li gp, \line
    li t6, \cause
    beq s8, t6, .Lok\@
    j wrong_trap
.Lok\@:
    .endm
#define RUNS(address, want) \
    RUN(PRIV_S, address); expect_ecall __LINE__, CAUSE_ECALL_S; CHECK(a0, want)
    /* The entry of DATA, FIRST or SECOND in a space's lowest table (s5, s6). */
    .macro map table, number, page, bits
    make_pte t0, \page, \bits
    sd t0, (8 * \number)(\table)
    .endm

    begin
    .option norvc
    open_memory
    csrw menvcfg, zero
    la s2, code
    li a0, 4096
    add s3, s2, a0
    la s5, lowests
    add s6, s5, a0
    la t1, roots
    la t2, middles
    li t4, 2
1:  make_pte t0, t2, PTE_V
    sd t0, 8(t1)
    add t3, t2, a0
    add t3, t3, a0              /* lowests follow middles */
    make_pte t0, t3, PTE_V
    sd t0, 16(t2)
    add t1, t1, a0
    add t2, t2, a0
    addi t4, t4, -1
    bnez t4, 1b
    /* satp of the two spaces: ASIDs 1 and 2. */
    la t0, roots
    srli t0, t0, PAGE_SHIFT
    li t1, (8 << 60) | (1 << 44)
    or s4, t0, t1
    li t1, (1 << 44) + 1
    add s7, s4, t1
    csrw satp, s4

    /* AUIPC and links tell where code runs, though it is one page. */
    la t1, position
    la t2, position_end
    mv t3, s2
2:  lw t0, 0(t1)
    sw t0, 0(t3)
    addi t1, t1, 4
    addi t3, t3, 4
    bltu t1, t2, 2b
    fence.i
    map s5, 1, s2, (PTE_V | PTE_X | PTE_A)
    map s5, 2, s2, (PTE_V | PTE_X | PTE_A)
    map s5, 3, s2, PTE_RW
    sfence.vma
    li s1, 3
3:  RUNS(FIRST, FIRST)
    CHECK(a1, FIRST + 8)
    RUNS(SECOND, SECOND)
    CHECK(a1, SECOND + 8)
    addi s1, s1, -1
    bnez s1, 3b

    /* Stores through a third address change it at both. */
    li s1, 20
4:  li t1, DATA
    slli t0, s1, 20
    li t2, INSN_LI(0)
    or t0, t0, t2
    li t2, INSN_ECALL
    lend PRIV_S
    sw t0, 0(t1)
    sw t2, 4(t1)
    take_back
    fence.i
    RUN(PRIV_S, FIRST)
    expect_ecall __LINE__, CAUSE_ECALL_S
    CHECK_EQ(a0, s1)
    RUN(PRIV_S, SECOND)
    CHECK_EQ(a0, s1)
    addi s1, s1, -1
    bnez s1, 4b

    /* One address, another page: after a fence; in another address space,
     * which needs none. */
    li t0, INSN_LI(100) | INSN_ECALL << 32
    sd t0, 0(s2)
    li t0, INSN_LI(200) | INSN_ECALL << 32
    sd t0, 0(s3)
    fence.i
    map s6, 1, s3, (PTE_V | PTE_X | PTE_A)
    sfence.vma
    li s1, 10
5:  csrw satp, s4
    RUNS(FIRST, 100)
    csrw satp, s7
    RUNS(FIRST, 200)
    addi s1, s1, -1
    bnez s1, 5b
    csrw satp, s4
    li s1, 10
    li t1, FIRST
6:  map s5, 1, s3, (PTE_V | PTE_X | PTE_A)
    sfence.vma t1
    RUNS(FIRST, 200)
    map s5, 1, s2, (PTE_V | PTE_X | PTE_A)
    li t1, FIRST
    sfence.vma t1
    RUNS(FIRST, 100)
    li t1, FIRST
    addi s1, s1, -1
    bnez s1, 6b

    /* Code that ran in one mode does not in the other. */
    RUN(PRIV_U, FIRST)
    CHECK(s8, CAUSE_FETCH_PAGE)
    CHECK_EQ(s9, t0)
    CHECK_EQ(s10, t0)
    RUNS(FIRST, 100)
    map s5, 1, s2, (PTE_V | PTE_X | PTE_A | PTE_U)
    sfence.vma
    RUN(PRIV_U, FIRST)
    expect_ecall __LINE__, CAUSE_ECALL_U
    CHECK(a0, 100)
    RUN(PRIV_S, FIRST)
    CHECK(s8, CAUSE_FETCH_PAGE)
    /* Nor after its page has gone. */
    sd zero, 8(s5)
    sfence.vma
    RUN(PRIV_U, FIRST)
    CHECK(s8, CAUSE_FETCH_PAGE)

    /* SUM, MXR and the mode that M-mode borrows count at once, without a fence. */
    map s5, 3, s2, (PTE_V | PTE_X | PTE_A | PTE_U)
    sfence.vma
    li s1, DATA
    csr_field mstatus, MSTATUS_SUM, MSTATUS_MXR
    li s0, 3
7:  HERE
    lend PRIV_U
    ld a0, 0(s1)
    take_back
    lend PRIV_S
    TRAPS_WITH(CAUSE_LOAD_PAGE, s1, ld a0, 0(s1))
    csr_field mstatus, 0, MSTATUS_SUM
    HERE
    lend PRIV_S
    ld a0, 0(s1)
    take_back
    csr_field mstatus, MSTATUS_MXR, 0
    lend PRIV_S
    TRAPS_WITH(CAUSE_LOAD_PAGE, s1, ld a0, 0(s1))
    lend PRIV_U
    TRAPS_WITH(CAUSE_LOAD_PAGE, s1, ld a0, 0(s1))
    csr_field mstatus, MSTATUS_SUM, MSTATUS_MXR
    addi s0, s0, -1
    bnez s0, 7b

    PASS

    /* a0 is where it runs, a1 the link of its second instruction. */
position:
    auipc a0, 0
    jal a1, 8f
8:  ecall
position_end:
