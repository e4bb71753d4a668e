use std::sync::Arc;

use vm_cross_arch::ir::fixed;
use vm_mem::tlb::Space;

use crate::guest::riscv64::{
    Extensions, Firmware, HartConfig, Privilege, SbiCall, SbiReturn, testing::Fixture,
};

/// A register's number, what an all-ones write leaves, and an all-zeros write.
const MASKS: &[(u64, u64, u64)] = &[
    // SIE MIE SPIE MPIE SPP MPP FS MPRV SUM MXR TVM TW TSR, XLEN, SD.
    (0x300, 0x8000_000a_007e_79aa, 0x0000_000a_0000_0000),
    (0x100, 0x8000_0002_000c_6122, 0x0000_0002_0000_0000),
    (0x301, 0x8000_0000_0014_112d, 0x8000_0000_0014_112d),
    (0x302, 0xb3ff, 0),
    (0x303, 0x222, 0),
    (0x304, 0xaaa, 0),
    (0x306, 0xffff_ffff, 0),
    (0x106, 0xffff_ffff, 0),
    (0x30a, 0xe000_0000_0000_00f1, 0),
    (0x10a, 0xf1, 0),
    (0x320, 5, 0),
    (0x340, u64::MAX, 0),
    (0x140, u64::MAX, 0),
    (0x341, u64::MAX - 1, 0),
    (0x141, u64::MAX - 1, 0),
    (0x342, u64::MAX, 0),
    (0x142, u64::MAX, 0),
    (0x343, u64::MAX, 0),
    (0x143, u64::MAX, 0),
    (0x14d, u64::MAX, 0),
    (0x3b0, (1 << 54) - 1, 0),
    (0x3bf, (1 << 54) - 1, 0),
    (0x3a2, 0x9f9f_9f9f_9f9f_9f9f, 0x9f9f_9f9f_9f9f_9f9f),
];

#[test]
fn all_ones_and_all_zeros_leave_legal_values() {
    for &(number, ones, zeros) in MASKS {
        let mut f = Fixture::new();
        assert_eq!(f.write(number, u64::MAX), ones, "{number:#x} all ones");
        assert_eq!(f.write(number, 0), zeros, "{number:#x} all zeros");
    }
}

#[test]
fn trap_vectors_refuse_reserved_modes() {
    for number in [0x305, 0x105] {
        let mut f = Fixture::new();
        assert_eq!(f.write(number, 0x8000_0001), 0x8000_0001);
        assert_eq!(f.write(number, 0x9000_0002), 0x8000_0001);
        assert_eq!(f.write(number, 0x9000_0003), 0x8000_0001);
        assert_eq!(f.write(number, 0x9000_0004), 0x9000_0004);
    }
}

#[test]
fn satp_ignores_unsupported_modes_as_a_whole() {
    let mut f = Fixture::supervisor();
    let sv39 = 8 << 60 | 0x1234 << 44 | 0x8_0000;
    assert_eq!(f.write(0x180, sv39), sv39);
    for mode in [1, 7, 11, 15] {
        assert_eq!(f.write(0x180, mode << 60 | 5), sv39, "mode {mode}");
    }
    for mode in [9, 10] {
        assert_eq!(f.write(0x180, mode << 60), mode << 60);
    }
    assert_eq!(f.core.data_space.asid(), 0);
    f.write(0x180, sv39);
    assert_eq!(
        (f.core.data_space.asid(), f.core.fetch_space.asid()),
        (0x1234, 0x1234)
    );
    assert_ne!(f.core.data_space, Space::new(1, 0, 0x1234));
}

#[test]
fn virtual_memory_can_be_trapped() {
    let mut f = Fixture::supervisor();
    f.enter(Privilege::Machine).set(0x300, 1 << 20);
    assert!(f.try_csr(0x180).is_some(), "M-mode is not bound by TVM");
    f.enter(Privilege::Supervisor);
    assert_eq!(f.try_csr(0x180), None);
    assert_eq!(f.try_write(0x180, 0), None);
}

#[test]
fn environment_keeps_cbie_when_told_the_reserved_value() {
    for number in [0x30a, 0x10a] {
        let mut f = Fixture::new();
        assert_eq!(f.write(number, 1 << 4), 1 << 4);
        assert_eq!(f.write(number, 2 << 4 | 1 << 6), 1 << 4 | 1 << 6);
    }
}

#[test]
fn absent_extensions_have_no_environment_bits() {
    let extensions = Extensions {
        sstc: false,
        svadu: false,
        svpbmt: false,
        zicbom: false,
        zicboz: false,
        ..Extensions::default()
    };
    let mut f = Fixture::with(HartConfig {
        extensions,
        ..HartConfig::default()
    });
    assert_eq!(f.write(0x30a, u64::MAX), 1);
    assert_eq!(f.write(0x10a, u64::MAX), 1);
    assert_eq!(f.try_csr(0x14d), None);
}

#[test]
fn sstatus_is_a_window_into_mstatus() {
    let mut f = Fixture::new();
    f.write(0x300, 0x1888);
    f.write(0x100, u64::MAX);
    assert_eq!(f.csr(0x300), 0x8000_000a_000c_79aa);
    f.write(0x100, 0);
    assert_eq!(f.csr(0x300), 0x0000_000a_0000_1888);
}

#[test]
fn blocks_make_floating_point_dirty() {
    let mut f = Fixture::new();
    f.core.set(fixed::FP_DIRTY, 1);
    assert_eq!(f.csr(0x300) & (3 << 13), 0, "off stays off");
    f.write(0x300, 1 << 13);
    assert_eq!(
        f.csr(0x100) & (1 << 63 | 3 << 13),
        1 << 13,
        "turning on forgets"
    );
    f.core.set(fixed::FP_DIRTY, 1);
    assert_eq!(f.csr(0x100) & (1 << 63 | 3 << 13), 1 << 63 | 3 << 13);
    f.set(0x100, 2);
    assert_eq!(
        f.csr(0x100) & (3 << 13),
        3 << 13,
        "an unrelated write keeps it"
    );
    f.clear(0x100, 1 << 13);
    assert_eq!(f.csr(0x100) & (1 << 63 | 3 << 13), 2 << 13);
}

#[test]
fn protection_registers_lock() {
    let mut f = Fixture::new();
    f.write(0x3b1, 0x2000_0000);
    assert_eq!(f.write(0x3a0, 0x8f00), 0x8f00, "entry 1: locked, TOR, RWX");
    assert_eq!(f.write(0x3a0, 0), 0x8f00);
    assert_eq!(f.write(0x3b1, 1), 0x2000_0000);
    assert_eq!(f.write(0x3b0, 1), 0, "the locked range starts there");
    assert_eq!(f.write(0x3b2, 1), 1);
}

#[test]
fn identity_is_as_configured() {
    struct Nothing;
    impl Firmware for Nothing {
        fn ecall(&self, _: SbiCall<'_>) -> SbiReturn {
            SbiReturn::Stop
        }
    }
    let f = Fixture::with(HartConfig {
        hart_id: 3,
        vendor_id: 0xffff_ffff,
        arch_id: 42,
        implementation_id: 7,
        firmware: Some(Arc::new(Nothing)),
        ..HartConfig::default()
    });
    let identity = [0xf11, 0xf12, 0xf13, 0xf14, 0xf15].map(|number| f.csr(number));
    assert_eq!(identity, [0xffff_ffff, 42, 7, 3, 0]);
    assert_eq!(f.hart.config().hart_id, 3);
}
