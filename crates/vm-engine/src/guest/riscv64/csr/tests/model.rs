//! Properties that hold for every register and value.

use proptest::prelude::*;

use super::super::{GROUPS, Operation};
use crate::guest::riscv64::testing::Fixture;

/// Every register that can be written, but counters and what shadows `time`.
fn writable() -> Vec<u64> {
    let rows = GROUPS.into_iter().flatten();
    let numbers = rows.flat_map(|row| row.first..row.first + row.count);
    numbers
        .map(u64::from)
        .filter(|number| number >> 10 != 3 && !matches!(number, 0xb00..0xb20))
        .collect()
}

fn fixture() -> Fixture {
    let mut f = Fixture::new();
    f.write(0x300, 1 << 13);
    f
}

/// All of them. FS and SD aside: touching fcsr makes floating point dirty.
fn snapshot(f: &Fixture) -> Vec<Option<u64>> {
    let read = |number| match number {
        0x100 | 0x300 => f
            .try_csr(number)
            .map(|status| status & !(1 << 63 | 3 << 13)),
        _ => f.try_csr(number),
    };
    writable().into_iter().map(read).collect()
}

proptest! {
    /// A value that was read is legal: writing it back changes nothing.
    #[test]
    fn read_values_can_be_written_back(
        number in proptest::sample::select(writable()),
        values in proptest::collection::vec(any::<u64>(), 1..4),
    ) {
        let mut f = fixture();
        for value in values {
            let Some(read) = f.try_write(number, value) else { continue };
            prop_assert_eq!(f.try_write(number, read), Some(read), "CSR {:#x}", number);
        }
    }

    /// Setting or clearing no bits changes no register at all.
    #[test]
    fn no_bits_no_change(
        number in proptest::sample::select(writable()),
        value in any::<u64>(),
        lines in any::<u64>(),
    ) {
        let mut f = fixture();
        let _ = f.try_write(number, value);
        (0..64).for_each(|n| f.core.control.set_line(n, lines >> n & 1 != 0));
        for operation in [Operation::Set, Operation::Clear] {
            let before = snapshot(&f);
            let _ = f.hart.write_csr(&mut f.core, number, operation, 0, 0);
            prop_assert_eq!(before, snapshot(&f), "CSR {:#x}", number);
        }
    }
}
