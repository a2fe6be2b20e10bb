//! Models as GPT-2 is published: a folder with `config.json` and `model.safetensors`.

mod config;
mod load;
mod names;
mod report;
mod save;

pub use load::load_gpt2;
pub use report::LoadReport;
pub use save::save_gpt2;

/// The settings, in a folder.
const CONFIG: &str = "config.json";
/// The numbers, in a folder.
const WEIGHTS: &str = "model.safetensors";
