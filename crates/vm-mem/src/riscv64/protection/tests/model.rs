//! The registers and the rules, spelled out with wide numbers.

use vm_core::AccessKind;

#[derive(Default)]
pub(super) struct Model {
    pub(super) cfg: [u8; 16],
    pub(super) addr: [u64; 16],
}

impl Model {
    pub(super) fn read_cfg(&self, index: usize) -> Option<u64> {
        let first = match index {
            0 => 0,
            2 => 8,
            _ => return None,
        };
        Some(
            (0..8)
                .map(|n| u64::from(self.cfg[first + n]) << (8 * n))
                .sum(),
        )
    }

    pub(super) fn write_cfg(&mut self, index: usize, value: u64) -> Option<bool> {
        let before = self.read_cfg(index)?;
        for n in 0..8 {
            let entry = index * 4 + n;
            let mut byte = (value >> (8 * n)) as u8 & 0b1001_1111;
            if byte & 0b11 == 0b10 {
                byte -= 0b10;
            }
            if self.cfg[entry] < 0x80 {
                self.cfg[entry] = byte;
            }
        }
        Some(self.read_cfg(index)? != before)
    }

    pub(super) fn write_addr(&mut self, index: usize, value: u64) -> Option<bool> {
        let before = *self.addr.get(index)?;
        let next = *self.cfg.get(index + 1).unwrap_or(&0);
        let next_is_locked_tor = next >= 0x80 && (next >> 3) & 3 == 1;
        if self.cfg[index] < 0x80 && !next_is_locked_tor {
            self.addr[index] = value % (1 << 54);
        }
        Some(self.addr[index] != before)
    }

    fn matches(&self, entry: usize, byte: u128) -> bool {
        let own = u128::from(self.addr[entry]);
        match (self.cfg[entry] >> 3) & 3 {
            0 => false,
            1 => {
                let low = if entry == 0 { 0 } else { self.addr[entry - 1] };
                u128::from(low) * 4 <= byte && byte < own * 4
            }
            2 => byte / 4 == own,
            // yyy0111…1 covers all addresses that differ from yyy0000…0 in those low bits.
            _ => {
                let mut size = 8;
                let mut rest = own;
                while rest % 2 == 1 {
                    size *= 2;
                    rest /= 2;
                }
                byte / size == own * 4 / size
            }
        }
    }

    /// The entry that decides and whether it matches every byte.
    fn decide(&self, gpa: u64, bytes: u64) -> Option<(usize, bool)> {
        let all = || (0..bytes).map(|n| u128::from(gpa) + u128::from(n));
        let entry = (0..16).find(|&entry| all().any(|byte| self.matches(entry, byte)))?;
        Some((entry, all().all(|byte| self.matches(entry, byte))))
    }

    pub(super) fn is_partial(&self, gpa: u64, bytes: u64) -> bool {
        self.decide(gpa, bytes)
            .is_some_and(|(_, complete)| !complete)
    }

    pub(super) fn check(&self, gpa: u64, bytes: u64, kind: AccessKind, machine: bool) -> bool {
        let Some((entry, complete)) = self.decide(gpa, bytes) else {
            return machine;
        };
        let cfg = self.cfg[entry];
        let bound = !machine || cfg >= 0x80;
        let granted = match kind {
            AccessKind::Read => cfg & 1 != 0,
            AccessKind::Write => cfg & 2 != 0,
            AccessKind::Execute => cfg & 4 != 0,
        };
        complete && (!bound || granted)
    }
}
