//! Convolutions of 3 by 3 with a quarter of the multiplications.
//!
//! Two neighboring outputs of a kernel of three see four numbers and take six multiplications:
//!
//! ```text
//! y0 = d0 w0 + d1 w1 + d2 w2        m0 = (d0 - d2) w0
//! y1 = d1 w0 + d2 w1 + d3 w2        m1 = (d1 + d2) (w0 + w1 + w2) / 2
//!                                   m2 = (d2 - d1) (w0 - w1 + w2) / 2
//! y0 = m0 + m1 + m2                 m3 = (d1 - d3) w2
//! y1 = m1 - m2 - m3
//! ```
//!
//! are four. With `d = 1 2 3 4` and `w = 1 1 2`, `m = -2 10 1 -4` and `y = 9 13`. Behind it stands
//! that a polynomial is known when it is known at as many points as it has coefficients, here 0,
//! 1, -1 and infinity: `w0 + w1 + w2` is the kernel's value at 1. Turned round, so that outputs are
//! what one asks for, the product of polynomials becomes a convolution.
//!
//! In general `y = Aᵀ ((G w) ⊙ (Bᵀ d))` with three small matrices, and in two dimensions
//! `Y = Aᵀ ((G W Gᵀ) ⊙ (Bᵀ D B)) A`. Here tiles of 4 by 4 outputs see 6 by 6 numbers and take 36
//! multiplications per pair of channels instead of 144. The transforms do not count where channels
//! are many: an input is transformed once for all outputs, and what is multiplied is added up over
//! all inputs before it is transformed back. For `c` channels in and `o` out a tile takes
//! `72 c o + 288 c + 160 o` operations, where one by one it takes `288 c o`; of 64 channels to 64
//! this comes to 3.6 times fewer. Transformed tiles take `144 (c + o)` bytes, each written and read
//! once, in a core's own cache: a block of tiles goes all the way before the next one begins.
//!
//! The points decide about rounding. Sums of six numbers are multiplied with powers of the points
//! and cancel again, so points far from 1 are bad, and so are points close to each other. With 0,
//! ±5/8, ±3/2 and infinity, of normal numbers in 64 channels, the error is 0.8e-6 of the size of an
//! output on average and 0.6e-5 at most (one by one 0.4e-6 and 0.3e-5); in 256 channels 1.4e-6 and
//! 1.6e-5 (0.9e-6 and 0.9e-5). With the usual 0, ±1, ±2 it would be 2 and 4 times that.
//!
//! An infinite number or NaN makes NaN of all 16 outputs of a tile that sees it, also of those
//! that do not see it themselves.
//!
//! - [`tiles`]: where they lie, and copies of what they see, with the channels last.
//! - [`transform`]: the three matrices, and what they are for gradients.
//! - [`outputs`]: a convolution, or the gradient of its input.
//! - [`weight_grad`]: the gradient of its weight.
//!
//! S. Winograd, "Arithmetic Complexity of Computations" (1980), has the method; A. Lavin and
//! S. Gray, "Fast Algorithms for Convolutional Neural Networks" (2015), the products of matrices;
//! B. Barabasz et al., "Error Analysis and Improving the Accuracy of Winograd Convolution" (2020),
//! the points. cuDNN and oneDNN have the same tiles among their algorithms.

mod outputs;
mod tiles;
mod transform;
mod weight_grad;

use super::gather::Gather;
use super::sight::Sight;
use super::weight_grad::WeightGrad;

impl Gather<'_> {
    /// Whether tiles are the better way.
    pub fn wants_tiles(&self) -> bool {
        let channels = [self.weight.ins, self.weight.outs];
        self.fits_tiles() && pays(channels, self.x.shape[0], self.size, 4096)
    }

    /// Whether the outputs can be computed by tiles.
    pub fn fits_tiles(&self) -> bool {
        let [rows, cols] = &self.sights;
        match (rows.as_slice(), cols.as_slice()) {
            ([rows], [cols]) => three(rows) && three(cols) && self.weight.ins > 0,
            _ => false,
        }
    }
}

impl WeightGrad<'_> {
    /// Whether tiles are the better way.
    pub fn wants_tiles(&self) -> bool {
        let ([n, c, ..], [_, o, ..], [rows, cols]) = (self.x.shape, self.g.shape, &self.sights);
        let channels = [c, o].map(|channels| channels / self.groups);
        self.fits_tiles() && pays(channels, n, [rows.places, cols.places], 2048)
    }

    /// Whether the gradient can be computed by tiles.
    pub fn fits_tiles(&self) -> bool {
        let [rows, cols] = &self.sights;
        three(rows) && three(cols) && self.x.shape[1] > 0
    }
}

/// Whether these are three neighboring places, one further for each output.
fn three(sight: &Sight) -> bool {
    let at = sight.taps.iter().map(|tap| tap.at);
    let (first, last) = (at.clone().min().unwrap_or(0), at.max().unwrap_or(0));
    sight.step == 1 && sight.apart == 1 && sight.taps.len() == 3 && last - first == 2
}

/// Whether tiles are faster, as measured with vectors of 16 floats, where `n` results of this size
/// are computed. Three things speak against them:
///
/// - Transforms take as long per channel as the multiplications saved by ten pairs of channels,
///   missing ones up to a whole vector included: 24 to 24 channels break even, 16 to 32 gain.
/// - Tiles that are mostly outside: of 2 by 2 outputs there is nothing to save.
/// - Kernels for few tiles: a tile is worth the transform, there and back, of so many `kernels`.
fn pays(channels: [usize; 2], n: usize, size: [usize; 2], kernels: usize) -> bool {
    let pairs = channels[0] * channels[1];
    let tiles = n * size[0].div_ceil(4) * size[1].div_ceil(4);
    let whole: usize = channels.iter().map(|channels| channels.next_multiple_of(16)).sum();
    pairs >= 10 * whole && n * size[0] * size[1] > 4 * tiles && pairs <= kernels * tiles
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_are_for_many_channels_and_not_for_few_tiles() {
        let forward = |channels, n, size| pays(channels, n, [size, size], 4096);
        for (channels, n, size) in [([32, 32], 1, 32), ([64, 64], 1, 8), ([256, 256], 16, 4)] {
            assert!(forward(channels, n, size), "{channels:?} {n} {size}");
        }
        let none = [([3, 32], 64, 32), ([24, 24], 64, 32), ([128, 128], 64, 2), ([512, 512], 1, 7)];
        for (channels, n, size) in none {
            assert!(!forward(channels, n, size), "{channels:?} {n} {size}");
        }
        assert!(!forward([64, 64], 0, 8) && !forward([64, 64], 8, 0));
    }
}
