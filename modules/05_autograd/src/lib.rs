//! Module 05 · Autograd: the histories that module 01 wrote down, read backwards.
//!
//! A computed tensor remembers its op and its inputs. [`Backward::backward`] walks these memories
//! from a loss to the parameters and applies the chain rule at every node: given the gradient `g`
//! of a node's output, the node's rule says what each of its inputs gets, and what a tensor gets
//! from all its uses is added up.
//!
//! ```
//! use tinytorch_autograd::Backward;
//! use tinytorch_tensor::Tensor;
//!
//! let x = Tensor::from(3.0).with_grad();
//! let loss = &x * &x + &x; // x^2 + x, whose slope is 2x + 1
//! let grads = loss.backward(); // a value: nothing is hidden in `x`, nothing needs to be zeroed
//! assert_eq!(grads.of(&x).item(), 7.0);
//! ```
//!
//! This is reverse-mode automatic differentiation (S. Linnainmaa, 1970; Griewank and Walther,
//! "Evaluating Derivatives", 2008). One walk gives the gradient of one number with respect to all
//! parameters for about twice the cost of the forward pass, however many there are.
//!
//! What the walk promises: each node is visited once, whatever the fan-out; a chain of a million
//! ops overflows no stack; memory is given back on the way, so that the peak is the forward pass
//! plus one node; a missing rule is an error that names the op, never a gradient that is silently
//! absent.
//!
//! PyTorch keeps gradients in a hidden field (`parameter.grad`) that adds up until `zero_grad`;
//! here they are the return value of `backward`. `retain_graph` and `create_graph` are
//! [`BackwardOptions`]. Every rule here is made of ops that have rules, so second derivatives
//! exist for all of them; third ones do for those that are not [`Pointwise`].

mod rule;
mod pointwise;
mod rules;
mod losses;
mod softmax;
mod backward;
mod gradients;
mod gradcheck;
mod dot;

pub use backward::{Backward, BackwardOptions, Computed, order};
pub use dot::to_dot;
pub use gradcheck::{GradcheckError, GradcheckOptions, gradcheck, gradcheck_with};
pub use gradients::{Accumulate, Gradients, Scale};
pub use losses::CrossEntropyBackward;
pub use pointwise::{Of, Pointwise, PointwiseBackward};
pub use rule::{Broadcast, Each, Gradient, Joint, Node, Rule, Share};
pub use softmax::{LogSoftmaxBackward, SoftmaxBackward};

/// Runs `f` without recording: what it computes cannot be differentiated, and keeps no memory.
///
/// For evaluation and for generation, where no gradient is wanted.
pub fn no_grad<R>(f: impl FnOnce() -> R) -> R {
    tinytorch_tensor::recording(false, f)
}

/// The code in the lesson, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../lesson.md")]
struct Lesson;
