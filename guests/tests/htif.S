# Prints through the HTIF console and the HTIF system call, leaves a signature
# and ends with exit code 42.

        .option norvc
        .section .text.start, "ax"
        .globl  _start
_start: bnez    a0, park
        la      s0, text
1:      lbu     a0, 0(s0)
        beqz    a0, 2f
        li      t0, 0x0101 << 48        # device 1, command 1
        or      a0, a0, t0
        call    command
        addi    s0, s0, 1
        j       1b
2:      la      a0, block               # write(1, more, 5)
        li      t0, 64
        sd      t0, 0(a0)
        li      t0, 1
        sd      t0, 8(a0)
        la      t0, more
        sd      t0, 16(a0)
        li      t0, 5
        sd      t0, 24(a0)
        call    command
        la      t1, fromhost
3:      ld      t0, 0(t1)
        beqz    t0, 3b
        sd      zero, 0(t1)
        la      t1, block               # the result goes into the signature
        lw      t0, 0(t1)
        la      t1, begin_signature
        sw      t0, 0(t1)
        li      t0, 0x12345678
        sw      t0, 4(t1)
        li      a0, 42 << 1 | 1
        call    command
park:   wfi
        j       park

# Stores the command in a0 when the one before has been taken.
command:
        la      t1, tohost
4:      ld      t2, 0(t1)
        bnez    t2, 4b
        sd      a0, 0(t1)
        ret

        .section .rodata
text:   .asciz  "hello, "
more:   .ascii  "host\n"

        .data
        .balign 64
        .globl  tohost, fromhost, begin_signature, end_signature
tohost: .dword  0
        .balign 64
fromhost:
        .dword  0
block:  .skip   64
begin_signature:
        .word   0, 0
end_signature:
