//! Module 13 · Transformers.

mod layer_norm;
mod rms_norm;
mod norm;
mod mlp;
mod config;
mod sampling;
mod generate;
mod json;

pub use config::{GptConfig, PositionKind};
pub use generate::{Ended, GenerateOptions, Generated, LanguageModel, generate, next_token};
pub use layer_norm::{LayerNormBackward, LayerNormOp, layer_norm};
pub use mlp::{Activation, Mlp, MlpOptions};
pub use norm::{LayerNorm, Norm, NormKind, RMSNorm};
pub use rms_norm::{RmsNormBackward, RmsNormOp, rms_norm};
pub use sampling::{
    apply_temperature, keep_top_k, keep_top_p, most_likely, penalize_repetition, sample,
};
