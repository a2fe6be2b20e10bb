//! Fully connected layers: the kernel of [`LinearOp`], `x Wᵀ + b`.
//!
//! One product of all rows of `x` with the transposed weight, which packing turns over on its way
//! into the cache. The bias is added to the sums while they are still in registers: a pass over
//! the result of its own would cost as much as a tenth of the product at 128 inputs.

#![expect(unsafe_code, reason = "the product is written into a result that is not there yet")]

use crate::gemm::{Bias, Finish, Matrix, MatrixMut, gemm_parallel};
use crate::level::level;
use crate::out;
use std::borrow::Cow;
use tinytorch_layers::LinearOp;
use tinytorch_tensor::{Kernels, Op, Shape, Storage, Tensor};

pub(crate) fn register(kernels: &mut Kernels) {
    kernels.on::<LinearOp>("f32", linear);
}

pub(crate) fn linear(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let (Storage::F32(_), Storage::F32(weight)) = (x[0].storage(), x[1].storage()) else {
        return op.forward(x);
    };
    let of = x[1].layout();
    let [outputs, inputs] = x[1].shape().dims();
    let strides = [of.stride(0), of.stride(1)];
    let weight = Matrix::new(&weight[of.offset()..], [outputs, inputs], strides);
    let bias = x.get(2).map(|bias| bias.data());
    let gathered: Cow<[f32]>;
    let rows = match rows(x[0]) {
        Some(rows) => rows,
        None => {
            gathered = x[0].data();
            Matrix::new(&gathered, [count(x[0].shape()), inputs], [inputs, 1])
        }
    };
    let n = count(x[0].shape());
    let finish =
        Finish { bias: bias.as_deref().map_or(Bias::None, Bias::OfColumns), ..Finish::default() };
    // SAFETY: a product writes all of its numbers.
    unsafe {
        out::tensor(with_last(x[0].shape(), outputs), |out| {
            let to = MatrixMut::inside(&out, 0, [n, outputs], outputs);
            gemm_parallel(level(), rows, weight.t(), to, finish);
        })
    }
}

/// How many rows there are along the last axis.
fn count(shape: Shape) -> usize {
    shape.iter().rev().skip(1).product()
}

/// The shape with another size along its last axis.
pub(crate) fn with_last(shape: Shape, size: usize) -> Shape {
    let mut sizes = [1; 6];
    for (to, size) in sizes.iter_mut().zip(shape.iter()) {
        *to = size;
    }
    sizes[shape.ndim() - 1] = size;
    Shape::new(&sizes[..shape.ndim()])
}

/// All rows along the last axis as one matrix, if they lie equally far apart.
fn rows(x: &Tensor) -> Option<Matrix<'_>> {
    let (Storage::F32(numbers), layout) = (x.storage(), x.layout()) else { return None };
    let shape = x.shape();
    let last = shape.ndim() - 1;
    let (mut rows, mut apart) = (1, 0);
    for axis in (0..last).rev().filter(|&axis| shape.size(axis) != 1) {
        match rows {
            1 => apart = layout.stride(axis),
            _ if layout.stride(axis) == rows * apart => {}
            _ => return None,
        }
        rows *= shape.size(axis);
    }
    let strides = [apart, layout.stride(last)];
    Some(Matrix::new(&numbers[layout.offset()..], [rows, shape.size(last)], strides))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{assert_agrees, layouts};
    use tinytorch_tensor::Rng;

    /// Sums rounded in another order, some of which nearly cancel.
    const TOLERANCE: f32 = 1e-4;

    #[test]
    fn layers_of_all_sizes_and_layouts_agree() {
        let mut rng = Rng::new(3);
        let shapes: [&[usize]; 9] = [
            &[7],
            &[1, 16],
            &[5, 33],
            &[40, 64],
            &[2, 3, 20],
            &[3, 1, 2, 9],
            &[2, 0, 4],
            &[0, 6],
            &[3, 0],
        ];
        for shape in shapes {
            for outputs in [0, 1, 10, 32, 50] {
                let inputs = *shape.last().unwrap();
                let bias = Tensor::randn([outputs], &mut rng);
                let apart = Tensor::randn([outputs, 2], &mut rng).select(1, 0);
                let weights = layouts(&[outputs, inputs], &mut rng);
                for (x, weight) in layouts(shape, &mut rng).iter().zip(weights.iter().cycle()) {
                    assert_agrees(&LinearOp, linear, &[x, weight], TOLERANCE);
                    assert_agrees(&LinearOp, linear, &[x, weight, &bias], TOLERANCE);
                    assert_agrees(&LinearOp, linear, &[x, weight, &apart], TOLERANCE);
                }
            }
        }
    }

    #[test]
    fn a_bias_is_added_once_however_many_stretches_the_inputs_take() {
        let mut rng = Rng::new(4);
        let x = Tensor::randn([30, 700], &mut rng);
        let weight = Tensor::randn([90, 700], &mut rng);
        let bias = Tensor::full([90], 1000.0);
        assert_agrees(&LinearOp, linear, &[&x, &weight, &bias], TOLERANCE);
    }
}
