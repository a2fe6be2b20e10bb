//! Module 13 · Transformers: a model that writes.
//!
//! A GPT reads tokens and says, at every place, how likely each token of its vocabulary is to come
//! next. Ids become rows ([`tinytorch_embeddings`]), blocks rewrite the rows, and the last rows
//! are compared with the table that the ids were looked up in:
//!
//! ```text
//! ids [n, t] -> rows [n, t, d] -> block -> ... -> block -> norm -> scores [n, t, v]
//!
//! block:  x = x + attention(norm(x))      the tokens look at those before them
//!         x = x + mlp(norm(x))            each thinks for itself
//! ```
//!
//! Training is cross entropy against the same text moved by one; writing is asking for the next
//! token, again and again. Here a model learns a row of ten tokens by heart and goes on from its
//! beginning:
//!
//! ```
//! use std::ops::ControlFlow;
//! use tinytorch_autograd::Backward;
//! use tinytorch_optimizers::{AdamW, AdamWOptions, Optimizer};
//! use tinytorch_tensor::{Rng, Tensor};
//! use tinytorch_transformers::{GenerateOptions, Gpt, GptConfig, generate, inputs_and_targets};
//!
//! let config = GptConfig { vocab_size: 10, d_model: 16, hidden: 64, ..GptConfig::tiny() };
//! let mut gpt = Gpt::new(config, &mut Rng::new(0));
//! let (inputs, targets) = inputs_and_targets(&Tensor::from([[3, 1, 4, 1, 5, 9, 2, 6, 5, 8]]));
//! let mut optimizer = AdamW::new(AdamWOptions { lr: 0.01, ..Default::default() });
//! for _ in 0..100 {
//!     let grads = gpt.loss(&inputs, &targets).backward();
//!     optimizer.step(&mut gpt, &grads);
//! }
//! let options = GenerateOptions { max_new_tokens: 5, temperature: 0.0, ..Default::default() };
//! let text = generate(&gpt, &[3, 1, 4, 1, 5], &options, |_| ControlFlow::Continue(()));
//! assert_eq!(text.tokens, [9, 2, 6, 5, 8]);
//! ```
//!
//! Cost: a block has about `12 d²` parameters and takes `24 d²` floating-point operations a token
//! forward, twice that backward, beside `4 t d` for attention over `t` tokens. Writing a token
//! here reads the whole window again; module 17 remembers instead.
//!
//! PyTorch has `nn.LayerNorm`, `nn.RMSNorm` and `nn.TransformerEncoderLayer`; models and the loop
//! that writes are in Hugging Face's `transformers`, whose GPT-2 this one agrees with: its folders
//! are read by [`load_gpt2`] and written by [`save_gpt2`].

mod layer_norm;
mod rms_norm;
mod norm;
mod mlp;
mod config;
mod block;
mod gpt;
mod sampling;
mod generate;
mod json;
mod error;
mod gpt2;

pub use block::TransformerBlock;
pub use config::{GptConfig, PositionKind};
pub use error::TransformersError;
pub use generate::{Ended, GenerateOptions, Generated, LanguageModel, generate, next_token};
pub use gpt::{Gpt, inputs_and_targets, next_token_loss};
pub use gpt2::{LoadReport, load_gpt2, save_gpt2};
pub use layer_norm::{LayerNormBackward, LayerNormOp, layer_norm};
pub use mlp::{Activation, Mlp, MlpOptions};
pub use norm::{LayerNorm, Norm, NormKind, RMSNorm};
pub use rms_norm::{RmsNormBackward, RmsNormOp, rms_norm};
pub use sampling::{
    apply_temperature, keep_top_k, keep_top_p, most_likely, penalize_repetition, sample,
};

#[cfg(doctest)]
#[doc = include_str!("../lesson.md")]
struct Lesson;
