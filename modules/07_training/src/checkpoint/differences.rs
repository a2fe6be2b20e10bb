//! What a checkpoint and the run it is to be restored into have not in common.

use std::collections::BTreeMap;

use tinytorch_layers::{Model, Module, StateDict};
use tinytorch_optimizers::Optimizer;

use super::{Checkpoint, parameters_of};
use crate::modes::Switches;
use crate::{Trainer, TrainingError};

impl Checkpoint {
    /// All that would not fit, in words.
    pub(super) fn differences(
        &self,
        trainer: &Trainer,
        model: &dyn Module,
        optimizer: &dyn Optimizer,
    ) -> Result<Vec<String>, TrainingError> {
        let mut found = Vec::new();
        let switches = Switches::of(model);
        let saved = self.read_switches()?;
        let metrics = trainer.metric_names().collect::<Vec<_>>().join("\n");
        let early = |there: bool| if there { "early stopping" } else { "no early stopping" };
        let words = [
            ("model", self.text("model")?, model.name()),
            ("optimizer", self.text("optimizer")?, optimizer.name()),
            ("metrics", self.text("metrics")?, &metrics),
            ("accumulate", self.text("accumulate")?, &trainer.options.accumulate.to_string()),
            (
                "trainer",
                early(self.metadata.contains_key("early")),
                early(trainer.options.early_stopping.is_some()),
            ),
        ];
        for (what, saved, own) in words {
            if saved != own {
                found.push(format!("{what}: {saved:?} in the checkpoint, {own:?} here"));
            }
        }
        let shapes = |tensors: StateDict| {
            tensors.into_iter().map(|(path, x)| (path, format!("{} {}", x.kind(), x.shape())))
        };
        compare("weight", shapes(self.weights()), shapes(model.state_dict()), &mut found);
        if let Some((_, Some(best))) = self.read_early()? {
            compare("best weight", shapes(best.weights), shapes(model.state_dict()), &mut found);
        }
        compare_memory(&self.kept("optimizer"), &model.state_dict(), &mut found);
        let trained = |paths: &str| {
            paths.lines().map(|path| (path.to_string(), "trained".to_string())).collect::<Vec<_>>()
        };
        let (saved_paths, own_paths) = (self.text("parameters")?, parameters_of(model));
        compare("parameter", trained(saved_paths), trained(&own_paths), &mut found);
        let kinds = |switches: &Switches| {
            let modes = switches.modes.keys().map(|path| (path.clone(), "mode".to_string()));
            let streams = switches.streams.keys();
            let streams = streams.map(|path| (path.clone(), "random stream".to_string()));
            modes.chain(streams).collect::<Vec<_>>()
        };
        compare("state", kinds(&saved), kinds(&switches), &mut found);
        Ok(found)
    }
}

/// Adds to `found` what the optimizer remembers of a parameter that is not there, or of another
/// shape. Entries are filed by kind and path (`momentum.fc1.weight`), each of its parameter's
/// shape; whole numbers are counts.
fn compare_memory(memory: &StateDict, model: &StateDict, found: &mut Vec<String>) {
    for (name, entry) in memory {
        let path = name.split_once('.').map_or("", |(_, path)| path);
        let saved = format!("optimizer state `{name}`: {} in the checkpoint", entry.shape());
        match model.get(path) {
            None => found.push(format!("{saved}, no such parameter here")),
            Some(parameter) if entry.kind() == "f32" && entry.shape() != parameter.shape() => {
                found.push(format!("{saved}, a parameter of {} here", parameter.shape()));
            }
            Some(_) => {}
        }
    }
}

/// Adds to `found` what the checkpoint says otherwise than the run it is to be restored into, path
/// by path.
fn compare(
    what: &str,
    saved: impl IntoIterator<Item = (String, String)>,
    own: impl IntoIterator<Item = (String, String)>,
    found: &mut Vec<String>,
) {
    let own = own.into_iter().collect::<BTreeMap<_, _>>();
    let saved = saved.into_iter().collect::<BTreeMap<_, _>>();
    for (path, saved) in &saved {
        match own.get(path) {
            None => found.push(format!("{what} `{path}`: {saved} in the checkpoint, none here")),
            Some(own) if own != saved => {
                found.push(format!("{what} `{path}`: {saved} in the checkpoint, {own} here"));
            }
            Some(_) => {}
        }
    }
    for (path, own) in own {
        if !saved.contains_key(&path) {
            found.push(format!("{what} `{path}`: none in the checkpoint, {own} here"));
        }
    }
}
