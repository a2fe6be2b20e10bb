//! Module 02 · Activations: the functions that make a network more than one matrix.
//!
//! Two linear layers on top of each other are one linear layer: `B (A x) = (B A) x`. What stands
//! between them has to bend. The functions here are applied number by number ([`Relu`],
//! [`Sigmoid`], [`Tanh`], [`Gelu`], …), except [`Softmax`] and [`LogSoftmax`], which turn the
//! numbers along an axis into probabilities `e^x_i / sum_j e^x_j`.
//!
//! ```
//! use tinytorch_activations::Activations;
//! use tinytorch_tensor::Tensor;
//!
//! let scores = Tensor::from([[1000.0, 1000.0, -1000.0], [-1.0, 0.0, 1.0]]);
//! assert_eq!(scores.relu(), Tensor::from([[1000.0, 1000.0, 0.0], [0.0, 0.0, 1.0]]));
//! let p = scores.softmax(1); // e^1000 is no float, yet nothing overflows
//! assert_eq!(p.select(0, 0), Tensor::from([0.5, 0.5, 0.0]));
//! assert!((p.at([1, 2]) - 0.66524).abs() < 1e-5);
//! ```
//!
//! A formula that is right on paper can be wrong in floats: `e^x` overflows beyond 88.7, and
//! `1 - tanh(x)` of a large `x` is 0 where it should be small. Each definition says which form
//! of its formula it computes, and why that one holds at ±1000 and at infinity.
//!
//! Cost: `4 n` bytes read and as many written. `relu` is one comparison a number; the others
//! take one exponential each (about 10 to 20 operations), exact `gelu` two in double precision.
//! Softmax reads each row three times: largest number, sum, quotient.
//!
//! PyTorch has the same functions in `torch.nn.functional`, computes eight or sixteen numbers at
//! a time with vectorized exponentials, and fuses them into the layer before where it can.

mod erf;
mod pointwise;
mod softmax;
mod methods;

pub use erf::{erf, erfc};
pub use methods::Activations;
pub use pointwise::{Approximate, Gelu, LeakyRelu, Relu, Sigmoid, Silu, Tanh};
pub use softmax::{LogSoftmax, Softmax};

#[cfg(doctest)]
#[doc = include_str!("../lesson.md")]
struct Lesson;
