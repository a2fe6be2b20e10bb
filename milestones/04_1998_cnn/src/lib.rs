//! Milestone 04 · 1998: LeNet and the convolutional network.
//!
//! Modules 01 to 09 at work together: filters that slide over a picture are learned, and shown
//! before and after.
//!
//! | part | network | pictures | bar |
//! |---|---|---|---|
//! | `tinydigits` | two convolutions, 6,090 parameters | 1,200 of 8 x 8, shipped | 97 % of 200, on three seeds |
//! | `cifar10` | four convolutions with batch norm | 60,000 of 3 x 32 x 32, downloaded | 75 % of 10,000 |
//! | `cifar10`, target above 80 % | nine layers, residual | the same, augmented | the target |
//!
//! A bar is met only if the filters of every convolution moved, too: a network whose last layer
//! alone learns gets surprisingly far, and would prove nothing about convolutions.
//!
//! Without a name, `tinydigits` runs: `cifar10` has to be asked for, since it takes a download and
//! its time. The pictures that judge are those of the published test parts; nothing is chosen by
//! them, and they are looked at once, at the end.

mod sets;
mod network;
mod lesson;
mod watch;
mod filters;
mod pictures;
mod story;
mod tinydigits;
mod cifar10;

use stage::{Report, Settings, Stage, StageError};

use sets::Pictures;

/// 1998: filters that are learned.
pub const MILESTONE: stage::Milestone = stage::Milestone { id: "04", name: "cnn", run };

fn run(settings: &Settings, stage: &mut dyn Stage) -> Result<Vec<Report>, StageError> {
    let parts = match settings.data {
        Some(_) => settings.parts(&["tinydigits", "cifar10"])?,
        None => vec!["tinydigits"],
    };
    let mut reports = Vec::new();
    for part in parts {
        reports.push(match part {
            "cifar10" => {
                let photos = Pictures::cifar10(&settings.data_dir)?;
                let task = cifar10::task(settings.target);
                cifar10::run(&photos, &task, settings, stage)
            }
            _ => tinydigits::run(&Pictures::tiny_digits(), &tinydigits::RECIPE, settings, stage),
        });
    }
    Ok(reports)
}
