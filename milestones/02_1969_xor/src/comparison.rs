//! One layer and a hidden layer side by side: what they cost, and what they reach.

use stage::draw::{Axes, Line, curve, table};
use stage::{Stage, Style};
use tinytorch::prelude::*;

use crate::nets::{OneLayer, RECIPE, STEP_OF_ONE_LAYER, STEP_OF_TWO_LAYERS, Trained, TwoLayers};

/// Shows both losses in one picture, and both networks in one table.
pub fn show(
    one: &[Trained<OneLayer>],
    two: &[Trained<TwoLayers>],
    stage: &mut dyn Stage,
    style: Style,
) {
    stage.say(
        "The losses of both on the same seed. One layer comes to rest at ln 2 = 0.69, the loss of \
         someone who can't tell; past a hidden layer the way leads on down.",
    );
    let lines = [
        Line { name: "a hidden layer", values: &two[0].losses },
        Line { name: "one layer", values: &one[0].losses },
    ];
    let axes = Axes { x_label: "step", shared: true, rows: 9, ..Axes::default() };
    stage.picture(&curve(&lines, &axes, style));
    let (one, two) = (Column::of(one, STEP_OF_ONE_LAYER), Column::of(two, STEP_OF_TWO_LAYERS));
    let row = |(what, one, two): (&str, String, String)| vec![what.to_owned(), one, two];
    let rows = [
        ("seeds", one.seeds.to_string(), two.seeds.to_string()),
        ("the best of them, at its best", one.best(), two.best()),
        ("the worst of them, in the end", one.worst(), two.worst()),
        ("steps until all four are right, at most", one.solved(), two.solved()),
        ("parameters", one.parameters.to_string(), two.parameters.to_string()),
        ("bytes", (4 * one.parameters).to_string(), (4 * two.parameters).to_string()),
        ("floating-point operations a step", one.flops.to_string(), two.flops.to_string()),
        ("microseconds a step", one.step_time(), two.step_time()),
    ];
    stage.picture(&table(&["", "one layer", "hidden layer"], &rows.map(row), style));
}

/// What the table says of one network.
struct Column {
    seeds: usize,
    best: f64,
    worst: f64,
    /// `None` when a seed never had all four corners right.
    solved_after: Option<usize>,
    parameters: usize,
    flops: usize,
    /// Of all steps of all seeds.
    seconds: f64,
}

impl Column {
    fn of<M: Module>(all: &[Trained<M>], flops: usize) -> Self {
        let solved: Option<Vec<usize>> = all.iter().map(|it| it.solved_after).collect();
        Column {
            seeds: all.len(),
            best: all.iter().map(Trained::best).fold(0.0, f64::max),
            worst: all.iter().map(Trained::last).fold(1.0, f64::min),
            solved_after: solved.and_then(|steps| steps.into_iter().max()),
            parameters: all[0].model.parameter_count(),
            flops,
            seconds: all.iter().map(|it| it.seconds).sum(),
        }
    }

    fn best(&self) -> String {
        format!("{:.1} %", 100.0 * self.best)
    }

    fn worst(&self) -> String {
        format!("{:.1} %", 100.0 * self.worst)
    }

    fn solved(&self) -> String {
        self.solved_after.map_or("-".to_owned(), |steps| steps.to_string())
    }

    fn step_time(&self) -> String {
        format!("{:.1}", 1e6 * self.seconds / (self.seeds * RECIPE.steps) as f64)
    }
}
