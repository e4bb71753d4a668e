/* Two harts: one writes the code that the other runs. */
#define HARTS 2
#include "smp.h"

#define VERSIONS 500
#define NOTICED 50
#define INSN_RET 0x00008067
/* addi a0, zero, 0 */
#define INSN_LI 0x00000513

    .bss
    .balign 4096
function:
    .space 64
beside:                         /* data in the same page */
    .dword 0
    .balign 4096
published:
    .dword 0
    .balign 64
executed:
    .dword 0
    .balign 64
noticed:
    .dword 0

    begin_smp
    .option norvc
    la s2, function
    la s3, published
    la s4, executed
    la s7, beside
    li s5, 0
    bnez s0, run

    /* Every version is announced, and run before the next is written. */
write:
    addi s5, s5, 1
    slli a0, s5, 20
    li a1, INSN_LI
    add a0, a0, a1
    sw a0, 0(s2)
    li a0, INSN_RET
    sw a0, 4(s2)
    fence w, w
    sd s5, 0(s3)
1:  ld a0, 0(s4)
    sd a0, 0(s7)                /* stores beside running code */
    bne a0, s5, 1b
    li a0, VERSIONS
    bne s5, a0, write
    barrier

    /* Unannounced: the other must come to see each change by itself. */
    la s4, noticed
    li s5, 0
2:  addi s5, s5, 1
    slli a0, s5, 20
    li a1, INSN_LI
    add a0, a0, a1
    sw a0, 0(s2)
3:  ld a0, 0(s4)
    bne a0, s5, 3b
    li a0, NOTICED
    bne s5, a0, 2b
    barrier
    PASS

run:
    ld a0, 0(s3)
    beq a0, s5, run
    mv s5, a0
    fence.i
    jalr s2
    HERE
    CHECK_EQ(a0, s5)
    sd s5, 0(s4)
    li a0, VERSIONS
    bne s5, a0, run
    barrier
    la s4, noticed
    li s5, VERSIONS
4:  fence.i
    jalr s2
    beq a0, s5, 4b
    /* Versions come in order. */
    li gp, __LINE__
    li a1, VERSIONS
    beq s5, a1, 5f
    addi a1, s5, 1
    CHECK_EQ(a0, a1)
5:  mv s5, a0
    sd s5, 0(s4)
    li a0, NOTICED
    bne s5, a0, 4b
    barrier
    j idle
