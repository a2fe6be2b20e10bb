//! The gradient of a convolution's weight by tiles.
//!
//! The transformed outputs of a tile are products of what it sees and the kernels, both
//! transformed; so the gradient of the transformed kernels is a product, too, of what is seen and
//! the gradient of the transformed outputs, and all tiles of all pictures are added up there:
//!
//! ```text
//! du = sum over tiles of (Bᵀ d B) ⊙ (A g Aᵀ)       36 products [ins, tiles] x [tiles, outs]
//! dw = Gᵀ du G                                      once
//! ```

#![expect(unsafe_code, reason = "parts of one buffer for many pieces")]

use super::super::gather::PIECES;
use super::super::scratch::scratch;
use super::super::tile::lanes;
use super::super::turn::{Planes, turn_back};
use super::super::weight_grad::{WORTH, WeightGrad};
use super::tiles::{Block, Grid, Part, Spread, Strip};
use super::transform::{gradients, kernel_gradient, seen};
use crate::gemm::{Finish, Matrix, MatrixMut, gemm};
use crate::level::{Level, level};
use crate::out::{self, Out};
use crate::threads::{parallel, parallel_ranges};
use std::ops::Range;
use tinytorch_tensor::Tensor;

/// How many parts the blocks are split into at most, and how many numbers the sums of all parts
/// may have together.
const PARTS: usize = 4;
const SUMS: usize = 1 << 21;

/// How many output channels a split has at least, so that transforming what they see is worth it.
const OUTS: usize = 64;

/// What all pieces have in common.
struct Plan {
    level: Level,
    lanes: usize,
    /// The tiles of a picture, and how many strips of them a block has.
    strips: Vec<Strip>,
    together: usize,
    /// The sums of a group: `[36, ins, outs]`, with so many output channels as whole vectors hold.
    sums: Spread,
    ins: usize,
    /// Into how many parts the blocks are split, each with sums of its own.
    parts: usize,
    /// How many output channels a split has.
    split: usize,
}

impl WeightGrad<'_> {
    /// The gradient, `[o, c / groups, 3, 3]`. For 3 by 3 taps with nothing in between, and as many
    /// places as outputs.
    pub fn by_tiles(&self) -> Tensor {
        let ([n, ..], [_, o, ..]) = (self.x.shape, self.g.shape);
        let plan = self.tile_plan();
        let (outs, strips) = (o / self.groups, n * plan.strips.len());
        let blocks = strips.div_ceil(plan.together);
        let (splits, all) = (outs.div_ceil(plan.split), self.groups * plan.sums.len);
        let parts = plan.parts;
        let mut sums = vec![0.0; parts * all];
        let room = Out::over(&mut sums);
        let work = |piece: usize| {
            let (part, rest) = (piece / splits / self.groups, piece % (splits * self.groups));
            let (group, first) = (rest / splits, rest % splits * plan.split);
            let outs = first..(first + plan.split).min(outs);
            let at = part * all + group * plan.sums.len;
            for block in part * blocks / parts..(part + 1) * blocks / parts {
                let range = block * plan.together..((block + 1) * plan.together).min(strips);
                let block = Block { strips: &plan.strips, range };
                self.add_block(&plan, block, (group, &outs), (room, at));
            }
        };
        let pieces = parts * self.groups * splits;
        match n * o * plan.ins * self.sights[0].places * self.sights[1].places < WORTH {
            true => (0..pieces).for_each(work),
            false => parallel(pieces, work),
        }
        let (first, others) = sums.split_at_mut(all);
        add_up(first, others);
        self.turned_tiles(first, &plan)
    }

    fn tile_plan(&self) -> Plan {
        let ([n, c, h, w], [_, o, ..]) = (self.x.shape, self.g.shape);
        let (level, [ins, outs]) = (level(), [c, o].map(|channels| channels / self.groups));
        let lanes = lanes(level);
        let [deep, wide] = [ins, outs].map(|channels| channels.next_multiple_of(lanes));
        let strips = Grid::new([&self.sights[0], &self.sights[1]], [h, w]).strips(lanes);
        let together = Block::size(&strips, deep + wide);
        let sums = Spread::one_by_one(ins, wide);
        let blocks = (n * strips.len()).div_ceil(together);
        let parts = (SUMS / (self.groups * sums.len).max(1)).min(blocks).clamp(1, PARTS);
        let splits = PIECES.div_ceil(parts * self.groups).min(wide / OUTS).max(1);
        let split = wide.div_ceil(splits).next_multiple_of(lanes);
        Plan { level, lanes, strips, together, sums, ins, parts, split }
    }

    /// Adds what a block of tiles gives to the sums of these channels of a group.
    fn add_block(
        &self,
        plan: &Plan,
        block: Block,
        (group, outs): (usize, &Range<usize>),
        (room, at): (Out, usize),
    ) {
        let Plan { level, lanes, sums, ins, .. } = *plan;
        let tiles = block.tiles();
        let [deep, wide] = [ins, outs.len()].map(|channels| channels.next_multiple_of(lanes));
        let [x, g] = [deep, wide].map(|channels| Spread::one_by_one(tiles, channels));
        let inputs = Part { pictures: &self.x, channels: group * ins..(group + 1) * ins };
        let first = group * (self.g.shape[1] / self.groups);
        let outputs = Part { pictures: &self.g, channels: first + outs.start..first + outs.end };
        let copies = block.each().map(|(_, strip, _)| {
            let gradients = outputs.room(strip.rows.len(), lanes);
            inputs.room(strip.seen_rows.len(), lanes).max(gradients)
        });
        let copies = copies.max().unwrap_or(0);
        scratch(copies + x.len + g.len, |scratch| {
            let (copy, scratch) = scratch.split_at_mut(copies);
            let (xs, gs) = scratch.split_at_mut(x.len);
            for first in (0..ins).step_by(lanes) {
                for (picture, strip, before) in block.each() {
                    let rows = (picture, &strip.seen_rows);
                    let copy = inputs.copy((level, lanes), rows, first, copy);
                    seen(level, copy, &strip.seen, &mut xs[before * x.step + first..], x);
                }
            }
            for first in (0..outs.len()).step_by(lanes) {
                for (picture, strip, before) in block.each() {
                    let copy = outputs.copy((level, lanes), (picture, &strip.rows), first, copy);
                    let to = &mut gs[before * g.step + first..];
                    gradients(level, copy, &strip.written, to, g);
                }
            }
            for k in 0..36 {
                let xs = Matrix::new(&xs[k * x.apart..], [tiles, ins], [x.step, 1]);
                let gs = Matrix::new(&gs[k * g.apart..], [tiles, wide], [g.step, 1]);
                let at = at + k * sums.apart + outs.start;
                // SAFETY: these sums are one piece's.
                let to = unsafe { MatrixMut::inside(&room, at, [ins, wide], sums.step) };
                gemm(level, xs.t(), gs, to, Finish { accumulate: true, ..Finish::default() });
            }
        });
    }

    /// The sums transformed back, with the output channels first.
    fn turned_tiles(&self, sums: &[f32], plan: &Plan) -> Tensor {
        let Plan { level, lanes, sums: spread, ins, .. } = *plan;
        let o = self.g.shape[1];
        let (outs, taps) = (o / self.groups, ins * 9);
        let blocks = outs.div_ceil(lanes);
        let work = |block: usize, out: Out| {
            let (group, first) = (block / blocks, block % blocks * lanes);
            let mut kernels = vec![0.0; taps.next_multiple_of(lanes) * lanes];
            for (input, kernel) in kernels.chunks_exact_mut(9 * lanes).take(ins).enumerate() {
                let from = &sums[group * spread.len + input * spread.step + first..];
                kernel_gradient(level, from, spread, kernel);
            }
            let count = lanes.min(outs - first);
            let first = (group * outs + first) * taps;
            turn_back(level, &kernels, taps, Planes { out, first, count, apart: taps });
        };
        // SAFETY: the blocks are all output channels.
        unsafe {
            out::tensor([o, ins, 3, 3], |out| {
                parallel(self.groups * blocks, |block| work(block, out));
            })
        }
    }
}

/// How many sums a thread adds up at a time.
const RUN: usize = 1 << 14;

/// Adds parts of the same length to the first one, in their order.
fn add_up(first: &mut [f32], others: &[f32]) {
    let (all, out) = (first.len(), Out::over(first));
    parallel_ranges(if others.is_empty() { 0 } else { all }, RUN, |range| {
        // SAFETY: nobody else has the range.
        let sums = unsafe { out.part(range.clone()) };
        for part in others.chunks_exact(all) {
            sums.iter_mut().zip(&part[range.clone()]).for_each(|(sum, part)| *sum += part);
        }
    });
}
