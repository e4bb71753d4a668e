/* Zawrs: waiting on a reservation ends, at the latest when an interrupt pends. */
#include "test.h"

    .bss
    .balign 64
cell:
    .dword 0

    begin
    la s0, cell

    /* Without a reservation there is nothing to wait for. */
    sc.d a1, zero, (s0)
    HERE
    wrs.nto
    wrs.sto
    /* With one, a short wait ends by itself. */
    lr.d a0, (s0)
    wrs.sto
    /* A pending enabled interrupt ends a long one, taken or not. */
    li a0, 1 << IRQ_SSI
    csrw mie, a0
    csrw mip, a0
    lr.d a0, (s0)
    HERE
    wrs.nto
    csrw mip, zero
    csrw mie, zero

    /* Legal in every mode. */
    open_memory
    csrw mideleg, zero
    HERE
    la s11, 2f
    enter PRIV_U, 1f
    .balign 4
1:  wrs.sto
    ecall
2:  li a0, CAUSE_ECALL_U
    CHECK_EQ(s8, a0)

    PASS
