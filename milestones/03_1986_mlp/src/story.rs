//! The performance that both data sets share: before, while it learns, after, verdict.

use std::time::Instant;

use stage::{Bar, Report, SeedResult, Settings, Stage, thousands};
use tinytorch::prelude::*;

use crate::digits::Digits;
use crate::lesson::{Lesson, Recipe, learn};
use crate::pictures;

/// Trains and tests on `digits` from each seed, shows what there is to see of the first one, and
/// judges by the test digits.
pub fn perform(
    digits: &Digits,
    recipe: &Recipe,
    bar: Bar,
    seeds: &[u64],
    settings: &Settings,
    stage: &mut dyn Stage,
) -> Report {
    introduce(digits, recipe, seeds[0], settings, stage);
    let started = Instant::now();
    let mut lessons = Vec::new();
    for &seed in seeds {
        stage.seed_started(seed);
        let lesson = learn(digits, recipe, seed, stage);
        stage.seed_finished(seed, lesson.accuracy);
        lessons.push(lesson);
    }
    let seconds = started.elapsed().as_secs_f64();
    show(digits, recipe, &lessons[0], settings, stage);
    stage.picture(&pictures::seeds(&lessons, settings.style));
    report(digits, recipe, bar, &lessons).took(seconds)
}

/// The network, and what it says before it has learned anything.
fn introduce(
    digits: &Digits,
    recipe: &Recipe,
    seed: u64,
    settings: &Settings,
    stage: &mut dyn Stage,
) {
    let sizes: Vec<String> = recipe.sizes.iter().map(usize::to_string).collect();
    stage.say(&format!(
        "The network: {} units from the pixels to the digits, {} weights and biases, {:.1} KiB. It \
         learns from {} pictures; {} are set aside to watch it by, and {} to judge it in the end. \
         Before it has learned anything, it guesses:",
        sizes.join("-"),
        thousands(recipe.parameters()),
        kibibytes(recipe.parameters()),
        thousands(digits.train.len()),
        thousands(digits.validation.len()),
        thousands(digits.test.len()),
    ));
    let untrained = recipe.network(&mut Rng::new(seed));
    stage.picture(&pictures::first_row(digits, &untrained, settings.style));
}

/// One seed in pictures.
fn show(
    digits: &Digits,
    recipe: &Recipe,
    lesson: &Lesson,
    settings: &Settings,
    stage: &mut dyn Stage,
) {
    let style = settings.style;
    stage.say(&format!(
        "Seed {}: the loss of every step, and the share of the watched digits that is right. Most \
         is learned at the start, and the rest ever more slowly.",
        lesson.seed
    ));
    stage.picture(&pictures::learning(lesson, recipe.epochs, style));
    stage.say(
        "Ten of the watched digits, a column for each: what the network took it for as the steps \
         went by.",
    );
    stage.picture(&pictures::film(lesson, style));
    stage.say(&format!(
        "Now the {} test digits, which it has never seen. The first of them:",
        thousands(digits.test.len())
    ));
    stage.picture(&pictures::tested(digits, &lesson.network, style));
    let wrong = lesson.confusion.samples()
        - (0..10).map(|digit| lesson.confusion.count(digit, digit)).sum::<u64>();
    if let Some(grid) = pictures::mistakes(digits, &lesson.network, style) {
        stage.say(&format!(
            "In all it gets {} wrong. Would you have read these?",
            thousands(wrong as usize)
        ));
        stage.picture(&grid);
    }
    stage.say("A row for each digit, a column for what it was taken for:");
    stage.picture(&pictures::confused(&lesson.confusion, style));
    // In two shades nobody could make out a weight.
    if style.color {
        stage.say(
            "Nobody told the hidden units what to look for. Here is what some of them came to: gray \
             is where ink means nothing to the unit, bright where it speaks for it, dark where \
             against it.",
        );
        stage.picture(&pictures::units(&lesson.network, digits, style));
    }
}

fn report(digits: &Digits, recipe: &Recipe, bar: Bar, lessons: &[Lesson]) -> Report {
    let value = |lesson: &Lesson| SeedResult { seed: lesson.seed, value: lesson.accuracy };
    let steps = recipe.epochs * digits.train.len().div_ceil(recipe.batch);
    let parameters = recipe.parameters();
    let mut report =
        Report::judge("03", digits.name, "accuracy", bar, lessons.iter().map(value).collect())
            .with_fact("parameters", thousands(parameters))
            .with_fact(
                "memory",
                format!(
                    "{:.1} KiB of weights, {:.1} with gradients and Adam's means",
                    kibibytes(parameters),
                    kibibytes(4 * parameters)
                ),
            )
            .with_fact("steps of each seed", format!("{steps} of {} pictures", recipe.batch))
            .with_fact("floating-point operations of a step", thousands(recipe.flops()));
    if let Some(lesson) = lessons.last() {
        let rate = recipe.flops() as f64 * steps as f64 / lesson.seconds / 1e9;
        report = report
            .with_fact("speed of the last seed", format!("{rate:.2} GFLOP/s"))
            .with_curve("training loss", lesson.history.train_losses())
            .with_curve("validation loss", lesson.history.validation_losses())
            .with_curve("validation accuracy", lesson.seen.accuracies.clone());
    }
    report
}

/// What so many f32 take.
fn kibibytes(count: usize) -> f64 {
    4.0 * count as f64 / 1024.0
}
