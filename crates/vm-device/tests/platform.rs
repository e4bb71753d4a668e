//! All platform devices on one bus, as QEMU's riscv64 `virt` board places
//! them, under careless guests.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use vm_core::{
    AccessSize, GuestPhysAddr, IrqLine, MmioDevice, PhysBus, PowerEvent,
    irq::unconnected,
    snapshot::Snapshot,
    time::{AlarmService, HostClock},
};
use vm_device::{
    bus::MmioBus,
    console::MemoryOutput,
    interrupt::plic::{self, Plic},
    pci::{self, PciHost, WindowRange},
    rtc::{
        HostWallClock,
        goldfish::{self, GoldfishRtc},
    },
    serial::{self, Ns16550a},
    syscon::{self, TestFinisher},
    timer::aclint::{self, Aclint, HartLines},
};
use vm_testing::within;

const HARTS: usize = 4;
const ACCESSES_PER_HART: usize = 20_000;

struct Platform {
    bus: MmioBus,
    components: Vec<Arc<dyn Snapshot + Send + Sync>>,
    power_events: Arc<AtomicUsize>,
    _alarms: AlarmService,
}

impl Platform {
    fn new() -> Self {
        let alarms = AlarmService::start(Arc::new(HostClock::starting_at(0))).unwrap();
        let plic = Plic::new(plic::VIRT_SOURCES, vec![unconnected(); 2 * HARTS]).unwrap();
        let line = |source| plic.line(source).unwrap();
        let output = Arc::new(MemoryOutput::with_limit(100));
        let uart = Ns16550a::new("uart0", output, line(10));
        let rtc = GoldfishRtc::new(Arc::new(HostWallClock), &alarms, line(11));
        let hart = || HartLines {
            software: unconnected(),
            timer: unconnected(),
        };
        let harts = (0..HARTS).map(|_| hart()).collect();
        let aclint = Aclint::new(harts, 10_000_000, &alarms).unwrap();
        let power_events = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&power_events);
        let finisher = Arc::new(TestFinisher::new(Arc::new(move |_: PowerEvent| {
            counter.fetch_add(1, Ordering::SeqCst);
        })));
        let windows = vec![WindowRange {
            base: 0x4000_0000,
            len: 0x4000_0000,
        }];
        let intx: [Arc<dyn IrqLine>; 4] = [line(32), line(33), line(34), line(35)];
        let pci = PciHost::new(windows, intx);

        let bus = MmioBus::new();
        let map = |base, len, device: Arc<dyn MmioDevice>| {
            bus.map(GuestPhysAddr(base), len, device).unwrap();
        };
        map(0x10_0000, syscon::WINDOW_LEN, finisher.clone());
        map(0x10_1000, goldfish::WINDOW_LEN, rtc.clone());
        map(0x200_0000, aclint::WINDOW_LEN, aclint.clone());
        map(0xc00_0000, plic::WINDOW_LEN, plic.clone());
        map(0x1000_0000, serial::WINDOW_LEN, uart.clone());
        map(0x3000_0000, pci::ECAM_LEN, pci.clone());
        for (range, window) in pci.memory_windows() {
            map(range.base, range.len, window);
        }
        Self {
            bus,
            components: vec![plic, uart, rtc, aclint, finisher, pci],
            power_events,
            _alarms: alarms,
        }
    }
}

/// Marsaglia's xorshift64: the same numbers in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// An address in some window: half of the time one of its first registers.
    fn address(&mut self, bus: &MmioBus) -> GuestPhysAddr {
        let mappings = bus.mappings();
        let mapping = &mappings[self.next() as usize % mappings.len()];
        let reach = if self.next() & 1 == 0 {
            0x40
        } else {
            mapping.len
        };
        mapping.base.wrapping_add(self.next() % reach)
    }

    fn value(&mut self) -> u64 {
        let value = self.next();
        [value, value & 0xff, 0, u64::MAX][self.next() as usize % 4]
    }
}

fn hammer(bus: &MmioBus, seed: u64) {
    let mut random = Random(seed);
    for _ in 0..ACCESSES_PER_HART {
        let addr = random.address(bus);
        let size = AccessSize::from_bytes(1 << (random.next() % 4)).unwrap();
        if random.next() & 1 == 0 {
            if let Ok(value) = bus.read(addr, size) {
                assert_eq!(value & !size.mask(), 0);
            }
        } else {
            // A refusal is an answer too.
            let _ = bus.write(addr, size, random.value());
        }
    }
}

#[test]
fn harts_that_hammer_every_register_neither_stop_nor_break_the_devices() {
    within("the accesses of all harts", || {
        let platform = Platform::new();
        std::thread::scope(|scope| {
            for hart in 0..HARTS as u64 {
                let bus = &platform.bus;
                scope.spawn(move || hammer(bus, 0x9e37_79b9_7f4a_7c15 + hart));
            }
        });
        let copy = Platform::new();
        for (from, to) in platform.components.iter().zip(&copy.components) {
            let saved = from.save().unwrap();
            to.restore(&saved).unwrap();
        }
        let write = |value| {
            let finisher = GuestPhysAddr(0x10_0000);
            copy.bus.write(finisher, AccessSize::Word, value).unwrap();
        };
        write(syscon::FINISHER_PASS.into());
        assert_eq!(copy.power_events.load(Ordering::SeqCst), 1);
    });
}
