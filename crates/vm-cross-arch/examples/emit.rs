//! Scratch.
use vm_cross_arch::{
    guest::riscv64::{LiftContext, LiftLimits, lift_block},
    host::{
        contract::{Request, StateLayout},
        x86_64::{Backend, Features, Pins, ReservationCells},
    },
    passes,
};
const CONTEXT: LiftContext = LiftContext {
    fp_enabled: true,
    rounding_valid: true,
};
/// A vCPU's state that is laid out like the engine's.
fn backend() -> Backend {
    let cell = |number: i32| 2048 + 16 * number;
    Backend {
        layout: StateLayout {
            slots: -128,
            budget: cell(0),
            bias: cell(1),
            place: cell(1) + 8,
            jumps: cell(2),
            tlb: cell(3),
            site_pc: cell(4),
            site: cell(5),
            callee: cell(6),
            next: cell(7),
            args: cell(8),
            arg_bytes: 16,
            fp_flags: cell(11),
            fp_clear: cell(15),
            fp_control: cell(16),
            host_fp_control: cell(17),
        },
        pins: Pins::RISCV64,
        features: Features::detect(),
        watched_stores: None,
        reservation: Some(ReservationCells {
            host: cell(18),
            value: cell(19),
        }),
    }
}

const REQUEST: Request = Request {
    code_pc: 0x8030_0000_u32 as i32,
    first_exit: 0,
    first_op: 0,
    rounds_to_nearest: true,
};

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let code = std::fs::read(&args[1]).unwrap();
    let at = usize::from_str_radix(&args[2], 16).unwrap();
    let mut block = lift_block(
        &code[at..],
        &CONTEXT,
        &LiftLimits::insns(args[3].parse().unwrap()),
    )
    .unwrap();
    let before = block.ops.len();
    passes::optimize(&mut block);
    println!("{}", block);
    let host = backend().emit(&block, &REQUEST);
    println!(
        "insns {} ops {} -> {} bytes {}",
        block.insns,
        before,
        block.ops.len(),
        host.bytes.len()
    );
    std::fs::write("/tmp/out.bin", &host.bytes).unwrap();
    let _ = backend();
}
