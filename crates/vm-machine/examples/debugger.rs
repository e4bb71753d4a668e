//! Runs a bare-metal program, and looks around whenever it comes to an address, as a
//! debugger would:
//!
//! ```console
//! $ cargo run -p vm-machine --example debugger -- guests/tests/count.elf 0x80000074
//! ```

use std::{env, error::Error, io, path::Path, sync::Arc};

use vm_machine::{
    ExitStatus, Machine, Registers, StopReason,
    config::{Bios, ByteSize, MachineOptions},
    console::{HostConsole, MemoryOutput},
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let mut args = env::args().skip(1);
    let (Some(program), Some(address)) = (args.next(), args.next()) else {
        return Err("give a program, and an address in hexadecimal".into());
    };
    let address = u64::from_str_radix(address.trim_start_matches("0x"), 16)?;
    let status = session(Path::new(&program), address, &mut io::stdout())?;
    println!("{status:?}");
    Ok(())
}

/// Runs `program` on two vCPUs, and tells `out` of every arrival at virtual address
/// `address`, then of what the program has printed. Returns how it ended.
pub fn session(program: &Path, address: u64, out: &mut dyn io::Write) -> Result<ExitStatus> {
    let config = MachineOptions::default()
        .kernel(program)
        .bios(Bios::None)
        .memory(ByteSize::mib(4))
        .cpus(2u32)
        .build()?;
    let printed = Arc::new(MemoryOutput::with_limit(1 << 20));
    let mut machine = Machine::new(config, HostConsole::new(printed.clone()))?;
    writeln!(out, "{}", machine.engine())?;
    machine.set_breakpoint(address);
    loop {
        match machine.run_until_stop()? {
            StopReason::Breakpoint { vcpu, pc } => look_around(&mut machine, vcpu, pc, out)?,
            StopReason::Ended(status) => {
                out.write_all(&printed.take())?;
                writeln!(out)?;
                return Ok(status);
            }
            // Nobody here pauses it, and what else may come is no reason to stay.
            _ => {}
        }
    }
}

/// Shows the instruction at `pc`, which is about to run, and the registers; then has
/// it run alone.
fn look_around(machine: &mut Machine, vcpu: usize, pc: u64, out: &mut dyn io::Write) -> Result<()> {
    let mut code = [0; 4];
    machine.read_virtual(vcpu, pc, &mut code)?;
    let code = u32::from_le_bytes(code);
    let registers = machine.registers(vcpu)?;
    machine.single_step(vcpu)?;
    let next = machine.registers(vcpu)?.pc();
    write!(out, "vCPU {vcpu} at {pc:#x}: {code:08x}, next {next:#x};")?;
    if let Registers::Riscv64(hart) = registers {
        let set = hart.x.iter().enumerate().filter(|(_, value)| **value != 0);
        for (number, value) in set {
            write!(out, " x{number} {value:#x}")?;
        }
    }
    writeln!(out)?;
    Ok(())
}
