//! Ops of one tensor, number by number.

use super::{by_kind, map, only_floats};
use crate::door::{Op, Reads, dispatch};
use crate::tensor::Tensor;

/// Defines an op of floats: its name, its function, and what its gradient reads.
macro_rules! unary {
    ($(#[$doc:meta])* $op:ident $name:literal, $function:expr, $reads:expr) => {
        $(#[$doc])*
        pub struct $op;

        impl Op for $op {
            fn name(&self) -> &'static str {
                $name
            }

            fn forward(&self, x: &[&Tensor]) -> Tensor {
                map::<f32, f32>(x[0], $function)
            }

            fn reads(&self, _: usize) -> Reads {
                $reads
            }
        }
    };
}

unary! {
    /// `e` to the power of `x`.
    Exp "exp", f32::exp, Reads::OUTPUT
}
unary! {
    /// The natural logarithm; PyTorch's `log`.
    Ln "ln", f32::ln, Reads::input(0)
}
unary! {
    /// The square root.
    Sqrt "sqrt", f32::sqrt, Reads::OUTPUT
}

/// `-x`.
pub struct Neg;

impl Op for Neg {
    fn name(&self) -> &'static str {
        "neg"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        match x[0].kind() {
            "i32" => map(x[0], i32::wrapping_neg),
            _ => map(x[0], |v: f32| -v),
        }
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::NOTHING
    }
}

/// `|x|`.
pub struct Abs;

impl Op for Abs {
    fn name(&self) -> &'static str {
        "abs"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        match x[0].kind() {
            "i32" => map(x[0], i32::wrapping_abs),
            _ => map(x[0], f32::abs),
        }
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::input(0)
    }
}

/// `x`, but at least `min` and at most `max`; NaN stays NaN.
pub struct Clamp {
    /// The least value.
    pub min: f32,
    /// The greatest value.
    pub max: f32,
}

impl Op for Clamp {
    fn name(&self) -> &'static str {
        "clamp"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        by_kind!(x[0], T => {
            let (min, max) = (self.min as T, self.max as T);
            map(x[0], |v: T| if v < min { min } else if v > max { max } else { v })
        })
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::input(0)
    }
}

impl Tensor {
    /// `e` to the power of each number.
    ///
    /// # Panics
    /// When they are integers; so for `ln` and `sqrt`.
    #[track_caller]
    pub fn exp(&self) -> Tensor {
        only_floats("exp", self);
        dispatch(Exp, &[self])
    }

    /// The natural logarithm of each number (PyTorch's `log`): -inf of 0, NaN below.
    #[track_caller]
    pub fn ln(&self) -> Tensor {
        only_floats("ln", self);
        dispatch(Ln, &[self])
    }

    /// The square root of each number: NaN below 0.
    #[track_caller]
    pub fn sqrt(&self) -> Tensor {
        only_floats("sqrt", self);
        dispatch(Sqrt, &[self])
    }

    /// The absolute value of each number.
    #[track_caller]
    pub fn abs(&self) -> Tensor {
        dispatch(Abs, &[self])
    }

    /// Each number, but at least `min` and at most `max`. Integers take whole bounds.
    ///
    /// # Panics
    /// When `min` is above `max`.
    #[track_caller]
    pub fn clamp(&self, min: f32, max: f32) -> Tensor {
        assert!(min <= max, "clamp: min {min} is above max {max}; swap them");
        dispatch(Clamp { min, max }, &[self])
    }

    #[track_caller]
    pub(crate) fn negate(&self) -> Tensor {
        dispatch(Neg, &[self])
    }
}
