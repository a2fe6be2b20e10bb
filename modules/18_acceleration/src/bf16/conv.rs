//! Convolutions of bf16: computed with floats.
//!
//! What is bf16 about them is what they read and what the history keeps for their gradients, half
//! the bytes of floats; the numbers are widened and the kernel for floats does the rest.

use super::storage::KIND;
use crate::LowPrecision;
use std::any::Any;
use tinytorch_spatial::{Conv2dInputGrad, Conv2dOp, Conv2dWeightGrad};
use tinytorch_tensor::{Kernels, Op, Tensor, dispatch};

pub(crate) fn register(kernels: &mut Kernels) {
    kernels.on::<Conv2dOp>(KIND, widened::<Conv2dOp>);
    kernels.on::<Conv2dInputGrad>(KIND, widened::<Conv2dInputGrad>);
    kernels.on::<Conv2dWeightGrad>(KIND, widened::<Conv2dWeightGrad>);
}

/// The op of both operands rounded; a bias is not.
fn widened<O: Op + Copy>(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let op: O = *(op as &dyn Any).downcast_ref().expect("the kernel of this op");
    let [a, b] = [x[0], x[1]].map(|x| x.to_bf16().to_f32());
    match x.get(2) {
        Some(bias) => dispatch(op, &[&a, &b, &bias.to_f32()]),
        None => dispatch(op, &[&a, &b]),
    }
}
