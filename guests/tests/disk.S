# Writes sector 1024 of the first disk on virtio-mmio; its exit code is the
# status of the request (Virtio 1.2, 5.2.6).

        .option norvc
        .equ    MMIO, 0x10001000
        .equ    DRIVER_FEATURES, 0x020
        .equ    DRIVER_FEATURES_SEL, 0x024
        .equ    QUEUE_SEL, 0x030
        .equ    QUEUE_NUM, 0x038
        .equ    QUEUE_READY, 0x044
        .equ    QUEUE_NOTIFY, 0x050
        .equ    STATUS, 0x070
        .equ    QUEUE_DESC, 0x080
        .equ    QUEUE_DRIVER, 0x090
        .equ    QUEUE_DEVICE, 0x0a0
        .equ    ACKNOWLEDGED, 3         # ACKNOWLEDGE, DRIVER
        .equ    FEATURES_OK, 11
        .equ    DRIVER_OK, 15
        .equ    NEXT, 1
        .equ    WRITE, 2
        .equ    OUT, 1

        .section .text.start, "ax"
        .globl  _start
_start: li      t0, MMIO
        sw      zero, STATUS(t0)
        li      t1, ACKNOWLEDGED
        sw      t1, STATUS(t0)
        li      t1, 1                   # VIRTIO_F_VERSION_1 is bit 32
        sw      t1, DRIVER_FEATURES_SEL(t0)
        sw      t1, DRIVER_FEATURES(t0)
        li      t1, FEATURES_OK
        sw      t1, STATUS(t0)

        sw      zero, QUEUE_SEL(t0)
        li      t1, 4
        sw      t1, QUEUE_NUM(t0)
        la      t1, descriptors
        sw      t1, QUEUE_DESC(t0)
        la      t1, available
        sw      t1, QUEUE_DRIVER(t0)
        la      t1, used
        sw      t1, QUEUE_DEVICE(t0)
        li      t1, 1
        sw      t1, QUEUE_READY(t0)
        li      t1, DRIVER_OK
        sw      t1, STATUS(t0)

        fence
        li      t1, 1
        la      t2, available
        sh      t1, 2(t2)
        fence
        sw      zero, QUEUE_NOTIFY(t0)

        la      t2, used
wait:   lhu     t1, 2(t2)
        beqz    t1, wait
        fence
        la      t2, answer
        lbu     t1, 0(t2)
        li      t0, 0x100000            # the test finisher
        slli    t1, t1, 16
        li      t2, 0x3333
        or      t2, t2, t1
        bnez    t1, 1f
        li      t2, 0x5555
1:      sw      t2, 0(t0)
park:   wfi
        j       park

        .data
        .balign 16
descriptors:
        .dword  header
        .word   16
        .half   NEXT, 1
        .dword  content
        .word   512
        .half   NEXT, 2
        .dword  answer
        .word   1
        .half   WRITE, 0
        .skip   16
header: .word   OUT, 0
        .dword  1024
        .balign 4
available:
        .half   0, 0, 0, 0, 0, 0, 0
        .balign 4
used:   .skip   64
answer: .byte   0xff
content:
        .fill   512, 1, 0x5a
