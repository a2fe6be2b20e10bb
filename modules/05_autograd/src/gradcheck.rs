//! Is a gradient right? A comparison with differences of the function itself.

use crate::backward::{Backward, BackwardOptions};
use crate::no_grad;
use std::fmt;
use tinytorch_tensor::{Rng, Tensor};

/// How closely gradients must agree with differences.
#[derive(Clone, Copy, Debug)]
pub struct GradcheckOptions {
    /// How far to step to either side of each number.
    pub step: f32,
    /// The error allowed, as a part of the slope.
    pub relative: f64,
    /// The error allowed besides, as a part of the sum of the magnitudes of all outputs: what
    /// rounding of the outputs to 24 bits can do to a difference.
    pub absolute: f64,
}

impl Default for GradcheckOptions {
    /// Steps of 1/64: the differences used are exact for polynomials of degree 4, so that the
    /// rounding of `f`, `6e-8 / step`, is what is left.
    fn default() -> Self {
        Self { step: 1.0 / 64.0, relative: 2e-3, absolute: 3e-5 }
    }
}

/// The first number whose gradient is wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct GradcheckError {
    /// Which input.
    pub input: usize,
    /// Which of its numbers, counted row by row.
    pub number: usize,
    /// What `backward` says.
    pub gradient: f64,
    /// What the differences say.
    pub difference: f64,
}

impl fmt::Display for GradcheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { input, number, gradient, difference } = self;
        write!(
            f,
            "the gradient of number {number} of input {input} is {gradient}, but differences of \
             the function give {difference}"
        )
    }
}

impl std::error::Error for GradcheckError {}

/// Whether the gradients of `f` at `inputs` are right, each compared with differences of `f`.
///
/// `f` may return any shape; its outputs are weighted with fixed random numbers. Inputs of
/// integers are passed on as they are. Keep floats away from kinks, such as 0 for ReLU: further
/// than two steps of 1/64.
///
/// ```
/// use tinytorch_autograd::gradcheck;
/// use tinytorch_tensor::Tensor;
///
/// let x = Tensor::from([0.5, -1.5]);
/// gradcheck(|x| x[0].exp() * &x[0], &[x]).expect("the rules of exp and mul are right");
/// ```
///
/// # Errors
/// The first number whose gradient differs by more than rounding explains.
///
/// # Panics
/// When `f` does not depend on one of the float inputs.
#[track_caller]
pub fn gradcheck(f: impl Fn(&[Tensor]) -> Tensor, inputs: &[Tensor]) -> Result<(), GradcheckError> {
    gradcheck_with(GradcheckOptions::default(), f, inputs)
}

/// As [`gradcheck`], with settings.
///
/// # Errors
/// As `gradcheck`.
///
/// # Panics
/// As `gradcheck`.
#[track_caller]
pub fn gradcheck_with(
    options: GradcheckOptions,
    f: impl Fn(&[Tensor]) -> Tensor,
    inputs: &[Tensor],
) -> Result<(), GradcheckError> {
    let leaf = |x: &Tensor| if x.kind() == "f32" { x.clone().with_grad() } else { x.clone() };
    let leaves: Vec<Tensor> = inputs.iter().map(leaf).collect();
    let y = f(&leaves);
    let weights = Tensor::uniform(y.shape(), 0.5, 1.5, &mut Rng::new(0));
    let weighted = |y: &Tensor, term: fn(f64) -> f64| -> f64 {
        let terms = y.data().iter().zip(weights.data().iter()).map(|(&y, &w)| (y, w)).collect();
        let terms: Vec<(f32, f32)> = terms;
        terms.into_iter().map(|(y, w)| term(f64::from(y) * f64::from(w))).sum()
    };
    let rounding = options.absolute * (1.0 + weighted(&y.detach(), f64::abs));
    let gradient = Some(weights.clone());
    let gradients = y.backward_with(BackwardOptions { gradient, ..Default::default() });
    for (input, leaf) in leaves.iter().enumerate().filter(|(_, x)| x.kind() == "f32") {
        let analytic = gradients.of(leaf).to_vec();
        for (number, gradient) in analytic.into_iter().map(f64::from).enumerate() {
            let at = |steps: f32| {
                let mut moved: Vec<Tensor> = inputs.to_vec();
                moved[input].data_mut()[number] += steps * options.step;
                let here = moved[input].data()[number];
                (f64::from(here), no_grad(|| weighted(&f(&moved), |term| term)))
            };
            let difference = slope(at);
            let error = (gradient - difference).abs();
            if error.is_nan() || error > options.relative * difference.abs() + rounding {
                return Err(GradcheckError { input, number, gradient, difference });
            }
        }
    }
    Ok(())
}

/// The slope at 0 from `(x, f(x))` at one and two steps to either side: exact up to degree 4.
///
/// The steps that were really taken are used, as `x + h` is rounded.
fn slope(at: impl Fn(f32) -> (f64, f64)) -> f64 {
    let between = |steps: f32| {
        let ((a, f_a), (b, f_b)) = (at(-steps), at(steps));
        (f_b - f_a) / (b - a)
    };
    (4.0 * between(1.0) - between(2.0)) / 3.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Each, Gradient};
    use tinytorch_tensor::{Brought, Op, dispatch};

    /// The square, with a gradient that forgets the 2.
    struct Wrong;

    impl Op for Wrong {
        fn name(&self) -> &'static str {
            "wrong"
        }

        fn forward(&self, x: &[&Tensor]) -> Tensor {
            x[0] * x[0]
        }

        fn brings(&self) -> Brought {
            const { &[&Gradient(&Each::<Wrong>(&[|_, n, g| g * n.x(0)]))] }
        }
    }

    #[test]
    fn a_wrong_gradient_is_found_and_named() {
        let x = Tensor::from([[1.0, 2.0], [3.0, 4.0]]);
        let error = gradcheck(|x| dispatch(Wrong, &[&x[0]]), &[x]).expect_err("wrong");
        assert_eq!((error.input, error.number), (0, 0));
        assert!((error.difference / error.gradient - 2.0).abs() < 1e-3, "{error}");
    }

    #[test]
    fn right_gradients_pass_in_every_layout() {
        let mut rng = Rng::new(1);
        let (a, b) = (Tensor::randn([3, 4], &mut rng), Tensor::randn([3, 5], &mut rng));
        gradcheck(|x| x[0].t().matmul(&x[1]).exp(), &[a.clone(), b.clone()]).expect("transposed");
        gradcheck(|x| x[0].matmul(&x[1]), &[a.t(), b.slice_step(1, .., 2)]).expect("sliced");
    }

    #[test]
    fn integers_are_passed_on() {
        let index = Tensor::from([1, 1, 0]);
        let f = |x: &[Tensor]| x[0].index_select(0, &x[1]);
        gradcheck(f, &[Tensor::from([1.0, 2.0]), index]).expect("the rule of index_select");
    }
}
