//! From scores to weights, and from the slopes of weights to those of scores: row by row.
//!
//! A softmax needs the largest score and the sum before it can say what any weight is, and both
//! need all keys. M. Milakov and N. Gimelshein ("Online normalizer calculation for softmax", 2018)
//! do with those so far: when block `b` of the keys has a larger score, all that was summed before
//! is multiplied by what the change of `m` makes of it.
//!
//! ```text
//! m' = max(m, max(s_b))      l' = l e^(m - m') + Σ e^(s_b - m')      o' = o e^(m - m') + e^(s_b - m') v_b
//! ```
//!
//! In the end `o / l` is what the softmax over all keys would have given.

#![expect(unsafe_code, reason = "numbers are read and written through pointers")]

use super::matrix::Rows;
use crate::math::exp;
use crate::simd::{Simd, vectorized};

/// Which of the scores in a row count.
#[derive(Clone, Copy, Default)]
pub(super) struct Span {
    /// How many keys the query may see by its place.
    pub(super) seen: usize,
    /// How far weights are asked for: those not seen are 0.
    pub(super) end: usize,
}

/// What scores are multiplied by, and what is added then.
#[derive(Clone, Copy)]
pub(super) struct Change {
    pub(super) scale: f32,
    /// A row per query, or the same for all. -inf hides, even a score that is not a number.
    pub(super) bias: Option<Rows>,
}

/// What is known of a query's softmax after some of the keys.
#[derive(Clone, Copy)]
pub(super) struct Running {
    /// The largest score.
    pub(super) largest: f32,
    /// The sum of `e^(score - largest)`.
    pub(super) sum: f32,
    /// What sums before the last block are to be multiplied by.
    pub(super) shrink: f32,
}

impl Running {
    pub(super) const START: Self = Self { largest: f32::NEG_INFINITY, sum: 0.0, shrink: 1.0 };
}

/// 0, 1, 2, … for as many lanes as there may be.
const INDEX: [f32; 16] =
    [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0];

/// `x` where the key is seen, elsewhere `hidden`, of the keys from `j` on.
#[inline(always)]
fn where_seen<S: Simd>(j: usize, seen: usize, x: S::F, hidden: f32) -> S::F {
    if j + S::LANES <= seen {
        return x;
    }
    let left = S::splat(seen.saturating_sub(j) as f32);
    S::select(S::lt(S::read(&INDEX[..S::LANES]), left), x, S::splat(hidden))
}

/// Scales and hides the scores of row `r`; gives back the largest, -inf if there is none.
#[inline(always)]
fn change<S: Simd>(row: *mut f32, r: usize, span: Span, change: Change) -> f32 {
    let (scale, hidden) = (S::splat(change.scale), S::splat(f32::NEG_INFINITY));
    let mut largest = hidden;
    for j in (0..span.end).step_by(S::LANES) {
        // SAFETY: rows are as long as whole vectors to their end; so is the bias.
        let mut x = S::mul(unsafe { S::load(row.add(j)) }, scale);
        if let Some(bias) = change.bias {
            // SAFETY: as above.
            let bias = unsafe { S::load(bias.at(r).add(j)) };
            x = S::select(S::eq(bias, hidden), hidden, S::add(x, bias));
        }
        x = where_seen::<S>(j, span.seen, x, f32::NEG_INFINITY);
        // SAFETY: as above.
        unsafe { S::store(row.add(j), x) };
        largest = S::max(x, largest);
    }
    S::largest(largest)
}

/// `e^x`, and 0 where that is no normal number: processors take a hundred times as long for those,
/// and a weight of 1e-38 beside one of 1 is not felt.
#[inline(always)]
fn power<S: Simd>(x: S::F) -> S::F {
    let least = S::splat(-87.0);
    S::select(S::lt(x, least), S::splat(0.0), exp::<S>(S::max(least, x)))
}

/// Scores become `e^(score - base)`; gives back their sum.
#[inline(always)]
fn powers<S: Simd>(row: *mut f32, end: usize, base: f32) -> f32 {
    let (mut sum, base) = (S::splat(0.0), S::splat(base));
    for j in (0..end).step_by(S::LANES) {
        // SAFETY: rows are as long as whole vectors to their end.
        let power = power::<S>(S::sub(unsafe { S::load(row.add(j)) }, base));
        // SAFETY: as above.
        unsafe { S::store(row.add(j), power) };
        sum = S::add(sum, power);
    }
    S::sum(sum)
}

/// What is subtracted from scores of which this is the largest: 0 where all are hidden, so that
/// their powers are 0 and not NaN.
fn base(largest: f32) -> f32 {
    if largest == f32::NEG_INFINITY { 0.0 } else { largest }
}

vectorized! {
    /// Scores of a block of keys become weights before the division by their sum.
    pub(super) fn weigh<S>(
        scores: Rows, spans: &[Span], how: Change, running: &mut [Running],
    ) {
        for (r, (span, state)) in spans.iter().zip(running).enumerate() {
            let before = state.largest;
            let largest = before.max(change::<S>(scores.at(r), r, *span, how));
            let sum = powers::<S>(scores.at(r), span.end, base(largest));
            let shrink = match before {
                f32::NEG_INFINITY => 0.0, // and what was summed is 0
                _ if before == largest => 1.0,
                _ => (before - largest).exp(),
            };
            *state = Running { largest, sum: state.sum * shrink + sum, shrink };
        }
    }

    /// Multiplies what was summed so far by what the new largest score makes of it.
    pub(super) fn shrink<S>(sums: Rows, vectors: usize, running: &[Running]) {
        for (r, state) in running.iter().enumerate().filter(|(_, state)| state.shrink != 1.0) {
            for v in 0..vectors {
                let at = sums.at(r).wrapping_add(v * S::LANES);
                // SAFETY: a vector of the row.
                unsafe { S::store(at, S::mul(S::load(at), S::splat(state.shrink))) };
            }
        }
    }

    /// Writes `count` rows of `sums`, `len` numbers of each, times the factor of the row, to `out`;
    /// zeros, where the factor is 0. Gives back whether all are finite.
    pub(super) fn finish<S, F: Fn(usize) -> f32>(
        sums: Rows, count: usize, len: usize, factor: F, out: Rows,
    ) -> bool {
        let zero = S::splat(0.0);
        let mut zeros = zero; // for 0 times infinity is NaN
        for r in 0..count {
            let factor = S::splat(factor(r));
            let nothing = S::eq(factor, zero);
            for j in (0..len).step_by(S::LANES) {
                // SAFETY: rows of `sums` are whole vectors; of `out` no more than `len` is written.
                unsafe {
                    let x = S::mul(S::load(sums.at(r).add(j)), factor);
                    let x = S::select(nothing, zero, x);
                    zeros = S::fma(x, zero, zeros);
                    match len - j >= S::LANES {
                        true => S::store(out.at(r).add(j), x),
                        false => S::store_first(out.at(r).add(j), len - j, x),
                    }
                }
            }
        }
        !S::sum(zeros).is_nan()
    }

    /// On the way back: `scores` become the weights `p` that dropout leaves, `p m`, and
    /// the slopes `dp = g vᵀ` become those of the scores, `p (dp m - Σ p dp m)`.
    pub(super) fn slopes<S>(
        scores: Rows, slopes: Rows, spans: &[Span], how: Change, factors: Option<Rows>,
    ) {
        for (r, span) in spans.iter().enumerate() {
            let (weights, slopes) = (scores.at(r), slopes.at(r));
            let factors = factors.map(|factors| factors.at(r).cast_const());
            let largest = change::<S>(weights, r, *span, how);
            let sum = powers::<S>(weights, span.end, base(largest));
            let share = if sum == 0.0 { 0.0 } else { 1.0 / sum };
            let average = slopes_of_weights::<S>(weights, slopes, *span, share, factors);
            slopes_of_scores::<S>(weights, slopes, *span, average, factors);
        }
    }
}

/// A vector of factors, or of ones.
#[inline(always)]
fn factor<S: Simd>(factors: Option<*const f32>, j: usize) -> S::F {
    match factors {
        // SAFETY: there is a factor for each weight, to the end of whole vectors.
        Some(factors) => unsafe { S::load(factors.add(j)) },
        None => S::splat(1.0),
    }
}

/// Powers become weights, and slopes of what dropout leaves of them become theirs. Gives back the
/// average slope.
#[inline(always)]
fn slopes_of_weights<S: Simd>(
    weights: *mut f32,
    slopes: *mut f32,
    span: Span,
    share: f32,
    factors: Option<*const f32>,
) -> f32 {
    let (zero, share) = (S::splat(0.0), S::splat(share));
    let mut average = zero;
    for j in (0..span.end).step_by(S::LANES) {
        // SAFETY: rows are as long as whole vectors to their end.
        let (weight, slope) = unsafe { (S::load(weights.add(j)), S::load(slopes.add(j))) };
        // Again, as 0 times a share that is NaN is NaN.
        let weight = where_seen::<S>(j, span.seen, S::mul(weight, share), 0.0);
        let factor = factor::<S>(factors, j);
        // A value that was not looked at has no say, even if it is NaN.
        let unseen = S::eq(S::mul(weight, factor), zero);
        let slope = S::select(unseen, zero, S::mul(slope, factor));
        // SAFETY: as above.
        unsafe {
            S::store(weights.add(j), weight);
            S::store(slopes.add(j), slope);
        }
        average = S::fma(weight, slope, average);
    }
    S::sum(average)
}

/// Slopes of weights become those of scores, and weights what dropout leaves of them.
#[inline(always)]
fn slopes_of_scores<S: Simd>(
    weights: *mut f32,
    slopes: *mut f32,
    span: Span,
    average: f32,
    factors: Option<*const f32>,
) {
    let average = S::splat(average);
    for j in (0..span.end).step_by(S::LANES) {
        // SAFETY: rows are as long as whole vectors to their end.
        let (weight, slope) = unsafe { (S::load(weights.add(j)), S::load(slopes.add(j))) };
        let slope = S::mul(weight, S::sub(slope, average));
        let slope = where_seen::<S>(j, span.seen, slope, 0.0);
        // SAFETY: as above.
        unsafe {
            S::store(slopes.add(j), slope);
            S::store(weights.add(j), S::mul(weight, factor::<S>(factors, j)));
        }
    }
}
