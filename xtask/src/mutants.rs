//! Known mistakes, made on purpose: the checks must catch each of them and name its cause.

use crate::checks::{self, Outcome};
use crate::course::{Course, Module};
use crate::mistakes::Mistake;
use crate::scratch::{Built, Files, Scratch, files_of};
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// How many mistakes are tried at the same time unless told: the compiler has threads of its own.
pub fn jobs() -> usize {
    thread::available_parallelism().map_or(1, |cores| cores.get().div_ceil(4))
}

/// Which mistakes are made.
#[derive(clap::Args)]
pub struct Choice {
    /// Only mistakes whose name contains this
    #[arg(long)]
    only: Option<String>,
    /// One part of several, such as 2/6: each sixth mistake, from the third on
    #[arg(long, value_name = "K/N", value_parser = part)]
    part: Option<(usize, usize)>,
    /// How many to try at the same time
    #[arg(long, default_value_t = jobs())]
    jobs: usize,
}

fn part(text: &str) -> Result<(usize, usize), String> {
    let numbers = text.split_once('/').and_then(|(k, n)| Some((k.parse().ok()?, n.parse().ok()?)));
    numbers.filter(|(k, n)| k < n).ok_or_else(|| "a part is K/N with K from 0 to N - 1".to_owned())
}

/// A mistake to make, and where.
struct Trial<'a> {
    module: &'a Module,
    mistake: Mistake,
}

/// What became of it: the first line of what a learner reads, or why it is not caught.
type Judgment = Result<String, String>;

/// Makes the chosen mistakes of `modules`. Returns those that survive.
pub fn verify(
    course: &Course,
    modules: &[&Module],
    choice: &Choice,
) -> Result<Vec<String>, String> {
    let only = |mistake: &Mistake| choice.only.as_ref().is_none_or(|it| mistake.name.contains(it));
    let (first, every) = choice.part.unwrap_or((0, 1));
    let mut trials = Vec::new();
    for module in modules {
        let mistakes = module.mistakes()?.mistakes.into_iter().filter(only);
        let mistakes = mistakes.skip(first).step_by(every);
        trials.extend(mistakes.map(|mistake| Trial { module, mistake }));
    }
    let next = AtomicUsize::new(0);
    let findings = Mutex::new(Vec::new());
    let work = |worker: usize| -> Result<(), String> {
        let mut modules = HashMap::new();
        while let Some(trial) = trials.get(next.fetch_add(1, Ordering::Relaxed)) {
            let id = &trial.module.id;
            if !modules.contains_key(id) {
                modules.insert(id, OnTrial::new(course, trial.module, worker)?);
            }
            let judgment = modules[id].judge(&trial.mistake)?;
            let mut findings = findings.lock().expect("no worker panics");
            println!("{}", row(trial, &judgment));
            if let Err(why) = judgment {
                findings.push(format!("module {id}: \"{}\" {why}", trial.mistake.name));
            }
        }
        Ok(())
    };
    thread::scope(|scope| {
        let workers: Vec<_> =
            (0..choice.jobs.max(1)).map(|i| scope.spawn(move || work(i))).collect();
        workers.into_iter().try_for_each(|worker| worker.join().expect("no worker panics"))
    })?;
    let findings = findings.into_inner().expect("no worker panics");
    println!("{} of {} mistakes are caught and named", trials.len() - findings.len(), trials.len());
    Ok(findings)
}

/// A line of the table: caught or not, exercise, mistake, and what a learner reads first.
fn row(trial: &Trial, judgment: &Judgment) -> String {
    let (verdict, said) = match judgment {
        Ok(said) => ("caught  ", said),
        Err(why) => ("survived", why),
    };
    let first = said.lines().next().unwrap_or_default();
    format!("{verdict}  {:<6}  {:<44}  {first}", trial.mistake.exercise, trial.mistake.name)
}

/// A module that mistakes are made in.
struct OnTrial {
    scratch: Scratch,
    key: Files,
}

impl OnTrial {
    /// Sets the module up, with no mistake in it: then all its checks must pass.
    fn new(course: &Course, module: &Module, worker: usize) -> Result<Self, String> {
        let (scratch, key) = (Scratch::new(course, module, "mutants", worker)?, files_of(module)?);
        scratch.put(&key)?;
        let program = match scratch.build()? {
            Built::Program(program, _) => program,
            Built::Errors(said) => return Err(format!("module {}: {said}", module.id)),
        };
        let outcomes = checks::run(&program, &["--patience", "4"])?;
        match outcomes.iter().find(|outcome| !outcome.passed()) {
            Some(outcome) => Err(format!(
                "module {}: check {} does not pass without any mistake",
                module.id, outcome.check
            )),
            None => Ok(Self { scratch, key }),
        }
    }

    fn judge(&self, mistake: &Mistake) -> Result<Judgment, String> {
        let mut files = self.key.clone();
        let Some(file) = files.get_mut(&mistake.file) else {
            return Ok(Err(format!("is in {}, which does not exist", mistake.file)));
        };
        match mistake.made_in(&String::from_utf8_lossy(file)) {
            Ok(text) => *file = text.into_bytes(),
            Err(why) => return Ok(Err(why)),
        }
        self.scratch.put(&files)?;
        let program = match self.scratch.build()? {
            Built::Program(program, _) => program,
            Built::Errors(said) => {
                let error = said.lines().find(|line| line.starts_with("error"));
                return Ok(Err(format!("does not compile: {}", error.unwrap_or(&said))));
            }
        };
        let own = checks::run(&program, &["--patience", "2", "--only", &mistake.exercise]);
        let caught = judgment(mistake, &own?);
        Ok(match caught {
            Err(Missed::Silent) => Err(elsewhere(mistake, &checks::run(&program, &[])?)),
            Err(Missed::Unnamed(said)) => Err(format!("is caught, but not named: {said}")),
            Ok(said) => Ok(said),
        })
    }
}

/// Why a mistake is not caught.
#[derive(Debug, PartialEq)]
enum Missed {
    /// No check of the exercise fails.
    Silent,
    /// Some do, and say this instead.
    Unnamed(String),
}

/// What the exercise's checks make of a mistake: the text that says what it should.
fn judgment(mistake: &Mistake, outcomes: &[Outcome]) -> Result<String, Missed> {
    let own = outcomes.iter().filter(|outcome| outcome.exercise == mistake.exercise);
    let failed: Vec<&Outcome> = own.filter(|outcome| !outcome.passed()).collect();
    let text = |outcome: &&Outcome| match outcome.status.as_str() {
        status @ ("too slow" | "ended the process") => format!("{status}: {}", outcome.text()),
        _ => outcome.text(),
    };
    let texts: Vec<String> = failed.iter().map(text).collect();
    match texts.iter().find(|text| text.contains(&mistake.says)) {
        Some(text) => Ok(text.clone()),
        None if texts.is_empty() => Err(Missed::Silent),
        None => Err(Missed::Unnamed(texts.join(" / ").replace('\n', "; "))),
    }
}

/// Which checks of other exercises catch a mistake that its own does not.
fn elsewhere(mistake: &Mistake, outcomes: &[Outcome]) -> String {
    let failed = outcomes.iter().filter(|outcome| !outcome.passed());
    let checks: Vec<&str> = failed.map(|outcome| outcome.check.as_str()).collect();
    match checks.as_slice() {
        [] => "is not caught by any check".to_string(),
        checks => format!(
            "is not caught by the checks of {}, only by {}",
            mistake.exercise,
            checks.join(", ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistake(says: &str) -> Mistake {
        Mistake {
            name: "sizes are added".into(),
            file: "src/lib.rs".into(),
            find: "product".into(),
            replace: "sum".into(),
            exercise: "01.1".into(),
            says: says.into(),
        }
    }

    fn outcome(check: &str, exercise: &str, status: &str, fact: &str) -> Outcome {
        Outcome {
            check: check.into(),
            exercise: exercise.into(),
            status: status.into(),
            fact: fact.into(),
            ..Outcome::default()
        }
    }

    #[test]
    fn only_the_checks_of_its_own_exercise_catch_a_mistake() {
        let own = outcome("01.1.a", "01.1", "wrong", "sizes multiply");
        let other = outcome("01.10.a", "01.10", "wrong", "sizes multiply");
        let passed = outcome("01.1.b", "01.1", "passed", "sizes multiply");
        let found = judgment(&mistake("multiply"), &[passed.clone(), own.clone()]);
        assert_eq!(found.as_deref(), Ok("sizes multiply"));
        assert_eq!(judgment(&mistake("multiply"), &[passed, other.clone()]), Err(Missed::Silent));
        let unnamed = judgment(&mistake("strides"), &[own]);
        assert_eq!(unnamed, Err(Missed::Unnamed("sizes multiply".into())));
        assert!(elsewhere(&mistake(""), &[other]).ends_with("only by 01.10.a"));
    }

    #[test]
    fn a_check_that_never_ends_catches_by_that() {
        let slow = outcome("01.1.a", "01.1", "too slow", "an end");
        assert!(judgment(&mistake("too slow"), &[slow]).is_ok());
    }
}
