//! Drivers that do anything at all: the device neither panics nor hangs, and
//! serves again after a reset. Proper drivers get what a plain model says.

use proptest::prelude::*;
use vm_core::GuestPhysAddr;

use super::{
    DiskDriver, TestDisk,
    disk::{OK, SECTORS, kind},
};
use crate::virtio::testing::{BUFFERS, Descriptor, MmioBus, NEXT, Transport, WRITE};

const QUEUE_SIZE: u16 = 16;

/// Addresses near everything that matters.
fn addr() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => BUFFERS..BUFFERS + 0x4000,
        1 => 0x1_0000..0x1_3000u64,
        1 => 0x7f_ff00..0x80_0100u64,
        1 => 0x100_0000..0x110_0100u64,
        1 => any::<u64>(),
    ]
}

fn len() -> impl Strategy<Value = u32> {
    prop_oneof![
        4 => prop_oneof![Just(0u32), Just(1), Just(16), Just(512), Just(4096)],
        2 => 0..2048u32,
        1 => any::<u32>(),
    ]
}

fn descriptor() -> impl Strategy<Value = [u8; 16]> {
    let flags = prop_oneof![6 => 0..4u16, 1 => 0..8u16, 1 => any::<u16>()];
    let next = prop_oneof![8 => 0..QUEUE_SIZE, 1 => any::<u16>()];
    (addr(), len(), flags, next)
        .prop_map(|(addr, len, flags, next)| Descriptor { addr, len, flags }.bytes(0, next))
}

#[derive(Debug, Clone)]
struct Attack {
    table: Vec<[u8; 16]>,
    indirect: Vec<[u8; 16]>,
    heads: Vec<u16>,
    /// Put on top of the available index, to break it.
    extra: u16,
    kind: u32,
    sector: u64,
}

fn attack() -> impl Strategy<Value = Attack> {
    let table = prop::collection::vec(descriptor(), usize::from(QUEUE_SIZE));
    let indirect = prop::collection::vec(descriptor(), 8);
    let head = prop_oneof![8 => 0..QUEUE_SIZE, 1 => any::<u16>()];
    let heads = prop::collection::vec(head, 1..8);
    let extra = prop_oneof![4 => Just(0u16), 1 => 0..20u16, 1 => any::<u16>()];
    let kind = prop_oneof![6 => 0..16u32, 1 => any::<u32>()];
    let sector = prop_oneof![4 => 0..4096u64, 1 => any::<u64>()];
    (table, indirect, heads, extra, kind, sector).prop_map(
        |(table, indirect, heads, extra, kind, sector)| Attack {
            table,
            indirect,
            heads,
            extra,
            kind,
            sector,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_queue_contents_are_survived(attacks in prop::collection::vec(attack(), 1..4)) {
        let (device, _) = TestDisk::new().device();
        let mut driver = DiskDriver::<MmioBus>::start(device.clone());
        for attack in attacks {
            let memory = driver.0.memory.clone();
            let mut header = [0; 16];
            header[..4].copy_from_slice(&attack.kind.to_le_bytes());
            header[8..].copy_from_slice(&attack.sector.to_le_bytes());
            driver.0.write(BUFFERS, &header);
            for (index, bytes) in attack.indirect.iter().enumerate() {
                driver.0.write(BUFFERS + 0x1000 + 16 * index as u64, bytes);
            }
            let queue = &mut driver.0.queues[0];
            for (index, bytes) in (0u16..).zip(&attack.table) {
                memory.write(GuestPhysAddr(queue.descriptor_addr(index)), bytes).unwrap();
            }
            for head in &attack.heads {
                queue.add_head(&memory, *head);
            }
            let index = queue.available_index().wrapping_add(attack.extra);
            queue.set_available_index(&memory, index);
            driver.0.bus.notify(0);
            device.worker().settle();
        }
        driver.0.initialise(u64::MAX);
        prop_assert_eq!(driver.read(1, 512).len(), 512);
    }

    /// A loop of descriptors ends, whatever its length and start.
    #[test]
    fn endless_chains_end(len in 1..QUEUE_SIZE, start in 0..QUEUE_SIZE) {
        let (device, _) = TestDisk::new().device();
        let mut driver = DiskDriver::<MmioBus>::start(device);
        let memory = driver.0.memory.clone();
        let queue = &mut driver.0.queues[0];
        for index in 0..QUEUE_SIZE {
            let descriptor = Descriptor { addr: BUFFERS, len: 1, flags: WRITE };
            let bytes = descriptor.bytes(NEXT, (index + 1) % len);
            memory.write(GuestPhysAddr(queue.descriptor_addr(index)), &bytes).unwrap();
        }
        queue.add_head(&memory, start);
        driver.0.bus.notify(0);
        driver.0.wait_needs_reset();
    }
}

/// What a proper driver does.
#[derive(Debug, Clone)]
enum Operation {
    Write {
        sector: u64,
        data: Vec<u8>,
        indirect: bool,
    },
    Read {
        sector: u64,
        sectors: u32,
    },
    Clear {
        kind: u32,
        ranges: Vec<(u64, u32)>,
    },
    Reset,
    Migrate,
}

fn operation() -> impl Strategy<Value = Operation> {
    // Close together, so that they overlap, at the end of the disk.
    let sector = SECTORS - 40..SECTORS - 8;
    let write = (sector.clone(), 1..8usize, any::<u8>(), any::<bool>()).prop_map(
        |(sector, sectors, seed, indirect)| {
            let data = (0..sectors * 512).map(|i| seed.wrapping_add((i / 3) as u8));
            Operation::Write {
                sector,
                data: data.collect(),
                indirect,
            }
        },
    );
    let read =
        (sector.clone(), 1..8u32).prop_map(|(sector, sectors)| Operation::Read { sector, sectors });
    let kind = prop_oneof![Just(kind::DISCARD), Just(kind::WRITE_ZEROES)];
    let clear = (kind, prop::collection::vec((sector, 0..8u32), 1..4))
        .prop_map(|(kind, ranges)| Operation::Clear { kind, ranges });
    prop_oneof![
        4 => write,
        4 => read,
        2 => clear,
        1 => Just(Operation::Reset),
        1 => Just(Operation::Migrate),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_disk_is_an_array_of_bytes(operations in prop::collection::vec(operation(), 1..40)) {
        let (device, probe) = TestDisk::new().device();
        let mut driver = DiskDriver::<MmioBus>::start(device);
        let mut model = probe.contents.lock().clone();
        let at = |sector: u64| sector as usize * 512;
        for operation in operations {
            match operation {
                Operation::Write { sector, data, indirect } => {
                    let status = if indirect {
                        driver.request_indirect(kind::OUT, sector, &data, 0)
                    } else {
                        driver.request(kind::OUT, sector, &data, 0)
                    };
                    prop_assert_eq!(status, OK);
                    model[at(sector)..at(sector) + data.len()].copy_from_slice(&data);
                }
                Operation::Read { sector, sectors } => {
                    let len = sectors as usize * 512;
                    let data = driver.read(sector, sectors * 512);
                    prop_assert!(data == model[at(sector)..at(sector) + len]);
                }
                Operation::Clear { kind, ranges } => {
                    let flagged: Vec<_> = ranges.iter().map(|(s, n)| (*s, *n, 0)).collect();
                    prop_assert_eq!(driver.clear(kind, &flagged), OK);
                    for (sector, sectors) in ranges {
                        model[at(sector)..at(sector + u64::from(sectors))].fill(0);
                    }
                }
                Operation::Reset => driver.0.initialise(u64::MAX),
                Operation::Migrate => {
                    let disk = TestDisk { probe: probe.clone(), read_only: false };
                    driver = DiskDriver(driver.0.migrate(disk.device().0));
                }
            }
        }
        prop_assert!(*probe.contents.lock() == model);
    }
}
