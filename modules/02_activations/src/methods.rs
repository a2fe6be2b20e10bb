//! The activations as methods of a tensor.

use crate::pointwise::{Approximate, Gelu, LeakyRelu, Relu, Sigmoid, Silu, Tanh};
use crate::softmax::{LogSoftmax, Softmax};
use tinytorch_tensor::{Op, Tensor, dispatch, resolve_axis};

/// The activations as methods: `x.relu()`, `x.softmax(-1)`. Every result has the shape of `x`.
///
/// # Panics
/// All methods, when `x` holds integers; those with an axis, when there is no such axis.
pub trait Activations {
    /// `max(0, x)`.
    #[track_caller]
    fn relu(&self) -> Tensor;

    /// `x` where it is positive, `slope * x` elsewhere; PyTorch's default slope is 0.01.
    #[track_caller]
    fn leaky_relu(&self, slope: f32) -> Tensor;

    /// `1 / (1 + e^-x)`.
    #[track_caller]
    fn sigmoid(&self) -> Tensor;

    /// The hyperbolic tangent.
    #[track_caller]
    fn tanh(&self) -> Tensor;

    /// `x Φ(x)`, exactly.
    #[track_caller]
    fn gelu(&self) -> Tensor;

    /// `x Φ(x)`, by the `tanh` formula; PyTorch's `gelu(approximate="tanh")`.
    #[track_caller]
    fn gelu_tanh(&self) -> Tensor;

    /// `x sigmoid(x)`.
    #[track_caller]
    fn silu(&self) -> Tensor;

    /// Probabilities along `axis`; negative axes count from the end.
    #[track_caller]
    fn softmax(&self, axis: isize) -> Tensor;

    /// The logarithms of the probabilities along `axis`.
    #[track_caller]
    fn log_softmax(&self, axis: isize) -> Tensor;
}

impl Activations for Tensor {
    fn relu(&self) -> Tensor {
        apply(Relu, self)
    }

    fn leaky_relu(&self, slope: f32) -> Tensor {
        apply(LeakyRelu { slope }, self)
    }

    fn sigmoid(&self) -> Tensor {
        apply(Sigmoid, self)
    }

    fn tanh(&self) -> Tensor {
        apply(Tanh, self)
    }

    fn gelu(&self) -> Tensor {
        let approximate = Approximate::None;
        apply(Gelu { approximate }, self)
    }

    fn gelu_tanh(&self) -> Tensor {
        let approximate = Approximate::Tanh;
        apply(Gelu { approximate }, self)
    }

    fn silu(&self) -> Tensor {
        apply(Silu, self)
    }

    fn softmax(&self, axis: isize) -> Tensor {
        let axis = resolve_axis("softmax", axis, self.ndim());
        apply(Softmax { axis }, self)
    }

    fn log_softmax(&self, axis: isize) -> Tensor {
        let axis = resolve_axis("log_softmax", axis, self.ndim());
        apply(LogSoftmax { axis }, self)
    }
}

#[inline]
#[track_caller]
fn apply(op: impl Op, x: &Tensor) -> Tensor {
    assert!(x.kind() != "i32", "{}: needs floats, got integers; use `to_f32()` first", op.name());
    dispatch(op, &[x])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::catch_unwind;

    #[test]
    #[should_panic(expected = "sigmoid: needs floats, got integers; use `to_f32()` first")]
    fn integers_have_no_sigmoid() {
        Tensor::from([1, 2]).sigmoid();
    }

    #[test]
    fn a_missing_axis_is_named() {
        let panic = catch_unwind(|| Tensor::zeros([2, 3]).softmax(2)).expect_err("no axis 2");
        let message = panic.downcast_ref::<String>().expect("formatted");
        assert!(message.starts_with("softmax: "), "{message}");
    }

    #[test]
    fn an_op_knows_its_name_and_what_its_gradient_reads() {
        use tinytorch_tensor::Reads;
        let (input, approximate) = (Reads::input(0), Approximate::Tanh);
        let ops: [(&dyn Op, &str, Reads); 8] = [
            (&Relu, "relu", Reads::OUTPUT),
            (&LeakyRelu { slope: 0.1 }, "leaky_relu", input),
            (&Sigmoid, "sigmoid", Reads::OUTPUT),
            (&Tanh, "tanh", Reads::OUTPUT),
            (&Gelu { approximate }, "gelu", input),
            (&Silu, "silu", input),
            (&Softmax { axis: 0 }, "softmax", Reads::OUTPUT),
            (&LogSoftmax { axis: 0 }, "log_softmax", Reads::OUTPUT),
        ];
        for (op, name, reads) in ops {
            assert_eq!((op.name(), op.reads(0)), (name, reads));
        }
    }
}
