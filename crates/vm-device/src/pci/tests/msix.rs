use super::*;

/// Message control, with the table's length in vectors minus one.
const CONTROL: u16 = 0x42;

struct Card {
    probe: Arc<Probe>,
    messages: Arc<Messages>,
}

impl Card {
    fn new() -> Self {
        let messages = Arc::<Messages>::default();
        let probe = Probe::new("p", Some(messages.clone()));
        Self { probe, messages }
    }

    fn msix(&self) -> &Msix {
        self.probe.config().msix().unwrap()
    }

    fn control(&self, value: u16) {
        let config = self.probe.config();
        let _ = config.write(CONTROL, AccessSize::Half, value.into());
    }

    /// Programs a vector's address and data, and leaves it masked.
    fn program(&self, vector: u64, addr: u64, data: u64) {
        self.msix().write(16 * vector, AccessSize::Double, addr);
        self.msix()
            .write(16 * vector + 8, AccessSize::Double, data | 1 << 32);
    }

    fn unmask(&self, vector: u64) {
        self.msix().write(16 * vector + 12, AccessSize::Word, 0);
    }

    fn pending(&self) -> u64 {
        self.msix().read(0x800, AccessSize::Double)
    }
}

#[test]
fn the_capability_describes_the_bar() {
    let card = Card::new();
    let config = card.probe.config();
    assert_eq!(config.read(0x40, AccessSize::Word), 0x0003_0011);
    assert_eq!(config.read(0x44, AccessSize::Word), 1);
    assert_eq!(config.read(0x48, AccessSize::Word), 0x801);
    card.control(0xffff);
    assert_eq!(config.read(CONTROL, AccessSize::Half), 0xc003);
    assert_eq!(card.msix().vectors(), 4);
}

#[test]
fn large_tables_fit_their_bar() {
    let msix = Msix::new(u16::MAX, Arc::<Messages>::default());
    assert_eq!(msix.vectors(), MAX_VECTORS);
    assert_eq!((msix.pba_offset(), msix.bar_len()), (0x8000, 0x1_0000));
    assert_eq!(Msix::new(0, Arc::<Messages>::default()).vectors(), 1);
}

#[test]
fn vectors_are_masked_at_reset_and_keep_what_software_may_write() {
    let card = Card::new();
    let read = |at| card.msix().read(at, AccessSize::Word);
    assert_eq!(read(12), 1);
    for at in (0..16).step_by(4) {
        card.msix().write(at, AccessSize::Word, 0xffff_ffff);
    }
    let entry = [0, 4, 8, 12].map(read);
    assert_eq!(entry, [0xffff_fffc, 0xffff_ffff, 0xffff_ffff, 1]);
    assert_eq!(card.msix().read(8, AccessSize::Double), 0x1_ffff_ffff);
    assert_eq!(card.msix().read(11, AccessSize::Half), 0x01ff);
    card.msix().write(0, AccessSize::Byte, 0);
    card.msix().write(4, AccessSize::Double, 0);
    assert_eq!(
        read(0),
        0xffff_fffc,
        "narrow and misaligned writes are ignored"
    );
    card.msix().write(16 * 4, AccessSize::Word, 5);
    assert_eq!(read(16 * 4), 0, "no such vector");
}

#[test]
fn an_enabled_unmasked_vector_sends_its_message() {
    let card = Card::new();
    card.program(2, 0xfee0_0000_1000, 0x42);
    card.unmask(2);
    card.control(spec::MSIX_ENABLE);
    card.msix().signal(2);
    card.msix().signal(4);
    assert_eq!(card.messages.take(), [(0xfee0_0000_1000, 0x42)]);
    assert_eq!(card.pending(), 0);
}

#[test]
fn masked_vectors_wait() {
    let card = Card::new();
    card.program(1, 0x1000, 1);
    card.program(3, 0x3000, 3);
    card.control(spec::MSIX_ENABLE | spec::MSIX_FUNCTION_MASK);
    card.msix().signal(1);
    card.msix().signal(3);
    card.msix().signal(3);
    card.msix().write(0x800, AccessSize::Double, 0);
    assert_eq!(card.pending(), 0b1010, "pending bits are read-only");
    card.unmask(1);
    card.unmask(3);
    assert_eq!(card.messages.take(), []);
    card.control(spec::MSIX_ENABLE);
    assert_eq!(card.messages.take(), [(0x1000, 1), (0x3000, 3)]);
    card.program(1, 0x1000, 1);
    card.msix().signal(1);
    assert_eq!(card.messages.take(), []);
    card.unmask(1);
    assert_eq!(card.messages.take(), [(0x1000, 1)]);
}

#[test]
fn msix_replaces_intx_while_enabled() {
    let card = Card::new();
    let (config, line) = (card.probe.config(), TestLine::new());
    config.connect_intx(line.clone());
    card.program(0, 0x1000, 1);
    card.unmask(0);
    card.msix().signal(0);
    assert_eq!(card.messages.take(), [], "disabled: the request is lost");
    config.set_intx(true);
    assert!(line.level());
    card.control(spec::MSIX_ENABLE);
    assert!(!line.level() && card.msix().enabled());
    assert_eq!(card.messages.take(), []);
    card.control(0);
    assert!(line.level());
}

#[test]
fn saved_state_keeps_vectors_and_pending_bits() {
    let card = Card::new();
    card.program(1, 0x1000, 1);
    card.control(spec::MSIX_ENABLE);
    card.msix().signal(1);
    let saved = card.probe.save().unwrap();

    let copy = Card::new();
    copy.probe.restore(&saved).unwrap();
    assert_eq!(copy.pending(), 0b10);
    assert_eq!(copy.messages.take(), []);
    copy.unmask(1);
    assert_eq!(copy.messages.take(), [(0x1000, 1)]);
}
