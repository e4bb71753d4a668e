/* A kernel of its own: S-mode serves U-mode's page faults, system calls and
 * timer, as kernels do. M-mode only starts it. */
#include "pte.h"
#include "test.h"

/* Entry 2 of the root maps the program itself for S-mode, entry 1 U-mode's pages. */
#define USER_CODE (1 << 30)
#define USER_DATA (USER_CODE + 0x10000)
#define USER_PAGES 64
#define TICKS 20
#define TICK 300

/* What the kernel counts, at `counters`. */
#define FAULTS 0
#define CALLS 8
/* System calls, in a7. */
#define CALL_DONE 1
#define CALL_ADD 2

    .bss
    .balign 4096
root:
    .space 4096
middle:
    .space 4096
lowest:
    .space 4096
free:                           /* pages that faults hand out */
    .space USER_PAGES * 4096
user_page:
    .space 4096
    .balign 64
kernel_stack:
    .space 512
kernel_stack_top:
counters:
    .space 16
next_free:
    .dword 0

    begin
    open_memory
    li a0, MENVCFG_ADUE | MENVCFG_STCE
    csrw menvcfg, a0
    csrwi mcounteren, 7         /* stimecmp needs TM */
    li a0, (1 << CAUSE_ECALL_U) | (1 << CAUSE_FETCH_PAGE) | (1 << CAUSE_LOAD_PAGE) | (1 << CAUSE_STORE_PAGE)
    csrw medeleg, a0
    li a0, 1 << IRQ_STI
    csrw mideleg, a0
    la a0, root
    la a1, middle
    make_pte a2, a1, PTE_V
    sd a2, 8(a0)
    li a3, 0x80000000
    make_pte a2, a3, (PTE_RWX | PTE_G)
    sd a2, 16(a0)
    la a2, lowest
    make_pte a3, a2, PTE_V
    sd a3, 0(a1)
    srli a0, a0, PAGE_SHIFT
    li a1, (8 << 60) | (9 << 44)
    or a0, a0, a1
    csrw satp, a0
    sfence.vma
    HERE
    la s11, verdict_of_kernel
    enter PRIV_S, kernel
    /* The kernel calls M-mode when it is done. */
verdict_of_kernel:
    CHECK(s8, CAUSE_ECALL_S)
    CHECK(s10, 0)
    csrw satp, zero
    la s0, counters
    ld a0, FAULTS(s0)
    CHECK(a0, USER_PAGES + 1)
    ld a0, CALLS(s0)
    CHECK(a0, 101)
    li a1, TICKS
    bgeu s4, a1, 1f
    j fail
    /* U-mode's sum of what it stored. */
1:  CHECK(s2, USER_PAGES * (USER_PAGES - 1) / 2)
    CHECK(s3, 100 * 7)
    PASS

    /* S-mode. */
kernel:
    la a0, supervisor_trap
    csrw stvec, a0
    la a0, kernel_stack_top
    csrw sscratch, a0
    la a0, free
    la a1, next_free
    sd a0, 0(a1)
    /* U-mode's code: copied to its page. */
    la a0, user
    la a1, user_end
    la a2, user_page
1:  lw a3, 0(a0)
    sw a3, 0(a2)
    addi a0, a0, 4
    addi a2, a2, 4
    bltu a0, a1, 1b
    fence.i
    csrr a0, time
    addi a0, a0, TICK
    csrw stimecmp, a0
    li a0, 1 << IRQ_STI
    csrw sie, a0
    li a0, MSTATUS_SPP | MSTATUS_SUM
    csrc sstatus, a0
    li a0, MSTATUS_SPIE
    csrs sstatus, a0
    li a0, USER_CODE
    csrw sepc, a0
    sret

    .balign 4
supervisor_trap:
    csrrw sp, sscratch, sp
    addi sp, sp, -64
    sd t0, 0(sp)
    sd t1, 8(sp)
    sd t2, 16(sp)
    sd t3, 24(sp)
    sd t6, 32(sp)
    csrr t0, scause
    bltz t0, timer
    li t1, CAUSE_ECALL_U
    beq t0, t1, system_call

    /* A page fault: code gets its page, data a fresh one, kept from then on. */
    la t1, counters
    ld t2, FAULTS(t1)
    addi t2, t2, 1
    sd t2, FAULTS(t1)
    csrr t1, stval
    li t2, CAUSE_FETCH_PAGE
    la t3, user_page
    li t6, PTE_V | PTE_X | PTE_U | PTE_A
    beq t0, t2, 2f
    la t2, next_free
    ld t3, 0(t2)
    li t6, 4096
    add t6, t3, t6
    sd t6, 0(t2)
    li t6, PTE_V | PTE_R | PTE_W | PTE_U    /* A and D come by themselves */
2:  srli t3, t3, PAGE_SHIFT
    slli t3, t3, 10
    or t3, t3, t6
    srli t2, t1, PAGE_SHIFT
    andi t2, t2, 0x1ff
    slli t2, t2, 3
    la t6, lowest
    add t2, t2, t6
    sd t3, 0(t2)
    sfence.vma t1
    j leave

timer:
    addi s4, s4, 1
    csrr t0, time
    addi t0, t0, TICK
    csrw stimecmp, t0
    j leave

system_call:
    la t1, counters
    ld t2, CALLS(t1)
    addi t2, t2, 1
    sd t2, CALLS(t1)
    csrr t0, sepc
    addi t0, t0, 4
    csrw sepc, t0
    li t1, CALL_DONE
    beq a7, t1, done
    addi s3, s3, 7              /* CALL_ADD */
leave:
    ld t0, 0(sp)
    ld t1, 8(sp)
    ld t2, 16(sp)
    ld t3, 24(sp)
    ld t6, 32(sp)
    addi sp, sp, 64
    csrrw sp, sscratch, sp
    sret
done:
    csrw sie, zero
    ecall

    /* U-mode: runs at USER_CODE. */
    .balign 4
    .option norvc
user:
    li s3, 0
    li s4, 0
    /* Touches every page, then sums up. */
    li a0, USER_DATA
    li a1, 0
    li a2, USER_PAGES
    li a3, 4096
3:  sd a1, 0(a0)
    add a0, a0, a3
    addi a1, a1, 1
    bne a1, a2, 3b
    li a0, USER_DATA
    li s2, 0
4:  ld a4, 0(a0)
    add s2, s2, a4
    ld a4, 8(a0)
    add a0, a0, a3
    addi a2, a2, -1
    bnez a2, 4b
    /* System calls. */
    li a0, 100
5:  li a7, CALL_ADD
    ecall
    addi a0, a0, -1
    bnez a0, 5b
    /* Until the timer has interrupted often enough, which s4 tells. */
    li a1, TICKS
6:  bltu s4, a1, 6b
    li a7, CALL_DONE
    ecall
user_end:
