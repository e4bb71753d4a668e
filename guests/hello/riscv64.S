# The guest that is part of the program: greets, tells what it runs on, and
# switches the machine off. Starts in M-mode with the hart's number in a0.

        .option norvc
        .equ    UART, 0x10000000        # NS16550A
        .equ    LSR, 5                  # line status register
        .equ    LSR_THRE, 0x20          # transmitter is empty
        .equ    FINISHER, 0x100000      # SiFive test finisher
        .equ    PASS, 0x5555

        .section .text.start, "ax"
        .globl  _start
_start:
        bnez    a0, park                # one hart speaks
        la      sp, stack_top
        la      s0, greeting
        call    print
        csrr    s1, misa
        la      s0, extensions
        call    print
        li      s2, 'A'
letter: andi    t0, s1, 1
        beqz    t0, next
        mv      a0, s2
        call    putchar
next:   srli    s1, s1, 1
        addi    s2, s2, 1
        li      t0, 'Z'
        ble     s2, t0, letter
        la      s0, farewell
        call    print
        li      t0, FINISHER
        li      t1, PASS
        sw      t1, 0(t0)
park:   wfi
        j       park

# Prints the NUL-terminated text at s0.
print:  addi    sp, sp, -16
        sd      ra, 0(sp)
more:   lbu     a0, 0(s0)
        beqz    a0, done
        call    putchar
        addi    s0, s0, 1
        j       more
done:   ld      ra, 0(sp)
        addi    sp, sp, 16
        ret

# Prints the byte in a0.
putchar:
        li      t0, UART
busy:   lbu     t1, LSR(t0)
        andi    t1, t1, LSR_THRE
        beqz    t1, busy
        sb      a0, 0(t0)
        ret

        .section .rodata
greeting:
        .ascii  "\nHello from a RISC-V guest.\n\n"
        .ascii  "This is a small program without an operating system, embedded in trine,\n"
        .asciz  "because the default guest could not be downloaded.\n"
extensions:
        .asciz  "The guest's CPU has 64 bits and these extensions: "
farewell:
        .ascii  ".\n\nNext: `trine image pull` when there is a network, or `trine run --kernel FILE`.\n"
        .asciz  "Switching off.\n"

        .bss
        .balign 16
        .skip   1024
stack_top:
