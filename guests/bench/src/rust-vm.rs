//! A stack machine whose operations are chosen by one `match`: one indirect jump
//! for all of them, and bounds checks.

mod bench;

use std::process::ExitCode;

#[derive(Clone, Copy)]
enum Op {
    Push(i64),
    Load(u8),
    Store(u8),
    Add,
    Multiply,
    Remainder,
    Less,
    JumpIfZero(u16),
    Jump(u16),
    End,
}

/// Counts the primes below the limit by trial division.
/// Variables: 0 the candidate, 1 the divisor, 2 the count.
fn program(limit: i64) -> Vec<Op> {
    use Op::*;
    vec![
        Push(2),
        Store(0),
        Push(0),
        Store(2),
        // 4: the next candidate
        Load(0),
        Push(limit),
        Less,
        JumpIfZero(34),
        Push(2),
        Store(1),
        // 10: the next divisor, while its square is not larger
        Load(0),
        Load(1),
        Load(1),
        Multiply,
        Less,
        JumpIfZero(21),
        // 16: no divisor was found
        Load(2),
        Push(1),
        Add,
        Store(2),
        Jump(29),
        // 21: does it divide?
        Load(0),
        Load(1),
        Remainder,
        JumpIfZero(29),
        Load(1),
        Push(1),
        Add,
        Jump(33),
        // 29: to the next candidate
        Load(0),
        Push(1),
        Add,
        Jump(36),
        // 33: to the next divisor
        Jump(38),
        // 34: the end
        Load(2),
        End,
        // 36
        Store(0),
        Jump(4),
        // 38
        Store(1),
        Jump(10),
    ]
}

fn run(program: &[Op]) -> Option<i64> {
    let mut stack: Vec<i64> = Vec::with_capacity(16);
    let mut variables = [0_i64; 8];
    let mut at = 0;
    loop {
        let op = *program.get(at)?;
        at += 1;
        match op {
            Op::Push(value) => stack.push(value),
            Op::Load(n) => stack.push(*variables.get(usize::from(n))?),
            Op::Store(n) => *variables.get_mut(usize::from(n))? = stack.pop()?,
            Op::Add => apply(&mut stack, i64::wrapping_add)?,
            Op::Multiply => apply(&mut stack, i64::wrapping_mul)?,
            Op::Remainder => {
                let (b, a) = (stack.pop()?, stack.pop()?);
                stack.push(a.checked_rem(b)?);
            }
            Op::Less => apply(&mut stack, |a, b| i64::from(a < b))?,
            Op::JumpIfZero(to) => {
                if stack.pop()? == 0 {
                    at = usize::from(to);
                }
            }
            Op::Jump(to) => at = usize::from(to),
            Op::End => return stack.pop(),
        }
    }
}

fn apply(stack: &mut Vec<i64>, operation: impl Fn(i64, i64) -> i64) -> Option<()> {
    let b = stack.pop()?;
    let a = stack.last_mut()?;
    *a = operation(*a, b);
    Some(())
}

fn main() -> ExitCode {
    let program = program(2000);
    bench::main("rust-vm", || run(&program).unwrap_or(-1) as u64)
}
