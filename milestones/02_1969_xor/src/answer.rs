//! 1986: a hidden layer, and what it does to the plane.

use stage::draw::{Plane, beside, plane};
use stage::{Bar, Report, SeedResult, Settings, Stage, Style};
use tinytorch::prelude::*;

use crate::corners::{Corners, around};
use crate::fold::folded;
use crate::nets::{
    HIDDEN, RECIPE, Recipe, STEP_OF_TWO_LAYERS, Trained, TwoLayers, probability, train,
};

/// Tells and shows the answer; gives back the networks, one for each seed.
pub fn perform(
    settings: &Settings,
    stage: &mut dyn Stage,
    seeds: &[u64],
) -> Vec<Trained<TwoLayers>> {
    stage.chapter("1986: a hidden layer");
    stage.say(&format!(
        "The rule that was missing is the chain rule, applied layer by layer from the loss back to \
         the first weight: found several times (Linnainmaa 1970, Werbos 1974), and brought home by \
         Rumelhart, Hinton and Williams in 1986. Here {HIDDEN} tanh units stand between input and \
         output; the points, the optimizer and the seeds are the same as before.",
    ));
    let mut all = Vec::new();
    for &seed in seeds {
        stage.seed_started(seed);
        let trained = train(seed, TwoLayers::new, &RECIPE);
        stage.seed_finished(seed, trained.last());
        all.push(trained);
    }
    show(&all[0], stage, settings.style);
    all
}

fn show(trained: &Trained<TwoLayers>, stage: &mut dyn Stage, style: Style) {
    let before = around(|x, y| probability(&trained.before, x, y), 14, style);
    let after = around(|x, y| probability(&trained.model, x, y), 14, style);
    stage.say(&format!(
        "Seed {}, before and after. The border is no line any more: it runs around the corners.",
        trained.seed
    ));
    stage.picture(&beside(&[("before", &before), ("after", &after)], style));
    stage.say(
        "How does it do that? Each hidden unit is a line of its own, blurred by tanh. Here they \
         are, with the weight that the output gives to each:",
    );
    stage.picture(&units(&trained.model, style));
    stage.say(
        "Together they give every point a new place, in a space with one axis for each unit. Here \
         is that space with the 400 copies in it, seen from where the output's border stands \
         upright. Before training the four clouds lie as in the plane; afterward the plane has \
         been folded, both 1s lie on one side, and the output layer, a perceptron, can part them.",
    );
    let [before, after] = folded([&trained.before, &trained.model], style);
    stage.picture(&beside(&[("before", &before), ("after", &after)], style));
}

/// The plane as each hidden unit sees it.
fn units(model: &TwoLayers, style: Style) -> String {
    let weights = model.output.weight.to_vec();
    let titles: Vec<String> =
        (1..).zip(&weights).map(|(unit, weight)| format!("unit {unit}: {weight:+.1}")).collect();
    let picture = |unit: usize| {
        let share = |x: f32, y: f32| {
            let units = no_grad(|| model.units(&Tensor::from([[x, y]])));
            (units.at([0, unit]) + 1.0) / 2.0
        };
        small(share, style)
    };
    let pictures: Vec<String> = (0..HIDDEN).map(picture).collect();
    let titled: Vec<(&str, &str)> =
        titles.iter().map(String::as_str).zip(pictures.iter().map(String::as_str)).collect();
    beside(&titled, style)
}

/// The plane around the corners, small and without words.
fn small(share: impl FnMut(f32, f32) -> f32, style: Style) -> String {
    let view = Plane { x_label: "", y_label: "", classes: ["", ""], rows: 6, ..Default::default() };
    let picture = plane(share, &Corners::exact().drawn(), &view, style);
    // Without words the line for them is empty.
    picture.trim_start_matches('\n').to_owned()
}

/// Judges the networks by the share of the noisy copies that each has right in the end.
pub fn report(all: &[Trained<TwoLayers>], recipe: &Recipe) -> Report {
    let seeds = all.iter().map(|it| SeedResult { seed: it.seed, value: it.last() }).collect();
    let mut report = Report::judge("02", "xor", "accuracy", Bar::at_least(1.0), seeds)
        .require(
            "all four corners right on every seed",
            all.iter().all(|it| it.solved_after.is_some()),
        )
        .with_fact("parameters", "33 (132 bytes)")
        .with_fact("steps of each seed", format!("{} on all 4 points", recipe.steps))
        .with_fact("floating-point operations of a step", STEP_OF_TWO_LAYERS.to_string());
    if let Some(last) = all.last() {
        report = report.with_curve("training loss", last.losses.clone());
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hidden_layer_learns_exclusive_or_on_thirty_seeds_that_nobody_chose() {
        let all: Vec<_> = (100..130).map(|seed| train(seed, TwoLayers::new, &RECIPE)).collect();
        let report = report(&all, &RECIPE);
        assert!(report.passed(), "{}", report.to_record());
    }

    #[test]
    fn a_hidden_layer_that_is_not_trained_misses_the_bar() {
        let recipe = Recipe { lr: 0.0, ..RECIPE };
        assert!(!report(&[train(0, TwoLayers::new, &recipe)], &recipe).passed());
    }

    #[test]
    fn units_that_are_all_alike_miss_the_bar() {
        let alike = |rng: &mut Rng| {
            let mut model = TwoLayers::new(rng);
            // All units alike: eight times the same line is one line.
            model.hidden.weight = Tensor::ones([HIDDEN, 2]);
            model.hidden.bias = Some(Tensor::zeros([HIDDEN]));
            model
        };
        let report = report(&[train(0, alike, &RECIPE)], &RECIPE);
        assert!(report.value() <= 0.75 && !report.passed());
    }
}
