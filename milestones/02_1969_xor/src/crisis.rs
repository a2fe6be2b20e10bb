//! 1969: one layer, as well trained as it can be, and what it can't do.

use stage::draw::beside;
use stage::{Bar, Report, SeedResult, Settings, Stage, Style};

use crate::corners::around;
use crate::nets::{OneLayer, RECIPE, Recipe, Trained, probability, train};

/// The loss of a model that says one half everywhere, `ln 2`: on these four points no line has a
/// smaller one, so this is where good training ends.
const UNDECIDED: f32 = std::f32::consts::LN_2;

/// Tells and shows the crisis; gives back the networks, one for each seed.
pub fn perform(
    settings: &Settings,
    stage: &mut dyn Stage,
    seeds: &[u64],
) -> Vec<Trained<OneLayer>> {
    stage.chapter("1969: four points that no perceptron can learn");
    stage.say(
        "Exclusive or: 1 if exactly one of two inputs is 1. In \"Perceptrons\" (MIT Press, 1969) \
         Marvin Minsky and Seymour Papert proved what machines like Rosenblatt's can't compute, \
         however long they learn; exclusive or is the smallest case. They knew that layers on top \
         of each other could do it, but nobody knew a rule to teach them, and they doubted that \
         there was a good one. Money and students went elsewhere, and it was years before many \
         came back.",
    );
    stage.say(
        "Here is one layer, trained by gradient until its loss falls no further: 20 seeds, the four \
         points to learn from, and to be judged by 400 copies of them that are a little off.",
    );
    let mut all = Vec::new();
    for &seed in seeds {
        stage.seed_started(seed);
        let trained = train(seed, OneLayer::new, &RECIPE);
        stage.seed_finished(seed, trained.best());
        all.push(trained);
    }
    show(&all[0], stage, settings.style);
    all
}

fn show(trained: &Trained<OneLayer>, stage: &mut dyn Stage, style: Style) {
    let best = around(|x, y| probability(&trained.at_best, x, y), 14, style);
    let end = around(|x, y| probability(&trained.model, x, y), 14, style);
    stage.say(&format!(
        "Seed {}: on the left the layer at its best, which it was in passing only; on the right \
         where training ends. The loss is smallest where the layer says 0.50 everywhere, so that \
         is what it learns (a border that is still to be seen is in the third decimal).",
        trained.seed
    ));
    let title = format!("at its best: {:.0} % right", 100.0 * trained.best());
    stage.picture(&beside(&[(&title, &best), ("in the end: 0.50 everywhere", &end)], style));
    stage.say(
        "Why never more than three of four? Draw a segment between the two 1s and one between the \
         two 0s: they cross in the middle. A line that has all four right would keep one segment \
         on each side, and the point where they cross can't be on both. The copies are so near to \
         their corners that the same holds for any four of them: 75 % it is, for every line there \
         is.",
    );
}

/// Judges the networks by the most that each of them had right at any moment of its training.
pub fn report<M>(all: &[Trained<M>], recipe: &Recipe) -> Report {
    let seeds =
        all.iter().map(|it| SeedResult { seed: it.seed, value: it.best() }).collect::<Vec<_>>();
    let trained =
        |it: &Trained<M>| it.losses.last().is_some_and(|loss| (loss - UNDECIDED).abs() < 1e-3);
    let mut report = Report::judge("02", "xor", "one-layer accuracy", Bar::at_most(0.75), seeds)
        .require(
            "trained as well as a line can be: the loss is ln 2 on every seed",
            all.iter().all(trained),
        )
        .with_fact("parameters", "3 (12 bytes)")
        .with_fact("steps of each seed", format!("{} on all 4 points", recipe.steps));
    if let Some(last) = all.last() {
        report = report.with_curve("training loss", last.losses.clone());
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::TwoLayers;

    #[test]
    fn one_layer_is_trained_to_the_end_and_stays_below_its_bar() {
        let all: Vec<_> = (0..3).map(|seed| train(seed, OneLayer::new, &RECIPE)).collect();
        let report = report(&all, &RECIPE);
        assert!(report.passed(), "{}", report.to_record());
        assert!(report.value() > 0.6, "a line does get some of the points");
    }

    #[test]
    fn two_layers_in_the_place_of_one_break_the_bar() {
        let report = report(&[train(0, TwoLayers::new, &RECIPE)], &RECIPE);
        assert!(!report.passed());
        assert_eq!(report.value(), 1.0);
    }

    #[test]
    fn a_layer_that_was_not_trained_does_not_count() {
        let recipe = Recipe { lr: 0.0, ..RECIPE };
        let report = report(&[train(0, OneLayer::new, &recipe)], &recipe);
        assert!(report.value() <= 0.75 && !report.passed());
    }
}
