//! Copies in the order in which they will be read.

#![expect(unsafe_code, reason = "copies through pointers into memory that is kept")]

use super::Matrix;
use super::tile::{Left, width};
use crate::simd::Simd;
use std::cell::Cell;
use std::ops::Range;

/// How many numbers a cache line holds.
const LINE: usize = 16;

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
pub(super) unsafe fn panel<S: Simd>(
    b: &Matrix,
    [k0, k]: [usize; 2],
    [column, n]: [usize; 2],
    to: *mut f32,
) {
    let wide = width::<S>();
    let from = b.start.wrapping_add(k0 * b.row + column * b.column);
    // SAFETY: the caller's promise.
    unsafe {
        for first in (0..wide).step_by(S::LANES) {
            let (to, n) = (to.add(first), n.saturating_sub(first).min(S::LANES));
            let from = from.wrapping_add(first * b.column);
            if b.column == 1 && n == S::LANES {
                for p in 0..k {
                    S::store(to.add(p * wide), S::load(from.add(p * b.row)));
                }
            } else if b.column == 1 {
                for p in 0..k {
                    S::store(to.add(p * wide), S::load_first(from.wrapping_add(p * b.row), n));
                }
            } else if b.row == 1 && n == S::LANES {
                let whole = k - k % S::LANES;
                for p in (0..whole).step_by(S::LANES) {
                    S::transpose(from.add(p), b.column, to.add(p * wide), wide);
                }
                one_by_one::<S>(b, from, whole..k, n, to);
            } else {
                one_by_one::<S>(b, from, 0..k, n, to);
            }
        }
    }
}

/// Some rows of `n` columns of a panel, whatever the strides.
#[inline(always)]
unsafe fn one_by_one<S: Simd>(
    b: &Matrix,
    from: *const f32,
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
                *to.add(j) = *from.add(p * b.row + j * b.column);
            }
        }
    }
}

/// `rows` rows of `a`, at most those of a tile, and `k` steps, side by side.
///
/// # Safety
/// `a` has them, and there is room for `max(rows, LANES) * k` numbers at `to`.
#[inline(always)]
pub(super) unsafe fn rows<S: Simd>(rows: usize, k: usize, a: Left, to: *mut f32) -> Left {
    // SAFETY: the caller's promise.
    unsafe {
        if a.step == 1 {
            for i in 0..rows {
                std::ptr::copy_nonoverlapping(a.first.wrapping_add(i * a.row), to.add(i * k), k);
            }
            return Left { first: to, row: k, step: 1 };
        }
        if a.row == 1 && rows <= S::LANES {
            for p in 0..k {
                let from = a.first.wrapping_add(p * a.step);
                S::store(to.add(p * S::LANES), S::load_first(from, rows));
            }
            return Left { first: to, row: 1, step: S::LANES };
        }
        for i in 0..rows {
            for p in 0..k {
                *to.add(i * k + p) = *a.first.wrapping_add(i * a.row + p * a.step);
            }
        }
        Left { first: to, row: k, step: 1 }
    }
}
