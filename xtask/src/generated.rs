//! Mistakes that a machine makes up: `cargo-mutants` lists them, the checks of the module judge.
//!
//! cargo-mutants itself runs a crate's unit tests, which learners do not have. So only its list is
//! used; each change is tried as the mistakes of `mistakes.toml` are.

use crate::checks;
use crate::course::{Course, Module};
use crate::scratch::{Built, Files, Scratch, files_of};
use cut::Exercises;
use serde::Deserialize;
use std::process::Command;

/// What share of the mistakes that compile has to be caught, in percent.
const CAUGHT: usize = 85;

/// Which of the many are tried.
#[derive(clap::Args)]
pub struct Choice {
    /// How many that compile are tried in each module
    #[arg(long, default_value_t = 32)]
    sample: usize,
    /// Another number draws others
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Those in given functions too, which the checks do not promise to judge
    #[arg(long)]
    given: bool,
}

/// A change, as `cargo mutants --list --json` tells it.
#[derive(Clone, Deserialize)]
struct Change {
    /// Seen from the repository.
    file: String,
    replacement: String,
    span: Span,
    /// In words, with the place in front.
    name: String,
}

#[derive(Clone, Deserialize)]
struct Span {
    start: Place,
    end: Place,
}

/// Both count from 1, the column in characters.
#[derive(Clone, Deserialize)]
struct Place {
    line: usize,
    column: usize,
}

/// What became of a change.
enum Fate {
    /// This check is the first that did not pass.
    Caught(String),
    Survived,
    DoesNotCompile,
}

/// Tries a sample in each of `modules`. Returns the modules in which too few are caught.
pub fn verify(
    course: &Course,
    modules: &[&Module],
    choice: &Choice,
) -> Result<Vec<String>, String> {
    let mut findings = Vec::new();
    for module in modules {
        let (caught, viable) = try_sample(course, module, choice)?;
        let percent = (100 * caught).checked_div(viable).unwrap_or(100);
        println!("{}  {caught} of {viable} are caught: {percent} %\n", module.folder_name());
        if percent < CAUGHT {
            findings.push(format!("module {}: {percent} % are caught, not {CAUGHT}", module.id));
        }
    }
    Ok(findings)
}

fn try_sample(course: &Course, module: &Module, choice: &Choice) -> Result<(usize, usize), String> {
    let mut changes = list(course, module)?;
    let exercises = module.exercises()?;
    let key = files_of(module)?;
    if !choice.given {
        changes.retain(|change| is_in_an_exercise(change, module, &key, &exercises));
    }
    shuffle(&mut changes, choice.seed);
    println!("{}  {} to choose from", module.folder_name(), changes.len());
    let scratch = Scratch::new(course, module, "generated", 0)?;
    let (mut caught, mut viable) = (0, 0);
    for change in changes {
        if viable == choice.sample {
            break;
        }
        let fate = judge(&change, module, &key, &scratch)?;
        let (verdict, by) = match &fate {
            Fate::DoesNotCompile => continue,
            Fate::Caught(check) => ("caught  ", check.as_str()),
            Fate::Survived => ("survived", ""),
        };
        viable += 1;
        caught += usize::from(matches!(fate, Fate::Caught(_)));
        println!("{verdict}  {by:<24}  {}", change.name);
    }
    scratch.put(&key)?;
    Ok((caught, viable))
}

/// All changes that cargo-mutants knows for a module.
fn list(course: &Course, module: &Module) -> Result<Vec<Change>, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["mutants", "--list", "--json", "--package", &module.package]);
    let output = command.current_dir(&course.root).output().map_err(|e| format!("cargo: {e}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{}\ncargo install cargo-mutants brings it", said.trim()));
    }
    serde_json::from_slice(&output.stdout).map_err(|e| format!("cargo mutants: {e}"))
}

fn judge(change: &Change, module: &Module, key: &Files, scratch: &Scratch) -> Result<Fate, String> {
    let (name, text) = changed(change, module, key)?;
    let mut files = key.clone();
    files.insert(name, text.into_bytes());
    scratch.put(&files)?;
    let program = match scratch.build()? {
        Built::Program(program, _) => program,
        Built::Errors(_) => return Ok(Fate::DoesNotCompile),
    };
    let outcomes = checks::run(&program, &["--patience", "2"])?;
    let failed = outcomes.into_iter().find(|outcome| !outcome.passed());
    Ok(failed.map_or(Fate::Survived, |outcome| Fate::Caught(outcome.check)))
}

/// The file that is changed, seen from the module, and its text then.
fn changed(change: &Change, module: &Module, key: &Files) -> Result<(String, String), String> {
    let folder = format!("modules/{}/", module.folder_name());
    let name = change.file.strip_prefix(&folder).unwrap_or(&change.file).to_string();
    let content = key.get(&name).ok_or_else(|| format!("{name} is not in {folder}"))?;
    let text = String::from_utf8_lossy(content);
    let (start, end) = (offset(&text, &change.span.start), offset(&text, &change.span.end));
    Ok((name, format!("{}{}{}", &text[..start], change.replacement, &text[end..])))
}

fn offset(text: &str, place: &Place) -> usize {
    let above: usize = text.split_inclusive('\n').take(place.line - 1).map(str::len).sum();
    let line = text[above..].char_indices().map(|(i, _)| i).nth(place.column - 1);
    above + line.unwrap_or(text.len() - above)
}

/// Whether a change is in what a learner writes: then a learner's file does not show it.
fn is_in_an_exercise(change: &Change, module: &Module, key: &Files, exercises: &Exercises) -> bool {
    let Ok((name, text)) = changed(change, module, key) else { return false };
    let Some(file) = name.strip_prefix("src/").and_then(|it| it.strip_suffix(".rs")) else {
        return false;
    };
    let whole = String::from_utf8_lossy(&key[&name]).into_owned();
    let stub = |text: &str| cut::cut(text, file, exercises).map(|stub| stub.text);
    match (stub(&whole), stub(&text)) {
        (Ok(before), Ok(after)) => before == after,
        _ => false,
    }
}

/// Fisher and Yates, by splitmix64: the same order for the same seed.
fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut state = seed;
    for i in (1..items.len()).rev() {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut random = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        random = (random ^ (random >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        items.swap(i, ((random ^ (random >> 31)) % (i as u64 + 1)) as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_found_by_line_and_character() {
        let text = "a\n\u{e4}b + c\n";
        let at = |line, column| offset(text, &Place { line, column });
        assert_eq!(&text[at(2, 4)..at(2, 5)], "+");
        assert_eq!(at(3, 1), text.len());
    }

    #[test]
    fn a_seed_draws_the_same_again_and_nothing_is_lost() {
        let drawn = |seed| {
            let mut items: Vec<u32> = (0..50).collect();
            shuffle(&mut items, seed);
            items
        };
        assert_eq!(drawn(1), drawn(1));
        assert_ne!(drawn(1), drawn(2));
        let mut sorted = drawn(3);
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..50));
    }
}
