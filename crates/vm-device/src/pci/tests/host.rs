use super::*;

#[test]
fn the_root_bus_has_a_bridge_and_what_was_plugged_in() {
    let (bench, ..) = Bench::with_probes(None);
    assert_eq!(bench.config_read(0, 0), 0x0008_1b36);
    assert_eq!(bench.config_read(0, 8), 0x0600_0000);
    assert_eq!(bench.config_read(1, 0), PROBE_ID);
    assert_eq!(bench.config_read(2, 0), 0xffff_ffff);
    assert_eq!(bench.config_read(1, 1 << 12), 0xffff_ffff, "function 1");
    assert_eq!(bench.config_read(1, 1 << 20), 0xffff_ffff, "bus 1");
    assert_eq!(bench.config_read(1, 0x100), 0, "no extended capabilities");
    assert_eq!(bench.host.read(2, AccessSize::Half), Some(0x0008));
    assert_eq!(bench.host.read(2 << 15, AccessSize::Byte), Some(0xff));
    assert_eq!(
        bench.host.read(1 << 15, AccessSize::Double),
        Some(0x5678_1234)
    );
    assert_eq!(
        bench.host.read(ECAM_LEN - 1, AccessSize::Double),
        Some(u64::MAX)
    );
    assert_eq!(
        bench.host.write(ECAM_LEN - 1, AccessSize::Double, 0),
        Some(())
    );
    assert_eq!(bench.host.name(), "pci-ecam");
    assert_eq!(bench.host.free_slot(), Some(2));
    let functions = bench.host.functions();
    let names: Vec<_> = functions
        .iter()
        .map(|(slot, f)| (*slot, f.name()))
        .collect();
    assert_eq!(names, [(0, "pci-host-bridge"), (1, "a"), (5, "b")]);
}

#[test]
fn slots_are_checked() {
    let (bench, a, _) = Bench::with_probes(None);
    let err = bench.host.plug(32, a.clone()).unwrap_err();
    assert!(matches!(err, PlugError::NoSlot { slot: 32, .. }));
    let err = bench.host.plug(5, a).unwrap_err();
    assert_eq!(
        err.to_string(),
        "PCI slot 5 for `a` is taken by `b`: use another slot"
    );
}

#[test]
fn bars_answer_where_the_guest_puts_them() {
    let (bench, a, _) = Bench::with_probes(None);
    bench.config_write(1, 0x10, 0x4000_0000);
    assert_eq!(bench.read(0x4000_0010, AccessSize::Word), 0xffff_ffff);
    bench.config_write(1, 4, 2);
    assert_eq!(bench.read(0x4000_0010, AccessSize::Word), 0x10);
    bench.write(0x4000_0ff8, AccessSize::Double, 77);
    assert_eq!(*a.last_write.lock(), Some((0, 0xff8, 77)));
    assert_eq!(
        bench.read(0x4000_0ffc, AccessSize::Double),
        u64::MAX,
        "crosses the end"
    );
    bench.config_write(1, 0x10, 0x5000_0000);
    assert_eq!(bench.read(0x4000_0010, AccessSize::Byte), 0xff);
    assert_eq!(bench.read(0x5000_0010, AccessSize::Byte), 0x10);
    // One 64-bit write places a 64-bit BAR.
    let bar2 = 1 << 15 | 0x18;
    bench
        .host
        .write(bar2, AccessSize::Double, 0x7_ffff_c000)
        .unwrap();
    assert_eq!(bench.read(0x7_ffff_fff0, AccessSize::Word), 0x2_3ff0);
    let decoded: Vec<_> = bench
        .host
        .decoded()
        .mappings()
        .iter()
        .map(|m| m.base.0)
        .collect();
    assert_eq!(decoded, [0x5000_0000, 0x7_ffff_c000]);
    bench.config_write(1, 4, 0);
    assert_eq!(bench.read(0x5000_0010, AccessSize::Byte), 0xff);
}

#[test]
fn the_msix_bar_is_served_by_the_host() {
    let messages = Arc::<Messages>::default();
    let (bench, a, _) = Bench::with_probes(Some(messages.clone()));
    bench.config_write(1, 0x14, 0x4000_0000);
    bench.config_write(1, 4, 2);
    bench.write(0x4000_0000, AccessSize::Double, 0x9000);
    bench.write(0x4000_0008, AccessSize::Double, 5);
    assert_eq!(bench.read(0x4000_0008, AccessSize::Word), 5);
    bench.config_write(1, 0x40, u32::from(spec::MSIX_ENABLE) << 16);
    a.config().msix().unwrap().signal(0);
    assert_eq!(messages.take(), [(0x9000, 5)]);
    assert_eq!(*a.last_write.lock(), None);
}

#[test]
fn bars_outside_the_windows_do_not_answer() {
    let (bench, ..) = Bench::with_probes(None);
    bench.config_write(1, 4, 2);
    for bar in [0, 0x1000_0000, 0x3fff_f000, 0x8000_0000, 0xffff_f000] {
        bench.config_write(1, 0x10, bar);
        assert!(bench.host.decoded().mappings().is_empty(), "{bar:#x}");
    }
    for bar in [0x2_0000_0000u64, 0x8_0000_0000, 0xffff_ffff_ffff_c000] {
        let offset = 1 << 15 | 0x18;
        bench.host.write(offset, AccessSize::Double, bar).unwrap();
        assert!(bench.host.decoded().mappings().is_empty(), "{bar:#x}");
    }
}

#[test]
fn of_two_that_overlap_the_lower_slot_answers_until_it_moves() {
    let (bench, _, b) = Bench::with_probes(None);
    for slot in [5, 1] {
        bench.config_write(slot, 0x10, 0x4000_0000);
        bench.config_write(slot, 4, 2);
    }
    bench.write(0x4000_0000, AccessSize::Word, 1);
    assert_eq!(*b.last_write.lock(), None);
    bench.config_write(1, 0x10, 0x4000_1000);
    bench.write(0x4000_0000, AccessSize::Word, 1);
    assert_eq!(*b.last_write.lock(), Some((0, 0, 1)));
}

#[test]
fn pins_reach_the_rotated_and_shared_wires() {
    let (bench, a, b) = Bench::with_probes(None);
    let levels = || bench.lines.each_ref().map(|line| line.level());
    a.config().set_intx(true);
    b.config().set_intx(true);
    assert_eq!(levels(), [false, true, false, false], "slots 1 and 5 share");
    a.config().set_intx(false);
    assert_eq!(levels(), [false, true, false, false]);
    bench.config_write(5, 4, spec::COMMAND_INTX_DISABLE.into());
    assert_eq!(levels(), [false; 4]);
}

#[test]
fn saved_state_maps_the_bars_again() {
    let (bench, a, _) = Bench::with_probes(None);
    bench.config_write(1, 0x10, 0x4000_0000);
    bench.config_write(1, 4, 2);
    a.config().set_intx(true);
    let saved = bench.host.save().unwrap();

    let (copy, ..) = Bench::with_probes(None);
    copy.host.restore(&saved).unwrap();
    assert_eq!(copy.read(0x4000_0010, AccessSize::Word), 0x10);
    assert!(copy.lines[1].level());
}

#[test]
fn a_state_that_does_not_fit_changes_nothing() {
    let (bench, ..) = Bench::with_probes(None);
    bench.config_write(1, 0x10, 0x4000_0000);
    bench.config_write(1, 4, 2);
    let saved = bench.host.save().unwrap();

    let other = Bench::new();
    other.host.plug(1, Probe::new("a", None)).unwrap();
    let err = other.host.restore(&saved).unwrap_err();
    assert!(err.to_string().contains("slots [0, 1, 5]"), "{err}");
    // The second device differs, so the first must be put back.
    let differs = Probe::new("b", Some(Arc::default()));
    other.host.plug(5, differs).unwrap();
    assert!(matches!(
        other.host.restore(&saved),
        Err(SnapshotError::Mismatch { .. })
    ));
    assert_eq!(other.config_read(1, 0x10), 0);
    assert!(other.host.decoded().mappings().is_empty());
}

#[test]
fn quiescing_reaches_every_function() {
    let (bench, a, b) = Bench::with_probes(None);
    bench.host.quiesce();
    bench.host.quiesce();
    assert_eq!((*a.quiesced.lock(), *b.quiesced.lock()), (2, 2));
    bench.host.resume();
    assert_eq!((*a.quiesced.lock(), *b.quiesced.lock()), (1, 1));
}
