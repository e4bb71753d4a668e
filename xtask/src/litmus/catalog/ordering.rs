//! Plain loads and stores, and what orders them.

use crate::litmus::{
    asm::{Order::*, Size::Double, reg::*, *},
    test::{Outcome, Test, code, forbidden, notable},
};

/// `fence.tso`.
const FENCE_TSO: u32 = 0x8000_0000 | fence(RW, RW);
const FULL: u32 = fence(RW, RW);

/// The second thread has seen the second store, and not the first.
fn passed(o: &Outcome) -> bool {
    o.r(1, 0) == 1 && o.r(1, 1) == 0
}

/// Neither thread has seen the other's store.
fn neither(o: &Outcome) -> bool {
    o.r(0, 0) == 0 && o.r(1, 0) == 0
}

/// Either thread has seen what the other stored later.
fn both(o: &Outcome) -> bool {
    o.r(0, 0) == 1 && o.r(1, 0) == 1
}

pub fn tests() -> Vec<Test> {
    let mut tests = message_passing();
    tests.extend(store_buffering());
    tests.extend(load_buffering());
    tests.extend(stores());
    tests.extend(coherence());
    tests.extend(many());
    tests
}

fn message_passing() -> Vec<Test> {
    let send = code![put(0, 1), fence(W, W), put(1, 1)];
    let one = addi(T1, ZERO, 1);
    let dependent = [xor(T1, A0, A0), add(T1, T1, var(0)), ld(A1, T1, 0)];
    vec![
        Test::new(
            "MP",
            [code![put(0, 1), put(1, 1)], code![get(A0, 1), get(A1, 0)]],
            |o| notable(passed(o)),
        ),
        Test::new(
            "MP+fence.w.w+fence.r.r",
            [send.clone(), code![get(A0, 1), fence(R, R), get(A1, 0)]],
            |o| forbidden(passed(o)),
        ),
        Test::new(
            "MP+fence.w.w+addr",
            [send, code![get(A0, 1), dependent]],
            |o| forbidden(passed(o)),
        ),
        Test::new(
            "MP+amoswap.rl+amoor.aq",
            [
                code![put(0, 1), one, amoswap(Double, Release, ZERO, T1, var(1))],
                code![amoor(Double, Acquire, A0, ZERO, var(1)), get(A1, 0)],
            ],
            |o| forbidden(passed(o)),
        ),
        Test::new(
            "MP+sc.rl+lr.aq",
            [
                code![
                    put(0, 1),
                    one,
                    lr(Double, Relaxed, T2, var(1)),
                    sc(Double, Release, A0, T1, var(1))
                ],
                code![lr(Double, Acquire, A0, var(1)), get(A1, 0)],
            ],
            |o| forbidden(passed(o)),
        ),
    ]
}

/// Stores to one variable, then `between`, then loads the other.
fn store_then_load(own: u32, other: u32, between: u32) -> Vec<u32> {
    code![put(own, 1), between, get(A0, other)]
}

fn store_buffering() -> Vec<Test> {
    let nothing = addi(ZERO, ZERO, 0);
    let with = |between| [0, 1].map(|own| store_then_load(own, 1 - own, between));
    let swap = |own| {
        let swap = amoswap(Double, Both, ZERO, T1, var(own));
        code![addi(T1, ZERO, 1), swap, get(A0, 1 - own)]
    };
    let conditional = |own| {
        code![
            addi(T1, ZERO, 1),
            lr(Double, Both, T2, var(own)),
            sc(Double, Both, A1, T1, var(own)),
            get(A0, 1 - own)
        ]
    };
    vec![
        Test::new("SB", with(nothing), |o| notable(neither(o))),
        Test::new("SB+fence.tso", with(FENCE_TSO), |o| notable(neither(o))),
        Test::new("SB+fence.rw.rw", with(FULL), |o| forbidden(neither(o))),
        Test::new("SB+amoswap.aqrl", [0, 1].map(swap), |o| {
            forbidden(neither(o))
        }),
        Test::new("SB+sc.aqrl", [0, 1].map(conditional), |o| {
            let stored = o.r(0, 1) == 0 && o.r(1, 1) == 0;
            forbidden(stored && neither(o))
        }),
    ]
}

fn load_buffering() -> Vec<Test> {
    let with = |between: u32| [0, 1].map(|own| code![get(A0, own), between, put(1 - own, 1)]);
    let data = |own| {
        let one = [xor(T0, A0, A0), addi(T0, T0, 1)];
        code![get(A0, own), one, sd(T0, var(1 - own), 0)]
    };
    vec![
        Test::new("LB", with(addi(ZERO, ZERO, 0)), |o| notable(both(o))),
        Test::new("LB+fence.r.w", with(fence(R, W)), |o| forbidden(both(o))),
        Test::new("LB+data", [0, 1].map(data), |o| forbidden(both(o))),
    ]
}

fn stores() -> Vec<Test> {
    vec![
        Test::new(
            "S+fence.w.w+fence.r.w",
            [
                code![put(0, 2), fence(W, W), put(1, 1)],
                code![get(A0, 1), fence(R, W), put(0, 1)],
            ],
            |o| forbidden(o.r(1, 0) == 1 && o.m(0) == 2),
        ),
        Test::new(
            "R+fence.rw.rw",
            [
                code![put(0, 1), FULL, put(1, 1)],
                code![put(1, 2), FULL, get(A0, 0)],
            ],
            |o| forbidden(o.m(1) == 2 && o.r(1, 0) == 0),
        ),
        Test::new(
            "2+2W+fence.w.w",
            [
                code![put(0, 1), fence(W, W), put(1, 2)],
                code![put(1, 1), fence(W, W), put(0, 2)],
            ],
            |o| forbidden(o.m(0) == 1 && o.m(1) == 1),
        ),
    ]
}

fn coherence() -> Vec<Test> {
    let halves = [addi(T0, ZERO, 0x7ff), slli(T0, T0, 32), addi(T0, T0, 0x7ff)];
    vec![
        Test::new(
            "CoRR",
            [
                code![put(0, 1), put(0, 2)],
                code![get(A0, 0), get(A1, 0), get(A2, 0)],
            ],
            |o| forbidden(o.r(1, 0) > o.r(1, 1) || o.r(1, 1) > o.r(1, 2)),
        ),
        Test::new(
            "CoWR",
            [code![put(0, 1), get(A0, 0)], code![put(0, 2)]],
            |o| forbidden(o.r(0, 0) == 0 || (o.r(0, 0) == 2 && o.m(0) == 1)),
        ),
        Test::new(
            "CoRW",
            [code![get(A0, 0), put(0, 1)], code![put(0, 2)]],
            |o| forbidden(o.r(0, 0) == 1 || (o.r(0, 0) == 2 && o.m(0) == 2)),
        ),
        Test::new(
            "no tearing",
            [code![halves, sd(T0, var(0), 0)], code![get(A0, 0)]],
            |o| forbidden(![0, 0x7ff_0000_07ff].contains(&o.r(1, 0))),
        ),
    ]
}

fn many() -> Vec<Test> {
    let look = |first, second| code![get(A0, first), FULL, get(A1, second)];
    vec![
        Test::new(
            "WRC+fence.r.w+fence.r.r",
            [
                code![put(0, 1)],
                code![get(A0, 0), fence(R, W), put(1, 1)],
                code![get(A0, 1), fence(R, R), get(A1, 0)],
            ],
            |o| forbidden(o.r(1, 0) == 1 && o.r(2, 0) == 1 && o.r(2, 1) == 0),
        ),
        Test::new(
            "IRIW+fence.rw.rw",
            [code![put(0, 1)], code![put(1, 1)], look(0, 1), look(1, 0)],
            |o| {
                let differ = |thread| o.r(thread, 0) == 1 && o.r(thread, 1) == 0;
                forbidden(differ(2) && differ(3))
            },
        ),
    ]
}
