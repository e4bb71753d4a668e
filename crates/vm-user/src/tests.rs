//! Tiny programs for riscv64, in machine code.

use vm_engine::vcpu::Engine;
use vm_testing::within;

use super::*;

/// Where the programs are linked to.
const BASE: u64 = 0x1_0000;
/// The instructions begin behind the headers.
const TEXT: u64 = BASE + 64 + 56;

const ECALL: u32 = 0x73;

/// `li register, value`, with a value that fits into 12 bits.
const fn li(register: u32, value: u32) -> u32 {
    value << 20 | register << 7 | 0x13
}

/// `ld a0, offset(sp)`.
const fn load_from_stack(offset: u32) -> u32 {
    offset << 20 | 2 << 15 | 3 << 12 | 10 << 7 | 3
}

/// A call of that number with what is in a0 and these in a1 and a2.
const fn call(number: u32) -> [u32; 2] {
    [li(17, number), ECALL]
}

/// An ELF file with these instructions.
fn program(code: &[u32]) -> Vec<u8> {
    let len = 64 + 56 + 4 * code.len() as u64;
    let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    file.extend([2, 0, 243, 0, 1, 0, 0, 0]);
    for word in [TEXT, 64, 0] {
        file.extend(word.to_le_bytes());
    }
    file.extend([0, 0, 0, 0, 64, 0, 56, 0, 1, 0, 64, 0, 0, 0, 0, 0]);
    file.extend([1, 0, 0, 0, 7, 0, 0, 0]);
    for word in [0, BASE, 0, len, len + 64, 0x1000] {
        file.extend(word.to_le_bytes());
    }
    file.extend(code.iter().flat_map(|word| word.to_le_bytes()));
    file
}

/// What a program does, the same on every engine.
fn run(code: &[u32], arguments: &'static [&str], input: &'static [u8]) -> Result<Ended, String> {
    let file = program(code);
    within("the program's end", move || {
        let run = |engine| {
            let mut process = Process::new(&file, arguments, input, engine).unwrap();
            let first = process.run().map_err(|error| error.to_string());
            process.restart().unwrap();
            let second = process.run().map_err(|error| error.to_string());
            assert_eq!(first, second, "after a restart");
            first
        };
        let result = run(Engine::Interpreter);
        if vm_engine::jit::SUPPORTED {
            assert_eq!(result, run(Engine::default()));
        }
        result
    })
}

#[test]
fn a_program_reads_writes_and_ends() {
    // a1: an address in the heap behind it; read(0, a1, 64), write(1, a1, result),
    // exit(result).
    let code = [
        &[li(10, 0), 0x0001_15b7, li(12, 64)][..],
        &call(63),
        &[0x0005_0613, li(10, 1)],
        &call(64),
        &call(93),
    ]
    .concat();
    let ended = run(&code, &["program"], b"some input").unwrap();
    assert_eq!(ended.output, b"some input");
    assert_eq!(ended.status, 10);
}

#[test]
fn the_stack_begins_with_the_arguments() {
    // exit(argc); then the same with the last byte of argv[1].
    let argc = [&[load_from_stack(0)][..], &call(94)].concat();
    assert_eq!(run(&argc, &["a", "b", "c"], b"").unwrap().status, 3);
    let argument = [&[load_from_stack(16), 0x0015_4503][..], &call(94)].concat();
    let status = run(&argument, &["program", "xy"], b"").unwrap().status;
    assert_eq!(status, i32::from(b'y'));
}

#[test]
fn a_program_that_dies_says_of_what() {
    let illegal = run(&[0], &["program"], b"").unwrap_err();
    assert!(illegal.contains("exception 2"), "{illegal}");
    // ld a0, -8(x0): far from all of its memory.
    let fault = run(&[0xff80_3503], &["program"], b"").unwrap_err();
    let expected = format!("at {TEXT:#x} of exception 13, value {:#x}", u64::MAX - 7);
    assert!(fault.contains(&expected), "{fault}");
}

#[test]
fn calls_that_ask_for_too_much_fail() {
    // getrandom(heap, -1); then exit with the result; and a call that is none.
    let random = [&[0x0001_1537, li(11, 0xfff)][..], &call(278), &call(93)].concat();
    assert_eq!(run(&random, &["program"], b"").unwrap().status, -14);
    let unknown = [&call(1000)[..], &call(93)].concat();
    assert_eq!(run(&unknown, &["program"], b"").unwrap().status, -38);
}

#[test]
fn what_is_no_program_is_refused() {
    let refusal = |file: &[u8]| {
        let process = Process::new(file, &["program"], &[], Engine::Interpreter);
        process.err().unwrap().to_string()
    };
    assert!(refusal(b"#!/bin/sh").contains("not an ELF file"));
    let good = program(&[ECALL]);
    let changed = |at: usize, bytes: &[u8]| {
        let mut file = good.clone();
        file[at..at + bytes.len()].copy_from_slice(bytes);
        refusal(&file)
    };
    assert!(changed(18, &[62]).contains("riscv64"));
    assert!(changed(16, &[3]).contains("fixed addresses"));
    // p_vaddr and p_memsz.
    let memory = "not the program's memory";
    assert!(changed(64 + 16, &[0; 8]).contains(memory));
    assert!(changed(64 + 40, &[0xff; 5]).contains(memory));
    let process = Process::new(&good, &[&"x".repeat(1 << 20)], &[], Engine::Interpreter);
    let error = process.err().unwrap().to_string();
    assert!(error.contains("too long"), "{error}");
}
