//! A tile of the product: as many numbers as registers hold, over a stretch of `k`.

#![expect(unsafe_code, reason = "the innermost loop goes through pointers")]
#![expect(clippy::needless_range_loop, reason = "numbers of rows and vectors are constants")]

use super::pack::LINE;
use super::{Holds, Matrix};
use crate::simd::Simd;
use std::mem::MaybeUninit;
use std::ops::Range;

/// How many rows a tile has at most. The sums take `rows * vectors` registers, a row of `b` takes
/// `vectors` and a number of `a` one: 31 of 32, 15 of 16.
#[inline(always)]
pub(super) const fn rows<S: Simd>() -> usize {
    match S::REGISTERS {
        32 => 14,
        16 => 6,
        _ => 4,
    }
}

/// How many vectors a row of a tile has at most.
#[inline(always)]
const fn vectors<S: Simd>() -> usize {
    match S::REGISTERS {
        8 => 1,
        _ => 2,
    }
}

/// How many columns a tile has at most: the width of a panel of `b`.
#[inline(always)]
pub(super) const fn width<S: Simd>() -> usize {
    vectors::<S>() * S::LANES
}

/// How packed rows of `a` lie: so far apart are rows, and steps of `k`. The compiler knows it, and
/// the processor needs no instructions to find them. The rows begin at different places of the L1
/// cache.
pub(super) const SIDE_BY_SIDE: [usize; 2] = [super::block::DEPTH + LINE, 1];

/// The same if in memory the numbers of a column of `a` follow each other.
pub(super) const TURNED: [usize; 2] = [1, LINE];

/// How much room the rows of a tile take, packed either way.
pub(super) const PACKED: usize = LINE * SIDE_BY_SIDE[0];

/// Some rows of `a`: number `p` of row `i` is `row * i + step * p` behind the first.
#[derive(Clone, Copy)]
pub(super) struct Left {
    pub(super) first: *const f32,
    pub(super) row: usize,
    pub(super) step: usize,
}

/// Panels of `b`, each as wide as a tile: row `p` of panel `j` is `panel * j + step * p` behind
/// the first, but the last panel of a block, if it is narrower, is at `last` and is filled up.
#[derive(Clone, Copy)]
pub(super) struct Right {
    pub(super) first: *const f32,
    pub(super) panel: usize,
    pub(super) step: usize,
    pub(super) last: *const f32,
}

/// Runs of memory that are needed soon. They are asked for on the way, line after line: what is far
/// takes as long to come as several tiles take.
#[derive(Clone, Copy)]
pub(super) struct Soon {
    at: *const f32,
    /// How many numbers of the run were asked for, of how many.
    asked: usize,
    run: usize,
    /// How far the next run is, and how many there are.
    apart: usize,
    runs: usize,
}

impl Soon {
    /// Some rows of `a`, at most those of a tile, in these steps of `k`. Of rows that lie side by
    /// side only the line of the last one is asked for: that of the first came with the rows before.
    #[inline(always)]
    pub(super) fn rows(a: &Matrix, rows: Range<usize>, ks: Range<usize>) -> Self {
        match a.column {
            1 => Self::of(a, rows.start * a.row + ks.start, [ks.len(), rows.len()], a.row),
            step => {
                let last = (rows.end - 1) * a.row;
                let steps = if rows.is_empty() { 0 } else { ks.len() };
                Self::of(a, last + ks.start * step, [1, steps], step)
            }
        }
    }

    /// Part `i` of `parts` of these columns of `b` in these steps of `k`.
    #[inline(always)]
    pub(super) fn columns(
        b: &Matrix,
        columns: Range<usize>,
        ks: Range<usize>,
        [i, parts]: [usize; 2],
    ) -> Self {
        let part = |of: &Range<usize>| {
            let [begin, end] = [i, i + 1].map(|i| of.start + i * of.len() / parts);
            (begin, end - begin)
        };
        match b.column {
            1 => {
                let (k, steps) = part(&ks);
                Self::of(b, k * b.row + columns.start, [columns.len(), steps], b.row)
            }
            step => {
                let (column, n) = part(&columns);
                Self::of(b, column * step + ks.start * b.row, [ks.len(), n], step)
            }
        }
    }

    /// `runs` runs of `run` numbers which are `apart`, from number `first` on.
    #[inline(always)]
    fn of(matrix: &Matrix, first: usize, [run, runs]: [usize; 2], apart: usize) -> Self {
        // A number of two bytes is as far from the next as half of one of four.
        let as_floats = |n: usize| if matrix.holds == Holds::Halves { n / 2 } else { n };
        let at = matrix.start.wrapping_add(as_floats(first));
        // It may begin anywhere in a line, and end in one more.
        let run = if run > 1 { as_floats(run) + LINE - 1 } else { run };
        Self { at, asked: 0, run, apart: as_floats(apart), runs }
    }

    /// Asks for the next line.
    #[inline(always)]
    fn ask<S: Simd>(&mut self) {
        if self.runs > 0 {
            S::prefetch_far(self.at.wrapping_add(self.asked));
            self.asked += LINE;
            if self.asked >= self.run {
                self.asked = 0;
                self.at = self.at.wrapping_add(self.apart);
                self.runs -= 1;
            }
        }
    }
}

/// Where the results go, and what is added to them.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) c: *mut f32,
    pub(super) row: usize,
    /// What is there is added.
    pub(super) accumulate: bool,
    /// A number per column is added, unless null.
    pub(super) bias: *const f32,
}

/// `rows` rows of the product, at most those of a tile, and `n` columns, over `k` steps. The panels
/// ask for what is needed soon by turns, as there are registers for one place only.
///
/// # Safety
/// `a`, `b` and `place` have that many numbers, and the panels of `b` whole vectors.
#[inline(always)]
pub(super) unsafe fn strip<S: Simd>(
    rows: usize,
    n: usize,
    k: usize,
    a: Left,
    b: Right,
    place: Place,
    soon: [Soon; 2],
) {
    /// The code for each number of rows, where a tile has so many.
    macro_rules! for_each_number_of_rows {
        ($($r:literal)*) => {
            match rows {
                // SAFETY: the caller's promise.
                $($r if const { $r <= self::rows::<S>() } => unsafe {
                    match [a.row, a.step] {
                        SIDE_BY_SIDE if const { 2 * $r > self::rows::<S>() } => {
                            panels::<S, $r, { SIDE_BY_SIDE[0] }, { SIDE_BY_SIDE[1] }>(n, k, a, b, place, soon)
                        }
                        TURNED if const { 2 * $r > self::rows::<S>() } => {
                            panels::<S, $r, { TURNED[0] }, { TURNED[1] }>(n, k, a, b, place, soon)
                        }
                        _ => panels::<S, $r, 0, 0>(n, k, a, b, place, soon),
                    }
                },)*
                _ => unreachable!("a tile has no {rows} rows"),
            }
        };
    }
    for_each_number_of_rows!(1 2 3 4 5 6 7 8 9 10 11 12 13 14)
}

/// As [`strip`], for `R` rows: tile after tile to the right.
#[inline(always)]
unsafe fn panels<S: Simd, const R: usize, const ROW: usize, const STEP: usize>(
    n: usize,
    k: usize,
    a: Left,
    b: Right,
    mut place: Place,
    mut soon: [Soon; 2],
) {
    let wide = const { width::<S>() };
    let (mut from, mut left, mut turn) = (b.first, n, 0);
    while left > 0 {
        let columns = left.min(wide);
        let (from_here, step) = if columns == wide { (from, b.step) } else { (b.last, wide) };
        // SAFETY: the caller's promise; a column is never behind the last.
        unsafe {
            if const { vectors::<S>() == 2 } && columns > S::LANES {
                tile::<S, R, 2, ROW, STEP>(columns, k, a, from_here, step, place, &mut soon[turn]);
            } else {
                tile::<S, R, 1, ROW, STEP>(columns, k, a, from_here, step, place, &mut soon[turn]);
            }
        }
        from = from.wrapping_add(b.panel);
        place.c = place.c.wrapping_add(columns);
        if !place.bias.is_null() {
            place.bias = place.bias.wrapping_add(columns);
        }
        left -= columns;
        turn = 1 - turn;
    }
}

/// `R` rows of `V` vectors, the last of which may count in part.
#[inline(always)]
unsafe fn tile<S: Simd, const R: usize, const V: usize, const ROW: usize, const STEP: usize>(
    columns: usize,
    k: usize,
    a: Left,
    b: *const f32,
    step: usize,
    place: Place,
    soon: &mut Soon,
) {
    // SAFETY: the caller's promise.
    unsafe {
        for i in 0..R {
            S::prefetch(place.c.wrapping_add(i * place.row));
            S::prefetch(place.c.wrapping_add(i * place.row + columns - 1));
        }
        let whole = columns == V * S::LANES;
        let mut first = [S::splat(0.0); V];
        if !place.bias.is_null() {
            for v in 0..V {
                let n = (columns - v * S::LANES).min(S::LANES);
                first[v] = S::load_first(place.bias.add(v * S::LANES), n);
            }
        }
        let sums = product::<S, R, V, ROW, STEP>(k, a, b, step, first, soon);
        if whole {
            write::<S, R, V>(sums, place);
        } else {
            let mut aside = MaybeUninit::<[f32; MOST]>::uninit();
            let aside = aside.as_mut_ptr().cast::<f32>();
            let to = Place { c: aside, row: V * S::LANES, accumulate: false, ..place };
            write::<S, R, V>(sums, to);
            copy::<S>(R, columns, aside, V * S::LANES, place);
        }
    }
}

/// The most numbers that a tile has.
const MOST: usize = 14 * 32;

/// How many steps of `k` a row of `b` is asked for before it is needed.
const AHEAD: usize = 8;

/// How many steps of `k` are taken per turn of the innermost loop. What a turn costs besides
/// arithmetic matters where a core is shared: its two threads share what it can begin per cycle.
const TURN: usize = 4;

/// The sums of products: per step of `k` a row of `b` stays in `V` registers while each of `R`
/// numbers of `a`, as often as a vector is long, is multiplied with it. All rows begin as `first`.
#[inline(always)]
unsafe fn product<S: Simd, const R: usize, const V: usize, const ROW: usize, const STEP: usize>(
    k: usize,
    a: Left,
    b: *const f32,
    step: usize,
    first: [S::F; V],
    soon: &mut Soon,
) -> [[S::F; V]; R] {
    let mut sums = [first; R];
    let a_row = if ROW > 0 { ROW } else { a.row };
    let a_step = if ROW > 0 { STEP } else { a.step };
    let (mut a, mut b, mut soon_here) = (a.first, b, *soon);
    for _ in 0..k / TURN {
        soon_here.ask::<S>();
        for p in 0..TURN {
            // SAFETY: the caller's promise.
            unsafe {
                let b = b.wrapping_add(p * step);
                add_step::<S, R, V>(&mut sums, a.wrapping_add(p * a_step), a_row, b, step);
            }
        }
        a = a.wrapping_add(TURN * a_step);
        b = b.wrapping_add(TURN * step);
    }
    for _ in 0..k % TURN {
        // SAFETY: the caller's promise.
        unsafe { add_step::<S, R, V>(&mut sums, a, a_row, b, step) };
        a = a.wrapping_add(a_step);
        b = b.wrapping_add(step);
    }
    *soon = soon_here;
    sums
}

/// Adds the products of one step of `k`: of numbers of `a` which are `a_row` apart.
#[inline(always)]
unsafe fn add_step<S: Simd, const R: usize, const V: usize>(
    sums: &mut [[S::F; V]; R],
    a: *const f32,
    a_row: usize,
    b: *const f32,
    b_step: usize,
) {
    let mut row = [S::splat(0.0); V];
    for v in 0..V {
        // SAFETY: the caller's promise.
        row[v] = unsafe { S::load(b.add(v * S::LANES)) };
        S::prefetch(b.wrapping_add(AHEAD * b_step + v * S::LANES));
    }
    for i in 0..R {
        // SAFETY: the caller's promise.
        let x = S::splat(unsafe { *a.add(i * a_row) });
        for v in 0..V {
            sums[i][v] = S::fma(x, row[v], sums[i][v]);
        }
    }
}

/// Writes whole vectors, or adds them to what is there.
///
/// Plain loops: all are unrolled, as the sums could not stay in registers if one of them were
/// found by an index.
#[inline(always)]
unsafe fn write<S: Simd, const R: usize, const V: usize>(mut sums: [[S::F; V]; R], place: Place) {
    // SAFETY: the caller's promise.
    unsafe {
        if place.accumulate {
            for i in 0..R {
                for v in 0..V {
                    let there = S::load(place.c.wrapping_add(i * place.row + v * S::LANES));
                    sums[i][v] = S::add(there, sums[i][v]);
                }
            }
        }
        for i in 0..R {
            for v in 0..V {
                S::store(place.c.wrapping_add(i * place.row + v * S::LANES), sums[i][v]);
            }
        }
    }
}

/// The first `columns` columns of a tile that was written `aside`, in rows of `width`, to where
/// they belong.
#[inline(always)]
unsafe fn copy<S: Simd>(
    rows: usize,
    columns: usize,
    aside: *const f32,
    width: usize,
    place: Place,
) {
    for i in 0..rows {
        for first in (0..columns).step_by(S::LANES) {
            let n = (columns - first).min(S::LANES);
            // SAFETY: the caller's promise.
            unsafe {
                let to = place.c.add(i * place.row + first);
                let mut x = S::load(aside.add(i * width + first));
                if place.accumulate {
                    x = S::add(S::load_first(to, n), x);
                }
                S::store_first(to, n, x);
            }
        }
    }
}
