use super::*;

/// Numbers in 0..1 without a pattern (xorshift64).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Pairs whose second side takes `factor` times as long; each is disturbed, one
    /// of ten badly on either side.
    fn pairs(&mut self, count: usize, factor: f64) -> Vec<(f64, f64)> {
        let mut time = || {
            let spike = if self.next() < 0.05 { 0.5 } else { 0.0 };
            100.0 * (1.0 + 0.03 * self.next() + spike * self.next())
        };
        (0..count).map(|_| (time(), factor * time())).collect()
    }
}

#[test]
fn the_distribution_is_that_of_the_tables() {
    // Critical values of the signed-rank test, two-sided 5 %: n = 6: 0; 10: 8; 20: 52.
    for (n, critical) in [(6, 0), (10, 8), (20, 52)] {
        let cumulative = signed_rank_distribution(n);
        assert!(2.0 * cumulative[critical] <= 0.05, "{n}");
        assert!(2.0 * cumulative[critical + 1] > 0.05, "{n}");
    }
    let cumulative = signed_rank_distribution(3);
    assert_eq!(cumulative, [0.125, 0.25, 0.375, 0.625, 0.75, 0.875, 1.0]);
}

#[test]
fn a_difference_is_found_through_noise() {
    let mut noise = Noise(0x1234_5678_9abc_def1);
    for (factor, expected) in [(1.06, Verdict::Slower), (1.0 / 1.06, Verdict::Faster)] {
        let rounds = 200;
        let mut found = 0;
        for _ in 0..rounds {
            let effect = Effect::of(&noise.pairs(20, factor)).unwrap();
            let verdict = verdicts(&[effect])[0];
            assert!([expected, Verdict::Same].contains(&verdict), "{effect:?}");
            found += u32::from(verdict == expected);
        }
        assert!(found * 100 >= rounds * 75, "{found} of {rounds}");
    }
}

#[test]
fn equal_sides_are_the_same_and_intervals_hold_what_they_promise() {
    let mut noise = Noise(0xdead_beef_1234_5678);
    let (mut held, mut alarms, rounds) = (0, 0, 4000);
    for _ in 0..rounds {
        let effects = [(); 10].map(|()| Effect::of(&noise.pairs(20, 1.0)).unwrap());
        alarms += u32::from(verdicts(&effects) != [Verdict::Same; 10]);
        let (low, high) = effects[0].interval;
        held += usize::from((low..=high).contains(&1.0));
    }
    assert!(f64::from(alarms) <= ALPHA * f64::from(rounds), "{alarms}");
    let share = held as f64 / f64::from(rounds);
    assert!((0.94..0.98).contains(&share), "{share}");
}

#[test]
fn false_alarms_of_the_test_alone_are_as_rare_as_it_says() {
    let mut noise = Noise(0x0123_4567_89ab_cdef);
    let rounds = 4000;
    let alarms = (0..rounds)
        .filter(|_| Effect::of(&noise.pairs(15, 1.0)).unwrap().p <= 0.05)
        .count();
    let share = alarms as f64 / f64::from(rounds);
    assert!((0.03..0.06).contains(&share), "{share}");
}

#[test]
fn of_many_only_what_is_clear_enough_counts() {
    let effect = |p, ratio| Effect {
        ratio,
        interval: (ratio, ratio),
        p,
    };
    // Alone, 0.0008 would do; as one of three it does not.
    let three = [effect(0.0008, 1.2), effect(0.5, 1.2), effect(0.6, 1.2)];
    assert_eq!(verdicts(&three), [Verdict::Same; 3]);
    assert_eq!(verdicts(&three[..1]), [Verdict::Slower]);
    // Clear, but of no interest.
    assert_eq!(verdicts(&[effect(1e-9, 1.01)]), [Verdict::Same]);
}

#[test]
fn identical_measurements_do_not_differ() {
    let effect = Effect::of(&[(5.0, 5.0); 10]).unwrap();
    assert_eq!((effect.ratio, effect.p), (1.0, 1.0));
    assert_eq!(Effect::of(&[(1.0, 2.0); 5]), None);
}
