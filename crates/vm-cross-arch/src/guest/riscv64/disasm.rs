//! The disassembler: GNU style, without pseudo-instructions.

use super::{Field, Insn, decode, is_compressed};

/// The text of an instruction at address `pc`, as `objdump -M no-aliases` writes
/// it, but with a space after the name. Illegal ones become `.2byte`, `.4byte`.
pub fn disassemble(bits: u32, pc: u64) -> String {
    let compressed = is_compressed(bits);
    let insn = Insn(if compressed { bits & 0xffff } else { bits });
    let Some(row) = decode(insn.0) else {
        let size = if compressed { 2 } else { 4 };
        return format!(".{size}byte {:#x}", insn.0);
    };
    let mut text = row.name.to_owned();
    if row.pattern.has(Field::Aq) {
        text.push_str(match (insn.aq(), insn.rl()) {
            (false, false) => "",
            (true, false) => ".aq",
            (false, true) => ".rl",
            (true, true) => ".aqrl",
        });
    }
    if !row.syntax.is_empty() {
        text.push(' ');
        row.syntax.write(&mut text, insn, pc);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn illegal_bits_are_data() {
        assert_eq!(disassemble(0, 0), ".2byte 0x0");
        assert_eq!(disassemble(0xffff_ffff, 0), ".4byte 0xffffffff");
    }

    #[test]
    fn targets_are_absolute() {
        assert_eq!(disassemble(0xfe00_0ee3, 0x1000), "beq zero,zero,ffc");
        assert_eq!(
            disassemble(0xfe00_0ee3, 0),
            "beq zero,zero,fffffffffffffffc"
        );
    }
}
