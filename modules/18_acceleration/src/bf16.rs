//! Half the bytes: bf16.

mod number;
mod storage;
mod product;
mod stream;
mod matmul;
mod conv;
mod autocast;

pub use autocast::autocast;
pub use number::Bf16;
pub use storage::{Bf16Buffer, LowPrecision, ToBf16};

use tinytorch_tensor::Kernels;

/// The kernels of this kind of storage.
pub(crate) fn register(kernels: &mut Kernels) {
    storage::register(kernels);
    matmul::register(kernels);
    conv::register(kernels);
}
