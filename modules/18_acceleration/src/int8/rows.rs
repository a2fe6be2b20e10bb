//! Activations, quantized row by row when they come.

#![expect(unsafe_code, reason = "rows are written once, by several threads")]

use crate::level::level;
use crate::out::{self, Out};
use crate::simd::vectorized;
use crate::threads::parallel_ranges;

/// Rows of numbers of 0 to 255, each with what it stands for: `scale (q - zero)`.
#[derive(Clone, PartialEq, Debug)]
pub struct Rows {
    /// `[m, k]`, row after row.
    pub values: Vec<u8>,
    /// What stands for 0, one per row.
    pub zeros: Vec<u8>,
    /// How much a step is, one per row.
    pub scales: Vec<f32>,
}

/// About how many numbers a thread quantizes at a time.
const PIECE: usize = 1 << 15;

impl Rows {
    /// Quantizes rows of `k` numbers, each by its own range, as
    /// [`plain::quantize`](super::plain::quantize) does.
    ///
    /// # Panics
    /// When the rows are not whole.
    pub fn quantize(x: &[f32], k: usize) -> Self {
        let (m, rest) = (x.len() / k.max(1), x.len() % k.max(1));
        assert!(rest == 0, "int8: {} numbers are not rows of {k}; give whole rows", x.len());
        let (level, mut zeros, mut scales) = (level(), vec![0; m], vec![0.0; m]);
        // SAFETY: every row is written.
        let values = unsafe {
            let (zeros, scales) = (Out::over(&mut zeros), Out::over(&mut scales));
            // A piece of a few rows is done before another thread is awake.
            let some = if x.len() < 4 * PIECE { m.max(1) } else { (PIECE / k).max(1) };
            out::filled(m * k, |values| {
                parallel_ranges(m, some, |rows| {
                    for i in rows {
                        let row = i * k..(i + 1) * k;
                        let (scale, zero) = quantize(level, &x[row.clone()], values.part(row));
                        (zeros.part(i..i + 1)[0], scales.part(i..i + 1)[0]) = (zero, scale);
                    }
                });
            })
        };
        Self { values, zeros, scales }
    }

    /// Rows of numbers of -128 to 127 that stand for `scale q`: their zero becomes 128.
    ///
    /// # Panics
    /// When the rows, one per scale, are not whole.
    pub fn symmetric(values: &[i8], scales: Vec<f32>) -> Self {
        let (count, m) = (values.len(), scales.len());
        assert!(
            count.is_multiple_of(m.max(1)) && (m > 0 || count == 0),
            "int8: {count} numbers are not {m} rows; give as many scales as there are rows"
        );
        let values = values.iter().map(|&q| q as u8 ^ 0x80).collect();
        Self { values, zeros: vec![128; m], scales }
    }

    /// How many rows there are.
    pub fn count(&self) -> usize {
        self.zeros.len()
    }
}

vectorized! {
    /// One row: its scale, its zero, and what is written.
    fn quantize<S>(x: &[f32], to: &mut [u8]) -> (f32, u8) {
        let (mut low, mut high) = (S::splat(0.0), S::splat(0.0));
        let mut strange = S::splat(0.0); // 0 times what is not finite is not a number
        for x in x.chunks(S::LANES) {
            let x = S::read(x);
            (low, high) = (S::min(x, low), S::max(x, high));
            strange = S::fma(x, S::splat(0.0), strange);
        }
        if S::sum(strange).is_nan() {
            to.fill(0);
            return (f32::NAN, 0);
        }
        let low = -S::largest(S::sub(S::splat(0.0), low));
        let (scale, zero) = super::plain::steps(low, S::largest(high));
        let inverse = 1.0 / scale;
        // Where a unit in the last place is 1, adding rounds, and the last byte is the number.
        const WHOLE: f32 = 12_582_912.0; // 1.5 * 2^23
        let (least, most) = (-f32::from(zero), 255.0 - f32::from(zero));
        for (to, x) in to.iter_mut().zip(x) {
            let steps = x * inverse;
            let steps = if steps > least { steps } else { least };
            let steps = if steps < most { steps } else { most };
            *to = ((steps + WHOLE).to_bits() as u8).wrapping_add(zero);
        }
        (scale, zero)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::int8::plain;
    use crate::level::{Level, with_level};
    use tinytorch_tensor::{Rng, Tensor};

    #[test]
    fn rows_are_quantized_as_the_definition_says() {
        let rng = &mut Rng::new(1);
        for k in [1, 2, 15, 16, 17, 100, 333] {
            let mut x = Tensor::randn([40, k], rng).to_vec();
            let row = |i: usize| i * k..(i + 1) * k;
            x[row(1)].fill(0.0);
            x[row(2)].iter_mut().for_each(|x| *x = x.abs() + 5.0);
            x[row(3)].iter_mut().for_each(|x| *x = -x.abs() * 1e30);
            x[row(4)].iter_mut().for_each(|x| *x *= 1e-43);
            x[row(5)][k / 2] = f32::NAN;
            x[row(6)][k - 1] = f32::INFINITY;
            x[row(7)].iter_mut().for_each(|x| *x = f32::MAX.copysign(*x));
            for level in Level::supported() {
                let rows = with_level(level, || Rows::quantize(&x, k));
                assert_eq!(rows.count(), 40);
                for i in 0..40 {
                    let (scale, zero, values) = plain::quantize(&x[row(i)]);
                    assert_eq!(rows.scales[i].to_bits(), scale.to_bits(), "{level}: row {i}");
                    assert_eq!(rows.zeros[i], zero, "{level}: row {i} of {k}");
                    assert_eq!(rows.values[row(i)], values, "{level}: row {i} of {k}");
                }
            }
        }
    }

    #[test]
    fn what_comes_back_is_off_by_half_a_step_and_zero_by_nothing() {
        let mut x = Tensor::randn([200], &mut Rng::new(2)).to_vec();
        x[77] = 0.0;
        let Rows { values, zeros, scales } = Rows::quantize(&x, 200);
        for (&q, &x) in values.iter().zip(&x) {
            let back = scales[0] * (f32::from(q) - f32::from(zeros[0]));
            // At the ends the zero's own rounding takes up to another half.
            assert!((back - x).abs() <= 1.001 * scales[0], "{x} comes back as {back}");
        }
        assert_eq!(values[77], zeros[0]);
    }

    #[test]
    fn signed_numbers_are_moved_up() {
        let rows = Rows::symmetric(&[-128, 0, 127, 5], vec![0.5, 0.25]);
        assert_eq!((rows.values, rows.zeros), (vec![0, 128, 255, 133], vec![128, 128]));
        assert_eq!(Rows::quantize(&[], 0).count(), 0);
    }
}
