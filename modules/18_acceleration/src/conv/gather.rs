//! A convolution, or the gradient of its input: every output collects what it sees.
//!
//! The work is cut into pieces of a picture, a band of its rows, and a part of the output channels.
//! A piece copies what it sees into [padded](super::padded) memory that fits into the cache, and
//! then walks over it once per block of output channels, [tile](super::tile) by tile.

#![expect(unsafe_code, reason = "pieces write to their parts of the result by pointer")]

use super::padded::{Padded, Pictures};
use super::scratch::scratch;
use super::sight::Sight;
use super::tile::{Block, Spot, compute, lanes, width};
use crate::level::{Level, level};
use crate::out::{self, Out};
use crate::threads::parallel_ranges;
use std::ops::Range;
use tinytorch_tensor::Tensor;

/// What is to be computed.
pub(super) struct Gather<'a> {
    /// What is seen.
    pub x: Pictures<'a>,
    /// Down and to the right; each pair of them has places of its own in the result.
    pub sights: [Vec<Sight>; 2],
    /// The kernels.
    pub weight: Weight<'a>,
    /// What each output channel begins with, if not 0.
    pub bias: Option<&'a [f32]>,
    /// Into how many groups the channels fall.
    pub groups: usize,
    /// `[h, w]` of the result.
    pub size: [usize; 2],
}

/// Kernels `[groups, outs, ins, taps]` in some order of the axes.
pub(super) struct Weight<'a> {
    /// All of them.
    pub numbers: &'a [f32],
    /// Output and input channels of a group.
    pub outs: usize,
    pub ins: usize,
    /// From one group, output and input channel to the next.
    pub strides: [usize; 3],
    /// From one tap to the one below it.
    pub row: usize,
}

/// A copy of a picture's part holds at most so many numbers, when that is some rows at least: a
/// third of a core's own cache.
const COPY: usize = 96 << 10;

/// How many pieces there should be at least, for as many threads.
pub(super) const PIECES: usize = 8;

/// Multiplications below which a piece is not worth to be handed to a thread, and a call none.
const WORTH: usize = 1 << 18;

/// How many weights are worth to be brought in order by a thread.
const WEIGHTS: usize = 1 << 14;

/// The kernels of one pair of sights as the tiles read them.
struct View<'a> {
    sights: [&'a Sight; 2],
    /// `[groups, blocks, ins taps, width]`
    weights: Vec<f32>,
}

/// Some rows of the outputs of a view.
struct Band<'a> {
    view: &'a View<'a>,
    padded: Padded,
    offsets: Vec<u32>,
    spots: Vec<Spot>,
    /// How the results are handed on when tiles can't write them where they belong.
    staged: Option<Staged>,
    rows: Range<usize>,
}

/// Results on their way: `[width, rows, pitch]`.
#[derive(Clone, Copy)]
struct Staged {
    pitch: usize,
    plane: usize,
}

impl Gather<'_> {
    /// The result, `[n, groups * outs, h, w]`.
    pub fn run(&self) -> Tensor {
        match self.wants_tiles() {
            true => self.by_tiles(),
            false => self.directly(),
        }
    }

    /// The result, each output by itself.
    pub fn directly(&self) -> Tensor {
        let (level, [n, ..]) = (level(), self.x.shape);
        let width = width(lanes(level), self.weight.outs);
        let views: Vec<View> = self.sights[0]
            .iter()
            .flat_map(|rows| self.sights[1].iter().map(move |cols| [rows, cols]))
            .map(|sights| View { sights, weights: self.packed(sights, width) })
            .collect();
        let bands: Vec<Band> = views.iter().flat_map(|view| self.bands(view, level)).collect();
        if let [band] = bands.as_slice()
            && self.wants_panels(level, band.spots.len())
        {
            return self.by_panels(level, &band.view.weights);
        }

        let blocks = self.groups * self.weight.outs.div_ceil(width);
        let parts = PIECES.div_ceil((n * bands.len()).max(1)).min(blocks).max(1);
        let size = blocks.div_ceil(parts);
        let pieces = n * bands.len() * parts;
        let work = |piece: usize, out: Out| {
            let (picture, band) = (piece / parts % n, &bands[piece / parts / n]);
            let part = piece % parts * size;
            self.piece(level, band, picture, part..(part + size).min(blocks), out);
        };
        let shape = [n, self.groups * self.weight.outs, self.size[0], self.size[1]];
        // SAFETY: the views' places are all places of a plane, and the pieces all views, bands,
        // pictures and channels.
        unsafe { out::tensor(shape, |out| self.hand_out(pieces, |piece| work(piece, out))) }
    }

    /// Has the pieces worked on, by several threads if they are worth it, some at a time if each is
    /// small.
    pub(super) fn hand_out(&self, pieces: usize, work: impl Fn(usize) + Sync) {
        let taps = |axis: usize| self.sights[axis].iter().map(|s| s.taps.len()).sum::<usize>();
        let views = self.sights[0].len() * self.sights[1].len();
        let outputs =
            self.x.shape[0] * self.groups * self.weight.outs * self.size[0] * self.size[1];
        match outputs * self.weight.ins * taps(0) * taps(1) / views.max(1) / WORTH {
            ..8 => (0..pieces).for_each(work),
            worth => {
                let together = pieces.div_ceil(worth);
                parallel_ranges(pieces, together, |pieces| pieces.for_each(&work));
            }
        }
    }

    /// The weights of a view in the order in which tiles read them. A block that the channels do
    /// not fill has zeros for those that are missing.
    fn packed(&self, [rows, cols]: [&Sight; 2], width: usize) -> Vec<f32> {
        let Weight { numbers, outs, ins, strides, row } = self.weight;
        let blocks = outs.div_ceil(width);
        let mut taps = Vec::with_capacity(rows.taps.len() * cols.taps.len());
        for tap in &rows.taps {
            taps.extend(cols.taps.iter().map(|col| tap.index * row + col.index));
        }
        let mut packed = vec![0.0; self.groups * blocks * ins * taps.len() * width];
        let size = ins * taps.len() * width;
        let out = Out::over(&mut packed);
        parallel_ranges(self.groups * blocks, (WEIGHTS / size.max(1)).max(1), |range| {
            for block in range {
                // SAFETY: each block is filled by one piece.
                let block_weights = unsafe { out.part(block * size..(block + 1) * size) };
                let (group, first) = (block / blocks, block % blocks * width);
                for lane in 0..width.min(outs - first) {
                    let from = &numbers[group * strides[0] + (first + lane) * strides[1]..];
                    let mut to = block_weights.iter_mut().skip(lane).step_by(width);
                    for input in 0..ins {
                        for (&tap, to) in taps.iter().zip(&mut to) {
                            *to = from[input * strides[2] + tap];
                        }
                    }
                }
            }
        });
        packed
    }

    /// The bands of a view.
    fn bands<'a>(&self, view: &'a View<'a>, level: Level) -> Vec<Band<'a>> {
        let ([rows, cols], [_, c, h, w]) = (view.sights, self.x.shape);
        if rows.places == 0 || cols.places == 0 {
            return Vec::new();
        }
        let whole = Padded::new(rows, cols, [h, w], 0..rows.places).len(c);
        let count = whole.div_ceil(COPY).clamp(1, rows.places.div_ceil(4));
        let height = rows.places.div_ceil(count);
        let starts = (0..rows.places).step_by(height);
        let bands = starts.map(|start| start..(start + height).min(rows.places));
        bands.map(|rows| self.band(view, rows, lanes(level))).collect()
    }

    fn band<'a>(&self, view: &'a View<'a>, band: Range<usize>, lanes: usize) -> Band<'a> {
        let ([rows, cols], [_, _, h, w]) = (view.sights, self.x.shape);
        let padded = Padded::new(rows, cols, [h, w], band.clone());
        let offsets = self.offsets(view.sights, &padded);
        let (spots, staged) = self.spots(view, &padded, band.clone(), lanes);
        Band { view, padded, offsets, spots, staged, rows: band }
    }

    /// Where to look in a copy from an output's place on, per input channel and tap.
    pub(super) fn offsets(&self, [rows, cols]: [&Sight; 2], padded: &Padded) -> Vec<u32> {
        let mut offsets = Vec::with_capacity(self.weight.ins * rows.taps.len() * cols.taps.len());
        for input in 0..self.weight.ins {
            for row in &rows.taps {
                let all = cols.taps.iter().map(|col| padded.offset(row, col));
                offsets.extend(all.map(|at| (input * padded.channel + at) as u32));
            }
        }
        offsets
    }

    /// What some channels begin with.
    pub(super) fn biases(&self, first: usize, channels: usize) -> [f32; 8] {
        let mut biases = [0.0; 8];
        if let Some(all) = self.bias {
            biases[..channels].copy_from_slice(&all[first..first + channels]);
        }
        biases
    }

    /// Where the vectors of a band lie. Either each row has its own, the last one of them perhaps
    /// not full; or they run on from row to row, over the padding between: whichever are fewer.
    fn spots(
        &self,
        view: &View,
        padded: &Padded,
        band: Range<usize>,
        lanes: usize,
    ) -> (Vec<Spot>, Option<Staged>) {
        let ([rows, cols], width, height) = (view.sights, view.sights[1].places, band.len());
        let spot = |from: usize, to: usize, len: usize| Spot {
            from: from as u32,
            to: to as u32,
            len: len.min(lanes) as u32,
        };
        let through = (height - 1) * padded.pitch + width;
        if through.div_ceil(lanes) < height * width.div_ceil(lanes) {
            let dense = padded.pitch == self.size[1] && width == self.size[1] && rows.apart == 1;
            let start = band.start * width;
            let at = (0..through).step_by(lanes);
            return match dense {
                true => (at.map(|i| spot(i, start + i, through - i)).collect(), None),
                false => {
                    let plane = through.next_multiple_of(lanes);
                    let staged = Staged { pitch: padded.pitch, plane };
                    (at.map(|i| spot(i, i, lanes)).collect(), Some(staged))
                }
            };
        }
        let pitch = width.next_multiple_of(lanes);
        let staged = (cols.apart != 1).then_some(Staged { pitch, plane: height * pitch });
        let all = (0..height).flat_map(|i| {
            let row = (rows.first + (band.start + i) * rows.apart) * self.size[1] + cols.first;
            (0..width).step_by(lanes).map(move |j| match staged {
                Some(_) => spot(i * padded.pitch + j, i * pitch + j, lanes),
                None => spot(i * padded.pitch + j, row + j, width - j),
            })
        });
        (all.collect(), staged)
    }

    /// The outputs of a band of a picture in these blocks of channels, counted over all groups.
    fn piece(&self, level: Level, band: &Band, picture: usize, blocks: Range<usize>, out: Out) {
        let Weight { outs, ins, .. } = self.weight;
        let (taps, width) = (band.offsets.len(), width(lanes(level), outs));
        let per_group = outs.div_ceil(width);
        let plane = self.size[0] * self.size[1];
        if blocks.is_empty() {
            return;
        }
        let groups = blocks.start / per_group..(blocks.end - 1) / per_group + 1;
        let copied = band.padded.len(groups.len() * ins);
        let staged = band.staged.map_or(0, |staged| width * staged.plane);
        scratch(copied.next_multiple_of(16) + staged, |room| {
            let (copy, room) = room.split_at_mut(copied.next_multiple_of(16));
            let inputs = groups.start * ins..groups.end * ins;
            band.padded.fill(&self.x, picture, inputs, &mut copy[..copied]);
            for block in blocks {
                let (group, first) = (block / per_group, block % per_group * width);
                let channels = width.min(outs - first);
                let channel = group * outs + first;
                let to = (picture * self.groups * outs + channel) * plane;
                let (target, apart) = match band.staged {
                    Some(staged) => (room.as_mut_ptr(), staged.plane),
                    None => (out.at(to), plane),
                };
                let block = Block {
                    x: &copy[(group - groups.start) * ins * band.padded.channel..],
                    offsets: &band.offsets,
                    weights: &band.view.weights[block * taps * width..][..taps * width],
                    bias: &self.biases(channel, channels)[..width],
                    out: target,
                    plane: apart,
                    channels,
                };
                compute(level, block, &band.spots);
                if let Some(staged) = band.staged {
                    for (c, numbers) in room.chunks_exact(staged.plane).take(channels).enumerate() {
                        // SAFETY: a plane of the result, of which this piece has the band.
                        self.hand_on(band, numbers, staged.pitch, out.at(to + c * plane));
                    }
                }
            }
        });
    }

    /// Writes the rows of a channel where they belong.
    fn hand_on(&self, band: &Band, from: &[f32], pitch: usize, plane: *mut f32) {
        let [rows, cols] = band.view.sights;
        for (i, place) in band.rows.clone().enumerate() {
            let row = (rows.first + place * rows.apart) * self.size[1] + cols.first;
            for (j, &number) in from[i * pitch..][..cols.places].iter().enumerate() {
                // SAFETY: place `[i, j]` of the view is inside of the plane.
                unsafe { plane.add(row + j * cols.apart).write(number) };
            }
        }
    }
}
