//! Doing what other threads ask of a vCPU, wherever its own thread is: in its
//! loop, asleep, or in a call of firmware.

use std::sync::Arc;

use super::{Core, VcpuRequest, exit_request};
use crate::guest::Guest;

/// Does all that others have asked of the vCPU. Returns whether that was
/// anything, and where a vCPU that awaits its start is to begin, if that was among it.
pub(crate) fn serve<G: Guest>(core: &mut Core, guest: &mut G) -> (bool, Option<u64>) {
    let control = Arc::clone(&core.control);
    if control.take_exit_requests(exit_request::REQUEST) == 0 {
        return (false, None);
    }
    let requests = control.take_requests().into_iter();
    let starts = requests.filter_map(|request| carry_out(core, guest, request));
    (true, starts.last())
}

/// Does one thing. Returns where a vCPU that awaits its start is to begin, if that was it.
pub(crate) fn carry_out<G: Guest>(
    core: &mut Core,
    guest: &mut G,
    request: VcpuRequest,
) -> Option<u64> {
    match request {
        VcpuRequest::DropWrites { page } => core.forbid_direct_writes(page),
        VcpuRequest::DropCode { page } => core.dropped_code.push(page),
        VcpuRequest::SyncInstructions => core.sync_instructions(),
        VcpuRequest::FlushTlb { va, pages, asid } => guest.flush(core, va, pages, asid),
        VcpuRequest::Notify(completion) => completion.complete(),
        VcpuRequest::Start { entry, argument } => {
            // One that runs is started already.
            if core.control.awaits_start() {
                let begin = guest.start(core, entry, argument);
                core.control.set_awaits_start(false);
                return Some(begin);
            }
        }
    }
    None
}
