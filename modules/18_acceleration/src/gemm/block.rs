//! The loops around a tile: which part of which matrix waits where, and which thread has it.
//!
//! For each block of columns, for each stretch of `k`: the block of `b` goes into the L2 cache,
//! packed; then tile after tile of rows of `a` goes into L1 and meets the whole block. Meanwhile
//! the rows of `a` for the next strip of tiles and the next block of `b` are on their way.
//!
//! Threads take rectangles of `c` and share nothing. Each packs what it needs by itself; that
//! costs a copy for every 256 or 512 uses, and no thread ever waits for another.

#![expect(unsafe_code, reason = "parts of matrices are pointers")]

use super::tile::{self, Left, Place, Right, Soon, strip, width};
use super::{Bias, Holds, Product, few, pack};
use crate::level::Level;
use crate::simd::{Simd, vectorized};
use crate::threads::{parallel, threads};
use std::ops::Range;

/// How many steps of `k` are taken at once, at most. A tile of `a` is then 14 KiB.
pub(super) const DEPTH: usize = 256;

/// How many columns of `b` a block has at most: with all steps 512 KiB, half of an L2 cache.
const COLUMNS: usize = 512;

/// From so many rows on it pays to pack rows of `b` that could be read where they lie.
const B_WORTH_PACKING: usize = 192;

/// From so many columns on it pays to pack rows of `a`.
const A_WORTH_PACKING: usize = 64;

/// The same where columns of `a` are runs of memory, and each step of `k` is far from the last.
const TURNED_A_WORTH_PACKING: usize = 32;

/// Below so many multiply-adds a product stays on one thread: some ten microseconds.
const WORTH_SHARING: usize = 1_000_000;

/// A piece of it has at least about so many.
const PIECE: usize = 250_000;

/// The product, in pieces for several threads.
pub(super) fn compute_parallel(level: Level, product: &Product) {
    let (m, k, n) = (product.a.rows, product.a.columns, product.b.columns);
    let (work, few, threads) = (m * n * k, few::applies(product), threads());
    let alone = if few { k * n < few::WORTH_SHARING } else { work < WORTH_SHARING };
    if alone || threads == 1 {
        return compute(level, product, 0..m, 0..n);
    }
    let [down, across] = match few {
        true => [1, few::pieces(product, threads).min(n.div_ceil(UNIT))],
        false => grid([m, n], (work / PIECE).clamp(threads, 8 * threads), threads),
    };
    parallel(down * across, |i| {
        let (i, j) = (i / across, i % across);
        compute(level, product, nth(i, down, m, 1), nth(j, across, n, UNIT));
    });
}

/// Columns are cut at multiples of this.
const UNIT: usize = 32;

/// Into how many parts rows and columns are cut, at most `pieces` in all: so that the threads,
/// each taking the next piece when it has done one, end soonest.
///
/// For each step of `k` a piece takes a cycle per 32 of its products, and half of one to fetch a
/// number from a cache that is far, and pack it. The last thread to end is late by a part of a
/// piece, so few large ones are no good, and many small ones fetch the same numbers again and
/// again.
fn grid([m, n]: [usize; 2], pieces: usize, threads: usize) -> [usize; 2] {
    let time = |[down, across]: [usize; 2]| {
        let (rows, columns) = (m.div_ceil(down), n.div_ceil(UNIT).div_ceil(across) * UNIT);
        let piece = rows * columns + 16 * (rows + columns);
        piece * (4 * (down * across).div_ceil(threads) + 1)
    };
    let downs = 1..=pieces.min(m.div_ceil(14));
    let grids = downs.flat_map(|down| {
        let across = (pieces / down).clamp(1, n.div_ceil(UNIT).max(1));
        (1..=across).map(move |across| [down, across])
    });
    grids.min_by_key(|&grid| time(grid)).unwrap_or([1, 1])
}

/// Part `i` of `parts` parts of `0..n`, which begin at multiples of `unit`.
fn nth(i: usize, parts: usize, n: usize, unit: usize) -> Range<usize> {
    let units = n.div_ceil(unit);
    let begin = |i: usize| (i * units / parts * unit).min(n);
    begin(i)..begin(i + 1)
}

/// The part of the product in these rows and columns.
#[inline]
pub(super) fn compute(level: Level, product: &Product, rows: Range<usize>, columns: Range<usize>) {
    match few::applies(product) {
        true => compute_few(level, product, columns),
        false => compute_blocks(level, product, rows, columns),
    }
}

vectorized! {
    /// All rows of the product in these columns, when there are few.
    fn compute_few<S>(product: &Product, columns: Range<usize>) {
        // SAFETY: the product's shapes fit, and the part is inside.
        unsafe { few::part::<S>(product, columns) }
    }

    /// The part of the product in these rows and columns, block after block.
    fn compute_blocks<S>(product: &Product, rows: Range<usize>, columns: Range<usize>) {
        if rows.is_empty() || columns.is_empty() {
            return;
        }
        let k = product.a.columns;
        let steps = k.div_ceil(DEPTH).max(1);
        let depth = k.div_ceil(steps).next_multiple_of(S::LANES);
        let lies_right = product.b.column == 1 && product.b.holds == Holds::Floats;
        let packs = !lies_right || rows.len() >= B_WORTH_PACKING;
        let panels = if packs { columns.len().min(COLUMNS).div_ceil(width::<S>()) } else { 1 };
        let (for_b, for_a) = (depth * panels * width::<S>(), tile::PACKED);
        let mut room = pack::Room::new(for_b + for_a);
        let b = room.start();
        let mut first = columns.start;
        while first < columns.end {
            let n = COLUMNS.min(columns.end - first);
            for step in 0..steps {
                let k0 = (step * depth).min(k);
                let next = k0 + depth..k.min(k0 + 2 * depth);
                let block = Block { first, n, k0, k: depth.min(k - k0), next, packs };
                // SAFETY: inside of the product, and the room is large enough.
                unsafe {
                    let right = block.right::<S>(product, b);
                    block.with_rows::<S>(product, rows.clone(), right, b.add(for_b));
                }
            }
            first += n;
        }
    }
}

/// `n` columns of `b` from `first` on, and `k` of its rows from `k0` on.
struct Block {
    first: usize,
    n: usize,
    k0: usize,
    k: usize,
    /// The stretch of `k` that comes then, if there is one.
    next: Range<usize>,
    /// Into panels, rather than read where it lies.
    packs: bool,
}

impl Block {
    /// The block as panels: packed to `to`, or where it lies, except for a narrow last one.
    ///
    /// # Safety
    /// The product has the block, and there is room for what is packed.
    #[inline(always)]
    unsafe fn right<S: Simd>(&self, product: &Product, to: *mut f32) -> Right {
        let (b, wide, whole) = (&product.b, width::<S>(), self.n / width::<S>());
        let begin = if self.packs { 0 } else { whole };
        let mut j = begin * wide;
        while j < self.n {
            let columns = [self.first + j, wide.min(self.n - j)];
            // SAFETY: the caller's promise.
            unsafe {
                let to = to.add((j - begin * wide) * self.k);
                pack::panel::<S>(b, [self.k0, self.k], columns, to);
            }
            j += wide;
        }
        let last = to.wrapping_add((whole - begin) * wide * self.k);
        match self.packs {
            true => Right { first: to, panel: wide * self.k, step: wide, last },
            false => {
                let first = b.start.wrapping_add(self.k0 * b.row + self.first);
                Right { first, panel: wide, step: b.row, last }
            }
        }
    }

    /// The block with these rows of `a`, tile after tile of them; `room` is for packing one.
    ///
    /// # Safety
    /// The product has the rows, and nobody else has them of `c` in these columns.
    #[inline(always)]
    unsafe fn with_rows<S: Simd>(
        &self,
        product: &Product,
        rows: Range<usize>,
        right: Right,
        room: *mut f32,
    ) {
        let a = &product.a;
        let worth = if a.row == 1 { TURNED_A_WORTH_PACKING } else { A_WORTH_PACKING };
        let packs = a.holds != Holds::Floats || self.n > worth;
        let tiles = rows.len().div_ceil(tile::rows::<S>());
        let (ks, columns) = (self.k0..self.k0 + self.k, self.first..self.first + self.n);
        let begin = |tile: usize| rows.end.min(rows.start + tile * rows.len() / tiles);
        for i in 0..tiles {
            let [top, bottom, end] = [i, i + 1, i + 2].map(begin);
            let soon = [
                Soon::rows(a, bottom..end, ks.clone()),
                Soon::columns(&product.b, columns.clone(), self.next.clone(), [i, tiles]),
            ];
            // SAFETY: the caller's promise.
            unsafe {
                let left = match packs {
                    true => pack::rows::<S>(a, [top, bottom - top], [self.k0, self.k], room),
                    false => self.left(product, top),
                };
                let place = self.place(product, top..bottom);
                strip::<S>(bottom - top, self.n, self.k, left, right, place, soon);
            }
        }
    }

    /// Rows of `a` from `row` on, where they lie.
    #[inline(always)]
    fn left(&self, product: &Product, row: usize) -> Left {
        let a = &product.a;
        let first = a.start.wrapping_add(row * a.row + self.k0 * a.column);
        Left { first, row: a.row, step: a.column }
    }

    /// Where the product of these rows goes. A bias comes with the first stretch of `k`, and the
    /// others are added to that.
    ///
    /// # Safety
    /// Nobody else has these rows of `c` in these columns.
    #[inline(always)]
    unsafe fn place(&self, product: &Product, rows: Range<usize>) -> Place {
        let mut place = Place {
            c: product.c.wrapping_add(rows.start * product.c_row + self.first),
            row: product.c_row,
            accumulate: product.finish.accumulate || self.k0 > 0,
            bias: std::ptr::null(),
        };
        match product.finish.bias {
            Bias::OfColumns(bias) if self.k0 == 0 => {
                place.bias = bias[self.first..self.first + self.n].as_ptr();
            }
            Bias::OfRows(bias) if self.k0 == 0 => {
                // SAFETY: the caller's promise.
                unsafe { fill(&bias[rows], self.n, place) };
                place.accumulate = true;
            }
            _ => {}
        }
        place
    }
}

/// Adds a number per row to `n` columns, or writes it where there is nothing to add to.
///
/// # Safety
/// Nobody else has these rows and columns.
#[inline(always)]
unsafe fn fill(bias: &[f32], n: usize, place: Place) {
    for (i, &bias) in bias.iter().enumerate() {
        for j in 0..n {
            // SAFETY: the caller's promise.
            unsafe {
                let to = place.c.add(i * place.row + j);
                *to = if place.accumulate { *to + bias } else { bias };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_covers_every_row_and_column_once() {
        for (m, n) in [(1, 1), (9, 700), (14, 32), (100, 33), (128, 128), (2048, 65), (70, 5000)] {
            for pieces in [1, 2, 7, 8, 64] {
                let [down, across] = grid([m, n], pieces, 3);
                assert!((1..=pieces).contains(&(down * across)), "{m} {n} {pieces}");
                for (parts, of, unit) in [(down, m, 1), (across, n, UNIT)] {
                    let covered: Vec<usize> =
                        (0..parts).flat_map(|i| nth(i, parts, of, unit)).collect();
                    assert_eq!(covered, (0..of).collect::<Vec<_>>());
                }
            }
        }
    }

    #[test]
    fn two_threads_end_together() {
        for (m, n) in [(512, 512), (2048, 128), (128, 512), (64, 784)] {
            let [down, across] = grid([m, n], 16, 2);
            assert!((down * across).is_multiple_of(2), "{m} {n}: {down} by {across}");
        }
    }
}
