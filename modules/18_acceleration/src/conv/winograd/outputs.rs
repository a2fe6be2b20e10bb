//! A convolution, or the gradient of its input, by tiles.
//!
//! A piece of the work is a block of tiles and a part of the output channels. What its tiles see is
//! transformed, multiplied with the transformed kernels as 36 products of matrices,
//! `[tiles, ins] x [ins, outs]`, and transformed back, all within the cache.

#![expect(unsafe_code, reason = "pieces write to their parts of the result")]

use super::super::gather::{Gather, PIECES, Weight};
use super::super::scratch::scratch;
use super::super::tile::lanes;
use super::super::turn::{Channels, Planes, turn, turn_back};
use super::tiles::{Block, Grid, Part, Spread, Strip};
use super::transform::{kernel, outputs, seen};
use crate::gemm::{Finish, Matrix, MatrixMut, gemm};
use crate::level::{Level, level};
use crate::out::{self, Out};
use crate::threads::parallel;
use std::ops::Range;
use tinytorch_tensor::Tensor;

/// How many output channels a part has at least, so that transforming what they see is worth it.
const OUTS: usize = 64;

/// How many vectors of output channels lie together: as many as a tile of a product has.
const PANEL: usize = 2;

/// What all pieces have in common.
struct Plan {
    level: Level,
    lanes: usize,
    /// The tiles of a picture, and how many strips of them a block has.
    strips: Vec<Strip>,
    together: usize,
    /// Panels of output channels, `[groups, panels, 36, ins, width]`.
    kernels: Vec<f32>,
    panel: Spread,
    width: usize,
    /// How many output channels a part has.
    part: usize,
}

impl Gather<'_> {
    /// The result, `[n, groups * outs, h, w]`. For 3 by 3 taps with nothing in between, and as
    /// many places as outputs.
    pub fn by_tiles(&self) -> Tensor {
        let Weight { outs, .. } = self.weight;
        let (n, plan) = (self.x.shape[0], self.tile_plan());
        let strips = n * plan.strips.len();
        let (blocks, parts) = (strips.div_ceil(plan.together), outs.div_ceil(plan.part));
        let pieces = self.groups * blocks * parts;
        let work = |piece: usize, out: Out| {
            let (rest, part) = (piece / parts, piece % parts * plan.part);
            let (group, first) = (rest / blocks, rest % blocks * plan.together);
            let range = first..(first + plan.together).min(strips);
            let block = Block { strips: &plan.strips, range };
            self.tile_piece(&plan, block, (group, part..(part + plan.part).min(outs)), out);
        };
        let shape = [n, self.groups * outs, self.size[0], self.size[1]];
        // SAFETY: the pieces are all groups, strips of all pictures, and channels.
        unsafe { out::tensor(shape, |out| self.hand_out(pieces, |piece| work(piece, out))) }
    }

    fn tile_plan(&self) -> Plan {
        let (level, [n, _, h, w]) = (level(), self.x.shape);
        let (lanes, Weight { outs, ins, .. }) = (lanes(level), &self.weight);
        let [deep, wide] = [ins, outs].map(|channels| channels.next_multiple_of(lanes));
        let grid = Grid::new([&self.sights[0][0], &self.sights[1][0]], [h, w]);
        let strips = grid.strips(lanes);
        let together = Block::size(&strips, deep + wide);
        let blocks = self.groups * (n * strips.len()).div_ceil(together);
        let parts = PIECES.div_ceil(blocks.max(1)).min(wide / OUTS).max(1);
        let width = PANEL * lanes;
        let part = wide.div_ceil(parts).next_multiple_of(width);
        let panel = Spread::one_by_one(*ins, width);
        let kernels = self.kernels((level, lanes), width, panel);
        Plan { level, lanes, strips, together, kernels, panel, width, part }
    }

    /// The kernels transformed.
    fn kernels(&self, (level, lanes): (Level, usize), width: usize, spread: Spread) -> Vec<f32> {
        let Weight { numbers, outs, ins, strides, row } = self.weight;
        let [rows, cols] = [0, 1].map(|axis: usize| {
            let mut taps = self.sights[axis][0].taps.clone();
            taps.sort_unstable_by_key(|tap| tap.at);
            [0, 1, 2].map(|i: usize| taps[i].index)
        });
        debug_assert_eq!(row, 3);
        let order = std::array::from_fn(|k| rows[k / 3] * 3 + cols[k % 3]);
        let panels = outs.div_ceil(width);
        let work = |panel: usize, out: Out| {
            let (group, first) = (panel / panels, panel % panels * width);
            // A kernel's taps are side by side, and perhaps those of all inputs.
            let together = if strides[2] == 9 { ins } else { 1 };
            let mut turned = vec![0.0; together * 9 * lanes];
            for lane in (0..width).step_by(lanes) {
                let count = lanes.min(outs.saturating_sub(first + lane));
                let from = group * strides[0] + (first + lane) * strides[1];
                for input in 0..ins {
                    if input % together == 0 {
                        let from = numbers.get(from + input * strides[2]..).unwrap_or(&[]);
                        let channels = Channels { from, count, apart: strides[1], step: 1 };
                        turn(level, channels, &mut turned, lanes);
                    }
                    let taps = &turned[input % together * 9 * lanes..];
                    let at = panel * spread.len + input * spread.step + lane;
                    kernel(level, taps, &order, out, at, spread);
                }
            }
            for k in 1..=36 {
                let end = panel * spread.len + k * spread.apart;
                // SAFETY: a panel belongs to one piece.
                unsafe { out.part(end - Spread::GAP..end) }.fill(0.0);
            }
        };
        let count = self.groups * panels;
        // SAFETY: the panels are everything, and so are their channels, inputs and gaps.
        unsafe { out::filled(count * spread.len, |out| parallel(count, |panel| work(panel, out))) }
    }

    /// The outputs of a block of tiles, in these channels of a group.
    fn tile_piece(
        &self,
        plan: &Plan,
        block: Block,
        (group, outs): (usize, Range<usize>),
        out: Out,
    ) {
        let Plan { level, lanes, .. } = *plan;
        let (ins, tiles) = (self.weight.ins, block.tiles());
        let from = Spread::tile_by_tile(tiles, ins.next_multiple_of(lanes));
        let to = Spread::one_by_one(tiles, outs.len().next_multiple_of(lanes));
        let part = Part { pictures: &self.x, channels: group * ins..(group + 1) * ins };
        let copies = block.each().map(|(_, strip, _)| {
            let results = (strip.rows.len() * self.size[1] + 1).next_multiple_of(lanes) * lanes;
            part.room(strip.seen_rows.len(), lanes).max(results)
        });
        let copies = copies.max().unwrap_or(0);
        scratch(copies + from.len + to.len, |room| {
            let (copy, room) = room.split_at_mut(copies);
            let (x, y) = room.split_at_mut(from.len);
            for first in (0..ins).step_by(lanes) {
                for (picture, strip, before) in block.each() {
                    let rows = (picture, &strip.seen_rows);
                    let copy = part.copy((level, lanes), rows, first, copy);
                    seen(level, copy, &strip.seen, &mut x[before * from.step + first..], from);
                }
            }
            self.multiply(plan, (group, outs.start), tiles, (x, from), (y, to));
            for first in (0..outs.len()).step_by(lanes) {
                let count = lanes.min(outs.len() - first);
                let channel = group * self.weight.outs + outs.start + first;
                let bias = self.bias.map_or(&[][..], |bias| &bias[channel..channel + count]);
                let apart = self.size[0] * self.size[1];
                for (picture, strip, before) in block.each() {
                    let y = &y[before * to.step + first..];
                    outputs(level, y, to, bias, &strip.written, copy);
                    let places = strip.rows.len() * self.size[1];
                    let at = picture * self.groups * self.weight.outs + channel;
                    let first = at * apart + strip.rows.start * self.size[1];
                    turn_back(level, copy, places, Planes { out, first, count, apart });
                }
            }
        });
    }

    /// The 36 products.
    fn multiply(
        &self,
        plan: &Plan,
        (group, first): (usize, usize),
        tiles: usize,
        (x, from): (&[f32], Spread),
        (y, to): (&mut [f32], Spread),
    ) {
        let Plan { level, kernels, panel, width, .. } = plan;
        let (ins, room) = (self.weight.ins, Out::over(y));
        let before = group * self.weight.outs.div_ceil(*width) + first / width;
        for k in 0..36 {
            let x = Matrix::new(&x[k * from.apart..], [tiles, ins], [from.step, 1]);
            for column in (0..to.step).step_by(*width) {
                let columns = to.step.min(column + width) - column;
                let at = (before + column / width) * panel.len + k * panel.apart;
                let w = Matrix::new(&kernels[at..], [ins, columns], [*width, 1]);
                let at = k * to.apart + column;
                // SAFETY: nobody else has the room.
                let y = unsafe { MatrixMut::inside(&room, at, [tiles, columns], to.step) };
                gemm(*level, x, w, y, Finish::default());
            }
        }
    }
}
