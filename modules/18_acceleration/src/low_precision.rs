//! Tensors with fewer bits a number.

use crate::bf16::{Bf16Buffer, ToBf16};
use crate::int8::Int8Buffer;
use tinytorch_tensor::{Tensor, dispatch};

/// Tensors with fewer bits a number.
pub trait LowPrecision {
    /// Each number rounded to [`Bf16`](crate::Bf16), half the bytes. `to_f32` is the way back;
    /// gradients pass through both.
    ///
    /// Of what can be computed with it, matrix products have kernels: `x.matmul(&w)` and `linear`
    /// take floats or bf16 on either side and give floats. So do views, `contiguous` and `to_f32`.
    fn to_bf16(&self) -> Tensor;

    /// The weights of a layer, `[outputs, inputs]`, in whole steps of each output's own size, a
    /// quarter of the bytes: [`Int8Buffer`]. `to_f32` is the way back; a new tensor of no history.
    ///
    /// `linear(x, &w, bias)` and `x.matmul(&w.t())` take it and give floats. They quantize each
    /// row of `x` as it comes; gradients of `x` are those of the weights that came out.
    ///
    /// # Panics
    /// When the tensor is not a matrix, or has more than
    /// [`Weights::MOST_INPUTS`](crate::int8::Weights::MOST_INPUTS) columns.
    #[track_caller]
    fn to_int8(&self) -> Tensor;
}

impl LowPrecision for Tensor {
    fn to_bf16(&self) -> Tensor {
        match self.buffer::<Bf16Buffer>() {
            Some(_) => self.clone(),
            None => dispatch(ToBf16, &[self]),
        }
    }

    fn to_int8(&self) -> Tensor {
        match self.buffer::<Int8Buffer>() {
            Some(_) => self.clone(),
            None => Int8Buffer::tensor(self),
        }
    }
}
