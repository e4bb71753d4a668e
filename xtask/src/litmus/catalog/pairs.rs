//! AMOCAS beside stores, AMOs and AMOCAS, of all sizes.

use vm_engine::guest::riscv64::Extensions;

use crate::litmus::{
    asm::{Order::Relaxed, Size, Size::*, reg::*, *},
    test::{Outcome, Test, code, forbidden},
};

/// Replaces 0 in variable 0 by `new`; A2 (and A3) is what it found.
fn swap(size: Size, new: i32) -> Vec<u32> {
    let halves = [addi(PAIR, ZERO, new), addi(PAIR + 1, ZERO, new)];
    code![halves, amocas(size, Relaxed, A2, PAIR, var(0))]
}

/// One of two swaps, of 0 by 1 and of 0 by 2, has taken place.
fn one_of_two(o: &Outcome) -> bool {
    [(0, 1, 1), (2, 0, 2)].contains(&(o.r(0, 2), o.r(1, 2), o.m(0)))
}

pub fn tests() -> Vec<Test> {
    if !Extensions::default().zacas {
        return Vec::new();
    }
    let mut tests = up_to_double();
    tests.extend(quad());
    tests
}

fn up_to_double() -> Vec<Test> {
    let word = code![addi(T0, ZERO, 3), sw(T0, var(0), 0)];
    vec![
        Test::new("amocas.w+store", [swap(Word, 7), word], |o| {
            forbidden(![0, 3].contains(&o.r(0, 2)) || o.m(0) != 3)
        }),
        Test::new("amocas.d+store", [swap(Double, 7), code![put(0, 3)]], |o| {
            forbidden(![0, 3].contains(&o.r(0, 2)) || o.m(0) != 3)
        }),
        Test::new("amocas.w+amocas.w", [swap(Word, 1), swap(Word, 2)], |o| {
            forbidden(!one_of_two(o))
        }),
        Test::new(
            "amocas.d+amocas.d",
            [swap(Double, 1), swap(Double, 2)],
            |o| forbidden(!one_of_two(o)),
        ),
    ]
}

fn quad() -> Vec<Test> {
    let upper = [addi(T0, ZERO, 3), sd(T0, var(0), 8)];
    let add = amoadd(Double, Relaxed, A0, T0, T1);
    let add = code![addi(T0, ZERO, 3), addi(T1, var(0), 8), add];
    vec![
        Test::new(
            "amocas.q+store to a half",
            [swap(Quad, 7), code![upper]],
            |o| {
                let left = (o.r(0, 2), o.r(0, 3), o.memory[0]);
                forbidden(![(0, 0, [7, 3]), (0, 3, [0, 3])].contains(&left))
            },
        ),
        Test::new("amocas.q+amoadd.d on a half", [swap(Quad, 7), add], |o| {
            let left = (o.r(0, 3), o.r(1, 0), o.memory[0]);
            forbidden(![(0, 7, [7, 10]), (3, 0, [0, 3])].contains(&left))
        }),
        Test::new(
            "amocas.q+amocas.d on a half",
            [swap(Quad, 1), swap(Double, 2)],
            |o| {
                let left = (o.r(0, 2), o.r(1, 2), o.memory[0]);
                forbidden(![(0, 1, [1, 1]), (2, 0, [2, 0])].contains(&left))
            },
        ),
        Test::new("amocas.q+amocas.q", [swap(Quad, 1), swap(Quad, 2)], |o| {
            forbidden(!one_of_two(o) || o.memory[0][0] != o.memory[0][1])
        }),
        Test::new(
            "amocas.q+two loads",
            [
                swap(Quad, 1),
                code![ld(A0, var(0), 8), fence(R, R), ld(A1, var(0), 0)],
            ],
            |o| forbidden(o.r(1, 0) == 1 && o.r(1, 1) == 0),
        ),
    ]
}
