//! The program around a test: every vCPU goes through the instances of the test, in
//! step with the others as far as that can be had, and writes its results down.

use super::{
    asm::{reg::*, *},
    test::{RESULTS, Test, VARIABLES},
};

/// Where RAM starts, and the program.
pub const RAM: u64 = 0x8000_0000;
/// The instance that each thread is at, a line each.
pub const PROGRESS: u64 = RAM + 0x1_0000;
/// What each thread's delays start from, 8 bytes each; not 0.
pub const SEEDS: u64 = RAM + 0x2_0000;
/// The results of each thread, [`RESULTS_BYTES`] each.
pub const ALL_RESULTS: u64 = RAM + 0x10_0000;
pub const RESULTS_BYTES: u64 = 0x10_0000;
/// The variables of all instances.
pub const ALL_VARIABLES: u64 = RAM + 0x80_0000;
/// A variable has so many bytes: no other is in its line.
pub const VARIABLE_BYTES: u64 = 64;
/// Stores here end the thread.
pub const END: u64 = 0x1000_0000;
/// Instances per run, at most.
pub const MAX_INSTANCES: usize = 0x8000;

/// Delays are shorter than this, in rounds of an empty loop; a power of 2.
const DELAYS: i32 = 32;

const LEFT: u32 = 8;
const OUTPUT: u32 = 9;
const RANDOM: u32 = 17;
const PROGRESS_ALL: u32 = 18;
const OWN: u32 = 19;
const NUMBER: u32 = 20;
/// The variables of the instance.
const INSTANCE: u32 = 21;
const PATIENCE: u32 = 22;

/// The program; threads find their number in A0. While one is ahead, it looks where the
/// others are: `patience` times for each instance, all in all. Then it goes on without
/// them, who may not be running at all.
pub fn build(test: &Test, patience: u32, instances: usize) -> Vec<u32> {
    let codes: Vec<_> = (0..test.vcpus())
        .map(|thread| thread_code(test, thread, patience, instances))
        .collect();
    // A jump to each, taken by its number.
    let mut at = 12 * codes.len() as i32;
    let mut words = Vec::new();
    for (number, code) in codes.iter().enumerate() {
        words.push(addi(T0, ZERO, number as i32));
        words.push(bne(A0, T0, 8));
        words.push(jal(ZERO, at - 4 * words.len() as i32));
        at += 4 * code.len() as i32;
    }
    words.extend(codes.into_iter().flatten());
    words
}

fn thread_code(test: &Test, thread: usize, patience: u32, instances: usize) -> Vec<u32> {
    let mut code = Vec::new();
    let address = |register, value: u64| {
        // Bit 31 is not a sign: shifted out, and in again as zeros.
        let upper = lui(register, (value >> 1) as u32);
        [upper, slli(register, register, 1)]
    };
    code.extend(address(OUTPUT, ALL_RESULTS + thread as u64 * RESULTS_BYTES));
    code.extend(address(INSTANCE, ALL_VARIABLES));
    code.extend(address(PROGRESS_ALL, PROGRESS));
    code.push(addi(OWN, PROGRESS_ALL, 64 * thread as i32));
    code.extend(address(T0, SEEDS));
    code.push(ld(RANDOM, T0, 8 * thread as i32));
    code.push(lui(LEFT, (instances as u32) << 12));
    code.push(srli(LEFT, LEFT, 12));
    code.push(addi(NUMBER, ZERO, 0));
    code.push(lui(PATIENCE, instances as u32 * patience));
    let top = code.len();
    meet(&mut code, test.vcpus(), thread);
    delay(&mut code);
    let first = test.first_variable(thread);
    for number in first..VARIABLES {
        let offset = (VARIABLE_BYTES as usize * number) as i32;
        code.push(addi(var((number - first) as u32), INSTANCE, offset));
    }
    let results = (A0..).take(RESULTS);
    code.extend(results.clone().map(|result| addi(result, ZERO, 0)));
    code.extend(test.code(thread));
    code.extend(
        results
            .zip(0..)
            .map(|(result, n)| sd(result, OUTPUT, 8 * n)),
    );
    code.push(addi(OUTPUT, OUTPUT, 8 * RESULTS as i32));
    let bytes = VARIABLE_BYTES as i32 * VARIABLES as i32;
    code.push(addi(INSTANCE, INSTANCE, bytes));
    code.push(addi(LEFT, LEFT, -1));
    code.push(beq(LEFT, ZERO, 8));
    code.push(jal(ZERO, 4 * (top as i32 - code.len() as i32)));
    code.push(lui(T0, END as u32));
    code.extend([sd(ZERO, T0, 0), WFI, jal(ZERO, -4)]);
    code
}

/// Waits until the others are at the same instance, while there is patience.
fn meet(code: &mut Vec<u32>, threads: usize, thread: usize) {
    code.extend([addi(NUMBER, NUMBER, 1), sd(NUMBER, OWN, 0)]);
    for other in (0..threads).filter(|&other| other != thread) {
        code.push(ld(T1, PROGRESS_ALL, 64 * other as i32));
        code.extend([bgeu(T1, NUMBER, 16), beq(PATIENCE, ZERO, 12)]);
        code.extend([addi(PATIENCE, PATIENCE, -1), jal(ZERO, -16)]);
    }
}

/// Lets some time pass, other each time.
fn delay(code: &mut Vec<u32>) {
    // Marsaglia's xorshift.
    code.extend([slli(T0, RANDOM, 13), xor(RANDOM, RANDOM, T0)]);
    code.extend([srli(T0, RANDOM, 7), xor(RANDOM, RANDOM, T0)]);
    code.extend([slli(T0, RANDOM, 17), xor(RANDOM, RANDOM, T0)]);
    code.push(andi(T0, RANDOM, DELAYS - 1));
    code.extend([beq(T0, ZERO, 12), addi(T0, T0, -1), jal(ZERO, -8)]);
}
