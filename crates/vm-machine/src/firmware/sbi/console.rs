//! The debug console (§12).

use vm_core::GuestPhysAddr;
use vm_engine::guest::riscv64::{SbiCall, SbiReturn};

use super::{Sbi, SbiError, SbiResult, finish};

/// Bytes moved by one call, at most: calls may do less than they were asked for.
const MAX_TRANSFER: u64 = 4096;

impl Sbi {
    pub(super) fn debug_console(&self, call: &mut SbiCall<'_>, function: u64) -> SbiReturn {
        let [first, low, high, ..] = call.args;
        finish(match function {
            0 => self.write(call, first, low, high),
            1 => self.read(call, first, low, high),
            // The byte is an 8-bit parameter.
            2 if !self.write_byte(call, first as u8) => return SbiReturn::Again,
            2 => Ok(0),
            _ => Err(SbiError::NotSupported),
        })
    }

    fn write(&self, call: &SbiCall<'_>, len: u64, low: u64, high: u64) -> SbiResult {
        let mut buffer = [0; MAX_TRANSFER as usize];
        let bytes = memory(call, &mut buffer, len, low, high)?;
        let ram = &call.core.machine.ram;
        ram.read(GuestPhysAddr(low), bytes)
            .map_err(|_| SbiError::InvalidParam)?;
        Ok(self.console.write(bytes) as u64)
    }

    fn read(&self, call: &SbiCall<'_>, len: u64, low: u64, high: u64) -> SbiResult {
        let mut buffer = [0; MAX_TRANSFER as usize];
        let room = memory(call, &mut buffer, len, low, high)?;
        let input = std::iter::from_fn(|| self.console.read());
        let taken = room
            .iter_mut()
            .zip(input)
            .map(|(slot, byte)| *slot = byte)
            .count();
        let ram = &call.core.machine.ram;
        ram.write(GuestPhysAddr(low), room.get(..taken).unwrap_or_default())
            .map_err(|_| SbiError::Failed)?;
        Ok(taken as u64)
    }

    /// Writes one byte, and waits for room, as §12.3 and §5.2 ask for. False if
    /// the machine stops before: the byte is not written yet.
    pub(super) fn write_byte(&self, call: &mut SbiCall<'_>, byte: u8) -> bool {
        call.wait_until(|| self.console.write(&[byte]) != 0)
    }
}

/// The part of `buffer` that stands for guest memory of `len` bytes whose
/// physical address comes in two registers. All of that memory must be RAM.
fn memory<'a>(
    call: &SbiCall<'_>,
    buffer: &'a mut [u8],
    len: u64,
    low: u64,
    high: u64,
) -> Result<&'a mut [u8], SbiError> {
    let ram = &call.core.machine.ram;
    let in_ram = len == 0 || ram.contains(GuestPhysAddr(low), len);
    if high != 0 || !in_ram {
        return Err(SbiError::InvalidParam);
    }
    let len = len.min(MAX_TRANSFER) as usize;
    buffer.get_mut(..len).ok_or(SbiError::Failed)
}
