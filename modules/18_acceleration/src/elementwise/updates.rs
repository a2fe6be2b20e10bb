//! In place: `sum += share`, and a factor for all numbers.

#![expect(unsafe_code, reason = "several threads write to one tensor")]

use super::pieces;
use crate::copy::dense;
use crate::level::level;
use crate::out::Out;
use crate::simd::vectorized;
use std::any::Any;
use tinytorch_autograd::{Accumulate, Scale};
use tinytorch_tensor::{Kernels, Tensor, Update};

pub(crate) fn register(kernels: &mut Kernels) {
    kernels.on_update::<Accumulate>("f32", accumulate);
    kernels.on_update::<Scale>("f32", scale);
}

fn accumulate(_: &dyn Update, targets: &mut [&mut Tensor], x: &[&Tensor]) {
    let (level, share) = (level(), dense(x[0]));
    let sum = Out::over(targets[0].data_mut());
    pieces(share.len(), |range| {
        // SAFETY: the pieces do not overlap.
        add_to(level, unsafe { sum.part(range.clone()) }, &share[range]);
    });
}

fn scale(op: &dyn Update, targets: &mut [&mut Tensor], _: &[&Tensor]) {
    let &Scale { factor } = (op as &dyn Any).downcast_ref().expect("a kernel meets its own op");
    let (level, numbers) = (level(), Out::over(targets[0].data_mut()));
    // SAFETY: the pieces do not overlap.
    pieces(numbers.len(), |range| multiply(level, unsafe { numbers.part(range) }, factor));
}

vectorized! {
    fn add_to<S>(sum: &mut [f32], share: &[f32]) {
        for (sum, share) in sum.chunks_mut(S::LANES).zip(share.chunks(S::LANES)) {
            S::write(sum, S::add(S::read(sum), S::read(share)));
        }
    }

    fn multiply<S>(numbers: &mut [f32], factor: f32) {
        for x in numbers.chunks_mut(S::LANES) {
            S::write(x, S::mul(S::read(x), S::splat(factor)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::{Level, with_level};
    use crate::trial::{layouts, on_threads};
    use tinytorch_tensor::{Rng, UpdateKernel};

    #[track_caller]
    fn check(op: &dyn Update, kernel: UpdateKernel, target: &Tensor, x: &[&Tensor]) {
        let mut expected = target.clone();
        op.run(&mut [&mut expected], x);
        for level in Level::supported() {
            for n in [1, 2] {
                let mut got = target.clone();
                on_threads(n, || with_level(level, || kernel(op, &mut [&mut got], x)));
                assert_eq!(got, expected, "{} at {level} of {}", op.name(), target.shape());
            }
        }
    }

    #[test]
    fn updates_are_those_of_the_definitions() {
        let mut rng = Rng::new(11);
        let shapes: [&[usize]; 6] = [&[], &[0], &[5], &[3, 7], &[40, 33], &[300, 250]];
        for shape in shapes {
            for x in layouts(shape, &mut rng) {
                let sum = Tensor::randn(shape, &mut rng);
                check(&Accumulate, accumulate, &sum, &[&x]);
                check(&Accumulate, accumulate, &x, &[&sum]);
                check(&Scale { factor: -0.37 }, scale, &x, &[]);
            }
        }
    }
}
