//! Module 04 · Losses: one number that says how wrong a prediction is.
//!
//! Training makes this number small, so it has to say the right thing. Each loss is minus the
//! logarithm of the probability that the model gives to the data, under a different assumption:
//!
//! | loss | formula, per number or row | the data is |
//! |---|---|---|
//! | [`mse_loss`] | `(p - y)²` | a number with normal noise |
//! | [`l1_loss`], [`huber_loss`] | `abs(p - y)`, and rounded at 0 | a number with outliers |
//! | [`bce_loss`], [`bce_with_logits`] | `-y ln p - (1 - y) ln(1 - p)` | yes or no |
//! | [`cross_entropy`], [`nll_loss`] | `-ln p[y]` | one of `c` classes |
//!
//! ```
//! use tinytorch_losses::{CrossEntropy, cross_entropy};
//! use tinytorch_tensor::Tensor;
//!
//! let logits = Tensor::from([[0.0, 0.0, 0.0], [9.0, 0.0, 0.0]]); // [n, c]: scores, not softmax
//! let labels = Tensor::from([2, 0]); // [n]: integers
//! let loss = cross_entropy(&logits, &labels).item();
//! assert!((loss - (3_f32.ln() + 0.000_246_8) / 2.0).abs() < 1e-6);
//!
//! let smoothed = CrossEntropy { label_smoothing: 0.1, ..Default::default() };
//! assert!(smoothed.of(&logits, &labels).item() > loss);
//! ```
//!
//! The functions give the mean. A struct of the same name has the settings, with PyTorch's
//! meaning and defaults ([`Reduction`], class weights, …); its `of` computes the loss.
//!
//! Cost: one pass over the predictions. Cross entropy of `[n, c]` takes `n c` exponentials and a
//! temporary of `4 n c` bytes; its gradient is `softmax - one_hot`, which needs no logarithm.
//!
//! PyTorch computes cross entropy as two ops, log-softmax and NLL. Here it is one, named as the
//! user asked for it, so that a profile says `cross_entropy` and a fused kernel can take its
//! place. Wrong shapes are refused where PyTorch broadcasts: `[n, 1]` against `[n]` would
//! compare every prediction with every target.

mod reduction;
mod regression;
mod classes;
mod cross_entropy;
mod nll;
mod binary;

pub use binary::{Bce, BceOp, BceWithLogits, BceWithLogitsOp, bce_loss, bce_with_logits};
pub use cross_entropy::{CrossEntropy, CrossEntropyOp, cross_entropy};
pub use nll::{Nll, NllLossOp, nll_loss};
pub use reduction::Reduction;
pub use regression::{Huber, L1, Mse, huber_loss, l1_loss, mse_loss};

#[cfg(doctest)]
#[doc = include_str!("../lesson.md")]
struct Lesson;
