//! What becomes of each function: the lists of `exercises.toml`, held against a file.

use crate::exercises::{Exercise, Exercises};
use crate::find::{Found, Function};
use crate::names::Name;
use crate::problem::Problem;

/// What becomes of a function.
#[derive(Clone, Copy)]
pub(crate) enum Fate<'a> {
    Given,
    Removed,
    Cut(&'a Exercise),
}

/// An entry of the lists that names a function of the file.
struct Entry<'a> {
    text: &'a str,
    name: Name,
    fate: Fate<'a>,
}

fn entries<'a>(file: &str, spec: &'a Exercises) -> Vec<Entry<'a>> {
    let given = spec.given.iter().map(|text| (text, Fate::Given));
    let removed = spec.removed.iter().map(|text| (text, Fate::Removed));
    let cut = spec.exercises.iter().flat_map(|exercise| {
        exercise.functions.iter().map(move |text| (text, Fate::Cut(exercise)))
    });
    let all = given.chain(removed).chain(cut);
    let here = all.filter_map(|(text, fate)| {
        let (of, name) = text.split_once("::")?;
        (of == file).then(|| Entry { text, name: Name::listed(name), fate })
    });
    here.collect()
}

/// What becomes of each function of the file, in their order.
pub(crate) fn fates<'a>(
    found: &Found,
    file: &str,
    spec: &'a Exercises,
) -> Result<Vec<Fate<'a>>, Vec<Problem>> {
    let entries = entries(file, spec);
    let path = |name: &Name| format!("{file}::{name}");
    if spec.given_files.iter().any(|given| given == file) {
        let listed = entries.iter().map(|entry| Problem::ListedAndGiven(entry.text.to_string()));
        let problems: Vec<Problem> = listed.collect();
        return match problems.is_empty() {
            true => Ok(vec![Fate::Given; found.functions.len()]),
            false => Err(problems),
        };
    }
    let mut problems: Vec<Problem> =
        entries.iter().filter_map(|e| unclear(e, found, file)).collect();
    let mut fates = Vec::new();
    for function in &found.functions {
        let name = &function.name;
        let mut meant: Vec<&Entry> =
            entries.iter().filter(|entry| name.is_meant_by(&entry.name)).collect();
        if meant.iter().any(|entry| entry.name.row.is_some()) {
            meant.retain(|entry| entry.name.row.is_some()); // a row before its table
        }
        match meant.as_slice() {
            [] if function.bodies.is_empty() => fates.push(Fate::Given),
            [] => problems.push(Problem::Unlisted(path(name))),
            [entry] => {
                problems.extend(uncuttable(function, entry));
                fates.push(entry.fate);
            }
            _ => problems.push(Problem::ListedTwice(path(name))),
        }
    }
    problems.dedup(); // one function under several `cfg`s
    if problems.is_empty() { Ok(fates) } else { Err(problems) }
}

/// What is wrong with an entry by itself: no function is meant by it, or several are.
fn unclear(entry: &Entry, found: &Found, file: &str) -> Option<Problem> {
    let mut names: Vec<&Name> = Vec::new();
    for function in found.functions.iter().filter(|f| f.name.is_meant_by(&entry.name)) {
        let same = |name: &&Name| {
            let table = Name { row: None, ..function.name.clone() };
            **name == function.name || Name { row: None, ..(*name).clone() } == table
        };
        if !names.iter().any(same) {
            names.push(&function.name);
        }
    }
    let text = entry.text.to_string();
    match names.as_slice() {
        [] => Some(Problem::Missing(text)),
        [_] => None,
        several => {
            let several = several.iter().map(|name| format!("{file}::{name}"));
            Some(Problem::Ambiguous(text, several.collect()))
        }
    }
}

fn uncuttable(function: &Function, entry: &Entry) -> Option<Problem> {
    let why = match entry.fate {
        Fate::Given => None,
        Fate::Cut(_) => function.limit,
        Fate::Removed if function.item.is_none() => Some("a row of a table cannot be removed"),
        Fate::Removed => None,
    };
    why.map(|why| Problem::Uncuttable(entry.text.to_string(), why))
}
