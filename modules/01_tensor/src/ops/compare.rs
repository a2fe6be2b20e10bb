//! Comparisons, which give masks of 0 and 1, and the choice between two tensors by a mask.

use super::by_kind;
use super::elementwise::{check_kinds, check_pair, zip};
use crate::door::{Op, Reads, dispatch};
use crate::tensor::Tensor;

/// How two numbers are compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Comparison {
    /// `a == b`.
    Eq,
    /// `a != b`.
    Ne,
    /// `a < b`.
    Lt,
    /// `a <= b`.
    Le,
    /// `a > b`.
    Gt,
    /// `a >= b`.
    Ge,
}

impl Comparison {
    fn holds<T: PartialOrd>(self, a: T, b: T) -> bool {
        match self {
            Comparison::Eq => a == b,
            Comparison::Ne => a != b,
            Comparison::Lt => a < b,
            Comparison::Le => a <= b,
            Comparison::Gt => a > b,
            Comparison::Ge => a >= b,
        }
    }
}

/// 1 where the comparison holds and 0 elsewhere, as integers.
pub struct Compare(pub Comparison);

impl Op for Compare {
    fn name(&self) -> &'static str {
        match self.0 {
            Comparison::Eq => "eq",
            Comparison::Ne => "ne",
            Comparison::Lt => "lt",
            Comparison::Le => "le",
            Comparison::Gt => "gt",
            Comparison::Ge => "ge",
        }
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        by_kind!(x[0], T => zip(x[0], x[1], |a: T, b: T| i32::from(self.0.holds(a, b))))
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::NOTHING
    }
}

/// `a` where the mask is not 0, else `b`: inputs mask, `a`, `b`, broadcast to one shape.
pub struct Where;

impl Op for Where {
    fn name(&self) -> &'static str {
        "where"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        let shape = x[1].shape().broadcast(&x[2].shape());
        let shape = shape.and_then(|s| s.broadcast(&x[0].shape())).expect("checked by the method");
        let mask = x[0].expand(shape);
        by_kind!(x[1], T => {
            let (a, b) = (x[1].expand(shape), x[2].expand(shape));
            let (a, b) = (a.elements::<T>(), b.elements::<T>());
            let choose = |(&m, (&a, &b))| if m != 0 { a } else { b };
            let chosen = mask.ints().iter().zip(a.iter().zip(b.iter())).map(choose).collect();
            Tensor::from_vec::<T>(chosen, shape)
        })
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::input(0)
    }
}

macro_rules! comparisons {
    ($($method:ident $comparison:ident $sign:literal)*) => {
        /// The other side is a tensor or a plain number and broadcasts. Nothing equals NaN.
        ///
        /// # Panics
        /// When the shapes do not broadcast, or floats meet integers.
        impl Tensor { $(
            #[doc = concat!("The mask of where `self ", $sign, " other`: integers 0 and 1.")]
            #[track_caller]
            pub fn $method(&self, other: impl Into<Tensor>) -> Tensor {
                let (op, other) = (Compare(Comparison::$comparison), other.into());
                check_pair(op.name(), self, &other);
                dispatch(op, &[self, &other])
            }
        )* }
    };
}
comparisons! { eq Eq "==" ne Ne "!=" lt Lt "<" le Le "<=" gt Gt ">" ge Ge ">=" }

impl Tensor {
    /// `a` where `mask` is not 0, else `b`: PyTorch's `where`. All three broadcast to one shape.
    ///
    /// # Panics
    /// When they do not, the mask is not of integers, or `a` and `b` differ in kind.
    #[track_caller]
    pub fn where_(mask: &Tensor, a: impl Into<Tensor>, b: impl Into<Tensor>) -> Tensor {
        let (a, b) = (a.into(), b.into());
        assert!(
            mask.kind() == "i32",
            "where: the mask holds {}, not integers; make it by a comparison such as `x.gt(0.0)`",
            mask.kind()
        );
        check_kinds("where", &a, &b);
        let shape = a.shape().broadcast(&b.shape()).and_then(|s| s.broadcast(&mask.shape()));
        assert!(
            shape.is_some(),
            "where: shapes {}, {} and {} do not broadcast to one; expand or reshape them",
            mask.shape(),
            a.shape(),
            b.shape()
        );
        dispatch(Where, &[mask, &a, &b])
    }

    /// `value` where `mask` is not 0, else the number that is there.
    ///
    /// # Panics
    /// When the mask does not broadcast to this shape or is not of integers.
    #[track_caller]
    pub fn masked_fill(&self, mask: &Tensor, value: f32) -> Tensor {
        assert!(
            self.shape().broadcast(&mask.shape()) == Some(self.shape()),
            "masked_fill: a mask of {} does not broadcast to {}; make it by a comparison of the \
             tensor itself, or `unsqueeze` it",
            mask.shape(),
            self.shape()
        );
        Tensor::where_(mask, value, self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_chooses_between_two_tensors_that_broadcast() {
        let x = Tensor::from([[1.0, -2.0], [-3.0, 4.0]]);
        let mask = x.gt(0.0);
        assert_eq!(mask, Tensor::from([[1, 0], [0, 1]]));
        let row = Tensor::from([10.0, 20.0]);
        assert_eq!(Tensor::where_(&mask, &x, &row), Tensor::from([[1.0, 20.0], [10.0, 4.0]]));
        assert_eq!(x.masked_fill(&mask, 0.0), Tensor::from([[0.0, -2.0], [-3.0, 0.0]]));
        assert_eq!(Tensor::where_(&Tensor::from(1), 2, [3, 4]), Tensor::from([2, 2]));
    }

    #[test]
    #[should_panic(expected = "where: the mask holds f32, not integers")]
    fn a_mask_is_not_of_floats() {
        Tensor::where_(&Tensor::from([1.0]), 1.0, 2.0);
    }

    #[test]
    fn nothing_equals_nan() {
        let nan = Tensor::from(f32::NAN);
        assert_eq!(nan.eq(&nan).item_i32() + nan.lt(&nan).item_i32() + nan.ge(1.0).item_i32(), 0);
        assert_eq!(nan.ne(&nan).item_i32(), 1);
    }
}
