//! What must hold in what is written of a course.

mod ids;
mod lesson;
mod needs;
mod prose;

use crate::checks::{self, Outcome};
use crate::course::{Course, Module};
use crate::mistakes::Mistake;
use crate::scratch::build_key;
use cut::{Exercises, Kind, Questions};
use ids::Ids;
use std::collections::BTreeSet;

/// The fewest checks of an exercise: one that asks for little, and one that cannot be guessed.
const FEWEST_CHECKS: usize = 2;
/// The fewest mistakes of a module: six that are known, six more.
const FEWEST_MISTAKES: usize = 12;

/// Checks `modules`. Returns what does not hold. New ids are added to the list if `add_ids`.
pub fn verify(course: &Course, modules: &[&Module], add_ids: bool) -> Result<Vec<String>, String> {
    let mut findings = Vec::new();
    let mut ids = Ids::read(&course.root.join("course/ids.txt"))?;
    for module in modules {
        let audit = Audit::of(course, module)?;
        let found = audit.findings();
        let exercises = audit.exercises.exercises.len();
        println!(
            "{}  {exercises} exercises, {} points, {} checks, {} mistakes, {} words: {}",
            module.folder_name(),
            audit.exercises.points(),
            audit.checks.len(),
            audit.mistakes.len(),
            lesson::words(&audit.lesson),
            if found.is_empty() { "sound" } else { "not sound" }
        );
        findings.extend(found.into_iter().map(|said| format!("module {}: {said}", module.id)));
        findings.extend(ids.hold(&module.id, &audit.ids(), add_ids));
    }
    ids.write()?;
    Ok(findings)
}

/// All that is written of a module.
struct Audit<'a> {
    course: &'a Course,
    module: &'a Module,
    exercises: Exercises,
    questions: Questions,
    mistakes: Vec<Mistake>,
    checks: Vec<Outcome>,
    lesson: String,
}

impl<'a> Audit<'a> {
    fn of(course: &'a Course, module: &'a Module) -> Result<Self, String> {
        let program = build_key(course, module).map_err(|e| format!("{}\n{e}", module.checks()))?;
        Ok(Self {
            course,
            module,
            exercises: module.exercises()?,
            questions: module.questions()?,
            mistakes: module.mistakes()?.mistakes,
            checks: checks::run(&program, &["--list"])?,
            lesson: module.text("lesson.md")?,
        })
    }

    fn findings(&self) -> Vec<String> {
        let mut findings = self.exercises.faults(&self.module.id);
        findings.extend(self.listing());
        findings.extend(self.questions.faults(&self.module.id));
        findings.extend(self.of_checks());
        findings.extend(self.of_mistakes());
        findings.extend(needs::findings(self.course, self.module));
        let questions = self.questions.questions.iter().map(|question| question.id.as_str());
        let exercises = self.exercises.exercises.iter().map(|exercise| exercise.id.as_str());
        let (exercises, questions): (Vec<_>, Vec<_>) = (exercises.collect(), questions.collect());
        findings.extend(lesson::findings(&self.lesson, &exercises, &questions));
        findings.extend(lesson::figures(&self.lesson, &self.module.folder));
        findings.extend(self.style());
        findings
    }

    /// Functions that are not listed, or not there; and the lesson, which must be tested.
    fn listing(&self) -> Vec<String> {
        let sources = match self.module.sources() {
            Ok(sources) => sources,
            Err(problem) => return vec![problem],
        };
        let cut = cut::module(&sources, &self.exercises);
        let errors = cut.err().into_iter().flatten();
        let mut findings: Vec<String> = errors
            .flat_map(|e| e.to_string().lines().map(String::from).collect::<Vec<_>>())
            .collect();
        let tested = |text: &str| text.contains("cfg(doctest)") && text.contains("../lesson.md");
        if !sources.iter().any(|source| source.file == "lib" && tested(&source.text)) {
            let line = "#[cfg(doctest)] #[doc = include_str!(\"../lesson.md\")] struct Lesson;";
            findings.push(format!("no test runs the lesson's code: src/lib.rs wants {line}"));
        }
        findings
    }

    fn of_checks(&self) -> Vec<String> {
        let mut findings = Vec::new();
        let place =
            |exercise: &str| self.exercises.exercises.iter().position(|known| known.id == exercise);
        let (mut seen, mut last) = (BTreeSet::new(), 0);
        for Outcome { check, exercise, fact, .. } in &self.checks {
            match place(exercise) {
                None => findings.push(format!("check {check}: there is no exercise {exercise}")),
                Some(place) if place < last => {
                    findings.push(format!("check {check} comes behind those of a later exercise"));
                }
                Some(place) => last = place,
            }
            if !check.strip_prefix(exercise.as_str()).is_some_and(|rest| rest.starts_with('.')) {
                findings
                    .push(format!("check {check}: its id begins with its exercise, {exercise}."));
            }
            if !seen.insert(check) {
                findings.push(format!("check {check}: there are two of this id"));
            }
            if fact.trim().is_empty() {
                findings.push(format!("check {check} states no fact"));
            }
        }
        for exercise in &self.exercises.exercises {
            let count = self.checks.iter().filter(|check| check.exercise == exercise.id).count();
            if count < FEWEST_CHECKS {
                let id = &exercise.id;
                findings
                    .push(format!("exercise {id} has {count} checks; {FEWEST_CHECKS} at least"));
            }
        }
        findings
    }

    fn of_mistakes(&self) -> Vec<String> {
        let (mut findings, mut seen) = (Vec::new(), BTreeSet::new());
        if self.mistakes.len() < FEWEST_MISTAKES {
            let count = self.mistakes.len();
            findings.push(format!("{count} mistakes; {FEWEST_MISTAKES} at least"));
        }
        for mistake in &self.mistakes {
            let mut say =
                |said: String| findings.push(format!("mistake \"{}\" {said}", mistake.name));
            if !seen.insert(&mistake.name) {
                say("is there twice".to_string());
            }
            if self.exercises.get(&mistake.exercise).is_none() {
                say(format!("belongs to {}, which is no exercise", mistake.exercise));
            }
            if mistake.says.trim().is_empty() {
                say("names nothing that its checks say".to_string());
            }
            if let Err(why) = self.module.text(&mistake.file).and_then(|it| mistake.made_in(&it)) {
                say(why);
            }
        }
        findings
    }

    /// Words that are not used, wherever a learner reads.
    fn style(&self) -> Vec<String> {
        let mut read: Vec<(String, String)> = vec![("lesson.md".into(), self.lesson.clone())];
        for exercise in &self.exercises.exercises {
            let told = [&exercise.title, &exercise.task].into_iter().chain(&exercise.hints);
            let told: Vec<&str> = told.map(String::as_str).collect();
            read.push((format!("exercise {}", exercise.id), told.join("\n\n")));
        }
        for question in &self.questions.questions {
            let rest = match &question.kind {
                Kind::Number { explain, .. } => explain.clone(),
                Kind::Text { rubric, model_answer } => rubric.join("\n") + "\n" + model_answer,
            };
            read.push((format!("question {}", question.id), format!("{}\n\n{rest}", question.ask)));
        }
        read.extend(self.checks.iter().map(|it| (format!("check {}", it.check), it.fact.clone())));
        let found = |(place, text): (String, String)| {
            prose::unwanted(&text).into_iter().map(move |said| format!("{place}: {said}"))
        };
        read.into_iter().flat_map(found).collect()
    }

    /// All ids, with what they are ids of.
    fn ids(&self) -> Vec<String> {
        let exercises = self.exercises.exercises.iter().map(|it| format!("exercise {}", it.id));
        let checks = self.checks.iter().map(|it| format!("check {}", it.check));
        let questions = self.questions.questions.iter().map(|it| format!("question {}", it.id));
        exercises.chain(checks).chain(questions).collect()
    }
}
