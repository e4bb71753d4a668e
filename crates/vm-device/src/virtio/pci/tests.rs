//! What is particular to PCI; the register state machine is tested with MMIO's.

use std::sync::Arc;

use parking_lot::Mutex;
use proptest::prelude::*;
use vm_core::{AccessSize, GuestPhysAddr, MmioDevice, MsiSink, PhysBus, irq, snapshot::Snapshot};
use vm_testing::wait_for;

use super::VirtioPci;
use crate::{
    pci::{PciFunction, PciHost, WindowRange},
    testing::TestLine,
    virtio::{
        console::Console,
        device::VirtioDevice,
        dma::DmaMemory,
        entropy::Entropy,
        spec::{feature, status},
        testing::{
            BUFFERS, Descriptor, Driver, PciBus, Transport, find_capability, memory, write_pci,
        },
    },
};

/// Remembers messages.
#[derive(Default)]
struct Messages(Mutex<Vec<(u64, u32)>>);

impl MsiSink for Messages {
    fn signal(&self, addr: u64, data: u32) {
        self.0.lock().push((addr, data));
    }
}

fn entropy() -> Arc<Entropy> {
    let source = |bytes: &mut [u8]| {
        bytes.fill(0x11);
        Ok(())
    };
    Arc::new(Entropy::with_source(Box::new(source)).unwrap())
}

/// A driver of an entropy device with MSI-X.
fn with_messages() -> (Driver<PciBus>, Arc<Messages>) {
    let messages = Arc::<Messages>::default();
    let memory = memory();
    let dma = DmaMemory::new(&memory);
    let pci = VirtioPci::new("rng", entropy(), &dma, Some(messages.clone())).unwrap();
    let bus = PciBus::with(pci);
    (
        Driver {
            bus,
            memory,
            queues: Vec::new(),
        },
        messages,
    )
}

/// Sets MSI-X vector `index` to send `data`, unmasked.
fn set_vector(pci: &VirtioPci, index: u64, data: u32) {
    let msix = pci.config().msix().unwrap();
    let at = 16 * index;
    msix.write(at, AccessSize::Word, 0xfee0_0000);
    msix.write(at + 8, AccessSize::Word, data.into());
    msix.write(at + 12, AccessSize::Word, 0);
}

/// The MSI-X capability's offset.
fn msix_capability(pci: &VirtioPci) -> u16 {
    let byte = |offset| pci.config_read(offset, AccessSize::Byte) as u16;
    let mut at = byte(0x34);
    wait_for("the MSI-X capability", || {
        assert_ne!(at, 0, "no MSI-X");
        let found = (byte(at) == 0x11).then_some(at);
        at = byte(at + 1);
        found
    })
}

#[test]
fn configuration_space_says_what_the_device_is() {
    let output = Arc::new(crate::console::MemoryOutput::with_limit(10));
    let console: Arc<dyn VirtioDevice> = Arc::new(Console::new(output).unwrap());
    let cases = [
        (entropy() as Arc<dyn VirtioDevice>, 0x1044, 0x00ff_0001),
        (console, 0x1043, 0x0780_0001),
    ];
    for (device, id, class_and_revision) in cases {
        let pci = VirtioPci::new("x", device, &DmaMemory::new(&memory()), None).unwrap();
        assert_eq!(pci.config_read(0, AccessSize::Word), id << 16 | 0x1af4);
        assert_eq!(pci.config_read(8, AccessSize::Word), class_and_revision);
        assert_eq!(pci.config_read(0x3d, AccessSize::Byte), 1);
        // Five vendor capabilities, each inside its BAR.
        for cfg_type in 1..=5 {
            let at = find_capability(&pci, cfg_type).unwrap();
            let expected_len = if cfg_type == 2 || cfg_type == 5 {
                20
            } else {
                16
            };
            assert_eq!(pci.config_read(at + 2, AccessSize::Byte), expected_len);
            let offset = pci.config_read(at + 8, AccessSize::Word);
            let len = pci.config_read(at + 12, AccessSize::Word);
            assert!(offset + len <= 0x4000);
        }
        assert_eq!(find_capability(&pci, 6), None);
        assert_eq!(pci.name(), "x");
        assert!(pci.config().msix().is_none());
    }
}

#[test]
fn capabilities_are_read_only_but_for_the_window() {
    let driver = Driver::<PciBus>::plug(entropy());
    let pci = &driver.bus.pci;
    for cfg_type in 1..=4 {
        let at = find_capability(pci, cfg_type).unwrap();
        let before: Vec<_> = (0..4)
            .map(|i| pci.config_read(at + 4 * i, AccessSize::Word))
            .collect();
        for i in 0..4 {
            write_pci(pci, at + 4 * i, AccessSize::Word, u32::MAX);
        }
        let after: Vec<_> = (0..4)
            .map(|i| pci.config_read(at + 4 * i, AccessSize::Word))
            .collect();
        assert_eq!(before, after);
    }
}

/// Accesses the BAR through configuration space.
fn window(pci: &VirtioPci, bar: u32, offset: u32, len: u32) -> u16 {
    let at = find_capability(pci, 5).unwrap();
    write_pci(pci, at + 4, AccessSize::Byte, bar);
    write_pci(pci, at + 8, AccessSize::Word, offset);
    write_pci(pci, at + 12, AccessSize::Word, len);
    at + 16
}

#[test]
fn the_window_reaches_the_registers() {
    let driver = Driver::<PciBus>::plug(entropy());
    let pci = &driver.bus.pci;
    // device_status, one byte.
    let data = window(pci, 0, 0x14, 1);
    write_pci(pci, data, AccessSize::Byte, 3);
    assert_eq!(driver.bus.status(), 3);
    assert_eq!(pci.config_read(data, AccessSize::Byte), 3);
    // device_feature, four bytes, read in halves.
    let data = window(pci, 0, 0, 4);
    write_pci(pci, data, AccessSize::Word, 1);
    let data = window(pci, 0, 4, 4);
    let expected = (feature::COMMON >> 32) as u32;
    assert_eq!(pci.config_read(data, AccessSize::Half), expected & 0xffff);
    assert_eq!(pci.config_read(data + 2, AccessSize::Half), expected >> 16);
    // queue_size, two bytes.
    let data = window(pci, 0, 0x18, 2);
    assert_eq!(pci.config_read(data, AccessSize::Half), 64);
    // Elsewhere it does nothing.
    for (bar, offset, len) in [
        (1, 0x14, 1),
        (0, 0x4000, 1),
        (0, 0x14, 3),
        (0, 0x15, 2),
        (0, 0x10, 8),
    ] {
        let data = window(pci, bar, offset, len);
        write_pci(pci, data, AccessSize::Word, 0);
        assert_eq!(driver.bus.status(), 3, "{bar} {offset:#x} {len}");
    }
}

#[test]
fn fields_are_accessed_with_their_own_width() {
    let driver = Driver::<PciBus>::plug(entropy());
    let bus = &driver.bus;
    bus.write(0x14, AccessSize::Word, 3);
    bus.write(0x18, AccessSize::Word, 8);
    bus.write(0x08, AccessSize::Half, 1);
    assert_eq!(bus.status(), 0);
    assert_eq!(bus.queue_max_size(0), 64);
    assert_eq!(bus.read(0x08, AccessSize::Word), 0);
    // But for the 64-bit ones, whose halves are fields as well.
    bus.write(0x20, AccessSize::Double, 0x1122_3344_5566_7788);
    assert_eq!(bus.read(0x20, AccessSize::Double), 0x1122_3344_5566_7788);
    assert_eq!(bus.read(0x24, AccessSize::Word), 0x1122_3344);
    // The driver's choices can be read back.
    bus.set_driver_features(0x5_0000_0006);
    assert_eq!(bus.read(0x08, AccessSize::Word), 1);
    assert_eq!(bus.read(0x0c, AccessSize::Word), 5);
    // No field, no effect.
    for offset in [0x13, 0x22, 0x38, 0x3a, 0xffc] {
        bus.write(offset, AccessSize::Word, u64::MAX);
        assert_eq!(bus.read(offset, AccessSize::Word), 0);
    }
    assert_eq!(bus.pci.bar_read(2, 0, AccessSize::Word), 0);
    bus.pci.bar_write(2, 0x14, AccessSize::Byte, 1);
    assert_eq!(bus.status(), 0);
    // Without MSI-X there are no vectors.
    bus.write(0x10, AccessSize::Half, 0);
    assert_eq!(bus.read(0x10, AccessSize::Half), 0xffff);
}

#[test]
fn messages_take_the_place_of_the_pin() {
    let (mut driver, messages) = with_messages();
    let capability = msix_capability(&driver.bus.pci);
    write_pci(&driver.bus.pci, capability + 2, AccessSize::Half, 0x8000);
    set_vector(&driver.bus.pci, 0, 100);
    set_vector(&driver.bus.pci, 1, 101);
    driver.initialise(0);
    let select_vectors = |bus: &PciBus| {
        bus.write(0x10, AccessSize::Half, 0);
        bus.write(0x16, AccessSize::Half, 0);
        bus.write(0x1a, AccessSize::Half, 1);
    };
    // No vector, no message.
    driver.submit(0, &[Descriptor::writable(BUFFERS, 8)]);
    driver.wait_used(0);
    driver.bus.pci.quiesce();
    driver.bus.pci.resume();
    assert!(messages.0.lock().is_empty());
    select_vectors(&driver.bus);
    assert_eq!(driver.bus.read(0x1a, AccessSize::Half), 1);
    // A vector that does not exist is refused.
    driver.bus.write(0x10, AccessSize::Half, 2);
    assert_eq!(driver.bus.read(0x10, AccessSize::Half), 0xffff);
    select_vectors(&driver.bus);
    driver.submit(0, &[Descriptor::writable(BUFFERS, 8)]);
    driver.wait_used(0);
    driver.bus.pci.quiesce();
    driver.bus.pci.resume();
    driver.submit(0, &[Descriptor::readable(0x80_0000, 8)]);
    driver.wait_needs_reset();
    driver.bus.pci.quiesce();
    assert_eq!(*messages.0.lock(), [(0xfee0_0000, 101), (0xfee0_0000, 100)]);
    assert!(!driver.bus.line());
    assert_eq!(driver.bus.take_interrupts(), 0);
    // They survive in a saved state and end with a reset.
    let saved = driver.bus.pci.save().unwrap();
    let (other, _) = with_messages();
    other.bus.pci.restore(&saved).unwrap();
    assert_eq!(other.bus.read(0x1a, AccessSize::Half), 1);
    assert_eq!(
        other.bus.status() & status::NEEDS_RESET,
        status::NEEDS_RESET
    );
    other.bus.set_status(0);
    assert_eq!(other.bus.read(0x1a, AccessSize::Half), 0xffff);
    assert_eq!(other.bus.read(0x10, AccessSize::Half), 0xffff);
}

#[test]
fn reading_the_isr_status_clears_it() {
    let mut driver = Driver::<PciBus>::start(entropy(), u64::MAX);
    driver.submit(0, &[Descriptor::writable(BUFFERS, 8)]);
    driver.wait_used(0);
    driver.bus.pci.quiesce();
    assert!(driver.bus.line());
    // The pin shows in the status register (PCI §6.2.3).
    assert_eq!(driver.bus.pci.config_read(6, AccessSize::Half) & 8, 8);
    assert_eq!(driver.bus.take_interrupts(), 1);
    assert_eq!(driver.bus.take_interrupts(), 0);
    assert!(!driver.bus.line());
}

#[test]
fn a_state_with_other_vectors_is_refused_unchanged() {
    let (driver, _) = with_messages();
    let saved = driver.bus.pci.save().unwrap();
    let plain = Driver::<PciBus>::start(entropy(), u64::MAX);
    let before = plain.bus.pci.save().unwrap();
    let error = plain.bus.pci.restore(&saved).unwrap_err();
    assert!(error.to_string().contains("virtio-pci"), "{error}");
    assert!(plain.bus.pci.save().unwrap() == before);
}

/// Behind a real host: found, placed and driven as a guest does, its pin
/// reaching the interrupt controller.
#[test]
fn a_host_finds_and_places_the_function() {
    let line = TestLine::new();
    let wires = [
        irq::unconnected(),
        line.clone(),
        irq::unconnected(),
        irq::unconnected(),
    ];
    let window = WindowRange {
        base: 0x4000_0000,
        len: 0x1000_0000,
    };
    let host = PciHost::new(vec![window], wires);
    let memory = memory();
    let dma = DmaMemory::new(&memory);
    let pci = VirtioPci::new("rng", entropy(), &dma, None).unwrap();
    host.plug(1, Arc::new(pci)).unwrap();
    let ecam = |register: u64| 1 << 15 | register;
    assert_eq!(host.read(ecam(0), AccessSize::Word), Some(0x1044_1af4));
    // Sizing gives 16 KiB.
    host.write(ecam(0x10), AccessSize::Word, 0xffff_ffff)
        .unwrap();
    assert_eq!(host.read(ecam(0x10), AccessSize::Word), Some(0xffff_c000));
    host.write(ecam(0x10), AccessSize::Word, 0x4000_4000)
        .unwrap();
    host.write(ecam(0x04), AccessSize::Half, 6).unwrap();
    let bus = host.decoded();
    let status = GuestPhysAddr(0x4000_4014);
    bus.write(status, AccessSize::Byte, status::DRIVER_OK.into())
        .unwrap();
    let expected = status::DRIVER_OK | status::NEEDS_RESET;
    assert_eq!(bus.read(status, AccessSize::Byte), Ok(expected.into()));
    // The need for a reset is announced; slot 1's INTA# is the second wire.
    assert!(line.level());
    assert_eq!(
        bus.read(GuestPhysAddr(0x4000_5000), AccessSize::Byte),
        Ok(2)
    );
    assert!(!line.level());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever is written where, the function survives and serves after a reset.
    #[test]
    fn any_access_is_survived(
        accesses in prop::collection::vec((any::<bool>(), 0..0x4000u64, 0..4u8, any::<u64>()), 1..100)
    ) {
        let mut driver = Driver::<PciBus>::start(entropy(), u64::MAX);
        for (config, offset, log_size, value) in accesses {
            let size = AccessSize::from_bytes(1 << log_size).unwrap();
            // Half of the time somewhere and something that matters.
            let offset = if value & 2 == 0 { offset } else { offset & 0x303c };
            let value = if value & 1 == 0 { value } else { value >> 2 & 0xf };
            if config && size != AccessSize::Double {
                let offset = (offset & 0xff) as u16 & !(size.bytes() as u16 - 1);
                driver.bus.pci.config_read(offset, size);
                write_pci(&driver.bus.pci, offset, size, value as u32);
            } else {
                driver.bus.pci.bar_read(0, offset, size);
                driver.bus.pci.bar_write(0, offset, size, value);
            }
        }
        driver.initialise(u64::MAX);
        driver.submit(0, &[Descriptor::writable(BUFFERS, 8)]);
        prop_assert_eq!(driver.wait_used(0), 8);
    }
}
