//! The products of small blocks.
//!
//! All five products of attention are `C += A B` with the same needs: `B` and `C` have rows that
//! lie whole in memory, so that vectors go along them, and of `A` one number at a time is spread
//! over a vector, so that its strides do not matter and its transpose is free.
//!
//! ```text
//! scores   [t, s] = Q  [t, d]  Kᵀ [d, s]        dV [s, e] = Pᵀ  [s, t]  G [t, e]
//! O        [t, e] = P  [t, s]  V  [s, e]        dK [s, d] = dSᵀ [s, t]  Q [t, d]
//! dP       [t, s] = G  [t, e]  Vᵀ [e, s]        dQ [t, d] = dS  [t, s]  K [s, d]
//! ```
//!
//! Eight rows of two vectors of `C` stay in registers: per step that is 16 multiplications and
//! additions for 10 loads, so the arithmetic and not the memory sets the pace. Each number of `C`
//! is summed in the order of the steps, whatever block it is computed in: what a query gets does
//! not depend on how many there are beside it.

#![expect(unsafe_code, reason = "numbers are read through pointers and strides")]

use super::matrix::{Matrix, Rows};
use crate::simd::{Simd, vectorized};

/// How much of a product is computed.
#[derive(Clone, Copy)]
pub(super) struct Extent {
    /// Rows of `A` and `C`.
    pub(super) rows: usize,
    /// Vectors in a row of `B` and `C`.
    pub(super) vectors: usize,
    /// Columns of `A` and rows of `B`.
    pub(super) steps: usize,
}

/// Where the sums of a product begin.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Begin {
    /// `C = A B`
    AtZero,
    /// `C += A B`
    AtSum,
}

/// Whether a 0 in `A` hides what is in `B`, even if it is not a number: what may not be seen must
/// not be felt. Costs a question per step, so it is asked for only when a result without it is
/// not finite; where it is, both are the same to the bit.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Hiding {
    No,
    Yes,
}

vectorized! {
    /// `C = A B` or `C += A B`.
    pub(super) fn multiply<S>(
        a: Matrix, b: Rows, c: Rows, extent: Extent, begin: Begin, hiding: Hiding,
    ) {
        match hiding {
            Hiding::No => walk::<S, false>(a, b, c, extent, begin == Begin::AtSum),
            Hiding::Yes => walk::<S, true>(a, b, c, extent, begin == Begin::AtSum),
        }
    }
}

/// How many numbers a vector has at this level.
pub(super) fn lanes(level: crate::level::Level) -> usize {
    vectorized! {
        fn lanes<S>() -> usize { S::LANES }
    }
    lanes(level)
}

/// Block by block.
#[inline(always)]
fn walk<S: Simd, const HIDING: bool>(a: Matrix, b: Rows, c: Rows, extent: Extent, sum: bool) {
    let mut v = 0;
    while v < extent.vectors {
        let two = extent.vectors - v >= 2;
        let (b, c) = (b.after(0, v * S::LANES), c.after(0, v * S::LANES));
        let mut r = 0;
        while r < extent.rows {
            let (a, c) = (a.rows_from(r), c.after(r, 0));
            let steps = extent.steps;
            r += match extent.rows - r {
                8.. if two => block::<S, 8, 2, HIDING>(a, b, c, steps, sum),
                8.. => block::<S, 8, 1, HIDING>(a, b, c, steps, sum),
                4.. if two => block::<S, 4, 2, HIDING>(a, b, c, steps, sum),
                4.. => block::<S, 4, 1, HIDING>(a, b, c, steps, sum),
                _ if two => block::<S, 1, 2, HIDING>(a, b, c, steps, sum),
                _ => block::<S, 1, 1, HIDING>(a, b, c, steps, sum),
            };
        }
        v += if two { 2 } else { 1 };
    }
}

/// `R` rows of `W` vectors. Gives back `R`.
#[inline(always)]
fn block<S: Simd, const R: usize, const W: usize, const HIDING: bool>(
    a: Matrix,
    b: Rows,
    c: Rows,
    steps: usize,
    sum: bool,
) -> usize {
    let mut sums = [[S::splat(0.0); W]; R];
    if sum {
        for (r, sums) in sums.iter_mut().enumerate() {
            for (w, sum) in sums.iter_mut().enumerate() {
                // SAFETY: a vector of `C`, which the caller owns.
                *sum = unsafe { S::load(c.at(r).add(w * S::LANES)) };
            }
        }
    }
    for x in 0..steps {
        let mut row = [S::splat(0.0); W];
        for (w, b_w) in row.iter_mut().enumerate() {
            // SAFETY: a vector of row `x` of `B`, as long as the caller says.
            *b_w = unsafe { S::load(b.at(x).add(w * S::LANES)) };
        }
        for (r, sums) in sums.iter_mut().enumerate() {
            // SAFETY: number `[r, x]` of `A`.
            let a = unsafe { *a.at(r, x) };
            if HIDING && a == 0.0 {
                continue;
            }
            for (sum, b) in sums.iter_mut().zip(row) {
                *sum = S::fma(S::splat(a), b, *sum);
            }
        }
    }
    for (r, sums) in sums.iter().enumerate() {
        for (w, sum) in sums.iter().enumerate() {
            // SAFETY: as above.
            unsafe { S::store(c.at(r).add(w * S::LANES), *sum) };
        }
    }
    R
}
