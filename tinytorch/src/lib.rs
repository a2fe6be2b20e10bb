//! TinyTorch: the crate to depend on. Every module under one name, and a [`prelude`].
//!
//! A network learns to read handwritten digits, and is then asked about 200 it has never seen:
//!
//! ```
//! use tinytorch::prelude::*;
//!
//! let mut rng = Rng::new(0);
//! let options = DataLoaderOptions { batch_size: 32, shuffle: true, ..Default::default() };
//! let loader = DataLoader::new(TinyDigits::train(), options);
//! let mut model = sequential![
//!     Flatten,
//!     Linear::new(64, 32, &mut rng),
//!     ReLU,
//!     Linear::new(32, 10, &mut rng),
//! ];
//! let mut optimizer = Adam::new(AdamOptions { lr: 0.01, ..Default::default() });
//! for epoch in 0..10 {
//!     for (pictures, labels) in loader.epoch(epoch) {
//!         let loss = cross_entropy(&model.forward(&pictures), &labels);
//!         optimizer.step(&mut model, &loss.backward());
//!     }
//! }
//! let all = DataLoaderOptions { batch_size: 200, ..Default::default() };
//! let (pictures, labels) = DataLoader::new(TinyDigits::test(), all).epoch(0).next().unwrap();
//! let guesses = no_grad(|| model.forward(&pictures)).argmax(1, false);
//! let accuracy = guesses.eq(&labels).to_f32().mean().item();
//! assert!(accuracy > 0.9, "{accuracy}");
//! ```
//!
//! Each module is a crate and a chapter of the course; the order below is that of the course, and
//! each builds on those before it alone. What they share is the door of [`tensor`]: every
//! computation is a named [`Op`](tensor::Op) that passes through
//! [`dispatch`](tensor::dispatch), where later modules, and yours, can watch it, change its
//! meaning, or compute it faster. `tests/door.rs` does all three from outside.

pub use tinytorch_acceleration as acceleration;
pub use tinytorch_activations as activations;
pub use tinytorch_attention as attention;
pub use tinytorch_autograd as autograd;
pub use tinytorch_dataloader as dataloader;
pub use tinytorch_embeddings as embeddings;
pub use tinytorch_layers as layers;
pub use tinytorch_losses as losses;
pub use tinytorch_memoization as memoization;
pub use tinytorch_optimizers as optimizers;
pub use tinytorch_spatial as spatial;
pub use tinytorch_tensor as tensor;
pub use tinytorch_tokenization as tokenization;
pub use tinytorch_training as training;
pub use tinytorch_transformers as transformers;

/// What a program that trains a model needs: `use tinytorch::prelude::*;`.
///
/// Traits are included: without them methods such as `relu`, `forward`, `parameters`, `backward`
/// and `step` are not found. What is needed to define ops, rules and storage is in the modules.
pub mod prelude {
    // 01, 02: numbers, and functions of them.
    pub use tinytorch_activations::Activations;
    pub use tinytorch_tensor::{Rng, Shape, Tensor};

    // 03: layers and models.
    pub use tinytorch_layers::{
        Dropout, Flatten, GELU, GELUTanh, Identity, Init, LeakyReLU, Linear, LogSoftmax, Model,
        Module, Path, ReLU, Sequential, SiLU, Sigmoid, Slot, SlotMut, Softmax, State, StateDict,
        Tanh, sequential, state, summary,
    };

    // 04: losses.
    pub use tinytorch_losses::{
        Bce, BceWithLogits, CrossEntropy, Huber, L1, Mse, Nll, Reduction, bce_loss,
        bce_with_logits, cross_entropy, huber_loss, l1_loss, mse_loss, nll_loss,
    };

    // 05, 06: gradients, and steps along them.
    pub use tinytorch_autograd::{Backward, BackwardOptions, Gradients, gradcheck, no_grad};
    pub use tinytorch_optimizers::{
        Adam, AdamOptions, AdamW, AdamWOptions, Optimizer, ParamGroup, RmsProp, RmsPropOptions,
        Sgd, SgdOptions,
    };

    // 07: the loop, what surrounds it, and files.
    pub use tinytorch_training::{
        BatchSummary, Callback, Checkpoint, ConfusionMatrix, Constant, Cosine, EarlyStopping,
        EpochSummary, Flow, Moment, OneCycle, Schedule, StepDecay, Trainer, TrainerOptions,
        accuracy, clip_grad_norm, clip_grad_value, load_npy, load_safetensors, save_npy,
        save_safetensors, top_k_accuracy,
    };

    // 08: data.
    pub use tinytorch_dataloader::{
        Compose, Cutout, DataLoader, DataLoaderOptions, Dataset, Normalize, RandomCrop,
        RandomHorizontalFlip, TensorDataset, TinyDigits, TinyTalks,
    };

    // 09: pictures.
    pub use tinytorch_spatial::{
        AdaptiveAvgPool2d, AvgPool2d, BatchNorm2d, BatchNorm2dOptions, Conv2d, Conv2dOptions,
        ConvBlock, Dropout2d, LeNet5, MaxPool2d, ResNet9, SmallVgg,
    };

    // 10: text.
    pub use tinytorch_tokenization::{
        BpeTokenizer, CharTokenizer, DecodeStream, Special, Tokenizer, TrainOptions,
    };

    // 11, 12: words as points, and who looks at whom.
    pub use tinytorch_attention::{
        AttentionOptions, MultiHeadAttention, MultiHeadAttentionOptions, attention_weights,
        causal_mask, scaled_dot_product_attention,
    };
    pub use tinytorch_embeddings::{
        Embedding, PositionEmbedding, Positions, RotaryEmbedding, SequenceEmbedding, sinusoidal,
    };

    // 13: a model that writes.
    pub use tinytorch_transformers::{
        Ended, GenerateOptions, Gpt, GptConfig, LanguageModel, LayerNorm, Mlp, MlpOptions,
        NormKind, PositionKind, RMSNorm, TransformerBlock, generate, inputs_and_targets, load_gpt2,
        next_token_loss, save_gpt2,
    };

    // 17: what was computed is kept.
    pub use tinytorch_memoization::{CachedGpt, KvCache};
}

/// The program in the README, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
