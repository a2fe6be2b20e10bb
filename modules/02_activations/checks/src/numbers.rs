//! How the checks read tensors, and compare numbers of any size.

use check::{Because, Numbers, Verdict, wrong};
use tinytorch_tensor::Tensor;

pub const INF: f32 = f32::INFINITY;
pub const NAN: f32 = f32::NAN;

/// The floats of a tensor, as the harness compares them.
pub fn of(t: &Tensor) -> Numbers {
    Numbers::new(t.shape().to_vec(), t.to_vec())
}

/// Wrong unless `got` is `expected` to within a few units in its last place, however small it is.
pub fn same_digits(got: f32, expected: f64) -> Verdict {
    let distance = (f64::from(got) - expected).abs();
    wrong::unless_eq(got, expected as f32)
        .or_else(|wrong| if distance <= 1e-6 * expected.abs() { Ok(()) } else { Err(wrong) })
}

/// Wrong unless `f` of each `x` has the digits of `exactly`.
pub fn same_curve(
    f: fn(&Tensor) -> Tensor,
    exactly: fn(f64) -> f64,
    name: &str,
    xs: &[f32],
) -> Verdict {
    let got = f(&Tensor::from_vec(xs.to_vec(), [xs.len()])).to_vec();
    for (&x, &got) in xs.iter().zip(&got) {
        same_digits(got, exactly(x.into())).note(format!("{name}({x:?})"))?;
    }
    Ok(())
}

/// Whether `got` is `value` to six digits: for naming the mistake that gives it.
pub fn about(got: f32, value: f64) -> bool {
    (f64::from(got) - value).abs() <= 1e-6 * value.abs().max(1e-30)
}
