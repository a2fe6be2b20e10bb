//! From a folder to a model.

use super::names::{PREFIX, is_mask, place};
use super::{CONFIG, LoadReport, WEIGHTS, config};
use crate::config::GptConfig;
use crate::error::TransformersError;
use crate::gpt::Gpt;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use tinytorch_layers::{Mismatch, Model, SlotMut, State, StateDict};
use tinytorch_tensor::{Rng, Tensor};
use tinytorch_training::load_safetensors;

/// The longest `config.json` that is read, in bytes. GPT-2's has 700.
const LONGEST_CONFIG: u64 = 1 << 20;

/// The model in a folder of GPT-2's layout, in evaluation mode, and what was found: `config.json`
/// and `model.safetensors`, as `git clone https://huggingface.co/openai-community/gpt2` brings
/// them, or `save_pretrained` of Hugging Face's `transformers` writes them.
///
/// With `strict`, a parameter that is missing or left over is an error. Without, missing ones stay
/// as freshly drawn, and the report says which. Weights of half precision become `f32`.
///
/// # Errors
/// When a file cannot be read, is damaged, or describes a model of another kind, when shapes
/// differ, and, if `strict`, when names do.
pub fn load_gpt2(
    folder: impl AsRef<Path>,
    strict: bool,
) -> Result<(Gpt, LoadReport), TransformersError> {
    let folder = folder.as_ref();
    let config = read_config(&folder.join(CONFIG))?;
    let path = folder.join(WEIGHTS);
    let (tensors, _) = load_safetensors(&path)?;
    check_size(&config, &tensors, &folder.join(CONFIG))?;
    let (model, report) = fill(config, tensors);
    let fits = if strict { report.is_exact() } else { report.mismatched.is_empty() };
    match fits {
        true => Ok((model, report)),
        false => Err(TransformersError::Mismatch { path, report: Box::new(report) }),
    }
}

fn read_config(path: &Path) -> Result<GptConfig, TransformersError> {
    let read_error = |source| TransformersError::io("read", path, source);
    let (file, mut text) = (File::open(path).map_err(read_error)?, Vec::new());
    file.take(LONGEST_CONFIG + 1).read_to_end(&mut text).map_err(read_error)?;
    if text.len() as u64 > LONGEST_CONFIG {
        return Err(TransformersError::config(path, "longer than a megabyte: no config"));
    }
    let text =
        String::from_utf8(text).map_err(|e| TransformersError::config(path, e.to_string()))?;
    config::read(&text).map_err(|problem| TransformersError::config(path, problem))
}

/// Before anything is allocated: a few bytes of config must not ask for the whole memory.
fn check_size(
    config: &GptConfig,
    tensors: &StateDict,
    path: &Path,
) -> Result<(), TransformersError> {
    let (wanted, there) = (config.parameter_count(), tensors.values().map(Tensor::numel).sum());
    // Not strict: some may be missing, and are then drawn.
    let most = usize::saturating_mul(there, 4);
    if wanted <= most {
        return Ok(());
    }
    let problem = format!(
        "a model of {wanted} parameters, and the file beside it holds {there} numbers; take both \
         from one model"
    );
    Err(TransformersError::config(path, problem))
}

/// A model of `config` with what `tensors` has for it.
fn fill(config: GptConfig, tensors: StateDict) -> (Gpt, LoadReport) {
    let (mut tensors, mut report) = (without_prefix(tensors), LoadReport::default());
    let mut model = Gpt::new(config, &mut Rng::new(0));
    model.visit_mut(&mut tinytorch_layers::Path::new(), &mut |path, slot| {
        let SlotMut::Tensor(tensor) = slot else { return };
        let place = place(path.as_str()).expect("every parameter of a GPT-2 has a place");
        match tensors.remove(&place.name) {
            None => report.missing.push(place.name),
            Some(saved) => {
                let saved = turned(saved, place.transposed);
                if (saved.kind(), saved.shape()) == ("f32", tensor.shape()) {
                    *tensor = saved.with_grad();
                    report.matched.push(place.name);
                } else {
                    report.mismatched.push(mismatch(place.name, tensor, &saved));
                }
            }
        }
    });
    for name in tensors.into_keys() {
        let head = model.head.is_none() && name == "lm_head.weight";
        let list =
            if head || is_mask(&name) { &mut report.ignored } else { &mut report.unexpected };
        list.push(name);
    }
    model.eval();
    (model, report)
}

/// As `[out, in]`.
fn turned(saved: Tensor, transposed: bool) -> Tensor {
    if transposed && saved.ndim() == 2 { saved.t().contiguous() } else { saved }
}

fn mismatch(name: String, model: &Tensor, saved: &Tensor) -> Mismatch {
    let look = |t: &Tensor| (t.kind(), t.shape());
    Mismatch { name, model: look(model), state_dict: look(saved) }
}

/// The names without `transformer.`. A file that has a name with and without it keeps both, and
/// the longer one is then unexpected.
fn without_prefix(tensors: StateDict) -> StateDict {
    let short = |name: &str| name.strip_prefix(PREFIX).map(str::to_string);
    let free = |name: &String| !tensors.contains_key(name);
    let renamed = |name: &String| short(name).filter(free).unwrap_or_else(|| name.clone());
    tensors.iter().map(|(name, tensor)| (renamed(name), tensor.clone())).collect()
}
