//! Products with few rows: a model that writes one word at a time reads each weight for one
//! multiplication, so memory is the limit, and bf16 is twice as fast as f32 by being half as long.
//!
//! Nothing is packed, which pays for some rows more: packing reads and writes every weight, while
//! the second to twentieth row cost their multiplications only. Each weight is widened in a
//! register (its bits moved up by 16) on its way to the multiplication; the rows are floats that
//! were rounded once.

#![expect(unsafe_code, reason = "weights are read through pointers")]

use super::number::Bf16;
use crate::level::Level;
use crate::out::Out;
use crate::simd::{Simd, vectorized};
use crate::threads::parallel_ranges;
use std::ops::Range;

/// About how many weights a thread takes at a time: 128 KiB, which its second cache keeps while
/// several rows pass by.
const PIECE: usize = 64 << 10;

/// How many results are filled at a time when the weights lie row by row, what the first cache
/// keeps while the rows of weights pass by; and of how many columns at most and at least.
const FILLED: usize = 4096;
const WIDE: usize = 2048;
const NARROW: usize = 512;

/// How many rows and how many columns, or rows of weights, are multiplied side by side.
const SIDE: usize = 4;

/// How many weights ahead are asked for: 1 KiB.
const AHEAD: usize = 512;

/// Weights `[k, n]` in one of two orders.
#[derive(Clone, Copy)]
pub(crate) struct Weights<'a> {
    /// From the first on.
    pub numbers: &'a [Bf16],
    /// `k`
    pub depth: usize,
    /// `n`
    pub columns: usize,
    /// What lies side by side.
    pub order: Order,
}

/// How weights lie.
#[derive(Clone, Copy)]
pub(crate) enum Order {
    /// Column after column, so far apart: a layer's `[out, in]`. Each result is a product of
    /// two rows of memory.
    Columns(usize),
    /// Row after row, so far apart. The result is a mix of the rows.
    Rows(usize),
}

/// `x [m, k]` times the weights: `out [m, n]`, to which is added what `bias` has per column.
///
/// # Panics
/// When `k` is 0.
pub(crate) fn stream(
    level: Level,
    x: &[f32],
    weights: &Weights<'_>,
    bias: Option<&[f32]>,
    out: Out<'_, f32>,
) {
    let Weights { columns, depth, .. } = *weights;
    let m = x.len() / depth;
    assert!(out.len() == m * columns);
    let wide = match weights.order {
        _ if m * columns * depth < 4 * PIECE => columns.max(1),
        Order::Columns(_) => (PIECE / depth).next_multiple_of(SIDE).max(SIDE),
        Order::Rows(_) => (FILLED / m).clamp(NARROW, WIDE),
    };
    let product = Streamed { x, weights, bias, out };
    parallel_ranges(columns, wide, |columns| match weights.order {
        Order::Columns(apart) => {
            for i in (0..m).step_by(SIDE) {
                dots(level, &product, apart, i..(i + SIDE).min(m), columns.clone());
            }
        }
        Order::Rows(apart) => mixes(level, &product, apart, 0..m, columns),
    });
}

/// What is to be multiplied, and where to.
struct Streamed<'a> {
    x: &'a [f32],
    weights: &'a Weights<'a>,
    bias: Option<&'a [f32]>,
    out: Out<'a, f32>,
}

impl<'a> Streamed<'a> {
    /// The results of a row in these columns.
    ///
    /// # Safety
    /// Nobody else is writing to them.
    #[inline(always)]
    unsafe fn results(&self, row: usize, columns: Range<usize>) -> &'a mut [f32] {
        let start = row * self.weights.columns;
        // SAFETY: the caller's promise.
        unsafe { self.out.part(start + columns.start..start + columns.end) }
    }
}

vectorized! {
    /// Each result a product of two rows of memory. The columns that are read side by side are
    /// each from another stretch, so that memory sees long runs: see [`crate::gemm`].
    fn dots<S>(product: &Streamed<'_>, apart: usize, rows: Range<usize>, columns: Range<usize>) {
        let depth = product.weights.depth;
        let x = &product.x[rows.start * depth..rows.end * depth];
        let stretch = columns.len() / SIDE;
        let alone = columns.start + SIDE * stretch..columns.end;
        for j in (columns.start..columns.start + stretch).chain(alone.clone()) {
            let n = if j < alone.start { SIDE } else { 1 };
            let column = |c: usize| {
                let start = (j + c.min(n - 1) * stretch) * apart;
                &product.weights.numbers[start..start + depth]
            };
            let four = [column(0), column(1), column(2), column(3)];
            let sums = match (rows.len(), n) {
                (1, SIDE) => dots_of::<S, 1, SIDE>(x, four),
                (2, SIDE) => dots_of::<S, 2, SIDE>(x, four),
                (3, SIDE) => dots_of::<S, 3, SIDE>(x, four),
                (_, SIDE) => dots_of::<S, 4, SIDE>(x, four),
                (1, _) => dots_of::<S, 1, 1>(x, [four[0]]),
                (2, _) => dots_of::<S, 2, 1>(x, [four[0]]),
                (3, _) => dots_of::<S, 3, 1>(x, [four[0]]),
                _ => dots_of::<S, 4, 1>(x, [four[0]]),
            };
            for (i, sums) in rows.clone().zip(sums) {
                for (c, sum) in sums.into_iter().enumerate().take(n) {
                    let j = j + c * stretch;
                    // SAFETY: each column belongs to one piece.
                    let to = unsafe { product.results(i, j..j + 1) };
                    to[0] = sum + product.bias.map_or(0.0, |bias| bias[j]);
                }
            }
        }
    }

    /// The results a mix of the rows of weights.
    fn mixes<S>(product: &Streamed<'_>, apart: usize, rows: Range<usize>, columns: Range<usize>) {
        for i in rows.clone() {
            // SAFETY: each column belongs to one piece, and one row is in use at a time.
            let to = unsafe { product.results(i, columns.clone()) };
            match product.bias {
                Some(bias) => to.copy_from_slice(&bias[columns.clone()]),
                None => to.fill(0.0),
            }
        }
        let (depth, mut k) = (product.weights.depth, 0);
        while k < depth {
            let n = if k + SIDE <= depth { SIDE } else { 1 };
            for i in rows.clone().step_by(SIDE) {
                let mix = Mix { product, apart, k, i, columns: columns.clone() };
                match (rows.end - i, n) {
                    (1, SIDE) => mix.add::<S, 1, SIDE>(),
                    (2, SIDE) => mix.add::<S, 2, SIDE>(),
                    (3, SIDE) => mix.add::<S, 3, SIDE>(),
                    (_, SIDE) => mix.add::<S, 4, SIDE>(),
                    (1, _) => mix.add::<S, 1, 1>(),
                    (2, _) => mix.add::<S, 2, 1>(),
                    (3, _) => mix.add::<S, 3, 1>(),
                    _ => mix.add::<S, 4, 1>(),
                }
            }
            k += n;
        }
    }
}

/// The product of each of `M` rows of floats with each of `C` columns of weights.
#[inline(always)]
fn dots_of<S: Simd, const M: usize, const C: usize>(
    x: &[f32],
    columns: [&[Bf16]; C],
) -> [[f32; SIDE]; SIDE] {
    let depth = columns[0].len();
    let mut sums = [[S::splat(0.0); C]; M];
    let whole = depth / S::LANES * S::LANES;
    for k in (0..whole).step_by(S::LANES) {
        let mut w = [S::splat(0.0); C];
        for (w, column) in w.iter_mut().zip(columns) {
            if k % 32 == 0 {
                S::prefetch(column.as_ptr().wrapping_add(k + AHEAD).cast());
            }
            // SAFETY: a column has `depth` numbers, of which `LANES` are left from `k` on.
            *w = unsafe { S::load_bf16(column.as_ptr().add(k).cast()) };
        }
        for (i, sums) in sums.iter_mut().enumerate() {
            // SAFETY: so has a row.
            let x = unsafe { S::load(x.as_ptr().add(i * depth + k)) };
            for (sum, w) in sums.iter_mut().zip(w) {
                *sum = S::fma(x, w, *sum);
            }
        }
    }
    let mut results = [[0.0; SIDE]; SIDE];
    for (i, sums) in sums.into_iter().enumerate() {
        for (c, sum) in sums.into_iter().enumerate() {
            let rest = x[i * depth + whole..(i + 1) * depth].iter().zip(&columns[c][whole..]);
            results[i][c] = rest.fold(S::sum(sum), |sum, (x, w)| sum + x * w.to_f32());
        }
    }
    results
}

/// Rows of weights from `k` on, to be added to rows of the result from `i` on.
struct Mix<'a> {
    product: &'a Streamed<'a>,
    apart: usize,
    k: usize,
    i: usize,
    columns: Range<usize>,
}

impl Mix<'_> {
    /// `result[i] += x[i, k] w[k] + x[i, k + 1] w[k + 1] + …` for `M` rows of the result and `R`
    /// of weights, asking for the rows that follow.
    #[inline(always)]
    fn add<S: Simd, const M: usize, const R: usize>(&self) {
        let Streamed { x, weights, .. } = *self.product;
        let (mut rows, mut factors) = ([&weights.numbers[..0]; R], [[0.0; R]; M]);
        for (r, row) in rows.iter_mut().enumerate() {
            let start = (self.k + r) * self.apart;
            *row = &weights.numbers[start + self.columns.start..start + self.columns.end];
        }
        for (m, factors) in factors.iter_mut().enumerate() {
            factors.copy_from_slice(&x[(self.i + m) * weights.depth + self.k..][..R]);
        }
        let (n, ahead) = (self.columns.len(), R * self.apart);
        let whole = n / S::LANES * S::LANES;
        // SAFETY: each column belongs to one piece.
        let to = |m| unsafe { self.product.results(self.i + m, self.columns.clone()) };
        for j in (0..whole).step_by(S::LANES) {
            let mut w = [S::splat(0.0); R];
            for (w, row) in w.iter_mut().zip(&rows) {
                S::prefetch(row.as_ptr().wrapping_add(j + ahead).cast());
                // SAFETY: a row has `LANES` numbers from `j` on.
                *w = unsafe { S::load_bf16(row.as_ptr().add(j).cast()) };
            }
            for (m, factors) in factors.iter().enumerate() {
                let to = to(m)[j..].as_mut_ptr();
                // SAFETY: so has the result.
                let mut sum = unsafe { S::load(to) };
                for (w, factor) in w.iter().zip(factors) {
                    sum = S::fma(S::splat(*factor), *w, sum);
                }
                // SAFETY: as above.
                unsafe { S::store(to, sum) };
            }
        }
        for (m, factors) in factors.iter().enumerate() {
            for (j, to) in to(m).iter_mut().enumerate().skip(whole) {
                let products = rows.iter().zip(factors).map(|(row, x)| x * row[j].to_f32());
                *to = products.fold(*to, |sum, product| sum + product);
            }
        }
    }
}
