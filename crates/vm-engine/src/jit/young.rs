//! Which blocks an instruction fence compares with memory.

use std::sync::Arc;

use super::region::Id;
use crate::{
    cache::{Code, Origin},
    vcpu::{Completion, MachineShared},
};

/// Blocks whose source may have been stored to unseen: some vCPU may not know yet
/// that it is code.
#[derive(Default)]
pub(super) struct Young {
    /// Those since the last fence that found the others seen.
    latest: Vec<Id>,
    /// Those before it, until [`awaited`](Self::awaited) are done.
    waiting: Vec<Id>,
    /// The marks that were unseen at that fence.
    awaited: Vec<Arc<Completion>>,
}

impl Young {
    /// Adds a block that was just made.
    pub(super) fn push(&mut self, id: Id) {
        self.latest.push(id);
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Id> {
        self.waiting.iter().chain(&self.latest)
    }

    /// Whether every vCPU knows of the source of those that wait.
    pub(super) fn is_seen(&self) -> bool {
        self.awaited.iter().all(|mark| mark.is_done())
    }

    /// Lets the latest wait for `unseen`, in place of those that have waited.
    pub(super) fn age(&mut self, unseen: Vec<Arc<Completion>>) {
        let latest = std::mem::take(&mut self.latest);
        self.waiting = if unseen.is_empty() {
            Vec::new()
        } else {
            latest
        };
        self.awaited = unseen;
    }

    pub(super) fn retain(&mut self, keep: impl Fn(Id) -> bool) {
        self.latest.retain(|&id| keep(id));
        self.waiting.retain(|&id| keep(id));
    }
}

/// Invalidates a block if memory does not hold its source any more.
pub(super) fn invalidate_if_changed(code: &Code, machine: &MachineShared) {
    match code.origin() {
        Origin::Shared { addr, .. } => {
            let bytes = code.bytes();
            if !code.matches(&machine.ram, addr, 0, bytes as usize) {
                machine.code_changed(addr, bytes);
                code.invalidate();
            }
        }
        Origin::Private { .. } => code.invalidate(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(young: &Young) -> Vec<u32> {
        young.all().map(|id| id.0).collect()
    }

    #[test]
    fn blocks_stay_young_until_the_marks_before_them_are_seen() {
        let mut young = Young::default();
        young.push(Id(1));
        assert!(young.is_seen(), "nobody is waited for");
        young.age(Vec::new());
        assert!(ids(&young).is_empty(), "everybody had seen every mark");
        young.push(Id(2));
        let mark = Arc::new(Completion::new(1));
        young.age(vec![Arc::clone(&mark)]);
        young.push(Id(3));
        assert!(!young.is_seen());
        assert_eq!(ids(&young), [2, 3]);
        mark.complete();
        assert!(young.is_seen());
        // Another mark came out meanwhile.
        young.age(vec![Arc::new(Completion::new(1))]);
        assert_eq!(ids(&young), [3]);
        young.retain(|id| id != Id(3));
        assert!(ids(&young).is_empty());
    }
}
