//! Dropout: random numbers as fast as memory brings the numbers that they drop.
//!
//! Module 01 draws one number after the other. But Philox numbers its blocks of four, and block `i`
//! needs none before it: here eight blocks go through the ten rounds side by side, and each thread
//! begins where its part of the tensor does. The bits are those of [`Rng`], so that a run does not
//! depend on who draws.
//!
//! A round multiplies two words of 32 bits and wants all 64 bits of both products. Vectors have an
//! instruction for that where a word has 64 bits of room, and it reads the lower half only: so a
//! word lies in the lower half of 64 bits, whatever is in the upper one, and shifting a product
//! brings its upper half down. A round of eight blocks is two multiplications, two shifts and four
//! exclusive ors of eight words each: 2.5 instructions a number for all ten rounds, or 2 where two
//! exclusive ors are one instruction. No mask is kept; the way back draws it again.
//!
//! J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as 1, 2, 3" (2011).
//!
//! [`Rng`]: tinytorch_tensor::Rng

#![expect(unsafe_code, reason = "fills memory that is not initialized yet")]

use crate::copy::dense;
use crate::elementwise::pieces;
use crate::level::level;
use crate::out::tensor;
use crate::settings;
use crate::simd::{Simd, vectorized};
use std::ops::Range;
use tinytorch_attention::WeightDropout;
use tinytorch_layers::DropoutOp;
use tinytorch_tensor::{Kernels, Op, RngState, Tensor};

pub(crate) fn register(kernels: &mut Kernels) {
    kernels.on::<DropoutOp>("f32", dropout);
}

fn dropout(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let (level, values) = (level(), dense(x[0]));
    let DropoutOp { p, state } = *settings(op);
    // SAFETY: the pieces cover all, and none twice.
    unsafe {
        tensor(x[0].shape(), |out| {
            pieces(values.len(), |range| {
                let factors = Factors::from(p, state, range.start);
                multiply(level, factors, &values[range.clone()], out.part(range));
            });
        })
    }
}

/// Blocks side by side: as many words of 64 bits as the longest vectors hold.
const BLOCKS: usize = 8;
/// The factors of so many blocks.
const NUMBERS: usize = 4 * BLOCKS;

/// A row of factors without an end: 0 with probability `p`, else `1 / (1 - p)`.
#[derive(Clone, Copy)]
pub(crate) struct Factors {
    /// Of 2^24 equally likely numbers, those below are dropped.
    limit: i32,
    keep: f32,
    state: RngState,
}

impl Factors {
    /// Those of the random numbers from number `first` behind `state` on.
    fn from(p: f32, state: RngState, first: usize) -> Self {
        Self {
            // A uniform number is `i / 2^24`: it is below `p` where `i` is below this, exactly.
            limit: (p * (1 << 24) as f32).ceil() as i32,
            keep: 1.0 / (1.0 - p),
            state: RngState { counter: state.counter + first as u64, ..state },
        }
    }

    /// Those of row `row` of attention's weights, from key `first` on.
    pub(crate) fn of_weights(dropout: WeightDropout, row: usize, first: usize) -> Self {
        let state = RngState { seed: dropout.seed, stream: row as u64, counter: 0 };
        Self::from(dropout.p, state, first)
    }

    /// The factors of block `first` and those behind it.
    #[inline(always)]
    fn of_blocks<S: Simd>(&self, first: u64) -> [f32; NUMBERS] {
        let mut words = [0; NUMBERS];
        for block in (0..BLOCKS).step_by(S::WORDS) {
            let four = philox::<S>(&self.state, first.wrapping_add(block as u64));
            // SAFETY: four words for each block.
            unsafe { S::store_words(words[4 * block..].as_mut_ptr(), four) };
        }
        let mut factors = [0.0; NUMBERS];
        for (factor, word) in factors.iter_mut().zip(words) {
            *factor = if ((word >> 8) as i32) < self.limit { 0.0 } else { self.keep };
        }
        factors
    }

    /// The first factors, up to where blocks begin side by side, and the number of the next block.
    #[inline(always)]
    fn head<S: Simd>(&self, n: usize) -> ([f32; NUMBERS], Range<usize>, u64) {
        let (block, inside) = (self.state.counter / 4, (self.state.counter % 4) as usize);
        match inside {
            0 => ([0.0; NUMBERS], 0..0, block),
            _ => (self.of_blocks::<S>(block), inside..(inside + n).min(4), block + 1),
        }
    }
}

/// The four words of each of the blocks from `first` on.
#[inline(always)]
fn philox<S: Simd>(state: &RngState, first: u64) -> [S::W; 4] {
    let (index, stream) = (S::count_words(first), S::splat_word(state.stream));
    let mut c = [index, S::upper_words(index), stream, S::upper_words(stream)];
    let mut key = [state.seed as u32, (state.seed >> 32) as u32];
    let factors = [S::splat_word(0xD251_1F53), S::splat_word(0xCD9E_8D57)];
    for _ in 0..10 {
        let products = [S::mul_words(c[0], factors[0]), S::mul_words(c[2], factors[1])];
        let mix = |product, c, key: u32| {
            S::xor_words(S::upper_words(product), c, S::splat_word(key.into()))
        };
        c = [
            mix(products[1], c[1], key[0]),
            products[1],
            mix(products[0], c[3], key[1]),
            products[0],
        ];
        key = [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)];
    }
    c
}

vectorized! {
    /// `x` times the factors.
    fn multiply<S>(factors: Factors, x: &[f32], out: &mut [f32]) {
        let (head, part, mut block) = factors.head::<S>(x.len());
        let ((first, x), (first_out, out)) = (x.split_at(part.len()), out.split_at_mut(part.len()));
        scale(first, &head[part], first_out);
        let (mut x, mut out) = (x.chunks_exact(NUMBERS), out.chunks_exact_mut(NUMBERS));
        for (x, out) in (&mut x).zip(&mut out) {
            scale(x, &factors.of_blocks::<S>(block), out);
            block += BLOCKS as u64;
        }
        if !x.remainder().is_empty() {
            scale(x.remainder(), &factors.of_blocks::<S>(block), out.into_remainder());
        }
    }

    /// The same, in the place of `x`.
    pub(crate) fn multiply_in_place<S>(factors: Factors, x: &mut [f32]) {
        let (head, part, mut block) = factors.head::<S>(x.len());
        let (first, x) = x.split_at_mut(part.len());
        scale_in_place(first, &head[part]);
        let mut x = x.chunks_exact_mut(NUMBERS);
        for x in &mut x {
            scale_in_place(x, &factors.of_blocks::<S>(block));
            block += BLOCKS as u64;
        }
        let rest = x.into_remainder();
        if !rest.is_empty() {
            scale_in_place(rest, &factors.of_blocks::<S>(block));
        }
    }
}

/// As many products as there are numbers.
#[inline(always)]
fn scale(x: &[f32], factors: &[f32], out: &mut [f32]) {
    for ((out, x), factor) in out.iter_mut().zip(x).zip(factors) {
        *out = x * factor;
    }
}

#[inline(always)]
fn scale_in_place(x: &mut [f32], factors: &[f32]) {
    for (x, factor) in x.iter_mut().zip(factors) {
        *x *= factor;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::Level;
    use crate::trial::{assert_agrees, layouts};
    use tinytorch_tensor::{Rng, Shape};

    const PROBABILITIES: [f32; 6] = [0.0, 1e-12, 0.1, 0.5, 0.9, 1.0];

    fn state(counter: u64) -> RngState {
        RngState { seed: 0x0123_4567_89AB_CDEF, stream: 0xFEDC_BA98_7654_3210, counter }
    }

    #[test]
    fn what_is_dropped_is_what_the_definition_drops() {
        let mut rng = Rng::new(3);
        let shapes: [&[usize]; 8] =
            [&[], &[0], &[1], &[31], &[33, 4], &[3, 5, 7], &[8, 16, 2], &[301, 250]];
        for (i, shape) in shapes.into_iter().enumerate() {
            for (j, x) in layouts(shape, &mut rng).into_iter().enumerate() {
                let p = PROBABILITIES[(i + j) % PROBABILITIES.len()];
                assert_agrees(&DropoutOp { p, state: state(0) }, dropout, &[&x], 0.0);
            }
        }
    }

    /// To the bit, from every place in a block, across 2^32 blocks, to every length of an end.
    #[test]
    fn factors_are_those_of_the_definition() {
        for counter in [0, 1, 2, 3, 4, 4 * u64::from(u32::MAX) - 9, u64::MAX / 2] {
            for (n, p) in (0..=2 * NUMBERS + 5).zip(PROBABILITIES.into_iter().cycle()) {
                let expected = DropoutOp { p, state: state(counter) }.mask(Shape::from(n));
                for level in Level::supported() {
                    let mut got = vec![1.0; n];
                    multiply_in_place(level, Factors::from(p, state(counter), 0), &mut got);
                    assert_eq!(got, expected.to_vec(), "{level}: {n} of {counter}, p {p}");
                }
            }
        }
    }

    /// `0 * NaN` is NaN and `0 * -1` is `-0`, as in the definition.
    #[test]
    fn what_is_dropped_is_multiplied_by_zero() {
        let x = Tensor::from([f32::NAN, f32::INFINITY, -1.0, 1.0, -0.0]).expand([20, 5]);
        let op = DropoutOp { p: 0.5, state: state(0) };
        let bits = |t: Tensor| -> Vec<Option<u32>> {
            t.to_vec().into_iter().map(|x| (!x.is_nan()).then(|| x.to_bits())).collect()
        };
        assert_eq!(bits(dropout(&op, &[&x])), bits(op.forward(&[&x])));
    }
}
