//! Many numbers to one.
//!
//! A reduction reads each number once and writes next to nothing: it is as fast as memory can be
//! read, if the additions do not wait for each other. One sum in one register does, four cycles
//! for each number; here eight vectors are summed side by side.
//!
//! Which axes go decides how. The last ones: rows of numbers that lie side by side, each to one.
//! Others: rows that are added to one row, number by number. Some of both (the gradient of a
//! convolution's bias keeps the second of four axes): one after the other.
//!
//! The definition adds in double precision. Here single precision does for a block of a thousand
//! numbers or so, whose sums are then added in double; within a block each number takes part in
//! at most 16 roundings instead of a thousand, half of them in pairs (N. Higham, "The accuracy of
//! floating point summation", 1993). Of the sum of the magnitudes the error stays below two units
//! in the last place, whatever the length.

#![expect(unsafe_code, reason = "fills memory that is not initialized yet")]

mod extreme;
mod kernels;
mod sum;

pub(crate) use kernels::register;

use crate::copy::dense;
use crate::elementwise::ALONE;
use crate::level::{Level, level};
use crate::out::{Out, filled};
use crate::simd::{Simd, vectorized};
use crate::threads::parallel_ranges;
use std::ops::Range;
use tinytorch_tensor::{MAX_NDIM, Shape, Tensor};

/// How numbers become one.
pub(crate) trait Reduction: Copy + Sync {
    /// What is known after some of them.
    type Partial: Copy + Send + Sync;
    /// What is known after none.
    const EMPTY: Self::Partial;

    /// After one more.
    fn with(self, partial: Self::Partial, x: f32) -> Self::Partial;
    /// After these and those.
    fn join(self, a: Self::Partial, b: Self::Partial) -> Self::Partial;
    /// The result.
    fn finish(self, partial: Self::Partial) -> f32;
    /// The same without what is done to the result at the end, for all axes but the last.
    fn unfinished(self) -> Self;

    /// After all of a row.
    fn row<S: Simd>(self, x: &[f32]) -> Self::Partial;
    /// Joins number `i` of `out` with number `i` of every row; rows begin `step` numbers apart.
    fn columns<S: Simd>(self, x: &[f32], step: usize, out: &mut [Self::Partial]);
}

/// `x` without the axes that are `reduced`, as `shape`.
pub(crate) fn reduce<R: Reduction>(
    r: R,
    x: &Tensor,
    reduced: impl Fn(usize) -> bool,
    shape: Shape,
) -> Tensor {
    let mut values = dense(x);
    if values.is_empty() {
        return Tensor::full(shape, r.finish(R::EMPTY));
    }
    let mut runs = Runs::of(x.shape(), reduced);
    while let Some(sizes) = runs.take() {
        let r = if runs.left() { r.unfinished() } else { r };
        values = match sizes {
            [outer, n, 1] => rows(r, &values, outer, n),
            sizes => columns(r, &values, sizes),
        }
        .into();
    }
    Tensor::from_vec(values.into_owned(), shape)
}

/// The axes, merged while they are all reduced or all kept; those of size 1 are neither.
struct Runs {
    count: usize,
    runs: [(usize, bool); MAX_NDIM],
}

impl Runs {
    fn of(shape: Shape, reduced: impl Fn(usize) -> bool) -> Self {
        let mut runs = Self { count: 0, runs: [(1, false); MAX_NDIM] };
        for (axis, n) in shape.iter().enumerate().filter(|(_, n)| *n != 1) {
            let reduced = reduced(axis);
            match runs.count.checked_sub(1) {
                Some(last) if runs.runs[last].1 == reduced => runs.runs[last].0 *= n,
                _ => {
                    runs.runs[runs.count] = (n, reduced);
                    runs.count += 1;
                }
            }
        }
        runs
    }

    /// Whether anything is to be reduced.
    fn left(&self) -> bool {
        self.runs[..self.count].iter().any(|run| run.1)
    }

    /// The last run that is reduced, between what is around it and what is inside; it is gone
    /// then.
    fn take(&mut self) -> Option<[usize; 3]> {
        let at = self.runs[..self.count].iter().rposition(|run| run.1)?;
        let product = |runs: &[(usize, bool)]| runs.iter().map(|run| run.0).product();
        let runs = &self.runs[..self.count];
        let sizes = [product(&runs[..at]), runs[at].0, product(&runs[at + 1..])];
        self.runs[at] = (sizes[2], false); // at most one run was inside, a kept one
        self.count = at + 1;
        Some(sizes)
    }
}

/// So many numbers of a row are reduced at a time.
const CHUNK: usize = 1 << 15;
/// So many numbers side by side are reduced at a time: they stay in the nearest cache.
const WIDTH: usize = 1024;
/// Below so many, nothing is gained by vectors.
const FEW: usize = 256;

/// `[outer, n] -> [outer]`
fn rows<R: Reduction>(r: R, x: &[f32], outer: usize, n: usize) -> Vec<f32> {
    let (level, chunks) = (level(), n.div_ceil(CHUNK));
    if chunks > 1 {
        let mut partial = vec![R::EMPTY; outer * chunks];
        let room = Out::over(&mut partial);
        parallel_ranges(outer * chunks, 1, |range| {
            let (row, chunk) = (range.start / chunks, range.start % chunks);
            let row = &x[row * n..(row + 1) * n];
            let chunk = &row[chunk * CHUNK..((chunk + 1) * CHUNK).min(n)];
            // SAFETY: each chunk has a place of its own.
            row_partials(level, r, chunk, chunk.len(), unsafe { room.part(range) });
        });
        let joined = |row: &[R::Partial]| row.iter().fold(R::EMPTY, |a, &b| r.join(a, b));
        return partial.chunks(chunks).map(|row| r.finish(joined(row))).collect();
    }
    // SAFETY: the ranges cover all, and none twice.
    unsafe {
        filled(outer, |out| {
            shared(outer, n, |range| {
                let x = &x[range.start * n..range.end * n];
                finished_rows(level, r, x, n, out.part(range));
            });
        })
    }
}

/// Calls `work` with all of `0..count`, each of which stands for `size` numbers, in parts.
fn shared(count: usize, size: usize, work: impl Fn(Range<usize>) + Sync) {
    match count * size <= ALONE {
        true => work(0..count),
        false => parallel_ranges(count, (CHUNK / size).max(1), work),
    }
}

vectorized! {
    fn row_partials<S, R: Reduction>(r: R, x: &[f32], n: usize, out: &mut [R::Partial]) {
        x.chunks_exact(n).zip(out).for_each(|(row, out)| *out = r.row::<S>(row));
    }

    fn finished_rows<S, R: Reduction>(r: R, x: &[f32], n: usize, out: &mut [f32]) {
        x.chunks_exact(n).zip(out).for_each(|(row, out)| *out = r.finish(r.row::<S>(row)));
    }

    fn column_partials<S, R: Reduction>(r: R, x: &[f32], step: usize, out: &mut [R::Partial]) {
        r.columns::<S>(x, step, out);
    }
}

/// `[outer, n, inner] -> [outer, inner]`
fn columns<R: Reduction>(r: R, x: &[f32], [outer, n, inner]: [usize; 3]) -> Vec<f32> {
    if n * inner <= FEW {
        let column =
            |i: usize| x[i / inner * n * inner + i % inner..].iter().step_by(inner).take(n);
        let reduced = |i| r.finish(column(i).fold(R::EMPTY, |p, &x| r.with(p, x)));
        return (0..outer * inner).map(reduced).collect();
    }
    let parts = Parts::of(outer, n, inner);
    if parts.chunks > 1 {
        let mut partial = vec![R::EMPTY; outer * parts.chunks * inner];
        let room = Out::over(&mut partial);
        // SAFETY: each part has a place of its own.
        parts
            .each(r, x, |to, part| unsafe { room.part(to..to + part.len()) }.copy_from_slice(part));
        let chunk = |i: usize, k| partial[(i / inner * parts.chunks + k) * inner + i % inner];
        let joined = |i| (1..parts.chunks).fold(chunk(i, 0), |a, k| r.join(a, chunk(i, k)));
        return (0..outer * inner).map(|i| r.finish(joined(i))).collect();
    }
    // SAFETY: the parts cover all, and none twice.
    unsafe {
        filled(outer * inner, |out| {
            parts.each(r, x, |to, part| {
                let out = out.part(to..to + part.len());
                out.iter_mut().zip(part).for_each(|(out, &p)| *out = r.finish(p));
            });
        })
    }
}

/// Columns cut into parts: by what is around them, by rows, and by columns.
struct Parts {
    level: Level,
    outer: usize,
    n: usize,
    inner: usize,
    width: usize,
    blocks: usize,
    height: usize,
    chunks: usize,
}

impl Parts {
    fn of(outer: usize, n: usize, inner: usize) -> Self {
        let width = inner.min(WIDTH);
        let height = (4 * CHUNK / width).max(64).min(n);
        let (blocks, chunks) = (inner.div_ceil(width), n.div_ceil(height));
        Self { level: level(), outer, n, inner, width, blocks, height, chunks }
    }

    /// Calls `done` with each part of `[outer, chunks, inner]`: where it begins, and what is in it.
    fn each<R: Reduction>(&self, r: R, x: &[f32], done: impl Fn(usize, &[R::Partial]) + Sync) {
        let count = self.outer * self.chunks * self.blocks;
        shared(count, self.width * self.height, |range| {
            let mut partial = [R::EMPTY; WIDTH];
            for part in range {
                let (rest, block) = (part / self.blocks, part % self.blocks * self.width);
                let (outer, row) = (rest / self.chunks, rest % self.chunks * self.height);
                let rows = self.height.min(self.n - row);
                let partial = &mut partial[..self.width.min(self.inner - block)];
                partial.fill(R::EMPTY);
                let start = (outer * self.n + row) * self.inner + block;
                let x = &x[start..start + (rows - 1) * self.inner + partial.len()];
                column_partials(self.level, r, x, self.inner, partial);
                done(rest * self.inner + block, partial);
            }
        });
    }
}
