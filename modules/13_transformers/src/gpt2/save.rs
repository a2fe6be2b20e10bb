//! From a model to a folder.

use super::names::{PREFIX, place};
use super::{CONFIG, WEIGHTS, config};
use crate::error::TransformersError;
use crate::gpt::Gpt;
use std::fs;
use std::path::Path;
use tinytorch_layers::{Model, StateDict};
use tinytorch_training::{Metadata, save_safetensors};

/// Writes `config.json` and `model.safetensors` in GPT-2's layout into `folder`, which is made if
/// it is not there: `GPT2LMHeadModel.from_pretrained(folder)` of Hugging Face's `transformers`
/// reads them, and so does [`load_gpt2`](crate::load_gpt2).
///
/// # Errors
/// When the system refuses, or the model has parts that GPT-2 does not: positions that are not
/// learned, RMS norm, layers without bias, heads that share keys.
pub fn save_gpt2(model: &Gpt, folder: impl AsRef<Path>) -> Result<(), TransformersError> {
    let folder = folder.as_ref();
    let text = config::write(&model.config);
    let text = text.map_err(|problem| TransformersError::Layout { problem })?;
    fs::create_dir_all(folder).map_err(|e| TransformersError::io("create", folder, e))?;
    let tensors: StateDict = model
        .state_dict()
        .into_iter()
        .map(|(path, tensor)| {
            let place = place(&path).expect("every parameter of a GPT-2 has a place");
            let prefix = if place.name == "lm_head.weight" { "" } else { PREFIX };
            let tensor = if place.transposed { tensor.t().contiguous() } else { tensor };
            (format!("{prefix}{}", place.name), tensor)
        })
        .collect();
    // What the libraries of the format want to know: which framework's names these are.
    let about = Metadata::from([("format".to_string(), "pt".to_string())]);
    save_safetensors(folder.join(WEIGHTS), &tensors, &about)?;
    let path = folder.join(CONFIG);
    fs::write(&path, text).map_err(|e| TransformersError::io("write", &path, e))
}
