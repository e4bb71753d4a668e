use super::*;

fn word(config: &PciConfig, offset: u16) -> u32 {
    config.read(offset, AccessSize::Word)
}

fn set(config: &PciConfig, offset: u16, value: u32) -> ConfigChange {
    config.write(offset, AccessSize::Word, value)
}

#[test]
fn the_header_says_who_it_is_and_cannot_be_changed() {
    let probe = Probe::new("p", None);
    let config = probe.config();
    for offset in (0..256).step_by(4) {
        let _ = set(config, offset, 0xffff_ffff);
    }
    assert_eq!(word(config, 0), PROBE_ID);
    assert_eq!(word(config, 8), 0x0108_0209);
    assert_eq!(word(config, 0x2c), 0xbbbb_aaaa);
    assert_eq!(word(config, 0x0c), 0xff, "cache line size is software's");
    assert_eq!(word(config, 0x3c), 0x01ff, "pin A, and software's line");
    assert_eq!(word(config, 4), u32::from(spec::COMMAND_WRITABLE));
    assert_eq!(word(config, 0x34), 0, "no capabilities");
    assert_eq!(config.pin(), Some(IntxPin::A));
}

#[test]
fn registers_are_read_and_written_in_any_size() {
    let probe = Probe::new("p", None);
    let config = probe.config();
    assert_eq!(config.read(2, AccessSize::Half), 0x5678);
    assert_eq!(config.read(3, AccessSize::Byte), 0x56);
    assert_eq!(config.read(1, AccessSize::Word), 0x0056_7812);
    assert_eq!(config.read(254, AccessSize::Word), 0);
    assert_eq!(config.read(0xfff, AccessSize::Word), 0);
    assert_eq!(
        config.write(0x3c, AccessSize::Byte, 0x21),
        ConfigChange::None
    );
    assert_eq!(config.read(0x3c, AccessSize::Byte), 0x21);
    assert_eq!(
        config.write(0xfff, AccessSize::Word, !0),
        ConfigChange::None
    );
}

#[test]
fn bars_answer_sizing() {
    let probe = Probe::new("p", None);
    let config = probe.config();
    for offset in (0x10..0x28).step_by(4) {
        let _ = set(config, offset, 0xffff_ffff);
    }
    assert_eq!(word(config, 0x10), 0xffff_f000);
    assert_eq!(word(config, 0x14), 0);
    assert_eq!(word(config, 0x18), 0xffff_c00c);
    assert_eq!(word(config, 0x1c), 0xffff_ffff);
    assert_eq!(word(config, 0x20), 0);
}

#[test]
fn decoding_follows_the_bars_and_the_command_register() {
    let probe = Probe::new("p", None);
    let config = probe.config();
    assert_eq!(set(config, 0x10, 0x4000_0fff), ConfigChange::None);
    assert_eq!(set(config, 0x1c, 0x4), ConfigChange::None);
    assert_eq!(config.windows(), []);
    assert!(!config.bus_master());
    assert_eq!(set(config, 4, 0x6), ConfigChange::Decoding);
    assert!(config.bus_master());
    let window = |index, addr, len| BarWindow { index, addr, len };
    let expected = [
        window(0, 0x4000_0000, 0x1000),
        window(2, 0x4_0000_0000, 0x4000),
    ];
    assert_eq!(config.windows(), expected);
    assert_eq!(set(config, 4, 0x6), ConfigChange::None);
    assert_eq!(set(config, 0x10, 0x4000_1000), ConfigChange::Decoding);
    assert_eq!(set(config, 4, 0), ConfigChange::Decoding);
}

#[test]
fn capabilities_are_chained() {
    let mut builder = ConfigBuilder::new(&Identity::default());
    assert_eq!(builder.capability(9, &[5, 1, 2], &[0, 0xff]), Ok(0x40));
    assert_eq!(builder.capability(9, &[4, 9], &[]), Ok(0x48));
    let config = builder.build();
    assert_eq!(config.read(6, AccessSize::Half), 0x10);
    assert_eq!(config.read(0x34, AccessSize::Byte), 0x40);
    assert_eq!(word(&config, 0x40), 0x0105_4809);
    assert_eq!(word(&config, 0x48), 0x0904_0009);
    let _ = set(&config, 0x40, 0xffff_ffff);
    assert_eq!(word(&config, 0x40), 0xff05_4809);
}

#[test]
fn impossible_layouts_are_refused() {
    let mut builder = ConfigBuilder::new(&Identity::default());
    builder.memory_bar(1, BarKind::Memory64, 0x1000).unwrap();
    for (index, kind) in [
        (0, BarKind::Memory64),
        (1, BarKind::Memory32),
        (2, BarKind::Memory32),
        (5, BarKind::Memory64),
        (6, BarKind::Memory32),
    ] {
        let err = builder.memory_bar(index, kind, 0x1000).unwrap_err();
        assert_eq!(err, ConfigError::BarIndex { index });
    }
    for len in [0, 8, 0x1001, 1 << 32] {
        let err = builder.memory_bar(0, BarKind::Memory32, len).unwrap_err();
        assert!(matches!(err, ConfigError::BarLength { index: 0, .. }));
    }
    builder.capability(9, &[0; 0xb0], &[]).unwrap();
    let err = builder.capability(9, &[0; 20], &[]).unwrap_err();
    assert_eq!(err, ConfigError::CapabilitySpace { id: 9, len: 22 });
}

#[test]
fn intx_shows_in_the_status_and_obeys_the_disable_bit() {
    let probe = Probe::new("p", None);
    let (config, line) = (probe.config(), TestLine::new());
    config.set_intx(true);
    config.connect_intx(line.clone());
    assert!(line.level());
    assert_eq!(
        config.read(6, AccessSize::Half),
        u32::from(spec::STATUS_INTERRUPT)
    );
    let _ = set(config, 4, spec::COMMAND_INTX_DISABLE.into());
    assert!(!line.level());
    assert_eq!(
        config.read(6, AccessSize::Half),
        u32::from(spec::STATUS_INTERRUPT)
    );
    let _ = set(config, 4, 0);
    assert!(line.level());
    config.set_intx(false);
    assert!(!line.level());
    assert_eq!(config.read(6, AccessSize::Half), 0);
}

#[test]
fn a_state_of_another_function_changes_nothing() {
    let (with, without) = (Probe::new("p", Some(Arc::default())), Probe::new("p", None));
    let _ = set(without.config(), 0x10, 0x5000_0000);
    let before = without.config().save_state();
    let err = without
        .config()
        .restore_state(&with.config().save_state())
        .unwrap_err();
    assert!(err.contains("configuration byte"), "{err}");
    assert_eq!(without.config().save_state(), before);
}
