//! Random programs on the interpreter and on the JIT.

use xtask::fuzz::{
    Budget,
    tiers::{self, Options},
};

#[test]
fn random_programs_do_on_the_jit_what_the_interpreter_does() {
    if !vm_engine::jit::SUPPORTED {
        return;
    }
    let options = Options {
        budget: Budget::Instructions(500_000),
        seed: 1,
        first: 0,
    };
    let compared = tiers::run(&options).unwrap();
    assert!(compared.generated > compared.instructions / 2);
    assert!(compared.traps > 1_000 && compared.events > 100);
    assert!(compared.blocks > 1_000 && compared.links > 1_000);
}
