//! Module 06 · Optimizers: from a gradient to better weights.
//!
//! A gradient says which way is uphill. An optimizer takes a step downhill, and remembers enough
//! of the earlier steps to take a good one.
//!
//! ```
//! use tinytorch_autograd::Backward;
//! use tinytorch_optimizers::{Optimizer, Sgd, SgdOptions};
//! use tinytorch_tensor::Tensor;
//!
//! let mut w = Tensor::from([3.0, -2.0]).with_grad(); // any model will do, this is a small one
//! let mut optimizer = Sgd::new(SgdOptions { lr: 0.1, momentum: 0.9, ..Default::default() });
//! for _ in 0..200 {
//!     let loss = (&w * &w).sum();
//!     optimizer.step(&mut w, &loss.backward());
//! }
//! assert!(w.abs().max().item() < 1e-3);
//! ```
//!
//! | optimizer | step | memory |
//! |---|---|---|
//! | [`Sgd`] | `w -= lr g` | 0 |
//! | with momentum | `v = μ v + g`, `w -= lr v` | `n` |
//! | [`RmsProp`] | `s = α s + (1-α) g²`, `w -= lr g / (√s + ε)` | `n` |
//! | [`Adam`] | both: `w -= lr m̂ / (√v̂ + ε)` | `2 n` |
//! | [`AdamW`] | the same, with the weights shrunk by themselves first | `2 n` |
//!
//! For `n` weights a step reads and writes each number once: 12 bytes of traffic per weight for
//! plain SGD, 28 for Adam, against 2 to 12 floating-point operations. Memory is what an optimizer
//! costs. A step happens in place, through the side door of module 01
//! ([`update`](tinytorch_tensor::update)): the weights stay where they are.
//!
//! An optimizer here is a [`Formula`] and what it remembers of every parameter, filed under the
//! parameter's path in the model; [`Descent`] is the part that all of them share. To write one of
//! your own, write its formula.
//!
//! PyTorch's optimizers hold the parameters and read `parameter.grad`; here model and gradients are
//! handed to [`step`](Optimizer::step), so there is no `zero_grad` to forget. Settings, their
//! defaults and the order of the arithmetic are PyTorch's. Its `foreach` and `fused` forms update
//! many parameters in one call; that is left to module 18's kernels.
//!
//! Sources: Polyak, "Some methods of speeding up the convergence of iteration methods", 1964;
//! Nesterov, 1983, in the form of Sutskever et al., "On the importance of initialization and
//! momentum in deep learning", 2013; Tieleman and Hinton, "Lecture 6.5: RMSProp", 2012; Kingma and
//! Ba, "Adam", 2015; Loshchilov and Hutter, "Decoupled weight decay regularization", 2019.

mod optimizer;
mod descent;
mod memory;
mod sgd;
mod rmsprop;
mod adam;
mod adamw;
mod error;
#[cfg(test)]
mod trial;

pub use adam::{Adam, AdamOptions, AdamStep, bias_correction};
pub use adamw::{AdamW, AdamWOptions, AdamWStep};
pub use descent::{Descent, ParamGroup};
pub use error::{Mismatch, OptimizersError};
pub use optimizer::{Formula, Now, Optimizer};
pub use rmsprop::{RmsProp, RmsPropOptions, RmsPropStep};
pub use sgd::{Sgd, SgdOptions, SgdStep};

#[cfg(doctest)]
#[doc = include_str!("../lesson.md")]
struct Lesson;
