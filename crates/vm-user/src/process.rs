//! A program on a vCPU, from its start to its end.

use anyhow::{Result, bail, ensure};
use vm_engine::vcpu::{Engine, VcpuStats};

use crate::{
    arch::{Processor, UserVcpu},
    calls::Calls,
    memory::Memory,
    program::Program,
    stack,
};

/// What a program has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// What it wrote to standard output and standard error.
    pub output: Vec<u8>,
    /// Its exit status.
    pub status: i32,
    /// Instructions retired, the few of the trap handler included.
    pub retired: u64,
}

/// What a program died of, in its architecture's terms.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Crash {
    pub(crate) cause: u64,
    pub(crate) value: u64,
    pub(crate) pc: u64,
}

/// A program on a vCPU.
pub struct Process {
    vcpu: UserVcpu,
    memory: Memory,
    program: Program,
    arguments: Vec<String>,
}

impl Process {
    /// A process that will run an ELF file with these arguments, the first of
    /// which is its name, and this standard input.
    ///
    /// # Errors
    /// If the file is no static program for this architecture, does not fit into
    /// memory, or the engine cannot be had.
    pub fn new(file: &[u8], arguments: &[&str], input: &[u8], engine: Engine) -> Result<Self> {
        let memory = Memory::new()?;
        let program = Program::parse(file)?;
        let calls = Calls::new(memory.clone(), input);
        let arguments = arguments.iter().map(|&argument| argument.to_owned());
        let mut process = Self {
            vcpu: UserVcpu::new(memory.ram.clone(), calls, engine)?,
            memory,
            program,
            arguments: arguments.collect(),
        };
        process.restart()?;
        Ok(process)
    }

    /// Puts the program back to its start. Translated code stays.
    ///
    /// # Errors
    /// If it does not fit into memory.
    pub fn restart(&mut self) -> Result<()> {
        let (stack, bytes) = stack::at_start(&self.program, &self.arguments)?;
        self.program.load(&self.memory, (stack, &bytes))?;
        self.vcpu.restart(self.program.end());
        self.vcpu.enter(self.program.entry, stack)
    }

    /// Runs the program to its end, in this thread.
    ///
    /// # Errors
    /// If it dies of an exception.
    pub fn run(&mut self) -> Result<Ended> {
        let before = self.vcpu.processor().core.retired;
        let status = match self.vcpu.run() {
            Ok(status) => status,
            Err(Crash { cause, value, pc }) => {
                bail!("the program died at {pc:#x} of exception {cause}, value {value:#x}")
            }
        };
        Ok(Ended {
            output: self.vcpu.take_output(),
            status,
            retired: self.vcpu.processor().core.retired.wrapping_sub(before),
        })
    }

    /// Runs the program to its end, which must be a success.
    ///
    /// # Errors
    /// As [`run`](Self::run), and if its exit status is not 0.
    pub fn run_well(&mut self) -> Result<Ended> {
        let ended = self.run()?;
        let Ended { status, output, .. } = &ended;
        let said = String::from_utf8_lossy(output);
        ensure!(
            *status == 0,
            "the program ended with status {status}: {said}"
        );
        Ok(ended)
    }

    /// What the engine has done since the last call.
    pub fn take_stats(&mut self) -> VcpuStats {
        self.vcpu.processor().take_stats()
    }

    /// The vCPU, to be looked at between instructions.
    pub fn vcpu(&mut self) -> &mut Processor {
        self.vcpu.processor()
    }

    /// The program's memory.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Whether the program has ended.
    pub fn has_ended(&self) -> bool {
        self.vcpu.has_ended()
    }
}
