//! The state a case starts in, and the engines that run it.

use vm_engine::vcpu::Engine;
use vm_optimizers::TierPolicy;

use super::handler::Fence;
use crate::fuzz::{
    environment::{MACHINE, SUPERVISOR, USER},
    rng::Rng,
    values,
};

/// The state a case starts in, and the engines that run it.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The mode that the program runs in.
    pub mode: u64,
    /// Data, and below M-mode the program, are in address spaces of Sv39.
    pub translated: bool,
    /// Numbers of the two address spaces.
    pub asids: [u64; 2],
    /// What the handlers fence.
    pub fence: Fence,
    /// Entries of the pages are without A and D at first.
    pub unaccessed: bool,
    /// Offset in RAM of the first instruction.
    pub entry: i32,
    /// What that counts from.
    pub code_base: u64,
    /// The CSRs of these names.
    pub mstatus: u64,
    /// Likewise.
    pub medeleg: u64,
    /// Likewise.
    pub mideleg: u64,
    /// Likewise.
    pub menvcfg: u64,
    /// Likewise.
    pub senvcfg: u64,
    /// Likewise.
    pub mcounteren: u64,
    /// Likewise.
    pub fcsr: u64,
    /// Physical protection takes 64 bytes of data away.
    pub protected: bool,
    /// Seed of the data pages' contents.
    pub fill: u64,
    /// x1 to x31.
    pub x: [u64; 31],
    /// f0 to f31.
    pub f: [u64; 32],
    /// The machines have a second hart, which never runs.
    pub neighbour: bool,
    /// Instructions per block, at most, in the interpreter and with the JIT.
    pub max_insns: [u16; 2],
    /// The JIT's threshold.
    pub threshold: u32,
    /// Bytes of the JIT's memory for code.
    pub code_bytes: usize,
}

impl Setup {
    /// A random one, the frame's registers yet to be set.
    pub fn random(rng: &mut Rng) -> Self {
        let mode = *rng.pick(&[USER, USER, SUPERVISOR, SUPERVISOR, SUPERVISOR, MACHINE]);
        let translated = rng.chance(if mode == MACHINE { 25 } else { 85 });
        let below = mode != MACHINE;
        let asid = rng.below(0x1_0000);
        let other = if rng.chance(20) {
            asid
        } else {
            rng.below(0x1_0000)
        };
        Self {
            mode,
            translated,
            asids: [asid, other],
            fence: *rng.pick(&Fence::EACH),
            unaccessed: rng.chance(40),
            entry: 0,
            code_base: 0,
            mstatus: status(rng, mode, translated),
            medeleg: if below { delegation(rng) } else { 0 },
            mideleg: if below { rng.next() & 0x222 } else { 0 },
            menvcfg: (rng.next() & 0xf0) | (rng.next() & 7) << 61 & !(1 << 62),
            senvcfg: rng.next() & 0xf0,
            mcounteren: *rng.pick(&[7, 7, 5, 0]),
            fcsr: *rng.pick(&[0, 0, 0, 1, 2, 3, 4]) << 5,
            protected: rng.chance(30),
            fill: rng.next(),
            x: std::array::from_fn(|_| values::integer(rng)),
            f: std::array::from_fn(|_| values::floating(rng)),
            neighbour: rng.chance(20),
            max_insns: [
                *rng.pick(&[1, 1, 5, 64]),
                *rng.pick(&[64, 64, 64, 64, 7, 2, 1]),
            ],
            threshold: *rng.pick(&[0, 1, 1, 2, 2, 5, 16]),
            code_bytes: *rng.pick(&[64 << 10, 256 << 10, 1 << 20, 4 << 20]),
        }
    }

    /// Whether the program runs in M-mode.
    pub fn is_machine(&self) -> bool {
        self.mode == MACHINE
    }

    /// Instructions per block and engine of the interpreter and the JIT.
    pub fn engines(&self) -> [(u16, Engine); 2] {
        let policy = TierPolicy {
            threshold: self.threshold,
            code_bytes: self.code_bytes,
        };
        let [interpreter, jit] = self.max_insns;
        [
            (interpreter, Engine::Interpreter),
            (jit, Engine::Jit(policy)),
        ]
    }
}

/// All of it or most, so that both handlers work.
fn delegation(rng: &mut Rng) -> u64 {
    match rng.below(4) {
        0 => 0,
        1 => rng.next(),
        _ => u64::MAX,
    }
}

fn status(rng: &mut Rng, mode: u64, translated: bool) -> u64 {
    const MPIE: u64 = 1 << 7;
    const SIE: u64 = 1 << 1;
    const FS: u64 = 3 << 13;
    const MPRV: u64 = 1 << 17;
    const SUM: u64 = 1 << 18;
    const MXR: u64 = 1 << 19;
    const TW: u64 = 1 << 21;
    let mut status = mode << 11 | FS | TW | MPIE;
    for field in [SIE, SUM, MXR] {
        if rng.chance(70) {
            status |= field;
        }
    }
    if mode == MACHINE && translated {
        status |= MPRV;
    }
    status
}
