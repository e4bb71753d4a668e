/* F: rounding modes, flags, the state of the unit, boxes, memory. */
#include "single.h"

    begin
    float_on

    /* Static rounding modes do not look at frm. */
    .macro load_single reg, bits
    li a0, \bits
    fmv.w.x \reg, a0
    .endm
    load_single fa1, 0x3f800000
    load_single fa2, 0x40400000
    csrwi frm, RUP
    fdiv.s fa0, fa1, fa2, rtz
    fmv.x.w a0, fa0
    CHECK(a0, 0x3eaaaaaa)
    csrwi frm, RTZ
    fdiv.s fa0, fa1, fa2, rup
    fmv.x.w a0, fa0
    CHECK(a0, 0x3eaaaaab)
    csrwi frm, 5
    fdiv.s fa0, fa1, fa2, rdn
    fmv.x.w a0, fa0
    CHECK(a0, 0x3eaaaaaa)
    fdiv.s fa0, fa1, fa2, rmm
    fmv.x.w a0, fa0
    CHECK(a0, 0x3eaaaaab)
    /* Instructions that do not round do not care. */
    HERE
    fmin.s fa0, fa1, fa2
    fsgnj.s fa0, fa1, fa2
    feq.s a0, fa1, fa2
    fclass.s a0, fa1
    fmv.x.w a0, fa0
    flw fa3, -4(sp)
    /* Reserved modes are illegal, static ones and those in frm. */
    .irp mode, 5, 6, 7
    csrwi frm, \mode
    ILLEGAL(0x00c5f553)         /* fadd.s fa0, fa1, fa2, dyn */
    ILLEGAL(0x5805f553)         /* fsqrt.s fa0, fa1, dyn */
    ILLEGAL(0xc005f553)         /* fcvt.w.s a0, fa1, dyn */
    ILLEGAL(0x68c5f543)         /* fmadd.s fa0, fa1, fa2, fa3, dyn */
    .endr
    csrwi frm, 0
    ILLEGAL(0x00c5d553)         /* fadd.s fa0, fa1, fa2, 5 */
    ILLEGAL(0x00c5e553)         /* fadd.s fa0, fa1, fa2, 6 */
    ILLEGAL(0x58c5f553)         /* fsqrt.s with rs2 */
    ILLEGAL(0x04c5f553)         /* fadd of a precision that nobody has */

    /* The same instruction, run before, after and while the unit is off, or
     * the mode in frm is reserved. */
    li s2, 3
1:  HERE
    jal add_dynamically
    csrwi frm, 5
    HERE
    la s11, 2f
    j add_dynamically
2:  CHECK(s8, CAUSE_ILLEGAL)
    la a0, add_dynamically
    CHECK_EQ(s9, a0)
    csrwi frm, RMM
    HERE
    jal add_dynamically
    csrwi frm, RNE
    li a0, MSTATUS_FS
    csrc mstatus, a0
    HERE
    la s11, 3f
    j add_dynamically
3:  CHECK(s8, CAUSE_ILLEGAL)
    csr_field mstatus, MSTATUS_FS, (1 << MSTATUS_FS_SHIFT)
    addi s2, s2, -1
    bnez s2, 1b
    j 4f
add_dynamically:
    fadd.s fa0, fa1, fa2
    ret
4:
    /* And with different modes in turn. */
    li a0, 0x33800000           /* 2^-24 */
    fmv.w.x fa2, a0
    li s2, 2
5:  csrwi frm, RUP
    jal add_dynamically
    fmv.x.w a0, fa0
    CHECK(a0, 0x3f800001)
    csrwi frm, RDN
    jal add_dynamically
    fmv.x.w a0, fa0
    CHECK(a0, 0x3f800000)
    csrwi frm, RMM
    jal add_dynamically
    fmv.x.w a0, fa0
    CHECK(a0, 0x3f800001)
    csrwi frm, RNE
    jal add_dynamically
    fmv.x.w a0, fa0
    CHECK(a0, 0x3f800000)
    addi s2, s2, -1
    bnez s2, 5b
    load_single fa2, 0x40400000

    /* Flags accrue. */
    csrw fflags, zero
    fdiv.s fa0, fa1, fa2
    fsub.s fa3, fa1, fa1
    fdiv.s fa0, fa1, fa3
    fsqrt.s fa0, fa0
    csrr a0, fflags
    CHECK(a0, NX | DZ)
    fdiv.s fa0, fa3, fa3
    csrr a0, fflags
    CHECK(a0, NX | DZ | NV)
    csrrw a1, fflags, zero
    CHECK(a1, NX | DZ | NV)
    csrr a0, fflags
    CHECK(a0, 0)

    /* Writing a register or a flag makes the state dirty. */
#define CHECK_FS(want) \
    csrr a0, mstatus; srli a0, a0, MSTATUS_FS_SHIFT; andi a0, a0, 3; CHECK(a0, want)
    .macro clean
    csr_field mstatus, MSTATUS_FS, (2 << MSTATUS_FS_SHIFT)
    .endm
    clean
    fmv.x.w a0, fa1
    CHECK_FS(2)
    fadd.s fa0, fa1, fa2
    CHECK_FS(3)
    clean
    flw fa0, -4(sp)
    CHECK_FS(3)
    clean
    fmv.w.x fa0, a0
    CHECK_FS(3)
    clean
    csrw fflags, zero
    CHECK_FS(3)
    clean
    fsw fa0, -4(sp)
    CHECK_FS(2)

    /* Loads box, stores take the lower half whatever is above. */
    li a0, 0x8899aabb12345678
    sd a0, -16(sp)
    flw fa0, -12(sp)
    fmv.x.d a0, fa0
    CHECK(a0, S(0x8899aabb))
    li a0, 0x0123456789abcdef
    fmv.d.x fa0, a0
    fsw fa0, -16(sp)
    ld a0, -16(sp)
    CHECK(a0, 0x8899aabb89abcdef)
    flw fa0, -15(sp)
    fmv.x.w a0, fa0
    CHECK(a0, 0xffffffffbb89abcd)
    fsw fa0, -13(sp)
    lwu a0, -13(sp)
    CHECK(a0, 0xbb89abcd)
    li a1, NOWHERE
    TRAPS_WITH(CAUSE_LOAD_ACCESS, a1, flw fa0, 0(a1))
    TRAPS_WITH(CAUSE_STORE_ACCESS, a1, fsw fa0, 0(a1))

    PASS
