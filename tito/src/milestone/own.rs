//! Milestones on a learner's own package: built in the workspace, run as a program of their own,
//! shown as it plays.

use std::process::Command;

use stage::{Bar, Direction, Event, Over, Report, SeedResult, Settings, Stage};

use super::record;
use crate::course::{Course, Milestone, Module};
use crate::durable::{place_folder, settle};
use crate::failure::Failure;
use crate::judge::build::{Built, Profile, build, in_workspace};
use crate::judge::child::Cancel;
use crate::judge::graph::Graph;
use crate::module::named;
use crate::terminal::Terminal;
use crate::tree;
use crate::workspace::state::{self, State};
use crate::workspace::{Workspace, manifest};

/// A workspace that milestones run on.
pub struct Own<'a> {
    /// Whose modules.
    pub workspace: &'a Workspace,
    /// Which of them are there.
    pub state: &'a State,
}

impl Own<'_> {
    /// Whether a milestone can run on this workspace.
    ///
    /// # Errors
    /// It waits for modules, which the failure names, or is still to be written.
    pub fn admit(&self, milestone: &Milestone) -> Result<(), Failure> {
        let waits = self.workspace.milestone_waits_for(milestone, self.state);
        let name = format!("{} {}", milestone.id, milestone.name);
        if !self.workspace.is_staged(milestone) {
            return Err(Failure::input(format!("milestone {name} comes later")));
        }
        if waits.is_empty() {
            return Ok(());
        }
        Err(Failure::input(format!("milestone {name} waits for {}", named(&waits)))
            .cure(match self.workspace.sources(waits[0]).is_dir() {
                true => format!("finish {} first: tito module complete {0}", waits[0].id),
                false => format!("begin with {}: tito module start {0}", waits[0].id),
            })
            .cure(format!(
                "see it on the answer key: tito milestone run {} --answer-key",
                milestone.name
            )))
    }

    /// The data sets of a milestone that can run: those that need modules which come `again`,
    /// after the others, wait for them.
    pub fn parts<'m>(&self, milestone: &'m Milestone) -> Vec<&'m str> {
        let mut parts = milestone.data_sets();
        if !self.waits_for_more(milestone).is_empty() {
            parts.truncate(1);
        }
        parts
    }

    /// The modules after which the rest of a milestone can run.
    pub fn waits_for_more(&self, milestone: &Milestone) -> Vec<&Module> {
        let again = milestone.again.iter().filter_map(|id| self.workspace.course.module(id));
        again.filter(|module| !self.state.usable(&module.id)).collect()
    }

    /// Every module that a milestone stands on, and whose it is.
    pub fn modules<'c>(
        &self,
        milestone: &Milestone,
        course: &'c Course,
    ) -> Result<Vec<record::Module<'c>>, Failure> {
        let modules = record::stands_on(milestone, course).into_iter();
        let used = modules.map(|module| {
            let own = self.state.usable(&module.id);
            let sha256 = match own {
                true => {
                    let files = self.workspace.read(module)?;
                    tree::digest(files.iter().map(|(name, it)| (name.as_str(), it.as_slice())))
                }
                false => super::sources::sha256(&module.id).unwrap_or_default(),
            };
            let whose = match (self.state.completed(&module.id), own) {
                (true, _) => "yours",
                (false, true) => "the answer key's, adopted",
                (false, false) => "the answer key's",
            };
            Ok(record::Module { id: &module.id, package: &module.package, whose, sha256 })
        });
        used.collect()
    }

    /// Builds a milestone on the learner's modules and runs it.
    ///
    /// # Errors
    /// The modules do not compile, the milestone can't run, or it broke off.
    pub fn perform(
        &self,
        milestone: &Milestone,
        settings: &Settings,
        stage: &mut dyn Stage,
        terminal: &Terminal,
    ) -> Result<Vec<Report>, Failure> {
        let program = self.program(milestone, terminal)?;
        let mut command = Command::new(program);
        command.args(arguments(settings)).current_dir(&self.workspace.root);
        command.arg("--data-dir").arg(&settings.data_dir).env("RUST_BACKTRACE", "0");
        if let Some(folder) = &settings.models_dir {
            command.arg("--models-dir").arg(folder);
        }
        let mut reports = Vec::new();
        let mut failure = None;
        let ended = Cancel::default().talk(&mut command, |line, voice| match heard(&line) {
            Some(Heard::Event(event @ Event::Ask { .. })) => {
                voice.say(event.replay(stage).as_deref());
            }
            Some(Heard::Event(event)) => drop(event.replay(stage)),
            Some(Heard::Report(report)) => reports.push(*report),
            Some(Heard::Error(error)) => failure = Some(error),
            None => stage.picture(&line), // the learner's own `println!`
        });
        let ended = ended.map_err(|error| {
            Failure::environment(format!("the milestone can't be started: {error}"))
        })?;
        let ended = ended.expect("nobody cancels it");
        if let Some(failure) = failure {
            return Err(failure);
        }
        if !ended.status.success() || reports.is_empty() {
            let said = in_workspace(ended.stderr.trim(), self.workspace).replace('\n', "\n  ");
            return Err(Failure::missed(format!("{} broke off", milestone.name)).cure(said));
        }
        Ok(reports)
    }

    fn program(
        &self,
        milestone: &Milestone,
        terminal: &Terminal,
    ) -> Result<std::path::PathBuf, Failure> {
        let Workspace { tree, course, .. } = self.workspace;
        let stands_on = record::stands_on(milestone, course);
        let missing = stands_on.iter().filter(|it| !self.state.usable(&it.id));
        let answered = missing.map(|it| it.id.clone()).collect();
        let mut crates = Vec::new();
        for (name, folder) in [
            ("stage", "milestones/stage".to_owned()),
            (milestone.package.as_str(), milestone.folder()),
        ] {
            let place = self.workspace.hidden().join(&folder);
            for (file, content) in tree.below(&format!("{folder}/src")) {
                settle(&place.join("src").join(file), content)?;
            }
            crates.push((name, place));
        }
        let main = PROGRAM.replace("MILESTONE_CRATE", &milestone.package.replace('-', "_"));
        let graph = Graph::new(self.workspace, &answered);
        let name = format!("run-{}", milestone.name);
        let manifest = graph.program(&name, &main, &stands_on, &crates)?;
        terminal.remark(format!("building {} on your TinyTorch ...", milestone.name));
        let (target, cancel) = (self.workspace.target(), Cancel::default());
        match build(&manifest, &target, Profile::Release, self.workspace, terminal, &cancel)? {
            Built::Ready(program) => Ok(program),
            Built::Cancelled => Err(Failure::missed("the build was ended")),
            Built::Wrong(diagnostics) => {
                let first = diagnostics.iter().max_by_key(|it| it.yours).map(|it| it.text.clone());
                Err(Failure::missed(format!("{} does not compile on your modules", milestone.name))
                    .cure(first.unwrap_or_default().replace('\n', "\n  ")))
            }
        }
    }
}

/// The program that performs a milestone for tito.
const PROGRAM: &str = include_str!("program.rs.txt");

fn arguments(settings: &Settings) -> Vec<String> {
    let mut arguments = vec!["--width".to_owned(), settings.style.width.to_string()];
    if let Some(data) = &settings.data {
        arguments.extend(["--data".to_owned(), data.clone()]);
    }
    if let Some(seed) = settings.seed {
        arguments.extend(["--seed".to_owned(), seed.to_string()]);
    }
    if let Some(target) = settings.target {
        arguments.extend(["--target".to_owned(), target.to_string()]);
    }
    arguments.extend(settings.chat.then(|| "--chat".to_owned()));
    arguments.extend(settings.style.color.then(|| "--color".to_owned()));
    arguments.extend(settings.style.unicode.then(|| "--unicode".to_owned()));
    arguments
}

/// A line of a performance.
enum Heard {
    Event(Event),
    Report(Box<Report>),
    Error(Failure),
}

/// Reads a line of [`stage::JsonLines`].
fn heard(line: &str) -> Option<Heard> {
    let value: serde_json::Value = serde_json::from_str(line).ok()?;
    let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let number = |name: &str| value[name].as_u64().unwrap_or_default();
    Some(Heard::Event(match value["event"].as_str()? {
        "chapter" => Event::Chapter { title: text("title") },
        "say" => Event::Say { text: text("text") },
        "begin" => Event::Begin { total: number("total"), label: text("label") },
        "advance" => Event::Advance { done: number("done"), note: text("note") },
        "end" => Event::End,
        "picture" => Event::Picture { picture: text("picture") },
        "seed_started" => Event::SeedStarted { seed: number("seed") },
        "seed_finished" => {
            let value = value["value"].as_f64().unwrap_or(f64::NAN);
            Event::SeedFinished { seed: number("seed"), value }
        }
        "ask" => Event::Ask { prompt: text("prompt") },
        "report" => return report(&value["report"]).map(|it| Heard::Report(Box::new(it))),
        "error" => {
            let message = text("message");
            return Some(Heard::Error(match value["status"].as_u64() {
                Some(2) => Failure::input(message),
                Some(3) => Failure::environment(message),
                _ => Failure::missed(message),
            }));
        }
        _ => return None,
    }))
}

/// A report, judged again from the values of its seeds.
fn report(record: &serde_json::Value) -> Option<Report> {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let direction = match record["direction"].as_str()? {
        "at_least" => Direction::AtLeast,
        _ => Direction::AtMost,
    };
    let over = if record["over"] == "mean" { Over::Mean } else { Over::Worst };
    let bar = Bar { limit: record["bar"].as_f64()?, direction, over };
    let seeds = record["seeds"].as_array()?.iter().map(|seed| SeedResult {
        seed: seed["seed"].as_u64().unwrap_or_default(),
        value: seed["value"].as_f64().unwrap_or(f64::NAN),
    });
    let mut report = Report::judge(
        record["milestone"].as_str()?,
        record["data"].as_str()?,
        record["metric"].as_str()?,
        bar,
        seeds.collect(),
    );
    for it in record["requirements"].as_array()? {
        report = report.require(&text(&it["what"]), it["held"].as_bool().unwrap_or(false));
    }
    for it in record["curve"].as_array()? {
        let values = it["values"].as_array()?.iter();
        let values = values.map(|value| value.as_f64().unwrap_or(f64::NAN) as f32).collect();
        report = report.with_curve(&text(&it["name"]), values);
    }
    for it in record["facts"].as_array()? {
        report = report.with_fact(&text(&it["name"]), text(&it["value"]));
    }
    Some(report.took(record["seconds"].as_f64().unwrap_or(0.0)))
}

/// What a run on the learner's code came to, as an event. One seed alone counts for nothing.
pub fn event(report: &Report, settings: &Settings) -> Option<state::Event> {
    settings.seed.is_none().then(|| state::Event::Milestone {
        milestone: report.milestone.clone(),
        data: report.data.clone(),
        metric: report.metric.clone(),
        passed: report.passed(),
        value: report.value(),
    })
}

impl Workspace {
    /// Puts milestones whose every module is there into `milestones/`, for the learner to read
    /// and change. tito judges with its own copy.
    ///
    /// # Errors
    /// The disk does not play along.
    pub fn stage_milestones(&self, state: &State) -> Result<(), Failure> {
        let own = Own { workspace: self, state };
        for milestone in &self.course.milestones {
            let whole = own.waits_for_more(milestone).is_empty();
            if whole && self.is_unlocked(milestone, state) {
                self.lay_out_crate("stage", "milestones/stage")?;
                self.lay_out_crate(&milestone.package, &milestone.folder())?;
            }
        }
        Ok(())
    }

    fn lay_out_crate(&self, name: &str, folder: &str) -> Result<(), Failure> {
        let place = self.root.join(folder);
        if place.exists() {
            return Ok(());
        }
        let needs = manifest::dependencies(&self.tree, folder);
        let text = manifest::member(name, &needs);
        let source = self.tree.below(folder).filter(|(path, _)| path.starts_with("src/"));
        place_folder(&place, source.chain([("Cargo.toml", text.as_bytes())]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_survives_the_way_through_a_pipe() {
        let seeds = vec![SeedResult { seed: 3, value: 0.75 }, SeedResult { seed: 4, value: 0.5 }];
        let sent = Report::judge("01", "clusters", "accuracy", Bar::at_least(0.7), seeds)
            .require("it \"ended\"", true)
            .with_curve("loss", vec![1.0, 0.25])
            .with_fact("parameters", "9")
            .took(1.5);
        let line = format!("{{\"event\":\"report\",\"report\":{}}}", sent.to_record());
        let Some(Heard::Report(got)) = heard(&line) else { panic!("{line}") };
        assert_eq!(*got, sent);
    }

    #[test]
    fn every_event_survives_and_other_lines_are_not_events() {
        let events = [
            Event::Chapter { title: "The \"crisis\"".into() },
            Event::Say { text: "two\nlines".into() },
            Event::Begin { total: 40, label: "epochs".into() },
            Event::Advance { done: 7, note: "loss 0.3".into() },
            Event::End,
            Event::Picture { picture: "\u{1b}[7m\u{28ff}".into() },
            Event::SeedStarted { seed: 6 },
            Event::SeedFinished { seed: 6, value: 0.5 },
            Event::Ask { prompt: "you".into() },
        ];
        for event in events {
            let Some(Heard::Event(got)) = heard(&event.to_json()) else { panic!("{event:?}") };
            assert_eq!(got, event);
        }
        assert!(heard("x = 3").is_none() && heard("{\"event\":\"applause\"}").is_none());
        let error = "{\"event\":\"error\",\"kind\":\"input\",\"status\":2,\"message\":\"bad\"}";
        let Some(Heard::Error(failure)) = heard(error) else { panic!("an error") };
        assert_eq!(failure, Failure::input("bad"));
    }
}
