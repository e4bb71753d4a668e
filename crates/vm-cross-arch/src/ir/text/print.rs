//! Printing.

use std::fmt::{self, Display, Formatter};

use super::names::Named;
use crate::ir::{Block, Op, Operand, Slot, Terminator, fixed};

impl Display for Slot {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match *self {
            fixed::PC => f.write_str("pc"),
            fixed::FP_FLAGS => f.write_str("fpflags"),
            fixed::FP_ROUNDING => f.write_str("fprounding"),
            fixed::FP_DIRTY => f.write_str("fpdirty"),
            Slot(n) if n >= Slot::FIRST_TEMP => write!(f, "t{}", n - Slot::FIRST_TEMP),
            Slot(n) => write!(f, "s{n}"),
        }
    }
}

impl Display for Operand {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slot(slot) => slot.fmt(f),
            Self::Imm(value) => value.fmt(f),
        }
    }
}

impl Display for Block {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "block {}, {}", self.insns, self.bytes)?;
        for op in &self.ops {
            let indent = if matches!(op, Op::Insn { .. }) {
                " "
            } else {
                "  "
            };
            writeln!(f, "{indent}{op}")?;
        }
        writeln!(f, "  {}", self.end)
    }
}

/// Writes `dst = name.part.part`.
fn head(f: &mut Formatter<'_>, dst: Option<Slot>, parts: &[&str]) -> fmt::Result {
    if let Some(dst) = dst {
        write!(f, "{dst} = ")?;
    }
    f.write_str(&parts.join("."))
}

/// Writes the operands, separated by commas.
fn list(f: &mut Formatter<'_>, items: &[&dyn Display]) -> fmt::Result {
    for (i, item) in items.iter().enumerate() {
        write!(f, "{}{item}", if i == 0 { " " } else { ", " })?;
    }
    Ok(())
}

impl Display for Op {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Insn { offset, len } => {
                head(f, None, &["insn"])?;
                list(f, &[offset, len])
            }
            Self::Move { dst, src } => {
                head(f, Some(*dst), &["move"])?;
                list(f, &[src])
            }
            Self::Binary {
                op,
                width,
                dst,
                a,
                b,
            } => {
                head(f, Some(*dst), &[op.name(), width.name()])?;
                list(f, &[a, b])
            }
            Self::Unary { op, dst, a } => {
                head(f, Some(*dst), &[op.name()])?;
                list(f, &[a])
            }
            Self::SetIf { cond, dst, a, b } => {
                head(f, Some(*dst), &["set", cond.name()])?;
                list(f, &[a, b])
            }
            Self::Select { dst, test, a, b } => {
                head(f, Some(*dst), &["select"])?;
                list(f, &[test, a, b])
            }
            Self::Load {
                dst,
                base,
                offset,
                size,
                extend,
            } => {
                head(f, Some(*dst), &["load", size.name(), extend.name()])?;
                list(f, &[base, offset])
            }
            Self::Store {
                src,
                base,
                offset,
                size,
            } => {
                head(f, None, &["store", size.name()])?;
                list(f, &[src, base, offset])
            }
            Self::AtomicRmw {
                op,
                size,
                dst,
                addr,
                src,
                ordering,
            } => {
                head(
                    f,
                    Some(*dst),
                    &["amo", op.name(), size.name(), ordering.name()],
                )?;
                list(f, &[addr, src])
            }
            Self::CompareExchange {
                size,
                dst,
                addr,
                expected,
                new,
                ordering,
            } => {
                head(f, Some(*dst), &["cas", size.name(), ordering.name()])?;
                list(f, &[addr, expected, new])
            }
            Self::LoadReserved {
                size,
                dst,
                addr,
                ordering,
            } => {
                head(f, Some(*dst), &["lr", size.name(), ordering.name()])?;
                list(f, &[addr])
            }
            Self::StoreConditional {
                size,
                dst,
                addr,
                src,
                ordering,
            } => {
                head(f, Some(*dst), &["sc", size.name(), ordering.name()])?;
                list(f, &[addr, src])
            }
            Self::SideExit { cond, a, b, offset } => {
                head(f, None, &["sideexit", cond.name()])?;
                list(f, &[a, b, offset])
            }
            Self::ZeroBlock { addr } => {
                head(f, None, &["zeroblock"])?;
                list(f, &[addr])
            }
            Self::Fence { ordering } => head(f, None, &["fence", ordering.name()]),
            Self::Helper {
                helper,
                dst,
                args: [a, b, c],
            } => {
                head(f, *dst, &["helper"])?;
                list(f, &[&helper.0, a, b, c])
            }
            _ => print_float(self, f),
        }
    }
}

fn print_float(op: &Op, f: &mut Formatter<'_>) -> fmt::Result {
    match op {
        Op::FpBinary {
            op,
            format,
            rounding,
            dst,
            a,
            b,
        } => {
            head(f, Some(*dst), &[op.name(), format.name(), rounding.name()])?;
            list(f, &[a, b])
        }
        Op::FpMulAdd {
            format,
            rounding,
            negate_product,
            negate_addend,
            dst,
            a,
            b,
            c,
        } => {
            let signs = (negate_product.name(), negate_addend.name());
            head(
                f,
                Some(*dst),
                &["fmuladd", format.name(), rounding.name(), signs.0, signs.1],
            )?;
            list(f, &[a, b, c])
        }
        Op::FpSqrt {
            format,
            rounding,
            dst,
            a,
        } => {
            head(f, Some(*dst), &["fsqrt", format.name(), rounding.name()])?;
            list(f, &[a])
        }
        Op::FpCompare {
            op,
            format,
            dst,
            a,
            b,
        } => {
            head(f, Some(*dst), &[op.name(), format.name()])?;
            list(f, &[a, b])
        }
        Op::FpClassify { format, dst, a } => {
            head(f, Some(*dst), &["fclass", format.name()])?;
            list(f, &[a])
        }
        Op::FpToInt {
            from,
            to,
            rounding,
            dst,
            a,
        } => {
            head(
                f,
                Some(*dst),
                &["ftoint", from.name(), to.name(), rounding.name()],
            )?;
            list(f, &[a])
        }
        Op::IntToFp {
            from,
            to,
            rounding,
            dst,
            a,
        } => {
            head(
                f,
                Some(*dst),
                &["inttof", from.name(), to.name(), rounding.name()],
            )?;
            list(f, &[a])
        }
        Op::FpToFp {
            from,
            to,
            rounding,
            dst,
            a,
        } => {
            head(
                f,
                Some(*dst),
                &["ftof", from.name(), to.name(), rounding.name()],
            )?;
            list(f, &[a])
        }
        // Every other op is printed by the caller.
        _ => Err(fmt::Error),
    }
}

impl Display for Terminator {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Jump { offset, hint } => {
                head(f, None, &["jump", hint.name()])?;
                list(f, &[offset])
            }
            Self::Branch {
                cond,
                a,
                b,
                taken,
                fallthrough,
            } => {
                head(f, None, &["branch", cond.name()])?;
                list(f, &[a, b, taken, fallthrough])
            }
            Self::JumpIndirect { target, hint } => {
                head(f, None, &["jumpindirect", hint.name()])?;
                list(f, &[target])
            }
            Self::Helper {
                helper,
                dst,
                args: [a, b, c],
                next,
            } => {
                head(f, *dst, &["endhelper"])?;
                list(f, &[&helper.0, a, b, c, next])
            }
        }
    }
}
