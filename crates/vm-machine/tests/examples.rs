//! The examples do what they say.

use std::path::Path;

use vm_machine::ExitStatus;
use vm_testing::within;

#[path = "../examples/debugger.rs"]
#[allow(dead_code, reason = "its main function is for the command line")]
mod debugger;

/// Where the guest `count` prints its next letter, which is in `s3`.
const PRINT: u64 = 0x8000_0074;

#[test]
fn the_debugger_sees_each_letter_before_it_is_printed() {
    let text = within("the end of the guest", || {
        let guests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guests/tests");
        let mut out = Vec::new();
        let status = debugger::session(&guests.join("count.elf"), PRINT, &mut out).unwrap();
        assert_eq!(status, ExitStatus::PowerOff { status: 0 });
        String::from_utf8(out).unwrap()
    });
    let (mut seen, mut lines) = (String::new(), text.lines());
    assert!(lines.next().unwrap().contains("riscv64 guest"), "{text}");
    for turn in 0..52 {
        let line = lines.next().unwrap();
        let begin = format!(
            "vCPU {} at {PRINT:#x}: 01348023, next {:#x};",
            turn % 2,
            PRINT + 4
        );
        assert!(line.starts_with(&begin), "{line}");
        let (_, letter) = line.split_once(" x19 0x").unwrap();
        let letter = letter.split(' ').next().unwrap();
        seen.push(u8::from_str_radix(letter, 16).unwrap().into());
    }
    assert_eq!(lines.next(), Some(seen.as_str()));
    assert!(seen.starts_with("aAbB") && seen.ends_with("zZ"), "{seen}");
}
