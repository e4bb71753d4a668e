use proptest::prelude::*;

use super::*;

/// Offsets and addresses where something is, and some where nothing is.
fn config_offset() -> impl Strategy<Value = u64> {
    let slot = prop_oneof![Just(1u64), Just(5), 0u64..32];
    let register = prop_oneof![Just(4u64), 0x10u64..0x28, 0x40u64..0x4c, 0u64..0x1000];
    let inside = (slot, register).prop_map(|(slot, register)| slot << 15 | register);
    prop_oneof![8 => inside, 1 => 0..ECAM_LEN]
}

fn bar_value() -> impl Strategy<Value = u64> {
    let near = |base: u64| (0u64..8).prop_map(move |n| base + (n << 11));
    prop_oneof![
        near(LOW.base),
        near(LOW.base + LOW.len - 0x2000),
        near(HIGH.base),
        0u64..8,
        any::<u64>()
    ]
}

#[derive(Debug, Clone)]
enum Act {
    Config(u64, u64, u64),
    Memory(u64, u64, u64),
    Interrupt(bool),
}

fn act() -> impl Strategy<Value = Act> {
    let memory = prop_oneof![
        LOW.base..LOW.base + 0x8000,
        LOW.base..LOW.base + LOW.len,
        HIGH.base..HIGH.base + 0x8000,
    ];
    prop_oneof![
        6 => (config_offset(), 0u64..4, bar_value()).prop_map(|(o, s, v)| Act::Config(o, s, v)),
        3 => (memory, 0u64..4, any::<u64>()).prop_map(|(a, s, v)| Act::Memory(a, s, v)),
        1 => any::<bool>().prop_map(Act::Interrupt),
    ]
}

proptest! {
    /// Whatever the guest writes, the host answers; what is decoded lies in a
    /// window, without overlap, where configuration space says; the identity
    /// stands; and a restored copy decodes the same.
    #[test]
    fn any_sequence_keeps_the_invariants(acts in prop::collection::vec(act(), 0..150)) {
        let (bench, a, _) = Bench::with_probes(Some(Arc::default()));
        for act in acts {
            match act {
                Act::Config(offset, shift, value) => {
                    let size = AccessSize::from_bytes(1 << shift).unwrap();
                    prop_assert!(bench.host.write(offset, size, value).is_some());
                    let read = bench.host.read(offset, size);
                    prop_assert!(read.is_some_and(|value| value & !size.mask() == 0));
                }
                Act::Memory(addr, shift, value) => {
                    let size = AccessSize::from_bytes(1 << shift).unwrap();
                    bench.write(addr, size, value);
                    bench.read(addr, size);
                }
                Act::Interrupt(level) => {
                    a.config().set_intx(level);
                    a.config().msix().unwrap().signal(u16::from(level));
                }
            }
            prop_assert_eq!(bench.config_read(1, 0), PROBE_ID);
        }
        let mappings = bench.host.decoded().mappings();
        let claimed: Vec<_> = bench
            .host
            .functions()
            .values()
            .flat_map(|f| f.config().windows())
            .map(|window| (window.addr, window.len))
            .collect();
        for mapping in &mappings {
            prop_assert!([LOW, HIGH].iter().any(|w| w.holds(mapping.base.0, mapping.len)));
            prop_assert!(claimed.contains(&(mapping.base.0, mapping.len)));
        }
        for pair in mappings.windows(2) {
            prop_assert!(pair[0].base.0 + pair[0].len <= pair[1].base.0);
        }
        let (copy, ..) = Bench::with_probes(Some(Arc::default()));
        copy.host.restore(&bench.host.save().unwrap()).unwrap();
        let text = |bench: &Bench| format!("{:?}", bench.host.decoded().mappings());
        prop_assert_eq!(text(&copy), text(&bench));
        let levels = |bench: &Bench| bench.lines.each_ref().map(|line| line.level());
        prop_assert_eq!(levels(&copy), levels(&bench));
    }
}
