//! Busybox does on the benchmarks' vCPU what it does elsewhere, on every engine.

use std::time::Duration;

use vm_bench::{
    fetch,
    workloads::{AWK, GZIP, PROGRAMS, SHA256},
};
use vm_engine::vcpu::Engine;
use vm_testing::within_time;
use vm_user::Process;

const HOUR: Duration = Duration::from_secs(3600);

#[test]
#[ignore = "needs the default guest"]
fn programs_do_what_they_should_again_and_again() {
    within_time(HOUR, "the end of all programs", || {
        let code = fetch::guest_code().unwrap();
        for program in PROGRAMS {
            let input = (program.input)();
            let mut results = Vec::new();
            for engine in [Engine::Interpreter, Engine::default()] {
                let process = Process::new(&code.busybox, program.arguments, &input, engine);
                let mut process = process.unwrap();
                for _ in 0..3 {
                    results.push(process.run_well().unwrap());
                    process.restart().unwrap();
                }
            }
            assert!(
                results.iter().all(|result| *result == results[0]),
                "{}",
                program.name
            );
            let output = &results[0].output;
            match program.name {
                name if name == SHA256.name => assert_eq!(output.len(), 64 + "  -\n".len()),
                name if name == AWK.name => assert_eq!(sums(output), expected_sums(&input)),
                name if name == GZIP.name => assert!(output.starts_with(&[0x1f, 0x8b])),
                _ => assert_eq!(String::from_utf8_lossy(output), sorted(&input)),
            }
        }
    });
}

#[test]
#[ignore = "needs the default guest"]
fn a_program_that_dies_is_told_from_one_that_fails() {
    within_time(HOUR, "the end of all programs", || {
        let code = fetch::guest_code().unwrap();
        let run = |file: &[u8], arguments: &[&str]| {
            let process = Process::new(file, arguments, &[], Engine::Interpreter);
            process.unwrap().run_well().map(|ended| ended.status)
        };
        let error = run(&code.busybox, &["busybox", "false"]).unwrap_err();
        assert!(error.to_string().contains("status 1"), "{error}");
        // Without code at its entry point, it executes zeros, which are no instruction.
        let mut broken = code.busybox.clone();
        let entry = u64::from_le_bytes(broken[24..32].try_into().unwrap());
        let at = (entry - 0x1_0000) as usize;
        broken[at..at + 4].fill(0);
        let error = run(&broken, &["busybox"]).unwrap_err();
        assert!(error.to_string().contains("exception 2"), "{error}");
    });
}

fn numbers(line: &str) -> (u64, u64) {
    let (a, b) = line.split_once(' ').unwrap();
    (a.parse().unwrap(), b.parse().unwrap())
}

fn sums(output: &[u8]) -> (u64, u64) {
    numbers(String::from_utf8_lossy(output).trim())
}

/// What the program for awk computes.
fn expected_sums(input: &[u8]) -> (u64, u64) {
    let text = String::from_utf8_lossy(input);
    let lines: Vec<_> = text.lines().map(numbers).collect();
    let sum = lines.iter().map(|(a, b)| a % 97 * b).sum();
    (lines.len() as u64, sum)
}

fn sorted(input: &[u8]) -> String {
    let text = String::from_utf8_lossy(input);
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_by_key(|line| (numbers(line).0, *line));
    lines.join("\n") + "\n"
}
