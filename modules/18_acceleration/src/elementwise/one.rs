//! Functions of one number.

#![expect(unsafe_code, reason = "fills memory that is not initialized yet")]

use super::pieces;
use crate::copy::dense;
use crate::level::level;
use crate::math;
use crate::out::tensor;
use crate::settings;
use crate::simd::{Simd, vectorized};
use tinytorch_activations::{Approximate, Gelu, LeakyRelu, Relu, Sigmoid, Silu, Tanh};
use tinytorch_tensor::{Abs, Clamp, Exp, Kernels, Ln, Neg, Op, Sqrt, Tensor};

pub(crate) fn register(kernels: &mut Kernels) {
    kernels.on::<Exp>("f32", kernel::<Exp>);
    kernels.on::<Ln>("f32", kernel::<Ln>);
    kernels.on::<Sqrt>("f32", kernel::<Sqrt>);
    kernels.on::<Neg>("f32", kernel::<Neg>);
    kernels.on::<Abs>("f32", kernel::<Abs>);
    kernels.on::<Clamp>("f32", kernel::<Clamp>);
    kernels.on::<Relu>("f32", kernel::<Relu>);
    kernels.on::<LeakyRelu>("f32", kernel::<LeakyRelu>);
    kernels.on::<Sigmoid>("f32", kernel::<Sigmoid>);
    kernels.on::<Tanh>("f32", kernel::<Tanh>);
    kernels.on::<Silu>("f32", kernel::<Silu>);
    kernels.on::<Gelu>("f32", gelu);
}

/// A function of every number.
pub(crate) trait One: Sync {
    /// Of a vector of them.
    fn of<S: Simd>(&self, x: S::F) -> S::F;
}

/// Defines the function of an op of module 01 or 02.
macro_rules! one {
    ($($op:ty, |$self:ident, $x:ident| $function:expr;)+) => {$(
        impl One for $op {
            #[inline(always)]
            fn of<S: Simd>(&$self, $x: S::F) -> S::F {
                $function
            }
        }
    )+};
}
one! {
    Exp, |self, x| math::exp::<S>(x);
    Ln, |self, x| math::ln::<S>(x);
    Sqrt, |self, x| S::sqrt(x);
    Neg, |self, x| S::mul(x, S::splat(-1.0)); // `0 - x` has another sign at 0
    Abs, |self, x| S::abs(x);
    Clamp, |self, x| S::max(S::splat(self.min), S::min(S::splat(self.max), x));
    Relu, |self, x| S::max(S::splat(0.0), x);
    LeakyRelu, |self, x| {
        S::select(S::lt(S::splat(0.0), x), x, S::mul(x, S::splat(self.slope)))
    };
    Sigmoid, |self, x| math::sigmoid::<S>(x);
    Tanh, |self, x| math::tanh::<S>(x);
    Silu, |self, x| math::silu::<S>(x);
    Erf, |self, x| math::gelu::<S>(x);
    ByTanh, |self, x| math::gelu_tanh::<S>(x);
}

/// GELU as it is.
struct Erf;
/// GELU by `tanh`.
struct ByTanh;

fn gelu(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    match settings::<Gelu>(op).approximate {
        Approximate::None => map(&Erf, x[0]),
        Approximate::Tanh => map(&ByTanh, x[0]),
    }
}

fn kernel<O: Op + One>(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    map(settings::<O>(op), x[0])
}

/// `f` of every number.
fn map(f: &impl One, x: &Tensor) -> Tensor {
    let (level, values) = (level(), dense(x));
    // SAFETY: the pieces cover all, and none twice.
    unsafe {
        tensor(x.shape(), |out| {
            pieces(values.len(), |range| {
                apply(level, f, &values[range.clone()], out.part(range));
            });
        })
    }
}

/// So many numbers ahead memory is asked for them, 2 KiB: a dear function keeps the processor from
/// looking that far ahead by itself.
const AHEAD: usize = 512;

vectorized! {
    fn apply<S, O: One>(f: &O, x: &[f32], out: &mut [f32]) {
        let far = x.len().saturating_sub(AHEAD) / S::LANES; // no page is asked for behind the end
        let (mut x, mut out) = (x.chunks_exact(S::LANES), out.chunks_exact_mut(S::LANES));
        for (i, (x, out)) in (&mut x).zip(&mut out).enumerate() {
            if i < far {
                S::prefetch(x.as_ptr().wrapping_add(AHEAD));
            }
            S::write(out, f.of::<S>(S::read(x)));
        }
        let (x, out) = (x.remainder(), out.into_remainder());
        if !x.is_empty() {
            S::write(out, f.of::<S>(S::read(x)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{assert_agrees, layouts};
    use tinytorch_tensor::{Kernel, Rng};

    const SPECIAL: [f32; 12] = [
        f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        0.0,
        -0.0,
        1e-42,
        -1e-42,
        f32::MAX,
        f32::MIN,
        100.0,
        -100.0,
        0.5,
    ];

    /// In units of the largest number; what the functions themselves are off by is tested in
    /// [`math`].
    #[track_caller]
    fn check(op: impl Op, kernel: Kernel, tolerance: f32) {
        let mut rng = Rng::new(5);
        let shapes: [&[usize]; 8] =
            [&[], &[0], &[1], &[7], &[8, 4], &[3, 5, 7], &[33, 16, 2], &[300, 250]];
        for shape in shapes {
            for x in layouts(shape, &mut rng) {
                assert_agrees(&op, kernel, &[&x], tolerance);
            }
        }
        for x in SPECIAL {
            assert_agrees(&op, kernel, &[&Tensor::full([19], x)], 1e-6);
        }
    }

    #[test]
    fn functions_are_those_of_the_definitions() {
        check(Exp, kernel::<Exp>, 2e-7);
        check(Ln, kernel::<Ln>, 2e-7);
        check(Sqrt, kernel::<Sqrt>, 0.0);
        check(Neg, kernel::<Neg>, 0.0);
        check(Abs, kernel::<Abs>, 0.0);
        check(Clamp { min: -0.5, max: 1.0 }, kernel::<Clamp>, 0.0);
        check(Clamp { min: f32::NEG_INFINITY, max: 0.0 }, kernel::<Clamp>, 0.0);
    }

    #[test]
    fn activations_are_those_of_the_definitions() {
        check(Relu, kernel::<Relu>, 0.0);
        check(LeakyRelu { slope: 0.1 }, kernel::<LeakyRelu>, 0.0);
        check(Sigmoid, kernel::<Sigmoid>, 4e-7);
        check(Tanh, kernel::<Tanh>, 6e-7);
        check(Silu, kernel::<Silu>, 6e-7);
        check(Gelu { approximate: Approximate::None }, gelu, 1e-6);
        check(Gelu { approximate: Approximate::Tanh }, gelu, 1e-6);
    }

    #[test]
    fn the_sign_of_zero_is_kept() {
        let zeros = Tensor::from([0.0, -0.0]);
        let bits = |t: Tensor| t.to_vec().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(map(&Neg, &zeros)), bits(Neg.forward(&[&zeros])));
        assert_eq!(bits(map(&Relu, &zeros)), bits(Relu.forward(&[&zeros])));
    }
}
