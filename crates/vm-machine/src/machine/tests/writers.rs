//! Code that is overwritten by others than vCPUs: after an instruction fence the
//! new one runs, in every tier.

use std::sync::Arc;

use parking_lot::Mutex;
use vm_core::{
    AccessSize, GuestPhysAddr, MmioDevice, PowerEvent, irq,
    snapshot::Snapshot,
    time::{AlarmService, ManualClock},
};
use vm_device::{
    bus::MmioBus,
    virtio::{DmaMemory, Entropy, VirtioMmio},
};
use vm_engine::{
    guest::{
        Registers,
        riscv64::{Firmware, HartConfig, Riscv64, SbiCall},
    },
    jit,
    vcpu::{Engine, MachineShared, TranslatedVcpu, Vcpu as _, VcpuControl},
};
use vm_mem::GuestRam;
use vm_optimizers::TierPolicy;
use vm_testing::wait_until;

use crate::firmware::{
    FirmwareConsole,
    htif::{Htif, HtifAddresses},
    sbi::Sbi,
};

const RAM: u64 = 0x8000_0000;
/// Where the code is that is overwritten, or near it.
const FUNCTION: u64 = RAM + 0x2000;
/// What writers need besides.
const SCRATCH: u64 = RAM + 0x4000;

/// Sets a trap handler at 0x100, then fences and calls what a1 points to, over and
/// over: a0 counts its returns.
const PROGRAM: [u32; 7] = [
    0x0000_0297, // auipc t0, 0
    0x1002_8293, // addi t0, t0, 0x100
    0x3052_9073, // csrw mtvec, t0
    0x0000_100f, // fence.i
    0x0005_80e7, // jalr a1
    0x0015_0513, // addi a0, a0, 1
    0xff5f_f06f, // j -12
];
/// a2 counts the traps, a5 is where the last one was.
const HANDLER: [u32; 3] = [
    0x3410_27f3, // csrr a5, mepc
    0x0016_0613, // addi a2, a2, 1
    0xf05f_f06f, // j -0xfc
];
/// addi a3, a3, 1; ret
const COUNT: [u8; 8] = [0x93, 0x86, 0x16, 0, 0x67, 0x80, 0, 0];
/// c.ret
const RETURN: [u8; 2] = [0x82, 0x80];

#[derive(Default)]
struct Input(Mutex<Vec<u8>>);

impl FirmwareConsole for Input {
    fn write(&self, bytes: &[u8]) -> usize {
        bytes.len()
    }

    fn read(&self) -> Option<u8> {
        self.0.lock().pop()
    }
}

fn input(bytes: &[u8]) -> Arc<Input> {
    Arc::new(Input(Mutex::new(bytes.to_vec())))
}

struct Bench {
    ram: GuestRam,
    hart: TranslatedVcpu<Riscv64>,
}

impl Bench {
    /// A hart about to call `code` at `function`.
    fn new(engine: Engine, function: u64, code: &[u8]) -> Self {
        let ram = GuestRam::new(&[(GuestPhysAddr(RAM), 1 << 20)]).unwrap();
        let words = |code: &[u32]| code.iter().flat_map(|word| word.to_le_bytes()).collect();
        let program: Vec<u8> = words(&PROGRAM);
        let handler: Vec<u8> = words(&HANDLER);
        ram.write(GuestPhysAddr(RAM), &program).unwrap();
        ram.write(GuestPhysAddr(RAM + 0x100), &handler).unwrap();
        ram.write(GuestPhysAddr(function), code).unwrap();
        let alarms = AlarmService::start(Arc::new(ManualClock::default())).unwrap();
        let bus = Arc::new(MmioBus::new());
        let shared = Arc::new(MachineShared::new(ram.clone(), bus, Arc::new(alarms)));
        let control = Arc::new(VcpuControl::new(false));
        shared.attach(vec![Arc::clone(&control)]);
        let guest = Riscv64::new(HartConfig::default());
        let mut hart = TranslatedVcpu::new(0, control, shared, guest, RAM);
        hart.guest
            .reset_to_machine(&mut hart.core, RAM, 0, function);
        hart.set_engine(engine).unwrap();
        Self { ram, hart }
    }

    /// Runs on; returns a0, a2 and a5.
    fn run(&mut self) -> [u64; 3] {
        assert!(self.hart.run_for(1000).is_none());
        match self.hart.registers().unwrap() {
            Registers::Riscv64(hart) => [10, 12, 15].map(|number: usize| hart.x[number]),
            other => panic!("{other:?}"),
        }
    }

    fn word(&self, addr: u64, size: AccessSize) -> u64 {
        self.ram.load(GuestPhysAddr(addr), size).unwrap()
    }

    fn put(&self, addr: u64, size: AccessSize, value: u64) {
        self.ram.store(GuestPhysAddr(addr), size, value).unwrap();
    }

    /// HTIF with `tohost` where it is said and `fromhost` behind [`SCRATCH`].
    fn htif(&self, tohost: u64, fromhost: u64, console: Arc<Input>) -> Htif {
        let addresses = HtifAddresses {
            tohost,
            fromhost: Some(fromhost),
        };
        let power = Arc::new(|_: PowerEvent| ());
        let htif = Htif::new(addresses, self.ram.clone(), console, power);
        htif.start().unwrap();
        htif
    }
}

fn engines() -> Vec<Engine> {
    let policy = TierPolicy {
        threshold: 0,
        code_bytes: 4 << 20,
    };
    let compiled = jit::SUPPORTED.then_some(Engine::Jit(policy));
    [Engine::Interpreter].into_iter().chain(compiled).collect()
}

/// Runs `code` at `function` until it is hot, has it overwritten with something
/// that traps, and runs on.
fn overwritten(function: u64, code: &[u8], write: impl Fn(&mut Bench)) {
    for engine in engines() {
        let mut bench = Bench::new(engine, function, code);
        let [returns, traps, _] = bench.run();
        assert!(returns > 100 && traps == 0, "{returns} {traps}");
        write(&mut bench);
        let [later, traps, _] = bench.run();
        assert!(later <= returns + 1, "{engine:?}: the old code still runs");
        assert!(traps > 100, "{traps}");
    }
}

#[test]
fn htif_takes_a_command() {
    overwritten(FUNCTION, &COUNT, |bench| {
        let _htif = bench.htif(FUNCTION, SCRATCH, input(&[]));
        let taken = || bench.word(FUNCTION, AccessSize::Double) == 0;
        wait_until("a command that is taken", taken);
    });
}

#[test]
fn htif_ends_a_system_call() {
    overwritten(FUNCTION, &COUNT, |bench| {
        bench.put(SCRATCH, AccessSize::Double, FUNCTION);
        let _htif = bench.htif(SCRATCH, SCRATCH + 8, input(&[]));
        let answered = || bench.word(SCRATCH + 8, AccessSize::Double) != 0;
        wait_until("the end of the call", answered);
    });
}

#[test]
fn htif_answers() {
    for engine in engines() {
        // Where no answer is, there is no code either.
        let mut bench = Bench::new(engine, FUNCTION, &[0; 8]);
        assert_eq!(bench.run()[2], FUNCTION);
        bench.put(SCRATCH, AccessSize::Double, 1 << 56);
        let htif = bench.htif(SCRATCH, FUNCTION, input(b"A"));
        let answered = || bench.word(FUNCTION, AccessSize::Double) != 0;
        wait_until("an answer", answered);
        drop(htif);
        // The answer begins with 0x0141, an addition.
        assert_eq!(bench.run()[2], FUNCTION + 2, "{engine:?}");
    }
}

#[test]
fn firmware_reads_its_console() {
    overwritten(FUNCTION, &COUNT, |bench| {
        let sbi = Sbi::new(1, input(&[0; 8]));
        let (dbcn, read) = (0x4442_434e, 1);
        sbi.ecall(SbiCall {
            args: [8, FUNCTION, 0, 0, 0, 0, read, dbcn],
            core: &mut bench.hart.core,
            hart: &mut bench.hart.guest,
        });
        assert_eq!(bench.word(FUNCTION, AccessSize::Double), 0);
    });
}

/// A device that fills 8 bytes at `buffer` with zeros for a driver that has laid
/// out a queue of two descriptors, with its used ring at [`FUNCTION`].
fn fill_with_zeros(bench: &Bench, buffer: u64, event_idx: bool) {
    let source = |bytes: &mut [u8]| {
        bytes.fill(0);
        Ok(())
    };
    let device = Arc::new(Entropy::with_source(Box::new(source)).unwrap());
    let memory = DmaMemory::new(&bench.ram);
    let device = VirtioMmio::new("rng", device, &memory, irq::unconnected());
    let set = |register, value| {
        let size = AccessSize::Word;
        device.write(register, size, value).unwrap();
    };
    let (descriptors, available) = (SCRATCH, SCRATCH + 0x100);
    bench.put(descriptors, AccessSize::Double, buffer);
    bench.put(descriptors + 8, AccessSize::Double, 2 << 32 | 8);
    bench.put(available, AccessSize::Double, 1 << 16);
    // Acknowledged, a driver, the features, the features are right.
    for (register, value) in [(0x70, 1), (0x70, 3), (0x24, 0)] {
        set(register, value);
    }
    set(0x20, u64::from(event_idx) << 29);
    for (register, value) in [(0x24, 1), (0x20, 1), (0x70, 11), (0x30, 0), (0x38, 2)] {
        set(register, value);
    }
    for (register, area) in [(0x80, descriptors), (0x90, available), (0xa0, FUNCTION)] {
        set(register, area & 0xffff_ffff);
        set(register + 4, area >> 32);
    }
    // Queue and driver are ready.
    set(0x44, 1);
    set(0x70, 15);
    set(0x50, 0);
    let used = || bench.word(FUNCTION + 2, AccessSize::Half) == 1;
    wait_until("a used buffer", used);
    // Until the device asks for notifications again.
    device.quiesce();
}

#[test]
fn virtio_fills_a_buffer() {
    let buffer = FUNCTION + 0x800;
    overwritten(buffer, &COUNT, |bench| fill_with_zeros(bench, buffer, true));
}

#[test]
fn virtio_changes_a_used_ring() {
    let buffer = SCRATCH + 0x200;
    let (flags, index, element, avail_event) = (0, 2, 4, 4 + 2 * 8);
    for (at, event_idx) in [
        (flags, false),
        (index, false),
        (element, true),
        (avail_event, true),
    ] {
        overwritten(FUNCTION + at, &RETURN, |bench| {
            fill_with_zeros(bench, buffer, event_idx);
        });
    }
}

#[test]
fn a_loader_loads() {
    overwritten(FUNCTION, &COUNT, |bench| {
        let content = crate::boot::Content::Bytes(vec![0; 8]);
        content.load(&bench.ram, FUNCTION).unwrap();
    });
}
