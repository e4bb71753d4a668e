//! The description of one instruction, and of an extension.

use super::{Builder, Insn, Pattern, Syntax, rows};

/// Emits an instruction's meaning.
pub type Lift = fn(&mut Builder, Insn);

/// One instruction: all that is known about it.
#[derive(Debug)]
pub struct Row {
    /// Its bits.
    pub pattern: Pattern,
    /// Its assembler name, without `.aq` and `.rl`.
    pub name: &'static str,
    /// Its operands, as they are written.
    pub syntax: Syntax,
    /// Its meaning.
    pub lift: Lift,
}

impl Row {
    /// Whether it is illegal while `mstatus.FS` is off: it names a
    /// floating-point register. (CSR instructions are the engine's business.)
    pub const fn needs_fp(&self) -> bool {
        self.syntax.uses_fp
    }
}

/// The instructions of one extension.
#[derive(Debug)]
pub struct Extension {
    /// Its name, in lower case.
    pub name: &'static str,
    /// Its instructions.
    pub rows: &'static [Row],
}

/// Every extension with instructions of its own.
pub fn extensions() -> &'static [Extension] {
    rows::EXTENSIONS
}

/// Tables of rows, one row a line:
/// `"pattern" "name" "operands" lifter(arguments);`. Patterns and operands are
/// checked at compile time; the lifter gets builder and instruction first.
macro_rules! instructions {
    ($(
        $(#[$doc:meta])*
        $table:ident
        $($pattern:literal $name:literal $syntax:literal $($lift:ident)::+ ($($arg:expr),*);)*
    )*) => {$(
        $(#[$doc])*
        pub static $table: &[$crate::guest::riscv64::Row] = &[$(
            $crate::guest::riscv64::Row {
                pattern: $crate::guest::riscv64::Pattern::parse($pattern),
                name: $name,
                syntax: $crate::guest::riscv64::Syntax::parse($syntax),
                lift: |builder, insn| $($lift)::+(builder, insn $(, $arg)*),
            },
        )*];
    )*};
}
pub(super) use instructions;
