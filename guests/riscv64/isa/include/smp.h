/* Several harts in one program. */
#ifndef SMP_H
#define SMP_H

#include "test.h"

/* Waits until HARTS harts have come here; s0 holds the hart's number. All that
 * they stored before is visible to all after. Uses t0 to t2. */
#define BARRIER barrier
.macro barrier
    la t0, barrier_count
    fence rw, rw
    li t1, 1
    amoadd.w.aqrl t1, t1, (t0)
    li t2, HARTS
    /* The end of the round that this hart has come in. */
    divu t1, t1, t2
    addi t1, t1, 1
    mul t1, t1, t2
.Lwait\@:
    lw t2, 0(t0)
    bltu t2, t1, .Lwait\@
    fence rw, rw
.endm

    .bss
    .balign 64
barrier_count:
    .word 0
    .balign 64

/* Harts that are none of the program's sleep. */
.macro begin_smp
    begin
    li t0, HARTS
    bgeu a0, t0, idle
    mv s0, a0
    j 1f
idle:
    wfi
    j idle
1:
.endm

#endif
