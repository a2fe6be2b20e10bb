//! All that a run is made of, in one file: stop anywhere, go on elsewhere, as if nothing had been.
//!
//! A checkpoint is a safetensors file, so that its weights open in any tool that reads those.
//!
//! | tensors | |
//! |---|---|
//! | `model.PATH` | parameters and buffers |
//! | `optimizer.NAME` | the optimizer's state: momenta, step counts |
//! | `group.PATH` | gradients gathered so far for the next update |
//! | `best.PATH` | the weights that early stopping would bring back |
//! | `history.batch_losses` | the curve |
//!
//! | metadata | |
//! |---|---|
//! | `format`, `version` | `tinytorch checkpoint`, `1` |
//! | `model`, `optimizer`, `parameters` | their kinds, and which paths are trained |
//! | `mode.PATH`, `stream.PATH` | training or evaluation; seed, stream, counter of dropout |
//! | `rng.NAME` | seed, stream, counter of what the user added |
//! | `lr`, `remembered` | the learning rate; how many tensors the optimizer's state has |
//! | `position` | epoch, batch, step: with them, the schedule's place and the loader's |
//! | `accumulate` | batches to an update |
//! | `group` | so far: batches, samples, samples of the first batch, gradients |
//! | `metrics`, `tally`, `history` | names; sums and samples of this epoch; the epochs before |
//! | `early` | epochs since the best, its epoch, its value |
//!
//! Numbers are written in as many digits as bring back their very bits.

mod differences;
mod run;
mod text;

use std::path::Path;

use tinytorch_layers::{Model, Module, StateDict};
use tinytorch_optimizers::Optimizer;
use tinytorch_tensor::{Rng, Tensor};

use self::text::{malformed, parse, parse_all, read_stream, write_stream};
use crate::{Metadata, Position, Trainer, TrainingError, load_safetensors, save_safetensors};

const FORMAT: &str = "tinytorch checkpoint";
const VERSION: &str = "1";

/// A run between two batches: enough to go on bit for bit as if it had never stopped.
///
/// # Example
/// ```
/// use tinytorch_layers::Linear;
/// use tinytorch_losses::mse_loss;
/// use tinytorch_optimizers::{Adam, AdamOptions};
/// use tinytorch_tensor::{Rng, Tensor};
/// use tinytorch_training::{Checkpoint, Trainer, TrainerOptions};
///
/// let setup = |seed| {
///     let mut rng = Rng::new(seed);
///     let model = Linear::new(2, 1, &mut rng);
///     let options = TrainerOptions { epochs: 4, ..Default::default() };
///     (model, Adam::new(AdamOptions::default()), Trainer::new(mse_loss, options))
/// };
/// let batches = |_, first| {
///     let batch = (Tensor::from([[1.0, 2.0]]), Tensor::from([[3.0]]));
///     std::iter::repeat_n(batch, 5).skip(first)
/// };
/// let path = std::env::temp_dir().join(format!("doc-{}.checkpoint", std::process::id()));
///
/// let (mut model, mut optimizer, mut trainer) = setup(1);
/// trainer.fit(&mut model, &mut optimizer, batches, &mut [])?;
/// Checkpoint::of(&trainer, &model, &optimizer).save(&path)?;
///
/// // Another day, another process.
/// let (mut model, mut optimizer, mut trainer) = setup(2);
/// Checkpoint::load(&path)?.restore(&mut trainer, &mut model, &mut optimizer)?;
/// assert_eq!(trainer.position().step, 20);
/// # std::fs::remove_file(path).unwrap();
/// # Ok::<(), tinytorch_training::TrainingError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Checkpoint {
    tensors: StateDict,
    metadata: Metadata,
}

impl Checkpoint {
    /// The run as it is now. Cheap: the tensors share their storage with the model's, and are
    /// copied when that is overwritten while the checkpoint still lives.
    pub fn of(trainer: &Trainer, model: &dyn Module, optimizer: &dyn Optimizer) -> Self {
        let mut checkpoint = Self { tensors: StateDict::new(), metadata: Metadata::new() };
        checkpoint.note("format", FORMAT);
        checkpoint.note("version", VERSION);
        checkpoint.note("model", model.name());
        checkpoint.note("optimizer", optimizer.name());
        checkpoint.note("parameters", parameters_of(model));
        checkpoint.note("lr", optimizer.learning_rate());
        checkpoint.keep("model", model.state_dict());
        let memory = optimizer.state_dict();
        checkpoint.note("remembered", memory.len());
        checkpoint.keep("optimizer", memory);
        checkpoint.write_switches(model);
        checkpoint.write_run(trainer, model);
        checkpoint
    }

    /// Adds a random stream of the user's own; [`rng`](Self::rng) gives it back.
    pub fn with_rng(mut self, name: &str, rng: &Rng) -> Self {
        self.note(&format!("rng.{name}"), write_stream(rng.state()));
        self
    }

    /// The random stream that was saved under that name, where it was.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn rng(&self, name: &str) -> Result<Rng, TrainingError> {
        read_stream(self.text(&format!("rng.{name}"))?).map(Rng::from_state)
    }

    /// Where the run was.
    ///
    /// # Errors
    /// When the file does not say.
    pub fn position(&self) -> Result<Position, TrainingError> {
        let [epoch, batch, step] = parse_all(self.text("position")?)?;
        Ok(Position { epoch, batch, step })
    }

    /// The model's parameters and buffers, to be used without going on with the run.
    pub fn weights(&self) -> StateDict {
        self.kept("model")
    }

    /// Writes the file `path`, whole or not at all: a file that was there before stays until the
    /// new one is on the disk.
    ///
    /// # Errors
    /// As [`save_safetensors`].
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), TrainingError> {
        save_safetensors(path, &self.tensors, &self.metadata)
    }

    /// Reads the file `path`.
    ///
    /// # Errors
    /// As [`load_safetensors`], and when the file is no checkpoint, or one of an unknown version.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, TrainingError> {
        let (tensors, metadata) = load_safetensors(&path)?;
        let checkpoint = Self { tensors, metadata };
        let check = || {
            if checkpoint.metadata.get("format").is_none_or(|format| format != FORMAT) {
                return Err(malformed("its metadata has no `format` of a checkpoint"));
            }
            match checkpoint.text("version")? {
                VERSION => Ok(()),
                found => Err(TrainingError::UnknownVersion { found: found.to_string() }),
            }
        };
        check().map_err(|error| error.in_file(path.as_ref()))?;
        Ok(checkpoint)
    }

    /// Puts trainer, model and optimizer where they were, all of them or none.
    ///
    /// They must have been set up as they were for the run that was saved: the same kinds and
    /// shapes, the same metrics, the same number of batches to an update. What may differ: the
    /// number of epochs, the schedule, clipping, and early stopping's patience.
    ///
    /// # Errors
    /// [`TrainingError::Mismatch`] with every difference; nothing has been changed then.
    pub fn restore(
        &self,
        trainer: &mut Trainer,
        model: &mut dyn Module,
        optimizer: &mut dyn Optimizer,
    ) -> Result<(), TrainingError> {
        let differences = self.differences(trainer, model, optimizer)?;
        if !differences.is_empty() {
            return Err(TrainingError::Mismatch { differences });
        }
        let run = self.read_run(trainer, model)?;
        let switches = self.read_switches()?;
        let early = self.read_early()?;
        let lr = self.read_lr()?;
        let memory = self.kept("optimizer");
        if memory.len() != parse::<usize>(self.text("remembered")?)? {
            return Err(malformed("the optimizer's state is not complete"));
        }
        let loaded = optimizer.load_state_dict(&memory);
        loaded.map_err(|error| TrainingError::Mismatch { differences: vec![error.to_string()] })?;
        // From here on nothing can fail.
        optimizer.set_learning_rate(lr);
        model.load_state_dict(&self.weights()).expect("names and shapes were compared");
        switches.set(model);
        if let (Some(early), Some((since, best))) = (&mut trainer.options.early_stopping, early) {
            early.since = since;
            early.best = best;
        }
        trainer.run = run;
        Ok(())
    }

    fn note(&mut self, key: &str, value: impl ToString) {
        self.metadata.insert(key.to_string(), value.to_string());
    }

    fn text(&self, key: &str) -> Result<&str, TrainingError> {
        let text = self.metadata.get(key).map(String::as_str);
        text.ok_or_else(|| malformed(format!("its metadata has no `{key}`")))
    }

    fn keep(&mut self, prefix: &str, tensors: StateDict) {
        let named = tensors.into_iter().map(|(name, tensor)| (format!("{prefix}.{name}"), tensor));
        self.tensors.extend(named);
    }

    /// What was kept under `prefix`.
    fn kept(&self, prefix: &str) -> StateDict {
        let own = |(name, tensor): (&String, &Tensor)| {
            let name = name.strip_prefix(prefix)?.strip_prefix('.')?;
            Some((name.to_string(), tensor.clone()))
        };
        self.tensors.iter().filter_map(own).collect()
    }
}

/// The paths of the parameters that are trained, a line each.
fn parameters_of(model: &dyn Module) -> String {
    let paths = model.named_parameters().into_iter().map(|(path, _)| path);
    paths.collect::<Vec<_>>().join("\n")
}
