//! MSI-X: the vector table, pending bits and message delivery (PCI §6.8.2).

use std::sync::Arc;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use vm_core::{AccessSize, MsiSink};

use super::spec::{MSIX_ENABLE, MSIX_FUNCTION_MASK};

/// The most vectors a function can have (PCI §6.8.2.3).
pub const MAX_VECTORS: u16 = 2048;
/// Bytes of a table entry.
const ENTRY_LEN: u64 = 16;
/// Vector control: the vector is masked.
const VECTOR_MASKED: u32 = 1;

/// A table entry: address low and high, data, vector control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    words: [u32; 4],
    pending: bool,
}

impl Entry {
    /// Vectors are masked at reset.
    const RESET: Self = Self {
        words: [0, 0, 0, VECTOR_MASKED],
        pending: false,
    };

    const fn masked(&self) -> bool {
        self.words[3] & VECTOR_MASKED != 0
    }

    fn addr(&self) -> u64 {
        u64::from(self.words[0]) | u64::from(self.words[1]) << 32
    }
}

/// The MSI-X structures of one function. They fill a BAR of their own: the
/// table in its lower half, the pending bits in its upper half.
pub struct Msix {
    sink: Arc<dyn MsiSink>,
    vectors: u16,
    inner: Mutex<Inner>,
}

struct Inner {
    control: u16,
    entries: Vec<Entry>,
}

/// The saved form of an [`Msix`]; the message control register is saved with
/// the configuration space that holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MsixState {
    entries: Vec<Entry>,
}

impl Msix {
    /// Structures for `vectors` vectors (held to 1 to [`MAX_VECTORS`]) that
    /// send their messages to `sink`.
    pub fn new(vectors: u16, sink: Arc<dyn MsiSink>) -> Arc<Self> {
        let vectors = vectors.clamp(1, MAX_VECTORS);
        Arc::new(Self {
            sink,
            vectors,
            inner: Mutex::new(Inner {
                control: 0,
                entries: vec![Entry::RESET; usize::from(vectors)],
            }),
        })
    }

    /// How many vectors there are, 1 to [`MAX_VECTORS`].
    pub fn vectors(&self) -> u16 {
        self.vectors
    }

    /// Whether the guest enabled MSI-X: messages are used instead of INTx.
    pub fn enabled(&self) -> bool {
        self.inner.lock().control & MSIX_ENABLE != 0
    }

    /// Raises `vector`: sends its message now, or when it is unmasked.
    /// Does nothing while MSI-X is disabled or for a vector that does not exist.
    pub fn signal(&self, vector: u16) {
        let mut inner = self.inner.lock();
        let control = inner.control;
        if let Some(entry) = inner.entries.get_mut(usize::from(vector)) {
            entry.pending = true;
            self.deliver(control, entry);
        }
    }

    /// Length of the BAR in bytes.
    pub(super) fn bar_len(&self) -> u64 {
        2 * self.pba_offset()
    }

    /// Offset of the pending bits in the BAR.
    pub(super) fn pba_offset(&self) -> u64 {
        (u64::from(self.vectors) * ENTRY_LEN)
            .next_power_of_two()
            .max(0x800)
    }

    /// Follows the message control register.
    pub(super) fn set_control(&self, control: u16) {
        let mut inner = self.inner.lock();
        if inner.control != control {
            inner.control = control;
            self.deliver_all(&mut inner);
        }
    }

    /// Sends a pending vector's message unless it is masked. What is pending
    /// while MSI-X is disabled is lost, as INTx stands in for it.
    fn deliver(&self, control: u16, entry: &mut Entry) {
        let enabled = control & MSIX_ENABLE != 0;
        let masked = control & MSIX_FUNCTION_MASK != 0 || entry.masked();
        if enabled && !masked {
            self.sink.signal(entry.addr(), entry.words[2]);
        }
        entry.pending = enabled && masked;
    }

    fn deliver_all(&self, inner: &mut Inner) {
        let control = inner.control;
        for entry in inner.entries.iter_mut().filter(|entry| entry.pending) {
            self.deliver(control, entry);
        }
    }

    /// Reads the BAR. Software must use aligned 4- or 8-byte accesses
    /// (PCI §6.8.2); others see the bytes of the words they touch.
    pub(super) fn read(&self, offset: u64, size: AccessSize) -> u64 {
        let inner = self.inner.lock();
        let pba = self.pba_offset();
        let word = |at: u64| match at.checked_sub(pba) {
            Some(at) => inner.pending_word(at),
            None => inner.table_word(at),
        };
        let aligned = offset & !3;
        let low = u128::from(word(aligned));
        let mid = u128::from(word(aligned.wrapping_add(4))) << 32;
        let high = u128::from(word(aligned.wrapping_add(8))) << 64;
        ((low | mid | high) >> (8 * (offset & 3))) as u64 & size.mask()
    }

    /// Writes the BAR; the pending bits are read-only, and accesses that are
    /// not aligned words or double words are ignored.
    pub(crate) fn write(&self, offset: u64, size: AccessSize, value: u64) {
        if size < AccessSize::Word || !offset.is_multiple_of(size.bytes()) {
            return;
        }
        let mut inner = self.inner.lock();
        inner.set_table_word(offset, value as u32);
        if size == AccessSize::Double {
            inner.set_table_word(offset.wrapping_add(4), (value >> 32) as u32);
        }
        self.deliver_all(&mut inner);
    }

    pub(super) fn save_state(&self) -> MsixState {
        MsixState {
            entries: self.inner.lock().entries.clone(),
        }
    }

    pub(super) fn restore_state(&self, state: &MsixState) -> Result<(), String> {
        let mut inner = self.inner.lock();
        let (found, expected) = (state.entries.len(), inner.entries.len());
        if found != expected {
            return Err(format!("{found} MSI-X vectors instead of {expected}"));
        }
        inner.entries.clone_from(&state.entries);
        Ok(())
    }
}

impl Inner {
    fn table_word(&self, at: u64) -> u32 {
        let entry = self.entries.get((at / ENTRY_LEN) as usize);
        entry.map_or(0, |entry| entry.words[(at % ENTRY_LEN / 4) as usize])
    }

    fn set_table_word(&mut self, at: u64, value: u32) {
        if let Some(entry) = self.entries.get_mut((at / ENTRY_LEN) as usize) {
            let word = (at % ENTRY_LEN / 4) as usize;
            // Address bits 1:0 must be zero; reserved control bits stay zero.
            let writable = [!0b11, !0, !0, VECTOR_MASKED][word];
            entry.words[word] = value & writable;
        }
    }

    /// 32 pending bits, `at` bytes into the pending bit array.
    fn pending_word(&self, at: u64) -> u32 {
        let first = (at as usize).saturating_mul(8);
        let entries = self.entries.iter().skip(first).take(32).enumerate();
        entries.fold(0, |word, (i, entry)| word | u32::from(entry.pending) << i)
    }
}
