//! Which way of a full set an insertion replaces.

/// A replacement policy: what a set remembers of its ways, and whom it evicts.
///
/// Ways are numbered from 0; `ways` is a constant of the level.
pub trait ReplacementPolicy {
    /// What one set remembers.
    type State: Copy + Default + Send;

    /// The most ways the state can describe.
    const MAX_WAYS: usize;

    /// Notes that `way` was hit or filled.
    fn touch(state: &mut Self::State, way: usize, ways: usize);

    /// The way to replace next.
    fn victim(state: &mut Self::State, ways: usize) -> usize;
}

/// Exact least recently used, for up to 8 ways.
///
/// The state is a bit matrix: bit (row a, column b) says that way a was used
/// after way b. The row without bits is the oldest.
#[derive(Debug, Clone, Copy, Default)]
pub struct Lru;

impl ReplacementPolicy for Lru {
    type State = u64;
    const MAX_WAYS: usize = 8;

    #[inline]
    fn touch(state: &mut u64, way: usize, _ways: usize) {
        let column = 0x0101_0101_0101_0101 << way;
        *state = (*state | 0xff << (8 * way)) & !column;
    }

    #[inline]
    fn victim(state: &mut u64, ways: usize) -> usize {
        // Columns of ways that do not exist are set by `touch` too.
        let existing = (1u64 << ways) - 1;
        let is_oldest = |way: &usize| *state >> (8 * way) & existing == 0;
        (0..ways).find(is_oldest).unwrap_or(0)
    }
}

/// Tree pseudo-LRU, for up to 64 ways: a bit per node points away from the half
/// that was used last.
///
/// Nodes are numbered as in a binary heap: the root is 1, the children of n are
/// 2n and 2n+1; bit n of the state belongs to node n.
#[derive(Debug, Clone, Copy, Default)]
pub struct PseudoLru;

impl ReplacementPolicy for PseudoLru {
    type State = u64;
    const MAX_WAYS: usize = 64;

    #[inline]
    fn touch(state: &mut u64, way: usize, ways: usize) {
        let mut node = ways + way;
        while node > 1 {
            let parent = node / 2;
            let came_from_right = node as u64 & 1;
            *state = *state & !(1 << parent) | (came_from_right ^ 1) << parent;
            node = parent;
        }
    }

    #[inline]
    fn victim(state: &mut u64, ways: usize) -> usize {
        let mut node = 1;
        while node < ways {
            node = 2 * node + (*state >> node & 1) as usize;
        }
        node - ways
    }
}

/// Uniformly random (xorshift64), for up to 64 ways.
#[derive(Debug, Clone, Copy, Default)]
pub struct Random;

/// The state of a xorshift64 generator; never zero.
#[derive(Debug, Clone, Copy)]
pub struct Seed(u64);

impl Default for Seed {
    fn default() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }
}

impl ReplacementPolicy for Random {
    type State = Seed;
    const MAX_WAYS: usize = 64;

    #[inline]
    fn touch(_state: &mut Seed, _way: usize, _ways: usize) {}

    #[inline]
    fn victim(state: &mut Seed, ways: usize) -> usize {
        // Marsaglia, "Xorshift RNGs" (2003), the triple (13, 7, 17).
        state.0 ^= state.0 << 13;
        state.0 ^= state.0 >> 7;
        state.0 ^= state.0 << 17;
        (state.0 >> 32) as usize % ways
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Touches every way in `order`, then evicts and touches as often as there are ways.
    fn evictions<P: ReplacementPolicy>(ways: usize, order: &[usize]) -> Vec<usize> {
        let mut state = P::State::default();
        for &way in order {
            P::touch(&mut state, way, ways);
        }
        let mut evicted = Vec::new();
        for _ in 0..ways {
            let way = P::victim(&mut state, ways);
            P::touch(&mut state, way, ways);
            evicted.push(way);
        }
        evicted
    }

    #[test]
    fn lru_evicts_in_order_of_use() {
        let order = [3, 1, 0, 2, 3, 0];
        assert_eq!(evictions::<Lru>(4, &order), [1, 2, 3, 0]);
        let order = [7, 6, 5, 4, 3, 2, 1, 0];
        assert_eq!(evictions::<Lru>(8, &order), order);
        assert_eq!(evictions::<Lru>(1, &[0]), [0]);
    }

    #[test]
    fn pseudo_lru_never_evicts_the_last_used_and_visits_all() {
        for ways in [1, 2, 4, 8, 64] {
            let order: Vec<_> = (0..ways).collect();
            let mut evicted = evictions::<PseudoLru>(ways, &order);
            assert!(ways == 1 || evicted[0] != ways - 1);
            evicted.sort_unstable();
            assert_eq!(evicted, order, "{ways} ways");
        }
    }

    #[test]
    fn random_reaches_every_way_about_equally() {
        let mut state = Seed::default();
        let mut counts = [0u32; 8];
        for _ in 0..8000 {
            counts[Random::victim(&mut state, 8)] += 1;
        }
        assert!(counts.iter().all(|n| (800..1200).contains(n)), "{counts:?}");
    }
}
