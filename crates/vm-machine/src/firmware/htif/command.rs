//! What a value at `tohost` means.

/// Device 0: system calls, and the end of the program.
const DEVICE_PROXY: u8 = 0;
/// Device 1: the console.
const DEVICE_CONSOLE: u8 = 1;

/// The payload's width in bits; above it are the command and the device.
const PAYLOAD_BITS: u32 = 48;
const PAYLOAD_MASK: u64 = (1 << PAYLOAD_BITS) - 1;

/// A command from the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Command {
    /// The program has ended.
    Exit {
        /// 0 for success.
        code: u64,
    },
    /// A system call whose number and arguments are in memory.
    SystemCall {
        /// The address of eight double words.
        block: u64,
    },
    /// Print a byte.
    PutChar(u8),
    /// Answer with a byte of input, as soon as there is one.
    GetChar,
    /// A device or command that the host does not have.
    Unknown,
}

impl Command {
    /// Takes `tohost` apart.
    pub(super) const fn decode(tohost: u64) -> Self {
        let device = (tohost >> 56) as u8;
        let command = (tohost >> PAYLOAD_BITS) as u8;
        let payload = tohost & PAYLOAD_MASK;
        match (device, command) {
            (DEVICE_PROXY, 0) if payload & 1 != 0 => Self::Exit { code: payload >> 1 },
            (DEVICE_PROXY, 0) => Self::SystemCall { block: payload },
            (DEVICE_CONSOLE, 0) => Self::GetChar,
            (DEVICE_CONSOLE, 1) => Self::PutChar(payload as u8),
            _ => Self::Unknown,
        }
    }
}

/// The answer to `tohost` that carries `payload`.
pub(super) const fn answer(tohost: u64, payload: u64) -> u64 {
    tohost & !PAYLOAD_MASK | payload & PAYLOAD_MASK
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_told_apart() {
        let console = 1 << 56;
        for (tohost, command) in [
            (1, Command::Exit { code: 0 }),
            (1337 << 1 | 1, Command::Exit { code: 1337 }),
            (0x8000_1000, Command::SystemCall { block: 0x8000_1000 }),
            (console | 1 << 48 | 0x141, Command::PutChar(0x41)),
            (console, Command::GetChar),
            (console | 2 << 48, Command::Unknown),
            (0xff << 48, Command::Unknown),
            (2 << 56, Command::Unknown),
        ] {
            assert_eq!(Command::decode(tohost), command, "{tohost:#x}");
        }
    }

    #[test]
    fn answers_name_the_device_and_command() {
        assert_eq!(answer(1 << 56 | 77, 0x141), 1 << 56 | 0x141);
        assert_eq!(answer(u64::MAX, 0), 0xffff << 48);
    }
}
