//! The largest and the smallest, and where they are.

use super::Reduction;
use crate::elementwise::Two;
use crate::simd::Simd;
use tinytorch_tensor::{Maximum, Minimum};

/// Which of two numbers is kept; NaN always.
pub(crate) trait Extreme: Copy + Sync {
    /// What no number loses against.
    const WORST: f32;

    /// Whether `a` is kept rather than `b`, neither of them NaN.
    fn beats(a: f32, b: f32) -> bool;

    /// The one kept, lane by lane.
    fn better<S: Simd>(a: S::F, b: S::F) -> S::F;

    /// The one kept.
    #[inline(always)]
    fn better_of(a: f32, b: f32) -> f32 {
        if Self::beats(a, b) || a.is_nan() { a } else { b }
    }
}

/// The larger of two.
#[derive(Clone, Copy)]
pub(crate) struct Largest;

impl Extreme for Largest {
    const WORST: f32 = f32::NEG_INFINITY;

    #[inline(always)]
    fn beats(a: f32, b: f32) -> bool {
        a > b
    }

    #[inline(always)]
    fn better<S: Simd>(a: S::F, b: S::F) -> S::F {
        Maximum.of::<S>(a, b)
    }
}

/// The smaller of two.
#[derive(Clone, Copy)]
pub(crate) struct Smallest;

impl Extreme for Smallest {
    const WORST: f32 = f32::INFINITY;

    #[inline(always)]
    fn beats(a: f32, b: f32) -> bool {
        a < b
    }

    #[inline(always)]
    fn better<S: Simd>(a: S::F, b: S::F) -> S::F {
        Minimum.of::<S>(a, b)
    }
}

/// So many vectors are compared side by side.
const SIDE_BY_SIDE: usize = 4;

/// The extreme of a row or of columns.
#[derive(Clone, Copy)]
pub(crate) struct Best<E>(pub(crate) E);

impl<E: Extreme> Reduction for Best<E> {
    type Partial = f32;
    const EMPTY: f32 = E::WORST;

    #[inline(always)]
    fn with(self, best: f32, x: f32) -> f32 {
        E::better_of(best, x)
    }

    #[inline(always)]
    fn join(self, a: f32, b: f32) -> f32 {
        E::better_of(a, b)
    }

    #[inline(always)]
    fn finish(self, best: f32) -> f32 {
        best
    }

    fn unfinished(self) -> Self {
        self
    }

    #[inline(always)]
    fn row<S: Simd>(self, x: &[f32]) -> f32 {
        let mut best = [S::splat(E::WORST); SIDE_BY_SIDE];
        let mut parts = x.chunks_exact(SIDE_BY_SIDE * S::LANES);
        for part in &mut parts {
            for (best, x) in best.iter_mut().zip(part.chunks_exact(S::LANES)) {
                *best = E::better::<S>(*best, S::read(x));
            }
        }
        let mut parts = parts.remainder().chunks_exact(S::LANES);
        for (best, x) in best.iter_mut().zip(&mut parts) {
            *best = E::better::<S>(*best, S::read(x));
        }
        let [a, b, c, d] = best;
        let best = E::better::<S>(E::better::<S>(a, b), E::better::<S>(c, d));
        let mut lanes = [E::WORST; 16];
        S::write(&mut lanes[..S::LANES], best);
        lanes.iter().chain(parts.remainder()).fold(E::WORST, |best, &x| E::better_of(best, x))
    }

    #[inline(always)]
    fn columns<S: Simd>(self, x: &[f32], step: usize, out: &mut [f32]) {
        for row in x.chunks(step) {
            let row = &row[..out.len()];
            for (best, x) in out.chunks_mut(S::LANES).zip(row.chunks(S::LANES)) {
                S::write(best, E::better::<S>(S::read(best), S::read(x)));
            }
        }
    }
}

/// Where the best number of a row is, the first of equal ones; 0 of none.
#[inline(always)]
pub(crate) fn place<S: Simd, E: Extreme>(extreme: E, row: &[f32]) -> usize {
    const BLOCK: usize = 256;
    // Two passes: what it is, and where it is met first. To carry places along costs more.
    let best = Best(extreme).row::<S>(row);
    let found = |x: f32| x == best || x.is_nan() && best.is_nan();
    let in_block = |block: &[f32]| block.iter().fold(false, |any, &x| any | found(x));
    let block = row.chunks(BLOCK).position(in_block).unwrap_or(0);
    let within = row.iter().skip(block * BLOCK).position(|&x| found(x));
    block * BLOCK + within.unwrap_or(0)
}
