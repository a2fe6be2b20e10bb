//! The performance that both data sets share: before, while it learns, after, verdict.

use std::time::Instant;

use stage::{Bar, Report, SeedResult, Settings, Stage, thousands};
use tinytorch::prelude::*;

use crate::filters::least_moved;
use crate::lesson::{Lesson, Recipe, learn};
use crate::pictures;
use crate::sets::Pictures;

/// The least that the filters of every convolution have to move, as a share of their size.
/// Those of a network whose convolutions do not learn move by 0.
const MOVED: f32 = 0.25;

/// Trains and tests on `pictures` from each seed, shows what there is to see of the first one,
/// and judges by the test pictures and by the filters.
pub fn perform(
    pictures: &Pictures,
    recipe: &Recipe,
    bar: Bar,
    seeds: &[u64],
    settings: &Settings,
    stage: &mut dyn Stage,
) -> Report {
    introduce(pictures, recipe, stage);
    let started = Instant::now();
    let mut lessons = Vec::new();
    for &seed in seeds {
        stage.seed_started(seed);
        let lesson = learn(pictures, recipe, seed, stage);
        stage.seed_finished(seed, lesson.accuracy);
        lessons.push(lesson);
    }
    let seconds = started.elapsed().as_secs_f64();
    show(pictures, recipe, &lessons[0], settings, stage);
    stage.picture(&pictures::seeds(&lessons, settings.style));
    report(pictures, recipe, bar, &lessons).took(seconds)
}

fn introduce(pictures: &Pictures, recipe: &Recipe, stage: &mut dyn Stage) {
    let network = (recipe.network)(&mut Rng::new(0));
    let in_filters = network.parameters().into_iter().filter(|it| it.ndim() == 4);
    stage.say(&format!(
        "The network has {} weights and biases, {} of them in filters. It learns from {} pictures, \
         {} times each; {} are set aside to watch it by, and {} to judge it in the end.",
        thousands(network.parameter_count()),
        thousands(in_filters.map(|it| it.numel()).sum()),
        thousands(pictures.train.len()),
        recipe.epochs,
        thousands(pictures.validation.len()),
        thousands(pictures.test.len()),
    ));
}

/// One seed in pictures.
fn show(
    pictures: &Pictures,
    recipe: &Recipe,
    lesson: &Lesson,
    settings: &Settings,
    stage: &mut dyn Stage,
) {
    let style = settings.style;
    stage.say(&format!(
        "Seed {}: the loss of every step, and the share of the watched pictures that is right.",
        lesson.seed
    ));
    stage.picture(&pictures::learning(lesson, recipe.epochs, style));
    stage.say(
        "The first filters as they were drawn at random, and what they became. Gray is 0: the \
         filter does not care; bright wants light there, dark wants none.",
    );
    if let Some(picture) = pictures::first_filters(&lesson.filters, style) {
        stage.picture(&picture);
    }
    stage.say(
        "How far each layer's filters moved, as a share of their size. In the Python TinyTorch no \
         gradient reached them, and they stayed where they were: 0 %.",
    );
    stage.picture(&pictures::moves(&lesson.filters, style));
    stage.say("A test picture, and what the learned filters find in it:");
    if let Some(picture) = pictures::found(pictures, lesson, style) {
        stage.picture(&picture);
    }
    if let Some(grid) = pictures::mistakes(pictures, &*lesson.network, style) {
        stage.say("Pictures that it gets wrong:");
        stage.picture(&grid);
    }
    stage.say("A row for each class, a column for what it was taken for:");
    stage.picture(&pictures::confused(pictures, &lesson.confusion, style));
}

fn report(pictures: &Pictures, recipe: &Recipe, bar: Bar, lessons: &[Lesson]) -> Report {
    let value = |lesson: &Lesson| SeedResult { seed: lesson.seed, value: lesson.accuracy };
    let all_moved = lessons.iter().all(|lesson| least_moved(&lesson.filters) >= MOVED);
    let network = (recipe.network)(&mut Rng::new(0));
    let steps = recipe.epochs * (pictures.train.len() / recipe.batch);
    let required = format!("the filters of every layer moved by at least {:.0} %", 100.0 * MOVED);
    let mut report =
        Report::judge("04", pictures.name, "accuracy", bar, lessons.iter().map(value).collect())
            .require(&required, all_moved)
            .with_fact("parameters", thousands(network.parameter_count()))
            .with_fact("steps of each seed", format!("{steps} of {} pictures", recipe.batch));
    if let Some(lesson) = lessons.last() {
        let rate = (steps * recipe.batch) as f64 / lesson.seconds;
        report = report
            .with_fact("speed of the last seed", format!("{rate:.0} pictures a second"))
            .with_curve("training loss", lesson.history.train_losses())
            .with_curve("validation accuracy", lesson.accuracies.clone());
    }
    report
}
