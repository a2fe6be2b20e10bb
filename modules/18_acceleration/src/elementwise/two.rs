//! Functions of two numbers, with broadcasting.
//!
//! What is repeated is never copied: along a row each side is read number by number, or is one
//! number that stays in a register.

#![expect(unsafe_code, reason = "fills memory that is not initialized yet")]

use super::{numbers, pieces};
use crate::copy::dense_tensor;
use crate::level::level;
use crate::loops::Loops;
use crate::out::tensor;
use crate::settings;
use crate::simd::{Simd, vectorized};
use tinytorch_tensor::{Add, Div, Kernels, Maximum, Minimum, Mul, Op, Pow, Sub, Tensor};

pub(crate) fn register(kernels: &mut Kernels) {
    kernels.on::<Add>("f32", kernel::<Add>);
    kernels.on::<Sub>("f32", kernel::<Sub>);
    kernels.on::<Mul>("f32", kernel::<Mul>);
    kernels.on::<Div>("f32", kernel::<Div>);
    kernels.on::<Maximum>("f32", kernel::<Maximum>);
    kernels.on::<Minimum>("f32", kernel::<Minimum>);
    kernels.on::<Pow>("f32", pow);
}

/// A function of every pair of numbers.
pub(crate) trait Two: Sync {
    /// Of a vector of them.
    fn of<S: Simd>(&self, a: S::F, b: S::F) -> S::F;
}

/// Defines the function of an op of module 01.
macro_rules! two {
    ($($op:ty, |$a:ident, $b:ident| $function:expr;)+) => {$(
        impl Two for $op {
            #[inline(always)]
            fn of<S: Simd>(&self, $a: S::F, $b: S::F) -> S::F {
                $function
            }
        }
    )+};
}
two! {
    Add, |a, b| S::add(a, b);
    Sub, |a, b| S::sub(a, b);
    Mul, |a, b| S::mul(a, b);
    Div, |a, b| S::div(a, b);
    Maximum, |a, b| S::select(S::eq(a, a), S::max(a, b), a); // NaN in `a` differs from itself
    Minimum, |a, b| S::select(S::eq(a, a), S::min(a, b), a);
    Squared, |a, _b| S::mul(a, a);
    Cubed, |a, _b| S::mul(S::mul(a, a), a);
    Inverted, |a, _b| S::div(S::splat(1.0), a);
    AnyPower, |a, b| each_lane::<S>(a, b, f32::powf);
}

/// To the powers of 2, 3 and -1.
struct Squared;
struct Cubed;
struct Inverted;
/// To any power: the standard library's function, number by number, as `e^(b ln a)` in single
/// precision would lose as many digits as the result's exponent has.
struct AnyPower;

#[inline(always)]
fn each_lane<S: Simd>(a: S::F, b: S::F, f: fn(f32, f32) -> f32) -> S::F {
    let (mut x, mut y) = ([0.0; 16], [0.0; 16]);
    S::write(&mut x[..S::LANES], a);
    S::write(&mut y[..S::LANES], b);
    x.iter_mut().zip(y).take(S::LANES).for_each(|(x, y)| *x = f(*x, y));
    S::read(&x[..S::LANES])
}

fn pow(_: &dyn Op, x: &[&Tensor]) -> Tensor {
    let exponent = (x[1].numel() == 1 && x[1].ndim() <= x[0].ndim()).then(|| x[1].item());
    match exponent {
        Some(2.0) => combine(&Squared, x[0], x[1]),
        Some(3.0) => combine(&Cubed, x[0], x[1]),
        Some(-1.0) => combine(&Inverted, x[0], x[1]),
        _ => combine(&AnyPower, x[0], x[1]),
    }
}

fn kernel<O: Op + Two>(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    combine(settings::<O>(op), x[0], x[1])
}

/// `f` of every pair, after both sides are repeated to the shape they broadcast to.
///
/// # Panics
/// When they do not broadcast.
pub(crate) fn combine(f: &impl Two, a: &Tensor, b: &Tensor) -> Tensor {
    let shape = a.shape().broadcast(&b.shape()).expect("checked by the method");
    let loops = Loops::over(shape, [a.layout(), b.layout()]);
    // A side with gaps is brought into order first; strided loads cost more than the copy.
    let [a_step, b_step] = loops.steps(0);
    if a_step > 1 {
        return combine(f, &dense_tensor(a), b);
    }
    if b_step > 1 {
        return combine(f, a, &dense_tensor(b));
    }
    let (level, x, y) = (level(), numbers(a), numbers(b));
    // SAFETY: the pieces cover all, and none twice.
    unsafe {
        tensor(shape, |out| {
            pieces(out.len(), |range| {
                let first = range.start;
                rows(level, f, &loops, [x, y], first, out.part(range));
            });
        })
    }
}

vectorized! {
    /// The results from `first` on, row by row.
    fn rows<S, O: Two>(f: &O, loops: &Loops<2>, x: [&[f32]; 2], first: usize, out: &mut [f32]) {
        let [a, b] = x;
        let steps = loops.steps(0);
        for (at, [i, j], n) in loops.rows(first..first + out.len()) {
            let out = &mut out[at - first..][..n];
            match steps {
                [1, 1] => both::<S, O>(f, &a[i..i + n], &b[j..j + n], out),
                [1, _] => left::<S, O>(f, &a[i..i + n], b[j], out),
                [_, 1] => right::<S, O>(f, a[i], &b[j..j + n], out),
                // One pair for the whole row.
                _ => {
                    let y = f.of::<S>(S::splat(a[i]), S::splat(b[j]));
                    for out in out.chunks_mut(S::LANES) {
                        S::write(out, y);
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn both<S: Simd, O: Two>(f: &O, a: &[f32], b: &[f32], out: &mut [f32]) {
    let (mut a, mut b) = (a.chunks_exact(S::LANES), b.chunks_exact(S::LANES));
    let mut out = out.chunks_exact_mut(S::LANES);
    for ((a, b), out) in (&mut a).zip(&mut b).zip(&mut out) {
        S::write(out, f.of::<S>(S::read(a), S::read(b)));
    }
    let (a, b, out) = (a.remainder(), b.remainder(), out.into_remainder());
    if !out.is_empty() {
        S::write(out, f.of::<S>(S::read(a), S::read(b)));
    }
}

#[inline(always)]
fn left<S: Simd, O: Two>(f: &O, a: &[f32], b: f32, out: &mut [f32]) {
    let b = S::splat(b);
    let (mut a, mut out) = (a.chunks_exact(S::LANES), out.chunks_exact_mut(S::LANES));
    for (a, out) in (&mut a).zip(&mut out) {
        S::write(out, f.of::<S>(S::read(a), b));
    }
    let (a, out) = (a.remainder(), out.into_remainder());
    if !out.is_empty() {
        S::write(out, f.of::<S>(S::read(a), b));
    }
}

#[inline(always)]
fn right<S: Simd, O: Two>(f: &O, a: f32, b: &[f32], out: &mut [f32]) {
    let a = S::splat(a);
    let (mut b, mut out) = (b.chunks_exact(S::LANES), out.chunks_exact_mut(S::LANES));
    for (b, out) in (&mut b).zip(&mut out) {
        S::write(out, f.of::<S>(a, S::read(b)));
    }
    let (b, out) = (b.remainder(), out.into_remainder());
    if !out.is_empty() {
        S::write(out, f.of::<S>(a, S::read(b)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{assert_agrees, layouts};
    use tinytorch_tensor::{Kernel, Rng};

    /// Pairs of shapes that broadcast.
    const PAIRS: [[&[usize]; 2]; 16] = [
        [&[], &[]],
        [&[0], &[1]],
        [&[7], &[7]],
        [&[5, 8], &[5, 8]],
        [&[5, 9], &[9]],
        [&[5, 9], &[5, 1]],
        [&[5, 9], &[]],
        [&[1, 9], &[5, 1]],
        [&[3, 1, 17], &[4, 1]],
        [&[2, 3, 4, 5], &[3, 1, 1]],
        [&[2, 3, 4, 5], &[2, 1, 4, 1]],
        [&[2, 0, 3], &[3]],
        [&[150, 500], &[500]],
        [&[150, 500], &[150, 1]],
        [&[150, 500], &[150, 500]],
        [&[1, 1], &[3, 40, 33]],
    ];

    #[track_caller]
    fn check(op: impl Op, kernel: Kernel, tolerance: f32, positive: bool) {
        let mut rng = Rng::new(6);
        let side = |shape: &[usize], rng: &mut Rng| -> Vec<Tensor> {
            let all = layouts(shape, rng).into_iter();
            all.map(|x| if positive { x.abs() + 0.1 } else { x }).collect()
        };
        for [a, b] in PAIRS {
            for (a, b) in [(a, b), (b, a)] {
                let (all_a, all_b) = (side(a, &mut rng), side(b, &mut rng));
                for (i, a) in all_a.iter().enumerate() {
                    // Every layout of one side meets two of the other.
                    for b in [&all_b[i % all_b.len()], &all_b[0]] {
                        assert_agrees(&op, kernel, &[a, b], tolerance);
                    }
                }
            }
        }
        let special = [f32::NAN, f32::INFINITY, -f32::INFINITY, 0.0, -0.0, 1.0, -2.5, 1e-42];
        let column = Tensor::from(special).reshape([8, 1]);
        assert_agrees(&op, kernel, &[&column, &Tensor::from(special)], tolerance);
    }

    #[test]
    fn arithmetic_is_exactly_that_of_the_definitions() {
        check(Add, kernel::<Add>, 0.0, false);
        check(Sub, kernel::<Sub>, 0.0, false);
        check(Mul, kernel::<Mul>, 0.0, false);
        check(Div, kernel::<Div>, 0.0, false);
        check(Maximum, kernel::<Maximum>, 0.0, false);
        check(Minimum, kernel::<Minimum>, 0.0, false);
    }

    #[test]
    fn powers_are_those_of_the_definition() {
        check(Pow, pow, 0.0, true);
        let x = Tensor::randn([37, 5], &mut Rng::new(7));
        for exponent in [2.0, 3.0, -1.0, 0.5, 0.0, 1.0] {
            assert_agrees(&Pow, pow, &[&x.t(), &Tensor::from(exponent)], 2e-7);
        }
    }
}
