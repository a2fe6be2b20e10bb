//! Keys and values as the products want them.
//!
//! The scores need the keys transposed, so that a vector holds the same feature of as many keys.
//! That is done once for all queries: *panels* of two vectors of keys, feature by feature.

#![expect(unsafe_code, reason = "numbers are read and written through pointers")]

use super::matrix::{Matrix, Room, Rows};
use super::product::lanes;
use crate::level::Level;
use crate::simd::vectorized;

/// How many vectors of keys a panel holds.
pub(super) const PANEL: usize = 2;

/// Keys or values, transposed: `[panel][feature][key]`.
#[derive(Clone, Copy)]
pub(super) struct Panels {
    start: *mut f32,
    features: usize,
    /// How many keys a panel holds.
    pub(super) size: usize,
}

impl Panels {
    /// How much room these many keys take.
    pub(super) fn room(keys: usize, features: usize, lanes: usize) -> usize {
        keys.next_multiple_of(PANEL * lanes) * features
    }

    /// The first `keys` rows of `x`, of `features` numbers each.
    pub(super) fn of(
        level: Level,
        x: Matrix,
        keys: usize,
        features: usize,
        room: &mut Room,
    ) -> Self {
        let lanes = lanes(level);
        let start = room.take(Self::room(keys, features, lanes));
        let panels = Self { start, features, size: PANEL * lanes };
        for first in (0..keys.next_multiple_of(panels.size)).step_by(lanes) {
            let (panel, column) = (first - first % panels.size, first % panels.size);
            let n = lanes.min(keys.saturating_sub(first));
            turn(level, x.rows_from(first), n, features, panels.at(panel).after(0, column));
        }
        panels
    }

    /// All features of the panel that begins with key `first`.
    pub(super) fn at(self, first: usize) -> Rows {
        Rows { start: self.start.wrapping_add(first * self.features), row: self.size }
    }
}

vectorized! {
    /// Transposes `n` rows of `x`, at most a vector of them, with zeros for those that lack.
    fn turn<S>(x: Matrix, n: usize, features: usize, to: Rows) {
        let mut c = 0;
        if n == S::LANES && x.step == 1 {
            while c + S::LANES <= features {
                // SAFETY: as many rows and columns as a vector has numbers, and the room for them.
                unsafe { S::transpose(x.columns_from(c).start, x.row, to.at(c), to.row) };
                c += S::LANES;
            }
        }
        for c in c..features {
            let from = x.columns_from(c).start;
            for j in 0..S::LANES {
                // SAFETY: number `[j, c]`, and its place in the room.
                unsafe { *to.at(c).add(j) = if j < n { *from.add(j * x.row) } else { 0.0 } };
            }
        }
    }
}

/// The first `count` rows of `x`, of `len` numbers, as vectors can walk along them: where they are,
/// if they lie whole in memory and are whole vectors, else copied to `room`, whose rows are, with
/// zeros behind.
pub(super) fn rows(x: Matrix, count: usize, len: usize, room: Rows) -> Rows {
    if x.step == 1 && len == room.row {
        return Rows { start: x.start.cast_mut(), row: x.row };
    }
    for i in 0..count {
        for j in 0..room.row {
            let number = x.start.wrapping_add(i * x.row + j * x.step);
            // SAFETY: number `[i, j]`, and its place in the room.
            unsafe { *room.at(i).add(j) = if j < len { *number } else { 0.0 } };
        }
    }
    room
}
