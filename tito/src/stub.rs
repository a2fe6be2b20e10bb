//! What a learner begins with: the answer key's files with the exercises cut out.

use cut::Source;

use crate::course::Module;
use crate::failure::Failure;
use crate::judge::answers;
use crate::syllabus;
use crate::tree::Tree;
use crate::workspace::files::Sources;

/// The files of a module's `src` as a learner gets them.
///
/// # Errors
/// The course lists a function that is not there, or leaves one out: then nothing is given, so
/// that no answer can be given by mistake.
pub fn of(tree: &Tree, module: &Module) -> Result<Sources, Failure> {
    let spec = syllabus::spec(tree, module)?;
    let path = format!("{}/exercises.toml", module.folder());
    let sources = answers::of(tree, module).into_iter().map(|(name, bytes)| {
        let text = String::from_utf8(bytes).map_err(|error| syllabus::malformed(&name, error))?;
        Ok(Source { file: name.strip_suffix(".rs").unwrap_or(&name).to_owned(), text })
    });
    let sources: Vec<Source> = sources.collect::<Result<_, Failure>>()?;
    let stubs = cut::module(&sources, &spec).map_err(|errors| {
        let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
        syllabus::malformed(&path, said.join("\n  "))
    })?;
    Ok(stubs.into_iter().map(|(file, it)| (format!("{file}.rs"), it.text.into_bytes())).collect())
}
