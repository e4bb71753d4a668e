//! What programs keep in which integer registers.

/// Return addresses; the second of calls through the alternate link register.
pub const LINKS: [u32; 2] = [1, 5];
/// The stack's end.
pub const STACK: u32 = 2;
/// Units' own, for addresses and values.
pub const SCRATCH: [u32; 3] = [6, 7, 28];
/// Pointers into the data pages that units move.
pub const MOVING: [u32; 4] = [8, 9, 18, 19];
/// Points into the device's page.
pub const DEVICE: u32 = 20;
/// Points into the data of the mixed page.
pub const MIXED: u32 = 21;
/// Address of the first data page.
pub const DATA: u32 = 22;
/// Where offsets in RAM count from for stores to code.
pub const WRITE_BASE: u32 = 23;
/// Where offsets in RAM count from for calls.
pub const EXEC_BASE: u32 = 24;
/// Loop counters: of recursion, of functions, of the main program.
pub const COUNTERS: [u32; 3] = [25, 26, 27];

/// What random instructions base accesses on; more often what comes more often.
pub const POINTERS: [u32; 12] = [8, 8, 9, 9, 18, 18, 19, 19, 2, 8, DEVICE, MIXED];

/// Registers that random instructions leave alone, as bits.
pub const RESERVED: u32 = 0b1111 << 24 | 0b11_1111 << 18 | 0b11 << 8 | 1 << STACK;
/// Those they seldom write.
pub const SELDOM: u32 = 1 << LINKS[0] | 1 << LINKS[1];
