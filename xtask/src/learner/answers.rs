//! A module's files as a learner has them after some exercises.

use crate::course::Module;
use crate::scratch::Files;
use cut::{Cut, Exercise};

/// A learner's files, and what is still to be written in them.
pub struct Written {
    pub files: Files,
    pub cuts: Vec<Cut>,
}

/// The files with these exercises written, as the answer key has them, and holes in the places of
/// the others.
pub fn with(module: &Module, written: &[Exercise]) -> Result<Written, String> {
    let mut spec = module.exercises()?;
    let answers = written.iter().flat_map(|exercise| exercise.functions.clone());
    spec.given.extend(answers);
    spec.exercises.retain(|it| !written.iter().any(|exercise| exercise.id == it.id));
    let stubs = cut::module(&module.sources()?, &spec).map_err(|errors| {
        let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
        format!("module {}: {}", module.id, said.join("\n"))
    })?;
    let cuts = stubs.iter().flat_map(|(_, stub)| stub.cuts.clone()).collect();
    let file = |(name, stub): (String, cut::Stub)| (format!("{name}.rs"), stub.text.into_bytes());
    Ok(Written { files: stubs.into_iter().map(file).collect(), cuts })
}
