//! The perceptron, in a moment.

use stage::{Bar, Report, SeedResult, Settings, Stage, StageError};
use tinytorch::prelude::{total, weighted};

/// 1957.
pub const MILESTONE: stage::Milestone = stage::Milestone { id: "01", name: "perceptron", run };

fn run(settings: &Settings, stage: &mut dyn Stage) -> Result<Vec<Report>, StageError> {
    let mut reports = Vec::new();
    for data in settings.parts(&["separable", "clusters"])? {
        stage.chapter("1957");
        let right = match data {
            "separable" => weighted([1.0, 1.0], [2.0, 3.0]) == 5.0,
            _ => total([[1.0, 1.0], [1.0, 1.0]]) == 2.0,
        };
        let seeds = vec![SeedResult { seed: 0, value: f64::from(u8::from(right)) }];
        let bar = Bar::at_least(if data == "separable" { 1.0 } else { 0.5 });
        reports.push(Report::judge("01", data, "accuracy", bar, seeds));
    }
    Ok(reports)
}
