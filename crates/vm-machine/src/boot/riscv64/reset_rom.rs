//! The first instructions after reset, and what they pass to the firmware.

use crate::boot::ResetTarget;

/// Magic number of OpenSBI's `struct fw_dynamic_info`.
const DYNAMIC_INFO_MAGIC: u64 = 0x4942_534f;
/// The structure's version that has `boot_hart`.
const DYNAMIC_INFO_VERSION: u64 = 2;
/// Enter the next stage in S-mode.
const NEXT_MODE_S: u64 = 1;

/// Where the data begins, from the first instruction.
const DATA: usize = 24;

/// `a0` is the hart's number, `a1` the device tree, `a2` the dynamic
/// information: what OpenSBI and bare-metal programs expect.
const CODE: [u32; DATA / 4] = [
    0x0000_0297, // auipc t0, 0
    0x0282_8613, // addi  a2, t0, 40
    0xf140_2573, // csrr  a0, mhartid
    0x0202_b583, // ld    a1, 32(t0)
    0x0182_b283, // ld    t0, 24(t0)
    0x0002_8067, // jr    t0
];

/// The contents of the ROM: the program to start first runs in M-mode, the next in
/// S-mode.
pub(super) fn build(target: &ResetTarget) -> Vec<u8> {
    let info = [
        DYNAMIC_INFO_MAGIC,
        DYNAMIC_INFO_VERSION,
        target.next,
        NEXT_MODE_S,
        0, // options
        0, // boot_hart
    ];
    let data = [target.start, target.dtb].into_iter().chain(info);
    let code = CODE.iter().flat_map(|word| word.to_le_bytes());
    code.chain(data.flat_map(u64::to_le_bytes)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_where_the_code_looks() {
        let target = ResetTarget {
            start: 0x8000_0000,
            dtb: 0x9000_0000,
            next: 0x8020_0000,
        };
        let rom = build(&target);
        let at = |offset: usize| u64::from_le_bytes(rom[offset..offset + 8].try_into().unwrap());
        // The offsets are the immediates of the two loads and the addition.
        let immediate = |insn: usize| (CODE[insn] >> 20) as usize;
        assert_eq!(at(immediate(4)), target.start);
        assert_eq!(at(immediate(3)), target.dtb);
        assert_eq!(at(immediate(1)), DYNAMIC_INFO_MAGIC);
        assert_eq!(at(immediate(1) + 16), target.next);
        assert_eq!(rom.len(), DATA + 8 * 8);
    }
}
