//! Module 07: training.

mod durable;
mod error;
mod json;
mod metrics;
mod npy;
mod number_format;
mod safetensors;
mod schedule;

pub use error::TrainingError;
pub use metrics::{Average, ConfusionMatrix, accuracy, top_k_accuracy};
pub use npy::{load_npy, parse_npy, save_npy, serialize_npy};
pub use number_format::Dtype;
pub use safetensors::{
    MAX_HEADER, Metadata, SafetensorsHeader, TensorEntry, load_safetensors, parse_safetensors,
    save_safetensors, serialize_safetensors,
};
pub use schedule::{Constant, Cosine, OneCycle, Schedule, StepDecay};
