use std::{fs, io::Write as _, path::PathBuf};

use vm_core::AccessSize;

use super::*;
use crate::{
    board::{self, virt_riscv64::map},
    config::{ByteSize, MachineOptions},
};

fn read(config: &MachineConfig) -> Result<BootPlan, BootError> {
    let board = board::of(config.arch).unwrap();
    BootPlan::read(config, board, &mut Files::default())
}

/// Files of a guest, and RAM of the machine that they are for.
struct Fixture {
    directory: tempfile::TempDir,
    ram: GuestRam,
}

impl Fixture {
    fn new() -> Self {
        let regions = [
            (GuestPhysAddr(map::RESET_ROM.base), map::RESET_ROM.len),
            (GuestPhysAddr(map::RAM_BASE), 16 << 20),
        ];
        Self {
            directory: tempfile::tempdir().unwrap(),
            ram: GuestRam::new(&regions).unwrap(),
        }
    }

    fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.directory.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    fn plan(&self, options: MachineOptions) -> Result<BootPlan, BootError> {
        let config = options.memory(ByteSize::mib(16)).build().unwrap();
        read(&config)
    }

    fn bytes(&self, addr: u64, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        self.ram.read(GuestPhysAddr(addr), &mut bytes).unwrap();
        bytes
    }

    fn double(&self, addr: u64) -> u64 {
        self.ram
            .load(GuestPhysAddr(addr), AccessSize::Double)
            .unwrap()
    }
}

fn image() -> Vec<u8> {
    let mut bytes = vec![0x5a; 4096];
    bytes[8..16].copy_from_slice(&0x20_0000u64.to_le_bytes());
    bytes[16..24].copy_from_slice(&0x10_0000u64.to_le_bytes());
    bytes[24..32].copy_from_slice(&[0; 8]);
    bytes[56..60].copy_from_slice(b"RSC\x05");
    bytes
}

#[test]
fn kernels_start_in_supervisor_mode_with_their_tree_and_initrd() {
    let fixture = Fixture::new();
    let kernel = fixture.file("kernel", &image());
    let initrd = fixture.file("initrd", b"files");
    let options = MachineOptions::default().kernel(kernel).initrd(initrd);
    let plan = fixture.plan(options).unwrap();
    let Entry::Kernel { pc, info: dtb } = plan.load(&fixture.ram).unwrap() else {
        panic!("the firmware is built in");
    };
    assert_eq!(pc, 0x8020_0000);
    assert_eq!(fixture.bytes(pc, 4096), image());
    assert_eq!(fixture.bytes(dtb, 4), [0xd0, 0x0d, 0xfe, 0xed]);
    let initrd = plan.placement.initrd.unwrap();
    assert_eq!(fixture.bytes(initrd, 5), b"files");
    assert_eq!(plan.symbols(), Symbols::default());
    // The tree has room where it is, and says where the initrd is.
    let tree = plan.device_tree().unwrap();
    let name = (initrd as u32).to_be_bytes();
    assert!(tree.windows(4).any(|word| word == name));
}

#[test]
fn firmware_is_told_about_the_kernel() {
    let fixture = Fixture::new();
    let kernel = fixture.file("kernel", &image());
    let bios = fixture.file("fw.bin", &[0x13; 64]);
    let options = MachineOptions::default()
        .kernel(kernel)
        .bios(Bios::File(bios));
    let plan = fixture.plan(options).unwrap();
    let entry = plan.load(&fixture.ram).unwrap();
    assert_eq!(entry, Entry::Reset { pc: 0x1000 });
    assert_eq!(fixture.double(0x1018), map::RAM_BASE);
    assert_eq!(fixture.double(0x1020), plan.placement.dtb);
    assert_eq!(fixture.double(0x1028), 0x4942_534f);
    assert_eq!(fixture.double(0x1038), 0x8020_0000);
    assert_eq!(fixture.bytes(map::RAM_BASE, 64), [0x13; 64]);
}

#[test]
fn firmware_may_be_alone() {
    let fixture = Fixture::new();
    let bios = fixture.file("fw.bin", &[0x13; 64]);
    let options = MachineOptions::default().bios(Bios::File(bios));
    let plan = fixture.plan(options).unwrap();
    assert_eq!(
        plan.load(&fixture.ram).unwrap(),
        Entry::Reset { pc: 0x1000 }
    );
    assert_eq!(fixture.double(0x1038), 0);
}

#[test]
fn firmware_that_reaches_into_the_kernel_is_refused() {
    let fixture = Fixture::new();
    let kernel = fixture.file("kernel", &image());
    let bios = fixture.file("fw.bin", &vec![0x13; 0x20_0001]);
    let options = MachineOptions::default()
        .kernel(kernel)
        .bios(Bios::File(bios));
    let message = fixture.plan(options).unwrap_err().to_string();
    assert!(
        message.contains("bios ") && message.contains("overlap"),
        "{message}"
    );
}

#[test]
fn a_kernel_larger_than_memory_is_refused() {
    let fixture = Fixture::new();
    let mut large = image();
    large[16..24].copy_from_slice(&(64u64 << 20).to_le_bytes());
    let kernel = fixture.file("kernel", &large);
    let message = fixture.plan(MachineOptions::default().kernel(kernel));
    let message = message.unwrap_err().to_string();
    assert!(
        message.contains("needs 69206016 bytes") && message.contains("more with memory"),
        "{message}"
    );
    let options = MachineOptions::default().kernel(fixture.file("k", &image()));
    let initrd = fixture.file("initrd", &vec![1; 17 << 20]);
    let message = fixture
        .plan(options.initrd(initrd))
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("initrd ") && message.contains("16M"),
        "{message}"
    );
}

#[test]
fn an_initrd_larger_than_a_gigabyte_is_loaded_without_being_held() {
    const LEN: u64 = 3 << 29;
    let fixture = Fixture::new();
    let kernel = fixture.file("kernel", &image());
    let initrd = fixture.file("initrd", b"begin");
    let file = fs::OpenOptions::new().write(true).open(&initrd).unwrap();
    // A hole, but for its ends.
    file.set_len(LEN - 3).unwrap();
    fs::OpenOptions::new()
        .append(true)
        .open(&initrd)
        .unwrap()
        .write_all(b"end")
        .unwrap();
    let options = MachineOptions::default().kernel(kernel).initrd(initrd);
    let config = options.memory(ByteSize::mib(4096)).build().unwrap();
    let plan = read(&config).unwrap();
    let ram = GuestRam::new(&[(GuestPhysAddr(map::RAM_BASE), 4 << 30)]).unwrap();
    plan.load(&ram).unwrap();
    let start = plan.placement.initrd.unwrap();
    let (mut begin, mut end) = ([0; 5], [0; 3]);
    ram.read(GuestPhysAddr(start), &mut begin).unwrap();
    ram.read(GuestPhysAddr(start + LEN - 3), &mut end).unwrap();
    assert_eq!((&begin, &end), (b"begin", b"end"));
}

#[test]
fn names_of_code_are_kept_for_tools_only() {
    let fixture = Fixture::new();
    let guests = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guests/tests");
    let program = guests.join("htif.elf");
    let options = || MachineOptions::default().kernel(&program).bios(Bios::None);
    assert_eq!(fixture.plan(options()).unwrap().take_names(), []);
    let mut plan = fixture.plan(options().perf_map(true)).unwrap();
    let names = plan.take_names();
    assert!(
        names.iter().any(|symbol| &*symbol.name == "_start"),
        "{names:?}"
    );
}
