//! The gradient of a convolution's weight where a group has few output channels.
//!
//! Vectors over output channels would be mostly empty, in a depthwise convolution but for one
//! number. Here they go over places: a weight's gradient is the dot product of a plane of `y'` and
//! the plane of `x` that its tap sees. A vector of `y'` is used for nine taps at once, so that each
//! product costs one load, and loads are what limits it.

#![expect(unsafe_code, reason = "loads through pointers; parts of one buffer for many pieces")]

use super::padded::{Padded, Pictures};
use super::scratch::scratch;
use super::weight_grad::{WORTH, WeightGrad, parts};
use crate::level::{Level, level};
use crate::out::Out;
use crate::simd::{Simd, vectorized};
use crate::threads::parallel;
use std::ops::Range;
use tinytorch_tensor::Tensor;

impl WeightGrad<'_> {
    /// The gradient, `[o, c / groups, kh, kw]`, by dot products.
    pub fn by_dots(&self) -> Tensor {
        let ([n, c, ..], [_, o, ..]) = (self.x.shape, self.g.shape);
        let kernel = [0, 1].map(|axis: usize| self.sights[axis].taps.len());
        let (ins, taps) = (c / self.groups, c / self.groups * kernel[0] * kernel[1]);
        let (level, all, parts) = (level(), o * taps, parts(n, o * taps));
        let (padded, offsets) = self.padded(0..self.sights[0].places);
        let mut sums = vec![0.0; parts * all];
        let out = Out::over(&mut sums);
        let work = |piece: usize| {
            let (part, group) = (piece / self.groups, piece % self.groups);
            let outs = o / self.groups;
            let first = part * all + group * outs * taps;
            // SAFETY: each piece has the sums of its part and group.
            let sums = unsafe { out.part(first..first + outs * taps) };
            let pictures = part * n / parts..(part + 1) * n / parts;
            self.dots(level, &padded, &offsets, (pictures, group), sums);
        };
        match n * self.sights[0].places * self.sights[1].places * all < WORTH {
            true => (0..parts * self.groups).for_each(work),
            false => parallel(parts * self.groups, work),
        }
        let (first, others) = sums.split_at_mut(all);
        for part in others.chunks_exact(all.max(1)) {
            first.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
        }
        sums.truncate(all);
        Tensor::from_vec(sums, [o, ins, kernel[0], kernel[1]])
    }

    /// Adds the dot products of these pictures in a group to `sums`, `[outs, taps]`.
    fn dots(
        &self,
        level: Level,
        padded: &Padded,
        offsets: &[u32],
        (pictures, group): (Range<usize>, usize),
        sums: &mut [f32],
    ) {
        let places = [self.sights[0].places, self.sights[1].places];
        let (ins, outs) = (self.x.shape[1] / self.groups, self.g.shape[1] / self.groups);
        let copied = padded.len(ins);
        scratch(copied + places[0] * places[1], |room| {
            let (x, g) = room.split_at_mut(copied);
            for picture in pictures {
                padded.fill(&self.x, picture, group * ins..(group + 1) * ins, x);
                for (out, sums) in sums.chunks_exact_mut(offsets.len().max(1)).enumerate() {
                    copy_plane(&self.g, picture, group * outs + out, places, g);
                    let planes = Planes { x, g, places, pitch: padded.pitch };
                    add_dots(level, planes, offsets, sums);
                }
            }
        });
    }
}

/// A plane of pictures in any layout, row after row.
fn copy_plane(g: &Pictures, picture: usize, channel: usize, places: [usize; 2], to: &mut [f32]) {
    for (row, to) in to.chunks_exact_mut(places[1].max(1)).enumerate() {
        let (from, step) = g.row(picture, channel, row);
        match step {
            1 => to.copy_from_slice(&from[..places[1]]),
            _ => to.iter_mut().enumerate().for_each(|(i, to)| *to = from[i * step]),
        }
    }
}

/// What the dot products are taken of.
#[derive(Clone, Copy)]
struct Planes<'a> {
    /// The copy of the input.
    x: &'a [f32],
    /// The gradient of the output, dense.
    g: &'a [f32],
    /// Its rows and columns.
    places: [usize; 2],
    /// From one row of the copy to the next.
    pitch: usize,
}

vectorized! {
    /// Adds to each sum the dot product of the gradient and what is seen through its tap.
    fn add_dots<S>(planes: Planes<'_>, taps: &[u32], sums: &mut [f32]) {
        let (nines, rest) = taps.as_chunks::<9>();
        let (in_nines, in_rest) = sums.as_chunks_mut::<9>();
        for (taps, sums) in nines.iter().zip(in_nines) {
            tile::<S, 9>(&planes, taps, sums);
        }
        for (&tap, sum) in rest.iter().zip(in_rest) {
            tile::<S, 1>(&planes, &[tap], std::array::from_mut(sum));
        }
    }
}

#[inline(always)]
fn tile<S: Simd, const TAPS: usize>(planes: &Planes, taps: &[u32; TAPS], sums: &mut [f32; TAPS]) {
    let [rows, cols] = planes.places;
    let x = taps.map(|tap| planes.x.as_ptr().wrapping_add(tap as usize));
    let mut new = [S::splat(0.0); TAPS];
    for row in 0..rows {
        let g = planes.g[row * cols..][..cols].as_ptr();
        let whole = cols / S::LANES * S::LANES;
        for col in (0..whole).step_by(S::LANES) {
            // SAFETY: a whole vector of the row; the copy has a number for each tap of a place.
            unsafe {
                let g = S::load(g.add(col));
                for t in 0..TAPS {
                    new[t] = S::fma(g, S::load(x[t].add(row * planes.pitch + col)), new[t]);
                }
            }
        }
        if whole < cols {
            // SAFETY: as above, for what is left.
            unsafe {
                let g = S::load_first(g.add(whole), cols - whole);
                for t in 0..TAPS {
                    let x = S::load_first(x[t].add(row * planes.pitch + whole), cols - whole);
                    new[t] = S::fma(g, x, new[t]);
                }
            }
        }
    }
    for t in 0..TAPS {
        sums[t] += S::sum(new[t]);
    }
}
