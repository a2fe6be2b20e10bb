//! Convolutions of small pictures: what several of them see, side by side.
//!
//! In a picture of 8 by 8 or less, vectors over neighboring outputs are partly padding. Here the
//! outputs of a few pictures are counted through, and what they see is copied together first:
//!
//! ```text
//! panel [taps, 48]    number k, q: what output q sees through tap k
//! ```
//!
//! so that all vectors are full, wherever a row or a picture ends. It is the matrix of `unfold`,
//! but only as much of it as a tile of outputs takes at a time, which stays in the cache (the
//! *implicit* matrix product of S. Chetlur et al., "cuDNN: efficient primitives for deep
//! learning", 2014). Each number is copied once for every tap, so it is worth it when there are
//! many output channels to use the copy for.

#![expect(unsafe_code, reason = "loads, stores and parts of the result by pointer")]

use super::gather::{Gather, PIECES};
use super::padded::Padded;
use super::scratch::scratch;
use super::tile::{Block, Spot, VECTORS, compute, lanes, width};
use crate::level::Level;
use crate::out::{self, Out};
use crate::simd::vectorized;
use std::ops::Range;
use tinytorch_tensor::Tensor;

/// Neighboring outputs of a tile that lie in one row of one picture, or in one picture.
#[derive(Clone, Copy)]
struct Run {
    /// Which picture of those taken together.
    picture: usize,
    /// Where the first one looks from in the picture's copy, or its place in a plane of outputs.
    at: usize,
    /// The first one's number in the tile.
    to: usize,
    len: usize,
}

/// Outputs that are computed at once, up to `VECTORS` vectors of them.
struct Tile {
    /// What they see, row by row.
    seen: Vec<Run>,
    /// Where they belong.
    written: Vec<Run>,
    spots: Vec<Spot>,
}

/// What all pieces have in common.
struct Panels<'a> {
    level: Level,
    padded: Padded,
    /// Where to look in a copy, and in a panel, per input channel and tap.
    offsets: Vec<u32>,
    rows: Vec<u32>,
    /// How many outputs are side by side in a panel.
    wide: usize,
    tiles: Vec<Tile>,
    /// Pictures taken together.
    together: usize,
    /// `[groups, blocks, taps, width]`
    weights: &'a [f32],
}

impl Gather<'_> {
    /// Whether this is the better way, when `vectors` would be needed for each picture otherwise:
    /// for one sight, of which a good part of the vectors would be padding, and four blocks.
    pub(super) fn wants_panels(&self, level: Level, vectors: usize) -> bool {
        let [rows, cols] = &self.sights;
        let one = rows.len() == 1 && cols.len() == 1 && rows[0].apart == 1 && cols[0].apart == 1;
        let (places, width) = (self.size[0] * self.size[1], width(lanes(level), self.weight.outs));
        one && self.x.shape[0] > 0
            && 20 * vectors * lanes(level) > 23 * places
            && self.weight.outs >= 4 * width.max(4)
    }

    /// The result, `[n, groups * outs, h, w]`.
    pub(super) fn by_panels(&self, level: Level, weights: &[f32]) -> Tensor {
        let ([n, ..], panels) = (self.x.shape, self.panels(level, weights));
        let (outs, width) = (self.weight.outs, width(lanes(level), self.weight.outs));
        let (sets, blocks) = (n.div_ceil(panels.together), outs.div_ceil(width));
        let parts = PIECES.div_ceil(sets * self.groups).min(blocks);
        let size = blocks.div_ceil(parts);
        // SAFETY: the pieces are all pictures, groups and blocks.
        unsafe {
            out::tensor([n, self.groups * outs, self.size[0], self.size[1]], |out| {
                self.hand_out(sets * self.groups * parts, |piece| {
                    let (set, rest) = (piece / parts / self.groups, piece % (parts * self.groups));
                    let (group, part) = (rest / parts, rest % parts * size);
                    let first = set * panels.together;
                    let pictures = first..(first + panels.together).min(n);
                    let blocks = part..(part + size).min(blocks);
                    self.panel_piece(&panels, pictures, group, blocks, out);
                })
            })
        }
    }

    fn panels<'a>(&self, level: Level, weights: &'a [f32]) -> Panels<'a> {
        let sights = [&self.sights[0][0], &self.sights[1][0]];
        let ([n, _, h, w], lanes) = (self.x.shape, lanes(level));
        let (places, wide) = (self.size[0] * self.size[1], VECTORS * lanes);
        let together = (1..6).find(|m| m * places % wide == 0).unwrap_or(6).min(n);
        let padded = Padded::new(sights[0], sights[1], [h, w], 0..self.size[0]);
        let offsets = self.offsets(sights, &padded);
        let rows = (0..offsets.len() * wide).step_by(wide).map(|at| at as u32).collect();
        let tiles = (0..together * places).step_by(wide);
        let tiles = tiles.map(|q| self.tile(&padded, q..(q + wide).min(together * places), lanes));
        let tiles = tiles.collect();
        Panels { level, padded, offsets, rows, wide, tiles, together, weights }
    }

    /// The outputs `all`, counted through the pictures taken together.
    fn tile(&self, padded: &Padded, all: Range<usize>, lanes: usize) -> Tile {
        let ([_, cols], places) = (self.size, self.size[0] * self.size[1]);
        let runs = |size: usize, at: &dyn Fn(usize) -> usize| {
            let (mut runs, mut q) = (Vec::new(), all.start);
            while q < all.end {
                let len = (size - q % size).min(all.end - q);
                runs.push(Run { picture: q / places, at: at(q % places), to: q - all.start, len });
                q += len;
            }
            runs
        };
        let spots = (0..all.len()).step_by(lanes).map(|i| i as u32);
        Tile {
            seen: runs(cols, &|place| place / cols * padded.pitch + place % cols),
            written: runs(places, &|place| place),
            spots: spots.map(|i| Spot { from: i, to: i, len: lanes as u32 }).collect(),
        }
    }

    /// The outputs of some pictures in these blocks of a group's channels.
    fn panel_piece(
        &self,
        panels: &Panels,
        pictures: Range<usize>,
        group: usize,
        blocks: Range<usize>,
        out: Out,
    ) {
        let Panels { level, padded, offsets, rows, wide, .. } = panels;
        let (outs, ins, taps) = (self.weight.outs, self.weight.ins, offsets.len());
        let width = width(lanes(*level), outs);
        let (copied, per_group) = (padded.len(ins).next_multiple_of(16), outs.div_ceil(width));
        // A vector that is not full reaches behind its row of the panel, into the next one.
        let (copies, panel) = (panels.together * copied, (taps + 1) * wide);
        scratch(copies + panel + width * wide, |room| {
            let (copies, room) = room.split_at_mut(copies);
            let (panel, results) = room.split_at_mut(panel);
            for (picture, copy) in pictures.clone().zip(copies.chunks_exact_mut(copied)) {
                let inputs = group * ins..(group + 1) * ins;
                padded.fill(&self.x, picture, inputs, &mut copy[..padded.len(ins)]);
            }
            for tile in &panels.tiles {
                pack(*level, copies, copied, offsets, &tile.seen, *wide, panel);
                for block in blocks.clone() {
                    let first = block * width;
                    let channels = width.min(outs - first);
                    let channel = group * outs + first;
                    let weights = (group * per_group + block) * taps * width;
                    let tiles = Block {
                        x: panel,
                        offsets: rows,
                        weights: &panels.weights[weights..weights + taps * width],
                        bias: &self.biases(channel, channels)[..width],
                        out: results.as_mut_ptr(),
                        plane: *wide,
                        channels,
                    };
                    compute(*level, tiles, &tile.spots);
                    let to = (pictures.start * self.groups * outs + channel, channels);
                    self.write_back(tile, pictures.len(), results, *wide, to, out);
                }
            }
        });
    }

    /// Writes the results of a tile, `[channels, wide]`, from a channel of a picture on.
    fn write_back(
        &self,
        tile: &Tile,
        pictures: usize,
        results: &[f32],
        wide: usize,
        (first, channels): (usize, usize),
        out: Out,
    ) {
        let (all, plane) = (self.groups * self.weight.outs, self.size[0] * self.size[1]);
        for run in tile.written.iter().take_while(|run| run.picture < pictures) {
            for (c, results) in results.chunks_exact(wide).take(channels).enumerate() {
                let to = (first + run.picture * all + c) * plane + run.at;
                // SAFETY: a run of one channel of one picture, both of this piece.
                let to = unsafe { out.part(to..to + run.len) };
                to.copy_from_slice(&results[run.to..run.to + run.len]);
            }
        }
    }
}

vectorized! {
    /// Fills a panel, `[offsets, wide]`, from copies that lie `copied` apart. What belongs to
    /// pictures that there are not means nothing.
    fn pack<S>(
        copies: &[f32],
        copied: usize,
        offsets: &[u32],
        seen: &[Run],
        wide: usize,
        panel: &mut [f32],
    ) {
        assert!(panel.len() >= offsets.len() * wide + S::LANES);
        for (k, &offset) in offsets.iter().enumerate() {
            for run in seen {
                let from = run.picture * copied + run.at + offset as usize;
                for i in (0..run.len).step_by(S::LANES) {
                    debug_assert!(from + i + S::LANES <= copies.len());
                    // SAFETY: a copy has room for a vector behind its last number, and so has the
                    // panel; what is written too far is written again, as runs follow each other.
                    unsafe {
                        let seen = S::load(copies.as_ptr().add(from + i));
                        S::store(panel.as_mut_ptr().add(k * wide + run.to + i), seen);
                    }
                }
            }
        }
    }
}
