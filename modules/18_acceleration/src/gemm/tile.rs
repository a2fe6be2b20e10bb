//! A tile of the product: as many numbers as registers hold, over a stretch of `k`.

#![expect(unsafe_code, reason = "the innermost loop goes through pointers")]

use crate::simd::Simd;

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

/// `rows` rows of the product, at most those of a tile, and `n` columns, over `k` steps.
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
) {
    /// The code for each number of rows, where a tile has so many.
    macro_rules! for_each_number_of_rows {
        ($($r:literal)*) => {
            match rows {
                // SAFETY: the caller's promise.
                $($r if const { $r <= self::rows::<S>() } => unsafe { panels::<S, $r>(n, k, a, b, place) },)*
                _ => unreachable!("a tile has no {rows} rows"),
            }
        };
    }
    for_each_number_of_rows!(1 2 3 4 5 6 7 8 9 10 11 12 13 14)
}

/// As [`strip`], for `R` rows: tile after tile to the right.
#[inline(always)]
unsafe fn panels<S: Simd, const R: usize>(n: usize, k: usize, a: Left, b: Right, mut place: Place) {
    let wide = const { width::<S>() };
    let mut from = b.first;
    let mut left = n;
    // SAFETY: the caller's promise; a column is never behind the last.
    unsafe {
        while left >= wide {
            tile_of_width::<S, R>(wide, k, a, from, b.step, place);
            from = from.wrapping_add(b.panel);
            place.c = place.c.wrapping_add(wide);
            if !place.bias.is_null() {
                place.bias = place.bias.wrapping_add(wide);
            }
            left -= wide;
        }
        if left > 0 {
            tile_of_width::<S, R>(left, k, a, b.last, wide, place);
        }
    }
}

#[inline(always)]
unsafe fn tile_of_width<S: Simd, const R: usize>(
    columns: usize,
    k: usize,
    a: Left,
    b: *const f32,
    step: usize,
    place: Place,
) {
    // SAFETY: the caller's promise.
    unsafe {
        if const { vectors::<S>() == 2 } && columns > S::LANES {
            tile::<S, R, 2>(columns, k, a, b, step, place)
        } else {
            tile::<S, R, 1>(columns, k, a, b, step, place)
        }
    }
}

/// `R` rows of `V` vectors, the last of which may count in part.
#[inline(always)]
unsafe fn tile<S: Simd, const R: usize, const V: usize>(
    columns: usize,
    k: usize,
    a: Left,
    b: *const f32,
    step: usize,
    place: Place,
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
        let sums = product::<S, R, V>(k, a, b, step, first);
        if whole {
            write::<S, R, V>(sums, place);
        } else {
            let mut aside = [0.0; MOST];
            let to = Place { c: aside.as_mut_ptr(), row: V * S::LANES, accumulate: false, ..place };
            write::<S, R, V>(sums, to);
            copy::<S>(R, columns, &aside, V * S::LANES, place);
        }
    }
}

/// The most numbers that a tile has.
const MOST: usize = 14 * 32;

/// How many steps of `k` a row of `b` is asked for before it is needed.
const AHEAD: usize = 8;

/// The sums of products: per step of `k` a row of `b` stays in `V` registers while each of `R`
/// numbers of `a`, as often as a vector is long, is multiplied with it. All rows begin as `first`.
#[inline(always)]
unsafe fn product<S: Simd, const R: usize, const V: usize>(
    k: usize,
    a: Left,
    mut b: *const f32,
    step: usize,
    first: [S::F; V],
) -> [[S::F; V]; R] {
    let mut sums = [first; R];
    let mut rows = [a.first; R];
    for i in 0..R {
        rows[i] = a.first.wrapping_add(i * a.row);
    }
    let mut at = 0;
    for _ in 0..k {
        let mut row = [S::splat(0.0); V];
        for v in 0..V {
            // SAFETY: the caller's promise.
            row[v] = unsafe { S::load(b.add(v * S::LANES)) };
            S::prefetch(b.wrapping_add(AHEAD * step + v * S::LANES));
        }
        for i in 0..R {
            // SAFETY: the caller's promise.
            let x = S::splat(unsafe { *rows[i].add(at) });
            for v in 0..V {
                sums[i][v] = S::fma(x, row[v], sums[i][v]);
            }
        }
        b = b.wrapping_add(step);
        at += a.step;
    }
    sums
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
    aside: &[f32; MOST],
    width: usize,
    place: Place,
) {
    for i in 0..rows {
        for first in (0..columns).step_by(S::LANES) {
            let n = (columns - first).min(S::LANES);
            // SAFETY: the caller's promise.
            unsafe {
                let to = place.c.add(i * place.row + first);
                let mut x = S::load(aside.as_ptr().add(i * width + first));
                if place.accumulate {
                    x = S::add(S::load_first(to, n), x);
                }
                S::store_first(to, n, x);
            }
        }
    }
}
