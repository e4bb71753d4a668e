//! What the fields of ops are to them: results, operands, numbers, and what qualifies
//! the op's name.

use super::{
    HelperId, Operand, Rounding, Slot, fixed,
    text::{Named, Text, Words},
};

/// The type of an op's field.
pub(super) trait Field: Copy {
    /// How many values it can take, of what qualifies a name; 1 otherwise.
    const VALUES: usize = 1;

    /// The slot, if it is the op's result.
    #[inline(always)]
    fn result(self) -> Option<Slot> {
        None
    }

    /// Calls `f` with the operands.
    #[inline(always)]
    fn operands(&self, _: &mut impl FnMut(Operand)) {}

    /// Calls `f` with the operands, which it may replace.
    #[inline(always)]
    fn operands_mut(&mut self, _: &mut impl FnMut(&mut Operand)) {}

    /// Calls `f` with the slots that are read.
    #[inline(always)]
    fn reads(&self, _: &mut impl FnMut(Slot)) {}

    /// Adds the field to a line.
    fn print(self, text: &mut Text);

    /// Takes the field from a line.
    fn parse(words: &mut Words<'_>) -> Option<Self>;

    /// A value of it.
    fn example(choice: &mut Choice) -> Self;
}

/// Which of many examples is wanted.
pub(super) struct Choice {
    number: usize,
    /// What remains of the number where each combination has one.
    rest: usize,
    /// How many fields have had their turn.
    turn: usize,
}

impl Choice {
    pub(super) fn new(number: usize) -> Self {
        let rest = number;
        Self {
            number,
            rest,
            turn: 0,
        }
    }

    /// Each of the values, in each combination with those of other fields.
    fn each<T: Copy>(&mut self, values: &[T]) -> T {
        let value = values[self.rest % values.len()];
        self.rest /= values.len();
        value
    }

    /// Some of the values; fields beside each other get others.
    fn some<T: Copy>(&mut self, values: &[T]) -> T {
        self.turn += 1;
        values[(self.number + self.turn) % values.len()]
    }
}

impl Field for Slot {
    #[inline(always)]
    fn result(self) -> Option<Slot> {
        Some(self)
    }

    fn print(self, text: &mut Text) {
        text.result(self);
    }

    fn parse(words: &mut Words<'_>) -> Option<Self> {
        words.result()
    }

    fn example(choice: &mut Choice) -> Self {
        choice.some(&[Self(5), Self(33), Self::temp(3)])
    }
}

/// A result that may be dropped.
impl Field for Option<Slot> {
    #[inline(always)]
    fn result(self) -> Option<Slot> {
        self
    }

    fn print(self, text: &mut Text) {
        if let Some(slot) = self {
            text.result(slot);
        }
    }

    fn parse(words: &mut Words<'_>) -> Option<Self> {
        Some(words.result())
    }

    fn example(choice: &mut Choice) -> Self {
        choice.some(&[Some(Slot(5)), None])
    }
}

impl Field for Operand {
    #[inline(always)]
    fn operands(&self, f: &mut impl FnMut(Operand)) {
        f(*self);
    }

    #[inline(always)]
    fn operands_mut(&mut self, f: &mut impl FnMut(&mut Operand)) {
        f(self);
    }

    #[inline(always)]
    fn reads(&self, f: &mut impl FnMut(Slot)) {
        if let Self::Slot(slot) = *self {
            f(slot);
        }
    }

    fn print(self, text: &mut Text) {
        text.operand(self);
    }

    fn parse(words: &mut Words<'_>) -> Option<Self> {
        words.operand()
    }

    fn example(choice: &mut Choice) -> Self {
        let slot = |n| Self::Slot(Slot(n));
        choice.some(&[slot(6), slot(7), Self::Imm(-5), slot(40), slot(9)])
    }
}

impl Field for [Operand; 3] {
    #[inline(always)]
    fn operands(&self, f: &mut impl FnMut(Operand)) {
        let [a, b, c] = *self;
        f(a);
        f(b);
        f(c);
    }

    #[inline(always)]
    fn operands_mut(&mut self, f: &mut impl FnMut(&mut Operand)) {
        let [a, b, c] = self;
        f(a);
        f(b);
        f(c);
    }

    #[inline(always)]
    fn reads(&self, f: &mut impl FnMut(Slot)) {
        for operand in self {
            operand.reads(f);
        }
    }

    fn print(self, text: &mut Text) {
        for operand in self {
            text.operand(operand);
        }
    }

    fn parse(words: &mut Words<'_>) -> Option<Self> {
        Some([words.operand()?, words.operand()?, words.operand()?])
    }

    fn example(choice: &mut Choice) -> Self {
        std::array::from_fn(|_| Operand::example(choice))
    }
}

impl Field for Rounding {
    const VALUES: usize = Self::ALL.len();

    #[inline(always)]
    fn reads(&self, f: &mut impl FnMut(Slot)) {
        if *self == Self::Dynamic {
            f(fixed::FP_ROUNDING);
        }
    }

    fn print(self, text: &mut Text) {
        text.qualifier(self.name());
    }

    fn parse(words: &mut Words<'_>) -> Option<Self> {
        words.qualifier()
    }

    fn example(choice: &mut Choice) -> Self {
        choice.each(Self::ALL)
    }
}

/// Fields that qualify the op's name.
macro_rules! qualifiers {
    ($($type:ty)*) => {
        $(
            impl Field for $type {
                const VALUES: usize = Self::ALL.len();

                fn print(self, text: &mut Text) {
                    text.qualifier(self.name());
                }

                fn parse(words: &mut Words<'_>) -> Option<Self> {
                    words.qualifier()
                }

                fn example(choice: &mut Choice) -> Self {
                    choice.each(Self::ALL)
                }
            }
        )*
    };
}
qualifiers! {
    super::Width super::BinaryOp super::UnaryOp super::Cond vm_core::AccessSize super::Extend
    super::AtomicOp super::Ordering super::FpFormat super::IntFormat super::FpBinaryOp
    super::FpCompareOp super::JumpHint bool
}

/// Plain numbers, which stand among the operands.
macro_rules! numbers {
    ($($type:ident: $($example:expr),*;)*) => {
        $(
            impl Field for $type {
                fn print(self, text: &mut Text) {
                    text.operand(self);
                }

                fn parse(words: &mut Words<'_>) -> Option<Self> {
                    words.number()
                }

                fn example(choice: &mut Choice) -> Self {
                    choice.some(&[$($example),*])
                }
            }
        )*
    };
}
numbers! {
    u8: 1, 4, 15;
    u16: 0, 2, 4096;
    i32: 0, -8, 2047, i32::MIN;
    i64: 40, -2, 1 << 20, -(1 << 33);
}

impl Field for HelperId {
    fn print(self, text: &mut Text) {
        text.operand(self.0);
    }

    fn parse(words: &mut Words<'_>) -> Option<Self> {
        words.number().map(Self)
    }

    fn example(choice: &mut Choice) -> Self {
        choice.some(&[Self(9), Self(0), Self(700)])
    }
}
