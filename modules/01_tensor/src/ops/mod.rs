//! The ops of this module, each a name, a definition, and a method that checks its arguments.

pub mod elementwise;
pub mod unary;
pub mod compare;
pub mod convert;
pub mod view;
pub mod reduce;
pub mod join;
pub mod pick;
pub mod matmul;

use crate::storage::Element;
use crate::tensor::Tensor;

/// `f` of every number, in row-major order.
fn map<T: Element, R: Element>(x: &Tensor, f: impl Fn(T) -> R) -> Tensor {
    Tensor::from_vec(x.elements::<T>().iter().map(|&v| f(v)).collect(), x.shape())
}

/// Runs the first block for floats and the second for integers: `T` is the type of number.
macro_rules! by_kind {
    ($x:expr, $t:ident => $body:expr) => {
        if $x.kind() == "i32" {
            type $t = i32;
            $body
        } else {
            type $t = f32;
            $body
        }
    };
}
use by_kind;

/// Refuses integers where only floats make sense.
///
/// # Panics
/// When `x` holds integers.
#[inline]
#[track_caller]
fn only_floats(op: &str, x: &Tensor) {
    assert!(x.kind() != "i32", "{op}: needs floats, got integers; use `to_f32()` first");
}
