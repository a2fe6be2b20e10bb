//! Rotary positions: each pair of numbers turned by the angle of its place.
//!
//! Number `i` of a row's first half and number `i` of its second are turned together, so that
//! vectors of the one meet vectors of the other, and both results are written where they belong:
//!
//! ```text
//! a' = a cos - b sin        b' = b cos + a sin
//! ```
//!
//! Three operations a number, 8 bytes of memory and 8 of the tables, which all heads share and
//! which stay in the cache. Heads are cut out of a wider matrix: their rows are read from it, not
//! copied first.

#![expect(unsafe_code, reason = "results are written once")]

use crate::copy::dense;
use crate::level::level;
use crate::rows::{Rows, by_rows};
use crate::settings;
use crate::simd::vectorized;
use std::ops::Range;
use tinytorch_embeddings::Rotary;
use tinytorch_tensor::{Kernels, Op, Tensor};

/// The kernel of this file.
pub(crate) fn register(kernels: &mut Kernels) {
    kernels.on::<Rotary>("f32", rotary);
}

fn rotary(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let (level, Rotary { offset, inverse }) = (level(), *settings(op));
    let (cosines, sines) = (dense(x[1]), dense(x[2]));
    let places = Places { cosines: &cosines, sines: &sines, offset, len: x[0].size(-2) };
    let sign = if inverse { -1.0 } else { 1.0 };
    // SAFETY: both halves of each row are written.
    unsafe { by_rows(x[0], |x, range, out| rotary_rows(level, x, &places, sign, range, out)) }
}

/// The angles of all places, half a row for each, and which places the rows have.
struct Places<'a> {
    cosines: &'a [f32],
    sines: &'a [f32],
    /// The place of the first row.
    offset: usize,
    /// How many rows there are before the places begin again.
    len: usize,
}

vectorized! {
    /// The rows `range` of `x`, turned by their angles, or back if `sign` is -1.
    fn rotary_rows<S>(
        x: &Rows<'_>,
        places: &Places<'_>,
        sign: f32,
        range: Range<usize>,
        out: &mut [f32],
    ) {
        let (half, sign) = (x.width / 2, S::splat(sign));
        for (i, out) in range.zip(out.chunks_exact_mut(x.width.max(1))) {
            let place = (places.offset + i % places.len) * half;
            let cosines = &places.cosines[place..place + half];
            let sines = &places.sines[place..place + half];
            let (a, b) = x.row(i).split_at(half);
            let (to_a, to_b) = out.split_at_mut(half);
            let mut at = 0;
            while at < half {
                let part = at..half.min(at + S::LANES);
                let [a, b] = [S::read(&a[part.clone()]), S::read(&b[part.clone()])];
                let cos = S::read(&cosines[part.clone()]);
                let sin = S::mul(S::read(&sines[part.clone()]), sign);
                S::write(&mut to_a[part.clone()], S::sub(S::mul(a, cos), S::mul(b, sin)));
                S::write(&mut to_b[part], S::add(S::mul(b, cos), S::mul(a, sin)));
                at += S::LANES;
            }
            to_b[half..].copy_from_slice(&b[half..]); // one without a partner stays
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{assert_agrees, layouts};
    use tinytorch_embeddings::RotaryEmbedding;
    use tinytorch_tensor::Rng;

    #[test]
    fn pairs_are_turned_to_the_bit_as_defined() {
        let rng = &mut Rng::new(7);
        for shape in
            [&[1, 2][..], &[4, 3], &[5, 6], &[2, 3, 32], &[2, 3, 4, 66], &[3, 70, 256], &[0, 4]]
        {
            let tables = RotaryEmbedding::new(shape[shape.len() - 1] / 2 * 2, 100);
            for x in layouts(shape, rng) {
                for (offset, inverse) in [(0, false), (3, true)] {
                    let inputs = [&x, &tables.cosines, &tables.sines];
                    assert_agrees(&Rotary { offset, inverse }, rotary, &inputs, 0.0);
                }
            }
        }
    }
}
