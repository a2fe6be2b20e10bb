//! The loops around a tile: which part of which matrix waits where.

#![expect(unsafe_code, reason = "parts of matrices are pointers")]

use super::tile::{self, Left, Place, Right, strip, width};
use super::{Bias, Product, few, pack};
use crate::level::Level;
use crate::simd::{Simd, vectorized};
use crate::threads::{parallel, threads};
use std::ops::Range;

/// How many steps of `k` are taken at once, at most.
pub(super) const DEPTH: usize = 256;

/// How many columns of `b` a block has at most: 512 KiB of the L2 cache.
const COLUMNS: usize = 512;

/// From so many rows on it pays to pack a block of `b` that could be read where it lies.
const WORTH_PACKING: usize = 64;

/// Below so many multiply-adds a product stays on one thread: some ten microseconds.
const WORTH_SHARING: usize = 1_000_000;

/// A piece of it has at least so many.
const PIECE: usize = 250_000;

/// The product, in pieces for several threads.
pub(super) fn compute_parallel(level: Level, product: &Product) {
    let (m, k, n) = (product.a.rows, product.a.columns, product.b.columns);
    let work = m * n * k;
    if work < WORTH_SHARING || threads() == 1 {
        return compute(level, product, 0..m, 0..n);
    }
    let pieces = (work / PIECE).min(4 * threads());
    let [down, across] = match few::applies(product) {
        true => [1, pieces.min(n.div_ceil(32))],
        false => grid(m, n, pieces),
    };
    parallel(down * across, |i| {
        let (i, j) = (i / across, i % across);
        compute(level, product, nth(i, down, m, 1), nth(j, across, n, 32));
    });
}

/// The part of the product in these rows and columns.
#[inline]
pub(super) fn compute(level: Level, product: &Product, rows: Range<usize>, columns: Range<usize>) {
    match few::applies(product) {
        true => compute_few(level, product, columns),
        false => compute_blocks(level, product, rows, columns),
    }
}

/// Into how many parts rows and columns are cut: about `pieces` in all, as square as may be, as
/// each piece packs its own rows and columns.
fn grid(m: usize, n: usize, pieces: usize) -> [usize; 2] {
    let side = (m * n / pieces).isqrt().clamp(32, COLUMNS);
    let across = n.div_ceil(side);
    [pieces.div_ceil(across).clamp(1, m.div_ceil(14)), across]
}

/// Part `i` of `parts` parts of `0..n`, which begin at multiples of `unit`.
fn nth(i: usize, parts: usize, n: usize, unit: usize) -> Range<usize> {
    let units = n.div_ceil(unit);
    let begin = |i: usize| (i * units / parts * unit).min(n);
    begin(i)..begin(i + 1)
}

vectorized! {
    /// The part of the product in these rows and columns.
    fn compute_blocks<S>(product: &Product, rows: Range<usize>, columns: Range<usize>) {
        // SAFETY: the product's shapes fit, and the part is inside.
        unsafe { part::<S>(product, rows, columns) }
    }

    /// All rows of the product in these columns, when there are few.
    fn compute_few<S>(product: &Product, columns: Range<usize>) {
        // SAFETY: the product's shapes fit, and the part is inside.
        unsafe { few::part::<S>(product, columns) }
    }
}

/// # Safety
/// The product has these rows and columns, and nobody else has this part of `c`.
#[inline(always)]
unsafe fn part<S: Simd>(product: &Product, rows: Range<usize>, columns: Range<usize>) {
    if rows.is_empty() || columns.is_empty() {
        return;
    }
    let k = product.a.columns;
    let steps = k.div_ceil(DEPTH).max(1);
    let depth = k.div_ceil(steps).next_multiple_of(S::LANES);
    let packs = product.b.column != 1 || rows.len() >= WORTH_PACKING;
    let packed = if packs {
        columns.len().min(COLUMNS).next_multiple_of(width::<S>())
    } else {
        width::<S>()
    };
    let mut room = pack::Room::new(depth * (packed + 16));
    let room = room.start();
    let mut first = columns.start;
    while first < columns.end {
        let n = COLUMNS.min(columns.end - first);
        for step in 0..steps {
            let k0 = step * depth;
            let k = depth.min(k - k0);
            // SAFETY: inside of the product, and the room is large enough.
            unsafe {
                block::<S>(product, rows.clone(), [first, n], [k0, k], packs, room, depth * packed)
            }
        }
        first += n;
    }
}

/// A block of `b` with all rows of `a`.
#[inline(always)]
unsafe fn block<S: Simd>(
    product: &Product,
    rows: Range<usize>,
    [first, n]: [usize; 2],
    [k0, k]: [usize; 2],
    packs: bool,
    room: *mut f32,
    packed: usize,
) {
    let (a, b, wide) = (&product.a, &product.b, width::<S>());
    unsafe {
        let right = if packs {
            for j in (0..n).step_by(wide) {
                pack::panel::<S>(b, [k0, k], [first + j, wide.min(n - j)], room.add(j * k));
            }
            Right { first: room, panel: wide * k, step: wide, last: room.add(n / wide * wide * k) }
        } else {
            if n % wide > 0 {
                pack::panel::<S>(b, [k0, k], [first + n / wide * wide, n % wide], room);
            }
            let start = b.start.wrapping_add(k0 * b.row + first);
            Right { first: start, panel: wide, step: b.row, last: room }
        };
        let tiles = rows.len().div_ceil(tile::rows::<S>());
        for i in 0..tiles {
            let top = rows.start + i * rows.len() / tiles;
            let bottom = rows.start + (i + 1) * rows.len() / tiles;
            let mut left = Left {
                first: a.start.wrapping_add(top * a.row + k0 * a.column),
                row: a.row,
                step: a.column,
            };
            if n > 2 * wide {
                left = pack::rows::<S>(bottom - top, k, left, room.add(packed));
            }
            let mut place = Place {
                c: product.c.add(top * product.c_row + first),
                row: product.c_row,
                accumulate: product.finish.accumulate || k0 > 0,
                bias: std::ptr::null(),
            };
            match product.finish.bias {
                Bias::OfColumns(bias) if k0 == 0 => place.bias = bias.as_ptr().add(first),
                Bias::OfRows(bias) if k0 == 0 => {
                    begin(&bias[top..bottom], n, place);
                    place.accumulate = true;
                }
                _ => {}
            }
            strip::<S>(bottom - top, n, k, left, right, place);
        }
    }
}

/// Adds a number per row to `n` columns, or writes it where there is nothing to add to.
#[inline(always)]
unsafe fn begin(bias: &[f32], n: usize, place: Place) {
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
