//! How ops and terminators are described: one row each, from which everything comes
//! that must know all of them.

/// Defines an enum from rows
/// `Variant("text", effects, rule) { field: Type, … }`. The text is the first part of
/// its printed name; where it is empty, the first field's name serves. The rule, if
/// there is one, is a [`Verdict`](super::verify::Verdict) on the fields. What a field
/// is to the op, its type says ([`Field`](super::field::Field)).
///
/// Everything made here matches exhaustively or goes over all rows.
macro_rules! describe {
    (
        $(#[$outer:meta])*
        pub enum $Type:ident {
            $(
                $(#[$doc:meta])*
                $Variant:ident($text:literal, $effects:expr $(, $rule:expr)?) {
                    $( $(#[$field_doc:meta])* $field:ident: $Field:ty, )*
                }
            )*
        }
    ) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $Type {
            $(
                $(#[$doc])*
                $Variant { $( $(#[$field_doc])* $field: $Field, )* },
            )*
        }

        const _: () = {
            use $crate::ir::{
                Operand, Slot,
                effects::Effects,
                field::{Choice, Field},
                packed::{Bytes, Pack},
                text::{Line, Text},
                verify::Verdict,
            };

            /// The rows, numbered.
            #[derive(Clone, Copy)]
            enum Row {
                $($Variant,)*
            }

            impl $Type {
                /// How many rows there are.
                #[cfg(test)]
                pub(super) const ROWS: usize = [$(stringify!($Variant)),*].len();

                /// What it does besides writing [`dst`](Self::dst).
                #[inline]
                pub const fn effects(&self) -> Effects {
                    match self {
                        $( Self::$Variant { .. } => $effects, )*
                    }
                }

                /// The slot that gets the result, if any. Flags accrue besides, and helpers
                /// may write what they declare.
                #[inline]
                pub fn dst(&self) -> Option<Slot> {
                    match *self {
                        $( Self::$Variant { $($field,)* } => None::<Slot>$(.or($field.result()))*, )*
                    }
                }

                /// Calls `f` with each operand.
                #[inline]
                pub fn for_each_operand(&self, mut f: impl FnMut(Operand)) {
                    match self {
                        $( Self::$Variant { $($field,)* } => { $( $field.operands(&mut f); )* } )*
                    }
                }

                /// Calls `f` with each operand, which it may replace.
                #[inline]
                pub fn for_each_operand_mut(&mut self, mut f: impl FnMut(&mut Operand)) {
                    match self {
                        $( Self::$Variant { $($field,)* } => { $( $field.operands_mut(&mut f); )* } )*
                    }
                }

                /// Calls `f` with each slot that is read: operands, and what the op reads
                /// without naming it. Flags that accrue are not read, and helpers may read
                /// what they declare.
                #[inline]
                pub fn for_each_read(&self, mut f: impl FnMut(Slot)) {
                    match self {
                        $( Self::$Variant { $($field,)* } => { $( $field.reads(&mut f); )* } )*
                    }
                }

                /// Checks what the row demands of the fields.
                pub(super) fn check(&self) -> Verdict {
                    match *self {
                        $( Self::$Variant { $($field,)* } => {
                            let _ = ($($field,)*);
                            Verdict::Sound $(.or($rule))?
                        } )*
                    }
                }

                /// Reads a line of text.
                pub(super) fn parse(line: &Line<'_>) -> Option<Self> {
                    $(
                        let read = || {
                            let mut words = line.words($text)?;
                            $( let $field = <$Field>::parse(&mut words)?; )*
                            words.end()?;
                            Some(Self::$Variant { $($field,)* })
                        };
                        if let Some(found) = read() {
                            return Some(found);
                        }
                    )*
                    None
                }

                /// Some of each row, with every combination of what qualifies it, for tests
                /// of what has to handle all of them. Of temporaries, only results are.
                pub fn examples() -> Vec<Self> {
                    let mut all = Vec::new();
                    $(
                        let combinations = [$( <$Field>::VALUES ),*].iter().product::<usize>();
                        for number in 0..combinations.max(4) {
                            let mut choice = Choice::new(number);
                            all.push(Self::$Variant { $( $field: <$Field>::example(&mut choice), )* });
                        }
                    )*
                    all.retain(|example| example.check() == Verdict::Sound);
                    all
                }
            }

            impl Pack for $Type {
                #[inline]
                fn pack(&self, out: &mut Vec<u8>) {
                    match self {
                        $( Self::$Variant { $($field,)* } => {
                            out.push(Row::$Variant as u8);
                            $( $field.pack(out); )*
                        } )*
                    }
                }

                #[inline]
                fn unpack(bytes: &mut Bytes<'_>) -> Option<Self> {
                    let row = bytes.byte()?;
                    $(
                        if row == Row::$Variant as u8 {
                            return Some(Self::$Variant {
                                $( $field: <$Field as Pack>::unpack(bytes)?, )*
                            });
                        }
                    )*
                    None
                }
            }

            impl std::fmt::Display for $Type {
                fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    match *self {
                        $( Self::$Variant { $($field,)* } => {
                            let mut text = Text::new($text);
                            $( $field.print(&mut text); )*
                            text.fmt(f)
                        } )*
                    }
                }
            }
        };
    };
}
pub(super) use describe;
