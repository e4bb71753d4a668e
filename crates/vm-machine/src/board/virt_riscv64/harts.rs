//! The board's vCPUs.

use std::{io, sync::Arc};

use vm_engine::{
    guest::riscv64::{Firmware, HartConfig, Riscv64},
    vcpu::{Engine, MachineShared, TranslatedVcpu, Vcpu},
};

use super::map;
use crate::boot::Entry;

type Hart = TranslatedVcpu<Riscv64>;

/// Harts that are to begin at `entry`, if there is one. `firmware` answers calls of
/// supervisors, if it is the host's.
pub(super) fn make(
    shared: &Arc<MachineShared>,
    firmware: Option<&Arc<dyn Firmware>>,
    engine: Engine,
    entry: Option<Entry>,
) -> io::Result<Vec<Box<dyn Vcpu>>> {
    let controls = shared.vcpus().iter().enumerate();
    let harts = controls.map(|(index, control)| {
        let config = HartConfig {
            hart_id: index as u64,
            reset_envcfg: map::RESET_ENVCFG,
            firmware: firmware.cloned(),
            ..HartConfig::default()
        };
        let (control, shared) = (Arc::clone(control), Arc::clone(shared));
        let mut hart = Hart::new(index, control, shared, Riscv64::new(config), 0);
        hart.set_engine(engine)?;
        if let Some(entry) = entry {
            reset(&mut hart, entry);
        }
        Ok(Box::new(hart) as Box<dyn Vcpu>)
    });
    harts.collect()
}

/// Puts a hart where its guest begins.
fn reset(hart: &mut Hart, entry: Entry) {
    let Hart {
        core, guest, pc, ..
    } = hart;
    match entry {
        Entry::Reset { pc: start } => {
            guest.reset_to_machine(core, start, 0, 0);
            *pc = start;
        }
        Entry::Kernel { pc: start, info } => {
            let id = guest.config().hart_id;
            guest.reset_to_supervisor(core, start, id, info);
            *pc = start;
        }
    }
}
