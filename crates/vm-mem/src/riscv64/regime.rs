//! Translation regimes: what of a hart's state changes the meaning of an address, and
//! what an access may do with a translation that exists.

use vm_core::AccessKind;

use super::{Mode, Privilege, Satp};
use crate::tlb::{Perms, Space};

/// Numbers of the regimes: whatever changes the meaning of a cached translation but is
/// neither privilege nor SUM, which [`Context::accept`] tells apart.
mod number {
    /// M-mode: no translation, its own rules of protection.
    pub(super) const MACHINE: u8 = 0;
    /// S- and U-mode without translation.
    pub(super) const BARE: u8 = 1;
    /// The first of the paged ones: two for each mode, without and with MXR.
    pub(super) const PAGED: u8 = 2;
}

/// The registers of a hart that translation depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context {
    /// The privilege of the hart.
    pub privilege: Privilege,
    /// The one that loads and stores have instead: MPP, if `mstatus.MPRV` is set.
    pub lent: Option<Privilege>,
    /// `sstatus.SUM`: whether supervisor loads and stores may access user pages.
    pub sum: bool,
    /// `sstatus.MXR`: whether executable pages are readable.
    pub mxr: bool,
    /// `satp`.
    pub satp: Satp,
    /// `menvcfg.ADUE`: whether walks set A and D (Svadu) instead of faulting (Svade).
    pub adue: bool,
    /// `menvcfg.PBMTE`: whether pages may override memory types (Svpbmt).
    pub pbmte: bool,
}

impl Context {
    /// The privilege with which memory is accessed (Privileged 1.13 §3.1.6.3).
    #[inline]
    pub fn effective_privilege(&self, kind: AccessKind) -> Privilege {
        match self.lent {
            Some(lent) if kind != AccessKind::Execute => lent,
            _ => self.privilege,
        }
    }

    /// How addresses of accesses are translated.
    #[inline]
    pub fn mode(&self, kind: AccessKind) -> Mode {
        if self.effective_privilege(kind).is_machine() {
            return Mode::Bare;
        }
        self.satp.mode().unwrap_or(Mode::Bare)
    }

    /// The address space that accesses belong to.
    #[inline]
    pub fn space(&self, kind: AccessKind) -> Space {
        let level = match self.mode(kind) {
            Mode::Bare if self.effective_privilege(kind).is_machine() => {
                return Space::new(number::MACHINE, 0, 0);
            }
            Mode::Bare => return Space::new(number::BARE, 0, 0),
            Mode::Sv39 => 0,
            Mode::Sv48 => 1,
            Mode::Sv57 => 2,
        };
        let mxr = u8::from(self.mxr);
        Space::new(number::PAGED + 2 * level + mxr, 0, self.satp.asid())
    }

    /// The page permissions of which one lets an access pass.
    #[inline]
    pub fn accept(&self, kind: AccessKind) -> Perms {
        accepted_perms(kind, self.effective_privilege(kind).is_user(), self.sum)
    }
}

/// The permissions that let an access pass (Privileged §"Virtual Address Translation
/// Process", step 7): `user` is the effective privilege, `sum` is `sstatus.SUM`.
///
/// `sstatus.MXR` is not here: it is part of what the walk grants, so translations made
/// with and without it belong to different [`Space`] regimes.
#[inline]
pub(super) const fn accepted_perms(kind: AccessKind, user: bool, sum: bool) -> Perms {
    if user {
        return Perms::user(kind);
    }
    let supervisor = Perms::supervisor(kind);
    match kind {
        AccessKind::Execute => supervisor,
        AccessKind::Read | AccessKind::Write if sum => supervisor.or(Perms::user(kind)),
        AccessKind::Read | AccessKind::Write => supervisor,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SV39: Satp = Satp(8 << 60 | 0x1234 << 44 | 5);
    const CONTEXT: Context = Context {
        privilege: Privilege::Supervisor,
        lent: None,
        sum: false,
        mxr: false,
        satp: SV39,
        adue: false,
        pbmte: false,
    };

    #[test]
    fn whatever_changes_translations_makes_another_space() {
        let with = |privilege, mode: u64, mxr| Context {
            privilege,
            satp: Satp(SV39.0 & !(15 << 60) | mode << 60),
            mxr,
            ..CONTEXT
        };
        let mut spaces = vec![
            with(Privilege::Machine, 8, false),
            with(Privilege::Supervisor, 0, false),
        ];
        for mode in [8, 9, 10] {
            spaces.extend([false, true].map(|mxr| with(Privilege::User, mode, mxr)));
        }
        let spaces: Vec<_> = spaces
            .iter()
            .map(|context| context.space(AccessKind::Read))
            .collect();
        for (at, space) in spaces.iter().enumerate() {
            assert!(!spaces[..at].contains(space), "{at}");
            let paged = at >= 2;
            assert_eq!(space.asid(), if paged { 0x1234 } else { 0 });
        }
    }

    #[test]
    fn privilege_and_sum_make_no_other_space() {
        let user = Context {
            privilege: Privilege::User,
            sum: true,
            ..CONTEXT
        };
        for kind in [AccessKind::Read, AccessKind::Write, AccessKind::Execute] {
            assert_eq!(CONTEXT.space(kind), user.space(kind));
            assert_eq!(CONTEXT.accept(kind), Perms::supervisor(kind));
            assert_eq!(user.accept(kind), Perms::user(kind));
            let sum = Context {
                sum: true,
                ..CONTEXT
            };
            let fetch = kind == AccessKind::Execute;
            assert_eq!(sum.accept(kind).intersects(Perms::user(kind)), !fetch);
        }
    }

    #[test]
    fn a_lent_privilege_is_for_data() {
        let lent = Context {
            privilege: Privilege::Machine,
            lent: Some(Privilege::User),
            ..CONTEXT
        };
        let modes = [AccessKind::Read, AccessKind::Write, AccessKind::Execute]
            .map(|kind| (lent.effective_privilege(kind), lent.mode(kind)));
        let data = (Privilege::User, Mode::Sv39);
        assert_eq!(modes, [data, data, (Privilege::Machine, Mode::Bare)]);
    }
}
