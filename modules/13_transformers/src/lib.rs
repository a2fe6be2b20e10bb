//! Module 13 · Transformers.

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
