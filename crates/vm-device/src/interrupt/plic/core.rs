//! The PLIC as a plain state machine: no locks, no wires.

use serde::{Deserialize, Serialize};

use super::spec::PRIORITY_MASK;

/// Gateways, priorities and contexts. Also the saved form, version 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Core {
    /// By source; entry 0 stays 0.
    priority: Vec<u32>,
    /// Bit sets over sources, bit 0 of word 0 stays clear.
    level: Vec<u32>,
    pending: Vec<u32>,
    /// Claimed and not completed: the gateway holds further requests back.
    in_service: Vec<u32>,
    contexts: Vec<Context>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Context {
    enable: Vec<u32>,
    threshold: u32,
}

const fn split(source: u32) -> (usize, u32) {
    (source as usize / 32, 1 << (source % 32))
}

fn has(set: &[u32], source: u32) -> bool {
    let (word, bit) = split(source);
    set.get(word).is_some_and(|word| word & bit != 0)
}

fn put(set: &mut [u32], source: u32, value: bool) {
    let (word, bit) = split(source);
    if let Some(word) = set.get_mut(word) {
        *word = if value { *word | bit } else { *word & !bit };
    }
}

impl Core {
    /// A PLIC with sources 1 to `sources`.
    pub(super) fn new(sources: u32, contexts: usize) -> Self {
        let words = vec![0; sources as usize / 32 + 1];
        let context = Context {
            enable: words.clone(),
            threshold: 0,
        };
        Self {
            priority: vec![0; sources as usize + 1],
            level: words.clone(),
            pending: words.clone(),
            in_service: words,
            contexts: vec![context; contexts],
        }
    }

    pub(super) const fn sources(&self) -> u32 {
        self.priority.len() as u32 - 1
    }

    /// Whether `other` has as many sources and contexts.
    pub(super) fn same_shape(&self, other: &Self) -> bool {
        let words = self.pending.len();
        let sets = [&other.level, &other.pending, &other.in_service];
        let enables = other.contexts.iter().map(|context| &context.enable);
        other.priority.len() == self.priority.len()
            && other.contexts.len() == self.contexts.len()
            && sets
                .into_iter()
                .chain(enables)
                .all(|set| set.len() == words)
    }

    /// Follows the wire of `source`. A request that was forwarded stays
    /// pending when the wire drops (§5, interrupt gateways).
    pub(super) fn set_level(&mut self, source: u32, asserted: bool) {
        put(&mut self.level, source, asserted);
        self.forward(source);
    }

    /// The gateway: a high level requests service unless one is in progress.
    fn forward(&mut self, source: u32) {
        if has(&self.level, source) && !has(&self.in_service, source) {
            put(&mut self.pending, source, true);
        }
    }

    pub(super) fn priority(&self, source: u32) -> u32 {
        self.priority.get(source as usize).copied().unwrap_or(0)
    }

    pub(super) fn set_priority(&mut self, source: u32, value: u32) {
        if source != 0
            && let Some(priority) = self.priority.get_mut(source as usize)
        {
            *priority = value & PRIORITY_MASK;
        }
    }

    /// Pending bits of sources `32 * word` and up.
    pub(super) fn pending_word(&self, word: usize) -> u32 {
        self.pending.get(word).copied().unwrap_or(0)
    }

    pub(super) fn enable_word(&self, context: usize, word: usize) -> u32 {
        let enable = self.contexts.get(context).map(|context| &context.enable);
        enable
            .and_then(|enable| enable.get(word))
            .copied()
            .unwrap_or(0)
    }

    pub(super) fn set_enable_word(&mut self, context: usize, word: usize, value: u32) {
        let existing = self.existing(word);
        let enable = self
            .contexts
            .get_mut(context)
            .map(|context| &mut context.enable);
        if let Some(enable) = enable.and_then(|enable| enable.get_mut(word)) {
            *enable = value & existing;
        }
    }

    /// The bits of a set's `word` that belong to sources.
    fn existing(&self, word: usize) -> u32 {
        let first = 32 * word as u32;
        let count = self.sources().saturating_add(1).saturating_sub(first);
        let all = if count >= 32 { !0 } else { (1 << count) - 1 };
        if word == 0 { all & !1 } else { all }
    }

    pub(super) fn threshold(&self, context: usize) -> u32 {
        self.contexts
            .get(context)
            .map_or(0, |context| context.threshold)
    }

    pub(super) fn set_threshold(&mut self, context: usize, value: u32) {
        if let Some(context) = self.contexts.get_mut(context) {
            context.threshold = value & PRIORITY_MASK;
        }
    }

    /// The enabled pending source of highest priority, and that priority, if it
    /// is above `floor`. The lowest number wins ties (§4).
    fn best(&self, context: &Context, floor: u32) -> Option<(u32, u32)> {
        let mut best = None;
        let mut highest = floor;
        for (word, (pending, enable)) in self.pending.iter().zip(&context.enable).enumerate() {
            let mut candidates = pending & enable;
            while candidates != 0 {
                let source = 32 * word as u32 + candidates.trailing_zeros();
                candidates &= candidates - 1;
                let priority = self.priority(source);
                if priority > highest {
                    highest = priority;
                    best = Some((source, priority));
                }
            }
        }
        best
    }

    /// Whether `context` is to be interrupted.
    pub(super) fn interrupting(&self, context: usize) -> bool {
        self.contexts
            .get(context)
            .is_some_and(|context| self.best(context, context.threshold).is_some())
    }

    /// Claims the best source of `context`, or returns 0. The threshold does
    /// not matter here (§8), so that software can poll.
    pub(super) fn claim(&mut self, context: usize) -> u32 {
        let best = self
            .contexts
            .get(context)
            .and_then(|context| self.best(context, 0));
        let Some((source, _)) = best else {
            return 0;
        };
        put(&mut self.pending, source, false);
        put(&mut self.in_service, source, true);
        source
    }

    /// Completes `source` for `context`; ignored unless enabled there (§9).
    pub(super) fn complete(&mut self, context: usize, source: u32) {
        let enabled = self
            .contexts
            .get(context)
            .is_some_and(|context| has(&context.enable, source));
        if enabled {
            put(&mut self.in_service, source, false);
            self.forward(source);
        }
    }
}
