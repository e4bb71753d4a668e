//! Busybox at work.

use anyhow::{Result, ensure};
use vm_engine::vcpu::Engine;
use vm_optimizers::TierPolicy;
use vm_user::Process;

use super::Work;
use crate::code::GuestCode;

/// One of busybox's commands, with something to work on.
pub struct Program {
    /// The command's name.
    pub name: &'static str,
    /// Its arguments, busybox's own name first.
    pub arguments: &'static [&'static str],
    /// Its standard input.
    pub input: fn() -> Vec<u8>,
}

/// Integer arithmetic, few memory accesses.
pub const SHA256: Program = Program {
    name: "sha256sum",
    arguments: &["busybox", "sha256sum"],
    input: || text(64 << 10),
};
/// An interpreter with hash tables and floating point.
pub const AWK: Program = Program {
    name: "awk",
    arguments: &[
        "busybox",
        "awk",
        "{ s[$1 % 97] += $2; n++ } END { for (k in s) t += s[k] * k; print n, t }",
    ],
    input: || text(8 << 10),
};
/// Loops with tables and bit fields.
pub const GZIP: Program = Program {
    name: "gzip",
    arguments: &["busybox", "gzip", "-c"],
    input: || text(32 << 10),
};
/// Comparisons, allocation, pointers.
pub const SORT: Program = Program {
    name: "sort",
    arguments: &["busybox", "sort", "-n"],
    input: || text(8 << 10),
};
/// All of them.
pub const PROGRAMS: [&Program; 4] = [&SHA256, &AWK, &GZIP, &SORT];

/// Lines of two numbers, from a generator with a long period (xorshift64).
fn text(bytes: usize) -> Vec<u8> {
    let mut state = 0x1234_5678_9abc_def1_u64;
    let mut text = String::new();
    while text.len() < bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        text.push_str(&format!("{} {}\n", state % 10_007, state >> 48));
    }
    text.into_bytes()
}

struct Run {
    process: Process,
}

/// A run in tier 0, on blocks that were translated before.
pub fn interpreted(code: &GuestCode, program: &Program) -> Result<Box<dyn Work>> {
    warmed_up(code, program, Engine::Interpreter, 1)
}

/// A run in tier 1, on blocks that were compiled before.
pub fn compiled(code: &GuestCode, program: &Program) -> Result<Box<dyn Work>> {
    ensure!(vm_engine::jit::SUPPORTED, "there is no JIT for this host");
    warmed_up(code, program, jit(), COMPILED_AFTER as usize + 1)
}

fn warmed_up(
    code: &GuestCode,
    program: &Program,
    engine: Engine,
    runs: usize,
) -> Result<Box<dyn Work>> {
    let Program {
        arguments, input, ..
    } = program;
    let mut process = Process::new(&code.busybox, arguments, &input(), engine)?;
    for _ in 0..runs {
        process.run_well()?;
        process.restart()?;
    }
    Ok(Box::new(Run { process }))
}

/// Runs of a block after which the warm tier 1 compiles it: after as many runs of the
/// program, nothing is left to be compiled.
const COMPILED_AFTER: u32 = 2;

fn jit() -> Engine {
    Engine::Jit(TierPolicy {
        threshold: COMPILED_AFTER,
        ..TierPolicy::default()
    })
}

impl Work for Run {
    fn prepare(&mut self) -> Result<()> {
        self.process.restart()
    }

    fn run(&mut self) -> Result<u64> {
        Ok(self.process.run_well()?.retired)
    }
}

struct Cold {
    code: GuestCode,
    arguments: &'static [&'static str],
    input: Vec<u8>,
    process: Option<Process>,
}

/// A run on an engine without blocks, which compiles as `trine` does by default.
pub fn cold(code: &GuestCode, program: &Program) -> Result<Box<dyn Work>> {
    Ok(Box::new(Cold {
        code: code.clone(),
        arguments: program.arguments,
        input: (program.input)(),
        process: None,
    }))
}

impl Work for Cold {
    fn prepare(&mut self) -> Result<()> {
        let (busybox, engine) = (&self.code.busybox, Engine::default());
        let process = Process::new(busybox, self.arguments, &self.input, engine)?;
        self.process = Some(process);
        Ok(())
    }

    fn run(&mut self) -> Result<u64> {
        let mut process = self.process.take();
        let process = process
            .as_mut()
            .ok_or_else(|| anyhow::anyhow!("not prepared"))?;
        Ok(process.run_well()?.retired)
    }
}
