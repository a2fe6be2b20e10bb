//! Sums.

use super::{Reduction, WIDTH};
use crate::simd::Simd;

/// The sum, divided by a number: 1, or the count for a mean.
#[derive(Clone, Copy)]
pub(crate) struct SumOver(pub(crate) f64);

/// So many vectors are added side by side, so that no addition waits for the one before it.
const SIDE_BY_SIDE: usize = 8;
/// So many times, before single precision gives way to double.
const STEPS: usize = 8;

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
        sum_of::<S>(x, 0.0, |x| x)
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
        for (i, sum) in block.chunks_mut(S::LANES).enumerate() {
            let at = i * S::LANES;
            let row = |k: usize| S::read(&rows[k * step + at..][..sum.len()]);
            let pairs: [S::F; 4] = std::array::from_fn(|k| S::add(row(k), row(k + 4)));
            let all = S::add(S::add(pairs[0], pairs[2]), S::add(pairs[1], pairs[3]));
            S::write(sum, S::add(S::read(sum), all));
        }
        return;
    }
    for row in rows.chunks(step) {
        for (sum, x) in block.chunks_mut(S::LANES).zip(row[..width].chunks(S::LANES)) {
            S::write(sum, S::add(S::read(sum), S::read(x)));
        }
    }
}

/// The sum of `f` of each number; `f(padding)` is 0.
#[inline(always)]
pub(crate) fn sum_of<S: Simd>(x: &[f32], padding: f32, f: impl Fn(S::F) -> S::F) -> f64 {
    let mut total = 0.0;
    for block in x.chunks(STEPS * SIDE_BY_SIDE * S::LANES) {
        let mut sums = [S::splat(0.0); SIDE_BY_SIDE];
        let mut parts = block.chunks_exact(SIDE_BY_SIDE * S::LANES);
        for part in &mut parts {
            for (sum, x) in sums.iter_mut().zip(part.chunks_exact(S::LANES)) {
                *sum = S::add(*sum, f(S::read(x)));
            }
        }
        for (sum, x) in sums.iter_mut().zip(parts.remainder().chunks(S::LANES)) {
            *sum = S::add(*sum, f(padded::<S>(x, padding)));
        }
        for half in [4, 2, 1] {
            for k in 0..half {
                sums[k] = S::add(sums[k], sums[k + half]);
            }
        }
        total += f64::from(S::sum(sums[0]));
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
