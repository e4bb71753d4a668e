//! The tests. Their names are the usual ones: what each thread does is in Maranget,
//! Sarkar and Sewell, "A Tutorial Introduction to the ARM and POWER Relaxed Memory Models".

mod atomics;
mod ordering;
mod pairs;
mod reserved;

use super::test::Test;

/// All tests; those for two vCPUs for four, too.
pub fn all() -> Vec<Test> {
    let mut tests = ordering::tests();
    tests.extend(atomics::tests());
    tests.extend(pairs::tests());
    tests.extend(reserved::tests());
    let doubled: Vec<_> = tests.iter().filter_map(Test::doubled).collect();
    tests.extend(doubled);
    tests
}
