//! The driver: which panels are packed when, and who multiplies them.
//!
//! ```text
//! for blocks of columns, rows and k that the caches hold
//!     pack the rows, pack the columns                          (threads: panel by panel)
//!     for groups of row panels x groups of column panels       (threads: group by group)
//!         for each column panel, for each row panel            (the tile: registers)
//! ```
//!
//! A panel of columns stays in the first cache while all row panels of its group pass by, and
//! these stay in the second. A tile of 14 rows by 32 columns does 28 multiplications of vectors
//! for 2 vectors and 14 words loaded: the arithmetic is the limit.
//!
//! Blocks and groups depend on the shape alone, so the results do not depend on the threads.

#![expect(unsafe_code, reason = "tiles are read and written through pointers")]
// Indices instead of iterators and closures: these would be functions of their own, not compiled
// for the instructions, and the sums would not stay in registers.
#![expect(clippy::needless_range_loop, reason = "as above")]

use super::pack::{Lines, Packing, pack};
use super::{PANEL, Task, Words};
use crate::level::Level;
use crate::out::Out;
use crate::threads::parallel;
use std::cell::Cell;
use std::marker::PhantomData;
use std::ops::Range;

/// How many words of `k` are multiplied before the sums are put down: 32 columns of them take
/// 32 KiB.
const WORDS: usize = 256;
/// How many rows and columns are packed at once.
const ROWS: usize = 1344;
const COLUMNS: usize = 2048;
/// How many words the row panels of a group take: 192 KiB.
const GROUP: usize = 48 << 10;
/// How many column panels a group has.
const GROUP_PANELS: usize = 8;
/// Below so many words multiplied, waking a thread costs more than it brings.
const WORTH_THREADS: usize = 1 << 21;

/// Where the sums go.
pub(crate) trait Finish<W: Words>: Sync {
    /// Whether the sums over `k` can be put down and taken up again. If not, they are whole.
    const IN_PARTS: bool;

    /// Takes `n` sums of row `i` from column `j` on, over a part of `k`.
    ///
    /// # Safety
    /// Called in [`Words::enter`], for places inside of the result, by one thread each.
    unsafe fn take(&self, i: usize, j: usize, n: usize, sum: W::Sum, part: Part);
}

/// Which part of `k` a sum is over.
#[derive(Clone, Copy)]
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "what pairs need"))]
pub(crate) struct Part {
    /// None came before.
    pub first: bool,
    /// None follows.
    pub last: bool,
}

/// The right matrix.
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "what pairs need"))]
pub(crate) enum Right<'a, P: Packing> {
    /// To be packed.
    Lines(Lines<'a, P::Number>),
    /// Its columns in panels of [`PANEL`], all words of `k` at once.
    Packed { panels: &'a [u32], columns: usize },
}

/// `left [m, k] x right [k, n]`, handed to `finish`; `left` comes as its rows, `right` as its
/// columns.
///
/// # Safety
/// The processor has the instructions of `W`, and `finish` has a place for each sum.
pub(crate) unsafe fn product<W: Words, L: Packing, R: Packing, F: Finish<W>>(
    level: Level,
    left: &Lines<'_, L::Number>,
    right: &Right<'_, R>,
    finish: &F,
) {
    let (m, n, words) = (left.count, right.columns(), left.depth.div_ceil(L::DEPTH));
    let height = height(m, W::ROWS);
    let worth = m * n * words >= WORTH_THREADS;
    let depth = if F::IN_PARTS { WORDS } else { words.max(1) };
    for columns in blocks(n, COLUMNS) {
        for k in 0..words.div_ceil(depth).max(1) {
            let k = k * depth..((k + 1) * depth).min(words);
            let part = Part { first: k.start == 0, last: k.end == words };
            for rows in blocks(m, ROWS / height * height) {
                let (columns, words) = (columns.clone(), k.clone());
                let block = Block { rows, columns, words, height, part, worth, level };
                with_room(block.left_len() + block.right_len(right), |room| {
                    let (lefts, rights) = room.split_at_mut(block.left_len());
                    block.pack::<L, R>(left, lefts, right, rights);
                    let rights = match right {
                        Right::Lines(_) => rights,
                        Right::Packed { panels, .. } => &panels[block.columns.start * k.len()..],
                    };
                    // SAFETY: the caller's promise; the panels were packed.
                    unsafe { block.multiply::<W, F>(lefts, rights, finish) };
                });
            }
        }
    }
}

impl<P: Packing> Right<'_, P> {
    fn columns(&self) -> usize {
        match self {
            Right::Lines(lines) => lines.count,
            Right::Packed { columns, .. } => *columns,
        }
    }
}

/// How many rows a tile has: as even as the rows allow, and rather more than few, as each tile
/// loads its columns anew.
fn height(m: usize, most: usize) -> usize {
    let cost = |height: &usize| (m.div_ceil(*height) * (2 * height + 1), most - height);
    (2..=most).step_by(2).min_by_key(cost).expect("a tile has at least two rows")
}

/// `0..n` in parts of `size`, the last one shorter.
fn blocks(n: usize, size: usize) -> impl Iterator<Item = Range<usize>> {
    (0..n).step_by(size).map(move |start| start..(start + size).min(n))
}

/// `work` on all pieces, on several threads if it is worth it.
fn spread(pieces: usize, worth: bool, work: impl Fn(usize) + Sync) {
    match worth {
        true => parallel(pieces, work),
        false => (0..pieces).for_each(work),
    }
}

/// Room that is this thread's and stays, so that panels are not written to fresh memory each time.
fn with_room<R>(len: usize, f: impl FnOnce(&mut [u32]) -> R) -> R {
    thread_local!(static ROOM: Cell<Vec<u32>> = const { Cell::new(Vec::new()) });
    let mut room = ROOM.take();
    if room.len() < len {
        room.resize(len, 0);
    }
    let result = f(&mut room[..len]);
    ROOM.set(room);
    result
}

/// A part of all three sizes.
struct Block {
    rows: Range<usize>,
    columns: Range<usize>,
    words: Range<usize>,
    height: usize,
    part: Part,
    worth: bool,
    level: Level,
}

impl Block {
    fn row_panels(&self) -> usize {
        self.rows.len().div_ceil(self.height)
    }

    fn column_panels(&self) -> usize {
        self.columns.len().div_ceil(PANEL)
    }

    fn left_len(&self) -> usize {
        self.row_panels() * self.height * self.words.len()
    }

    fn right_len<P: Packing>(&self, right: &Right<'_, P>) -> usize {
        match right {
            Right::Lines(_) => self.column_panels() * PANEL * self.words.len(),
            Right::Packed { .. } => 0,
        }
    }

    /// Packs the rows, and the columns if they are not yet.
    fn pack<L: Packing, R: Packing>(
        &self,
        left: &Lines<'_, L::Number>,
        lefts: &mut [u32],
        right: &Right<'_, R>,
        rights: &mut [u32],
    ) {
        const SOME: usize = 4; // panels, so that a piece is worth a thread's while
        let (lefts, rights) = (Out::over(lefts), Out::over(rights));
        let of_rows = self.row_panels().div_ceil(SOME);
        let of_columns = match right {
            Right::Lines(_) => self.column_panels().div_ceil(SOME),
            Right::Packed { .. } => 0,
        };
        spread(of_rows + of_columns, self.worth, |piece| match (piece < of_rows, right) {
            (true, _) => {
                let panels = piece * SOME..((piece + 1) * SOME).min(self.row_panels());
                self.pack_panels::<L>(left, self.rows.start, self.height, panels, lefts);
            }
            (false, Right::Lines(lines)) => {
                let first = (piece - of_rows) * SOME;
                let panels = first..(first + SOME).min(self.column_panels());
                self.pack_panels::<R>(lines, self.columns.start, PANEL, panels, rights);
            }
            (false, Right::Packed { .. }) => unreachable!("these have no pieces"),
        });
    }

    /// Packs panels of `width` lines, the first of them at line `start`.
    fn pack_panels<P: Packing>(
        &self,
        lines: &Lines<'_, P::Number>,
        start: usize,
        width: usize,
        panels: Range<usize>,
        to: Out<'_, u32>,
    ) {
        let len = width * self.words.len();
        for panel in panels {
            // SAFETY: each panel is packed once.
            let to = unsafe { to.part(panel * len..(panel + 1) * len) };
            pack::<P>(self.level, lines, start + panel * width, width, self.words.clone(), to);
        }
    }

    /// Multiplies all panels, group by group.
    ///
    /// # Safety
    /// As [`product`].
    unsafe fn multiply<W: Words, F: Finish<W>>(&self, lefts: &[u32], rights: &[u32], finish: &F) {
        let tall = (GROUP / (self.height * self.words.len()).max(1)).max(1);
        let groups = self.row_panels().div_ceil(tall);
        let pieces = groups * self.column_panels().div_ceil(GROUP_PANELS);
        spread(pieces, self.worth, |piece| {
            let (i, j) = (piece % groups * tall, piece / groups * GROUP_PANELS);
            let rows = i..(i + tall).min(self.row_panels());
            let columns = j..(j + GROUP_PANELS).min(self.column_panels());
            let group = Group { block: self, rows, columns, lefts, rights, finish };
            // SAFETY: the caller's promise.
            unsafe { W::enter(Tiles::<W, F> { group, instructions: PhantomData }) };
        });
    }
}

/// Some row panels times some column panels.
struct Group<'a, F> {
    block: &'a Block,
    rows: Range<usize>,
    columns: Range<usize>,
    lefts: &'a [u32],
    rights: &'a [u32],
    finish: &'a F,
}

/// The tiles of a group, to be computed by `W`.
struct Tiles<'a, W, F> {
    group: Group<'a, F>,
    instructions: PhantomData<W>,
}

impl<W: Words, F: Finish<W>> Task for Tiles<'_, W, F> {
    #[inline(always)]
    fn run(self) {
        match self.group.block.height {
            2 => self.of_height::<2>(),
            4 => self.of_height::<4>(),
            6 if W::ROWS >= 6 => self.of_height::<6>(),
            8 if W::ROWS >= 8 => self.of_height::<8>(),
            10 if W::ROWS >= 10 => self.of_height::<10>(),
            12 if W::ROWS >= 12 => self.of_height::<12>(),
            14 if W::ROWS >= 14 => self.of_height::<14>(),
            height => unreachable!("no tile has {height} rows"),
        }
    }
}

impl<W: Words, F: Finish<W>> Tiles<'_, W, F> {
    #[inline(always)]
    fn of_height<const H: usize>(&self) {
        match W::VECTORS {
            1 => self.of_size::<H, 1>(),
            _ => self.of_size::<H, 2>(),
        }
    }

    #[inline(always)]
    fn of_size<const H: usize, const V: usize>(&self) {
        let Group { block, rows, columns, lefts, rights, .. } = &self.group;
        let depth = block.words.len();
        for panel in columns.clone() {
            let right = &rights[panel * PANEL * depth..][..PANEL * depth];
            for column in (0..PANEL).step_by(V * W::LANES) {
                let j = block.columns.start + panel * PANEL + column;
                let n = block.columns.end.saturating_sub(j);
                for row in rows.clone().take_while(|_| n > 0) {
                    let left = &lefts[row * H * depth..][..H * depth];
                    let i = block.rows.start + row * H;
                    // SAFETY: both panels have `depth` words of each line; the rows and columns
                    // that there are have a place.
                    unsafe {
                        let right = right.as_ptr().wrapping_add(column);
                        let sums = tile::<W, H, V>(depth, left.as_ptr(), right);
                        self.put_down(&sums, i..(i + H).min(block.rows.end), j, n);
                    }
                }
            }
        }
    }

    /// Hands over the sums of these rows and of `n` columns from `j` on.
    ///
    /// # Safety
    /// As [`Finish::take`].
    #[inline(always)]
    unsafe fn put_down<const H: usize, const V: usize>(
        &self,
        sums: &[[W::Sum; V]; H],
        rows: Range<usize>,
        j: usize,
        n: usize,
    ) {
        let part = self.group.block.part;
        for h in 0..H {
            if h >= rows.len() {
                break;
            }
            for v in 0..V {
                let before = v * W::LANES;
                if before < n {
                    let (i, n) = (rows.start + h, W::LANES.min(n - before));
                    // SAFETY: the caller's promise.
                    unsafe { self.group.finish.take(i, j + before, n, sums[h][v], part) };
                }
            }
        }
    }
}

/// `H` rows by `V` vectors of columns: all sums in registers.
///
/// # Safety
/// At `left` are `H` words for each step, at `right` [`PANEL`].
#[inline(always)]
unsafe fn tile<W: Words, const H: usize, const V: usize>(
    depth: usize,
    left: *const u32,
    right: *const u32,
) -> [[W::Sum; V]; H] {
    let mut sums = [[W::zero(); V]; H];
    for k in 0..depth {
        // SAFETY: the caller's promise.
        let (left, right) = unsafe { (left.add(k * H), right.add(k * PANEL)) };
        // SAFETY: as above.
        let mut columns = [unsafe { W::right(right) }; V];
        let ahead = if H <= 2 { FAR_AHEAD } else { AHEAD };
        W::soon(right.wrapping_add(ahead));
        W::soon(right.wrapping_add(ahead + PANEL / 2));
        for v in 1..V {
            // SAFETY: as above.
            columns[v] = unsafe { W::right(right.add(v * W::LANES)) };
        }
        for h in 0..H {
            // SAFETY: as above.
            let row = unsafe { W::left(left.add(h)) };
            for v in 0..V {
                sums[h][v] = W::step(sums[h][v], row, columns[v]);
            }
        }
    }
    sums
}

/// How many words ahead a tile asks for, 1 KiB: its columns and rows together are as large as the
/// first cache, and some wait in the second.
const AHEAD: usize = 8 * PANEL;

/// The same of one or two rows, 8 KiB: these wait for memory, and by itself the processor looks
/// ahead only up to the end of a page of 4 KiB.
const FAR_AHEAD: usize = 64 * PANEL;
