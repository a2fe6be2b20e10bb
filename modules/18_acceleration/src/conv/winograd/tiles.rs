//! Where the tiles of pictures lie, and what becomes of them.
//!
//! Tiles of 4 by 4 outputs cover a result, the last ones of a row or a column perhaps reaching
//! over its end. What lies outside of a picture is one vector of zeros behind its copy, and where
//! nothing is to be written, one vector that nobody reads: so tiles at the border are like all.

use super::super::padded::Pictures;
use super::super::sight::Sight;
use super::super::turn::{Channels, turn};
use crate::level::Level;
use std::ops::Range;

/// How many outputs a tile has along each axis.
const SIDE: usize = 4;

/// How many numbers the copy of what a strip sees has at most, when that is a row of tiles at
/// least: half of an L1 cache.
const COPY: usize = 6 << 10;

/// How many numbers the transformed tiles of a block have, of both kinds: with the kernels or the
/// sums, as much as a core's own cache holds.
const BLOCK: usize = 200 << 10;

/// How many tiles a block has at least, so that reading a kernel, or adding to a sum, is worth it.
const FEWEST: usize = 48;

/// How a convolution's outputs fall into tiles.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid {
    /// `[h, w]` of the pictures, and of the results.
    pictures: [usize; 2],
    results: [usize; 2],
    /// The first place that output 0 sees, along each axis; negative in the padding.
    lowest: [isize; 2],
}

/// Some rows of tiles, all of them if pictures are small.
pub(super) struct Strip {
    /// The rows of the picture that they see, and the rows of the result that they are.
    pub seen_rows: Range<usize>,
    pub rows: Range<usize>,
    /// Where the copy of what is seen has each tile's 36 vectors, and the copy of the results its
    /// 16, counted in numbers.
    pub seen: Vec<[u32; 36]>,
    pub written: Vec<[u32; 16]>,
}

impl Grid {
    /// Of a convolution, or of the gradient of its input.
    pub fn new([rows, cols]: [&Sight; 2], pictures: [usize; 2]) -> Self {
        let lowest = |sight: &Sight| sight.taps.iter().map(|tap| tap.at).min().unwrap_or(0);
        Self { pictures, results: [rows.places, cols.places], lowest: [rows, cols].map(lowest) }
    }

    /// All tiles of a picture.
    pub fn strips(&self, lanes: usize) -> Vec<Strip> {
        let down = self.results[0].div_ceil(SIDE);
        let rows = COPY / (self.pictures[1].max(self.results[1]) * lanes).max(1);
        let strips = down.div_ceil((rows.saturating_sub(2) / SIDE).max(1));
        let height = down.div_ceil(strips.max(1)).max(1);
        let starts = (0..down).step_by(height);
        starts.map(|start| self.strip(start..(start + height).min(down), lanes)).collect()
    }

    fn strip(&self, down: Range<usize>, lanes: usize) -> Strip {
        let ([h, w], [high, wide]) = (self.pictures, self.results);
        let rows = down.start * SIDE..(down.end * SIDE).min(high);
        let inside = |row: usize| row.saturating_add_signed(self.lowest[0]).min(h);
        let seen_rows = inside(rows.start)..inside(down.end * SIDE + 2);
        let (mut seen, mut written) = (Vec::new(), Vec::new());
        for top in down.map(|i| i * SIDE) {
            for left in (0..wide).step_by(SIDE) {
                seen.push(std::array::from_fn(|k| {
                    let row = (top + k / 6).checked_add_signed(self.lowest[0]);
                    let col = (left + k % 6).checked_add_signed(self.lowest[1]);
                    let place = match (row, col) {
                        (Some(row), Some(col)) if row < h && col < w => {
                            (row - seen_rows.start) * w + col
                        }
                        _ => seen_rows.len() * w,
                    };
                    (place * lanes) as u32
                }));
                written.push(std::array::from_fn(|k| {
                    let (row, col) = (top + k / SIDE, left + k % SIDE);
                    let place = match row < rows.end && col < wide {
                        true => (row - rows.start) * wide + col,
                        false => rows.len() * wide,
                    };
                    (place * lanes) as u32
                }));
            }
        }
        Strip { seen_rows, rows, seen, written }
    }
}

/// Strips of several pictures, counted through: all of the first one's, then the next one's.
#[derive(Clone)]
pub(super) struct Block<'a> {
    pub strips: &'a [Strip],
    pub range: Range<usize>,
}

impl<'a> Block<'a> {
    /// How many strips a block has whose tiles have so many channels, in and out.
    pub fn size(strips: &[Strip], channels: usize) -> usize {
        let most = (BLOCK / 36 / channels).max(FEWEST);
        (most / strips.first().map_or(1, |strip| strip.seen.len())).max(1)
    }

    /// Each strip with its picture, and how many tiles come before it.
    pub fn each(&self) -> impl Iterator<Item = (usize, &'a Strip, usize)> {
        let strips = self.strips;
        let mut before = 0;
        self.range.clone().map(move |i| {
            let strip = &strips[i % strips.len()];
            before += strip.seen.len();
            (i / strips.len(), strip, before - strip.seen.len())
        })
    }

    /// How many tiles there are.
    pub fn tiles(&self) -> usize {
        self.each().map(|(_, strip, _)| strip.seen.len()).sum()
    }
}

/// How transformed tiles lie: 36 times so many channels for each.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spread {
    /// From one of a tile's 36 to the next.
    pub apart: usize,
    /// From one tile to the next.
    pub step: usize,
    /// How many numbers there are in all.
    pub len: usize,
}

impl Spread {
    /// A cache line, left free because the cache has few places for what lies a power of two apart.
    pub const GAP: usize = 16;

    /// `[tiles, 36, channels]`, as they are written: a processor that writes to 36 places far from
    /// each other has to look up 36 pages all the time. For products that sum over channels, which
    /// read a row of them to its end.
    pub fn tile_by_tile(tiles: usize, channels: usize) -> Self {
        let step = 36 * channels + Self::GAP;
        Self { apart: channels, step, len: tiles * step }
    }

    /// `[36, tiles, channels]`, as products write them, and read them where they sum over tiles.
    pub fn one_by_one(tiles: usize, channels: usize) -> Self {
        let apart = tiles * channels + Self::GAP;
        Self { apart, step: channels, len: 36 * apart }
    }

    /// How many from the first tile's number in a channel through `tiles` tiles and `lanes`
    /// channels.
    #[inline(always)]
    pub fn through(&self, tiles: usize, lanes: usize) -> usize {
        35 * self.apart + tiles.saturating_sub(1) * self.step + lanes
    }
}

/// Some channels of pictures.
pub(super) struct Part<'a> {
    pub pictures: &'a Pictures<'a>,
    pub channels: Range<usize>,
}

impl Part<'_> {
    /// How many numbers a copy of so many rows of `lanes` channels takes, with zeros behind it.
    pub fn room(&self, rows: usize, lanes: usize) -> usize {
        (rows * self.pictures.shape[3] + 1) * lanes
    }

    /// Copies `lanes` channels of these rows of a picture, channels last, or what is left of them
    /// behind the `first`; gives back the copy and the zeros behind it.
    pub fn copy<'a>(
        &self,
        (level, lanes): (Level, usize),
        (picture, rows): (usize, &Range<usize>),
        first: usize,
        room: &'a mut [f32],
    ) -> &'a [f32] {
        let room = &mut room[..self.room(rows.len(), lanes)];
        let (copy, zeros) = room.split_at_mut(room.len() - lanes);
        let width = self.pictures.shape[3];
        let run = self.pictures.run(width, rows.len());
        let count = lanes.min(self.channels.len() - first);
        let mut row = rows.start;
        for to in copy.chunks_exact_mut((run * lanes).max(1)) {
            let (from, step) = self.pictures.row(picture, self.channels.start + first, row);
            let channels = Channels { from, count, apart: self.pictures.apart(), step };
            turn(level, channels, to, lanes);
            row += run / width.max(1);
        }
        zeros.fill(0.0);
        room
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tinytorch_spatial::Window;

    #[test]
    fn every_output_is_written_once_and_has_what_it_sees_around_it() {
        for ([h, w], padding) in [([8, 8], 1), ([7, 5], 0), ([50, 90], 2), ([1, 2], 4), ([9, 3], 1)]
        {
            let window = Window { kernel: 3, stride: 1, padding, dilation: 1 };
            let [rows, cols] = [h, w].map(|size| Sight::forward(window, size));
            let wide = cols.places;
            let mut written = vec![0; rows.places * wide];
            for strip in Grid::new([&rows, &cols], [h, w]).strips(8) {
                let nowhere = strip.seen_rows.len() * w;
                for (seen, places) in strip.seen.iter().zip(&strip.written) {
                    for (k, &place) in places.iter().enumerate() {
                        let place = place as usize / 8;
                        if place == strip.rows.len() * wide {
                            continue;
                        }
                        let output = strip.rows.start * wide + place;
                        written[output] += 1;
                        for tap in 0..9 {
                            let row = (output / wide + tap / 3).checked_sub(padding);
                            let col = (output % wide + tap % 3).checked_sub(padding);
                            let expected = match (row, col) {
                                (Some(row), Some(col)) if row < h && col < w => {
                                    (row - strip.seen_rows.start) * w + col
                                }
                                _ => nowhere,
                            };
                            let at = (k / 4 + tap / 3) * 6 + k % 4 + tap % 3;
                            assert_eq!(seen[at] as usize / 8, expected, "{h} {w}: {output}");
                        }
                    }
                }
            }
            assert_eq!(written, vec![1; written.len()], "{h} by {w}, padding {padding}");
        }
    }
}
