# The fuzzer's harness: runs the records of its payload one after the other, each
# from a state of its own, and leaves a signature of what each one did.
#
# xtask/src/fuzz/abi.rs describes records and signatures to the fuzzer.

    .option norvc
    .option norelax
    .option arch, +zbb

# Physical memory that random instructions load from and store to.
    .equ WINDOW, 0x180000000
    .equ WINDOW_BYTES, 0x4000
# The records lie in a gigabyte that is also mapped here, for S-mode only.
    .equ ALIAS_DISTANCE, 0x100000000
    .equ CLINT_MTIMECMP, 0x2004000

# Words of a record.
    .equ R_BYTES, 0*8
    .equ R_CODE, 1*8
    .equ R_END, 2*8
    .equ R_MSTATUS, 3*8
    .equ R_SATP, 4*8
    .equ R_MEDELEG, 5*8
    .equ R_MIDELEG, 6*8
    .equ R_MIE, 7*8
    .equ R_MIP, 8*8
    .equ R_MENVCFG, 9*8
    .equ R_SENVCFG, 10*8
    .equ R_MCOUNTEREN, 11*8
    .equ R_SCOUNTEREN, 12*8
    .equ R_FCSR, 13*8
    .equ R_ALIAS, 14*8          # 0 or ALIAS_DISTANCE
    .equ R_CODE_PTE, 15*8
    .equ R_PMPCFG0, 16*8
    .equ R_PMPCFG2, 17*8
    .equ R_PMPADDR2, 18*8       # to pmpaddr14
    .equ R_WINDOW_PTES, 31*8    # 16 of 4 KiB
    .equ R_LARGE_PTE, 47*8      # one of 2 MiB
    .equ R_FILL, 48*8
    .equ R_X1, 49*8             # to x31
    .equ R_F0, 80*8             # to f31
    .equ RECORD_WORDS, 112

# Words of a signature.
    .equ S_X1, 0*8
    .equ S_F0, 31*8
    .equ S_FCSR, 63*8
    .equ S_CSRS, 64*8           # 17 of them
    .equ S_MEMORY, 81*8
    .equ S_TABLES, 82*8
    .equ S_TRAPS, 83*8
    .equ S_TRAP_HASH, 84*8
    .equ S_RETIRED, 85*8
    .equ S_LOG, 86*8            # the last 8 traps, 4 words each
    .equ SIGNATURE_BYTES, 118*8

# The context, to which mscratch and sscratch point.
    .equ C_T0, 0*8
    .equ C_T1, 1*8
    .equ C_T2, 2*8
    .equ C_T3, 3*8
    .equ C_T4, 4*8
    .equ C_RECORD, 5*8
    .equ C_LEFT, 6*8
    .equ C_SIGNATURE, 7*8
    .equ C_CODE, 8*8
    .equ C_END, 9*8
    .equ C_ALIAS, 10*8
    .equ C_FACTOR, 11*8
    .equ C_TRAPS, 12*8
    .equ C_TRAP_HASH, 13*8
    .equ C_OVERHEAD, 14*8
    .equ C_INSTRET, 15*8
    .equ C_LOG, 16*8

    .text
    .globl _start
_start:
    csrw mie, zero
    la t0, m_trap
    csrw mtvec, t0
    # The timer of a board that has one: never.
    li t0, CLINT_MTIMECMP
    li t1, -1
    sd t1, 0(t0)
    call build_tables
    call lock_memory
    la sp, context
    li t0, 0x9e3779b97f4a7c15
    sd t0, C_FACTOR(sp)
    la t0, begin_signature
    sd t0, C_SIGNATURE(sp)
    la t0, payload
    ld t1, 0(t0)
    sd t1, C_LEFT(sp)
    addi t0, t0, 8
    sd t0, C_RECORD(sp)
    j next_record

# The constant parts of the page tables. A table of one level serves the levels
# above as their first table.
build_tables:
    la t0, window_table
    srli t0, t0, 2
    ori t0, t0, 1
    la t1, window_directory
    sd t0, 0(t1)
    srli t1, t1, 2
    ori t1, t1, 1
    la t2, root39
    sd t1, 6*8(t2)
    li t1, (0x140000000 >> 2) | 0xef        # D A G X W R V, S-mode only
    sd t1, 9*8(t2)
    srli t1, t2, 2
    ori t1, t1, 1
    la t2, root48
    sd t1, 0(t2)
    srli t1, t2, 2
    ori t1, t1, 1
    la t2, root57
    sd t1, 0(t2)
    ret

# For all modes, for good: nothing below 4 GiB, where boards differ, and no
# stores to harness and payload. The last entry opens the rest.
lock_memory:
    li t0, (0x100000000 >> 3) - 1
    csrw pmpaddr0, t0
    li t0, (0x140000000 >> 2) | ((0x800000 >> 3) - 1)
    csrw pmpaddr1, t0
    li t0, -1
    csrw pmpaddr15, t0
    li t0, 0x1f << 56
    csrw pmpcfg2, t0
    li t0, 0x9d98
    csrw pmpcfg0, t0
    ret

next_record:
    ld t0, C_LEFT(sp)
    beqz t0, all_done
    addi t0, t0, -1
    sd t0, C_LEFT(sp)
    ld s0, C_RECORD(sp)

    # Counts and logs.
    sd zero, C_TRAPS(sp)
    sd zero, C_TRAP_HASH(sp)
    sd zero, C_OVERHEAD(sp)
    addi t0, sp, C_LOG
    addi t1, t0, 32*8
1:  sd zero, 0(t0)
    addi t0, t0, 8
    bne t0, t1, 1b
    ld t0, R_CODE(s0)
    add t0, t0, s0
    sd t0, C_CODE(sp)
    csrw mepc, t0
    ld t0, R_END(s0)
    add t0, t0, s0
    sd t0, C_END(sp)

    # Memory and page tables.
    ld t0, R_FILL(s0)
    li t1, WINDOW
    li t2, WINDOW_BYTES
    add t2, t2, t1
    li t3, 0x5851f42d4c957f2d
    li t4, 0x14057b7ef767814f
1:
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7
    mul t0, t0, t3
    add t0, t0, t4
    sd t0, (8*\n)(t1)
    .endr
    addi t1, t1, 64
    bne t1, t2, 1b
    la t0, window_table
    addi t1, s0, R_WINDOW_PTES
    addi t2, t1, 16*8
1:  ld t3, 0(t1)
    sd t3, 0(t0)
    addi t0, t0, 8
    addi t1, t1, 8
    bne t1, t2, 1b
    ld t0, R_LARGE_PTE(s0)
    la t1, window_directory
    sd t0, 8(t1)
    ld t0, R_CODE_PTE(s0)
    la t1, root39
    sd t0, 5*8(t1)
    sfence.vma

    # CSRs.
    ld t0, R_SATP(s0)
    csrw satp, t0
    ld t0, R_MENVCFG(s0)
    csrw menvcfg, t0
    # Spike looks at STCE only when the comparand is written.
    li t1, -1
    csrw stimecmp, t1
    ld t0, R_SENVCFG(s0)
    csrw senvcfg, t0
    ld t0, R_MEDELEG(s0)
    csrw medeleg, t0
    ld t0, R_MIDELEG(s0)
    csrw mideleg, t0
    ld t0, R_MIP(s0)
    csrw mip, t0
    ld t0, R_MCOUNTEREN(s0)
    csrw mcounteren, t0
    ld t0, R_SCOUNTEREN(s0)
    csrw scounteren, t0
    .irp n, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14
    ld t0, (R_PMPADDR2 + 8*(\n - 2))(s0)
    csrw pmpaddr\n, t0
    .endr
    ld t0, R_PMPCFG0(s0)
    csrw pmpcfg0, t0
    ld t0, R_PMPCFG2(s0)
    csrw pmpcfg2, t0
    .irp csr, mcause, mtval, sepc, scause, stval
    csrw \csr, zero
    .endr
    csrw mscratch, sp
    ld t0, R_ALIAS(s0)
    sd t0, C_ALIAS(sp)
    add t1, sp, t0
    csrw sscratch, t1
    la t1, s_trap
    add t1, t1, t0
    csrw stvec, t1

    # Floating-point registers.
    li t0, 0x6000
    csrs mstatus, t0
    ld t0, R_FCSR(s0)
    fscsr t0
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    fld f\n, (R_F0 + 8*\n)(s0)
    .endr

    # Off it goes.
    csrr t0, minstret
    sd t0, C_INSTRET(sp)
    addi x31, s0, 0
    ld t0, R_MIE(x31)
    csrw mie, t0
    ld t0, R_MSTATUS(x31)
    csrw mstatus, t0
    .irp n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    ld x\n, (R_X1 + 8*(\n - 1))(x31)
    .endr
    mret
    .equ START_INSNS, 21

# Mixes a register into the hash in t3; t4 is the factor.
    .macro mix register
    xor t3, t3, \register
    mul t3, t3, t4
    rori t3, t3, 23
    .endm

# Enters a trap: t0 and t1 are its cause and address, sp the context.
    .macro enter_trap scratch, cause, epc, tval, status, tag
    csrrw sp, \scratch, sp
    sd t0, C_T0(sp)
    sd t1, C_T1(sp)
    sd t2, C_T2(sp)
    sd t3, C_T3(sp)
    sd t4, C_T4(sp)
    csrr t0, \cause
    csrr t1, \epc
    ld t3, C_TRAPS(sp)
    andi t2, t3, 7
    slli t2, t2, 5
    add t2, t2, sp
    addi t3, t3, 1
    sd t3, C_TRAPS(sp)
    ld t3, C_TRAP_HASH(sp)
    ld t4, C_FACTOR(sp)
    sd t0, (C_LOG + 0)(t2)
    sd t1, (C_LOG + 8)(t2)
    mix t0
    mix t1
    csrr t1, \tval
    sd t1, (C_LOG + 16)(t2)
    mix t1
    csrr t1, \status
    xori t1, t1, \tag
    sd t1, (C_LOG + 24)(t2)
    mix t1
    sd t3, C_TRAP_HASH(sp)
    csrr t1, \epc
    .endm

# Leaves the instruction at the address in t1 behind, which lies t2 from where
# it can be read.
    .macro skip_instruction epc
    add t3, t1, t2
    lhu t3, 0(t3)
    andi t3, t3, 3
    addi t3, t3, -3
    seqz t3, t3
    addi t3, t3, 1
    slli t3, t3, 1
    add t1, t1, t3
    csrw \epc, t1
    .endm

    .macro leave_trap scratch
    ld t3, C_T3(sp)
    ld t4, C_T4(sp)
    ld t2, C_T2(sp)
    ld t1, C_T1(sp)
    ld t0, C_T0(sp)
    csrrw sp, \scratch, sp
    .endm

# Notes the instructions of one trap as the harness's own.
    .equ TRAP_INSNS, 62
    .macro count_overhead
    ld t2, C_OVERHEAD(sp)
    addi t2, t2, TRAP_INSNS
    sd t2, C_OVERHEAD(sp)
    .endm

    .balign 4
m_trap:
    enter_trap mscratch, mcause, mepc, mtval, mstatus, 0
    count_overhead
    ld t2, C_CODE(sp)
    bltu t1, t2, finish
    ld t2, C_END(sp)
    bgeu t1, t2, finish
    bltz t0, m_interrupt
    mv t2, zero
    skip_instruction mepc
m_return:
    leave_trap mscratch
    mret
m_interrupt:
    csrw mie, zero
    j m_return

# What S-mode handles itself. It asks M-mode to finish, by a call from an
# address that is none of the record's.
    .balign 4
s_trap:
    enter_trap sscratch, scause, sepc, stval, sstatus, 1
    count_overhead
    ld t2, C_CODE(sp)
    bltu t1, t2, s_finish
    ld t2, C_END(sp)
    bgeu t1, t2, s_finish
    bltz t0, s_interrupt
    ld t2, C_ALIAS(sp)
    skip_instruction sepc
s_return:
    leave_trap sscratch
    sret
s_interrupt:
    csrw sie, zero
    j s_return
s_finish:
    leave_trap sscratch
    ecall

# Writes the signature. sp is the context, t0 to t4 are in it, sp in mscratch.
finish:
    csrr t0, minstret
    ld t1, C_INSTRET(sp)
    sub t0, t0, t1
    ld t1, C_OVERHEAD(sp)
    sub t1, t0, t1
    addi t1, t1, -START_INSNS
    ld t0, C_SIGNATURE(sp)
    sd t1, S_RETIRED(t0)

    .irp n, 1, 3, 4, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 30, 31
    sd x\n, (S_X1 + 8*(\n - 1))(t0)
    .endr
    csrrw t1, mscratch, sp
    sd t1, (S_X1 + 8*1)(t0)
    ld t1, C_T0(sp)
    sd t1, (S_X1 + 8*4)(t0)
    ld t1, C_T1(sp)
    sd t1, (S_X1 + 8*5)(t0)
    ld t1, C_T2(sp)
    sd t1, (S_X1 + 8*6)(t0)
    ld t1, C_T3(sp)
    sd t1, (S_X1 + 8*27)(t0)
    ld t1, C_T4(sp)
    sd t1, (S_X1 + 8*28)(t0)

    .set slot, 0
    .irp csr, mstatus, mepc, mcause, mtval, sepc, scause, stval, medeleg, mideleg, mie, mip, menvcfg, senvcfg, mcounteren, scounteren, satp, mtvec
    csrr t1, \csr
    sd t1, (S_CSRS + 8*slot)(t0)
    .set slot, slot + 1
    .endr
    csrw mie, zero
    # An access that an entry matches in part fails in M-mode, too.
    csrw pmpcfg0, zero
    li t1, 0x1f << 56
    csrw pmpcfg2, t1
    li t1, 0x6000
    csrw mstatus, t1
    frcsr t1
    sd t1, S_FCSR(t0)
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    fsd f\n, (S_F0 + 8*\n)(t0)
    .endr

    ld t4, C_FACTOR(sp)
    mv t3, zero
    li t1, WINDOW
    li t2, WINDOW_BYTES
    add t2, t2, t1
1:
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7
    ld t5, (8*\n)(t1)
    mix t5
    .endr
    addi t1, t1, 64
    bne t1, t2, 1b
    sd t3, S_MEMORY(t0)

    mv t3, zero
    la t1, window_table
    addi t2, t1, 16*8
1:  ld t5, 0(t1)
    mix t5
    addi t1, t1, 8
    bne t1, t2, 1b
    la t1, window_directory
    ld t5, 8(t1)
    mix t5
    la t1, root39
    ld t5, 5*8(t1)
    mix t5
    sd t3, S_TABLES(t0)

    ld t1, C_TRAPS(sp)
    sd t1, S_TRAPS(t0)
    ld t1, C_TRAP_HASH(sp)
    sd t1, S_TRAP_HASH(t0)
    addi t1, sp, C_LOG
    addi t2, t0, S_LOG
    addi t3, t1, 32*8
1:  ld t4, 0(t1)
    sd t4, 0(t2)
    addi t1, t1, 8
    addi t2, t2, 8
    bne t1, t3, 1b

    addi t0, t0, SIGNATURE_BYTES
    sd t0, C_SIGNATURE(sp)
    ld t0, C_RECORD(sp)
    ld t1, R_BYTES(t0)
    add t0, t0, t1
    sd t0, C_RECORD(sp)
    j next_record

all_done:
    li t0, 1
    la t1, tohost
    sd t0, 0(t1)
1:  j 1b

    .section .payload, "ax", @progbits
    .dword 0

    .section .tables, "aw", @nobits
    .balign 4096
    .globl root39, root48, root57
root57:             .zero 4096
root48:             .zero 4096
root39:             .zero 4096
window_directory:   .zero 4096
window_table:       .zero 4096
context:            .zero 4096

    .section .tohost, "aw", @progbits
    .balign 64
    .globl tohost, fromhost
tohost:     .dword 0
    .balign 64
fromhost:   .dword 0

    .section .signature, "aw", @nobits
    .balign 16
    .globl begin_signature, end_signature
begin_signature:
    .zero 8
end_signature:
