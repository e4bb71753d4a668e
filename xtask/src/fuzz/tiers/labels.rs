//! Code with labels.

use std::collections::HashMap;

use super::asm::{branch, jal};
use crate::fuzz::operands::Displacement;

/// Instructions of four bytes each, some of which lead to labels.
#[derive(Default)]
pub struct Code {
    words: Vec<u32>,
    labels: HashMap<&'static str, usize>,
    jumps: Vec<(usize, Displacement, &'static str)>,
}

impl Code {
    /// Appends instructions.
    pub fn put(&mut self, words: impl IntoIterator<Item = u32>) -> &mut Self {
        self.words.extend(words);
        self
    }

    /// Names the next instruction.
    pub fn label(&mut self, name: &'static str) -> &mut Self {
        self.labels.insert(name, self.words.len());
        self
    }

    /// Appends a branch of funct3 `kind`, see [`branch`].
    pub fn branch(&mut self, kind: u32, a: u32, b: u32, to: &'static str) -> &mut Self {
        self.jumps.push((self.words.len(), Displacement::B, to));
        self.put([branch(kind, a, b)])
    }

    /// Appends a jump.
    pub fn jump(&mut self, to: &'static str) -> &mut Self {
        self.jumps.push((self.words.len(), Displacement::J, to));
        self.put([jal(0)])
    }

    /// The code. A label that is nowhere is at the start.
    pub fn words(&self) -> Vec<u32> {
        let mut words = self.words.clone();
        for &(at, kind, label) in &self.jumps {
            let target = self.labels.get(label).copied().unwrap_or_default();
            let distance = 4 * (target as i32 - at as i32);
            words[at] = kind.set(words[at], distance);
        }
        words
    }
}
