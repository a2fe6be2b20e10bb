//! The gradient of a convolution's weight.
//!
//! ```text
//! w'[o, c, a, b] = Σ y'[n, o, i, j] x[n, c, i s + a d - p, j s + b d - p]
//!                n, i, j
//! ```
//!
//! is a product of two matrices, `[o, places] x [places, c a b]`, of which the second is never
//! made: its rows are looked up in the [padded](super::padded) copy of the pictures. Vectors go
//! over output channels, for which `y'` is transposed once; for each place a tile takes two vectors
//! of it and a dozen numbers of `x`, each spread over a vector, and adds up 24 products of vectors
//! in registers. They are written once per picture and not once per place.
//!
//! A weight collects from all pictures. They are split into parts, as many whatever the number of
//! threads; each part adds up by itself, and the sums of the parts are added in their order.

#![expect(unsafe_code, reason = "loads through pointers; parts of one buffer for many pieces")]

use super::padded::{Padded, Pictures};
use super::scratch::scratch;
use super::sight::Sight;
use super::tile::lanes;
use super::turn::{Channels, turn};
use crate::level::{Level, level};
use crate::out::{self, Out};
use crate::simd::{Simd, vectorized};
use crate::threads::parallel;
use std::ops::Range;
use tinytorch_tensor::Tensor;

/// What is to be computed.
pub(super) struct WeightGrad<'a> {
    /// `[n, c, h, w]`
    pub x: Pictures<'a>,
    /// `[n, o, h', w']`
    pub g: Pictures<'a>,
    /// Down and to the right.
    pub sights: [Sight; 2],
    /// Into how many groups the channels fall.
    pub groups: usize,
}

/// How many parts the pictures are split into at most.
const PARTS: usize = 16;

/// How many numbers the sums of all parts may have together.
const SUMS: usize = 1 << 20;

/// How many places are walked before sums are written: one picture's, or several small ones'.
const PLACES: usize = 512;

/// Multiplications below which a call is not worth to be handed to several threads.
pub(super) const WORTH: usize = 1 << 21;

/// Places above which a picture is walked in bands of rows, so that what is copied of it stays in
/// the cache.
const BAND: usize = 512;

/// How the sums of a part lie: `[groups, blocks, taps, width]`, with a tap per input channel and
/// tap of the kernel, and `width` output channels in a block.
#[derive(Clone, Copy)]
struct Sums {
    blocks: usize,
    taps: usize,
    width: usize,
}

/// How many parts `n` pictures are split into, each with sums of its own.
pub(super) fn parts(n: usize, sums: usize) -> usize {
    (n / 4).min(SUMS / sums.max(1)).clamp(1, PARTS)
}

/// What all pieces have in common.
struct Plan {
    level: Level,
    sums: Sums,
    /// Output and input channels of a group.
    outs: usize,
    ins: usize,
    /// Rows in a band, and pictures in a walk.
    height: usize,
    together: usize,
    /// Where to look from a place on, per input channel and tap.
    offsets: Vec<u32>,
}

impl WeightGrad<'_> {
    /// The gradient, `[o, c / groups, kh, kw]`.
    pub fn run(&self) -> Tensor {
        match 2 * (self.g.shape[1] / self.groups) < lanes(level()) {
            true => self.by_dots(),
            false if self.wants_tiles() => self.by_tiles(),
            false => self.by_products(),
        }
    }

    /// The gradient by products of what is met through each tap.
    pub fn by_products(&self) -> Tensor {
        let ([n, ..], [_, o, ..], [rows, cols]) = (self.x.shape, self.g.shape, &self.sights);
        let plan = self.plan();
        let Sums { blocks, taps, width } = plan.sums;
        let all = self.groups * blocks * taps * width;
        let parts = parts(n, all);
        let splits = (PARTS / 2).div_ceil(parts).min(self.groups * blocks * plan.ins).max(1);
        let mut numbers = vec![0.0; parts * all];
        let out = Out::over(&mut numbers);
        let work = |piece: usize| {
            let (part, split) = (piece / splits, piece % splits);
            let pictures = part * n / parts..(part + 1) * n / parts;
            let units = self.groups * blocks * plan.ins;
            let units = split * units / splits..(split + 1) * units / splits;
            let size = taps / plan.ins.max(1) * width;
            let sums = part * all + units.start * size..part * all + units.end * size;
            // SAFETY: each piece has the sums of its part and split.
            self.piece(&plan, pictures, units, unsafe { out.part(sums) });
        };
        match n * o * rows.places * cols.places * taps < WORTH {
            true => (0..parts * splits).for_each(work),
            false => parallel(parts * splits, work),
        }
        let (first, others) = numbers.split_at_mut(all);
        for part in others.chunks_exact(all.max(1)) {
            first.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
        }
        self.turned(first, &plan)
    }

    fn plan(&self) -> Plan {
        let ([_, c, ..], [_, o, ..], [rows, cols]) = (self.x.shape, self.g.shape, &self.sights);
        let (level, outs, ins) = (level(), o / self.groups, c / self.groups);
        let width = lanes(level) * if outs > lanes(level) { 2 } else { 1 };
        let taps = ins * rows.taps.len() * cols.taps.len();
        let sums = Sums { blocks: outs.div_ceil(width), taps, width };
        let height = (BAND / cols.places.max(1)).clamp(1, rows.places.max(1));
        let together = match height == rows.places {
            true => (PLACES / (height * cols.places).max(1)).max(1),
            false => 1,
        };
        let (_, offsets) = self.padded(0..height);
        Plan { level, sums, outs, ins, height, together, offsets }
    }

    /// How a band of the pictures is copied, and where to look in the copy from a place on, per
    /// input channel and tap.
    pub fn padded(&self, band: Range<usize>) -> (Padded, Vec<u32>) {
        let ([_, c, h, w], [rows, cols]) = (self.x.shape, &self.sights);
        let padded = Padded::new(rows, cols, [h, w], band);
        let ins = c / self.groups;
        let mut offsets = Vec::with_capacity(ins * rows.taps.len() * cols.taps.len());
        for input in 0..ins {
            for row in &rows.taps {
                let all = cols.taps.iter().map(|col| padded.offset(row, col));
                offsets.extend(all.map(|at| (input * padded.channel + at) as u32));
            }
        }
        (padded, offsets)
    }

    /// Adds up over some pictures what belongs to `units`: numbers below `groups * blocks * ins`,
    /// each an input channel as one block of output channels meets it.
    fn piece(&self, plan: &Plan, pictures: Range<usize>, units: Range<usize>, sums: &mut [f32]) {
        let Plan { ins, height, sums: Sums { blocks, taps, width }, .. } = *plan;
        let ([_, _, h, w], [rows, cols]) = (self.x.shape, &self.sights);
        for start in (0..rows.places).step_by(height) {
            let padded = Padded::new(rows, cols, [h, w], start..start + height);
            let band = start..(start + height).min(rows.places);
            for first in pictures.clone().step_by(plan.together) {
                let pictures = first..(first + plan.together).min(pictures.end);
                let (mut unit, mut rest) = (units.start, &mut *sums);
                while unit < units.end {
                    let (block, channel) = (unit / ins, unit % ins);
                    let channels = channel..ins.min(channel + units.end - unit);
                    let taps = taps / ins * channels.len();
                    let (these, others) = rest.split_at_mut(taps * width);
                    let group = block / blocks;
                    let outs = block % blocks * width..plan.outs.min((block % blocks + 1) * width);
                    let (inputs, outputs) = (group * ins, group * plan.outs);
                    let place = Walk {
                        pictures: pictures.clone(),
                        band: band.clone(),
                        inputs: inputs + channels.start..inputs + channels.end,
                        outputs: outputs + outs.start..outputs + outs.end,
                    };
                    self.walk(plan, &padded, place, &plan.offsets[..taps], these);
                    (unit, rest) = (unit + channels.len(), others);
                }
            }
        }
    }

    /// Adds what is met on a walk to `sums`, `[taps, width]`.
    fn walk(&self, plan: &Plan, padded: &Padded, walk: Walk, taps: &[u32], sums: &mut [f32]) {
        let Walk { pictures, band, inputs, outputs } = walk;
        let (width, cols) = (plan.sums.width, self.sights[1].places);
        let copy = padded.len(inputs.len()).next_multiple_of(16);
        let (copies, places) = (pictures.len() * copy, pictures.len() * band.len() * cols);
        scratch(copies + places * width, |room| {
            let (x, g) = room.split_at_mut(copies);
            for (picture, x) in pictures.clone().zip(x.chunks_exact_mut(copy)) {
                let len = padded.len(inputs.len());
                padded.fill(&self.x, picture, inputs.clone(), &mut x[..len]);
            }
            let run = self.g.run(cols, band.len());
            let mut runs = g.chunks_exact_mut((run * width).max(1));
            for picture in pictures.clone() {
                for row in band.clone().step_by((run / cols.max(1)).max(1)) {
                    let (from, step) = self.g.row(picture, outputs.start, row);
                    let from = Channels { from, count: outputs.len(), apart: self.g.apart(), step };
                    turn(plan.level, from, runs.next().expect("one per picture and run"), width);
                }
            }
            let places = [pictures.len(), band.len(), cols];
            add_up(plan.level, Met { x, g, places, copy, pitch: padded.pitch }, taps, sums);
        });
    }

    /// The sums with the output channels first.
    fn turned(&self, sums: &[f32], plan: &Plan) -> Tensor {
        let Plan { outs, ins, sums: Sums { blocks, taps, width }, .. } = *plan;
        let kernel = [0, 1].map(|axis: usize| self.sights[axis].taps.len());
        // SAFETY: a row of taps for each output channel.
        unsafe {
            out::tensor([self.groups * outs, ins, kernel[0], kernel[1]], |out| {
                for channel in 0..self.groups * outs {
                    let (group, lane) = (channel / outs, channel % outs);
                    let block = group * blocks + lane / width;
                    let from = sums[block * taps * width..].iter().skip(lane % width);
                    let to = out.part(channel * taps..(channel + 1) * taps);
                    to.iter_mut().zip(from.step_by(width)).for_each(|(to, &x)| *to = x);
                }
            })
        }
    }
}

/// The places of some rows of some pictures, and the channels that meet there.
struct Walk {
    pictures: Range<usize>,
    band: Range<usize>,
    inputs: Range<usize>,
    outputs: Range<usize>,
}

/// What meets on a walk.
#[derive(Clone, Copy)]
struct Met<'a> {
    /// The copies of the pictures.
    x: &'a [f32],
    /// `[places, width]`
    g: &'a [f32],
    /// Pictures, rows and columns.
    places: [usize; 3],
    /// From one copy to the next, and from one row of it to the next.
    copy: usize,
    pitch: usize,
}

vectorized! {
    /// Adds to `sums`, `[taps, width]`, the products of what is met through each tap.
    fn add_up<S>(met: Met<'_>, taps: &[u32], sums: &mut [f32]) {
        match (sums.len() / taps.len().max(1) / S::LANES, S::LANES) {
            (2, 16) => tiles::<S, 12, 2>(met, taps, sums),
            (2, _) => tiles::<S, 6, 2>(met, taps, sums),
            _ => tiles::<S, 12, 1>(met, taps, sums),
        }
    }
}

#[inline(always)]
fn tiles<S: Simd, const TAPS: usize, const VECTORS: usize>(
    met: Met,
    taps: &[u32],
    sums: &mut [f32],
) {
    let width = VECTORS * S::LANES;
    let (dozens, rest) = taps.as_chunks::<TAPS>();
    let (threes, ones) = rest.as_chunks::<3>();
    let (in_dozens, in_rest) = sums.split_at_mut(dozens.len() * TAPS * width);
    let (in_threes, in_ones) = in_rest.split_at_mut(threes.len() * 3 * width);
    for (taps, sums) in dozens.iter().zip(in_dozens.chunks_exact_mut(TAPS * width)) {
        tile::<S, TAPS, VECTORS>(&met, taps, sums);
    }
    for (taps, sums) in threes.iter().zip(in_threes.chunks_exact_mut(3 * width)) {
        tile::<S, 3, VECTORS>(&met, taps, sums);
    }
    for (&tap, sums) in ones.iter().zip(in_ones.chunks_exact_mut(width)) {
        tile::<S, 1, VECTORS>(&met, &[tap], sums);
    }
}

#[inline(always)]
#[expect(clippy::needless_range_loop, reason = "indices are constants: registers have no others")]
fn tile<S: Simd, const TAPS: usize, const VECTORS: usize>(
    met: &Met,
    taps: &[u32; TAPS],
    sums: &mut [f32],
) {
    let [pictures, rows, cols] = met.places;
    debug_assert_eq!(met.g.len(), pictures * rows * cols * VECTORS * S::LANES);
    let mut new = [[S::splat(0.0); VECTORS]; TAPS];
    let mut g = met.g.as_ptr();
    let x = taps.map(|tap| met.x.as_ptr().wrapping_add(tap as usize));
    for picture in 0..pictures {
        for row in 0..rows {
            let first = picture * met.copy + row * met.pitch;
            for place in first..first + cols {
                let mut ys = [S::splat(0.0); VECTORS];
                for v in 0..VECTORS {
                    // SAFETY: `g` has a row of vectors per place.
                    ys[v] = unsafe { S::load(g.add(v * S::LANES)) };
                }
                g = g.wrapping_add(VECTORS * S::LANES);
                for t in 0..TAPS {
                    // SAFETY: the copy has a number for each tap of each place.
                    let x = S::splat(unsafe { *x[t].add(place) });
                    for v in 0..VECTORS {
                        new[t][v] = S::fma(x, ys[v], new[t][v]);
                    }
                }
            }
        }
    }
    let (sums, _) = sums.split_at_mut(TAPS * VECTORS * S::LANES);
    for t in 0..TAPS {
        for v in 0..VECTORS {
            let sum = &mut sums[(t * VECTORS + v) * S::LANES..][..S::LANES];
            let old = S::read(sum);
            S::write(sum, S::add(old, new[t][v]));
        }
    }
}
