//! The number itself, and how floats become it.

#![expect(unsafe_code, reason = "numbers are written once, by several threads")]

use crate::elementwise::pieces;
use crate::level::Level;
use crate::out::filled;
use crate::simd::vectorized;

/// The upper half of a float: its sign, all 8 bits of its exponent, and 7 of its 23 bits of
/// fraction.
///
/// It reaches as far as a float (3e38) but tells only 2 to 3 decimal digits apart: a relative
/// step of 2^-8 at most. Google Brain made it for networks ("brain float"), whose sums need the
/// range more than the digits; D. Kalamkar et al., "A Study of BFLOAT16 for Deep Learning
/// Training" (2019).
///
/// ```
/// use tinytorch_acceleration::Bf16;
///
/// assert_eq!(Bf16::from(1.0 / 3.0).to_f32(), 0.333_984_375);
/// assert_eq!(Bf16::from(257.0).to_f32(), 256.0); // between 256 and 258: to the even fraction
/// assert_eq!(Bf16::from(3.0e38).to_f32(), 3.004_055_3e38);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
#[repr(transparent)]
pub struct Bf16(u16);

impl Bf16 {
    /// 0.
    pub const ZERO: Bf16 = Bf16(0);

    /// The number with these bits.
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits)
    }

    /// Its bits.
    #[inline(always)]
    pub const fn to_bits(self) -> u16 {
        self.0
    }

    /// The same number as a float.
    #[inline(always)]
    pub const fn to_f32(self) -> f32 {
        f32::from_bits((self.0 as u32) << 16)
    }
}

impl From<f32> for Bf16 {
    /// The nearest one, of two equally near the one whose last bit is 0. NaN stays NaN.
    #[inline(always)]
    fn from(x: f32) -> Self {
        // Half a step less one, and one more if the last bit that stays is 1: what is above half
        // a step carries over, what is below does not, and half carries over to an even number.
        // From the largest number it carries over to infinity, as it should.
        let bits = x.to_bits();
        let rounded = bits.wrapping_add(0x7FFF + (bits >> 16 & 1)) >> 16;
        let quiet = bits >> 16 | 0x40; // rounding could carry a NaN over to a number
        Self(if x.is_nan() { quiet } else { rounded } as u16)
    }
}

vectorized! {
    /// Each number rounded: as long as both slices.
    fn narrow<S>(from: &[f32], to: &mut [Bf16]) {
        for (to, &from) in to.iter_mut().zip(from) {
            *to = Bf16::from(from);
        }
    }

    /// Each number as a float: as long as both slices.
    fn widen<S>(from: &[Bf16], to: &mut [f32]) {
        for (to, from) in to.iter_mut().zip(from) {
            *to = from.to_f32();
        }
    }

    /// Each number rounded, but as a float.
    fn round<S>(from: &[f32], to: &mut [f32]) {
        for (to, &from) in to.iter_mut().zip(from) {
            *to = Bf16::from(from).to_f32();
        }
    }
}

/// These numbers, rounded.
pub(crate) fn narrowed(level: Level, numbers: &[f32]) -> Vec<Bf16> {
    each(numbers, |from, to| narrow(level, from, to))
}

/// These numbers as floats.
pub(crate) fn floats(level: Level, numbers: &[Bf16]) -> Vec<f32> {
    each(numbers, |from, to| widen(level, from, to))
}

/// These numbers rounded, but as floats.
pub(crate) fn rounded(level: Level, numbers: &[f32]) -> Vec<f32> {
    each(numbers, |from, to| round(level, from, to))
}

/// As many numbers as there are, which `fill` fills, on as many threads as are worth it.
fn each<T: Sync, U: Copy + Send>(numbers: &[T], fill: impl Fn(&[T], &mut [U]) + Sync) -> Vec<U> {
    // SAFETY: the parts cover all, none twice, and each is filled.
    unsafe {
        filled(numbers.len(), |out| {
            pieces(numbers.len(), |part| fill(&numbers[part.clone()], out.part(part)));
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bf16_comes_back_from_a_float() {
        for bits in 0..=u16::MAX {
            let x = Bf16::from_bits(bits);
            let back = Bf16::from(x.to_f32());
            assert!(back == x || x.to_f32().is_nan() && back.to_f32().is_nan(), "{bits:#x}");
        }
    }

    /// Between two neighbors, what is nearer wins, and halfway the even one.
    #[test]
    fn floats_go_to_the_nearest() {
        for bits in (0..0x7F80).chain(0x8000..0xFF80) {
            let (low, high) = (u32::from(bits) << 16, (u32::from(bits) + 1) << 16);
            let even = if bits % 2 == 0 { bits } else { bits + 1 };
            let cases = [(low, bits), (low + 0x7FFF, bits), (low + 0x8000, even)];
            for (x, expected) in
                cases.into_iter().chain([(low + 0x8001, bits + 1), (high, bits + 1)])
            {
                assert_eq!(Bf16::from(f32::from_bits(x)), Bf16::from_bits(expected), "{x:#x}");
            }
        }
    }

    #[test]
    fn what_is_no_number_stays_none() {
        for bits in [0x7F80_0001, 0x7FFF_FFFF, 0xFFFF_8000, 0xFF80_0001, f32::NAN.to_bits()] {
            let x = f32::from_bits(bits);
            let small = Bf16::from(x).to_f32();
            assert!(small.is_nan(), "{bits:#x}");
            assert_eq!(small.is_sign_negative(), x.is_sign_negative());
        }
        assert_eq!(Bf16::from(f32::MAX).to_f32(), f32::INFINITY);
    }

    #[test]
    fn every_level_rounds_alike() {
        // More than one thread takes alone.
        let x: Vec<f32> = (0..70_000).map(|i| f32::from_bits(i * 61_351)).collect();
        let bits = |x: &[f32]| x.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        let expected: Vec<Bf16> = x.iter().map(|&x| x.into()).collect();
        let widened: Vec<f32> = expected.iter().map(|x| x.to_f32()).collect();
        for level in Level::supported() {
            let small = narrowed(level, &x);
            assert_eq!(small, expected, "{level}");
            assert_eq!(bits(&floats(level, &small)), bits(&widened), "{level}");
            assert_eq!(bits(&rounded(level, &x)), bits(&widened), "{level}");
        }
    }
}
