//! The ops of module 01 that reduce.

#![expect(unsafe_code, reason = "fills memory that is not initialized yet")]

use super::extreme::{Best, Extreme, Largest, Smallest, place};
use super::sum::{Itself, SumOver, sum_of};
use super::{reduce, shared};
use crate::copy::dense;
use crate::elementwise::One;
use crate::level::level;
use crate::out::tensor;
use crate::settings;
use crate::simd::{Simd, vectorized};
use tinytorch_tensor::{
    ArgMax, ArgMin, Kernels, Max, Mean, Min, Op, ReducedAxes, Std, Sum, SumTo, Tensor, Var,
};

pub(crate) fn register(kernels: &mut Kernels) {
    kernels.on::<Sum>("f32", sum);
    kernels.on::<SumTo>("f32", sum_to);
    kernels.on::<Mean>("f32", mean);
    kernels.on::<Max>("f32", max);
    kernels.on::<Min>("f32", min);
    kernels.on::<ArgMax>("f32", argmax);
    kernels.on::<ArgMin>("f32", argmin);
    kernels.on::<Var>("f32", var);
    kernels.on::<Std>("f32", std);
}

fn sum(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let axes = settings::<Sum>(op).0;
    reduce(SumOver(1.0), x[0], |axis| axes.reduces(axis), axes.shape_of(x[0].shape()))
}

fn mean(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let (axes, shape) = (settings::<Mean>(op).0, x[0].shape());
    let count = axes.count(shape) as f64;
    reduce(SumOver(count), x[0], |axis| axes.reduces(axis), axes.shape_of(shape))
}

/// Over the axes that were repeated: those in front, and those of size 1.
fn sum_to(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let &SumTo(shape) = settings(op);
    let lead = x[0].ndim() - shape.ndim();
    let repeated = |axis| axis < lead || shape.size(axis - lead) == 1;
    reduce(SumOver(1.0), x[0], repeated, shape)
}

fn max(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let axes = settings::<Max>(op).0;
    reduce(Best(Largest), x[0], |axis| axes.reduces(axis), axes.shape_of(x[0].shape()))
}

fn min(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let axes = settings::<Min>(op).0;
    reduce(Best(Smallest), x[0], |axis| axes.reduces(axis), axes.shape_of(x[0].shape()))
}

/// The reduced axes behind the others.
fn as_rows(x: &Tensor, axes: ReducedAxes) -> Tensor {
    let (mut order, reduced): (Vec<isize>, Vec<isize>) =
        (0..x.ndim() as isize).partition(|&axis| !axes.reduces(axis as usize));
    order.extend(reduced);
    match order.is_sorted() {
        true => x.clone(),
        false => x.permute(order.as_slice()),
    }
}

fn argmax(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    places(Largest, x[0], settings::<ArgMax>(op).0)
}

fn argmin(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    places(Smallest, x[0], settings::<ArgMin>(op).0)
}

fn places<E: Extreme>(extreme: E, x: &Tensor, axes: ReducedAxes) -> Tensor {
    let (n, rows, shape) = (axes.count(x.shape()), as_rows(x, axes), axes.shape_of(x.shape()));
    let (level, values) = (level(), dense(&rows));
    // SAFETY: the ranges cover all, and none twice.
    unsafe {
        tensor(shape, |out| {
            shared(out.len(), n, |range| {
                let rows = &values[range.start * n..range.end * n];
                places_of_rows(level, extreme, rows, n, out.part(range));
            });
        })
    }
}

fn var(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let op = settings::<Var>(op);
    variances(x[0], op.axes, op.correction, |variance| variance)
}

fn std(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let op = settings::<Std>(op);
    variances(x[0], op.axes, op.correction, f64::sqrt)
}

fn variances(x: &Tensor, axes: ReducedAxes, correction: usize, finish: fn(f64) -> f64) -> Tensor {
    let (n, rows, shape) = (axes.count(x.shape()), as_rows(x, axes), axes.shape_of(x.shape()));
    let (level, values, freedom) = (level(), dense(&rows), n.saturating_sub(correction) as f64);
    // SAFETY: the ranges cover all, and none twice.
    unsafe {
        tensor(shape, |out| {
            shared(out.len(), n, |range| {
                for (i, out) in range.clone().zip(out.part(range)) {
                    let squares = squared_distances(level, &values[i * n..(i + 1) * n]);
                    *out = finish(squares / freedom) as f32;
                }
            });
        })
    }
}

/// From a number.
struct Distance(f32);

impl One for Distance {
    #[inline(always)]
    fn of<S: Simd>(&self, x: S::F) -> S::F {
        S::sub(x, S::splat(self.0))
    }
}

/// From a number.
struct SquaredDistance(f32);

impl One for SquaredDistance {
    #[inline(always)]
    fn of<S: Simd>(&self, x: S::F) -> S::F {
        let distance = Distance(self.0).of::<S>(x);
        S::mul(distance, distance)
    }
}

vectorized! {
    fn places_of_rows<S, E: Extreme>(extreme: E, x: &[f32], n: usize, out: &mut [i32]) {
        for (i, out) in out.iter_mut().enumerate() {
            *out = place::<S, E>(extreme, &x[i * n..(i + 1) * n]) as i32;
        }
    }

    /// The sum of the squared distances from the mean.
    fn squared_distances<S>(x: &[f32]) -> f64 {
        let n = x.len() as f64;
        // A guess at the mean, and how far it is off: of equal numbers the mean is exact then.
        let guess = (sum_of::<S>(x, 0.0, Itself) / n) as f32;
        let mean = f64::from(guess) + sum_of::<S>(x, guess, Distance(guess)) / n;
        // From the mean as a float; what rounding it adds to each is taken off again.
        let near = mean as f32;
        let squares = sum_of::<S>(x, near, SquaredDistance(near));
        squares - n * (mean - f64::from(near)).powi(2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{assert_agrees, layouts};
    use std::cell::RefCell;
    use std::rc::Rc;
    use std::sync::Arc;
    use tinytorch_tensor::{Interpreter, Kernel, Rng, pass_on, with};

    const SHAPES: [&[usize]; 12] = [
        &[],
        &[1],
        &[7],
        &[1000],
        &[5, 8],
        &[40, 33],
        &[3, 1, 17],
        &[3, 70, 40],
        &[2, 3, 20, 33],
        &[500, 150],
        &[2, 35000],
        &[2, 1, 3, 4, 2, 6],
    ];

    /// Keeps the op, whose settings only the methods make.
    #[derive(Default)]
    struct Caught(RefCell<Option<Arc<dyn Op>>>);

    impl Interpreter for Caught {
        fn apply(&self, op: &Arc<dyn Op>, x: &[&Tensor]) -> Tensor {
            *self.0.borrow_mut() = Some(op.clone());
            pass_on(op, x)
        }
    }

    fn caught(computed: impl FnOnce() -> Tensor) -> Arc<dyn Op> {
        let caught = Rc::new(Caught::default());
        with(caught.clone(), computed);
        let op = caught.0.borrow_mut().take();
        op.expect("a reduction is an op")
    }

    /// Over every set of axes of every shape in every layout.
    #[track_caller]
    fn check(kernel: Kernel, tolerance: f32, over: impl Fn(&Tensor, &[isize]) -> Tensor) {
        let mut rng = Rng::new(12);
        for shape in SHAPES {
            let all = layouts(shape, &mut rng);
            for set in 0..1_usize << shape.len() {
                let axes = (0..shape.len()).filter(|i| set >> i & 1 == 1).map(|i| i as isize);
                let axes: Vec<isize> = axes.collect();
                let op = caught(|| over(&all[0], &axes));
                for x in if axes.len() < 5 { &all[..] } else { &all[..1] } {
                    assert_agrees(&*op, kernel, &[x], tolerance);
                }
            }
        }
    }

    /// A sum of as many positive as negative numbers is small, the roundings on the way are not.
    const OF_SUMS: f32 = 2e-5;

    #[test]
    fn sums_are_those_of_the_definition() {
        check(sum, OF_SUMS, |x, axes| x.sum_over(axes, false));
        check(mean, OF_SUMS, |x, axes| x.mean_over(axes, true));
    }

    #[test]
    fn a_sum_is_off_by_two_units_in_the_last_place_of_the_magnitudes_at_most() {
        let mut rng = Rng::new(13);
        for n in [1, 5, 100, 1000, 4097, 300_000] {
            for x in [Tensor::randn([n], &mut rng), Tensor::full([n], 0.1)] {
                let all: f64 = x.data().iter().map(|&v| f64::from(v)).sum();
                let magnitudes: f64 = x.data().iter().map(|&v| f64::from(v.abs())).sum();
                let two = Tensor::cat(&[&x, &x], 0).reshape([2, n]);
                let allowed = 2.0 * f64::from(f32::EPSILON) * magnitudes;
                for (op, x) in [(caught(|| x.sum()), &x), (caught(|| two.sum_over(1, false)), &two)]
                {
                    let error = (f64::from(sum(&*op, &[x]).data()[0]) - all).abs();
                    assert!(error <= allowed, "{n}: off by {error:e}, {magnitudes}");
                }
                let over_rows = caught(|| two.t().sum_over(0, false));
                let got = sum(&*over_rows, &[&two.t().contiguous()]);
                assert!((f64::from(got.data()[1]) - all).abs() <= allowed);
            }
        }
    }

    #[test]
    fn what_was_broadcast_gets_its_sum() {
        let mut rng = Rng::new(14);
        let pairs: [[&[usize]; 2]; 8] = [
            [&[], &[]],
            [&[64, 10], &[10]],
            [&[64, 10], &[64, 1]],
            [&[64, 10], &[]],
            [&[2, 30, 7, 9], &[30, 1, 1]],
            [&[3, 4, 5], &[1, 4, 1]],
            [&[0, 4], &[4]],
            [&[3000, 40], &[40]],
        ];
        for [shape, to] in pairs {
            for x in layouts(shape, &mut rng) {
                assert_agrees(&SumTo(to.into()), sum_to, &[&x], OF_SUMS);
            }
        }
    }

    #[test]
    fn extremes_are_those_of_the_definition() {
        check(max, 0.0, |x, axes| x.max_over(axes, false));
        check(min, 0.0, |x, axes| x.min_over(axes, true));
    }

    #[test]
    fn their_places_are_those_of_the_definition() {
        let mut rng = Rng::new(15);
        for shape in SHAPES.into_iter().filter(|shape| !shape.is_empty()) {
            for x in layouts(shape, &mut rng) {
                // Whole numbers, so that several are the largest.
                let whole = x.to_i32().to_f32();
                for axis in 0..shape.len() as isize {
                    let (most, least) =
                        (caught(|| x.argmax(axis, false)), caught(|| x.argmin(axis, true)));
                    for x in [&x, &whole] {
                        assert_agrees(&*most, argmax, &[x], 0.0);
                        assert_agrees(&*least, argmin, &[x], 0.0);
                    }
                }
            }
        }
    }

    #[test]
    fn nan_is_the_largest_the_smallest_and_the_sum() {
        for n in [1, 7, 16, 33, 700, 33_000] {
            for at in [0, n / 2, n - 1] {
                let mut row = vec![1.0; 2 * n];
                row[at] = f32::NAN;
                row[n] = f32::INFINITY;
                for x in [Tensor::from_vec(row.clone(), [2, n]), Tensor::from_vec(row, [n, 2])] {
                    for axis in [0, 1] {
                        let over = |f: fn(&Tensor, isize) -> Tensor| caught(|| f(&x, axis));
                        let op = over(|x, axis| x.max_over(axis, false));
                        assert_agrees(&*op, max, &[&x], 0.0);
                        let op = over(|x, axis| x.min_over(axis, false));
                        assert_agrees(&*op, min, &[&x], 0.0);
                        let op = over(|x, axis| x.argmax(axis, false));
                        assert_agrees(&*op, argmax, &[&x], 0.0);
                        let op = over(|x, axis| x.sum_over(axis, false));
                        assert_agrees(&*op, sum, &[&x], 1e-6);
                    }
                }
            }
        }
    }

    #[test]
    fn of_nothing_they_are_what_the_definition_says() {
        let none = Tensor::zeros([0, 3]);
        for axis in [0, 1] {
            let op = caught(|| none.sum_over(axis, false));
            assert_agrees(&*op, sum, &[&none], 0.0);
            let op = caught(|| none.mean_over(axis, false));
            assert_agrees(&*op, mean, &[&none], 0.0);
            let op = caught(|| none.var_over(axis, 1, false));
            assert_agrees(&*op, var, &[&none], 0.0);
        }
        let op = caught(|| none.max_over(1, false));
        assert_agrees(&*op, max, &[&none], 0.0);
        let op = caught(|| none.argmax(1, false));
        assert_agrees(&*op, argmax, &[&none], 0.0);
    }

    #[test]
    fn variances_are_those_of_the_definition() {
        check(var, 1e-6, |x, axes| x.var_over(axes, 1, false));
        check(std, 1e-6, |x, axes| x.std_over(axes, 0, true));
        // Far from 0, where squares less the square of the mean would have no digit left.
        let x = Tensor::randn([5, 1000], &mut Rng::new(16)) * 0.01 + 1000.0;
        assert_agrees(&*caught(|| x.var_over(1, 1, false)), var, &[&x], 1e-6);
    }
}
