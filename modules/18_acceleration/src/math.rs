//! Functions of a vector: `exp`, `ln`, `tanh` and what is made of them.
//!
//! The standard library computes `exp` of one number at a time, in about 15 cycles. Here a vector
//! of 16 takes as long. Each function is brought to a short interval by facts about it
//! (`e^x = 2^n e^r`), where a polynomial, or a quotient of two, is all that is left. The
//! coefficients are those whose largest error is least (E. Remez, 1934), so that six do what takes
//! Taylor's series ten.
//!
//! J.-M. Muller, "Elementary functions", chapters 3 and 11, tells how; the reduction in two steps
//! is that of W. J. Cody and W. Waite, "Software manual for the elementary functions" (1980).
//!
//! Errors are stated in units in the last place (ulp) of the result, or as a part of it, and hold
//! for every float there is; half an ulp is what rounding alone costs. NaN gives NaN.

#![expect(
    clippy::excessive_precision,
    reason = "coefficients with the digits they were found with"
)]

use crate::simd::Simd;
use std::f32::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI, LOG2_E, SQRT_2};

/// `ln 2` in two parts; the first has nine bits, so that whole multiples of it are exact.
const LN_2_PARTS: [f32; 2] = [0.693_359_375, -2.121_944_4e-4];

/// `c[0] + c[1] x + c[2] x² + …` by Horner's rule.
#[inline(always)]
fn polynomial<S: Simd, const N: usize>(c: [f32; N], x: S::F) -> S::F {
    let mut sum = S::splat(c[N - 1]);
    for i in (0..N - 1).rev() {
        sum = S::fma(sum, x, S::splat(c[i]));
    }
    sum
}

/// `x`, but no less than `low` and no more than `high`.
#[inline(always)]
fn clamp<S: Simd>(x: S::F, low: f32, high: f32) -> S::F {
    S::max(S::splat(low), S::min(S::splat(high), x))
}

/// `2^n e^r` for `|r| <= ln 2 / 2`.
#[inline(always)]
fn power<S: Simd>(n: S::F, r: S::F) -> S::F {
    let p = polynomial::<S, 7>(
        [1.0, 1.0, 0.5, 0.166_663_648, 0.041_664_773_3, 0.008_379_059_05, 0.001_406_142_26],
        r,
    );
    S::scale2(p, n)
}

/// The whole `n` and the rest `r` of which `x` is `n ln 2 + r`.
#[inline(always)]
fn reduce<S: Simd>(x: S::F) -> (S::F, S::F) {
    let n = S::round(S::mul(x, S::splat(LOG2_E)));
    let r = S::fma(n, S::splat(-LN_2_PARTS[0]), x);
    (n, S::fma(n, S::splat(-LN_2_PARTS[1]), r))
}

/// `e` to the power of `x`, within 1.3 ulp (1 where the processor multiplies
/// and adds in one), results below the normal numbers included.
#[inline(always)]
pub(crate) fn exp<S: Simd>(x: S::F) -> S::F {
    let (n, r) = reduce::<S>(clamp::<S>(x, -105.0, 89.0)); // beyond, it is 0 or infinite
    power::<S>(n, r)
}

/// The natural logarithm, within 1 ulp: -inf of 0, NaN below.
#[inline(always)]
pub(crate) fn ln<S: Simd>(x: S::F) -> S::F {
    // x = 2^e (1 + f), with 1 + f from √½ to √2.
    let subnormal = S::lt(x, S::splat(f32::MIN_POSITIVE));
    let (m, e) = S::split(S::select(subnormal, S::mul(x, S::splat(8_388_608.0)), x)); // 2^23
    let e = S::select(subnormal, S::sub(e, S::splat(23.0)), e);
    let large = S::lt(S::splat(SQRT_2), m);
    let e = S::select(large, S::add(e, S::splat(1.0)), e);
    let f = S::sub(S::select(large, S::mul(m, S::splat(0.5)), m), S::splat(1.0));
    // ln(1 + f) = f - f²/2 + f³ p(f), the small terms first.
    let p = polynomial::<S, 9>(
        [
            0.333_333_124_151,
            -0.250_000_096_374,
            0.200_021_335_865,
            -0.166_680_068_68,
            0.142_192_244_119,
            -0.124_051_357_066,
            0.118_903_236_588,
            -0.116_796_527_265,
            0.067_465_975_920_4,
        ],
        f,
    );
    let square = S::mul(f, f);
    let y = S::mul(S::mul(square, f), p);
    let y = S::fma(e, S::splat(LN_2_PARTS[1]), y);
    let y = S::add(f, S::fma(square, S::splat(-0.5), y));
    let y = S::fma(e, S::splat(LN_2_PARTS[0]), y);
    let zero = S::splat(0.0);
    let otherwise = S::select(S::eq(x, zero), S::splat(f32::NEG_INFINITY), S::splat(f32::NAN));
    let y = S::select(S::eq(x, S::splat(f32::INFINITY)), x, y);
    S::select(S::lt(zero, x), y, otherwise)
}

/// The hyperbolic tangent, within 6 ulp: `x` times a quotient of polynomials in `x²`.
#[inline(always)]
pub(crate) fn tanh<S: Simd>(x: S::F) -> S::F {
    let x = clamp::<S>(x, -9.02, 9.02); // beyond, it rounds to 1
    let square = S::mul(x, x);
    let p = polynomial::<S, 5>(
        [1.0, 0.133_797_174_81, 3.494_034_056_04e-3, 2.058_347_453_02e-5, 1.331_906_486_88e-8],
        square,
    );
    let q = polynomial::<S, 5>(
        [1.0, 0.467_130_327_205, 0.025_871_071_174_1, 3.283_092_086_02e-4, 7.762_016_112_26e-7],
        square,
    );
    clamp::<S>(S::div(S::mul(x, p), q), -1.0, 1.0)
}

/// `1 / (1 + e^-x)`, within 3 ulp in both tails.
#[inline(always)]
pub(crate) fn sigmoid<S: Simd>(x: S::F) -> S::F {
    let (s, _) = sigmoid_and_slope::<S>(x);
    s
}

/// The sigmoid `s` and its slope `s (1 - s)`, without the cancellation.
#[inline(always)]
pub(crate) fn sigmoid_and_slope<S: Simd>(x: S::F) -> (S::F, S::F) {
    let (zero, one) = (S::splat(0.0), S::splat(1.0));
    let e = exp::<S>(S::sub(zero, S::abs(x))); // the exponential that cannot overflow
    let d = S::div(one, S::add(one, e));
    let ed = S::mul(e, d);
    (S::select(S::lt(x, zero), ed, d), S::mul(ed, d))
}

/// `x sigmoid(x)`, within 4 ulp; below `x = -80`, where the sigmoid runs out of digits, within 1e-42.
#[inline(always)]
pub(crate) fn silu<S: Simd>(x: S::F) -> S::F {
    S::mul(x, sigmoid::<S>(x))
}

/// The slope of [`silu`], within 3e-7: `s + x s (1 - s)`.
#[inline(always)]
pub(crate) fn silu_slope<S: Simd>(x: S::F) -> S::F {
    let (s, slope) = sigmoid_and_slope::<S>(x);
    S::fma(x, slope, s)
}

/// `2^x` for `x` from -250 to 120, within 2e-7 of the result; far below -150 it is 0.
#[inline(always)]
fn exp2<S: Simd>(x: S::F) -> S::F {
    let n = S::round(x);
    let p = polynomial::<S, 6>(
        [
            1.000_000_071_91,
            0.693_146_966_312,
            0.240_221_184_627,
            0.055_507_139_741_7,
            0.009_675_609_878_37,
            0.001_327_641_142_13,
        ],
        S::sub(x, n),
    );
    S::scale2(p, n)
}

/// `x Φ(x)` with the normal distribution `Φ`, within 1.5e-7 of the larger of the result and 1; and,
/// as long as the result is above 1e-14, within 4e-4 of it.
///
/// What is missing to `max(0, x)` is `a Φ(-a)` with `a = |x|`, on both sides. `Φ(-a)` falls as
/// `e^(-a²/2)` does, so its logarithm is nearly a parabola: a polynomial, and no division, which
/// would take as long as all of this. Even and odd powers are summed apart, as neither has to wait
/// for the other.
#[inline(always)]
pub(crate) fn gelu<S: Simd>(x: S::F) -> S::F {
    // From 13 on nothing is missing. -inf stays in `a`: there the formula is `-inf * 0`.
    let a = S::abs(S::min(S::splat(13.0), x));
    let c = S::min(S::splat(13.0), a);
    let square = S::mul(c, c);
    let even = polynomial::<S, 6>(
        [
            -0.999_999_980_21,
            -0.459_209_326_914,
            0.007_012_156_897_96,
            -2.448_598_960_75e-4,
            -8.576_659_914_76e-6,
            -1.767_265_018_84e-8,
        ],
        square,
    );
    let odd = polynomial::<S, 5>(
        [
            -1.151_105_461_94,
            -0.052_480_195_210_7,
            -6.163_157_857_21e-5,
            6.454_946_648_32e-5,
            6.030_387_581_15e-7,
        ],
        square,
    );
    let tail = exp2::<S>(S::fma(c, odd, even));
    // -0 for a zero that comes from below.
    S::fma(S::mul(a, S::splat(-1.0)), tail, S::max(S::splat(-0.0), x))
}

/// The slope of [`gelu`], within 2e-7: `Φ(x) + x φ(x)` with the density `φ`.
///
/// `Φ(-a)` is `e^(-a²/2)` times what varies little (Mills' ratio): here a polynomial up to where
/// both are too small to matter.
#[inline(always)]
pub(crate) fn gelu_slope<S: Simd>(x: S::F) -> S::F {
    let a = S::min(S::splat(15.0), S::abs(x)); // where the bell is 0
    let bell = exp2::<S>(S::mul(S::mul(a, S::splat(-0.5 * LOG2_E)), a));
    let mills = polynomial::<S, 12>(
        [
            0.499_999_983_041,
            -0.398_940_602_376,
            0.249_972_574_043,
            -0.132_805_788_43,
            0.061_923_927_578_2,
            -0.025_471_799_288_3,
            0.009_003_823_168_07,
            -0.002_590_073_087_05,
            5.636_456_029_17e-4,
            -8.476_928_122_23e-5,
            7.708_557_389_57e-6,
            -3.155_311_209_07e-7,
        ],
        a,
    );
    let tail = S::mul(mills, bell);
    let phi = S::select(S::lt(x, S::splat(0.0)), tail, S::sub(S::splat(1.0), tail));
    S::fma(x, S::mul(bell, S::splat(0.5 * FRAC_2_SQRT_PI * FRAC_1_SQRT_2)), phi)
}

/// `u` and `du/dx` of [`gelu_tanh`], each twice as large: `2 √(2/π) (x + 0.044715 x³)`.
#[inline(always)]
fn twice_tanh_argument<S: Simd>(x: S::F) -> (S::F, S::F) {
    const C: f32 = 2.0 * FRAC_2_SQRT_PI * FRAC_1_SQRT_2;
    let square = S::mul(x, x);
    let u = S::mul(x, S::fma(square, S::splat(C * 0.044715), S::splat(C)));
    (u, S::fma(square, S::splat(C * 0.134145), S::splat(C)))
}

/// `x/2 (1 + tanh u)` with `u = √(2/π) (x + 0.044715 x³)`, within 2e-7 of the larger of the
/// result and 1; computed as `x sigmoid(2u)`, which is the same.
#[inline(always)]
pub(crate) fn gelu_tanh<S: Simd>(x: S::F) -> S::F {
    S::mul(x, sigmoid::<S>(twice_tanh_argument::<S>(x).0))
}

/// The slope of [`gelu_tanh`], within 3e-7: `s + x s (1 - s) 2 du/dx` with `s = sigmoid(2u)`.
#[inline(always)]
pub(crate) fn gelu_tanh_slope<S: Simd>(x: S::F) -> S::F {
    let x = clamp::<S>(x, -100.0, 100.0); // beyond, it is 0 or 1, and du/dx may overflow
    let (u, du) = twice_tanh_argument::<S>(x);
    let (s, slope) = sigmoid_and_slope::<S>(u);
    S::fma(S::mul(x, slope), du, s)
}

#[cfg(test)]
mod tests {
    use crate::level::Level;
    use crate::simd::{Simd, vectorized};
    use tinytorch_activations::{erf, erfc};

    macro_rules! over_slices {
        ($($function:ident)*) => { vectorized! { $(
            fn $function<S>(x: &[f32]) -> Vec<f32> {
                each::<S>(x, super::$function::<S>)
            }
        )* } };
    }
    over_slices! { exp ln tanh sigmoid silu silu_slope gelu gelu_slope gelu_tanh gelu_tanh_slope }

    #[inline(always)]
    fn each<S: Simd>(x: &[f32], f: impl Fn(S::F) -> S::F) -> Vec<f32> {
        let mut out = vec![0.0; x.len()];
        for (x, out) in x.chunks(S::LANES).zip(out.chunks_mut(S::LANES)) {
            S::write(out, f(S::read(x)));
        }
        out
    }

    /// Every 4099th float there is, infinities and NaN among them, and a dense row around 0.
    fn floats() -> Vec<f32> {
        let all = (0..=u32::MAX).step_by(4099).map(f32::from_bits);
        let ends = [0.0, f32::MIN_POSITIVE, f32::MAX, f32::INFINITY, f32::NAN, 1e-45, 1.0];
        let dense = (-100_000..100_000).map(|i| i as f32 * 1.013e-3 * 0.15);
        all.chain(ends.into_iter().flat_map(|x| [x, -x])).chain(dense).collect()
    }

    /// A unit in the last place of floats about as large as `x`.
    fn ulp(x: f64) -> f64 {
        let exponent = (x.abs().to_bits() >> 52) as i32 - 1023;
        2f64.powi(exponent.max(-126) - 23)
    }

    /// Asserts that `f` is within `bound(expected)` of `definition`, at every level.
    #[track_caller]
    fn assert_within(
        f: fn(Level, &[f32]) -> Vec<f32>,
        definition: fn(f64) -> f64,
        bound: fn(f64, Level) -> f64,
    ) {
        let x = floats();
        let expected: Vec<f64> = x.iter().map(|&x| definition(x.into())).collect();
        for level in Level::supported() {
            let mut worst = 0.0;
            for ((x, got), &expected) in x.iter().zip(f(level, &x)).zip(&expected) {
                let rounded = expected as f32;
                if got == rounded || got.is_nan() && rounded.is_nan() {
                    continue;
                }
                let error = (f64::from(got) - expected).abs() / bound(expected, level);
                assert!(
                    error <= 1.0,
                    "{level}: of {x:e} it is {got:e}, not {expected:e}: {error} times the bound"
                );
                worst = error.max(worst);
            }
            assert!(worst > 0.4, "{level}: never off by more than {worst} of what is stated");
        }
    }

    #[test]
    fn exp_is_within_what_is_stated() {
        assert_within(exp, f64::exp, |y, _| 1.3 * ulp(y));
    }

    #[test]
    fn ln_is_within_what_is_stated() {
        assert_within(ln, f64::ln, |y, _| ulp(y));
    }

    #[test]
    fn tanh_is_within_what_is_stated() {
        assert_within(tanh, f64::tanh, |y, _| 6.0 * ulp(y));
    }

    fn precise_sigmoid(x: f64) -> f64 {
        1.0 / (1.0 + (-x).exp())
    }

    #[test]
    fn sigmoid_is_within_what_is_stated() {
        assert_within(sigmoid, precise_sigmoid, |y, _| 3.0 * ulp(y));
    }

    #[test]
    fn silu_is_within_what_is_stated() {
        assert_within(silu, |x| x * precise_sigmoid(x), |y, _| (4.0 * ulp(y)).max(1e-42));
        let slope = |x| {
            let s = precise_sigmoid(x);
            s + x * s * (1.0 - s)
        };
        assert_within(silu_slope, slope, |_, _| 3e-7);
    }

    fn phi(x: f64) -> f64 {
        0.5 * erfc(-x * std::f64::consts::FRAC_1_SQRT_2)
    }

    #[test]
    fn gelu_is_within_what_is_stated() {
        assert_within(
            gelu,
            |x| x * phi(x),
            |y, _| (1.5e-7 * y.abs().max(1.0)).min(4e-4 * y.abs() + 1e-14),
        );
        let slope = |x: f64| {
            let density = (-0.5 * x * x).exp() * (0.5 / std::f64::consts::PI).sqrt();
            0.5 * (1.0 + erf(x * std::f64::consts::FRAC_1_SQRT_2)) + x * density
        };
        assert_within(gelu_slope, slope, |_, _| 2e-7);
    }

    #[test]
    fn gelu_by_tanh_is_within_what_is_stated() {
        fn u(x: f64) -> (f64, f64) {
            let c = (8.0 / std::f64::consts::PI).sqrt();
            (c * (x + 0.044715 * x * x * x), c * (1.0 + 0.134145 * x * x))
        }
        assert_within(gelu_tanh, |x| x * precise_sigmoid(u(x).0), |y, _| 2e-7 * y.abs().max(1.0));
        let slope = |x: f64| {
            let x = x.clamp(-100.0, 100.0);
            let (u, du) = u(x);
            let s = precise_sigmoid(u);
            s + x * s * (1.0 - s) * du
        };
        assert_within(gelu_tanh_slope, slope, |_, _| 3e-7);
    }
}
