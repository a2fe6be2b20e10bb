//! `+ - * /` and unary `-`, between tensors, references and plain numbers on either side.

use crate::ops::elementwise::{Add, Div, Mul, Sub, binary, binary_of_floats};
use crate::tensor::Tensor;
use std::ops;

macro_rules! operator {
    ($trait:ident, $method:ident, $op:expr, $binary:ident) => {
        impl ops::$trait<&Tensor> for &Tensor {
            type Output = Tensor;
            #[inline]
            #[track_caller]
            fn $method(self, other: &Tensor) -> Tensor {
                $binary($op, self, other)
            }
        }
        operator!($trait, $method, $op, $binary; &Tensor, Tensor, |a, b| (a, &b));
        operator!($trait, $method, $op, $binary; Tensor, &Tensor, |a, b| (&a, b));
        operator!($trait, $method, $op, $binary; Tensor, Tensor, |a, b| (&a, &b));
        operator!($trait, $method, $op, $binary; &Tensor, f32, |a, b| (a, &Tensor::from(b)));
        operator!($trait, $method, $op, $binary; Tensor, f32, |a, b| (&a, &Tensor::from(b)));
        operator!($trait, $method, $op, $binary; f32, &Tensor, |a, b| (&Tensor::from(a), b));
        operator!($trait, $method, $op, $binary; f32, Tensor, |a, b| (&Tensor::from(a), &b));
    };
    ($trait:ident, $method:ident, $op:expr, $binary:ident;
     $left:ty, $right:ty, |$a:ident, $b:ident| ($x:expr, $y:expr)) => {
        impl ops::$trait<$right> for $left {
            type Output = Tensor;
            #[inline]
            #[track_caller]
            fn $method(self, other: $right) -> Tensor {
                let ($a, $b) = (self, other);
                $binary($op, $x, $y)
            }
        }
    };
}
operator!(Add, add, Add, binary);
operator!(Sub, sub, Sub, binary);
operator!(Mul, mul, Mul, binary);
operator!(Div, div, Div, binary_of_floats);

impl ops::Neg for &Tensor {
    type Output = Tensor;

    #[track_caller]
    fn neg(self) -> Tensor {
        self.negate()
    }
}

impl ops::Neg for Tensor {
    type Output = Tensor;

    #[track_caller]
    fn neg(self) -> Tensor {
        self.negate()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_on_either_side() {
        let x = Tensor::from([1.0, 2.0]);
        assert_eq!(1.0 - &x, Tensor::from([0.0, -1.0]));
        assert_eq!(2.0 / (&x * 2.0), Tensor::from([1.0, 0.5]));
        assert_eq!(-(x.clone() + 1.0) / x, Tensor::from([-2.0, -1.5]));
    }

    #[test]
    fn integers_wrap_around_as_in_pytorch() {
        let x = Tensor::from([i32::MAX]) + Tensor::from(1);
        assert_eq!(x.item_i32(), i32::MIN);
    }
}
