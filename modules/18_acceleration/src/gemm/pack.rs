//! Copies in the order in which they will be read.

#![expect(unsafe_code, reason = "copies through pointers into memory that is kept")]

use super::number::{Floats, Halves, Number, Rounded};
use super::tile::{Left, SIDE_BY_SIDE, TURNED, width};
use super::{Holds, Matrix};
use crate::simd::Simd;
use std::cell::Cell;
use std::ops::Range;

/// How many numbers a cache line holds: who asks for one gets all.
pub(super) const LINE: usize = 16;

thread_local!(static ROOM: Cell<Vec<f32>> = const { Cell::new(Vec::new()) });

/// Memory that this thread keeps for the next time. What is in it means nothing.
pub(super) struct Room(Vec<f32>);

impl Room {
    /// Room for `n` numbers.
    #[inline]
    pub(super) fn new(n: usize) -> Self {
        let mut room = ROOM.take(); // a second one at the same time has memory of its own
        room.reserve(n + LINE);
        Self(room)
    }

    /// Where it begins: at a cache line.
    #[inline]
    pub(super) fn start(&mut self) -> *mut f32 {
        let start = self.0.as_mut_ptr();
        start.wrapping_add(start.align_offset(LINE * size_of::<f32>()))
    }
}

impl Drop for Room {
    #[inline]
    fn drop(&mut self) {
        ROOM.set(std::mem::take(&mut self.0));
    }
}

/// `n` columns of `b` from `column` on, rows `k0` to `k0 + k`, as a panel: row after row, as wide
/// as a tile, filled up with zeros.
///
/// # Safety
/// `b` has these columns and rows, at most as many columns as a tile, and there is room for
/// `k` rows at `to`.
#[inline(always)]
pub(super) unsafe fn panel<S: Simd>(b: &Matrix, ks: [usize; 2], columns: [usize; 2], to: *mut f32) {
    // SAFETY: the caller's promise; the numbers are what the matrix says it holds.
    unsafe {
        match b.holds {
            Holds::Floats => panel_of::<S, Floats>(b, ks, columns, to),
            Holds::Rounded => panel_of::<S, Rounded>(b, ks, columns, to),
            Holds::Halves => panel_of::<S, Halves>(b, ks, columns, to),
        }
    }
}

#[inline(always)]
unsafe fn panel_of<S: Simd, N: Number>(
    b: &Matrix,
    [k0, k]: [usize; 2],
    [column, n]: [usize; 2],
    to: *mut f32,
) {
    let wide = width::<S>();
    let from = b.start.cast::<N::Stored>().wrapping_add(k0 * b.row + column * b.column);
    // SAFETY: the caller's promise.
    unsafe {
        for first in (0..wide).step_by(S::LANES) {
            let (to, n) = (to.add(first), n.saturating_sub(first).min(S::LANES));
            let from = from.wrapping_add(first * b.column);
            if b.column == 1 && n == S::LANES {
                for p in 0..k {
                    S::store(to.add(p * wide), N::load::<S>(from.add(p * b.row)));
                }
            } else if b.column == 1 {
                for p in 0..k {
                    let row = N::load_first::<S>(from.wrapping_add(p * b.row), n);
                    S::store(to.add(p * wide), row);
                }
            } else if b.row == 1 && n == S::LANES {
                let whole = k - k % S::LANES;
                for p in (0..whole).step_by(S::LANES) {
                    N::transpose::<S>(from.add(p), b.column, to.add(p * wide), wide);
                }
                one_by_one::<S, N>(b, from, whole..k, n, to);
            } else {
                one_by_one::<S, N>(b, from, 0..k, n, to);
            }
        }
    }
}

/// Some rows of `n` columns of a panel, whatever the strides.
#[inline(always)]
unsafe fn one_by_one<S: Simd, N: Number>(
    b: &Matrix,
    from: *const N::Stored,
    rows: Range<usize>,
    n: usize,
    to: *mut f32,
) {
    for p in rows {
        // SAFETY: the caller's promise.
        unsafe {
            let to = to.add(p * width::<S>());
            S::store(to, S::splat(0.0));
            for j in 0..n {
                *to.add(j) = N::float(*from.add(p * b.row + j * b.column));
            }
        }
    }
}

/// `n` rows of `a` from `row` on, at most those of a tile, and `k` steps from `k0` on, side by
/// side.
///
/// # Safety
/// `a` has them, and there is room for `max(n, LANES) * k` numbers at `to`.
#[inline(always)]
pub(super) unsafe fn rows<S: Simd>(
    a: &Matrix,
    rows: [usize; 2],
    ks: [usize; 2],
    to: *mut f32,
) -> Left {
    // SAFETY: the caller's promise; the numbers are what the matrix says it holds.
    unsafe {
        match a.holds {
            Holds::Floats => rows_of::<S, Floats>(a, rows, ks, to),
            Holds::Rounded => rows_of::<S, Rounded>(a, rows, ks, to),
            Holds::Halves => rows_of::<S, Halves>(a, rows, ks, to),
        }
    }
}

#[inline(always)]
unsafe fn rows_of<S: Simd, N: Number>(
    a: &Matrix,
    [row, n]: [usize; 2],
    [k0, k]: [usize; 2],
    to: *mut f32,
) -> Left {
    let from = a.start.cast::<N::Stored>().wrapping_add(row * a.row + k0 * a.column);
    // SAFETY: the caller's promise.
    unsafe {
        if a.row == 1 && a.column != 1 && n <= S::LANES {
            let [row, step] = TURNED;
            for p in 0..k {
                let numbers = N::load_first::<S>(from.wrapping_add(p * a.column), n);
                S::store(to.add(p * step), numbers);
            }
            return Left { first: to, row, step };
        }
        let [row, step] = SIDE_BY_SIDE;
        for i in 0..n {
            let (from, to) = (from.wrapping_add(i * a.row), to.add(i * row));
            match a.column {
                1 => run::<S, N>(from, k, to),
                apart => (0..k).for_each(|p| *to.add(p) = N::float(*from.wrapping_add(p * apart))),
            }
        }
        Left { first: to, row, step }
    }
}

/// `n` numbers that follow each other.
#[inline(always)]
unsafe fn run<S: Simd, N: Number>(from: *const N::Stored, n: usize, to: *mut f32) {
    let whole = n - n % S::LANES;
    // SAFETY: the caller's promise.
    unsafe {
        for i in (0..whole).step_by(S::LANES) {
            S::store(to.add(i), N::load::<S>(from.add(i)));
        }
        if whole < n {
            let rest = N::load_first::<S>(from.add(whole), n - whole);
            S::store_first(to.add(whole), n - whole, rest);
        }
    }
}
