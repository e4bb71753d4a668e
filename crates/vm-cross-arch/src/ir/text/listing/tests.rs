use super::*;

/// One of each op, with every qualifier somewhere.
const ALL: &str = include_str!("../all_ops.ir");

#[test]
fn prints_what_it_parsed() {
    let block: Block = ALL.parse().unwrap();
    assert_eq!(block.to_string(), ALL);
}

#[test]
fn errors_name_the_line() {
    for (text, line, problem) in [
        ("", 1, "no block here"),
        ("blok 1, 2", 1, "expected `block INSNS, BYTES`"),
        (
            "block 1, 2\n  s1 = move 1",
            1,
            "the block has no terminator",
        ),
        (
            "block 1, 2\n  s1 = frob 1\n  jump.plain 2",
            2,
            "unknown op or wrong operands",
        ),
        (
            "block 1, 2\n  s1 = move 1, 2\n  jump.plain 2",
            2,
            "unknown op or wrong operands",
        ),
        ("block 1, 2\n  q1 = move 1\n  jump.plain 2", 2, "not an op"),
        (
            "block 1, 2\n  jump.plain 2\n  s1 = move 1",
            3,
            "an op after the terminator",
        ),
    ] {
        let error = text.parse::<Block>().unwrap_err();
        assert_eq!((error.line, error.problem), (line, problem), "{text}");
    }
}
