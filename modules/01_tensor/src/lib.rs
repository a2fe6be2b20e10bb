//! Module 01 · Tensor: numbers with a shape, named computations on them, and the one door.
//!
//! A [`Tensor`] is a block of numbers in one row ([`Storage`]) and a [`Layout`] that says which
//! number stands where: `offset + i * strides[0] + j * strides[1] + …`. Transposing, slicing and
//! broadcasting change the layout and leave the numbers alone.
//!
//! ```
//! use tinytorch_tensor::Tensor;
//!
//! let x = Tensor::from([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
//! let w = x.t(); // the same six numbers, read column by column: nothing is copied
//! assert_eq!(w.strides(), [1, 3]);
//! assert_eq!(x.matmul(&w), Tensor::from([[14.0, 32.0], [32.0, 77.0]]));
//! ```
//!
//! Every computation is an [`Op`] (a name, its settings, its definition as plain loops) handed to
//! [`dispatch`]. That is how a later module can time, quantize, differentiate or speed up what is
//! defined here without a line of this module changing. Of gradients this module knows one thing:
//! a result remembers the op and the inputs it came from ([`History`]) when an input asks for it.
//!
//! Cost: a tensor of `n` floats is `4 n` bytes and about 100 bytes of shape and strides; a view
//! costs the latter only. An elementwise op reads and writes each number once; a matrix product
//! `[m, k] x [k, n]` takes `2 m k n` floating-point operations.
//!
//! PyTorch's tensor is this one with more kinds of numbers, devices and some two thousand ops;
//! strides, views, the dispatcher and the rule that results remember their origin are the same
//! (E. Yang, "PyTorch internals", 2019).

mod shape;
mod layout;
mod storage;
mod tensor;
mod rng;
mod create;
mod door;
mod kernels;
mod history;
mod ops;
mod operators;
mod memory;
mod print;

pub use door::{
    Brought, Interpreter, Op, Reads, Update, dispatch, pass_on, pass_on_update, recording, update,
    with,
};
pub use history::{History, Inputs, Saved};
pub use kernels::{ByKey, Kernel, Kernels, Mixed, UpdateKernel, has_kernel, register};
pub use layout::Layout;
pub use memory::MemoryFootprint;
pub use ops::compare::{Compare, Comparison, Where};
pub use ops::convert::{Contiguous, ToF32, ToI32};
pub use ops::elementwise::{Add, Div, Maximum, Minimum, Mul, Pow, Sub};
pub use ops::join::Cat;
pub use ops::matmul::MatMul;
pub use ops::pick::{Gather, IndexAdd, IndexSelect, OneHot, ScatterAdd};
pub use ops::reduce::{ArgMax, ArgMin, Max, Mean, Min, ReducedAxes, Std, Sum, SumTo, Var};
pub use ops::unary::{Abs, Clamp, Exp, Ln, Neg, Sqrt};
pub use ops::view::{Expand, Permute, Reshape, Slice, SliceBackward};
pub use rng::{Rng, RngState};
pub use shape::{Integers, MAX_NDIM, Shape, resolve_axis};
pub use storage::{Buffer, Element, Storage};
pub use tensor::{Tensor, TensorId};

#[cfg(doctest)]
#[doc = include_str!("../lesson.md")]
struct Lesson;
