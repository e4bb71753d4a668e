//! AMOs beside AMOs and plain stores.

use crate::litmus::{
    asm::{Order::Relaxed, Size, Size::*, reg::*, *},
    test::{Test, code, forbidden},
};

/// AMOADD of a small number to variable 0; A0 is what it found.
fn plus(size: Size, number: i32) -> Vec<u32> {
    let add = amoadd(size, Relaxed, A0, T1, var(0));
    code![addi(T1, ZERO, number), add]
}

pub fn tests() -> Vec<Test> {
    let mut tests = with_each_other();
    tests.extend(with_stores());
    tests
}

fn with_each_other() -> Vec<Test> {
    let or = |bits: i32| {
        let or = amoor(Double, Relaxed, A0, T1, var(0));
        code![addi(T1, ZERO, bits), or]
    };
    vec![
        Test::new(
            "amoadd.d+amoadd.d",
            [plus(Double, 1), plus(Double, 2)],
            |o| {
                let found = (o.r(0, 0), o.r(1, 0));
                forbidden(o.m(0) != 3 || ![(0, 1), (2, 0)].contains(&found))
            },
        ),
        Test::new("amoadd.w+amoadd.w", [plus(Word, 1), plus(Word, 2)], |o| {
            let found = (o.r(0, 0), o.r(1, 0));
            forbidden(o.m(0) != 3 || ![(0, 1), (2, 0)].contains(&found))
        }),
        Test::new("amoor.d+amoor.d", [or(1), or(2)], |o| {
            let found = (o.r(0, 0), o.r(1, 0));
            forbidden(o.m(0) != 3 || ![(0, 1), (2, 0)].contains(&found))
        }),
        Test::new(
            "amoadd.d, four times",
            [1, 4, 16, 64].map(|number| plus(Double, number)),
            |o| {
                let mut found: Vec<_> = (0..4).map(|thread| o.r(thread, 0)).collect();
                found.sort_unstable();
                let chain = found
                    .windows(2)
                    .all(|two| (two[1] - two[0]).count_ones() == 1);
                forbidden(o.m(0) != 85 || found[0] != 0 || !chain)
            },
        ),
    ]
}

fn with_stores() -> Vec<Test> {
    let max = code![addi(T1, ZERO, 9), amomax(Double, Relaxed, A0, T1, var(0))];
    let upper = code![addi(T0, ZERO, 7), sw(T0, var(0), 4)];
    vec![
        Test::new(
            "amoadd.d+store",
            [plus(Double, 16), code![put(0, 5)]],
            |o| forbidden(![(0, 5), (5, 21)].contains(&(o.r(0, 0), o.m(0)))),
        ),
        Test::new("amomax.d+store", [max, code![put(0, 5)]], |o| {
            forbidden(![(0, 5), (5, 9)].contains(&(o.r(0, 0), o.m(0))))
        }),
        Test::new(
            "amoadd.w+store to the other word",
            [plus(Word, 1), upper],
            |o| forbidden(o.r(0, 0) != 0 || o.m(0) != 7 << 32 | 1),
        ),
    ]
}
