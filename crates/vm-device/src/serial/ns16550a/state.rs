//! The 16550A as a plain state machine: no locks, no wires.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::spec::*;

/// Bytes of input on the wire: the host keeps what goes beyond that.
pub(super) const INPUT_LEN: usize = FIFO_LEN;

/// How often a guest has to look at LSR to be one that polls. A driver that
/// empties the port before it uses it looks once, reads RBR once, and does not
/// want what is there.
const POLLING: u8 = 2;

/// Registers, FIFOs and host input. Also the saved form, version 2.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    ier: u8,
    fcr: u8,
    lcr: u8,
    mcr: u8,
    msr: u8,
    scr: u8,
    divisor: u16,
    overrun: bool,
    /// The THRE interrupt is due: the transmitter ran empty, or its interrupt
    /// was enabled while empty, and neither IIR nor THR was touched since.
    thre_pending: bool,
    /// Received in loopback.
    pub(super) rx: VecDeque<u8>,
    tx: VecDeque<u8>,
    /// From the host. What of it is in the receive FIFO is what there is room
    /// for; it leaves only when it is read, so that no reset of the FIFO loses it.
    input: VecDeque<u8>,
    /// How often LSR was read since the port was set up, up to [`POLLING`].
    looks: u8,
}

impl State {
    pub(super) const fn reset() -> Self {
        Self {
            ier: 0,
            fcr: 0,
            lcr: 0,
            mcr: 0,
            msr: MSR_CTS | MSR_DSR | MSR_DCD,
            scr: 0,
            divisor: 0,
            overrun: false,
            thre_pending: false,
            rx: VecDeque::new(),
            tx: VecDeque::new(),
            input: VecDeque::new(),
            looks: 0,
        }
    }

    pub(super) fn read(&mut self, register: u64) -> u8 {
        let [divisor_low, divisor_high] = self.divisor.to_le_bytes();
        match register {
            RBR_THR_DLL if self.divisor_access() => divisor_low,
            IER_DLM if self.divisor_access() => divisor_high,
            RBR_THR_DLL => self.read_rbr(),
            IER_DLM => self.ier,
            IIR_FCR => self.read_iir(),
            LCR => self.lcr,
            MCR => self.mcr,
            LSR => self.read_lsr(),
            MSR => self.read_msr(),
            SCR => self.scr,
            _ => 0,
        }
    }

    pub(super) fn write(&mut self, register: u64, value: u8) {
        let [divisor_low, divisor_high] = self.divisor.to_le_bytes();
        match register {
            RBR_THR_DLL if self.divisor_access() => {
                self.divisor = u16::from_le_bytes([value, divisor_high]);
            }
            IER_DLM if self.divisor_access() => {
                self.divisor = u16::from_le_bytes([divisor_low, value]);
            }
            RBR_THR_DLL => self.write_thr(value),
            IER_DLM => self.write_ier(value),
            IIR_FCR => self.write_fcr(value),
            LCR => {
                self.lcr = value;
                self.looks = 0;
            }
            MCR => self.write_mcr(value),
            SCR => self.scr = value,
            // LSR and MSR are read-only in normal use.
            _ => {}
        }
    }

    const fn divisor_access(&self) -> bool {
        self.lcr & LCR_DLAB != 0
    }

    const fn fifo_enabled(&self) -> bool {
        self.fcr & FCR_ENABLE != 0
    }

    const fn loopback(&self) -> bool {
        self.mcr & MCR_LOOPBACK != 0
    }

    /// How many bytes each FIFO holds: one where the FIFOs are off.
    const fn depth(&self) -> usize {
        if self.fifo_enabled() { FIFO_LEN } else { 1 }
    }

    /// How many received bytes raise the interrupt.
    const fn trigger(&self) -> usize {
        match (self.fifo_enabled(), self.fcr >> 6) {
            (false, _) | (true, 0) => 1,
            (true, 1) => 4,
            (true, 2) => 8,
            (true, _) => 14,
        }
    }

    /// Whether input reaches the receiver: somebody is there to read it. In
    /// loopback the receiver is disconnected from the wire.
    const fn listening(&self) -> bool {
        !self.loopback() && (self.ier & IER_RX != 0 || self.looks >= POLLING)
    }

    /// How many bytes the receiver holds.
    fn received(&self) -> usize {
        let wire = if self.listening() {
            self.input.len()
        } else {
            0
        };
        self.depth().min(self.rx.len() + wire)
    }

    fn read_rbr(&mut self) -> u8 {
        let looped = self.rx.pop_front();
        match looped {
            None if self.listening() => self.take_input(),
            _ => looped,
        }
        .unwrap_or(0)
    }

    /// Takes a byte off the wire.
    pub(super) fn take_input(&mut self) -> Option<u8> {
        self.input.pop_front()
    }

    fn read_iir(&mut self) -> u8 {
        let id = self.interrupt();
        if id == IIR_THRE {
            self.thre_pending = false;
        }
        id | if self.fifo_enabled() { IIR_FIFO } else { 0 }
    }

    fn read_lsr(&mut self) -> u8 {
        self.looks = POLLING.min(self.looks.saturating_add(1));
        let mut lsr = 0;
        if self.received() > 0 {
            lsr |= LSR_DATA_READY;
        }
        if std::mem::take(&mut self.overrun) {
            lsr |= LSR_OVERRUN;
        }
        if self.tx.is_empty() {
            lsr |= LSR_THR_EMPTY | LSR_TX_EMPTY;
        }
        lsr
    }

    const fn read_msr(&mut self) -> u8 {
        let msr = self.msr;
        self.msr &= !MSR_DELTAS;
        msr
    }

    fn write_thr(&mut self, value: u8) {
        self.thre_pending = false;
        if self.loopback() {
            self.loop_back(value);
            self.thre_pending = true;
            return;
        }
        if self.tx.len() >= self.depth() {
            // The guest wrote without waiting for room: the newest byte is replaced.
            self.tx.pop_back();
        }
        self.tx.push_back(value);
    }

    fn loop_back(&mut self, value: u8) {
        if self.rx.len() < self.depth() {
            self.rx.push_back(value);
            return;
        }
        self.overrun = true;
        if !self.fifo_enabled() {
            // Without a FIFO the new character destroys the old one (§8.6.1).
            self.rx.clear();
            self.rx.push_back(value);
        }
    }

    fn write_ier(&mut self, value: u8) {
        let enabled = value & !self.ier;
        self.ier = value & IER_MASK;
        self.looks = 0;
        if enabled & IER_THRE != 0 && self.tx.is_empty() {
            self.thre_pending = true;
        }
    }

    fn write_fcr(&mut self, value: u8) {
        let toggled = (value ^ self.fcr) & FCR_ENABLE != 0;
        if toggled || value & FCR_CLEAR_RX != 0 {
            self.rx.clear();
        }
        if (toggled || value & FCR_CLEAR_TX != 0) && !self.tx.is_empty() {
            self.tx.clear();
            self.thre_pending = true;
        }
        // Other bits are not programmed unless the FIFOs are enabled (§8.5).
        self.fcr = if value & FCR_ENABLE != 0 {
            value & FCR_KEPT
        } else {
            0
        };
        self.looks = 0;
    }

    fn write_mcr(&mut self, value: u8) {
        self.mcr = value & MCR_MASK;
        self.looks = 0;
        let lines = if self.loopback() {
            // The modem control outputs are wired to the status inputs (§8.6.7).
            let wired = [
                (MCR_DTR, MSR_DSR),
                (MCR_RTS, MSR_CTS),
                (MCR_OUT1, MSR_RI),
                (MCR_OUT2, MSR_DCD),
            ];
            let set = wired.iter().filter(|(from, _)| self.mcr & from != 0);
            set.fold(0, |lines, (_, to)| lines | to)
        } else {
            MSR_CTS | MSR_DSR | MSR_DCD
        };
        self.set_modem_lines(lines);
    }

    /// Updates the modem status inputs and what changed since MSR was read.
    const fn set_modem_lines(&mut self, lines: u8) {
        let changed = (self.msr ^ lines) & !MSR_DELTAS;
        let mut deltas = (changed >> 4) & !MSR_TRAILING_RI;
        if changed & MSR_RI != 0 && lines & MSR_RI == 0 {
            deltas |= MSR_TRAILING_RI;
        }
        self.msr = lines | (self.msr & MSR_DELTAS) | deltas;
    }

    /// Queues input from the host; returns how much of it there was room for.
    pub(super) fn push_input(&mut self, bytes: &[u8]) -> usize {
        let accepted = bytes.len().min(INPUT_LEN.saturating_sub(self.input.len()));
        self.input.extend(&bytes[..accepted]);
        accepted
    }

    /// Takes everything off the wire.
    pub(super) fn recall_input(&mut self) -> VecDeque<u8> {
        std::mem::take(&mut self.input)
    }

    /// How many bytes are on the wire.
    pub(super) fn input_len(&self) -> usize {
        self.input.len()
    }

    /// Gives what is to be transmitted to `send`, which returns how many of
    /// the bytes it took.
    pub(super) fn transmit(&mut self, send: impl FnOnce(&[u8]) -> usize) {
        if self.tx.is_empty() {
            return;
        }
        let sent = send(self.tx.make_contiguous());
        self.tx.drain(..sent.min(self.tx.len()));
        if self.tx.is_empty() {
            self.thre_pending = true;
        }
    }

    /// The interrupt of highest priority, as IIR identifies it (§8.4, Table IV).
    fn interrupt(&self) -> u8 {
        let enabled = |bit| self.ier & bit != 0;
        if enabled(IER_LINE) && self.overrun {
            IIR_LINE
        } else if enabled(IER_RX) && self.received() >= self.trigger() {
            IIR_RX
        } else if enabled(IER_RX) && self.received() > 0 {
            // The wire is infinitely fast: four character times are over.
            IIR_TIMEOUT
        } else if enabled(IER_THRE) && self.thre_pending {
            IIR_THRE
        } else if enabled(IER_MODEM) && self.msr & MSR_DELTAS != 0 {
            IIR_MODEM
        } else {
            IIR_NONE
        }
    }

    /// Whether the interrupt wire is asserted.
    pub(super) fn interrupting(&self) -> bool {
        self.interrupt() != IIR_NONE
    }

    /// Whether a saved state is one that this device can be in.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.rx.len() > FIFO_LEN || self.tx.len() > FIFO_LEN || self.input.len() > INPUT_LEN {
            return Err("a queue is longer than the device's".to_owned());
        }
        Ok(())
    }
}
