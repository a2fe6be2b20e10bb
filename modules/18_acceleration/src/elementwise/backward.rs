//! Gradients of functions of one number: the gradient of the result times the slope.

use super::{Two, combine};
use crate::math;
use crate::settings;
use crate::simd::Simd;
use tinytorch_activations::{Approximate, Gelu, LeakyRelu, Relu, Sigmoid, Silu, Tanh};
use tinytorch_autograd::PointwiseBackward;
use tinytorch_tensor::{Abs, Clamp, Exp, Kernels, Ln, Op, Sqrt, Tensor};

pub(crate) fn register(kernels: &mut Kernels) {
    kernels.on::<PointwiseBackward<Exp>>("f32", kernel::<Exp>);
    kernels.on::<PointwiseBackward<Ln>>("f32", kernel::<Ln>);
    kernels.on::<PointwiseBackward<Sqrt>>("f32", kernel::<Sqrt>);
    kernels.on::<PointwiseBackward<Abs>>("f32", kernel::<Abs>);
    kernels.on::<PointwiseBackward<Clamp>>("f32", kernel::<Clamp>);
    kernels.on::<PointwiseBackward<Relu>>("f32", kernel::<Relu>);
    kernels.on::<PointwiseBackward<LeakyRelu>>("f32", kernel::<LeakyRelu>);
    kernels.on::<PointwiseBackward<Sigmoid>>("f32", kernel::<Sigmoid>);
    kernels.on::<PointwiseBackward<Tanh>>("f32", kernel::<Tanh>);
    kernels.on::<PointwiseBackward<Silu>>("f32", kernel::<Silu>);
    kernels.on::<PointwiseBackward<Gelu>>("f32", gelu);
}

/// The slope of an op, as a function of its input or its output: what module 05's rule says.
trait Slope: Sync {
    fn slope<S: Simd>(&self, at: S::F) -> S::F;
}

/// `slope` where the answer is yes, else 0.
#[inline(always)]
fn only<S: Simd>(m: S::M, slope: S::F) -> S::F {
    S::select(m, slope, S::splat(0.0))
}

macro_rules! slopes {
    ($($op:ty, |$self:ident, $at:ident| $slope:expr;)+) => {$(
        impl Slope for $op {
            #[inline(always)]
            fn slope<S: Simd>(&$self, $at: S::F) -> S::F {
                $slope
            }
        }
    )+};
}
slopes! {
    Exp, |self, y| y;
    Ln, |self, x| S::div(S::splat(1.0), x);
    Sqrt, |self, y| S::div(S::splat(0.5), y);
    Abs, |self, x| {
        let zero = S::splat(0.0);
        S::sub(only::<S>(S::lt(zero, x), S::splat(1.0)), only::<S>(S::lt(x, zero), S::splat(1.0)))
    };
    Clamp, |self, x| {
        let below = only::<S>(S::le(x, S::splat(self.max)), S::splat(1.0));
        only::<S>(S::le(S::splat(self.min), x), below)
    };
    Relu, |self, y| only::<S>(S::lt(S::splat(0.0), y), S::splat(1.0));
    LeakyRelu, |self, x| {
        S::select(S::lt(S::splat(0.0), x), S::splat(1.0), S::splat(self.slope))
    };
    Sigmoid, |self, y| S::mul(y, S::sub(S::splat(1.0), y));
    Tanh, |self, y| S::sub(S::splat(1.0), S::mul(y, y));
    Silu, |self, x| math::silu_slope::<S>(x);
    Erf, |self, x| math::gelu_slope::<S>(x);
    ByTanh, |self, x| math::gelu_tanh_slope::<S>(x);
}

/// GELU as it is.
struct Erf;
/// GELU by `tanh`.
struct ByTanh;

/// A gradient times a slope.
struct Times<'a, O>(&'a O);

impl<O: Slope> Two for Times<'_, O> {
    #[inline(always)]
    fn of<S: Simd>(&self, at: S::F, g: S::F) -> S::F {
        S::mul(g, self.0.slope::<S>(at))
    }
}

/// Second derivatives, which put a curve in the place of the slope, are left to the definition.
fn kernel<O: Op + Slope>(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let backward = settings::<PointwiseBackward<O>>(op);
    match backward.curve {
        Some(_) => combine(&Times(backward.of()), x[0], x[1]),
        None => backward.forward(x),
    }
}

fn gelu(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let backward = settings::<PointwiseBackward<Gelu>>(op);
    match (backward.curve, backward.of().approximate) {
        (None, _) => backward.forward(x),
        (_, Approximate::None) => combine(&Times(&Erf), x[0], x[1]),
        (_, Approximate::Tanh) => combine(&Times(&ByTanh), x[0], x[1]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{assert_agrees, layouts};
    use std::cell::RefCell;
    use std::rc::Rc;
    use std::sync::Arc;
    use tinytorch_activations::Activations;
    use tinytorch_autograd::{Backward, BackwardOptions};
    use tinytorch_tensor::{Interpreter, Kernel, Rng, pass_on, with};

    /// Keeps the last op whose name ends in `_backward`.
    #[derive(Default)]
    struct Caught(RefCell<Option<Arc<dyn Op>>>);

    impl Interpreter for Caught {
        fn apply(&self, op: &Arc<dyn Op>, x: &[&Tensor]) -> Tensor {
            if op.name().ends_with("_backward") {
                *self.0.borrow_mut() = Some(op.clone());
            }
            pass_on(op, x)
        }
    }

    /// The backward op of `f`, for its slope or, as the second derivative asks, its curve.
    fn caught(f: fn(&Tensor) -> Tensor, curve: bool) -> Arc<dyn Op> {
        let (caught, x) = (Rc::new(Caught::default()), Tensor::from([0.5]).with_grad());
        with(caught.clone(), || {
            let options = BackwardOptions { create_graph: curve, ..Default::default() };
            let slope = f(&x).sum().backward_with(options).of(&x).clone();
            if curve && slope.requires_grad() {
                slope.sum().backward();
            }
        });
        let op = caught.0.borrow_mut().take();
        op.expect("its gradient is an op")
    }

    #[track_caller]
    fn check(f: fn(&Tensor) -> Tensor, kernel: Kernel, tolerance: f32) {
        let (op, mut rng) = (caught(f, false), Rng::new(8));
        let shapes: [&[usize]; 7] = [&[], &[0], &[1], &[7], &[3, 5, 7], &[33, 16, 2], &[300, 250]];
        for shape in shapes {
            let (at, g) = (layouts(shape, &mut rng), layouts(shape, &mut rng));
            for (i, x) in at.iter().enumerate() {
                assert_agrees(&*op, kernel, &[x, &g[(i + 2) % g.len()]], tolerance);
            }
        }
        let special = [f32::NAN, 0.0, -0.0, 1e-42, 1.0, -1.0, 80.0, -80.0];
        for x in special {
            let g = Tensor::from([1.0, -2.0, f32::NAN]);
            assert_agrees(&*op, kernel, &[&Tensor::full([3], x), &g], 1e-6);
        }
        let x = Tensor::randn([5], &mut rng);
        assert_agrees(&*caught(f, true), kernel, &[&x, &x], tolerance);
    }

    #[test]
    fn slopes_are_those_of_the_rules() {
        check(Tensor::exp, kernel::<Exp>, 0.0);
        check(Tensor::ln, kernel::<Ln>, 1e-6);
        check(Tensor::sqrt, kernel::<Sqrt>, 1e-6);
        check(Tensor::abs, kernel::<Abs>, 0.0);
        check(|x| x.clamp(-0.5, 1.0), kernel::<Clamp>, 0.0);
        check(Tensor::relu, kernel::<Relu>, 0.0);
        check(|x| x.leaky_relu(0.2), kernel::<LeakyRelu>, 0.0);
        check(Tensor::sigmoid, kernel::<Sigmoid>, 0.0);
        check(Tensor::tanh, kernel::<Tanh>, 0.0);
        check(Tensor::silu, kernel::<Silu>, 1e-6);
        check(Tensor::gelu, gelu, 1e-6);
        check(Tensor::gelu_tanh, gelu, 1e-6);
    }
}
