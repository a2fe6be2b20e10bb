//! Half the bytes: bf16.
//!
//! A [`Bf16`] is the upper half of a float. Where memory is the limit, half the bytes are half the
//! time: a model that writes one word at a time reads each weight once per word. Where arithmetic
//! is the limit, an instruction for pairs of bf16 does twice the work, on processors that have a
//! fast one.
//!
//! ```
//! use tinytorch_acceleration::LowPrecision;
//! use tinytorch_layers::linear;
//! use tinytorch_tensor::{Rng, Tensor};
//!
//! let rng = &mut Rng::new(1);
//! let (x, weight) = (Tensor::randn([1, 256], rng), Tensor::randn([128, 256], rng));
//! let small = weight.to_bf16();
//! assert_eq!((weight.nbytes(), small.nbytes()), (131_072, 65_536));
//! let gap = linear(&x, &small, None) - linear(&x, &weight, None);
//! // 256 products of about 1, each off by up to 1/256, most of which cancels out.
//! assert!(gap.abs().max().item() < 0.3);
//! ```
//!
//! - `number`: the number, and rounding to it
//! - `storage`: tensors of it, and the way there and back
//! - `product`: one matrix product, by whichever instructions are fastest
//! - `pairs`: by the one for pairs
//! - `stream`: products with few rows, at the speed of memory
//! - `matmul`, `conv`: the ops that take it
//! - `autocast`: training with it, while parameters and gradients stay floats

mod number;
mod storage;
mod product;
#[cfg(target_arch = "x86_64")]
mod pairs;
mod stream;
mod matmul;
mod conv;
mod autocast;

pub use autocast::autocast;
pub use number::Bf16;
pub use storage::{Bf16Buffer, ToBf16};

use tinytorch_tensor::Kernels;

/// The kernels of this kind of storage.
pub(crate) fn register(kernels: &mut Kernels) {
    storage::register(kernels);
    matmul::register(kernels);
    conv::register(kernels);
}
