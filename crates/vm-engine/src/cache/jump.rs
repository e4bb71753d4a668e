//! From virtual address to block, per vCPU.

use std::sync::Arc;

use vm_core::PAGE_SHIFT;
use vm_mem::tlb::Space;

use super::Code;

const ENTRIES: usize = 8192;

/// Everything but the address that decides which block a jump reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JumpKey {
    /// The address space of fetches.
    pub space: Space,
    /// [`Guest::context`](crate::guest::Guest::context).
    pub context: u32,
}

impl JumpKey {
    /// The key of entries that were never filled.
    pub const NONE: Self = Self {
        space: Space::new(0, 0, 0),
        context: 0,
    };
}

struct Entry {
    va: u64,
    key: JumpKey,
    /// The cache's generation when the entry was made.
    generation: u32,
    code: Option<Arc<Code>>,
}

/// A direct-mapped cache of where virtual addresses lead.
pub struct JumpCache {
    entries: Box<[Entry]>,
    /// Entries of older generations are void.
    generation: u32,
}

impl Default for JumpCache {
    fn default() -> Self {
        let empty = || Entry {
            va: 0,
            key: JumpKey::NONE,
            generation: 0,
            code: None,
        };
        Self {
            entries: (0..ENTRIES).map(|_| empty()).collect(),
            generation: 1,
        }
    }
}

impl JumpCache {
    #[inline(always)]
    fn index(va: u64) -> usize {
        // Instructions are at least 2-byte aligned; mix in the page so that
        // the same offsets in different pages do not always collide.
        ((va >> 1) ^ (va >> PAGE_SHIFT)) as usize % ENTRIES
    }

    /// The block at `va`, if known.
    #[inline(always)]
    pub fn get(&self, va: u64, key: JumpKey) -> Option<&Code> {
        let entry = &self.entries[Self::index(va)];
        if entry.va == va && entry.key == key && entry.generation == self.generation {
            entry.code.as_deref()
        } else {
            None
        }
    }

    /// Remembers the block at `va`, in place of whatever shares its entry.
    pub fn insert(&mut self, va: u64, key: JumpKey, code: Arc<Code>) -> &Code {
        let entry = &mut self.entries[Self::index(va)];
        *entry = Entry {
            va,
            key,
            generation: self.generation,
            code: None,
        };
        entry.code.insert(code)
    }

    /// Forgets everything.
    pub fn flush(&mut self) {
        match self.generation.checked_add(1) {
            Some(next) => self.generation = next,
            None => *self = Self::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interp::Program;

    const KEY: JumpKey = JumpKey::NONE;

    fn code() -> Arc<Code> {
        Arc::new(Code::new(Program::empty(), Box::new([]), 0))
    }

    #[test]
    fn hits_need_address_key_and_generation() {
        let mut cache = JumpCache::default();
        let (key, other) = (KEY, JumpKey { context: 1, ..KEY });
        assert!(cache.get(0, key).is_none(), "an empty entry is no hit");
        cache.insert(0x1000, key, code());
        assert!(cache.get(0x1000, key).is_some());
        assert!(cache.get(0x1000, other).is_none());
        assert!(cache.get(0x1002, key).is_none());
        cache.flush();
        assert!(cache.get(0x1000, key).is_none());
    }

    #[test]
    fn old_entries_stay_void_when_the_generation_wraps() {
        let mut cache = JumpCache::default();
        cache.insert(0x1000, KEY, code());
        cache.generation = u32::MAX;
        cache.flush();
        assert!(cache.get(0x1000, KEY).is_none());
    }
}
