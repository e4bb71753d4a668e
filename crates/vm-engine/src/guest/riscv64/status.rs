//! The fields of `mstatus` (Privileged 1.13 §3.1.6) and its view `sstatus`.

use super::Privilege;

/// S-mode interrupts are enabled.
pub const SIE: u64 = 1 << 1;
/// M-mode interrupts are enabled.
pub const MIE: u64 = 1 << 3;
/// SIE before the trap into S-mode.
pub const SPIE: u64 = 1 << 5;
/// MIE before the trap into M-mode.
pub const MPIE: u64 = 1 << 7;
/// The privilege before the trap into S-mode.
pub const SPP: u64 = 1 << SPP_SHIFT;
/// The privilege before the trap into M-mode.
pub const MPP: u64 = 3 << MPP_SHIFT;
/// State of the floating-point registers.
pub const FS: u64 = 3 << 13;
/// [`FS`]: they were written.
pub const FS_DIRTY: u64 = 3 << 13;
/// Loads and stores have the privilege in MPP.
pub const MPRV: u64 = 1 << 17;
/// S-mode may access user pages.
pub const SUM: u64 = 1 << 18;
/// Executable pages are readable.
pub const MXR: u64 = 1 << 19;
/// S-mode may not touch `satp` nor fence.
pub const TVM: u64 = 1 << 20;
/// WFI below M-mode is illegal.
pub const TW: u64 = 1 << 21;
/// SRET in S-mode is illegal.
pub const TSR: u64 = 1 << 22;
/// FS, VS or XS says dirty.
pub const SD: u64 = 1 << 63;
/// UXL and SXL, read-only: both 64 bits.
pub const XLEN: u64 = 2 << 32 | 2 << 34;

const SPP_SHIFT: u32 = 8;
const MPP_SHIFT: u32 = 11;

/// What a write to `mstatus` can change. VS, XS, UBE, SBE and MBE are
/// read-only zero: no vectors, no other extension's state, little-endian.
pub const WRITABLE: u64 =
    SIE | MIE | SPIE | MPIE | SPP | MPP | FS | MPRV | SUM | MXR | TVM | TW | TSR;
/// What a write to `sstatus` can change.
pub const SUPERVISOR_WRITABLE: u64 = SIE | SPIE | SPP | FS | SUM | MXR;
/// What `sstatus` shows; of XLEN, UXL only.
pub const SUPERVISOR_VISIBLE: u64 = SUPERVISOR_WRITABLE | 2 << 32 | SD;

/// `mstatus` without SD, always holding a legal value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status(u64);

impl Default for Status {
    /// After reset: interrupts off, MPRV clear (§3.4), floating point off.
    fn default() -> Self {
        Self(XLEN)
    }
}

impl Status {
    /// The value that writing `value` over `self` leaves: a reserved MPP keeps the old one.
    #[must_use]
    pub const fn legalized(self, value: u64) -> Self {
        let mut new = value & WRITABLE | XLEN;
        if (value & MPP) >> MPP_SHIFT == 2 {
            new = new & !MPP | self.0 & MPP;
        }
        Self(new)
    }

    /// The bits, SD included.
    pub const fn bits(self) -> u64 {
        if self.0 & FS == FS_DIRTY {
            self.0 | SD
        } else {
            self.0
        }
    }

    /// Whether all of `bits` are set.
    #[inline]
    pub const fn has(self, bits: u64) -> bool {
        self.0 & bits == bits
    }

    /// Whether floating point is usable.
    #[inline]
    pub const fn fp_on(self) -> bool {
        self.0 & FS != 0
    }

    /// Notes that floating-point state was written.
    pub const fn set_fp_dirty(&mut self) {
        self.0 |= FS_DIRTY;
    }

    /// MPP.
    #[inline]
    pub const fn machine_previous(self) -> Privilege {
        match (self.0 & MPP) >> MPP_SHIFT {
            0 => Privilege::User,
            1 => Privilege::Supervisor,
            _ => Privilege::Machine,
        }
    }

    /// SPP.
    #[inline]
    pub const fn supervisor_previous(self) -> Privilege {
        if self.0 & SPP != 0 {
            Privilege::Supervisor
        } else {
            Privilege::User
        }
    }

    /// Enters a trap handler in M-mode from `from`.
    pub const fn enter_machine(&mut self, from: Privilege) {
        let mpie = if self.0 & MIE != 0 { MPIE } else { 0 };
        self.0 = self.0 & !(MIE | MPIE | MPP) | mpie | from.bits() << MPP_SHIFT;
    }

    /// Enters a trap handler in S-mode from `from`, which is not M-mode.
    pub const fn enter_supervisor(&mut self, from: Privilege) {
        let spie = if self.0 & SIE != 0 { SPIE } else { 0 };
        self.0 = self.0 & !(SIE | SPIE | SPP) | spie | (from.bits() & 1) << SPP_SHIFT;
    }

    /// MRET: returns the privilege to go on with.
    pub const fn leave_machine(&mut self) -> Privilege {
        let to = self.machine_previous();
        let mie = if self.0 & MPIE != 0 { MIE } else { 0 };
        self.0 = self.0 & !(MIE | MPP) | mie | MPIE;
        if !to.is_machine() {
            self.0 &= !MPRV;
        }
        to
    }

    /// SRET: returns the privilege to go on with.
    pub const fn leave_supervisor(&mut self) -> Privilege {
        let to = self.supervisor_previous();
        let sie = if self.0 & SPIE != 0 { SIE } else { 0 };
        self.0 = self.0 & !(SIE | SPP | MPRV) | sie | SPIE;
        to
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_legal_values_stick() {
        let all = Status::default().legalized(u64::MAX);
        assert_eq!(all.bits(), WRITABLE | XLEN | SD);
        assert_eq!(all.machine_previous(), Privilege::Machine);
        // MPP = 2 is reserved: the old field stays, the rest is written.
        let reserved = all.legalized(2 << MPP_SHIFT | TW);
        assert_eq!(reserved.bits(), MPP | TW | XLEN);
        assert_eq!(Status::default().legalized(0).bits(), XLEN);
    }

    #[test]
    fn machine_traps_nest_and_return() {
        let mut s = Status::default().legalized(MIE | MPRV);
        s.enter_machine(Privilege::Supervisor);
        assert_eq!(s.bits() & !XLEN, MPIE | 1 << MPP_SHIFT | MPRV);
        assert_eq!(s.leave_machine(), Privilege::Supervisor);
        assert_eq!(s.bits() & !XLEN, MIE | MPIE);
    }

    #[test]
    fn return_to_machine_mode_keeps_mprv() {
        let mut s = Status::default().legalized(MPRV | MPP);
        assert_eq!(s.leave_machine(), Privilege::Machine);
        assert!(s.has(MPRV));
        assert_eq!(s.machine_previous(), Privilege::User);
        assert!(!s.has(MIE));
    }

    #[test]
    fn supervisor_traps_nest_and_return() {
        let mut s = Status::default().legalized(SIE | MPRV);
        s.enter_supervisor(Privilege::Supervisor);
        assert_eq!(s.bits() & !XLEN, SPIE | SPP | MPRV);
        assert_eq!(s.leave_supervisor(), Privilege::Supervisor);
        assert_eq!(s.bits() & !XLEN, SIE | SPIE);
        s.enter_supervisor(Privilege::User);
        assert_eq!(s.leave_supervisor(), Privilege::User);
    }

    #[test]
    fn dirty_floating_point_shows_in_sd() {
        let mut s = Status::default().legalized(1 << 13);
        assert!(s.fp_on());
        assert_eq!(s.bits() & SD, 0);
        s.set_fp_dirty();
        assert_eq!(s.bits() & (SD | FS), SD | FS_DIRTY);
    }
}
