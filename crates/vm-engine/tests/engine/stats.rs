//! What vCPUs count.

use vm_engine::{jit, vcpu::Engine};

use vm_toy::asm::Program;

use crate::machine::{Machine, RAM, SCRATCH, STOP};

const ROUNDS: u64 = 1000;

/// A loop of five instructions that stores to RAM and to a device.
fn storing() -> Program {
    let mut p = Program::default();
    p.set(1, RAM + 0x2000).set(3, SCRATCH).set(4, ROUNDS);
    let top = p.here();
    p.put_imm("addi", 2, 2, 1)
        .put("st64", 2, 1)
        .put("st64", 2, 3);
    p.put_imm("addi", 4, 4, -1).to("bne", 4, 5, top);
    p.set(1, STOP).put("st64", 5, 1);
    let end = p.here();
    p.to("jmp", 0, 0, end);
    p
}

#[test]
fn tiers_share_the_instructions_and_nothing_is_counted_twice() {
    let (_, mut vcpus) = Machine::toys(1, &storing()).run();
    let stats = vcpus[0].take_stats();
    assert!(stats.instructions > 5 * ROUNDS, "{stats:?}");
    assert!(stats.tier0.blocks >= 3, "{stats:?}");
    let (tier0, tier1) = (stats.tier0.retired, stats.tier1.retired);
    assert_eq!(tier0 + tier1, stats.instructions);
    let compiles = crate::ENGINE != Engine::Interpreter && jit::SUPPORTED;
    if compiles {
        let Engine::Jit(policy) = crate::ENGINE else {
            unreachable!("the other engine interprets");
        };
        assert_eq!(tier0 == 0, policy.threshold == 0, "{stats:?}");
        assert!(tier1 > 4 * ROUNDS, "{stats:?}");
        assert!(stats.tier1.code.blocks > 0 && stats.tier1.code.links > 0);
        // The device's stores, and few others: the short TLB has the rest.
        let stores = stats.tier1.calls.stores;
        assert!((ROUNDS - 10..ROUNDS + 10).contains(&stores), "{stats:?}");
        // A device's store asks twice: for a host address, then for a physical one.
        assert!(stats.tlb.l1.hits < 2 * ROUNDS + 20, "{stats:?}");
    } else {
        assert_eq!((tier1, stats.tier1.code.blocks), (0, 0));
        assert!(stats.tlb.l1.hits > 3 * ROUNDS - 20, "{stats:?}");
    }
    assert!(stats.tlb.l2.misses > 0, "every page is walked to once");
    let again = vcpus[0].take_stats();
    assert_eq!(again.instructions, 0);
    assert_eq!((again.tier1, again.tlb), Default::default());
}
