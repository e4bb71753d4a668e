//! An assembler: each instruction by its row's name.

use crate::{Format, ROWS, Row};

/// A place in a program, known before the program gets there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label(usize);

/// Code under construction, from offset 0.
#[derive(Debug, Clone, Default)]
pub struct Program {
    bytes: Vec<u8>,
    labels: Vec<Option<usize>>,
    /// Where a distance is missing: its instruction, its first byte, its length, the label.
    missing: Vec<(usize, usize, usize, Label)>,
}

/// Opcode and row of an instruction.
///
/// # Panics
/// If there is none of that name.
#[track_caller]
fn find(name: &str) -> (u8, &'static Row) {
    let number = ROWS.iter().position(|row| row.name == name);
    let number = number.unwrap_or_else(|| panic!("no instruction {name}"));
    (number as u8, &ROWS[number])
}

/// An instruction's bytes.
///
/// # Panics
/// If there is none of that name.
#[track_caller]
pub fn encode(name: &str, a: u8, b: u8, imm: i64) -> Vec<u8> {
    let (opcode, row) = find(name);
    let mut bytes = vec![opcode];
    if row.format.has_registers() {
        bytes.push(a | b << 4);
    }
    let rest = usize::from(row.format.bytes()) - bytes.len();
    bytes.extend(&imm.to_le_bytes()[..rest]);
    bytes
}

impl Program {
    /// Adds an instruction without a constant.
    #[track_caller]
    pub fn put(&mut self, name: &str, a: u8, b: u8) -> &mut Self {
        self.put_imm(name, a, b, 0)
    }

    /// Adds an instruction.
    #[track_caller]
    pub fn put_imm(&mut self, name: &str, a: u8, b: u8, imm: i64) -> &mut Self {
        self.bytes.extend(encode(name, a, b, imm));
        self
    }

    /// Adds `set a, value`.
    pub fn set(&mut self, a: u8, value: u64) -> &mut Self {
        self.put_imm("set", a, 0, value as i64)
    }

    /// Adds a jump or branch to `label`.
    #[track_caller]
    pub fn to(&mut self, name: &str, a: u8, b: u8, label: Label) -> &mut Self {
        let start = self.bytes.len();
        self.put(name, a, b);
        let is_far = find(name).1.format == Format::Jump;
        let len = if is_far { 4 } else { 2 };
        let at = self.bytes.len() - len;
        self.missing.push((start, at, len, label));
        self
    }

    /// A label that is yet to be [bound](Self::bind).
    pub fn label(&mut self) -> Label {
        self.labels.push(None);
        Label(self.labels.len() - 1)
    }

    /// Has `label` be here.
    pub fn bind(&mut self, label: Label) -> &mut Self {
        self.labels[label.0] = Some(self.bytes.len());
        self
    }

    /// A label that is here.
    pub fn here(&mut self) -> Label {
        let label = self.label();
        self.bind(label);
        label
    }

    /// Goes on at a later offset.
    ///
    /// # Panics
    /// If that is passed already.
    #[track_caller]
    pub fn pad(&mut self, offset: usize) -> &mut Self {
        assert!(self.bytes.len() <= offset, "there is code already");
        self.bytes.resize(offset, 0);
        self
    }

    /// Adds any bytes.
    pub fn data(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend(bytes);
        self
    }

    /// The code.
    ///
    /// # Panics
    /// If a label that is used is nowhere.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        for &(start, at, len, label) in &self.missing {
            let Some(target) = self.labels[label.0] else {
                panic!("a label is nowhere");
            };
            let distance = target as i64 - start as i64;
            bytes[at..at + len].copy_from_slice(&distance.to_le_bytes()[..len]);
        }
        bytes
    }
}
