/* Two harts: whatever one stores takes the other's reservation away. */
#define HARTS 2
#include "smp.h"

#define ROUNDS 50

    .macro amocas.d rd, rs2, rs1
    .insn r 0x2f, 3, 0x14, \rd, \rs1, \rs2
    .endm

    .bss
    .balign 64
cell:
    .dword 0

    /* Hart 0 reserves, hart 1 stores, hart 0 fails and finds `after`. Hart 1's
     * store leaves the value as it was if it can. */
#define BROKEN_BY(after, ...) broken_by __LINE__, STR(after), __VA_ARGS__
    .macro broken_by line, after, store:vararg
    bnez s0, .Lother\@
    lr.d a0, (s1)
    barrier
    barrier
    li a2, 99
    sc.d a1, a2, (s1)
    li gp, \line
    bnez a1, .Lfailed\@
    j fail
.Lfailed\@:
    ld a0, 0(s1)
    CHECK(a0, \after)
    j .Lend\@
.Lother\@:
    barrier
    \store
    barrier
.Lend\@:
    barrier
    .endm

    begin_smp
    la s1, cell
    li s2, ROUNDS
    li s3, 5
again:
    barrier
    bnez s0, 1f
    sd s3, 0(s1)
1:  barrier
    BROKEN_BY(5, sd s3, 0(s1))
    BROKEN_BY(5, sb zero, 7(s1))
    BROKEN_BY(5, sw zero, 4(s1))
    BROKEN_BY(5, sh s3, 0(s1))
    BROKEN_BY(5, amoadd.d zero, zero, (s1))
    BROKEN_BY(5, amoor.w zero, zero, (s1))
    BROKEN_BY(5, amoswap.d zero, s3, (s1))
    .macro pair
2:  lr.d a0, (s1)
    sc.d a1, a0, (s1)
    bnez a1, 2b
    .endm
    BROKEN_BY(5, pair)
    .macro swap
    li a0, 5
    amocas.d a0, s3, s1
    .endm
    BROKEN_BY(5, swap)
    .macro misaligned
    sd zero, 3(s1)
    .endm
    BROKEN_BY(5, misaligned)
    .macro float
    csr_field mstatus, MSTATUS_FS, (1 << MSTATUS_FS_SHIFT)
    fmv.d.x fa0, s3
    fsd fa0, 0(s1)
    .endm
    BROKEN_BY(5, float)
    BROKEN_BY(0, cbo.zero 0(s1))

    addi s2, s2, -1
    bnez s2, again
    barrier
    bnez s0, idle
    PASS
