/* Many pages: more translations than any TLB holds, changed one by one. */
#include "pte.h"
#include "test.h"

/* Lowest tables, of 512 entries each; pages behind them. */
#define TABLES 8
#define VPAGES (TABLES * 512)
#define PAGES 16
#define BASE (1 << 30)

    .bss
    .balign 4096
root:
    .space 4096
middle:
    .space 4096
lowests:
    .space TABLES * 4096
pages:
    .space PAGES * 4096

    /* rd = the page of virtual page `number`: in 0 to PAGES - 1, all mixed. */
    .macro page_of rd, number, salt
    li t0, 0x9e3779b1
    add \rd, \number, \salt
    mul \rd, \rd, t0
    srli \rd, \rd, 20
    andi \rd, \rd, PAGES - 1
    .endm
    /* Maps virtual page s1; uses a0 and a1. */
    .macro map salt
    page_of a0, s1, \salt
    slli a0, a0, PAGE_SHIFT
    add a0, a0, s4
    make_pte a0, a0, PTE_RW
    slli a1, s1, 3
    add a1, a1, s3
    sd a0, 0(a1)
    .endm
    /* Virtual page s1 must lead to its page. */
    .macro expect salt
    page_of a1, s1, \salt
    slli a0, s1, PAGE_SHIFT
    add a0, a0, s5
    lend PRIV_S
    ld a0, 0(a0)
    take_back
    CHECK_EQ(a0, a1)
    .endm
    /* Visits all pages: s1 is the number, in steps that are far apart. */
    .macro each body:vararg
    li s1, 0
    li s2, VPAGES
.Lnext\@:
    \body
    li t0, 1237
    add s1, s1, t0
    li t0, VPAGES - 1
    and s1, s1, t0
    addi s2, s2, -1
    bnez s2, .Lnext\@
    .endm

    begin
    open_memory
    csrw menvcfg, zero
    la s3, lowests
    la s4, pages
    li s5, BASE
    li s6, 0                    /* salts */
    li s7, 12345
    la a0, root
    la a1, middle
    make_pte a2, a1, PTE_V
    sd a2, 8(a0)
    li a3, TABLES
    mv a4, s3
1:  make_pte a2, a4, PTE_V
    sd a2, 0(a1)
    addi a1, a1, 8
    li a5, 4096
    add a4, a4, a5
    addi a3, a3, -1
    bnez a3, 1b
    srli a0, a0, PAGE_SHIFT
    li a1, 8 << 60
    or a0, a0, a1
    csrw satp, a0
    /* Each page knows its number. */
    li a0, PAGES
    mv a1, s4
    li a2, 0
2:  sd a2, 0(a1)
    add a1, a1, a5
    addi a2, a2, 1
    bne a2, a0, 2b

    each map s6
    sfence.vma
    each expect s6
    each expect s6

    /* Every second page leads elsewhere, each after a fence of its own. */
    .macro remap_odd
    andi t0, s1, 1
    beqz t0, .Lskip\@
    map s7
    slli a0, s1, PAGE_SHIFT
    add a0, a0, s5
    sfence.vma a0
    expect s7
.Lskip\@:
    .endm
    each remap_odd
    .macro expect_mixed
    andi t0, s1, 1
    beqz t0, .Leven\@
    expect s7
    j .Lboth\@
.Leven\@:
    expect s6
.Lboth\@:
    .endm
    each expect_mixed

    /* Gone at once, all of them. */
    .macro unmap
    slli a1, s1, 3
    add a1, a1, s3
    sd zero, 0(a1)
    .endm
    each unmap
    sfence.vma
    .macro expect_none
    slli a4, s1, PAGE_SHIFT
    add a4, a4, s5
    lend PRIV_S
    TRAPS_WITH(CAUSE_LOAD_PAGE, a4, ld a0, 0(a4))
    .endm
    each expect_none

    PASS
