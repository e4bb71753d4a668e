/* Lines of text on the UART. */
#ifndef PRINT_H
#define PRINT_H

        .equ    UART, 0x10000000
        .equ    FINISHER, 0x100000

/* Prints a name. All of these use t0 to t6 and ra. */
        .macro  print text
        .pushsection .rodata
.Ltext\@: .asciz "\text:"
        .popsection
        la      t0, .Ltext\@
        call    print_text
        .endm

/* Ends the machine. */
        .macro  power_off
        li      t0, FINISHER
        li      t1, 0x5555
        sw      t1, 0(t0)
1:      j       1b
        .endm

        .text
/* Prints the text at t0. */
print_text:
        li      t2, UART
1:      lbu     t1, 0(t0)
        beqz    t1, 3f
2:      lbu     t3, 5(t2)               /* LSR: room for another? */
        andi    t3, t3, 0x20
        beqz    t3, 2b
        sb      t1, 0(t2)
        addi    t0, t0, 1
        j       1b
3:      ret

/* Prints a space and t0 in hexadecimal, without leading zeros. */
print_number:
        li      t2, UART
        li      t4, 60
        li      t5, 0                   /* whether a digit has been printed */
        li      t1, ' '
        sb      t1, 0(t2)
1:      srl     t1, t0, t4
        andi    t1, t1, 15
        or      t5, t5, t1
        bnez    t5, 2f
        bnez    t4, 5f
2:      li      t5, 1
        li      t6, 10
        blt     t1, t6, 3f
        addi    t1, t1, 'a' - '0' - 10
3:      addi    t1, t1, '0'
4:      lbu     t3, 5(t2)
        andi    t3, t3, 0x20
        beqz    t3, 4b
        sb      t1, 0(t2)
5:      addi    t4, t4, -4
        bgez    t4, 1b
        ret

/* Ends a line. */
print_end:
        li      t2, UART
        li      t1, 10
        sb      t1, 0(t2)
        ret

#endif
