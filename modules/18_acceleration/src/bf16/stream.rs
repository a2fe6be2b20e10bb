//! Products with few rows: a model that writes one word at a time reads each weight for one
//! multiplication, so memory is the limit, and bf16 is twice as fast as f32 by being half as long.
//!
//! Nothing is packed. Each weight is widened in a register (its bits moved up by 16) on its way
//! to the multiplication; the rows are floats that were rounded once.

#![expect(unsafe_code, reason = "weights are read through pointers")]

use super::number::Bf16;
use crate::level::Level;
use crate::out::Out;
use crate::simd::{Simd, vectorized};
use crate::threads::parallel_ranges;
use std::array::from_fn;
use std::ops::Range;

/// How many rows are streamed for at most: with more, packing the weights costs less than what
/// widening them saves.
pub(crate) const ROWS: usize = 4;

/// About how many weights a thread takes at a time: 128 KiB.
const PIECE: usize = 64 << 10;

/// How many columns of weights are read side by side.
const COLUMNS: usize = 4;

/// How many columns are filled at a time when the weights lie row by row: what stays in the first
/// cache.
const FILLED: usize = 1024;

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
/// When `m` is not 1 to [`ROWS`].
pub(crate) fn stream(
    level: Level,
    x: &[f32],
    m: usize,
    weights: &Weights<'_>,
    bias: Option<&[f32]>,
    out: Out<'_, f32>,
) {
    let Weights { columns, depth, .. } = *weights;
    let worth = columns * depth > 4 * PIECE;
    let wide = match weights.order {
        _ if !worth => columns.max(1),
        Order::Columns(_) => (PIECE / depth).next_multiple_of(COLUMNS).max(COLUMNS),
        Order::Rows(_) => FILLED,
    };
    parallel_ranges(columns, wide, |range| match weights.order {
        Order::Columns(apart) => dots(level, x, m, weights, apart, bias, range, out),
        Order::Rows(apart) => mixes(level, x, m, weights, apart, bias, range, out),
    });
}

vectorized! {
    /// Each result a product of two rows.
    fn dots<S>(
        x: &[f32],
        m: usize,
        weights: &Weights<'_>,
        apart: usize,
        bias: Option<&[f32]>,
        columns: Range<usize>,
        out: Out<'_, f32>,
    ) {
        assert!(x.len() == m * weights.depth);
        let mut j = columns.start;
        while j < columns.end {
            let n = if j + COLUMNS <= columns.end { COLUMNS } else { 1 };
            let column = |c: usize| {
                let start = (j + c.min(n - 1)) * apart;
                &weights.numbers[start..start + weights.depth]
            };
            let sums = match (m, n) {
                (1, COLUMNS) => dots_of::<S, 1, COLUMNS>(x, from_fn(column)),
                (2, COLUMNS) => dots_of::<S, 2, COLUMNS>(x, from_fn(column)),
                (3, COLUMNS) => dots_of::<S, 3, COLUMNS>(x, from_fn(column)),
                (4, COLUMNS) => dots_of::<S, 4, COLUMNS>(x, from_fn(column)),
                (1, _) => dots_of::<S, 1, 1>(x, from_fn(column)),
                (2, _) => dots_of::<S, 2, 1>(x, from_fn(column)),
                (3, _) => dots_of::<S, 3, 1>(x, from_fn(column)),
                (4, _) => dots_of::<S, 4, 1>(x, from_fn(column)),
                _ => unreachable!("{m} rows are not streamed"),
            };
            for (i, sums) in sums.iter().enumerate().take(m) {
                let at = i * weights.columns + j;
                // SAFETY: each column belongs to one piece.
                let to = unsafe { out.part(at..at + n) };
                for (c, to) in to.iter_mut().enumerate() {
                    *to = sums[c] + bias.map_or(0.0, |bias| bias[j + c]);
                }
            }
            j += n;
        }
    }

    /// The results a mix of the rows of weights.
    fn mixes<S>(
        x: &[f32],
        m: usize,
        weights: &Weights<'_>,
        apart: usize,
        bias: Option<&[f32]>,
        columns: Range<usize>,
        out: Out<'_, f32>,
    ) {
        let depth = weights.depth;
        // SAFETY: each column belongs to one piece, and one row at a time is in use.
        let result = |i: usize| unsafe {
            out.part(i * weights.columns + columns.start..i * weights.columns + columns.end)
        };
        for i in 0..m {
            match bias {
                Some(bias) => result(i).copy_from_slice(&bias[columns.clone()]),
                None => result(i).fill(0.0),
            }
        }
        let row = |k: usize| &weights.numbers[k * apart + columns.start..][..columns.len()];
        let mut k = 0;
        while k < depth {
            let n = if k + COLUMNS <= depth { COLUMNS } else { 1 };
            for i in 0..m {
                let factors = |r: usize| x[i * depth + k + r];
                match n {
                    1 => add_rows::<S, 1>([factors(0)], [row(k)], result(i)),
                    _ => {
                        let rows = from_fn(|r| row(k + r));
                        add_rows::<S, COLUMNS>(from_fn(factors), rows, result(i));
                    }
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
) -> [[f32; COLUMNS]; ROWS] {
    let depth = columns[0].len();
    let mut sums = [[S::splat(0.0); C]; M];
    let whole = depth / S::LANES * S::LANES;
    for k in (0..whole).step_by(S::LANES) {
        let mut w = [S::splat(0.0); C];
        for (w, column) in w.iter_mut().zip(columns) {
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
    let mut results = [[0.0; COLUMNS]; ROWS];
    for (i, sums) in sums.into_iter().enumerate() {
        for (c, sum) in sums.into_iter().enumerate() {
            let rest = x[i * depth + whole..(i + 1) * depth].iter().zip(&columns[c][whole..]);
            results[i][c] = rest.fold(S::sum(sum), |sum, (x, w)| sum + x * w.to_f32());
        }
    }
    results
}

/// `to += x[0] rows[0] + x[1] rows[1] + …`
#[inline(always)]
fn add_rows<S: Simd, const R: usize>(x: [f32; R], rows: [&[Bf16]; R], to: &mut [f32]) {
    let whole = to.len() / S::LANES * S::LANES;
    let mut factors = [S::splat(0.0); R];
    for (factor, x) in factors.iter_mut().zip(x) {
        *factor = S::splat(x);
    }
    for j in (0..whole).step_by(S::LANES) {
        // SAFETY: `to` and the rows are of one length, with `LANES` numbers left from `j` on.
        unsafe {
            let mut sum = S::load(to.as_ptr().add(j));
            for (factor, row) in factors.iter().zip(&rows) {
                sum = S::fma(*factor, S::load_bf16(row.as_ptr().add(j).cast()), sum);
            }
            S::store(to.as_mut_ptr().add(j), sum);
        }
    }
    for j in whole..to.len() {
        to[j] = x.iter().zip(&rows).fold(to[j], |sum, (x, row)| sum + x * row[j].to_f32());
    }
}
