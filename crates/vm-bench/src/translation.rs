//! Pairs of guest and host that blocks are translated between.

use vm_core::{GuestArch, HostArch};
use vm_cross_arch::{
    guest::{
        Isa,
        riscv64::{self, Context, Rv64, SHAPE},
    },
    host::{
        Backend, Config,
        contract::{HostCode, Request, ReservationCells, StateLayout},
        x86_64::{Features, X86_64},
    },
    ir::{Block, GuestInfo},
    passes::{self, Passes},
};

/// Guest instructions per block, as many as the engine allows.
pub const BLOCK_INSNS: u16 = 64;

/// Turns blocks into code of a host.
pub type Emitter = Box<dyn Fn(&Block) -> HostCode>;

/// From one guest to one host.
#[derive(Clone, Copy)]
pub struct Translation {
    /// The guest.
    pub guest: GuestArch,
    /// The host whose code is emitted, on whatever host.
    pub host: HostArch,
    /// Decodes and lifts the block at the start of the code, of so many
    /// instructions at most; `None` if not even one is whole.
    pub lift: fn(&[u8], u16) -> Option<Block>,
    /// What the guest says about its blocks.
    pub info: &'static GuestInfo,
    /// What emits code, for a processor that has everything or only the
    /// architecture's baseline: never what this host has, so that the same code
    /// comes out everywhere.
    pub emitter: fn(Processor) -> Emitter,
}

/// What a host's processor offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Processor {
    /// The architecture's baseline.
    Baseline,
    /// Every extension that generated code can use.
    Full,
}

/// Every pair that exists. A new guest or host adds its rows here, and all suites
/// measure it.
pub const TRANSLATIONS: [Translation; 1] = [Translation {
    guest: GuestArch::Riscv64,
    host: HostArch::X86_64,
    lift: lift_riscv64,
    info: &riscv64::INFO,
    emitter: riscv64_to_x86_64,
}];

/// Guest code cut into blocks that follow each other.
#[derive(Debug)]
pub struct Blocks<'a> {
    /// The code of each block.
    pub sources: Vec<&'a [u8]>,
    /// Guest instructions in them together.
    pub insns: usize,
}

impl Translation {
    /// The pair's name, such as `riscv64-x86_64`.
    pub fn name(&self) -> String {
        format!("{}-{}", self.guest, self.host)
    }

    /// Consecutive blocks from the start of `text` that hold `insns` instructions,
    /// or as many as there are.
    pub fn blocks<'a>(&self, text: &'a [u8], insns: usize) -> Blocks<'a> {
        let mut blocks = Blocks {
            sources: Vec::new(),
            insns: 0,
        };
        let mut rest = text;
        while blocks.insns < insns {
            let limit = (insns - blocks.insns).min(BLOCK_INSNS.into()) as u16;
            let Some(block) = (self.lift)(rest, limit) else {
                break;
            };
            let (source, behind) = rest.split_at(block.bytes.into());
            blocks.sources.push(source);
            blocks.insns += usize::from(block.insns);
            rest = behind;
        }
        blocks
    }

    /// The IR of a block's source, after those passes.
    pub fn translate(&self, source: &[u8], passes: Passes) -> Option<Block> {
        let mut block = (self.lift)(source, BLOCK_INSNS)?;
        passes::run(&mut block, passes, self.info);
        Some(block)
    }
}

fn lift_riscv64(code: &[u8], insns: u16) -> Option<Block> {
    Rv64::lift(Context::ALL, code, insns)
}

fn riscv64_to_x86_64(processor: Processor) -> Emitter {
    let all = processor == Processor::Full;
    let features = Features {
        bmi1: all,
        bmi2: all,
        lzcnt: all,
        popcnt: all,
        fma: all,
        pclmul: all,
    };
    let backend = X86_64::new(&Config {
        guest: &SHAPE,
        layout: LAYOUT,
        features,
        watched_stores: None,
        reservation: ReservationCells {
            host: cell(18),
            value: cell(19),
            proven: cell(20),
            refused: cell(21),
        },
    });
    let request = Request {
        code_pc: 0x8030_0000_u32 as i32,
        first_exit: 0,
        first_op: 0,
        rounds_to_nearest: true,
    };
    Box::new(move |block| backend.emit(block, &request))
}

/// A vCPU's state is laid out like the engine's: cells behind the slots.
const fn cell(number: i32) -> i32 {
    2048 + 16 * number
}

const LAYOUT: StateLayout = StateLayout {
    slots: -128,
    budget: cell(0),
    bias: cell(1),
    mapping: cell(1) + 8,
    jumps: cell(2),
    tlb: cell(3),
    site_pc: cell(4),
    site: cell(5),
    callee: cell(6),
    next: cell(7),
    args: cell(8),
    arg_bytes: 16,
    fp_flags: cell(11),
    fp_clear: cell(15),
    fp_control: cell(16),
    host_fp_control: cell(17),
};
