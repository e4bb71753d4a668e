//! What the programs in Rust share: the counterpart of `bench.h`.

#![allow(dead_code, reason = "not every program needs everything")]

use std::{
    env,
    hint::black_box,
    process::ExitCode,
    time::{Duration, Instant},
};

/// Time that a program measures at `--scale 1`.
const TIME: Duration = Duration::from_millis(500);

/// The same numbers as those of `bench_random`.
pub fn random(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

/// Makes one checksum of another and a value.
pub fn mix(sum: u64, value: u64) -> u64 {
    let sum = (sum ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    sum ^ (sum >> 29)
}

/// Measures `round`, which returns its checksum, the same one each time.
pub fn main(name: &str, round: impl Fn() -> u64) -> ExitCode {
    let Some(scale) = scale() else {
        eprintln!("usage: {name} [--scale FACTOR]");
        return ExitCode::from(2);
    };
    let checksum = black_box(&round)();
    let target = TIME.mul_f64(scale);
    let start = Instant::now();
    let mut rounds = 0_u64;
    while start.elapsed() < target || rounds == 0 {
        if black_box(&round)() != checksum {
            eprintln!("{name}: a round differs");
            return ExitCode::FAILURE;
        }
        rounds += 1;
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("{name} {checksum:016x} {rounds} {seconds:.6}");
    ExitCode::SUCCESS
}

fn scale() -> Option<f64> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.as_slice() {
        [] => Some(1.0),
        [option, factor] if option == "--scale" => factor.parse().ok().filter(|f| *f > 0.0),
        _ => None,
    }
}
