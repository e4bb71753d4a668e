//! Changes of code that is in place already.
//!
//! The engine gives displacements of jumps by where they are, 32 bits relative to
//! their ends; so there is nothing that a jump does not reach.

use super::asm::JMP;

/// Bytes of a displacement.
pub(super) const DISPLACEMENT: usize = 4;
/// Bytes of a jump with its opcode.
pub(super) const JUMP: usize = 1 + DISPLACEMENT;

/// How far a jump leads at most: less than displacements span by the length of a jump.
pub(super) const REACH: u32 = i32::MAX as u32 - JUMP as u32;

/// Sets a displacement so that it leads `distance` bytes from its start.
#[inline]
pub(super) fn lead(displacement: &mut [u8], distance: i32) {
    set(displacement, distance.wrapping_sub(DISPLACEMENT as i32));
}

/// Writes a jump to what is `distance` bytes from its start.
pub(super) fn jump(code: &mut [u8], distance: i32) {
    if let [opcode, displacement @ ..] = code {
        *opcode = JMP;
        lead(displacement, distance.wrapping_sub(1));
    }
}

/// Sets 32 bits.
#[inline]
pub(super) fn set(field: &mut [u8], value: i32) {
    if let Some(field) = field.first_chunk_mut() {
        *field = value.to_le_bytes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_from_the_start_of_what_is_patched() {
        let mut code = [0; 6];
        jump(&mut code, 0x1234);
        // jmp rel32: relative to the end, which is 5 bytes from the start.
        assert_eq!(code, [0xe9, 0x2f, 0x12, 0, 0, 0]);
        lead(&mut code[1..], -0x10);
        assert_eq!(code, [0xe9, 0xec, 0xff, 0xff, 0xff, 0]);
        set(&mut code[2..], 0x0403_0201);
        assert_eq!(code, [0xe9, 0xec, 1, 2, 3, 4]);
    }
}
