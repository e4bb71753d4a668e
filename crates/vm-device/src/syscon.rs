//! The SiFive test finisher: one register through which a guest powers the
//! machine off, reports failure or restarts it. Linux drives it as a syscon.

use std::sync::Arc;

use vm_core::{
    AccessSize, MmioDevice, PowerEvent, PowerSink,
    snapshot::{Kind, SavedState, Snapshot, SnapshotError},
};

/// Length of the device's window in bytes.
pub const WINDOW_LEN: u64 = 0x1000;

/// Finish with the status in the upper half.
pub const FINISHER_FAIL: u16 = 0x3333;
/// Finish successfully.
pub const FINISHER_PASS: u16 = 0x5555;
/// Start again from reset.
pub const FINISHER_RESET: u16 = 0x7777;

const KIND: Kind<()> = Kind::new("sifive-test", 1);

/// The test finisher; it holds no state.
pub struct TestFinisher {
    power: Arc<dyn PowerSink>,
}

impl TestFinisher {
    /// A finisher that reports to `power`.
    pub fn new(power: Arc<dyn PowerSink>) -> Self {
        Self { power }
    }
}

impl MmioDevice for TestFinisher {
    fn name(&self) -> &str {
        "syscon"
    }

    /// The register reads as zero.
    fn read(&self, _offset: u64, _size: AccessSize) -> Option<u64> {
        Some(0)
    }

    /// Commands are 16 or 32 bits wide; anything else has no effect.
    fn write(&self, offset: u64, size: AccessSize, value: u64) -> Option<()> {
        if offset != 0 || size < AccessSize::Half {
            return Some(());
        }
        let value = value & size.mask();
        match value as u16 {
            // A failure is never reported as success, whatever its code.
            FINISHER_FAIL => self.power.signal(PowerEvent::PowerOff {
                status: u32::from((value >> 16) as u16).max(1),
            }),
            FINISHER_PASS => self.power.signal(PowerEvent::PowerOff { status: 0 }),
            FINISHER_RESET => self.power.signal(PowerEvent::Reset),
            _ => {}
        }
        Some(())
    }
}

impl Snapshot for TestFinisher {
    fn save(&self) -> Result<SavedState, SnapshotError> {
        KIND.save(&())
    }

    fn restore(&self, saved: &SavedState) -> Result<(), SnapshotError> {
        KIND.load(saved)
    }
}

#[cfg(test)]
mod tests {
    use parking_lot::Mutex;
    use proptest::prelude::*;

    use super::*;

    fn finisher() -> (TestFinisher, Arc<Mutex<Vec<PowerEvent>>>) {
        let events: Arc<Mutex<Vec<PowerEvent>>> = Arc::default();
        let sink = Arc::clone(&events);
        let device = TestFinisher::new(Arc::new(move |event| sink.lock().push(event)));
        (device, events)
    }

    #[test]
    fn commands_become_power_events() {
        let (device, events) = finisher();
        for value in [0x5555, 0x3333 | 42 << 16, 0x3333, 0x7777, 0x1234] {
            assert_eq!(device.write(0, AccessSize::Word, value), Some(()));
        }
        device.write(0, AccessSize::Half, 0x5555).unwrap();
        let off = |status| PowerEvent::PowerOff { status };
        assert_eq!(
            *events.lock(),
            [off(0), off(42), off(1), PowerEvent::Reset, off(0)]
        );
        assert_eq!(device.read(0, AccessSize::Word), Some(0));
        assert_eq!(device.name(), "syscon");
    }

    #[test]
    fn saves_and_restores_nothing_but_its_kind() {
        let (device, _) = finisher();
        device.restore(&device.save().unwrap()).unwrap();
        let other = Kind::new("other", 1).save(&()).unwrap();
        assert!(device.restore(&other).is_err());
    }

    proptest! {
        #[test]
        fn only_commands_at_offset_zero_act(
            offset in 0u64..8,
            shift in 0u64..4,
            low in prop_oneof![Just(0x5555u64), Just(0x7777), Just(0x3333), 0..0x10000u64],
            high in any::<u16>(),
        ) {
            let (device, events) = finisher();
            let size = AccessSize::from_bytes(1 << shift).unwrap();
            device.write(offset, size, low | u64::from(high) << 16).unwrap();
            let command = [0x5555, 0x7777, 0x3333].contains(&low);
            let acts = command && offset == 0 && size >= AccessSize::Half;
            prop_assert_eq!(events.lock().len(), usize::from(acts));
        }
    }
}
