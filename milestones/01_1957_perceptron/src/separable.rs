//! Part `separable`: points that a line parts, and the rule that must find one.

use std::time::Instant;

use stage::draw::{Amount, Plane, bars, beside, plane, table};
use stage::{Bar, Report, SeedResult, Settings, Stage, Style};
use tinytorch::prelude::*;

use crate::points::Points;
use crate::rule::{Bound, Lesson, Line, Perceptron, learn};

/// The seeds that count.
const SEEDS: [u64; 5] = [0, 1, 2, 3, 4];
/// Points of each seed.
const POINTS: usize = 100;
/// No point stands nearer to the parting line than this.
const MARGIN: f32 = 0.1;
/// Where the points stand, both ways.
const SQUARE: (f32, f32) = (-1.0, 1.0);

/// Points on two sides of a line, and the line.
pub struct Parted {
    /// The points; the rule sees nothing else.
    pub points: Points,
    /// The line that parts them; only the judge sees it.
    pub line: Line,
}

impl Parted {
    /// Points spread evenly over the square, except for a strip of twice the margin around a line
    /// at a random angle that passes near the middle.
    pub fn draw(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let angle = std::f32::consts::TAU * rng.uniform();
        let line = Line { normal: [angle.cos(), angle.sin()], offset: 0.6 * rng.uniform() - 0.3 };
        let (mut places, mut sides) = (Vec::new(), Vec::new());
        while places.len() < POINTS {
            let mut coordinate = || SQUARE.0 + (SQUARE.1 - SQUARE.0) * rng.uniform();
            let place = [coordinate(), coordinate()];
            let distance = line.distance(place);
            if distance.abs() >= MARGIN {
                places.push(place);
                sides.push(distance.signum());
            }
        }
        Parted { points: Points::new(&places, &sides), line }
    }
}

/// What one seed came to.
struct Run {
    seed: u64,
    parted: Parted,
    bound: Bound,
    lesson: Lesson,
    accuracy: f64,
}

impl Run {
    fn within_the_bound(&self) -> bool {
        self.lesson.converged() && self.lesson.total() as f64 <= self.bound.mistakes()
    }
}

/// Runs the part. `draw` makes the points of a seed: [`Parted::draw`].
pub fn run(settings: &Settings, stage: &mut dyn Stage, draw: fn(u64) -> Parted) -> Report {
    tell_the_beginning(stage);
    let started = Instant::now();
    let mut runs = Vec::new();
    for seed in settings.seeds(&SEEDS) {
        stage.seed_started(seed);
        let run = one_seed(seed, draw(seed));
        stage.seed_finished(seed, run.accuracy);
        runs.push(run);
    }
    let seconds = started.elapsed().as_secs_f64();
    show(&runs[0], stage, settings.style);
    stage.picture(&seeds_table(&runs, settings.style));
    stage.say(
        "The bound is (R / margin)\u{b2}: R is the length of the longest example, margin how far \
         the nearest one keeps from a line that parts them. Few rules in machine learning come \
         with such a promise: whatever the order of the examples, there will be no more mistakes \
         than that. The rule knows neither the line nor the margin.",
    );
    report(&runs, seconds)
}

fn tell_the_beginning(stage: &mut dyn Stage) {
    stage.chapter("1957: a machine that learns from its mistakes");
    stage.say(
        "In January 1957 Frank Rosenblatt, a psychologist at the Cornell Aeronautical Laboratory \
         in Buffalo, described a machine that is not programmed but shown examples. In July 1958 \
         the Navy, which paid for it, let an IBM 704 play the perceptron before the press: after \
         fifty tries it told cards marked on the left from cards marked on the right. The New York \
         Times reported the hope that such machines would one day walk, talk, see, write, make \
         copies of themselves and know that they exist.",
    );
    stage.say(
        "Two years later it was hardware. The Mark I Perceptron saw through 400 photocells, in 20 \
         rows of 20, wired at random to 512 association units; its weights were potentiometers \
         that electric motors turned. Here are its rule and three weights: two for the place of a \
         point, and a bias.",
    );
    stage.say(
        "The rule: go through the examples x, each with its side y, -1 or +1. Where the sign of \
         w\u{b7}x + b is y, nothing happens. Where it is not, add y\u{b7}x to w, and y to b.",
    );
}

fn one_seed(seed: u64, parted: Parted) -> Run {
    let bound = Bound::of(&parted.points, &parted.line);
    // One mistake more than the bound would refute the theorem; there is no need for a second.
    let most = bound.mistakes().max(0.0) as usize + 1;
    let lesson = learn(&parted.points, most, usize::MAX);
    let accuracy = parted.points.right(&lesson.perceptron.output(&parted.points.x));
    Run { seed, parted, bound, lesson, accuracy }
}

/// The rule at work on one seed.
fn show(run: &Run, stage: &mut dyn Stage, style: Style) {
    let corrected = &run.lesson.corrected;
    let Some(last) = corrected.last() else { return };
    let early = corrected.len().min(3);
    let [before, after] =
        [&corrected[early - 1], last].map(|it| side_by_ground(it, &run.parted.points, style));
    let titles =
        [format!("after {early} corrections"), format!("after {}, the last", run.lesson.total())];
    stage.say(&format!(
        "Seed {}: {} points, and what the perceptron says about every place of the plane. Each \
         correction moves the border; the last one leaves no point on the wrong side.",
        run.seed,
        run.parted.points.len()
    ));
    stage.picture(&beside(&[(&titles[0], &before), (&titles[1], &after)], style));
    let passes: Vec<String> =
        (1..=run.lesson.mistakes.len()).map(|pass| format!("pass {pass}")).collect();
    let amounts: Vec<Amount<'_>> = run
        .lesson
        .mistakes
        .iter()
        .zip(&passes)
        .map(|(count, label)| Amount { label, value: *count as f32, text: count.to_string() })
        .collect();
    stage.say("Its mistakes in each pass through the points; the pass without any is the end:");
    stage.picture(&bars(&amounts, None, style));
}

/// The plane in two colors: where the perceptron says -1, and where +1.
fn side_by_ground(perceptron: &Perceptron, points: &Points, style: Style) -> String {
    let side = |x: f32, y: f32| f32::from(perceptron.output_at(x, y) > 0.0);
    let view = Plane {
        x: SQUARE,
        y: SQUARE,
        x_label: "x1",
        y_label: "x2",
        classes: ["-1", "+1"],
        rows: 16,
    };
    plane(side, &points.drawn(points.len()), &view, style)
}

fn seeds_table(runs: &[Run], style: Style) -> String {
    let heading = ["seed", "margin", "bound", "mistakes", "passes", "right"];
    let row = |run: &Run| {
        vec![
            run.seed.to_string(),
            format!("{:.3}", run.bound.margin),
            format!("{:.0}", run.bound.mistakes().floor()),
            run.lesson.total().to_string(),
            run.lesson.mistakes.len().to_string(),
            format!("{:.1} %", 100.0 * run.accuracy),
        ]
    };
    table(&heading, &runs.iter().map(row).collect::<Vec<_>>(), style)
}

fn report(runs: &[Run], seconds: f64) -> Report {
    let seeds = runs.iter().map(|run| SeedResult { seed: run.seed, value: run.accuracy }).collect();
    let most = runs.iter().map(|run| run.lesson.total()).max().unwrap_or(0);
    let mistakes = runs.last().map_or(&[][..], |run| &run.lesson.mistakes);
    Report::judge("01", "separable", "accuracy", Bar::at_least(1.0), seeds)
        .took(seconds)
        .require(
            "within the convergence bound: at most (R / margin)^2 mistakes on every seed",
            runs.iter().all(Run::within_the_bound),
        )
        .with_curve("mistakes per pass", mistakes.iter().map(|count| *count as f32).collect())
        .with_fact("parameters", "3 (12 bytes)")
        .with_fact("floating-point operations", "4 to look at a point, 5 to correct")
        .with_fact("mistakes of the slowest seed", most.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use stage::Silent;

    /// The sides dealt out at random: no line parts these points.
    fn shuffled(seed: u64) -> Parted {
        let parted = Parted::draw(seed);
        let mut sides = parted.points.y.to_vec();
        Rng::new(seed + 1).shuffle(&mut sides);
        let y = Tensor::from_vec(sides, [POINTS]);
        Parted { points: Points { y, ..parted.points }, ..parted }
    }

    #[test]
    fn the_rule_meets_its_bar_within_its_bound_on_every_seed() {
        let report = run(&Settings::default(), &mut Silent, Parted::draw);
        assert_eq!(report.seeds().len(), SEEDS.len());
        assert!(report.passed(), "{}", report.to_record());
    }

    #[test]
    fn the_theorem_holds_on_two_hundred_more_seeds() {
        for seed in 100..300 {
            let run = one_seed(seed, Parted::draw(seed));
            assert!(run.within_the_bound(), "seed {seed}");
            assert_eq!(run.accuracy, 1.0, "seed {seed}");
        }
    }

    #[test]
    fn points_keep_their_margin_and_come_from_both_sides() {
        for seed in SEEDS {
            let Parted { points, line } = Parted::draw(seed);
            let places = points.x.to_vec();
            let distances = places.chunks_exact(2).map(|at| line.distance([at[0], at[1]]));
            let (plus, minus): (Vec<f32>, Vec<f32>) = distances.partition(|it| *it > 0.0);
            assert!(plus.len() > 20 && minus.len() > 20, "seed {seed}");
            assert!(plus.iter().chain(&minus).all(|it| it.abs() >= MARGIN));
        }
    }

    #[test]
    fn shuffled_sides_miss_the_bar_and_the_bound() {
        let report = run(&Settings::default(), &mut Silent, shuffled);
        assert!(!report.passed());
        assert!(report.value() < 0.9);
        assert!(!report.requirements()[0].held);
    }
}
