//! The scores of few queries: the newest word of a text that is being written.
//!
//! There is one query and thousands of keys; each key is read once, and nothing is gained by
//! bringing them into another order first. The vectors go along the features, and the memory sets
//! the pace.

#![expect(unsafe_code, reason = "numbers are read and written through pointers")]

use super::matrix::{Matrix, Rows};
use super::weights::Span;
use crate::simd::{Simd, vectorized};

vectorized! {
    /// Products of each query with the keys that its span goes to. The numbers of a key are next
    /// to each other; `query` is room for one with zeros behind, to a whole vector.
    pub(super) fn scores_of_few<S>(
        q: Matrix, k: Matrix, width: usize, query: *mut f32, scores: Rows, spans: &[Span],
    ) {
        for (r, span) in spans.iter().enumerate() {
            // SAFETY: a query's numbers; `query` has room for them and zeros.
            unsafe {
                for c in 0..width.next_multiple_of(S::LANES) {
                    *query.add(c) = if c < width { *q.rows_from(r).start.add(c * q.step) } else { 0.0 };
                }
            }
            let mut j = 0;
            while j < span.end {
                let key = k.rows_from(j).start;
                let to = scores.at(r).wrapping_add(j);
                j += match span.end - j {
                    4.. => products::<S, 4>(query, key, k.row, width, to),
                    _ => products::<S, 1>(query, key, k.row, width, to),
                };
            }
            // The vector in which the scores end is read as a whole.
            for j in span.end..span.end.next_multiple_of(S::LANES) {
                // SAFETY: rows of scores are whole vectors.
                unsafe { *scores.at(r).add(j) = 0.0 };
            }
        }
    }
}

/// The products of a query with `N` keys that are `row` apart. Gives back `N`.
#[inline(always)]
fn products<S: Simd, const N: usize>(
    query: *const f32,
    key: *const f32,
    row: usize,
    width: usize,
    to: *mut f32,
) -> usize {
    let mut sums = [S::splat(0.0); N];
    for c in (0..width).step_by(S::LANES) {
        // SAFETY: of the query there are whole vectors, of a key no more than its numbers are read.
        unsafe {
            let q = S::load(query.add(c));
            for (n, sum) in sums.iter_mut().enumerate() {
                let key = key.add(n * row + c);
                let k = match width - c >= S::LANES {
                    true => S::load(key),
                    false => S::load_first(key, width - c),
                };
                *sum = S::fma(q, k, *sum);
            }
        }
    }
    for (n, sum) in sums.into_iter().enumerate() {
        // SAFETY: a score of each key.
        unsafe { *to.add(n) = S::sum(sum) };
    }
    N
}
