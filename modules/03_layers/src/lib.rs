//! Module 03 · Layers: functions with numbers of their own, and networks made of them.
//!
//! A layer is a plain struct: its fields are its numbers, [`Module::forward`] is its function.
//! Nothing is registered anywhere. What a network consists of is found by walking its fields,
//! which the one line [`state!`] writes:
//!
//! ```
//! use tinytorch_activations::Activations;
//! use tinytorch_layers::{Linear, Model, Module, state};
//! use tinytorch_tensor::{Rng, Tensor};
//!
//! struct Net {
//!     hidden: Linear,
//!     out: Linear,
//! }
//! state!(Net { hidden, out });
//!
//! impl Module for Net {
//!     fn forward(&self, x: &Tensor) -> Tensor {
//!         self.out.forward(&self.hidden.forward(x).relu())
//!     }
//! }
//!
//! let mut rng = Rng::new(1);
//! let net = Net { hidden: Linear::new(784, 128, &mut rng), out: Linear::new(128, 10, &mut rng) };
//! assert_eq!(net.forward(&Tensor::zeros([32, 784])).shape(), [32, 10]);
//! assert_eq!(net.parameter_count(), 784 * 128 + 128 + 128 * 10 + 10);
//! let names: Vec<String> = net.named_parameters().into_iter().map(|p| p.0).collect();
//! assert_eq!(names, ["hidden.weight", "hidden.bias", "out.weight", "out.bias"]);
//! ```
//!
//! The walk ([`State`]) is all that optimizers, checkpoints and quantizers need; what can be
//! asked of any model ([`Model`]: its parameters, its state dict, its mode) is written once, in
//! terms of it.
//!
//! Cost: a [`Linear`] of `n` rows takes `2 n in out` floating-point operations and
//! `4 (in + 1) out` bytes of parameters. For one row that is half an operation per byte read:
//! the memory is the limit, and batches are what keeps a processor busy.
//!
//! PyTorch's `nn.Module` finds parameters by watching assignments to attributes and keeps the
//! same names, shapes and state dicts; weights are `[out, in]` there too.

mod path;
mod training;
mod stream;
mod running;
mod state;
mod model;
mod error;
mod module;
mod init;
mod linear;
mod dropout;
mod shape;
mod activation;
mod sequential;
mod summary;

pub use activation::{GELU, GELUTanh, LeakyReLU, LogSoftmax, ReLU, SiLU, Sigmoid, Softmax, Tanh};
pub use dropout::{Dropout, DropoutOp};
pub use error::{LayersError, Mismatch};
pub use init::Init;
pub use linear::{Linear, LinearOp, linear};
pub use model::{Model, StateDict};
pub use module::Module;
pub use path::Path;
pub use running::Running;
pub use sequential::Sequential;
pub use shape::{Flatten, Identity};
pub use state::{Slot, SlotMut, State};
pub use stream::Stream;
pub use summary::{LayerSummary, Summary, summary};
pub use training::{Training, evaluating};

#[cfg(doctest)]
#[doc = include_str!("../lesson.md")]
struct Lesson;
