//! Reductions: many numbers to one, over any of the axes.

use super::{by_kind, only_floats};
use crate::door::{Op, Reads, dispatch};
use crate::shape::{AxisSet, Integers, Shape, resolve_axes};
use crate::storage::Element;
use crate::tensor::Tensor;
use std::borrow::Cow;

/// Which axes go, and whether they stay behind with size 1.
#[derive(Clone, Copy)]
pub struct ReducedAxes {
    axes: AxisSet,
    keepdim: bool,
}

impl ReducedAxes {
    /// All axes of `x`, none kept.
    fn all(x: &Tensor) -> Self {
        Self { axes: AxisSet::all(x.ndim()), keepdim: false }
    }

    /// Those axes of `x` that `op` was asked to reduce.
    #[track_caller]
    fn named(op: &str, x: &Tensor, axes: impl Integers, keepdim: bool) -> Self {
        Self { axes: resolve_axes(op, axes, x.ndim()), keepdim }
    }

    /// Whether `axis` is reduced.
    pub fn reduces(&self, axis: usize) -> bool {
        self.axes.contains(axis)
    }

    /// The shape of the result.
    pub fn shape_of(&self, shape: Shape) -> Shape {
        shape.reduced(self.axes, self.keepdim)
    }

    /// The shape of the result with the reduced axes kept as 1: it broadcasts to `shape`.
    pub fn kept_shape_of(&self, shape: Shape) -> Shape {
        shape.reduced(self.axes, true)
    }

    /// How many numbers become one.
    pub fn count(&self, shape: Shape) -> usize {
        let reduced = shape.iter().enumerate().filter(|(i, _)| self.reduces(*i));
        reduced.map(|(_, n)| n).product()
    }

    /// `reduce` of the numbers that become one, for each number of the result.
    ///
    /// The reduced axes are moved behind the others, so that these numbers stand in one row.
    fn each<T: Element, R: Element>(&self, x: &Tensor, reduce: impl Fn(&[T]) -> R) -> Tensor {
        let shape = x.shape();
        let (kept, reduced): (Vec<_>, Vec<_>) = (0..shape.ndim()).partition(|&i| !self.reduces(i));
        let in_order = reduced.first().is_none_or(|&first| first >= kept.len());
        let rows: Cow<[T]> = if in_order {
            x.elements()
        } else {
            let (values, layout) = x.stored::<T>();
            Cow::Owned(layout.permuted(&[kept, reduced].concat()).gather(values))
        };
        let (out, len) = (self.shape_of(shape), self.count(shape));
        let row = |i: usize| &rows[i * len..(i + 1) * len];
        Tensor::from_vec((0..out.numel()).map(|i| reduce(row(i))).collect(), out)
    }
}

/// The sum in double precision: a sum of a million floats loses nothing worth keeping.
fn sum(row: &[f32]) -> f64 {
    row.iter().fold(0.0, |sum, &v| sum + f64::from(v)) // not `sum()`, which is -0 of nothing
}

/// The sum of squared distances from the mean over `n - correction`; NaN if that is not positive.
fn variance(row: &[f32], correction: usize) -> f64 {
    let mean = sum(row) / row.len() as f64;
    let squares: f64 = row.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum();
    squares / row.len().saturating_sub(correction) as f64
}

/// The first number that no other is `better` than; NaN is better than any.
fn best<T: Element>(row: &[T], better: impl Fn(T, T) -> bool) -> usize {
    #[expect(clippy::eq_op, reason = "only NaN differs from itself")]
    let is_nan = |v: T| v != v;
    let beats = |v: T, best: T| !is_nan(best) && (better(v, best) || is_nan(v));
    (1..row.len()).fold(0, |top, i| if beats(row[i], row[top]) { i } else { top })
}

macro_rules! reduction {
    ($op:ident $name:literal, $reads:expr, |$self:ident, $x:ident| $forward:expr) => {
        impl Op for $op {
            fn name(&self) -> &'static str {
                $name
            }

            fn forward(&$self, x: &[&Tensor]) -> Tensor {
                let $x = x[0];
                $forward
            }

            fn reads(&self, _: usize) -> Reads {
                $reads
            }
        }
    };
}

/// Added up.
pub struct Sum(pub ReducedAxes);
reduction!(Sum "sum", Reads::NOTHING, |self, x| match x.kind() {
    "i32" => self.0.each(x, |row: &[i32]| row.iter().fold(0, |sum: i32, &v| sum.wrapping_add(v))),
    _ => self.0.each(x, |row| sum(row) as f32),
});

/// The arithmetic mean; NaN of no numbers.
pub struct Mean(pub ReducedAxes);
reduction!(Mean "mean", Reads::NOTHING, |self, x| {
    self.0.each(x, |row| (sum(row) / row.len() as f64) as f32)
});

/// The variance: squared distances from the mean, added up and divided by `n - correction`.
pub struct Var {
    /// Over which axes.
    pub axes: ReducedAxes,
    /// 1 for the estimate from a sample (Bessel), 0 for the variance of the numbers themselves.
    pub correction: usize,
}
reduction!(Var "var", Reads::input(0), |self, x| {
    self.axes.each(x, |row| variance(row, self.correction) as f32)
});

/// The standard deviation: the square root of the variance.
pub struct Std {
    /// Over which axes.
    pub axes: ReducedAxes,
    /// As for [`Var`].
    pub correction: usize,
}
reduction!(Std "std", Reads::ALL, |self, x| {
    self.axes.each(x, |row| variance(row, self.correction).sqrt() as f32)
});

/// The largest; NaN if there is one. Equal ones share the gradient.
pub struct Max(pub ReducedAxes);
reduction!(Max "max", Reads::ALL, |self, x| by_kind!(x, T => {
    self.0.each(x, |row: &[T]| row[best(row, |a, b| a > b)])
}));

/// The smallest; NaN if there is one. Equal ones share the gradient.
pub struct Min(pub ReducedAxes);
reduction!(Min "min", Reads::ALL, |self, x| by_kind!(x, T => {
    self.0.each(x, |row: &[T]| row[best(row, |a, b| a < b)])
}));

/// Where the largest is, the first of equal ones.
pub struct ArgMax(pub ReducedAxes);
reduction!(ArgMax "argmax", Reads::NOTHING, |self, x| by_kind!(x, T => {
    self.0.each(x, |row: &[T]| best(row, |a, b| a > b) as i32)
}));

/// Where the smallest is, the first of equal ones.
pub struct ArgMin(pub ReducedAxes);
reduction!(ArgMin "argmin", Reads::NOTHING, |self, x| by_kind!(x, T => {
    self.0.each(x, |row: &[T]| best(row, |a, b| a < b) as i32)
}));

/// Added up to a shape that broadcasts to the input's: what undoes an [`Expand`](crate::Expand).
pub struct SumTo(pub Shape);
reduction!(SumTo "sum_to", Reads::NOTHING, |self, x| {
    let lead = x.ndim() - self.0.ndim();
    let repeated = |i: &usize| {
        *i < lead || (self.0.size(*i - lead) == 1 && x.shape().size(*i) != 1)
    };
    let axes: Vec<isize> = (0..x.ndim()).filter(repeated).map(|i| i as isize).collect();
    let axes = ReducedAxes::named("sum_to", x, axes.as_slice(), true);
    Sum(axes).forward(&[x]).reshape(self.0)
});

/// Defines the two methods of a reduction: of all numbers, and over some axes.
macro_rules! reductions {
    ($($all:ident $over:ident, $check:expr, $op:expr; $doc:literal, $panics:literal)*) => {
        impl Tensor { $(
            #[doc = concat!($doc, " of all numbers: `[…] -> []`.\n\n# Panics\n", $panics)]
            #[track_caller]
            pub fn $all(&self) -> Tensor {
                let axes = ReducedAxes::all(self);
                $check(stringify!($all), self, axes);
                dispatch($op(axes), &[self])
            }

            #[doc = concat!(
                $doc, " over `axes`, one (`1`, `-1`) or several (`[0, 2]`); they go, or stay as 1 \
                with `keepdim`.\n\n# Panics\nWhen an axis does not exist. ", $panics
            )]
            #[track_caller]
            pub fn $over(&self, axes: impl Integers, keepdim: bool) -> Tensor {
                let axes = ReducedAxes::named(stringify!($all), self, axes, keepdim);
                $check(stringify!($all), self, axes);
                dispatch($op(axes), &[self])
            }
        )* }
    };
}
reductions! {
    sum sum_over, any, Sum; "The sum", "Never otherwise: the sum of nothing is 0."
    mean mean_over, floats, Mean; "The mean", "When they are integers."
    max max_over, some, Max; "The largest", "When there are no numbers to choose from."
    min min_over, some, Min; "The smallest", "When there are no numbers to choose from."
}

fn any(_: &str, _: &Tensor, _: ReducedAxes) {}

#[track_caller]
fn floats(op: &str, x: &Tensor, _: ReducedAxes) {
    only_floats(op, x);
}

#[track_caller]
fn some(op: &str, x: &Tensor, axes: ReducedAxes) {
    assert!(
        axes.count(x.shape()) > 0 || axes.shape_of(x.shape()).numel() == 0,
        "{op}: no numbers to choose from in {}; check for an empty batch",
        x.shape()
    );
}

impl Tensor {
    /// The variance of all numbers, as estimated from a sample: divided by `n - 1`.
    ///
    /// # Panics
    /// When they are integers.
    #[track_caller]
    pub fn var(&self) -> Tensor {
        only_floats("var", self);
        let axes = ReducedAxes::all(self);
        dispatch(Var { axes, correction: 1 }, &[self])
    }

    /// The variance over `axes`, divided by `n - correction`: 1 for an estimate from a sample, 0
    /// for the variance of the numbers themselves. NaN when that is 0.
    ///
    /// # Panics
    /// When an axis does not exist or the numbers are integers.
    #[track_caller]
    pub fn var_over(&self, axes: impl Integers, correction: usize, keepdim: bool) -> Tensor {
        only_floats("var", self);
        let axes = ReducedAxes::named("var", self, axes, keepdim);
        dispatch(Var { axes, correction }, &[self])
    }

    /// The standard deviation of all numbers, as estimated from a sample.
    ///
    /// # Panics
    /// When they are integers.
    #[track_caller]
    pub fn std(&self) -> Tensor {
        only_floats("std", self);
        let axes = ReducedAxes::all(self);
        dispatch(Std { axes, correction: 1 }, &[self])
    }

    /// The standard deviation over `axes`; see [`var_over`](Self::var_over).
    ///
    /// # Panics
    /// When an axis does not exist or the numbers are integers.
    #[track_caller]
    pub fn std_over(&self, axes: impl Integers, correction: usize, keepdim: bool) -> Tensor {
        only_floats("std", self);
        let axes = ReducedAxes::named("std", self, axes, keepdim);
        dispatch(Std { axes, correction }, &[self])
    }

    /// Where along `axis` the largest number is, the first of equal ones, as integers.
    ///
    /// # Panics
    /// When the axis does not exist or is empty.
    #[track_caller]
    pub fn argmax(&self, axis: isize, keepdim: bool) -> Tensor {
        dispatch(ArgMax(self.choice("argmax", axis, keepdim)), &[self])
    }

    /// Where along `axis` the smallest number is, the first of equal ones, as integers.
    ///
    /// # Panics
    /// When the axis does not exist or is empty.
    #[track_caller]
    pub fn argmin(&self, axis: isize, keepdim: bool) -> Tensor {
        dispatch(ArgMin(self.choice("argmin", axis, keepdim)), &[self])
    }

    #[track_caller]
    fn choice(&self, op: &str, axis: isize, keepdim: bool) -> ReducedAxes {
        let axes = ReducedAxes::named(op, self, axis, keepdim);
        some(op, self, axes);
        axes
    }

    /// Added up to `shape`, which broadcasts to this one: every number goes to the one that
    /// [`expand`](Self::expand) would have repeated into its place.
    ///
    /// # Panics
    /// When `shape` does not broadcast to this one.
    #[track_caller]
    pub fn sum_to(&self, shape: impl Into<Shape>) -> Tensor {
        let shape = shape.into();
        if self.shape() == shape {
            return self.clone();
        }
        assert!(
            shape.broadcast(&self.shape()) == Some(self.shape()),
            "sum_to: {shape} does not broadcast to {}; only what `expand` can undo is possible",
            self.shape()
        );
        dispatch(SumTo(shape), &[self])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn x() -> Tensor {
        Tensor::from([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    }

    #[test]
    fn the_named_axis_is_the_one_that_goes() {
        assert_eq!(x().sum_over(0, false), Tensor::from([5.0, 7.0, 9.0]));
        assert_eq!(x().sum_over(1, false), Tensor::from([6.0, 15.0]));
        assert_eq!(x().sum_over(-1, true), Tensor::from([[6.0], [15.0]]));
        assert_eq!(x().sum_over([0, 1], true), Tensor::from([[21.0]]));
        assert_eq!(x().mean().item(), 3.5);
        let cube = Tensor::arange(0.0, 24.0, 1.0).reshape([2, 3, 4]);
        assert_eq!(cube.sum_over([0, 2], false), Tensor::from([60.0, 92.0, 124.0]));
        assert_eq!(cube.max_over([0, 1], false), Tensor::from([20.0, 21.0, 22.0, 23.0]));
    }

    #[test]
    fn a_sum_of_a_million_loses_nothing() {
        let n = 1 << 20;
        assert_eq!(Tensor::full([n], 0.1).sum().item(), 0.1_f32 * n as f32);
    }

    #[test]
    fn variance_divides_by_one_less_unless_told() {
        assert_eq!(Tensor::from([1.0, 3.0]).var().item(), 2.0);
        assert_eq!(Tensor::from([1.0, 3.0]).var_over(0, 0, false).item(), 1.0);
        assert_eq!(x().std_over(1, 1, false), Tensor::from([1.0, 1.0]));
        assert!(Tensor::from([1.0]).var().item().is_nan());
    }

    #[test]
    fn the_largest_is_the_first_of_equal_ones_and_nan_wins() {
        assert_eq!(Tensor::from([1.0, 3.0, 3.0]).argmax(0, false).item_i32(), 1);
        let nan = Tensor::from([1.0, f32::NAN, 3.0]);
        assert_eq!(nan.argmax(0, false).item_i32(), 1);
        assert!(nan.min().item().is_nan());
        assert_eq!(Tensor::from([[3, 1], [2, 5]]).min_over(0, false), Tensor::from([2, 1]));
    }

    #[test]
    fn reductions_of_nothing() {
        let none = Tensor::zeros([0, 3]);
        assert!(none.sum().item().is_sign_positive());
        assert_eq!(none.sum_over(0, false), Tensor::zeros([3]));
        assert_eq!(none.max_over(1, false).shape(), [0]);
        assert!(none.mean().item().is_nan());
    }

    #[test]
    #[should_panic(expected = "max: no numbers to choose from in [0, 3]")]
    fn there_is_no_largest_of_nothing() {
        Tensor::zeros([0, 3]).max();
    }

    #[test]
    fn summing_to_a_shape_undoes_a_broadcast() {
        let row = Tensor::from([1.0, 2.0, 3.0]);
        assert_eq!(row.expand([4, 3]).sum_to([3]), &row * 4.0);
        assert_eq!(x().sum_to([2, 1]), Tensor::from([[6.0], [15.0]]));
        assert_eq!(x().sum_to([]), Tensor::from(21.0));
        assert_eq!(Tensor::ones([5, 2, 1]).sum_to([1, 1]), Tensor::from([[10.0]]));
    }
}
