# Prints the alphabet byte by byte through the SBI's debug console, the second
# half through the legacy extension, and switches off; reports a crash if a call
# fails. Runs in S-mode.

        .option norvc
        .equ    DBCN, 0x4442434e
        .equ    SRST, 0x53525354

        .section .text.start, "ax"
        .globl  _start
_start: la      s0, text
        la      s1, half
1:      lbu     a0, 0(s0)
        li      a7, DBCN                # write byte
        li      a6, 2
        ecall
        bnez    a0, failed
        addi    s0, s0, 1
        bne     s0, s1, 1b
2:      lbu     a0, 0(s0)
        beqz    a0, end
        li      a7, 1                   # putchar
        ecall
        bnez    a0, failed
        addi    s0, s0, 1
        j       2b
failed: li      a1, 1                   # system failure
        j       off
end:    li      a1, 0
off:    li      a0, 0                   # shutdown
        li      a6, 0
        li      a7, SRST
        ecall
park:   wfi
        j       park

        .section .rodata
text:   .ascii  "abcdefghijklm"
half:   .asciz  "nopqrstuvwxyz"
