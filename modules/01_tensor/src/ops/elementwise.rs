//! Ops of two tensors, number by number, with broadcasting.

use crate::door::{Op, Reads, dispatch};
use crate::layout::Layout;
use crate::shape::Shape;
use crate::storage::Element;
use crate::tensor::Tensor;

/// Defines a binary op: its name, what it does to two floats and to two integers, and what the
/// gradients of its first and second input read.
macro_rules! binary {
    ($(#[$doc:meta])* $op:ident $name:literal, $float:expr, $int:expr, $reads:expr) => {
        $(#[$doc])*
        pub struct $op;

        impl Op for $op {
            fn name(&self) -> &'static str {
                $name
            }

            fn forward(&self, x: &[&Tensor]) -> Tensor {
                match x[0].kind() {
                    "i32" => zip::<i32, i32>(x[0], x[1], $int),
                    _ => zip::<f32, f32>(x[0], x[1], $float),
                }
            }

            fn reads(&self, input: usize) -> Reads {
                $reads[input]
            }
        }
    };
}

const NONE: [Reads; 2] = [Reads::NOTHING; 2];
const BOTH: Reads = Reads::input(0).and(Reads::input(1));

binary! {
    /// `a + b`.
    Add "add", |a, b| a + b, i32::wrapping_add, NONE
}
binary! {
    /// `a - b`.
    Sub "sub", |a, b| a - b, i32::wrapping_sub, NONE
}
binary! {
    /// `a * b`, number by number.
    Mul "mul", |a, b| a * b, i32::wrapping_mul, [Reads::input(1), Reads::input(0)]
}
binary! {
    /// `a / b`.
    Div "div", |a, b| a / b, |_, _| unreachable!("checked by the method"),
    [Reads::input(1), Reads::input(1).and(Reads::OUTPUT)]
}
binary! {
    /// `a` to the power of `b`.
    Pow "pow", f32::powf, |_, _| unreachable!("checked by the method"),
    [BOTH, Reads::input(0).and(Reads::OUTPUT)]
}
binary! {
    /// The larger of the two; NaN if either is.
    Maximum "maximum", |a, b| if a > b || a.is_nan() { a } else { b }, i32::max, [BOTH, BOTH]
}
binary! {
    /// The smaller of the two; NaN if either is.
    Minimum "minimum", |a, b| if a < b || a.is_nan() { a } else { b }, i32::min, [BOTH, BOTH]
}

/// `f` of every pair, after both inputs are repeated to the shape they broadcast to.
#[inline]
pub(super) fn zip<T: Element, R: Element>(a: &Tensor, b: &Tensor, f: impl Fn(T, T) -> R) -> Tensor {
    let ((x, a), (y, b)) = (a.stored::<T>(), b.stored::<T>());
    let n = a.shape().numel();
    if a.shape() == b.shape() && a.is_contiguous() && b.is_contiguous() {
        let pairs = x[a.offset()..][..n].iter().zip(&y[b.offset()..][..n]);
        return Tensor::from_vec(pairs.map(|(&x, &y)| f(x, y)).collect(), a.shape());
    }
    let shape = a.shape().broadcast(&b.shape()).expect("checked by the method");
    Tensor::from_vec(zip_rows(x, a.expanded(shape), y, b.expanded(shape), f), shape)
}

/// Row by row. Along a row, each side steps by its own stride; 0 repeats one number.
fn zip_rows<T: Copy, R>(x: &[T], a: Layout, y: &[T], b: Layout, f: impl Fn(T, T) -> R) -> Vec<R> {
    let mut out = Vec::with_capacity(a.shape().numel());
    let (rows, others) = (a.rows(), b.rows());
    let (len, step, other_step) = (rows.len, rows.stride, others.stride);
    for (i, j) in rows.zip(others) {
        match (step, other_step) {
            (1, 1) => {
                let pairs = x[i..i + len].iter().zip(&y[j..j + len]);
                out.extend(pairs.map(|(&x, &y)| f(x, y)));
            }
            (1, 0) => out.extend(x[i..i + len].iter().map(|&x| f(x, y[j]))),
            (0, 1) => out.extend(y[j..j + len].iter().map(|&y| f(x[i], y))),
            _ => out.extend((0..len).map(|k| f(x[i + k * step], y[j + k * other_step]))),
        }
    }
    out
}

/// The shape that `a` and `b` broadcast to.
///
/// # Panics
/// When they do not, or one holds floats and the other integers.
#[inline]
#[track_caller]
pub(super) fn check_pair(op: &str, a: &Tensor, b: &Tensor) -> Shape {
    check_kinds(op, a, b);
    match a.shape().broadcast(&b.shape()) {
        Some(shape) => shape,
        None => panic!(
            "{op}: shapes {} and {} do not broadcast; compared from the last axis backwards, \
             sizes must be equal, or one of them 1 or missing",
            a.shape(),
            b.shape()
        ),
    }
}

#[inline]
#[track_caller]
pub(super) fn check_kinds(op: &str, a: &Tensor, b: &Tensor) {
    let mixed = matches!((a.kind(), b.kind()), ("f32", "i32") | ("i32", "f32"));
    assert!(
        !mixed,
        "{op}: floats and integers do not mix; convert one with `to_f32()` or `to_i32()` \
         (a number such as 2 is an integer, 2.0 a float)"
    );
}

/// Checks and computes a binary op: what every operator and method below is.
#[inline]
#[track_caller]
pub(crate) fn binary(op: impl Op, a: &Tensor, b: &Tensor) -> Tensor {
    check_pair(op.name(), a, b);
    dispatch(op, &[a, b])
}

/// As [`binary`], for ops that integers do not have.
#[inline]
#[track_caller]
pub(crate) fn binary_of_floats(op: impl Op, a: &Tensor, b: &Tensor) -> Tensor {
    check_pair(op.name(), a, b);
    super::only_floats(op.name(), a);
    dispatch(op, &[a, b])
}

/// The operand is a tensor, a reference to one, or a plain number; it broadcasts as for `+`.
impl Tensor {
    /// To the power of `exponent`, number by number.
    ///
    /// # Panics
    /// When the shapes do not broadcast, or the numbers are integers.
    #[track_caller]
    pub fn pow(&self, exponent: impl Into<Tensor>) -> Tensor {
        binary_of_floats(Pow, self, &exponent.into())
    }

    /// The larger of each pair; NaN if either is.
    ///
    /// # Panics
    /// When the shapes do not broadcast, or floats meet integers.
    #[track_caller]
    pub fn maximum(&self, other: impl Into<Tensor>) -> Tensor {
        binary(Maximum, self, &other.into())
    }

    /// The smaller of each pair; NaN if either is.
    ///
    /// # Panics
    /// When the shapes do not broadcast, or floats meet integers.
    #[track_caller]
    pub fn minimum(&self, other: impl Into<Tensor>) -> Tensor {
        binary(Minimum, self, &other.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_of_layouts_gives_what_the_plain_loop_gives() {
        let x = Tensor::arange(0.0, 24.0, 1.0).reshape([2, 3, 4]);
        let others = [
            Tensor::from(2.0),
            Tensor::arange(0.0, 4.0, 1.0),
            Tensor::arange(0.0, 3.0, 1.0).reshape([3, 1]),
            Tensor::arange(0.0, 8.0, 1.0).reshape([4, 2]).t().reshape([2, 1, 4]),
            Tensor::arange(0.0, 24.0, 1.0).reshape([4, 3, 2]).permute([2, 1, 0]),
        ];
        for other in &others {
            let (sum, wide) = (&x + other, other.expand(x.shape()).to_vec());
            let expected: Vec<f32> = x.data().iter().zip(wide).map(|(a, b)| a + b).collect();
            assert_eq!(sum.to_vec(), expected, "{}", other.shape());
            assert_eq!((other + &x).to_vec(), expected);
        }
    }

    #[test]
    #[should_panic(expected = "add: shapes [2, 3] and [2] do not broadcast")]
    fn shapes_align_from_the_right() {
        let _ = Tensor::zeros([2, 3]) + Tensor::zeros([2]);
    }

    #[test]
    #[should_panic(expected = "mul: floats and integers do not mix")]
    fn floats_and_integers_do_not_mix() {
        let _ = Tensor::from([1.0]) * Tensor::from([1]);
    }

    #[test]
    #[should_panic(expected = "div: needs floats, got integers")]
    fn integers_are_not_divided() {
        let _ = Tensor::from([1]) / Tensor::from([2]);
    }

    #[test]
    fn the_larger_of_a_number_and_nan_is_nan() {
        let nan = Tensor::from([f32::NAN, 1.0]).maximum(Tensor::from([1.0, f32::NAN]));
        assert!(nan.data().iter().all(|v| v.is_nan()));
        assert_eq!(Tensor::from([1, 5]).minimum(3), Tensor::from([1, 3]));
    }
}
