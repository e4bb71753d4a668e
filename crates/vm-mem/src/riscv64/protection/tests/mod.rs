//! The unit against a naive one that looks at every byte of an access.

mod model;
mod registers;

use proptest::prelude::*;
use vm_core::{AccessKind, GuestPhysAddr, PAGE_SIZE};

use super::*;
use crate::tlb::Perms;
use model::Model;

const KINDS: [AccessKind; 3] = [AccessKind::Read, AccessKind::Write, AccessKind::Execute];

/// A write to a register: configuration bytes by entry, addresses by entry.
#[derive(Debug, Clone)]
enum Write {
    Cfg(usize, u64),
    Addr(usize, u64),
}

/// Addresses around two pages, so that entries and accesses meet, and the extremes.
fn addr() -> impl Strategy<Value = u64> {
    let near = 0x2000_0000u64 >> 2..0x2000_2010 >> 2;
    let napot = (0u32..14, 0u64..3)
        .prop_map(|(ones, page)| (0x2000_0000 + page * PAGE_SIZE) >> 2 | ((1 << ones) - 1));
    prop_oneof![4 => near, 4 => napot, 1 => Just(u64::MAX), 1 => Just(0), 1 => any::<u64>()]
}

/// Eight bytes, rarely locked.
fn cfg() -> impl Strategy<Value = u64> {
    let byte = (any::<u8>(), prop::bool::weighted(0.05))
        .prop_map(|(bits, lock)| bits & 0x7f | if lock { 0x80 } else { 0 });
    prop::array::uniform8(byte).prop_map(u64::from_le_bytes)
}

fn write() -> impl Strategy<Value = Write> {
    prop_oneof![
        1 => (0usize..4, cfg()).prop_map(|(index, value)| Write::Cfg(index, value)),
        3 => (0usize..17, addr()).prop_map(|(index, value)| Write::Addr(index, value)),
    ]
}

fn program(writes: &[Write]) -> (Pmp, Model) {
    let (mut pmp, mut model) = (Pmp::new(), Model::default());
    for write in writes {
        match *write {
            Write::Cfg(index, value) => {
                assert_eq!(pmp.write_cfg(index, value), model.write_cfg(index, value));
            }
            Write::Addr(index, value) => {
                assert_eq!(pmp.write_addr(index, value), model.write_addr(index, value));
            }
        }
    }
    (pmp, model)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn registers_and_checks_agree_with_the_model(
        writes in prop::collection::vec(write(), 0..40),
        accesses in prop::collection::vec(
            (0x1fff_fff0u64..0x2000_2020, 1u64..17, any::<bool>()), 32),
    ) {
        let (pmp, model) = program(&writes);
        let cfg: Vec<_> = (0..5).map(|index| pmp.read_cfg(index)).collect();
        let model_cfg: Vec<_> = (0..5).map(|index| model.read_cfg(index)).collect();
        prop_assert_eq!(cfg, model_cfg);
        for index in 0..18 {
            prop_assert_eq!(pmp.read_addr(index), model.addr.get(index).copied());
        }
        for (gpa, bytes, machine) in accesses {
            for kind in KINDS {
                let found = pmp.check(GuestPhysAddr(gpa), bytes, kind, machine);
                prop_assert_eq!(found, model.check(gpa, bytes, kind, machine));
            }
        }
    }

    #[test]
    fn a_uniform_page_is_uniform_and_a_split_one_is_not(
        writes in prop::collection::vec(write(), 4..40),
        page in 0x1_fffe_u64..0x2_0004,
        machine in any::<bool>(),
    ) {
        let (pmp, model) = program(&writes);
        let gpa = page * PAGE_SIZE;
        let verdict = pmp.page(GuestPhysAddr(gpa + 0x123), machine);
        prop_assert_eq!(verdict == PagePmp::Split, model.is_partial(gpa, PAGE_SIZE));
        if verdict != PagePmp::Split {
            for (word, kind) in (0..1024).flat_map(|word| KINDS.map(|kind| (word, kind))) {
                let allowed = model.check(gpa + word * 4, 4, kind, machine);
                prop_assert_eq!(verdict.perms().contains(Perms::user(kind)), allowed);
                prop_assert_eq!(verdict.perms().contains(Perms::supervisor(kind)), allowed);
            }
        }
    }

    #[test]
    fn state_round_trips(writes in prop::collection::vec(write(), 0..40)) {
        let (pmp, model) = program(&writes);
        let kind = vm_core::snapshot::Kind::new("pmp", 1);
        let saved = kind.save(&pmp.save()).unwrap();
        let mut restored = Pmp::new();
        restored.restore(&kind.load(&saved).unwrap());
        prop_assert_eq!(restored.save(), pmp.save());
        for gpa in (0x1fff_fff0..0x2000_2020).step_by(28) {
            let found = restored.check(GuestPhysAddr(gpa), 4, AccessKind::Read, false);
            prop_assert_eq!(found, model.check(gpa, 4, AccessKind::Read, false));
        }
    }
}
