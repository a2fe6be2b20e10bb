//! Module 07 · Training: the loop that turns a model and an optimizer into a trained model, and
//! what makes it safe to run for days.
//!
//! One update is four lines: predict, measure the loss, ask for its gradients, step.
//!
//! ```text
//! prediction = model(x)      loss = L(prediction, y)      g = dL/dw      w <- w - lr(step) u(g)
//! ```
//!
//! [`Trainer`] repeats them over the batches of all epochs, and around them does what is easily
//! forgotten or got wrong by a sample: training and evaluation mode, means over samples instead of
//! batches, gradients gathered over several batches ([`TrainerOptions::accumulate`]), norms clipped
//! ([`clip_grad_norm`]), a rate for each step ([`Schedule`]), an end when nothing gets better
//! ([`EarlyStopping`]).
//!
//! ```
//! use tinytorch_layers::{Linear, ReLU, sequential};
//! use tinytorch_losses::cross_entropy;
//! use tinytorch_optimizers::{Adam, AdamOptions};
//! use tinytorch_tensor::{Rng, Tensor};
//! use tinytorch_training::{Cosine, Trainer, TrainerOptions, accuracy};
//!
//! // XOR: which of two switches is on, but not both?
//! let x = Tensor::from([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]);
//! let y = Tensor::from([0, 1, 1, 0]);
//!
//! let mut rng = Rng::new(1);
//! let mut model = sequential![Linear::new(2, 16, &mut rng), ReLU, Linear::new(16, 2, &mut rng)];
//! let mut optimizer = Adam::new(AdamOptions::default());
//! let schedule = Cosine { lr: 0.05, min_lr: 0.0, warmup: 10, steps: 200 };
//! let options =
//!     TrainerOptions { epochs: 200, schedule: Some(Box::new(schedule)), ..Default::default() };
//!
//! let mut trainer = Trainer::new(cross_entropy, options).metric("accuracy", accuracy);
//! let batches = |_epoch, first| std::iter::once((x.clone(), y.clone())).skip(first);
//! trainer.fit(&mut model, &mut optimizer, batches, &mut [])?;
//! assert_eq!(trainer.history().last().unwrap().train.metric("accuracy"), Some(1.0));
//! # Ok::<(), tinytorch_training::TrainingError>(())
//! ```
//!
//! Long runs are interrupted. A [`Checkpoint`] is all that a run consists of: weights, the
//! optimizer's memory, half-gathered gradients, the place in the schedule and in the data, every
//! random stream. A run that goes on from one ends bit for bit as if it had never stopped; its
//! file is replaced in one step, so that a crash while saving costs at most the work since the
//! save before.
//!
//! Weights travel as safetensors ([`save_safetensors`]) and single arrays as `.npy`
//! ([`save_npy`]): formats that hold numbers and cannot run code, read here with every length
//! checked against the file before anything is allocated.
//!
//! Cost of a step on `n` samples and `p` parameters: about `2 p` floating-point operations a sample
//! forward, `4 p` backward; `p` floats of weights, as many of gradients, the optimizer's state, and
//! what the graph keeps between forward and backward. The loop adds one float read back per batch.
//!
//! PyTorch leaves the loop to its user, or to libraries such as Lightning; its schedulers change
//! the optimizer as they are stepped, and `torch.save` writes pickles, which may run code when they
//! are loaded. Production trainers add what one machine does not need: several processes, mixed
//! precision with a scaled loss, sharded checkpoints.
//!
//! Source: Goodfellow, Bengio & Courville, "Deep Learning" (2016), chapters 7, 8 and 11.

mod error;
mod json;
mod number_format;
mod durable;
mod safetensors;
mod npy;
mod schedule;
mod clip;
mod metrics;
mod history;
mod early_stopping;
mod modes;
mod callback;
mod trainer;
mod fit;
mod checkpoint;

pub use callback::{BatchSummary, Callback, Flow, Moment, SaveCheckpoint};
pub use checkpoint::Checkpoint;
pub use clip::{clip_grad_norm, clip_grad_value};
pub use early_stopping::EarlyStopping;
pub use error::TrainingError;
pub use history::{EpochSummary, History, Scores};
pub use metrics::{Average, ConfusionMatrix, accuracy, top_k_accuracy};
pub use npy::{load_npy, parse_npy, save_npy, serialize_npy};
pub use number_format::Dtype;
pub use safetensors::{
    MAX_HEADER, Metadata, SafetensorsHeader, TensorEntry, load_safetensors, parse_safetensors,
    save_safetensors, serialize_safetensors,
};
pub use schedule::{Constant, Cosine, OneCycle, Schedule, StepDecay};
pub use trainer::{Outcome, Position, Trainer, TrainerOptions};

#[cfg(doctest)]
#[doc = include_str!("../lesson.md")]
struct Lesson;
