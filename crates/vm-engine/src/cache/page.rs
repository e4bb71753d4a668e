//! The blocks of one physical page.

use std::{
    ops::Range,
    sync::{Arc, Weak},
};

use rustc_hash::FxHashMap;

use super::{Code, lines::line_mask};

/// Offset in the page and guest context.
pub(super) type Key = (u16, u32);

/// The blocks of one physical page.
#[derive(Default)]
pub(super) struct Page {
    shared: FxHashMap<Key, Arc<Code>>,
    /// Blocks that depend on the page but are found elsewhere, with the bytes
    /// of the page that they came from.
    watched: Vec<(Range<u64>, Weak<Code>)>,
}

/// What a store did to a page's blocks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Invalidated {
    /// How many were invalidated.
    pub(super) blocks: usize,
    /// How much memory the shared ones among them take.
    pub(super) bytes: usize,
    /// The lines that the others came from.
    pub(super) left: u64,
}

impl Page {
    pub(super) fn get(&self, key: Key) -> Option<&Arc<Code>> {
        self.shared.get(&key)
    }

    /// Adds a block; returns the one that it replaces.
    pub(super) fn insert(&mut self, key: Key, code: Arc<Code>) -> Option<Arc<Code>> {
        self.shared.insert(key, code)
    }

    /// Invalidates `code` when one of these bytes is stored to.
    pub(super) fn watch(&mut self, bytes: Range<u64>, code: &Arc<Code>) {
        // Here, so that the list never grows far beyond what is alive.
        self.watched.retain(|(_, code)| code.strong_count() != 0);
        self.watched.push((bytes, Arc::downgrade(code)));
    }

    /// Invalidates and drops the blocks that came from any of the bytes `stored`.
    pub(super) fn invalidate(&mut self, stored: &Range<u64>) -> Invalidated {
        let mut invalidated = Invalidated::default();
        let mut hit = |source: &Range<u64>, code: &Code| {
            let hit = source.start < stored.end && stored.start < source.end;
            if hit {
                code.invalidate();
                invalidated.blocks += 1;
            } else {
                invalidated.left |= line_mask(source);
            }
            hit
        };
        let mut bytes = 0;
        self.shared.retain(|(offset, _), code| {
            let start = u64::from(*offset);
            let hit = hit(&(start..start + code.bytes()), code);
            bytes += if hit { code.footprint() } else { 0 };
            !hit
        });
        self.watched
            .retain(|(source, code)| code.upgrade().is_some_and(|code| !hit(source, &code)));
        Invalidated {
            bytes,
            ..invalidated
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.shared.is_empty() && self.watched.is_empty()
    }
}
