//! What learners start with, and whether it is fit for them.

use crate::checks;
use crate::course::{Course, Module};
use crate::files;
use crate::leaks::Given;
use crate::scratch::{Built, Files, Scratch, build_key, files_of};
use cut::Stub;
use std::path::Path;
use toml::{Table, Value};

/// What a learner's module gets to start with.
struct Start {
    stubs: Vec<(String, Stub)>,
    given: Given,
}

impl Start {
    fn of(module: &Module) -> Result<Result<Self, Vec<String>>, String> {
        let cut = cut::module(&module.sources()?, &module.exercises()?);
        Ok(match cut {
            Ok(stubs) => Ok(Self { given: Given::new(module, &stubs), stubs }),
            Err(errors) => {
                let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
                let said = lines.iter().flat_map(|error| error.lines());
                Err(said.map(|line| format!("module {}: {line}", module.id)).collect())
            }
        })
    }
}

/// Derives the stubs of `modules` and verifies them. Returns what is wrong.
pub fn verify(
    course: &Course,
    modules: &[&Module],
    out: Option<&Path>,
) -> Result<Vec<String>, String> {
    let (mut findings, mut starts) = (Vec::new(), Vec::new());
    for module in modules {
        match Start::of(module)? {
            Ok(start) => starts.push((*module, start)),
            Err(problems) => findings.extend(problems),
        }
    }
    for (module, start) in &starts {
        if let Some(out) = out {
            let folder = out.join(module.folder_name()).join("src");
            files::settle(&folder, &sources(&start.stubs))?;
        }
        let cuts: Vec<cut::Cut> =
            start.stubs.iter().flat_map(|(_, stub)| stub.cuts.clone()).collect();
        findings.extend(starts.iter().flat_map(|(_, other)| other.given.leaks(&cuts)));
        let problems = trial(course, module, start)?;
        let verdict = if problems.is_empty() { "fit" } else { "not fit" };
        let (files, holes) = (start.stubs.len(), cuts.len());
        println!("{}  {files} files, {holes} bodies cut out: {verdict}", module.folder_name());
        findings.extend(problems.into_iter().map(|said| format!("module {}: {said}", module.id)));
    }
    Ok(findings)
}

/// Compiles and checks the stubs of a module, and then the answer key.
fn trial(course: &Course, module: &Module, start: &Start) -> Result<Vec<String>, String> {
    let scratch = Scratch::new(course, module, "stubs", 0)?;
    scratch.put(&learners(module, &start.stubs)?)?;
    let mut problems = Vec::new();
    match scratch.build()? {
        Built::Errors(said) => problems.push(format!("the stubs do not compile\n{said}")),
        Built::Program(program, said) => {
            if !said.is_empty() {
                problems.push(format!("the stubs compile with warnings\n{said}"));
            }
            let outcomes = checks::run(&program, &["--patience", "4"])?;
            for outcome in outcomes.iter().filter(|outcome| outcome.passed()) {
                problems.push(format!(
                    "check {} passes where nothing is written: {}",
                    outcome.check, outcome.fact
                ));
            }
            let ended = outcomes.iter().filter(|outcome| outcome.status == "ended the process");
            problems
                .extend(ended.map(|outcome| format!("check {} ends the process", outcome.check)));
        }
    }
    problems.extend(of_the_key(course, module)?);
    Ok(problems)
}

/// What is wrong with the answer key: every check must pass.
fn of_the_key(course: &Course, module: &Module) -> Result<Vec<String>, String> {
    let program = match build_key(course, module) {
        Ok(program) => program,
        Err(said) => return Ok(vec![format!("the answer key's checks do not compile\n{said}")]),
    };
    let outcomes = checks::run(&program, &["--patience", "4"])?;
    let failed = outcomes.iter().filter(|outcome| !outcome.passed()).map(|outcome| {
        let (check, status) = (&outcome.check, &outcome.status);
        format!("check {check} is {status} with the answer key: {}", outcome.text())
    });
    Ok(failed.collect())
}

fn sources(stubs: &[(String, Stub)]) -> Files {
    stubs.iter().map(|(file, stub)| (format!("{file}.rs"), stub.text.clone().into())).collect()
}

/// A module's folder with the stubs in it.
fn learners(module: &Module, stubs: &[(String, Stub)]) -> Result<Files, String> {
    let mut files = files_of(module)?;
    files.retain(|name, _| !(name.starts_with("src/") && name.ends_with(".rs")));
    files.extend(sources(stubs).into_iter().map(|(name, text)| (format!("src/{name}"), text)));
    let manifest = files.get_mut("Cargo.toml").ok_or("a module without a Cargo.toml")?;
    *manifest = learners_manifest(&String::from_utf8_lossy(manifest))?.into();
    Ok(files)
}

/// A learner's crate knows `exercise!`, and is not told of what it does not use yet.
fn learners_manifest(text: &str) -> Result<String, String> {
    let mut manifest: Table = toml::from_str(text).map_err(|e| e.to_string())?;
    let lints = [(
        "rust".to_string(),
        Value::from(Table::from_iter([("unused".to_string(), Value::from("allow"))])),
    )];
    manifest.insert("lints".to_string(), Value::from(Table::from_iter(lints)));
    let dependencies = manifest.entry("dependencies").or_insert(Value::from(Table::new()));
    let own = Table::from_iter([("workspace".to_string(), Value::from(true))]);
    if let Some(dependencies) = dependencies.as_table_mut() {
        dependencies.insert("exercise".to_string(), Value::from(own));
    }
    toml::to_string(&manifest).map_err(|e| e.to_string())
}
