//! Keys and values as the products want them.
//!
//! The scores need the keys transposed, so that a vector holds the same feature of as many keys.
//! That is done once for all queries: *panels* of two vectors of keys, feature by feature.

#![expect(unsafe_code, reason = "numbers are read and written through pointers")]

use super::heads::{Matrix, Room};
use super::product::Rows;

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
        x: Matrix,
        keys: usize,
        features: usize,
        lanes: usize,
        room: &mut Room,
    ) -> Self {
        let size = PANEL * lanes;
        let start = room.take(Self::room(keys, features, lanes));
        for first in (0..keys).step_by(size) {
            let panel = start.wrapping_add(first * features);
            for c in 0..features {
                let from = x.from_row(first).from_column(c).start;
                let n = size.min(keys - first);
                for j in 0..n {
                    // SAFETY: key `first + j`, and its place in the room.
                    unsafe { *panel.add(c * size + j) = *from.add(j * x.row) };
                }
                for j in n..size {
                    // SAFETY: as above.
                    unsafe { *panel.add(c * size + j) = 0.0 };
                }
            }
        }
        Self { start, features, size }
    }

    /// All features of the panel that begins with key `first`.
    pub(super) fn at(self, first: usize) -> Rows {
        Rows { start: self.start.wrapping_add(first * self.features), row: self.size }
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
