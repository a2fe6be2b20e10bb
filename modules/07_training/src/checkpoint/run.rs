//! The trainer's own part of a checkpoint.

use tinytorch_autograd::{Backward, BackwardOptions, Gradients};
use tinytorch_layers::{Model, Module, StateDict};
use tinytorch_tensor::Tensor;

use super::Checkpoint;
use super::text::{
    join, malformed, parse, parse_all, read_epochs, read_stream, read_tally, write_epochs,
    write_stream, write_tally,
};
use crate::early_stopping::Best;
use crate::fit::Group;
use crate::modes::Switches;
use crate::trainer::Run;
use crate::{History, Trainer, TrainingError};

impl Checkpoint {
    /// Writes the modes and the random streams of the model.
    pub(super) fn write_switches(&mut self, model: &dyn Module) {
        let switches = Switches::of(model);
        for (path, training) in &switches.modes {
            self.note(&format!("mode.{path}"), training);
        }
        for (path, &stream) in &switches.streams {
            self.note(&format!("stream.{path}"), write_stream(stream));
        }
    }

    /// Reads the modes and the random streams of the model.
    pub(super) fn read_switches(&self) -> Result<Switches, TrainingError> {
        let mut switches = Switches::default();
        for (key, text) in &self.metadata {
            if let Some(path) = key.strip_prefix("mode.") {
                switches.modes.insert(path.to_string(), parse(text)?);
            } else if let Some(path) = key.strip_prefix("stream.") {
                switches.streams.insert(path.to_string(), read_stream(text)?);
            }
        }
        Ok(switches)
    }

    /// Writes where the trainer is.
    pub(super) fn write_run(&mut self, trainer: &Trainer, model: &dyn Module) {
        let Run { position, tally, group, history } = &trainer.run;
        self.note("position", join([position.epoch, position.batch, position.step]));
        self.note("accumulate", trainer.options.accumulate);
        self.note("metrics", trainer.metric_names().collect::<Vec<_>>().join("\n"));
        self.note("tally", write_tally(tally));
        self.note("history", write_epochs(&history.epochs));
        let losses = Tensor::from_vec(history.batch_losses.clone(), [history.batch_losses.len()]);
        self.tensors.insert("history.batch_losses".to_string(), losses);
        let named = model.named_parameters().into_iter();
        let gathered = |(path, x)| Some((path, group.sum.as_ref()?.get(x)?.clone()));
        let gathered = named.filter_map(gathered).collect::<StateDict>();
        let Group { batches, samples, first_samples, .. } = *group;
        self.note("group", join([batches, samples, first_samples, gathered.len()]));
        self.keep("group", gathered);
        if let Some(early) = trainer.early_stopping() {
            self.note("early", early.since);
            if let Some(Best { epoch, value, weights }) = &early.best {
                self.note("early", format!("{} {epoch} {value}", early.since));
                self.keep("best", weights.clone());
            }
        }
    }

    /// Reads where the trainer was.
    pub(super) fn read_run(
        &self,
        trainer: &Trainer,
        model: &dyn Module,
    ) -> Result<Run, TrainingError> {
        let names = trainer.metric_names().collect::<Vec<_>>();
        let tally = read_tally(self.text("tally")?)?;
        if tally.metrics.len() != names.len() {
            return Err(malformed("`tally` and `metrics` do not belong together"));
        }
        let losses = self.tensors.get("history.batch_losses");
        let losses = losses.filter(|losses| losses.kind() == "f32" && losses.ndim() == 1);
        let losses = losses.ok_or_else(|| malformed("no `history.batch_losses`"))?;
        Ok(Run {
            position: self.position()?,
            tally,
            group: self.read_group(model, trainer.options.accumulate)?,
            history: History {
                batch_losses: losses.to_vec(),
                epochs: read_epochs(self.text("history")?, &names)?,
            },
        })
    }

    /// The gradients gathered for the next update.
    fn read_group(&self, model: &dyn Module, accumulate: usize) -> Result<Group, TrainingError> {
        let [batches, samples, first_samples, count] = parse_all(self.text("group")?)?;
        let gathered = self.kept("group");
        let mut sum = Gradients::new();
        for (path, parameter) in model.named_parameters() {
            let Some(gradient) = gathered.get(&path) else { continue };
            if gradient.kind() != "f32" || gradient.shape() != parameter.shape() {
                let (got, wanted) = (gradient.shape(), parameter.shape());
                return Err(malformed(format!("a gradient of {got} for `{path}` of {wanted}")));
            }
            // The gradient of a parameter by itself is the one that the walk begins with.
            let gradient = Some(gradient.clone());
            let options = BackwardOptions { gradient, ..Default::default() };
            sum.add(parameter.backward_with(options));
        }
        let found = (sum.len(), gathered.len());
        if found != (count, count) || (batches == 0) != (count == 0) {
            let (fit, all) = found;
            return Err(malformed(format!("{all} gradients, of which {fit} fit, not {count}")));
        }
        if batches > 0 && (batches >= accumulate || first_samples == 0 || samples < first_samples) {
            return Err(malformed(format!("gradients of {batches} batches, {samples} samples")));
        }
        Ok(Group { sum: (batches > 0).then_some(sum), batches, samples, first_samples })
    }

    /// Reads a learning rate that an optimizer takes.
    pub(super) fn read_lr(&self) -> Result<f32, TrainingError> {
        let lr = parse::<f32>(self.text("lr")?)?;
        let sound = lr >= 0.0 && lr.is_finite();
        sound.then_some(lr).ok_or_else(|| malformed(format!("the learning rate {lr}")))
    }

    /// What early stopping had seen, where there was any: epochs since the best, and the best.
    pub(super) fn read_early(&self) -> Result<Option<(usize, Option<Best>)>, TrainingError> {
        let Some(text) = self.metadata.get("early") else { return Ok(None) };
        Ok(Some(match text.split_once(' ') {
            None => (parse(text)?, None),
            Some((since, best)) => {
                let [epoch, value] = parse_all::<String, 2>(best)?;
                let (epoch, value) = (parse(&epoch)?, parse(&value)?);
                (parse(since)?, Some(Best { value, epoch, weights: self.kept("best") }))
            }
        }))
    }
}
