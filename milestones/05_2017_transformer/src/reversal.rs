//! Part `reversal`: eight letters, backward.

use std::time::Instant;

use stage::draw::{Axes, Line, curve, heatmap};
use stage::{Bar, Report, SeedResult, Settings, Stage, thousands};
use tinytorch::prelude::*;
use tinytorch::transformers::GptConfig;

use crate::attention::looks;
use crate::exact::{share, writes};
use crate::learn::{IGNORED, Recipe, train};

/// What is learned, and how.
pub struct Task {
    /// The width of the model.
    pub d_model: usize,
    /// How it is trained.
    pub recipe: Recipe,
}

/// One block with one head: what it looks at is then the whole story.
pub const TASK: Task = Task {
    d_model: 64,
    recipe: Recipe { batch: 32, steps: 400, lr: 3e-3, warmup: 30, weight_decay: 0.0 },
};

/// Letters in a row.
const LENGTH: usize = 8;
/// Kinds of letters, a to j.
const LETTERS: usize = 10;
/// The token after which the answer begins.
const TURN: i32 = LETTERS as i32;
/// Rows to test by.
const TESTED: usize = 500;

/// The seeds that count.
const SEEDS: [u64; 3] = [0, 1, 2];
const BAR: Bar = Bar::at_least(0.99);

/// A stream of random numbers that training never draws from.
const TEST: u64 = u64::MAX;

/// Runs the part.
pub fn run(task: &Task, settings: &Settings, stage: &mut dyn Stage) -> Report {
    stage.chapter("2017: attention is all you need");
    stage.say(
        "For years networks read text as we do, word by word, and had to remember the beginning \
         at the end. In June 2017 Ashish Vaswani and seven colleagues at Google dropped the \
         reading: every word looks at all the others at once, and learns where to look. They \
         called it the transformer. Everything that writes and talks today is made of it.",
    );
    stage.say(
        "Where to look can be seen. Here a model of one block and one head gets eight letters, and \
         has to write them backward: g a b c d e f h, then h f e d c b a g. To write the first it \
         has to look at the last, to write the second at the last but one.",
    );
    let config = config(task);
    stage.say(&format!(
        "The model has {} parameters. There are 100,000,000 such rows; it learns from {}, and is \
         tested on {TESTED} others, each of which it has to get right to the last letter.",
        thousands(config.parameter_count()),
        thousands(task.recipe.batch * task.recipe.steps),
    ));
    let started = Instant::now();
    let mut lessons = Vec::new();
    for seed in settings.seeds(&SEEDS) {
        stage.seed_started(seed);
        let lesson = learn(task, seed, stage);
        stage.seed_finished(seed, lesson.accuracy);
        lessons.push(lesson);
    }
    let seconds = started.elapsed().as_secs_f64();
    show(&lessons[0], settings, stage);
    report(task, &lessons).took(seconds)
}

fn config(task: &Task) -> GptConfig {
    GptConfig {
        vocab_size: LETTERS + 1,
        context: 2 * LENGTH,
        d_model: task.d_model,
        hidden: 4 * task.d_model,
        layers: 1,
        heads: 1,
        kv_heads: 1,
        ..GptConfig::tiny()
    }
}

/// What came of one seed.
struct Lesson {
    seed: u64,
    model: Gpt,
    losses: Vec<f32>,
    /// The share of the rows that are right to the last letter; NaN when training broke off.
    accuracy: f64,
}

fn learn(task: &Task, seed: u64, stage: &mut dyn Stage) -> Lesson {
    let mut model = Gpt::new(config(task), &mut Rng::new(seed));
    let batch = |step: usize| rows(task.recipe.batch, &mut Rng::at(seed, step as u64));
    let outcome = train(&mut model, &task.recipe, batch, stage);
    let (ids, next) = rows(TESTED, &mut Rng::at(seed, TEST));
    let (losses, accuracy) = match outcome {
        Ok(losses) => (losses, share(&writes(&model, &ids, &next))),
        Err(error) => {
            stage.say(&format!("Seed {seed} broke off: {error}."));
            (Vec::new(), f64::NAN)
        }
    };
    Lesson { seed, model, losses, accuracy }
}

/// `n` rows: eight letters, the turn, and the letters backward but for the last, `[n, 16]`; and
/// the token after each, where it is one of the answer.
fn rows(n: usize, rng: &mut Rng) -> (Tensor, Tensor) {
    let (mut ids, mut next) = (Vec::new(), Vec::new());
    for _ in 0..n {
        let letters: Vec<i32> = (0..LENGTH).map(|_| rng.below(LETTERS as u64) as i32).collect();
        let backward = || letters.iter().rev().copied();
        ids.extend(letters.iter().copied().chain([TURN]).chain(backward().take(LENGTH - 1)));
        next.extend(std::iter::repeat_n(IGNORED, LENGTH).chain(backward()));
    }
    let shape = [n, 2 * LENGTH];
    (Tensor::from_vec(ids, shape), Tensor::from_vec(next, shape))
}

/// How much of what the answer's letters look at, `[8, 8]`, is the letter that they have to be.
fn on_the_anti_diagonal(map: &[f32]) -> f32 {
    (0..LENGTH).map(|i| map[i * LENGTH + LENGTH - 1 - i]).sum::<f32>() / LENGTH as f32
}

/// What the places that write the answer look at among the eight letters, `[8, 8]`: a mean over
/// `ids` and heads.
fn map(model: &Gpt, ids: &Tensor) -> Vec<f32> {
    let layers = looks(model, ids);
    let mean = layers[0].mean_over([0, 1], false);
    mean.slice(0, LENGTH..).slice(1, ..LENGTH).to_vec()
}

fn show(lesson: &Lesson, settings: &Settings, stage: &mut dyn Stage) {
    let style = settings.style;
    stage.say(&format!(
        "Seed {}: the loss of each step. At first every letter is as good as any other, which is \
         a loss of ln 10 = 2.30.",
        lesson.seed
    ));
    let line = Line { name: "training loss", values: &lesson.losses };
    let axes = Axes { x_label: "step", ..Axes::default() };
    stage.picture(&curve(&[line], &axes, style));
    let (ids, _) = rows(TESTED, &mut Rng::at(lesson.seed, TEST));
    let map = map(&lesson.model, &ids);
    stage.say(&format!(
        "What each letter of the answer looks at among the eight letters, on average: {:.0} % of \
         it is the one letter that it has to be.",
        100.0 * on_the_anti_diagonal(&map)
    ));
    let rows: Vec<String> = (1..=LENGTH).map(|i| format!("writes {i}")).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    stage.picture(&heatmap(&map, &rows, &["1", "2", "3", "4", "5", "6", "7", "8"], style));
}

fn report(task: &Task, lessons: &[Lesson]) -> Report {
    let value = |lesson: &Lesson| SeedResult { seed: lesson.seed, value: lesson.accuracy };
    let looked = |lesson: &Lesson| {
        let (ids, _) = rows(TESTED, &mut Rng::at(lesson.seed, TEST));
        on_the_anti_diagonal(&map(&lesson.model, &ids))
    };
    let least = lessons.iter().map(looked).fold(f32::INFINITY, f32::min);
    let values = lessons.iter().map(value).collect();
    let mut report = Report::judge("05", "reversal", "accuracy", BAR, values)
        .require("more than half of what is looked at is the letter to write", least > 0.5)
        .with_fact("parameters", thousands(config(task).parameter_count()))
        .with_fact("on the anti-diagonal", format!("{:.1} %", 100.0 * least));
    if let Some(lesson) = lessons.last() {
        report = report.with_curve("training loss", lesson.losses.clone());
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;
    use stage::{Recorder, Silent};
    use std::ops::ControlFlow;
    use tinytorch::transformers::{GenerateOptions, generate};

    #[test]
    fn a_row_asks_for_its_letters_backward() {
        let (ids, next) = rows(3, &mut Rng::new(1));
        let (ids, next) = (ids.to_vec_i32(), next.to_vec_i32());
        for (ids, next) in ids.chunks_exact(16).zip(next.chunks_exact(16)) {
            let backward: Vec<i32> = ids[..8].iter().rev().copied().collect();
            assert_eq!((ids[8], &next[..8], &next[8..]), (TURN, &[IGNORED; 8][..], &backward[..]));
            assert_eq!(ids[9..], backward[..7]);
        }
    }

    #[test]
    fn the_anti_diagonal_is_the_last_letter_first() {
        let mut map = vec![0.0; 64];
        (0..8).for_each(|i| map[i * 8 + 7 - i] = 0.75);
        assert_eq!(on_the_anti_diagonal(&map), 0.75);
    }

    #[test]
    fn what_counts_as_right_is_what_the_model_writes() {
        let recipe = Recipe { steps: 60, ..TASK.recipe };
        let lesson = learn(&Task { recipe, ..TASK }, 0, &mut Silent);
        let (ids, next) = rows(20, &mut Rng::new(9));
        let right = writes(&lesson.model, &ids, &next);
        let (ids, next) = (ids.to_vec_i32(), next.to_vec_i32());
        let options =
            GenerateOptions { max_new_tokens: LENGTH, temperature: 0.0, ..Default::default() };
        for (i, right) in right.into_iter().enumerate() {
            let prompt = &ids[16 * i..16 * i + 9];
            let written = generate(&lesson.model, prompt, &options, |_| ControlFlow::Continue(()));
            assert_eq!(written.tokens == next[16 * i + 8..16 * i + 16], right, "row {i}");
        }
    }

    #[test]
    fn a_model_that_does_not_learn_misses_the_bar() {
        let recipe = Recipe { lr: 0.0, steps: 3, ..TASK.recipe };
        let settings = Settings { seed: Some(0), ..Settings::default() };
        let mut recorder = Recorder::default();
        let report = run(&Task { recipe, ..TASK }, &settings, &mut recorder);
        assert!(report.value() < 0.1 && !report.passed());
    }
}
