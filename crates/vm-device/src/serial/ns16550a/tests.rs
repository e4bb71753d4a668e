use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use vm_testing::wait_until;

use super::{spec::*, *};
use crate::{console::MemoryOutput, testing::TestLine};

struct Bench {
    uart: Arc<Ns16550a>,
    output: Arc<MemoryOutput>,
    line: Arc<TestLine>,
}

impl Bench {
    fn new() -> Self {
        Self::with_output_limit(1 << 20)
    }

    fn with_output_limit(limit: usize) -> Self {
        let output = Arc::new(MemoryOutput::with_limit(limit));
        let line = TestLine::new();
        let uart = Ns16550a::new("uart0", output.clone(), line.clone());
        Self { uart, output, line }
    }

    fn read(&self, register: u64) -> u8 {
        self.uart.read(register, AccessSize::Byte).unwrap() as u8
    }

    fn write(&self, register: u64, value: u8) {
        let value = u64::from(value);
        self.uart.write(register, AccessSize::Byte, value).unwrap();
    }

    /// Looks for input as often as a guest that waits for it does.
    fn poll(&self) {
        self.read(LSR);
        self.read(LSR);
    }

    /// Enables the FIFOs with a receive trigger of 1, 4, 8 or 14 (code 0 to 3).
    fn fifo(&self, trigger_code: u8) {
        self.write(IIR_FCR, FCR_ENABLE | trigger_code << 6);
    }
}

#[test]
fn reset_values() {
    let bench = Bench::new();
    assert_eq!(bench.read(IER_DLM), 0);
    assert_eq!(bench.read(IIR_FCR), IIR_NONE);
    assert_eq!(bench.read(LSR), 0x60);
    assert_eq!(bench.read(MSR), 0xb0);
    assert_eq!(bench.read(RBR_THR_DLL), 0);
    assert_eq!(bench.uart.read(8, AccessSize::Byte), None);
    assert_eq!(bench.uart.write(8, AccessSize::Byte, 0), None);
    assert_eq!(bench.uart.name(), "uart0");
}

#[test]
fn divisor_latch_hides_data_and_interrupt_enable() {
    let bench = Bench::new();
    bench.write(LCR, LCR_DLAB | 3);
    bench.write(RBR_THR_DLL, 0x34);
    bench.write(IER_DLM, 0x12);
    assert_eq!((bench.read(RBR_THR_DLL), bench.read(IER_DLM)), (0x34, 0x12));
    bench.write(LCR, 3);
    assert_eq!((bench.read(RBR_THR_DLL), bench.read(IER_DLM)), (0, 0));
    assert_eq!(bench.read(LCR), 3);
    assert_eq!(bench.output.take(), b"");
    bench.write(SCR, 0xa5);
    assert_eq!(bench.read(SCR), 0xa5);
}

#[test]
fn output_reaches_the_host() {
    let bench = Bench::new();
    for byte in *b"hello" {
        bench.write(RBR_THR_DLL, byte);
    }
    assert_eq!(bench.output.take(), b"hello");
    assert_eq!(bench.read(LSR), 0x60);
}

#[test]
fn a_full_host_makes_the_transmitter_busy_and_its_room_raises_thre() {
    let bench = Bench::with_output_limit(2);
    bench.fifo(0);
    for byte in *b"abcd" {
        bench.write(RBR_THR_DLL, byte);
    }
    bench.write(IER_DLM, IER_THRE);
    assert_eq!(bench.read(LSR) & LSR_THR_EMPTY, 0);
    assert!(!bench.line.level());
    assert_eq!(bench.output.take(), b"ab");
    assert_eq!(bench.read(LSR) & LSR_THR_EMPTY, LSR_THR_EMPTY);
    assert!(bench.line.level());
    assert_eq!(bench.output.take(), b"cd");
}

#[test]
fn writing_a_full_transmitter_replaces_the_newest_byte() {
    let bench = Bench::with_output_limit(1);
    for byte in *b"abc" {
        bench.write(RBR_THR_DLL, byte);
    }
    assert_eq!(bench.output.take(), b"a");
    assert_eq!(bench.output.take(), b"c");
}

#[test]
fn clearing_the_transmit_fifo_drops_what_it_holds() {
    let bench = Bench::with_output_limit(1);
    bench.fifo(0);
    for byte in *b"abc" {
        bench.write(RBR_THR_DLL, byte);
    }
    bench.write(IIR_FCR, FCR_ENABLE | FCR_CLEAR_TX);
    assert_eq!(bench.read(LSR) & LSR_TX_EMPTY, LSR_TX_EMPTY);
    assert_eq!(bench.output.take(), b"a");
    assert_eq!(bench.output.take(), b"");
}

#[test]
fn thre_interrupt_is_cleared_by_iir_and_set_again_by_an_empty_transmitter() {
    let bench = Bench::new();
    assert!(!bench.line.level());
    bench.write(IER_DLM, IER_THRE);
    assert!(bench.line.level());
    assert_eq!(bench.read(IIR_FCR), IIR_THRE);
    assert!(!bench.line.level());
    assert_eq!(bench.read(IIR_FCR), IIR_NONE);
    // Still enabled: writing IER again is no new request.
    bench.write(IER_DLM, IER_THRE);
    assert!(!bench.line.level());
    bench.write(RBR_THR_DLL, b'x');
    assert!(bench.line.level());
    bench.write(IER_DLM, 0);
    assert!(!bench.line.level());
}

#[test]
fn receives_one_byte_at_a_time_without_fifo() {
    let bench = Bench::new();
    bench.write(IER_DLM, IER_RX);
    assert_eq!(bench.uart.input(b"ab"), 2);
    assert!(bench.line.level());
    assert_eq!(bench.read(IIR_FCR), IIR_RX);
    assert_eq!(bench.read(LSR) & LSR_DATA_READY, LSR_DATA_READY);
    assert_eq!(bench.read(RBR_THR_DLL), b'a');
    assert!(bench.line.level());
    assert_eq!(bench.read(RBR_THR_DLL), b'b');
    assert!(!bench.line.level());
    assert_eq!(bench.read(LSR) & LSR_DATA_READY, 0);
}

#[test]
fn trigger_levels_separate_data_from_timeout() {
    for (code, level) in [(0, 1), (1, 4), (2, 8), (3, 14)] {
        let bench = Bench::new();
        bench.fifo(code);
        bench.write(IER_DLM, IER_RX);
        for count in 1..=FIFO_LEN {
            assert_eq!(bench.uart.input(b"x"), 1);
            let id = if count >= level { IIR_RX } else { IIR_TIMEOUT };
            assert_eq!(bench.read(IIR_FCR), id | IIR_FIFO, "{count} of {level}");
            assert!(bench.line.level());
        }
    }
}

#[test]
fn interrupts_are_identified_by_priority() {
    let bench = Bench::new();
    bench.fifo(0);
    bench.write(MCR, MCR_LOOPBACK);
    bench.read(MSR);
    for _ in 0..=FIFO_LEN {
        bench.write(RBR_THR_DLL, b'x');
    }
    bench.write(MCR, MCR_LOOPBACK | MCR_RTS);
    bench.write(IER_DLM, IER_MASK);
    let id = || bench.read(IIR_FCR) & !IIR_FIFO;
    assert_eq!(id(), IIR_LINE);
    assert_eq!(bench.read(LSR) & LSR_OVERRUN, LSR_OVERRUN);
    assert_eq!(bench.read(LSR) & LSR_OVERRUN, 0);
    assert_eq!(id(), IIR_RX);
    bench.fifo(0);
    bench.write(IIR_FCR, FCR_ENABLE | FCR_CLEAR_RX);
    assert_eq!(id(), IIR_THRE);
    assert_eq!(id(), IIR_MODEM);
    assert_eq!(bench.read(MSR), MSR_CTS | MSR_CTS >> 4);
    assert_eq!(id(), IIR_NONE);
    assert!(!bench.line.level());
}

#[test]
fn loopback_disconnects_the_host_and_wires_the_modem_lines() {
    let bench = Bench::new();
    bench.fifo(0);
    bench.write(MCR, MCR_LOOPBACK | MCR_OUT1);
    bench.read(MSR);
    bench.write(RBR_THR_DLL, b'L');
    bench.uart.input(b"host");
    assert_eq!(bench.read(RBR_THR_DLL), b'L');
    assert_eq!(bench.read(LSR) & LSR_DATA_READY, 0);
    assert_eq!(bench.output.take(), b"");
    bench.write(MCR, MCR_LOOPBACK | MCR_DTR | MCR_OUT2);
    let delta = MSR_TRAILING_RI | (MSR_DSR | MSR_DCD) >> 4;
    assert_eq!(bench.read(MSR), MSR_DSR | MSR_DCD | delta);
    assert_eq!(bench.read(MSR), MSR_DSR | MSR_DCD);
    bench.write(MCR, 0);
    bench.poll();
    assert_eq!(bench.read(RBR_THR_DLL), b'h');
}

#[test]
fn overrun_in_loopback_without_fifo_keeps_the_newest_byte() {
    let bench = Bench::new();
    bench.write(MCR, MCR_LOOPBACK);
    bench.write(RBR_THR_DLL, b'1');
    bench.write(RBR_THR_DLL, b'2');
    assert_eq!(bench.read(LSR) & LSR_OVERRUN, LSR_OVERRUN);
    assert_eq!(bench.read(RBR_THR_DLL), b'2');
    assert_eq!(bench.read(RBR_THR_DLL), 0);
}

#[test]
fn fifo_control_bits_need_the_fifo_and_switching_it_empties_it() {
    let bench = Bench::new();
    bench.write(IIR_FCR, 0xc0);
    assert_eq!(bench.read(IIR_FCR), IIR_NONE);
    bench.fifo(3);
    assert_eq!(bench.read(IIR_FCR), IIR_FIFO | IIR_NONE);
    bench.write(MCR, MCR_LOOPBACK);
    bench.write(RBR_THR_DLL, b'L');
    bench.write(IIR_FCR, 0);
    assert_eq!(bench.read(LSR) & LSR_DATA_READY, 0);
}

/// What Linux 6.12's 8250 driver does to the port when it finds it and when it
/// is opened, as far as the receiver goes.
fn probe_and_open(bench: &Bench) {
    let clear_fifos = || {
        bench.fifo(0);
        bench.write(IIR_FCR, FCR_ENABLE | FCR_CLEAR_RX | FCR_CLEAR_TX);
        bench.write(IIR_FCR, 0);
    };
    let clear_interrupts = || {
        for register in [LSR, RBR_THR_DLL, IIR_FCR, MSR] {
            bench.read(register);
        }
    };
    // The console prints before the port is opened.
    bench.write(IER_DLM, 0);
    for byte in *b"boot" {
        wait_until("room in the transmitter", || {
            bench.read(LSR) & LSR_THR_EMPTY != 0
        });
        bench.write(RBR_THR_DLL, byte);
    }
    // autoconfig
    clear_fifos();
    bench.read(RBR_THR_DLL);
    bench.write(IER_DLM, 0);
    // startup
    clear_fifos();
    clear_interrupts();
    bench.write(LCR, 3);
    bench.write(MCR, MCR_OUT2);
    for _ in 0..2 {
        bench.read(LSR);
        bench.write(IER_DLM, IER_THRE);
        bench.read(LSR);
        bench.read(IIR_FCR);
        bench.write(IER_DLM, 0);
    }
    clear_interrupts();
    bench.write(IER_DLM, IER_LINE | IER_RX);
    // set_termios
    bench.fifo(2);
}

#[test]
fn a_driver_that_starts_loses_no_input() {
    let bench = Bench::new();
    let typed = *b"typed ahead 1234";
    bench.uart.input(&typed[..10]);
    probe_and_open(&bench);
    bench.uart.input(&typed[10..]);
    assert_eq!(bench.read(IIR_FCR), IIR_FIFO | IIR_RX);
    probe_and_open(&bench);
    for byte in typed {
        assert_eq!(bench.read(LSR) & LSR_DATA_READY, LSR_DATA_READY);
        assert_eq!(bench.read(RBR_THR_DLL), byte);
    }
    assert_eq!(bench.read(LSR) & LSR_DATA_READY, 0);
}

#[test]
fn a_guest_without_interrupts_polls() {
    let bench = Bench::new();
    bench.uart.input(b"ab");
    assert_eq!(bench.read(RBR_THR_DLL), 0);
    for byte in *b"ab" {
        wait_until("input", || bench.read(LSR) & LSR_DATA_READY != 0);
        assert_eq!(bench.read(RBR_THR_DLL), byte);
    }
    bench.uart.input(b"c");
    assert_eq!(bench.uart.take_input(), Some(b'c'));
    assert_eq!(bench.uart.take_input(), None);
}

#[test]
fn input_beyond_the_queue_stays_with_the_host_until_there_is_room() {
    let bench = Bench::new();
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&calls);
    bench.uart.on_input_ready(Arc::new(move || {
        counter.fetch_add(1, Ordering::SeqCst);
    }));
    let offered = vec![b'x'; 2 * INPUT_LEN];
    assert_eq!(bench.uart.input(&offered), INPUT_LEN);
    assert_eq!(bench.uart.input(&offered), 0);
    bench.poll();
    let mut reads = 0;
    while calls.load(Ordering::SeqCst) == 0 {
        assert_eq!(bench.read(RBR_THR_DLL), b'x');
        reads += 1;
    }
    assert_eq!(reads, INPUT_LEN / 2);
    assert_eq!(bench.uart.input(&offered[..INPUT_LEN / 2]), INPUT_LEN / 2);
    wait_until("an empty receiver", || {
        let ready = bench.read(LSR) & LSR_DATA_READY != 0;
        ready.then(|| bench.read(RBR_THR_DLL)).is_none()
    });
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[test]
fn saved_state_resumes_mid_transfer() {
    let bench = Bench::with_output_limit(1);
    bench.fifo(1);
    bench.write(IER_DLM, IER_RX | IER_THRE);
    bench.uart.input(b"0123456789abcdef");
    bench.write(RBR_THR_DLL, b'o');
    bench.write(RBR_THR_DLL, b'k');
    let saved = bench.uart.save().unwrap();

    let copy = Bench::new();
    copy.uart.restore(&saved).unwrap();
    assert!(copy.line.level());
    assert_eq!(copy.output.take(), b"k");
    assert_eq!(copy.read(IIR_FCR), IIR_FIFO | IIR_RX);
    for byte in *b"0123456789abcdef" {
        assert_eq!(copy.read(RBR_THR_DLL), byte);
    }
    assert_eq!(copy.read(IIR_FCR), IIR_FIFO | IIR_THRE);
}

#[test]
fn a_damaged_state_is_refused() {
    let bench = Bench::new();
    bench.write(SCR, 7);
    let mut state = State::reset();
    state.rx = vec![0; FIFO_LEN + 1].into();
    let too_long = KIND.save(&state).unwrap();
    let mut cut = bench.uart.save().unwrap();
    cut.payload.truncate(cut.payload.len() / 2);
    for saved in [too_long, cut] {
        let err = bench.uart.restore(&saved).unwrap_err();
        assert!(matches!(
            err,
            SnapshotError::Decode {
                kind: "ns16550a",
                ..
            }
        ));
    }
    assert_eq!(bench.read(SCR), 7);
}

#[derive(Debug, Clone)]
enum Act {
    Read(u64),
    Write(u64, u8),
    Input(Vec<u8>),
    Take,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        (0u64..10).prop_map(Act::Read),
        (0u64..10, any::<u8>()).prop_map(|(r, v)| Act::Write(r, v)),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(Act::Input),
        Just(Act::Take),
    ]
}

proptest! {
    /// Whatever happens, the wire says what IIR says, a FIFO never exceeds its
    /// depth, and a saved copy behaves like the original.
    #[test]
    fn any_sequence_keeps_the_invariants(acts in prop::collection::vec(act(), 0..200)) {
        let bench = Bench::with_output_limit(5);
        for act in acts {
            match act {
                Act::Read(r) => prop_assert_eq!(
                    bench.uart.read(r, AccessSize::Byte).is_some(), r < WINDOW_LEN),
                Act::Write(r, v) => {
                    let _ = bench.uart.write(r, AccessSize::Word, v.into());
                }
                Act::Input(bytes) => { bench.uart.input(&bytes); }
                Act::Take => { bench.output.take(); }
            }
            let saved = bench.uart.save().unwrap();
            let state: State = KIND.load(&saved).unwrap();
            prop_assert_eq!(state.check(), Ok(()));
            prop_assert_eq!(bench.line.level(), state.interrupting());
        }
        let copy = Bench::with_output_limit(0);
        copy.uart.restore(&bench.uart.save().unwrap()).unwrap();
        for register in 1..WINDOW_LEN {
            prop_assert_eq!(copy.read(register), bench.read(register));
        }
    }
}
