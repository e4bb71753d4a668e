# Makes a mistake that the device in the first virtio-mmio slot warns of, and
# switches the machine off: DRIVER_OK without FEATURES_OK (Virtio 1.3, 3.1.1).

        .option norvc
        .section .text.start, "ax"
        .globl  _start
_start: li      t0, 0x10001000          # virtio-mmio, with a disk
        li      t1, 7                   # ACKNOWLEDGE, DRIVER, DRIVER_OK
        sw      t1, 0x70(t0)            # Status
        li      t0, 0x100000            # syscon
        li      t1, 0x5555
        sw      t1, 0(t0)
park:   wfi
        j       park
