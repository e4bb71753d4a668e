//! Parsing of golden files.

use vm_core::AccessSize;
use vm_cross_arch::ir::{Block, Slot, fixed};

/// A block with the states to run it from and those it leads to.
pub struct Test {
    pub name: String,
    pub cases: Vec<Case>,
    pub block: Block,
}

/// One run of a block.
#[derive(Default)]
pub struct Case {
    pub before: State,
    /// What differs from `before`.
    pub after: State,
    pub exit: Option<Exit>,
}

#[derive(Default)]
pub struct State {
    pub slots: Vec<(Slot, u64)>,
    pub memory: Vec<Cell>,
}

/// A value in memory.
pub struct Cell {
    pub addr: u64,
    pub size: AccessSize,
    pub value: u64,
}

/// How a block ends. Where it leads, `retired` is how many of its instructions have
/// retired, `None` for all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exit {
    /// So many bytes from the block's start.
    Jump { offset: i64, retired: Option<u16> },
    /// At an address.
    To { target: u64, retired: Option<u16> },
    /// With a helper, its arguments, and what follows from the block's start.
    Helper { id: u16, args: [u64; 3], next: i64 },
    /// With an exception of this sort and value, raised by this instruction.
    Fault { kind: String, value: u64, insn: u16 },
}

/// The tests of a file.
pub fn parse(text: &str) -> Result<Vec<Test>, String> {
    let sections = text.split("\n# test: ").skip(1);
    sections
        .map(|section| parse_test(section).map_err(|e| format!("{section}\n{e}")))
        .collect()
}

fn parse_test(section: &str) -> Result<Test, String> {
    let (name, rest) = section.split_once('\n').ok_or("nothing but a name")?;
    let mut cases: Vec<Case> = Vec::new();
    for line in rest.lines() {
        if let Some(items) = line.strip_prefix("# in:") {
            cases.push(Case::default());
            let case = cases.last_mut().ok_or("no case")?;
            for item in list(items) {
                parse_state(item, &mut case.before)?;
            }
        } else if let Some(items) = line.strip_prefix("# out:") {
            let case = cases.last_mut().ok_or("`out` before `in`")?;
            for item in list(items) {
                match parse_exit(item)? {
                    Some(exit) => case.exit = Some(exit),
                    None => parse_state(item, &mut case.after)?,
                }
            }
        }
    }
    if cases.is_empty() || cases.iter().any(|case| case.exit.is_none()) {
        return Err("a case without an exit".into());
    }
    Ok(Test {
        name: name.into(),
        cases,
        block: rest.parse().map_err(|e| format!("{e}"))?,
    })
}

fn list(items: &str) -> impl Iterator<Item = &str> {
    items.split(',').map(str::trim).filter(|i| !i.is_empty())
}

fn parse_state(item: &str, state: &mut State) -> Result<(), String> {
    let bad = || format!("`{item}` is neither a slot nor memory");
    let (place, value) = item.split_once('=').ok_or_else(bad)?;
    let value = number(value)?;
    if let Some(slot) = parse_slot(place) {
        state.slots.push((slot, value));
        return Ok(());
    }
    let (size, addr) = place
        .strip_suffix(']')
        .and_then(|place| place.split_once('['))
        .ok_or_else(bad)?;
    let size = match size {
        "b" => AccessSize::Byte,
        "h" => AccessSize::Half,
        "w" => AccessSize::Word,
        "d" => AccessSize::Double,
        _ => return Err(bad()),
    };
    let addr = number(addr)?;
    state.memory.push(Cell { addr, size, value });
    Ok(())
}

fn parse_slot(name: &str) -> Option<Slot> {
    match name {
        "pc" => Some(fixed::PC),
        "fpflags" => Some(fixed::FP_FLAGS),
        "fprounding" => Some(fixed::FP_ROUNDING),
        "fpdirty" => Some(fixed::FP_DIRTY),
        _ => name.strip_prefix('s')?.parse().ok().map(Slot),
    }
}

fn parse_exit(item: &str) -> Result<Option<Exit>, String> {
    let Some((kind, value)) = item.split_once('=') else {
        return Ok(None);
    };
    let bad = || format!("`{item}` is no exit");
    Ok(Some(match kind {
        "jump" => {
            let (offset, retired) = counted(value)?;
            Exit::Jump {
                offset: offset as i64,
                retired,
            }
        }
        "to" => {
            let (target, retired) = counted(value)?;
            Exit::To { target, retired }
        }
        "helper" => {
            let parts: Vec<_> = value.split(':').map(number).collect::<Result<_, _>>()?;
            let [id, a, b, c, next] = parts[..] else {
                return Err(bad());
            };
            Exit::Helper {
                id: id as u16,
                args: [a, b, c],
                next: next as i64,
            }
        }
        "fault" => {
            let (cause, insn) = value.split_once('@').ok_or_else(bad)?;
            let (kind, value) = cause.split_once(':').ok_or_else(bad)?;
            Exit::Fault {
                kind: kind.into(),
                value: number(value)?,
                insn: number(insn)? as u16,
            }
        }
        _ => return Ok(None),
    }))
}

/// A number and perhaps, after an `@`, a count.
fn counted(text: &str) -> Result<(u64, Option<u16>), String> {
    let Some((value, count)) = text.split_once('@') else {
        return Ok((number(text)?, None));
    };
    Ok((number(value)?, Some(number(count)? as u16)))
}

/// A number, decimal or hexadecimal, with or without a sign.
fn number(text: &str) -> Result<u64, String> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let value = match digits.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16),
        None => digits.parse(),
    };
    let value = value.map_err(|e| format!("`{text}`: {e}"))?;
    Ok(if negative {
        value.wrapping_neg()
    } else {
        value
    })
}
