//! Load-reserved and store-conditional: nothing comes between that others store.

use vm_engine::guest::riscv64::Extensions;

use crate::litmus::{
    asm::{Order::*, Size::*, reg::*, *},
    test::{Outcome, Test, Verdict, code, forbidden},
};

/// Reserves variable 0, A0; then `between`; then stores 7 if it still may: A1 is 0.
fn conditional<const N: usize>(between: [u32; N]) -> Vec<u32> {
    code![
        addi(T1, ZERO, 7),
        lr(Double, Acquire, A0, var(0)),
        between,
        sc(Double, Relaxed, A1, T1, var(0))
    ]
}

/// The same with a load of variable 1 right after the reservation, A2, and some time.
fn watching() -> Vec<u32> {
    let mut between = [addi(T2, T2, 1); 13];
    between[0] = get(A2, 1);
    conditional(between)
}

/// Stores to variable 1, then does `this`.
fn after_store(this: Vec<u32>) -> Vec<u32> {
    let mut code = code![put(1, 1), fence(W, W)];
    code.extend(this);
    code
}

/// The reservation was made before the other's store to variable 1, and served.
fn served(o: &Outcome) -> bool {
    o.r(0, 1) == 0 && o.r(0, 2) == 0
}

/// One conditional store of 7 and one plain store of 3.
fn beside_store(o: &Outcome) -> Verdict {
    let possible = match (o.r(0, 0), o.r(0, 1)) {
        (0, 0) => o.m(0) == 3,
        (3, 0) => o.m(0) == 7,
        (0 | 3, 1) => o.m(0) == 3,
        _ => false,
    };
    forbidden(!possible)
}

/// What a second thread does to variable 0 that leaves its value as it is, after it
/// has stored to variable 1, is in between if the reservation was made before. Its
/// A0 says that it found 0, so that the conditional store was not yet.
fn beside_unchanged(o: &Outcome) -> Verdict {
    forbidden(served(o) && o.r(1, 0) == 0)
}

/// The same of plain stores, which the conditional one has overwritten.
fn beside_overwritten(o: &Outcome) -> Verdict {
    forbidden(served(o) && o.m(0) == 7)
}

pub fn tests() -> Vec<Test> {
    let mut tests = beside_stores();
    tests.extend(beside_atomics());
    tests.extend(increments());
    tests
}

fn beside_stores() -> Vec<Test> {
    let store = code![put(0, 3)];
    vec![
        Test::new(
            "lr, sc+store",
            [conditional([]), store.clone()],
            beside_store,
        ),
        Test::new("lr, ld, sc+store", [watching(), store], beside_store),
        Test::new(
            "lr, ld, sc+store of the same",
            [watching(), after_store(code![put(0, 0)])],
            beside_overwritten,
        ),
        Test::new(
            "lr, ld, sc+stores away and back",
            [watching(), after_store(code![put(0, 3), put(0, 0)])],
            beside_overwritten,
        ),
    ]
}

fn beside_atomics() -> Vec<Test> {
    let add = amoadd(Double, Relaxed, A0, ZERO, var(0));
    let swap = |value: i32| {
        let swap = amoswap(Double, Relaxed, A0, T1, var(0));
        code![addi(T1, ZERO, value), swap]
    };
    let same = code![
        lr(Double, Relaxed, A0, var(0)),
        sc(Double, Relaxed, A1, ZERO, var(0))
    ];
    let cas = code![amocas(Double, Relaxed, A0, ZERO, var(0))];
    let quad = code![amocas(Quad, Relaxed, A0, ZERO, var(0))];
    let mut tests = vec![
        Test::new(
            "lr, ld, sc+amoadd of 0",
            [watching(), after_store(code![add])],
            beside_unchanged,
        ),
        Test::new(
            "lr, ld, sc+lr, sc of the same",
            [watching(), after_store(same)],
            |o| forbidden(served(o) && o.r(1, 0) == 0 && o.r(1, 1) == 0),
        ),
        Test::new(
            "lr, ld, sc+amocas.d of the same",
            [watching(), after_store(cas)],
            beside_unchanged,
        ),
        Test::new(
            "lr, ld, sc+amoswap away+amoswap back",
            [watching(), after_store(swap(3)), swap(0)],
            |o| forbidden(served(o) && o.r(1, 0) == 0 && o.r(2, 0) == 3),
        ),
    ];
    if Extensions::default().zacas {
        let code = [watching(), after_store(quad)];
        tests.push(Test::new(
            "lr, ld, sc+amocas.q of the same",
            code,
            beside_unchanged,
        ));
    }
    tests
}

/// Adds 1 by a reservation, with `between` in it; A1 is 0 if that was stored.
fn increment<const N: usize>(between: [u32; N]) -> Vec<u32> {
    code![
        lr(Double, Relaxed, A0, var(0)),
        addi(T1, A0, 1),
        between,
        sc(Double, Relaxed, A1, T1, var(0))
    ]
}

/// Variable 0 counts what was stored.
fn counted(o: &Outcome) -> Verdict {
    let stored = o.results.iter().filter(|result| result[1] == 0).count();
    forbidden(o.m(0) != stored as u64)
}

fn increments() -> Vec<Test> {
    let load = || increment([get(A2, 1)]);
    let add = code![addi(T1, ZERO, 1), amoadd(Double, Relaxed, A0, T1, var(0))];
    vec![
        Test::new("lr, sc, twice", [increment([]), increment([])], counted),
        Test::new("lr, ld, sc, twice", [load(), load()], counted),
        Test::new("lr, sc+lr, ld, sc", [increment([]), load()], counted),
        Test::new("lr, ld, sc+amoadd", [load(), add], counted),
        Test::new(
            "lr, sc, four times",
            [increment([]), load(), increment([]), load()],
            counted,
        ),
    ]
}
