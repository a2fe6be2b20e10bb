//! [`MatMul`]: batches of products.

#![expect(unsafe_code, reason = "products write parts of a result that did not exist before")]

use crate::gemm::{Finish, Matrix, MatrixMut, gemm_parallel};
use crate::level::level;
use crate::out;

use tinytorch_tensor::{Kernels, MatMul, Op, Storage, Tensor};

pub(crate) fn register(kernels: &mut Kernels) {
    kernels.on::<MatMul>("f32", matmul);
}

fn matmul(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let (a, b) = (x[0], x[1]);
    let (Storage::F32(va), Storage::F32(vb)) = (a.storage(), b.storage()) else {
        return op.forward(x);
    };
    if a.ndim() != 2 || b.ndim() != 2 {
        return op.forward(x);
    }
    let (la, lb) = (a.layout(), b.layout());
    let [m, k] = a.shape().dims();
    let [_, n] = b.shape().dims();
    let a = Matrix::new(&va[la.offset()..], [m, k], [la.stride(0), la.stride(1)]);
    let b = Matrix::new(&vb[lb.offset()..], [k, n], [lb.stride(0), lb.stride(1)]);
    unsafe {
        out::tensor([m, n], |out| {
            gemm_parallel(level(), a, b, MatrixMut::inside(&out, 0, [m, n], n), Finish::default())
        })
    }
}
