//! What a vCPU has done, in numbers.

use std::{ops::AddAssign, time::Instant};

use serde::Serialize;
use vm_mem::tlb::TlbStats;

use super::TranslatedVcpu;
use crate::{cache::Code, guest::Guest, jit::JitStats};

/// What a vCPU has done, in numbers. They can be added up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct VcpuStats {
    /// Guest instructions retired.
    pub instructions: u64,
    /// Host CPU time of the vCPU's thread, in nanoseconds. A vCPU that waits
    /// takes none.
    pub cpu_ns: u64,
    /// The interpreter, and the translation that every tier needs.
    pub tier0: Tier0Stats,
    /// The JIT.
    pub tier1: Tier1Stats,
    /// Address translation by the engine; what generated code finds in its
    /// own short TLB is not counted.
    pub tlb: TlbStats,
}

/// What tier 0 has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tier0Stats {
    /// Guest instructions retired in this tier.
    pub retired: u64,
    /// Blocks translated: decoded, lifted, optimised and lowered. Blocks that
    /// another vCPU has translated are not.
    pub blocks: u64,
    /// Guest instructions in them.
    pub instructions: u64,
    /// Time that took, in nanoseconds.
    pub translate_ns: u64,
}

/// What tier 1 has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tier1Stats {
    /// Guest instructions retired in this tier.
    pub retired: u64,
    /// Its code.
    #[serde(flatten)]
    pub code: JitStats,
    /// What generated code has called the engine for.
    pub calls: Calls,
}

/// What generated code has called the engine for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Calls {
    /// Loads and atomics whose address the short TLB does not hold: the first
    /// access to a page, a device, two pages at once.
    pub loads: u64,
    /// The same for stores, those to code pages included.
    pub stores: u64,
    /// Operations without host code.
    pub ops: u64,
    /// Helpers: system instructions and traps.
    pub helpers: u64,
    /// Jumps whose target was not at hand.
    pub jumps: u64,
    /// Looks at what others want of the vCPU.
    pub polls: u64,
}

impl VcpuStats {
    /// Million guest instructions per second of host CPU time; 0 if it took none.
    pub fn mips(&self) -> f64 {
        ratio(self.instructions, self.cpu_ns) * 1e3
    }
}

impl<G: Guest> TranslatedVcpu<G> {
    /// What the vCPU has done since the last call. It must not run meanwhile.
    pub fn take_stats(&mut self) -> VcpuStats {
        let mut stats = std::mem::take(&mut self.stats);
        match &mut self.tier1 {
            Some(tier1) => stats.tier1.code = std::mem::take(&mut tier1.cache.stats),
            None => stats.tier0.retired = stats.instructions,
        }
        stats.tier1.retired = stats.instructions.saturating_sub(stats.tier0.retired);
        stats.tier1.calls = std::mem::take(&mut self.core.calls);
        stats.tlb = self.core.tlb.stats();
        self.core.tlb.reset_stats();
        stats
    }
}

impl Tier0Stats {
    /// Counts a block, the translation of which began at `begin`.
    pub(super) fn count(&mut self, code: &Code, begin: Instant) {
        self.blocks += 1;
        self.instructions += u64::from(code.program.insns);
        self.translate_ns += begin.elapsed().as_nanos() as u64;
    }

    /// Microseconds per 100 guest instructions translated; 0 if there were none.
    pub fn translate_us_per_100(&self) -> f64 {
        ratio(self.translate_ns, self.instructions) / 10.0
    }
}

impl Tier1Stats {
    /// Microseconds per 100 guest instructions compiled; 0 if there were none.
    pub fn compile_us_per_100(&self) -> f64 {
        ratio(self.code.compile_ns, self.code.instructions) / 10.0
    }
}

fn ratio(a: u64, b: u64) -> f64 {
    if b == 0 { 0.0 } else { a as f64 / b as f64 }
}

/// Adds field by field.
macro_rules! add_fields {
    ($type:ty { $($field:ident),* $(,)? }) => {
        impl AddAssign for $type {
            fn add_assign(&mut self, other: Self) {
                $(self.$field += other.$field;)*
            }
        }
    };
}

add_fields!(Tier0Stats {
    retired,
    blocks,
    instructions,
    translate_ns
});
add_fields!(Tier1Stats {
    retired,
    code,
    calls
});
add_fields!(Calls {
    loads,
    stores,
    ops,
    helpers,
    jumps,
    polls
});
add_fields!(JitStats {
    blocks,
    instructions,
    bytes,
    compile_ns,
    links,
    dropped,
    evictions
});
add_fields!(VcpuStats {
    instructions,
    cpu_ns,
    tier0,
    tier1,
    tlb
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_of_nothing_are_zero() {
        let none = VcpuStats::default();
        let rates = [
            none.mips(),
            none.tier0.translate_us_per_100(),
            none.tier1.compile_us_per_100(),
        ];
        assert_eq!(rates, [0.0; 3]);
    }

    #[test]
    fn rates_have_the_units_that_their_names_say() {
        let mut stats = VcpuStats {
            instructions: 3_000_000,
            cpu_ns: 1_000_000_000,
            ..VcpuStats::default()
        };
        stats.tier1.code.instructions = 200;
        stats.tier1.code.compile_ns = 7_000;
        assert_eq!(stats.mips(), 3.0);
        assert_eq!(stats.tier1.compile_us_per_100(), 3.5);
        let one = stats;
        stats += one;
        assert_eq!(stats.mips(), 3.0, "of two vCPUs, each as fast");
        assert_eq!(stats.tier1.code.instructions, 400);
    }
}
