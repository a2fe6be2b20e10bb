//! Rows: the numbers along the last axis of a tensor, each row computed for itself.
//!
//! Softmax and the norms read a row several times: for its largest number or its mean, then for a
//! sum, then to write the result. Read from memory once per pass, that costs three times what has
//! to be; but a row of a model (256 to 4,096 numbers) fits the 32 KiB of the first cache, so that
//! all passes but the first are nearly free. A kernel therefore does all there is to do with one
//! row before it goes to the next, and what limits it is reading the tensor once and writing the
//! result once.
//!
//! Sums are taken in single precision within blocks of a few hundred numbers and in double
//! precision over the blocks: as fast as the one, and nearly as exact as the other.

#![expect(unsafe_code, reason = "each range of rows is written by one thread")]

use crate::copy::dense;
use crate::elementwise::ALONE;
use crate::out;
use crate::simd::Simd;
use crate::threads::parallel_ranges;
use std::borrow::Cow;
use std::ops::Range;
use tinytorch_tensor::{Layout, Storage, Tensor};

/// A tensor as rows along its last axis, each in one piece.
///
/// A view whose last axis is stored in one piece is read where it is (heads cut out of a wider
/// matrix, a slice of a batch); any other is copied first.
pub(crate) struct Rows<'a> {
    numbers: Cow<'a, [f32]>,
    /// Where the rows lie in `numbers`.
    layout: Layout,
    /// The number of rows.
    pub(crate) count: usize,
    /// The length of a row.
    pub(crate) width: usize,
    /// Whether row `i` is right behind row `i - 1`, the first at the start.
    dense: bool,
}

impl<'a> Rows<'a> {
    /// The rows of a tensor of floats of one axis or more.
    #[inline]
    pub(crate) fn of(x: &'a Tensor) -> Self {
        let (shape, last) = (x.shape(), x.ndim() - 1);
        let width = shape.size(last);
        let count = shape.iter().take(last).product();
        let layout = *x.layout();
        let in_pieces = !layout.is_contiguous() && (layout.stride(last) == 1 || width == 1);
        match x.storage() {
            Storage::F32(all) if in_pieces => {
                Self { numbers: Cow::Borrowed(all), layout, count, width, dense: false }
            }
            _ => Self { numbers: dense(x), layout, count, width, dense: true },
        }
    }

    /// Row `i`.
    #[inline]
    pub(crate) fn row(&self, i: usize) -> &[f32] {
        let start = if self.dense { i * self.width } else { self.start(i) };
        &self.numbers[start..start + self.width]
    }

    /// Where the row behind row `i` begins, if there is one; else any address.
    #[inline]
    pub(crate) fn next(&self, i: usize) -> *const f32 {
        let start = if self.dense { (i + 1) * self.width } else { self.start(i + 1) };
        self.numbers.as_ptr().wrapping_add(start)
    }

    fn start(&self, i: usize) -> usize {
        let shape = self.layout.shape();
        let (mut left, mut start) = (i, self.layout.offset());
        for axis in (0..shape.ndim() - 1).rev() {
            start += left % shape.size(axis) * self.layout.stride(axis);
            left /= shape.size(axis);
        }
        start
    }
}

/// How many numbers are worth a piece of work for a thread: 128 KiB, about 10 microseconds.
const PIECE: usize = 32 << 10;

/// Calls `work` with ranges of `count` rows of `width` numbers until all are done; on several
/// threads if there are many.
///
/// How they are cut must not matter: rows have nothing to do with each other.
pub(crate) fn share_rows(count: usize, width: usize, work: impl Fn(Range<usize>) + Sync) {
    match count * width <= ALONE {
        true => work(0..count),
        false => parallel_ranges(count, (PIECE / width.max(1)).max(1), work),
    }
}

/// A tensor of the shape of `x` whose rows `work` writes, a range of them at a time.
///
/// # Safety
/// `work` writes every number of the rows it is given.
pub(crate) unsafe fn by_rows(
    x: &Tensor,
    work: impl Fn(&Rows, Range<usize>, &mut [f32]) + Sync,
) -> Tensor {
    let rows = Rows::of(x);
    let (count, width) = (rows.count, rows.width);
    // SAFETY: the ranges cover all rows, none twice, and each is written.
    unsafe {
        out::tensor(x.shape(), |out| {
            share_rows(count, width, |range| {
                let part = out.part(range.start * width..range.end * width);
                work(&rows, range, part);
            });
        })
    }
}

/// How many vectors' sums are added up in single precision before they go into the total.
const BLOCK: usize = 64;

/// The sums over a row of the terms that `term` makes of the numbers of `K` rows at each place.
///
/// Behind the end of each row stands its `blank`; their terms must be 0.
#[inline(always)]
pub(crate) fn sums<S: Simd, const K: usize, const N: usize>(
    rows: [&[f32]; K],
    blank: [S::F; K],
    term: impl Fn([S::F; K]) -> [S::F; N],
) -> [f64; N] {
    let (len, step) = (length(&rows), S::LANES);
    let mut totals = [0.0; N];
    let mut at = 0;
    while at < len {
        let end = len.min(at + BLOCK * step);
        // Four sums of each kind at a time: an addition takes several cycles, but one can begin
        // in each.
        let mut parts = [[S::splat(0.0); N]; 4];
        while at + 4 * step <= end {
            for part in &mut parts {
                // SAFETY: `at` and three steps more are inside of every row.
                add_to::<S, N>(part, term(unsafe { load::<S, K>(rows, at) }));
                at += step;
            }
        }
        while at < end {
            let n = step.min(end - at);
            // SAFETY: `at + n` is at most the length of every row.
            add_to::<S, N>(&mut parts[0], term(unsafe { load_first::<S, K>(rows, at, n, blank) }));
            at += n;
        }
        for (i, total) in totals.iter_mut().enumerate() {
            let [a, b, c, d] = [parts[0][i], parts[1][i], parts[2][i], parts[3][i]];
            *total += f64::from(S::sum(S::add(S::add(a, b), S::add(c, d))));
        }
    }
    totals
}

/// The length that all rows have.
#[inline(always)]
fn length<const K: usize>(rows: &[&[f32]; K]) -> usize {
    let len = rows[0].len();
    assert!(rows.iter().all(|row| row.len() == len), "rows beside each other are equally long");
    len
}

#[inline(always)]
fn add_to<S: Simd, const N: usize>(sums: &mut [S::F; N], terms: [S::F; N]) {
    for (sum, term) in sums.iter_mut().zip(terms) {
        *sum = S::add(*sum, term);
    }
}

/// The numbers of each row from `at` on.
///
/// # Safety
/// There are `LANES` of them.
#[inline(always)]
unsafe fn load<S: Simd, const K: usize>(rows: [&[f32]; K], at: usize) -> [S::F; K] {
    let mut vectors = [S::splat(0.0); K];
    for (vector, row) in vectors.iter_mut().zip(rows) {
        // SAFETY: the caller's promise.
        *vector = unsafe { S::load(row.as_ptr().add(at)) };
    }
    vectors
}

/// `n` numbers of each row from `at` on, then its `blank`; `n` is at most `LANES`.
///
/// # Safety
/// There are `n` of them.
#[inline(always)]
unsafe fn load_first<S: Simd, const K: usize>(
    rows: [&[f32]; K],
    at: usize,
    n: usize,
    mut blank: [S::F; K],
) -> [S::F; K] {
    for (vector, row) in blank.iter_mut().zip(rows) {
        // SAFETY: the caller's promise.
        *vector = unsafe { S::load_first_or(row.as_ptr().add(at), n, *vector) };
    }
    blank
}

/// The largest number of a row, -inf if there is none. NaN is passed over.
#[inline(always)]
pub(crate) fn largest<S: Simd>(row: &[f32]) -> f32 {
    let lowest = S::splat(f32::NEG_INFINITY);
    let mut parts = [lowest; 4];
    let mut fours = row.chunks_exact(4 * S::LANES);
    for four in &mut fours {
        for (part, numbers) in parts.iter_mut().zip(four.chunks_exact(S::LANES)) {
            *part = S::max(S::read(numbers), *part);
        }
    }
    for numbers in fours.remainder().chunks(S::LANES) {
        parts[0] = S::max(S::read_or(numbers, lowest), parts[0]);
    }
    let [a, b, c, d] = parts;
    S::largest(S::max(S::max(a, b), S::max(c, d)))
}

/// Writes what `f` makes of the numbers of `K` rows at each place.
#[inline(always)]
pub(crate) fn map<S: Simd, const K: usize>(
    rows: [&[f32]; K],
    out: &mut [f32],
    f: impl Fn([S::F; K]) -> S::F,
) {
    let (len, step) = (length(&rows), S::LANES);
    assert!(out.len() == len, "a row is as long as those that it is made of");
    let (mut at, zeros) = (0, [S::splat(0.0); K]);
    while at < len {
        // One call of `f` in the text, so that it is compiled into the loop however long it is.
        let n = step.min(len - at);
        // SAFETY: all rows have `n` numbers from `at` on.
        unsafe {
            let y = f(match n == step {
                true => load::<S, K>(rows, at),
                false => load_first::<S, K>(rows, at, n, zeros),
            });
            match n == step {
                true => S::store(out.as_mut_ptr().add(at), y),
                false => S::store_first(out.as_mut_ptr().add(at), n, y),
            }
        }
        at += n;
    }
}

/// Rewrites a row: `f` makes the new numbers of the old ones and of those of `K` rows beside it.
#[inline(always)]
pub(crate) fn rewrite<S: Simd, const K: usize>(
    row: &mut [f32],
    others: [&[f32]; K],
    f: impl Fn(S::F, [S::F; K]) -> S::F,
) {
    assert!(others.iter().all(|other| other.len() == row.len()), "rows are equally long");
    let (mut at, zeros) = (0, [S::splat(0.0); K]);
    for part in row.chunks_mut(S::LANES) {
        // SAFETY: the other rows have as many numbers as the part, too.
        let others = unsafe {
            match part.len() == S::LANES {
                true => load::<S, K>(others, at),
                false => load_first::<S, K>(others, at, part.len(), zeros),
            }
        };
        at += part.len();
        S::write(part, f(S::read(part), others));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::Level;
    use crate::simd::vectorized;
    use crate::trial::layouts;
    use tinytorch_tensor::Rng;

    #[test]
    fn rows_are_those_of_the_tensor_in_any_layout() {
        let rng = &mut Rng::new(1);
        for shape in [&[7][..], &[3, 5], &[2, 3, 4], &[3, 2, 1, 5], &[2, 1], &[0, 3], &[3, 0]] {
            for x in layouts(shape, rng) {
                let rows = Rows::of(&x);
                let all: Vec<f32> = (0..rows.count).flat_map(|i| rows.row(i).to_vec()).collect();
                assert_eq!(all, x.to_vec(), "{} {:?}", x.shape(), x.strides());
            }
        }
    }

    #[test]
    fn heads_cut_out_of_a_matrix_are_not_copied() {
        let x = Tensor::zeros([2, 4, 15]).narrow(2, 5, 5).reshape([2, 4, 5]);
        assert!(matches!(Rows::of(&x).numbers, Cow::Borrowed(_)));
        assert!(matches!(Rows::of(&x.permute([1, 0, 2])).numbers, Cow::Borrowed(_)));
    }

    vectorized! {
        fn of_two<S>(a: &[f32], b: &[f32], out: &mut [f32]) -> ([f64; 2], f32) {
            let two = S::splat(2.0);
            map::<S, 2>([a, b], out, |[a, b]| S::fma(a, two, b));
            rewrite::<S, 1>(out, [a], |v, [a]| S::sub(v, a));
            // Behind the end stands 2, which counts for nothing.
            let apart = |v| S::sub(v, two);
            let terms = |[a, b]: [S::F; 2]| [apart(a), S::mul(apart(a), apart(b))];
            let sums = sums::<S, 2, 2>([a, b], [two; 2], terms);
            (sums, largest::<S>(a))
        }
    }

    #[test]
    fn rows_of_any_length_are_walked_to_their_end() {
        let rng = &mut Rng::new(2);
        for n in [0, 1, 7, 8, 15, 16, 17, 63, 64, 65, 130, 1023, 1024, 1025, 3000] {
            let mut numbers = || (0..n).map(|_| rng.normal()).collect::<Vec<f32>>();
            let (a, b) = (numbers(), numbers());
            let pairs =
                || a.iter().zip(&b).map(|(&a, &b)| (f64::from(a) - 2.0, f64::from(b) - 2.0));
            let expected = [pairs().map(|(a, _)| a).sum(), pairs().map(|(a, b)| a * b).sum()];
            for level in Level::supported() {
                let mut out = vec![0.0; n];
                let (sums, largest) = of_two(level, &a, &b, &mut out);
                for (got, expected) in sums.iter().zip::<[f64; 2]>(expected) {
                    // Each term is rounded to 24 bits and added up in parts of at most 16.
                    let error = (got - expected).abs();
                    assert!(error <= 2e-7 * expected.abs() + 1e-12, "{level} {n}: {error:e}");
                }
                assert_eq!(largest, a.iter().copied().fold(f32::NEG_INFINITY, f32::max));
                for (out, (a, b)) in out.iter().zip(a.iter().zip(&b)) {
                    assert!((out - (a + b)).abs() < 2e-6, "{level} {n}");
                }
            }
        }
    }
}
