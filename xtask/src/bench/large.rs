//! Writes a program of very much code: on riscv64 37,000 instructions and 2,000
//! conditional branches, each run once in a pass. What translates, links or
//! predicts by the piece does not meet a piece again soon.

use std::fmt::Write as _;

/// Parts of the program, each with its own branch.
const PARTS: u64 = 1200;

/// Passes through all parts in a round.
const PASSES: u64 = 8;

/// The beginning of the source.
const START: &str = "\
/* Written by `cargo xtask bench`. */
#include \"bench.h\"

static uint64_t m[256];

static uint64_t pass(uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	uint64_t e = a ^ b, f = b + c, g = c ^ d, h = d + a;

";

/// The C source.
pub fn source() -> String {
    let mut random = Random(13);
    let mut text = START.to_owned();
    for _ in 0..PARTS {
        part(&mut random, &mut text);
    }
    let _ = write!(
        text,
        "\treturn a ^ b ^ c ^ d ^ e ^ f ^ g ^ h;\n}}\n\n\
         static uint64_t work(void)\n{{\n\
         \tuint64_t x = 1;\n\n\
         \tmemset(m, 0, sizeof m);\n\
         \tfor (uint64_t i = 0; i < {PASSES}; i++)\n\
         \t\tx = bench_mix(x, pass(x, x >> 7, x * 3, i));\n\
         \treturn x;\n}}\n\n\
         int main(int argc, char **argv)\n{{\n\
         \treturn bench_main(\"large\", argc, argv, work);\n}}\n"
    );
    text
}

/// A few statements, and some that run for one half of all values only.
fn part(random: &mut Random, text: &mut String) {
    for _ in 0..3 {
        let statement = statement(random);
        let _ = writeln!(text, "\t{statement}");
    }
    let (decider, bit) = (random.variable(), random.below(64));
    let (cell, value) = (random.below(256), random.variable());
    let (first, second) = (statement(random), statement(random));
    // Stores keep the compiler from computing both sides.
    let _ = writeln!(
        text,
        "\tif ({decider} >> {bit} & 1) {{\n\t\tm[{cell}] += {value};\n\t\t{first}\n\t}} else {{\n\
         \t\tm[{cell}] ^= {decider};\n\t\t{second}\n\t}}"
    );
}

fn statement(random: &mut Random) -> String {
    let (x, y, z) = (random.variable(), random.variable(), random.variable());
    let n = random.below(62) + 1;
    match random.below(6) {
        0 => format!("{x} += {y} * {};", random.below(1 << 31) | 1),
        1 => format!("{x} ^= {y} >> {n};"),
        2 => format!("{x} = ({x} << {n} | {x} >> {}) + {z};", 64 - n),
        3 => format!("{x} -= m[({y} >> {n}) % 256] + {z};"),
        4 => format!("{x} = ({x} | {y}) - ({z} & {});", random.below(1 << 20)),
        _ if y == z => format!("{x} -= {y} >> {n};"),
        _ => format!("{x} += {y} < {z} ? {y} : {n};"),
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }

    fn variable(&mut self) -> char {
        char::from(b'a' + self.below(8) as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_large_and_always_the_same() {
        let text = source();
        assert_eq!(text, source());
        assert_eq!(text.matches("\tif (").count() as u64, PARTS);
        assert_eq!(text.matches('{').count(), text.matches('}').count());
    }
}
