//! The innermost loop of a convolution.
//!
//! A tile is a handful of output channels times a few vectors of neighboring outputs, all in
//! registers. For each input channel and tap it takes one load per vector and one number, spread
//! over a vector, per channel; every pair of them is a multiplication and an addition in one
//! instruction. With 8 channels and 3 vectors that is 24 of those for 11 loads: what limits it is
//! arithmetic, two instructions of 8 floats or one of 16 in each cycle.
//!
//! That is the direct convolution of E. Georganas et al., "Anatomy of high-performance deep
//! learning convolutions on SIMD architectures" (2018), but with vectors over places instead of
//! over channels, so that pictures may stay `[n, c, h, w]`.

#![expect(unsafe_code, reason = "loads and stores through pointers that a plan has checked")]

use crate::simd::{Simd, vectorized};

/// A vector of outputs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    /// Where the first one's input begins, in the copy of the picture.
    pub from: u32,
    /// Where the first one goes, in its channel of the result.
    pub to: u32,
    /// How many are written, at most as many as a vector holds.
    pub len: u32,
}

/// What a tile reads and writes besides its spots.
#[derive(Clone, Copy)]
pub(super) struct Block<'a> {
    /// The copy of the picture, from the first channel of the group on.
    pub x: &'a [f32],
    /// Where to look from a spot's start on, per input channel and tap.
    pub offsets: &'a [u32],
    /// `[offsets, width]`: what is seen there times this goes to each output channel.
    pub weights: &'a [f32],
    /// What each output channel begins with: `[width]`.
    pub bias: &'a [f32],
    /// The first number of the first channel of the result.
    pub out: *mut f32,
    /// From one channel of the result to the next.
    pub plane: usize,
    /// How many of the block's channels are written.
    pub channels: usize,
}

/// How many vectors of outputs a tile has, with more channels than one.
pub(super) const VECTORS: usize = 3;

/// How many output channels a block has: as many as keep the registers busy, or just one.
pub(super) fn width(lanes: usize, outs: usize) -> usize {
    match (outs, lanes) {
        (..3, _) => 1,
        (_, 16) => 8,
        _ => 4,
    }
}

vectorized! {
    /// How many floats a vector of the level holds.
    pub(super) fn lanes<S>() -> usize {
        S::LANES
    }

    /// Computes the outputs of a block of channels at these spots.
    ///
    /// The caller promises that what the spots and offsets say is inside of `x` and `out`.
    pub(super) fn compute<S>(block: Block<'_>, spots: &[Spot]) {
        debug_assert_eq!(block.weights.len(), block.offsets.len() * block.bias.len());
        match (block.bias.len(), S::LANES) {
            (1, _) => tiles::<S, 1, 8>(block, spots),
            (_, 16) => tiles::<S, 8, VECTORS>(block, spots),
            _ => tiles::<S, 4, VECTORS>(block, spots),
        }
    }
}

#[inline(always)]
fn tiles<S: Simd, const CHANNELS: usize, const N: usize>(block: Block, spots: &[Spot]) {
    let (whole, rest) = spots.as_chunks::<N>();
    for spots in whole {
        // SAFETY: the plan laid the spots out inside of `x` and `out`.
        unsafe { tile::<S, CHANNELS, N>(&block, spots) };
    }
    for spot in rest.as_chunks::<1>().0 {
        // SAFETY: as above.
        unsafe { tile::<S, CHANNELS, 1>(&block, spot) };
    }
}

/// # Safety
/// All that the spots and offsets say is inside of `x` and `out`.
#[inline(always)]
#[expect(clippy::needless_range_loop, reason = "indices are constants: registers have no others")]
unsafe fn tile<S: Simd, const CHANNELS: usize, const N: usize>(block: &Block, spots: &[Spot; N]) {
    let mut sums = [[S::splat(0.0); N]; CHANNELS];
    for c in 0..CHANNELS {
        sums[c] = [S::splat(block.bias[c]); N];
    }
    let from = spots.map(|spot| block.x.as_ptr().wrapping_add(spot.from as usize));
    let mut weights = block.weights.as_ptr();
    for &offset in block.offsets {
        let mut x = [S::splat(0.0); N];
        for v in 0..N {
            // SAFETY: the caller's promise.
            x[v] = unsafe { S::load(from[v].add(offset as usize)) };
        }
        for c in 0..CHANNELS {
            // SAFETY: there are as many weights as channels, per offset.
            let weight = S::splat(unsafe { *weights.add(c) });
            for v in 0..N {
                sums[c][v] = S::fma(weight, x[v], sums[c][v]);
            }
        }
        weights = weights.wrapping_add(CHANNELS);
    }
    // All indices of `sums` are constants, or it would not be kept in registers.
    for c in 0..CHANNELS {
        if c < block.channels {
            for v in 0..N {
                // SAFETY: the caller's promise.
                unsafe {
                    let to = block.out.add(c * block.plane + spots[v].to as usize);
                    match spots[v].len as usize == S::LANES {
                        true => S::store(to, sums[c][v]),
                        false => S::store_first(to, spots[v].len as usize, sums[c][v]),
                    }
                }
            }
        }
    }
}
