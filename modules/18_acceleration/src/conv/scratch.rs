//! Room to work in, kept from one call to the next.

use std::cell::Cell;

/// How many floats a cache line holds.
const LINE: usize = 16;

thread_local!(static KEPT: Cell<Vec<f32>> = const { Cell::new(Vec::new()) });

/// Calls `work` with room for `n` numbers that begins at a cache line. What is in it means nothing.
/// Each thread keeps the largest that it needed.
pub(super) fn scratch<R>(n: usize, work: impl FnOnce(&mut [f32]) -> R) -> R {
    let mut room = KEPT.take();
    if room.len() < n + LINE {
        room.resize(n + LINE, 0.0);
    }
    let skip = room.as_ptr().align_offset(4 * LINE).min(LINE);
    let result = work(&mut room[skip..skip + n]);
    KEPT.set(room);
    result
}
