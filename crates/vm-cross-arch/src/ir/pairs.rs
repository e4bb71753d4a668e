//! Which load-reserved and store-conditional of a block belong together.
//!
//! Between a pair its vCPU accesses no memory, so nobody can tell the load from
//! one at the moment of the store: a compare-and-swap on the value is all that a
//! pair takes, whatever others did in between (ADR 4).

use vm_core::AccessSize;

use super::{Block, Effects, Op, Operand};

/// For each load-reserved and store-conditional, in order, whether it is one of
/// a pair.
pub type Pairs = std::vec::IntoIter<bool>;

/// A load-reserved that may become one of a pair.
struct Open {
    /// Its place in the result.
    index: usize,
    addr: Operand,
    size: AccessSize,
}

/// Effects that nobody else sees.
const ASIDE: Effects = Effects::MARK.and(Effects::EXIT);

/// The pairs of a block.
pub fn find(block: &Block) -> Pairs {
    let mut paired = Vec::new();
    let mut open: Option<Open> = None;
    for op in &block.ops {
        match *op {
            Op::LoadReserved { addr, size, .. } => {
                let index = paired.len();
                paired.push(false);
                open = Some(Open { index, addr, size });
            }
            Op::StoreConditional { addr, size, .. } => {
                let first = open
                    .take()
                    .filter(|open| open.addr == addr && open.size == size);
                paired.push(first.is_some());
                if let Some(first) = first.and_then(|open| paired.get_mut(open.index)) {
                    *first = true;
                }
                continue;
            }
            // Most blocks have none: this is all that they take.
            _ if open.is_none() => continue,
            ref op if op.effects().without(ASIDE).is_none() => {}
            _ => open = None,
        }
        // Its address may change, by its own result, too.
        open = open.filter(|open| op.dst().is_none() || op.dst() != open.addr.slot());
    }
    paired.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(body: &str) -> Vec<bool> {
        let block: Block = format!("block 1, 4\ninsn 0, 4\n{body}\njump.plain 4")
            .parse()
            .unwrap();
        find(&block).collect()
    }

    const LR: &str = "s5 = lr.w.relaxed s10";
    const SC: &str = "s6 = sc.w.relaxed s10, s5";

    #[test]
    fn what_computes_may_come_between() {
        for between in ["", "s5 = add.w64 s5, 1\n", "sideexit.ne s5, s7, 4\n"] {
            let body = format!("{LR}\n{between}{SC}");
            assert_eq!(pairs(&body), [true, true], "{between}");
        }
    }

    #[test]
    fn what_accesses_memory_may_not() {
        for between in [
            "s7 = load.w.zero s8, 0\n",
            "store.w s7, s8, 0\n",
            "s7 = amo.add.w.relaxed s8, 1\n",
            "fence.sequential\n",
            "s7 = helper 1, 0, 0, 0\n",
        ] {
            let body = format!("{LR}\n{between}{SC}");
            assert_eq!(pairs(&body), [false, false], "{between}");
        }
    }

    #[test]
    fn both_are_of_one_place() {
        for (first, between, second) in [
            (LR, "s10 = add.w64 s10, 4\n", SC),
            ("s10 = lr.w.relaxed s10", "", SC),
            ("s5 = lr.d.relaxed s10", "", SC),
            (LR, "", "s6 = sc.w.relaxed s11, s5"),
        ] {
            let body = format!("{first}\n{between}{second}");
            assert_eq!(pairs(&body), [false, false], "{body}");
        }
    }

    #[test]
    fn each_serves_once() {
        assert_eq!(pairs(&format!("{SC}\n{LR}")), [false, false]);
        assert_eq!(pairs(&format!("{LR}\n{LR}\n{SC}")), [false, true, true]);
        assert_eq!(pairs(&format!("{LR}\n{SC}\n{SC}")), [true, true, false]);
    }
}
