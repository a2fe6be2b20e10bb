//! Activations of one number at a time.

use crate::erf::erfc;
use std::f32::consts::{FRAC_2_SQRT_PI, SQRT_2};
use tinytorch_tensor::{Op, Reads, Tensor};

/// `f` of every number, in row-major order.
fn map(x: &Tensor, f: impl Fn(f32) -> f32) -> Tensor {
    Tensor::from_vec(x.data().iter().map(|&v| f(v)).collect(), x.shape())
}

/// `max(0, x)`: negative numbers become 0, NaN stays NaN.
pub struct Relu;

impl Op for Relu {
    fn name(&self) -> &'static str {
        "relu"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        map(x[0], relu)
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::OUTPUT
    }
}

fn relu(x: f32) -> f32 {
    // Not `x.max(0.0)`, which would turn NaN into 0 and hide it.
    if x < 0.0 { 0.0 } else { x }
}

/// `x` where it is positive, `slope * x` elsewhere.
pub struct LeakyRelu {
    /// The slope left of 0.
    pub slope: f32,
}

impl Op for LeakyRelu {
    fn name(&self) -> &'static str {
        "leaky_relu"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        map(x[0], |x| leaky_relu(x, self.slope))
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::input(0)
    }
}

fn leaky_relu(x: f32, slope: f32) -> f32 {
    if x > 0.0 { x } else { slope * x }
}

/// `1 / (1 + e^-x)`: from 0 to 1, 0.5 at 0.
pub struct Sigmoid;

impl Op for Sigmoid {
    fn name(&self) -> &'static str {
        "sigmoid"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        map(x[0], sigmoid)
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::OUTPUT
    }
}

/// Without overflow, and with all digits in both tails.
fn sigmoid(x: f32) -> f32 {
    // On either side the exponential that cannot overflow: e^-|x|.
    let e = (-x.abs()).exp();
    if x < 0.0 { e / (1.0 + e) } else { 1.0 / (1.0 + e) }
}

/// The hyperbolic tangent `(e^x - e^-x) / (e^x + e^-x)`: from -1 to 1, odd.
pub struct Tanh;

impl Op for Tanh {
    fn name(&self) -> &'static str {
        "tanh"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        map(x[0], tanh)
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::OUTPUT
    }
}

/// By a form that keeps its digits near 0, where `2 sigmoid(2x) - 1` loses all of them.
fn tanh(x: f32) -> f32 {
    // e^(-2|x|) - 1: neither does it overflow, nor does it cancel where x is small.
    let m = (-2.0 * x.abs()).exp_m1();
    (-m / (2.0 + m)).copysign(x)
}

/// Which formula [`Gelu`] computes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Approximate {
    /// `x Φ(x)`, exact.
    #[default]
    None,
    /// By `tanh`, off by up to 0.0005: what GPT-2 was trained with.
    Tanh,
}

/// The Gaussian error linear unit `x Φ(x)`: `x` times the probability that a normal variable is
/// below `x`.
///
/// D. Hendrycks, K. Gimpel, "Gaussian error linear units (GELUs)" (2016), section 2. As in
/// PyTorch, it is NaN at -inf, where the formula is `-inf * 0`.
pub struct Gelu {
    /// Exact, or by `tanh`.
    pub approximate: Approximate,
}

impl Op for Gelu {
    fn name(&self) -> &'static str {
        "gelu"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        match self.approximate {
            Approximate::None => map(x[0], gelu),
            Approximate::Tanh => map(x[0], gelu_by_tanh),
        }
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::input(0)
    }
}

/// `x Φ(x)`, with all digits where `Φ(x)` is small.
fn gelu(x: f32) -> f32 {
    // Φ(x) = erfc(-x / √2) / 2; with 1 + erf(x / √2) little would be left of it below -5.
    let x = f64::from(x);
    (0.5 * x * erfc(-x * std::f64::consts::FRAC_1_SQRT_2)) as f32
}

/// `0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³)))`
fn gelu_by_tanh(x: f32) -> f32 {
    const SQRT_2_OVER_PI: f32 = FRAC_2_SQRT_PI / SQRT_2;
    0.5 * x * (1.0 + tanh(SQRT_2_OVER_PI * (x + 0.044715 * x * x * x)))
}

/// The sigmoid linear unit `x sigmoid(x)`, also known as swish.
///
/// NaN at -inf, as in PyTorch. S. Elfwing, E. Uchibe, K. Doya, "Sigmoid-weighted linear units
/// for neural network function approximation in reinforcement learning" (2017), section 2.
pub struct Silu;

impl Op for Silu {
    fn name(&self) -> &'static str {
        "silu"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        map(x[0], silu)
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::input(0)
    }
}

fn silu(x: f32) -> f32 {
    x * sigmoid(x)
}

#[cfg(test)]
mod tests {
    use crate::Activations;
    use tinytorch_tensor::Tensor;

    const INF: f32 = f32::INFINITY;

    /// Asserts equality to within `1e-6`, a few units in the last place of numbers about 1.
    fn assert_close(got: &Tensor, expected: &[f32]) {
        assert_eq!(got.numel(), expected.len());
        for (i, (g, e)) in got.data().iter().zip(expected).enumerate() {
            assert!((g - e).abs() <= 1e-6, "number {i}: {g}, expected {e}");
        }
    }

    #[test]
    fn relu_keeps_what_is_positive_and_does_not_hide_nan() {
        let y = Tensor::from([-INF, -2.0, 0.0, 3.0, INF, f32::NAN]).relu();
        assert_eq!(y.to_vec()[..5], [0.0, 0.0, 0.0, 3.0, INF]);
        assert!(y.at([5]).is_nan());
    }

    #[test]
    fn leaky_relu_has_its_slope_on_the_negative_side() {
        let y = Tensor::from([-10.0, 0.0, 10.0]).leaky_relu(0.1);
        assert_close(&y, &[-1.0, 0.0, 10.0]);
    }

    #[test]
    fn sigmoid_rises_from_0_to_1() {
        let y = Tensor::from([-2.0, 0.0, 2.0]).sigmoid();
        assert_close(&y, &[0.119_202_92, 0.5, 0.880_797_1]);
        let ends = Tensor::from([-INF, -1000.0, 1000.0, INF]).sigmoid();
        assert_eq!(ends, Tensor::from([0.0, 0.0, 1.0, 1.0]));
        assert!(Tensor::from([f32::NAN]).sigmoid().item().is_nan());
    }

    #[test]
    fn sigmoid_keeps_its_digits_far_to_the_left() {
        // e^-80, to seven digits; `1 - sigmoid(80)` would be 0.
        let y = Tensor::from([-80.0]).sigmoid().item();
        assert!((y / 1.804_851_4e-35 - 1.0).abs() < 1e-6, "{y:e}");
    }

    #[test]
    fn tanh_is_odd_steep_at_0_and_flat_at_the_ends() {
        let y = Tensor::from([-1000.0, -0.5, 0.0, 0.5, 1000.0, INF]).tanh();
        assert_close(&y, &[-1.0, -0.462_117_16, 0.0, 0.462_117_16, 1.0, 1.0]);
        assert_eq!(Tensor::from([1e-8]).tanh().item(), 1e-8);
    }

    #[test]
    fn tanh_is_that_of_the_standard_library() {
        let x = Tensor::linspace(-9.0, 9.0, 1001);
        for (x, y) in x.data().iter().zip(x.tanh().data().iter()) {
            let error = (f64::from(*y) - f64::from(*x).tanh()).abs();
            // Three units in the last place of numbers just below 1.
            assert!(error < 1.8e-7, "tanh({x}) is off by {error:e}");
        }
    }

    #[test]
    fn gelu_is_x_times_the_normal_distribution() {
        let x = Tensor::from([-1.0, 0.0, 1.0, 2.0]);
        assert_close(&x.gelu(), &[-0.158_655_26, 0.0, 0.841_344_7, 1.954_499_7]);
        let y = Tensor::from([-1000.0, 1000.0, INF]).gelu();
        assert_eq!(y, Tensor::from([0.0, 1000.0, INF]));
        // -6 Φ(-6), which a sum of 1 and erf in floats would have rounded away.
        let y = Tensor::from([-6.0]).gelu().item();
        assert!((y / -5.919_525_9e-9 - 1.0).abs() < 1e-6, "{y:e}");
    }

    #[test]
    fn gelu_by_tanh_is_the_formula_of_gpt_2() {
        let x = Tensor::from([-1.0, 0.0, 1.0, 2.0]);
        assert_close(&x.gelu_tanh(), &[-0.158_808, 0.0, 0.841_191_95, 1.954_597_7]);
        let ends = Tensor::from([-1000.0, 1000.0]).gelu_tanh();
        assert_eq!(ends, Tensor::from([0.0, 1000.0]));
        let x = Tensor::linspace(-6.0, 6.0, 601);
        let gap = (x.gelu() - x.gelu_tanh()).abs().max().item();
        assert!((1e-4..5e-4).contains(&gap), "{gap}");
    }

    #[test]
    fn silu_is_x_times_sigmoid() {
        let y = Tensor::from([-1000.0, -1.0, 0.0, 1.0, 1000.0]).silu();
        assert_close(&y, &[0.0, -0.268_941_43, 0.0, 0.731_058_6, 1000.0]);
    }

    #[test]
    fn where_the_formula_is_minus_infinity_times_0_the_result_is_nan() {
        let x = Tensor::from([-INF]);
        for y in [x.gelu(), x.gelu_tanh(), x.silu()] {
            assert!(y.item().is_nan());
        }
    }

    #[test]
    fn every_layout_gives_the_same_numbers() {
        let x = Tensor::linspace(-3.0, 3.0, 6).reshape([2, 3]);
        let rows = x.contiguous();
        for f in [Tensor::relu, Tensor::tanh, Tensor::gelu, Tensor::silu] {
            assert_eq!(f(&x.t()), f(&rows).t());
            assert_eq!(f(&x.slice(1, 1..)), f(&rows).slice(1, 1..));
            assert_eq!(f(&Tensor::zeros([0, 3])).shape(), [0, 3]);
        }
    }
}
