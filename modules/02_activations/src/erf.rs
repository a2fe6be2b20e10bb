//! The error function, which the standard library does not have.

#![expect(clippy::excessive_precision, reason = "coefficients with the digits that were published")]

const FRAC_1_SQRT_PI: f64 = 0.564_189_583_547_756_3;

/// The error function `2/√π ∫₀ˣ e^(-t²) dt`, with a relative error below 1e-15.
///
/// The three rational approximations of W. J. Cody, "Rational Chebyshev approximations for the
/// error function", Mathematics of Computation 23 (1969), with the coefficients of his program
/// CALERF (netlib, specfun). A series around 0 would do as well for small `x`, but takes fifty
/// terms at `x = 4`.
///
/// ```
/// use tinytorch_activations::erf;
///
/// assert!((erf(1.0) - 0.842_700_792_949_714_9).abs() < 1e-15);
/// assert_eq!(erf(f64::NEG_INFINITY), -1.0);
/// ```
pub fn erf(x: f64) -> f64 {
    if x.abs() <= 0.46875 { near_zero(x) } else { (1.0 - tail(x.abs())).copysign(x) }
}

/// `1 - erf(x)`, without the cancellation: the relative error stays below 1e-13 where `erf(x)`
/// rounds to 1, as long as the result is a normal number (`x < 26`).
pub fn erfc(x: f64) -> f64 {
    match x {
        _ if x.abs() <= 0.46875 => 1.0 - near_zero(x),
        _ if x < 0.0 => 2.0 - tail(-x),
        _ => tail(x),
    }
}

/// `erf(x)` for `|x| <= 0.46875`: `x` times a quotient of polynomials in `x²`.
fn near_zero(x: f64) -> f64 {
    const P: [f64; 5] = [
        1.857_777_061_846_031_53e-1,
        3.161_123_743_870_565_60,
        1.138_641_541_510_501_56e2,
        3.774_852_376_853_020_21e2,
        3.209_377_589_138_469_47e3,
    ];
    const Q: [f64; 5] = [
        1.0,
        2.360_129_095_234_412_09e1,
        2.440_246_379_344_441_73e2,
        1.282_616_526_077_372_28e3,
        2.844_236_833_439_170_62e3,
    ];
    x * polynomial(&P, x * x) / polynomial(&Q, x * x)
}

/// `erfc(x)` for `x > 0.46875`: `e^(-x²)` times something tame.
fn tail(x: f64) -> f64 {
    const P: [f64; 9] = [
        2.153_115_354_744_038_46e-8,
        5.641_884_969_886_700_89e-1,
        8.883_149_794_388_375_94,
        6.611_919_063_714_162_95e1,
        2.986_351_381_974_001_31e2,
        8.819_522_212_417_690_90e2,
        1.712_047_612_634_070_58e3,
        2.051_078_377_826_071_47e3,
        1.230_339_354_797_997_25e3,
    ];
    const Q: [f64; 9] = [
        1.0,
        1.574_492_611_070_983_47e1,
        1.176_939_508_913_124_99e2,
        5.371_811_018_620_098_58e2,
        1.621_389_574_566_690_19e3,
        3.290_799_235_733_459_63e3,
        4.362_619_090_143_247_16e3,
        3.439_367_674_143_721_64e3,
        1.230_339_354_803_749_42e3,
    ];
    if x > 4.0 { far_tail(x) } else { gaussian(x) * polynomial(&P, x) / polynomial(&Q, x) }
}

/// `erfc(x)` for `x > 4`: the asymptotic `e^(-x²) / (x √π)` and a correction in `1/x²`.
fn far_tail(x: f64) -> f64 {
    const P: [f64; 6] = [
        1.631_538_713_730_209_78e-2,
        3.053_266_349_612_323_44e-1,
        3.603_448_999_498_044_39e-1,
        1.257_817_261_112_292_46e-1,
        1.608_378_514_874_227_66e-2,
        6.587_491_615_298_378_03e-4,
    ];
    const Q: [f64; 6] = [
        1.0,
        2.568_520_192_289_822_42,
        1.872_952_849_923_467_25,
        5.279_051_029_514_284_12e-1,
        6.051_834_131_244_131_91e-2,
        2.335_204_976_268_691_85e-3,
    ];
    if x > 27.0 {
        return 0.0; // the true value is below the least positive number
    }
    let y = 1.0 / (x * x);
    let correction = y * polynomial(&P, y) / polynomial(&Q, y);
    gaussian(x) * (FRAC_1_SQRT_PI - correction) / x
}

/// `e^(-x²)`. Rounding `x²` would cost up to `x²` units in the last place of the result, so a
/// part of `x` whose square is exact goes first.
fn gaussian(x: f64) -> f64 {
    let coarse = (x * 16.0).trunc() / 16.0;
    let rest = (x - coarse) * (x + coarse);
    (-coarse * coarse).exp() * (-rest).exp()
}

/// Horner's rule, highest power first.
fn polynomial(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().fold(0.0, |sum, &c| sum * x + c)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of `math.erf` and `math.erfc` of CPython 3, which are correct to the last digits.
    const TABLE: [(f64, f64, f64); 9] = [
        (1e-8, 1.1283791670955126e-8, 0.9999999887162083),
        (0.1, 0.1124629160182849, 0.8875370839817152),
        (0.46, 0.4846553900016797, 0.5153446099983203),
        (0.5, 0.5204998778130465, 0.4795001221869535),
        (1.0, 0.8427007929497149, 0.15729920705028513),
        (2.5, 0.999593047982555, 0.0004069520174449589),
        (3.9, 0.9999999652077514, 3.479224859723177e-8),
        (4.5, 0.9999999998033839, 1.9661604415428873e-10),
        (10.0, 1.0, 2.088487583762545e-45),
    ];

    #[test]
    fn erf_agrees_with_the_table_on_all_three_pieces_and_both_sides() {
        for (x, expected, complement) in TABLE {
            for (x, expected) in [(x, expected), (-x, -expected)] {
                let error = (erf(x) / expected - 1.0).abs();
                assert!(error < 1e-15, "erf({x}) is off by {error:e}");
            }
            let error = (erfc(x) / complement - 1.0).abs();
            assert!(error < 1e-13, "erfc({x}) is off by {error:e}");
            assert!((erfc(-x) - (2.0 - complement)).abs() < 1e-15);
        }
    }

    #[test]
    fn the_pieces_meet_without_a_step() {
        for seam in [0.46875, 4.0] {
            let (left, right) = (erfc(seam), erfc(f64::from_bits(f64::to_bits(seam) + 1)));
            assert!((left / right - 1.0).abs() < 1e-14, "at {seam}");
        }
    }

    #[test]
    fn the_ends_are_exact() {
        assert_eq!((erf(0.0), erf(30.0), erf(f64::INFINITY)), (0.0, 1.0, 1.0));
        assert_eq!(erfc(f64::INFINITY), 0.0);
        assert_eq!(erfc(f64::NEG_INFINITY), 2.0);
        assert!(erf(f64::NAN).is_nan() && erfc(f64::NAN).is_nan());
    }
}
