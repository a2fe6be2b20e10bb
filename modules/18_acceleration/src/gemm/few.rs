//! Few rows: a token, a small batch.
//!
//! With one row every number of `b` is used once, so reading `b` is all there is to do: 2
//! operations per 4 bytes, where a processor could do 20. What counts is that memory is read in
//! long runs, several at a time, straight from where it lies; there is nothing to pack. Two forms,
//! by how `b` lies:
//!
//! * its columns are runs of memory (`x Wᵀ` with a weight `[out, in]`): every number of `c` is a
//!   dot product, eight or more of them at once, so that the chains of additions overlap;
//! * its rows are (`x W`): rows of `b`, each times a number of `a`, are added up in `c`, which
//!   stays in the L1 cache; several rows at once, so that `c` is read and written less often.

#![expect(unsafe_code, reason = "the innermost loops go through pointers")]
#![expect(clippy::needless_range_loop, reason = "numbers of rows and columns are constants")]

use super::{Bias, Holds, Product, pack};
use crate::simd::Simd;
use std::ops::Range;

/// Up to so many rows count as few where columns of `b` are runs of memory. With more, packing
/// costs less than the sums of vectors that dot products end with.
const FEW_DOTS: usize = 8;

/// Up to so many rows count as few where rows of `b` are runs of memory.
const FEW_SUMS: usize = 4;

/// How much of `c` is added up at a time: 16 KiB, half of an L1 cache.
const RUN: usize = 4096;

/// Whether the product has few rows, and `b` lies so that it can be streamed. This depends on the
/// whole product, never on a part of it, so that all parts are computed alike.
#[inline]
pub(super) fn applies(product: &Product) -> bool {
    let (rows, k, b) = (product.a.rows, product.a.columns, &product.b);
    let dots = rows <= FEW_DOTS && is_dots(product);
    let floats = product.a.holds == Holds::Floats && b.holds == Holds::Floats;
    floats && rows > 0 && k > 0 && (dots || rows <= FEW_SUMS && b.column == 1)
}

/// Reading fewer numbers of `b` stays on one thread: it takes some ten microseconds.
pub(super) const WORTH_SHARING: usize = 100_000;

/// A piece for a thread has about so many: 128 KiB, which take longer than to fetch a piece.
const PIECE: usize = 32 << 10;

/// Into how many pieces the columns are cut: many where columns are runs of memory, so that the
/// threads end together; where rows are, as few as there are threads, so that the runs are long.
pub(super) fn pieces(product: &Product, threads: usize) -> usize {
    match is_dots(product) {
        true => (product.a.columns * product.b.columns / PIECE).clamp(threads, 16 * threads),
        false => threads,
    }
}

/// Whether each number of `c` is a product of two runs of memory.
#[inline]
fn is_dots(product: &Product) -> bool {
    product.b.row == 1 && product.a.columns >= 32
}

/// The rows of `a`, each a run of memory.
#[derive(Clone, Copy)]
struct Rows {
    start: *const f32,
    row: usize,
}

/// All rows of the product in these columns.
///
/// # Safety
/// The product has these columns, and nobody else has this part of `c`.
#[inline(always)]
pub(super) unsafe fn part<S: Simd>(product: &Product, columns: Range<usize>) {
    let (a, m, k) = (&product.a, product.a.rows, product.a.columns);
    let mut room = pack::Room::new(if a.column == 1 { 0 } else { m * k });
    let mut rows = Rows { start: a.start, row: a.row };
    // SAFETY: the caller's promise; the room is large enough.
    unsafe {
        if a.column != 1 {
            let to = room.start();
            for i in 0..m {
                for p in 0..k {
                    *to.add(i * k + p) = *a.start.add(i * a.row + p * a.column);
                }
            }
            rows = Rows { start: to, row: k };
        }
        if is_dots(product) {
            all_dots::<S>(product, rows, columns);
        } else {
            all_sums::<S>(product, rows, columns);
        }
    }
}

/// Dot products, as many columns at a time as there is room for their sums in registers; all rows
/// with the same columns, which are then in the L1 cache.
///
/// The columns of one time are not neighbors: a piece is cut into as many stretches, which are
/// read side by side, each from its front to its end. What the processor asks memory for ahead of
/// time are such long runs; of neighbors, short runs that end where the next one begins, it is a
/// fifth slower.
#[inline(always)]
unsafe fn all_dots<S: Simd>(product: &Product, rows: Rows, columns: Range<usize>) {
    let most = const { if S::REGISTERS >= 32 { 4 } else { S::REGISTERS / 8 } };
    let one_row = const { if S::REGISTERS >= 16 { 8 } else { 4 } };
    let wide = if product.a.rows == 1 { one_row } else { 4 };
    let stretch = columns.len() / wide;
    // SAFETY: the caller's promise.
    unsafe {
        for j in columns.start..columns.start + stretch {
            match wide {
                8 => columns_of::<S, 8>(product, rows, most, j, stretch),
                _ => columns_of::<S, 4>(product, rows, most, j, stretch),
            }
        }
        for j in columns.start + wide * stretch..columns.end {
            columns_of::<S, 1>(product, rows, most, j, 1);
        }
    }
}

/// All rows times `N` columns, `apart` from each other from column `j` on, at most `most` rows at
/// once.
#[inline(always)]
unsafe fn columns_of<S: Simd, const N: usize>(
    product: &Product,
    rows: Rows,
    most: usize,
    j: usize,
    apart: usize,
) {
    let (mut i, m) = (0, product.a.rows);
    // SAFETY: the caller's promise.
    unsafe {
        while i < m {
            if const { N < 8 } && most >= 4 && m - i >= 4 {
                dots::<S, 4, N>(product, rows, i, [j, apart]);
                i += 4;
            } else if const { N < 8 } && most >= 2 && m - i >= 2 {
                dots::<S, 2, N>(product, rows, i, [j, apart]);
                i += 2;
            } else {
                dots::<S, 1, N>(product, rows, i, [j, apart]);
                i += 1;
            }
        }
    }
}

/// `R` rows from row `i` on times `N` columns, `apart` from each other from column `j` on.
#[inline(always)]
unsafe fn dots<S: Simd, const R: usize, const N: usize>(
    product: &Product,
    rows: Rows,
    i: usize,
    [j, apart]: [usize; 2],
) {
    let (b, k) = (&product.b, product.a.columns);
    let (x, w) = (rows.start.wrapping_add(i * rows.row), b.start.wrapping_add(j * b.column));
    let column = apart * b.column;
    let mut sums = [[S::splat(0.0); N]; R];
    let whole = k - k % S::LANES;
    // SAFETY: the caller's promise; the last vector is read as far as it goes.
    unsafe {
        let mut p = 0;
        while p < whole {
            step::<S, R, N, true>(&mut sums, x.add(p), rows.row, w.add(p), column, S::LANES);
            p += S::LANES;
        }
        if p < k {
            step::<S, R, N, false>(&mut sums, x.add(p), rows.row, w.add(p), column, k - p);
        }
        for r in 0..R {
            for n in 0..N {
                finish(product, i + r, j + n * apart, S::sum(sums[r][n]));
            }
        }
    }
}

/// How many numbers ahead a column, and the one behind it, is asked for: 1 KiB.
const AHEAD: usize = 256;

/// Adds the products of a vector, or of its first `n` numbers, to each sum.
#[inline(always)]
unsafe fn step<S: Simd, const R: usize, const N: usize, const ALL: bool>(
    sums: &mut [[S::F; N]; R],
    x: *const f32,
    row: usize,
    w: *const f32,
    column: usize,
    n: usize,
) {
    // SAFETY: the caller's promise.
    unsafe {
        let mut left = [S::splat(0.0); R];
        for r in 0..R {
            left[r] = read::<S, ALL>(x.add(r * row), n);
        }
        for c in 0..N {
            let right = read::<S, ALL>(w.add(c * column), n);
            S::prefetch(w.wrapping_add(c * column + AHEAD));
            for r in 0..R {
                sums[r][c] = S::fma(left[r], right, sums[r][c]);
            }
        }
    }
}

/// A vector, or the first `n` numbers of one.
#[inline(always)]
unsafe fn read<S: Simd, const ALL: bool>(from: *const f32, n: usize) -> S::F {
    // SAFETY: the caller's promise.
    unsafe {
        match ALL {
            true => S::load(from),
            false => S::load_first(from, n),
        }
    }
}

/// Writes number `[i, j]`.
#[inline(always)]
unsafe fn finish(product: &Product, i: usize, j: usize, mut x: f32) {
    match product.finish.bias {
        Bias::None => {}
        Bias::OfColumns(bias) => x += bias[j],
        Bias::OfRows(bias) => x += bias[i],
    }
    // SAFETY: the caller's promise.
    unsafe {
        let to = product.c.add(i * product.c_row + j);
        *to = if product.finish.accumulate { *to + x } else { x };
    }
}

/// Rows of `b` added up, a run of columns after the other.
#[inline(always)]
unsafe fn all_sums<S: Simd>(product: &Product, rows: Rows, columns: Range<usize>) {
    let mut first = columns.start;
    while first < columns.end {
        let run = first..(first + RUN / product.a.rows).min(columns.end);
        // SAFETY: the caller's promise.
        unsafe {
            begin::<S>(product, run.clone());
            match product.a.rows {
                1 => sums::<S, 1, 8>(product, rows, run.clone()),
                2 => sums::<S, 2, 4>(product, rows, run.clone()),
                3 => sums::<S, 3, 4>(product, rows, run.clone()),
                _ => sums::<S, 4, 4>(product, rows, run.clone()),
            }
        }
        first = run.end;
    }
}

/// What is there before the first product.
#[inline(always)]
unsafe fn begin<S: Simd>(product: &Product, run: Range<usize>) {
    for i in 0..product.a.rows {
        // SAFETY: the caller's promise.
        unsafe {
            let to = product.c.add(i * product.c_row + run.start);
            if !product.finish.accumulate {
                std::ptr::write_bytes(to, 0, run.len());
            }
            for j in 0..run.len() {
                match product.finish.bias {
                    Bias::None => break,
                    Bias::OfColumns(bias) => *to.add(j) += bias[run.start + j],
                    Bias::OfRows(bias) => *to.add(j) += bias[i],
                }
            }
        }
    }
}

/// `R` rows of `c` in a run of columns: `P` rows of `b` at a time, then what is left of them.
#[inline(always)]
unsafe fn sums<S: Simd, const R: usize, const P: usize>(
    product: &Product,
    rows: Rows,
    run: Range<usize>,
) {
    let k = product.a.columns;
    let whole = k - k % P;
    let mut p = 0;
    // SAFETY: the caller's promise.
    unsafe {
        while p < whole {
            add::<S, R, P>(product, rows, p, run.clone());
            p += P;
        }
        while p < k {
            add::<S, R, 1>(product, rows, p, run.clone());
            p += 1;
        }
    }
}

/// Adds `P` rows of `b`, from row `p` on, times their numbers of `a`.
#[inline(always)]
unsafe fn add<S: Simd, const R: usize, const P: usize>(
    product: &Product,
    rows: Rows,
    p: usize,
    run: Range<usize>,
) {
    // SAFETY: the caller's promise.
    unsafe {
        let mut x = [[S::splat(0.0); P]; R];
        for r in 0..R {
            for q in 0..P {
                x[r][q] = S::splat(*rows.start.add(r * rows.row + p + q));
            }
        }
        let (b, c) = (&product.b, product.c);
        let mut from = b.start.wrapping_add(p * b.row + run.start);
        let mut to = c.wrapping_add(run.start);
        let mut left = run.len();
        while left >= S::LANES {
            mix::<S, R, P, true>(&x, from, b.row, to, product.c_row, S::LANES);
            from = from.wrapping_add(S::LANES);
            to = to.wrapping_add(S::LANES);
            left -= S::LANES;
        }
        if left > 0 {
            mix::<S, R, P, false>(&x, from, b.row, to, product.c_row, left);
        }
    }
}

/// A vector of `c` per row, or its first `n` numbers.
#[inline(always)]
unsafe fn mix<S: Simd, const R: usize, const P: usize, const ALL: bool>(
    x: &[[S::F; P]; R],
    b: *const f32,
    b_row: usize,
    c: *mut f32,
    c_row: usize,
    n: usize,
) {
    // SAFETY: the caller's promise.
    unsafe {
        let mut sums = [S::splat(0.0); R];
        for r in 0..R {
            sums[r] = read::<S, ALL>(c.add(r * c_row), n);
        }
        for q in 0..P {
            let row = read::<S, ALL>(b.add(q * b_row), n);
            for r in 0..R {
                sums[r] = S::fma(x[r][q], row, sums[r]);
            }
        }
        for r in 0..R {
            match ALL {
                true => S::store(c.add(r * c_row), sums[r]),
                false => S::store_first(c.add(r * c_row), n, sums[r]),
            }
        }
    }
}
