//! What other threads ask of a vCPU.

use std::sync::Arc;

use parking_lot::{Condvar, Mutex};

/// A job for a vCPU, done between two blocks.
#[derive(Debug, Clone)]
pub enum VcpuRequest {
    /// Drop direct write access to the physical page with this number: it
    /// holds translated code now.
    DropWrites {
        /// The guest-physical page number.
        page: u64,
    },
    /// Drop generated code that came from the physical page with this number
    /// and has been invalidated.
    DropCode {
        /// The guest-physical page number; `u64::MAX` for all pages.
        page: u64,
    },
    /// Make earlier stores visible to instruction fetch.
    SyncInstructions,
    /// Forget translations of `pages` pages from `va` on, of one address space
    /// or of all.
    FlushTlb {
        /// The first virtual address.
        va: u64,
        /// How many pages; `u64::MAX` for everything.
        pages: u64,
        /// The address-space identifier, `None` for all.
        asid: Option<u16>,
    },
    /// Start a vCPU that awaits that.
    Start {
        /// Where: what the architecture's start request names, mostly a physical address.
        entry: u64,
        /// What it passes on to the code there, if anything: RISC-V's opaque value,
        /// PSCI's context.
        argument: u64,
    },
    /// Tell when all earlier requests are done.
    Notify(Arc<Completion>),
}

impl VcpuRequest {
    /// Whether doing `self` later does all that `other` asks for.
    fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::DropWrites { page: own }, Self::DropWrites { page }) => own == page,
            (Self::DropCode { page: own }, Self::DropCode { page }) => {
                own == page || *own == u64::MAX
            }
            (Self::SyncInstructions, Self::SyncInstructions) => true,
            (
                Self::FlushTlb {
                    pages: u64::MAX,
                    asid: None,
                    ..
                },
                Self::FlushTlb { .. } | Self::DropWrites { .. },
            ) => true,
            (
                Self::FlushTlb { va, pages, asid },
                Self::FlushTlb {
                    va: other_va,
                    pages: other_pages,
                    asid: other_asid,
                },
            ) => (va, pages, asid) == (other_va, other_pages, other_asid),
            _ => false,
        }
    }

    /// Whether it only concerns caches.
    fn is_about_caches(&self) -> bool {
        match self {
            Self::DropWrites { .. }
            | Self::DropCode { .. }
            | Self::SyncInstructions
            | Self::FlushTlb { .. } => true,
            Self::Start { .. } | Self::Notify(_) => false,
        }
    }
}

/// The requests that a vCPU has not got to.
#[derive(Debug, Default)]
pub(super) struct RequestQueue(Vec<VcpuRequest>);

/// So many requests are condensed: a vCPU whose thread does not run must not
/// make the queue grow without bound.
const MAX_QUEUED: usize = 64;

impl RequestQueue {
    /// Adds a request, unless one in the queue does the same.
    pub(super) fn push(&mut self, request: VcpuRequest) {
        if self.0.iter().any(|queued| queued.covers(&request)) {
            return;
        }
        if self.0.len() >= MAX_QUEUED && request.is_about_caches() {
            self.condense();
        }
        self.0.push(request);
    }

    /// Replaces all requests about caches by those that cover any.
    fn condense(&mut self) {
        let everything = VcpuRequest::FlushTlb {
            va: 0,
            pages: u64::MAX,
            asid: None,
        };
        let others = std::mem::take(&mut self.0);
        let all_code = VcpuRequest::DropCode { page: u64::MAX };
        self.0
            .extend([everything, all_code, VcpuRequest::SyncInstructions]);
        let others = others.into_iter().filter(|other| !other.is_about_caches());
        self.0.extend(others);
    }

    /// Takes all, in the order in which they are to be done.
    pub(super) fn take(&mut self) -> Vec<VcpuRequest> {
        std::mem::take(&mut self.0)
    }
}

/// Counts outstanding acknowledgements.
#[derive(Debug, Default)]
pub struct Completion {
    outstanding: Mutex<usize>,
    done: Condvar,
}

impl Completion {
    /// One that waits for `count` acknowledgements.
    pub fn new(count: usize) -> Self {
        Self {
            outstanding: Mutex::new(count),
            done: Condvar::new(),
        }
    }

    /// Acknowledges once.
    pub fn complete(&self) {
        let mut outstanding = self.outstanding.lock();
        *outstanding = outstanding.saturating_sub(1);
        if *outstanding == 0 {
            self.done.notify_all();
        }
    }

    /// Whether all have acknowledged.
    pub fn is_done(&self) -> bool {
        *self.outstanding.lock() == 0
    }

    /// Waits until all have acknowledged, at most `timeout`; tells whether they have.
    pub fn wait_for(&self, timeout: std::time::Duration) -> bool {
        let mut outstanding = self.outstanding.lock();
        if *outstanding != 0 {
            self.done.wait_for(&mut outstanding, timeout);
        }
        *outstanding == 0
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn flush(va: u64) -> VcpuRequest {
        VcpuRequest::FlushTlb {
            va,
            pages: 1,
            asid: Some(3),
        }
    }

    #[test]
    fn requests_stay_in_order_and_repetitions_are_dropped() {
        let mut queue = RequestQueue::default();
        queue.push(VcpuRequest::DropWrites { page: 1 });
        queue.push(VcpuRequest::Start {
            entry: 8,
            argument: 9,
        });
        queue.push(VcpuRequest::DropWrites { page: 2 });
        queue.push(VcpuRequest::DropWrites { page: 1 });
        queue.push(VcpuRequest::SyncInstructions);
        queue.push(VcpuRequest::SyncInstructions);
        queue.push(flush(0));
        queue.push(flush(0x1000));
        queue.push(flush(0));
        let taken = format!("{:?}", queue.take());
        assert_eq!(
            taken,
            "[DropWrites { page: 1 }, Start { entry: 8, argument: 9 }, DropWrites { page: 2 }, \
             SyncInstructions, FlushTlb { va: 0, pages: 1, asid: Some(3) }, \
             FlushTlb { va: 4096, pages: 1, asid: Some(3) }]"
        );
        queue.push(VcpuRequest::SyncInstructions);
        assert_eq!(queue.take().len(), 1, "what was taken covers nothing");
    }

    #[test]
    fn a_long_queue_is_condensed_and_keeps_what_is_not_about_caches() {
        let mut queue = RequestQueue::default();
        let done = Arc::new(Completion::new(1));
        queue.push(VcpuRequest::Start {
            entry: 1,
            argument: 2,
        });
        for page in 0..1000 {
            queue.push(VcpuRequest::DropWrites { page });
            queue.push(flush(page << 12));
            queue.push(VcpuRequest::SyncInstructions);
        }
        queue.push(VcpuRequest::Notify(Arc::clone(&done)));
        let taken = queue.take();
        assert!(taken.len() <= MAX_QUEUED + 3, "{}", taken.len());
        assert!(matches!(
            taken[0],
            VcpuRequest::FlushTlb {
                pages: u64::MAX,
                asid: None,
                ..
            }
        ));
        assert!(matches!(taken[1], VcpuRequest::DropCode { page: u64::MAX }));
        assert!(matches!(taken[2], VcpuRequest::SyncInstructions));
        assert!(matches!(
            taken[3],
            VcpuRequest::Start {
                entry: 1,
                argument: 2
            }
        ));
        assert!(matches!(taken.last(), Some(VcpuRequest::Notify(_))));
    }

    #[test]
    fn a_completion_waits_for_all() {
        let completion = Completion::new(2);
        completion.complete();
        assert!(!completion.is_done() && !completion.wait_for(Duration::ZERO));
        completion.complete();
        completion.complete();
        assert!(completion.is_done() && completion.wait_for(Duration::MAX));
        assert!(Completion::default().is_done());
    }
}
