# An integer loop as compilers write them: loads, stores, shifts, multiplies,
# compares: 250,000 rounds of 16 instructions, then a store to the stop register.
# Assemble with -march=rv64gc, link at 0x80000000, keep the raw bytes in integer.bin.
    .option norelax
    la      t0, table
    li      t1, 0
    li      a1, 2000000
    li      a2, 0x9e3779b9
1:  andi    t2, t1, 0x1f8
    add     t2, t2, t0
    ld      t3, 0(t2)
    xor     t3, t3, a2
    slli    t4, t3, 13
    xor     t3, t3, t4
    srli    t4, t3, 7
    xor     t3, t3, t4
    mul     t5, t3, a2
    add     a3, a3, t5
    sd      t3, 0(t2)
    addiw   t6, t1, 3
    sltu    a4, t6, t3
    add     a5, a5, a4
    addi    t1, t1, 8
    bltu    t1, a1, 1b
    li      t0, 0x100000
    sd      a3, 0(t0)
2:  j       2b
    .balign 4096
table:
