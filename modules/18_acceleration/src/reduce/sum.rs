//! Sums.

use super::{Reduction, WIDTH};
use crate::elementwise::One;
use crate::simd::Simd;
use std::ops::Range;

/// The sum, divided by a number: 1, or the count for a mean.
#[derive(Clone, Copy)]
pub(crate) struct SumOver(pub(crate) f64);

/// So many vectors are added side by side, so that no addition waits for the one before it.
const SIDE_BY_SIDE: usize = 8;
/// So many times, before single precision gives way to double.
const STEPS: usize = 16;

impl Reduction for SumOver {
    type Partial = f64;
    const EMPTY: f64 = 0.0;

    #[inline(always)]
    fn with(self, sum: f64, x: f32) -> f64 {
        sum + f64::from(x)
    }

    #[inline(always)]
    fn join(self, a: f64, b: f64) -> f64 {
        a + b
    }

    #[inline(always)]
    fn finish(self, sum: f64) -> f32 {
        (sum / self.0) as f32
    }

    fn unfinished(self) -> Self {
        Self(1.0)
    }

    #[inline(always)]
    fn row<S: Simd>(self, x: &[f32]) -> f64 {
        sum_of::<S>(x, 0.0, Itself)
    }

    #[inline(always)]
    fn columns<S: Simd>(self, x: &[f32], step: usize, out: &mut [f64]) {
        let mut block = [0.0_f32; WIDTH];
        let block = &mut block[..out.len()];
        for rows in x.chunks(SIDE_BY_SIDE * STEPS * step) {
            block.fill(0.0);
            for rows in rows.chunks(SIDE_BY_SIDE * step) {
                add_rows::<S>(rows, step, block);
            }
            out.iter_mut().zip(&*block).for_each(|(out, &sum)| *out += f64::from(sum));
        }
    }
}

/// Adds up to [`SIDE_BY_SIDE`] rows, in pairs, and then their sum to `block`.
#[inline(always)]
fn add_rows<S: Simd>(rows: &[f32], step: usize, block: &mut [f32]) {
    let width = block.len();
    if rows.len() >= (SIDE_BY_SIDE - 1) * step + width {
        let mut eight = [&rows[..width]; SIDE_BY_SIDE];
        for (k, row) in eight.iter_mut().enumerate() {
            *row = &rows[k * step..][..width];
        }
        let whole = width - width % S::LANES;
        for i in (0..whole).step_by(S::LANES) {
            add_vectors::<S>(eight, i..i + S::LANES, block);
        }
        if whole < width {
            add_vectors::<S>(eight, whole..width, block);
        }
        return;
    }
    for row in rows.chunks(step) {
        for (sum, x) in block.chunks_mut(S::LANES).zip(row[..width].chunks(S::LANES)) {
            S::write(sum, S::add(S::read(sum), S::read(x)));
        }
    }
}

/// Adds one vector of each row to that of `block`.
#[inline(always)]
fn add_vectors<S: Simd>(rows: [&[f32]; SIDE_BY_SIDE], at: Range<usize>, block: &mut [f32]) {
    let mut vectors = [S::splat(0.0); SIDE_BY_SIDE];
    for (vector, row) in vectors.iter_mut().zip(rows) {
        *vector = S::read(&row[at.clone()]);
    }
    let block = &mut block[at];
    S::write(block, S::add(S::read(block), in_pairs::<S>(vectors)));
}

/// `x`.
pub(crate) struct Itself;

impl One for Itself {
    #[inline(always)]
    fn of<S: Simd>(&self, x: S::F) -> S::F {
        x
    }
}

/// The sum of `f` of each number; `f(padding)` is 0.
#[inline(always)]
pub(crate) fn sum_of<S: Simd>(x: &[f32], padding: f32, f: impl One) -> f64 {
    let mut total = 0.0;
    for block in x.chunks(STEPS * SIDE_BY_SIDE * S::LANES) {
        let mut sums = [S::splat(0.0); SIDE_BY_SIDE];
        let mut parts = block.chunks_exact(SIDE_BY_SIDE * S::LANES);
        for part in &mut parts {
            for (sum, x) in sums.iter_mut().zip(part.chunks_exact(S::LANES)) {
                *sum = S::add(*sum, f.of::<S>(S::read(x)));
            }
        }
        for (sum, x) in sums.iter_mut().zip(parts.remainder().chunks(S::LANES)) {
            *sum = S::add(*sum, f.of::<S>(padded::<S>(x, padding)));
        }
        total += f64::from(S::sum(in_pairs::<S>(sums)));
    }
    total
}

/// A vector of the numbers of `x`, then `padding`.
#[inline(always)]
fn padded<S: Simd>(x: &[f32], padding: f32) -> S::F {
    if padding == 0.0 || x.len() == S::LANES {
        return S::read(x);
    }
    let mut vector = [padding; 16];
    vector[..x.len()].copy_from_slice(x);
    S::read(&vector[..S::LANES])
}

/// The sum of the vectors.
#[inline(always)]
fn in_pairs<S: Simd>(mut sums: [S::F; SIDE_BY_SIDE]) -> S::F {
    for half in [4, 2, 1] {
        for k in 0..half {
            sums[k] = S::add(sums[k], sums[k + half]);
        }
    }
    sums[0]
}
