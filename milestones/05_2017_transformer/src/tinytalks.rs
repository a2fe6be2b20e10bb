//! Part `tinytalks`: questions and answers.

use std::path::PathBuf;
use std::time::Instant;

use stage::draw::{Axes, Line, curve, table};
use stage::{Bar, Report, SeedResult, Settings, Stage, Style, thousands};
use tinytorch::dataloader::tinytalks::{Level, Talk, TinyTalks};
use tinytorch::prelude::*;
use tinytorch::tokenization::{BpeTokenizer, Tokenizer};
use tinytorch::transformers::GptConfig;

use crate::chat::{answer, chat};
use crate::exact::{share, writes};
use crate::learn::{Recipe, train};
use crate::talks::{Asked, drawn, rows, tokenizer};

/// What is learned, and how.
pub struct Task {
    /// The model; its vocabulary is the tokenizer's.
    pub config: fn() -> GptConfig,
    /// How it is trained.
    pub recipe: Recipe,
}

/// Two blocks of width 96.
pub const TASK: Task = Task {
    config: || GptConfig { context: 128, d_model: 96, hidden: 384, ..GptConfig::tiny() },
    recipe: Recipe { batch: 32, steps: 560, lr: 3e-3, warmup: 40, weight_decay: 0.1 },
};

/// The seeds that count: one, because a run takes its time.
const SEEDS: [u64; 1] = [0];

/// The bar: the share of the training questions that are answered word for word.
const BAR: Bar = Bar::at_least(0.9);

/// Runs the part; with `settings.chat`, ends in a talk. A model that an earlier run kept need not
/// learn again for that.
pub fn run(task: &Task, settings: &Settings, stage: &mut dyn Stage) -> Report {
    let tokenizer = tokenizer();
    let config = GptConfig { vocab_size: tokenizer.vocab_size(), ..(task.config)() };
    stage.chapter("TinyTalks: a model that answers");
    let kept = settings.chat.then(|| kept(&config, settings)).flatten();
    let started = Instant::now();
    let mut lessons = Vec::new();
    match kept {
        Some(model) => {
            stage.say("This model learned in an earlier run; `--chat` uses what it kept.");
            lessons.push(judged(model, &tokenizer, settings.seeds(&SEEDS)[0], Vec::new()));
        }
        None => {
            introduce(&config, &tokenizer, stage);
            for seed in settings.seeds(&SEEDS) {
                stage.seed_started(seed);
                let lesson = learn(task, &config, &tokenizer, seed, stage);
                stage.seed_finished(seed, lesson.answered);
                lessons.push(lesson);
            }
            keep(&lessons[0].model, settings, stage);
            show(&lessons[0], &tokenizer, settings.style, stage);
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    if settings.chat {
        chat(&lessons[0].model, &tokenizer, stage);
    }
    report(&config, &lessons).took(seconds)
}

fn introduce(config: &GptConfig, tokenizer: &BpeTokenizer, stage: &mut dyn Stage) {
    let text: String = TinyTalks::train().iter().map(Talk::text).collect();
    stage.say(&format!(
        "280 short talks, {} bytes: greetings, facts, sums, everyday reasons, and questions that \
         only what was said before makes clear. Byte-pair encoding makes {} tokens of them, out of \
         a vocabulary of {}. The model has {} blocks of width {} and {} parameters. It is to learn \
         its answers by heart; 35 more questions that it has not seen show what else it has learned.",
        thousands(text.len()),
        thousands(tokenizer.encode(&text).len()),
        tokenizer.vocab_size(),
        config.layers,
        config.d_model,
        thousands(config.parameter_count()),
    ));
}

/// What came of one seed.
struct Lesson {
    seed: u64,
    model: Gpt,
    losses: Vec<f32>,
    /// For each training talk, in order, whether its answer is right.
    right: Vec<bool>,
    /// The share of those; NaN when training broke off.
    answered: f64,
    /// The share of unseen questions that are answered word for word.
    unseen: f64,
}

fn learn(
    task: &Task,
    config: &GptConfig,
    tokenizer: &BpeTokenizer,
    seed: u64,
    stage: &mut dyn Stage,
) -> Lesson {
    let mut model = Gpt::new(config.clone(), &mut Rng::new(seed));
    let talks = TinyTalks::train();
    let batch = |step: usize| {
        let talks = drawn(&talks, task.recipe.batch, seed, step);
        rows(talks.iter(), Asked::All, tokenizer)
    };
    match train(&mut model, &task.recipe, batch, stage) {
        Ok(losses) => judged(model, tokenizer, seed, losses),
        Err(error) => {
            stage.say(&format!("Seed {seed} broke off: {error}."));
            Lesson { answered: f64::NAN, ..judged(model, tokenizer, seed, Vec::new()) }
        }
    }
}

fn judged(model: Gpt, tokenizer: &BpeTokenizer, seed: u64, losses: Vec<f32>) -> Lesson {
    let exactly = |talks: &[Talk]| {
        let (ids, next) = rows(talks.iter(), Asked::Answer, tokenizer);
        writes(&model, &ids, &next)
    };
    let right = exactly(&TinyTalks::train());
    let unseen = share(&exactly(&TinyTalks::test()));
    let answered = share(&right);
    Lesson { seed, model, losses, right, answered, unseen }
}

fn show(lesson: &Lesson, tokenizer: &BpeTokenizer, style: Style, stage: &mut dyn Stage) {
    let line = Line { name: "training loss", values: &lesson.losses };
    let axes = Axes { x_label: "step", ..Axes::default() };
    stage.picture(&curve(&[line], &axes, style));
    stage.say("Training questions answered word for word:");
    let talks = TinyTalks::train();
    let row = |level: &Level| {
        let of_level = talks.iter().zip(&lesson.right).filter(|(talk, _)| talk.level == *level);
        let (right, all) = of_level.fold((0, 0), |(r, n), (_, right)| (r + *right as usize, n + 1));
        vec![level.name().to_owned(), format!("{right} of {all}")]
    };
    let levels: Vec<_> = Level::ALL.iter().map(row).collect();
    stage.picture(&table(&["level", "right"], &levels, style));
    stage.say(&format!(
        "Seed {}. Questions that it has never seen, one of each level. {:.0} % of all 35 get the \
         answer that was written for them; what it says to the others is grammar without knowledge:",
        lesson.seed,
        100.0 * lesson.unseen
    ));
    let test = TinyTalks::test();
    for level in Level::ALL {
        let talk = test.iter().find(|talk| talk.level == level);
        let talk = talk.expect("each level has its part of the test");
        let said = answer(&lesson.model, tokenizer, &talk.question, talk.earlier.clone());
        let before = talk.earlier.iter().flat_map(|turn| {
            [format!("you:  {}", turn.question), format!("tiny: {}", turn.answer)]
        });
        let talk = before.chain([format!("you:  {}", talk.question), format!("tiny: {said}")]);
        stage.picture(&talk.collect::<Vec<_>>().join("\n"));
    }
}

fn report(config: &GptConfig, lessons: &[Lesson]) -> Report {
    let value = |lesson: &Lesson| SeedResult { seed: lesson.seed, value: lesson.answered };
    let values = lessons.iter().map(value).collect();
    let mut report = Report::judge("05", "tinytalks", "answered", BAR, values)
        .with_fact("parameters", thousands(config.parameter_count()));
    if let Some(lesson) = lessons.last() {
        report = report
            .with_fact("unseen questions, word for word", format!("{:.1} %", 100.0 * lesson.unseen))
            .with_curve("training loss", lesson.losses.clone());
    }
    report
}

/// Where the model is kept.
fn file(settings: &Settings) -> Option<PathBuf> {
    settings.models_dir.as_ref().map(|folder| folder.join("05_tinytalks.safetensors"))
}

/// Keeps a model for a later talk. It is no part of the verdict, so a full disk is only told.
fn keep(model: &Gpt, settings: &Settings, stage: &mut dyn Stage) {
    let Some(file) = file(settings) else { return };
    let folder = file.parent().expect("it is in a folder");
    let made = std::fs::create_dir_all(folder).map_err(|error| error.to_string());
    let (weights, notes) = (model.state_dict(), Default::default());
    let saved =
        made.and_then(|()| save_safetensors(&file, &weights, &notes).map_err(|e| e.to_string()));
    match saved {
        Ok(()) => stage.say("It is kept: `tito milestone run transformer --chat` talks with it."),
        Err(error) => stage.say(&format!("It could not be kept for a later talk: {error}.")),
    }
}

/// The model that an earlier run kept, if there is one and it fits.
fn kept(config: &GptConfig, settings: &Settings) -> Option<Gpt> {
    let (weights, _) = load_safetensors(file(settings)?).ok()?;
    let mut model = Gpt::new(config.clone(), &mut Rng::new(0));
    model.load_state_dict(&weights).ok()?;
    Some(model)
}

#[cfg(test)]
mod tests {
    use super::*;
    use stage::{Event, Recorder, Silent};

    fn short() -> Task {
        let recipe = Recipe { batch: 4, steps: 3, ..TASK.recipe };
        let config = || GptConfig { d_model: 16, hidden: 32, ..(TASK.config)() };
        Task { config, recipe }
    }

    #[test]
    fn a_model_that_has_hardly_learned_misses_the_bar() {
        let report = run(&short(), &Settings::default(), &mut Silent);
        assert!(report.value() < 0.1 && !report.passed(), "{}", report.value());
    }

    #[test]
    fn a_talk_is_with_the_model_that_was_kept() {
        let folder = std::env::temp_dir().join(format!("tinytalks-{}", std::process::id()));
        let settings = Settings { models_dir: Some(folder.clone()), ..Settings::default() };
        run(&short(), &settings, &mut Silent);
        let settings = Settings { chat: true, ..settings };
        let answers = ["Who are you?".to_owned(), " ".to_owned()].into();
        let mut recorder = Recorder { answers, ..Recorder::default() };
        run(&short(), &settings, &mut recorder);
        std::fs::write(folder.join("05_tinytalks.safetensors"), "no weights").unwrap();
        let mut again = Recorder::default();
        run(&short(), &settings, &mut again);
        std::fs::remove_dir_all(&folder).unwrap();
        let steps = |it: &Recorder| it.events.iter().any(|it| matches!(it, Event::Begin { .. }));
        assert!(!steps(&recorder), "it did not learn again");
        assert!(steps(&again), "a broken file is no model");
        let said = |it: &Event| matches!(it, Event::Say { text } if text.starts_with("tiny: "));
        assert_eq!(recorder.events.iter().filter(|it| said(it)).count(), 1);
        assert_eq!(recorder.answers.len(), 0);
    }
}
