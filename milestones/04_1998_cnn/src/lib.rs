//! Milestone 04 · 1998: LeNet and the convolutional network.
//!
//! Modules 01 to 09 at work together: filters that slide over a picture are learned, and shown
//! before and after.
//!
//! | part | network | pictures | bar |
//! |---|---|---|---|
//! | `tinydigits` | two convolutions, 4,898 parameters | 1,200 of 8 x 8, shipped | 97 % of 200, on three seeds |
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::Recipe;
    use crate::network::DigitNet;
    use crate::tinydigits::RECIPE;
    use stage::{Event, Recorder, Silent, Style};
    use tinytorch::prelude::*;

    fn tiny(recipe: &Recipe, stage: &mut dyn Stage) -> Report {
        let settings = Settings { seed: Some(0), ..Settings::default() };
        tinydigits::run(&Pictures::tiny_digits(), recipe, &settings, stage)
    }

    #[test]
    fn small_digits_are_read_and_the_filters_moved() {
        let settings = Settings { seed: Some(1), ..Settings::default() };
        let reports = run(&settings, &mut Silent).unwrap();
        assert_eq!(reports.len(), 1, "cifar10 runs only when it is asked for");
        assert!(reports[0].passed(), "{}", reports[0].to_record());
    }

    #[test]
    fn one_seed_twice_gives_one_value_and_one_curve() {
        let report = || tiny(&Recipe { epochs: 2, ..RECIPE }, &mut Silent);
        let (first, second) = (report(), report());
        assert_eq!((first.value(), first.curve), (second.value(), second.curve));
    }

    #[test]
    fn a_network_that_does_not_learn_misses_the_bar_and_its_filters_stay() {
        let report = tiny(&Recipe { lr: 0.0, epochs: 1, ..RECIPE }, &mut Silent);
        assert!(report.value() < 0.5 && !report.passed());
        assert!(!report.requirements()[0].held);
    }

    /// The digit network with filters that no gradient reaches: the Python TinyTorch's mistake.
    fn frozen(rng: &mut Rng) -> Box<dyn Module> {
        let mut network = DigitNet::new(rng);
        network.visit_mut(&mut Path::default(), &mut |_, slot| {
            if let SlotMut::Tensor(weights) = slot
                && weights.ndim() == 4
            {
                weights.set_requires_grad(false);
            }
        });
        Box::new(network)
    }

    #[test]
    fn filters_that_stay_where_they_are_miss_the_bar_whatever_the_accuracy() {
        let report = tiny(&Recipe { network: frozen, epochs: 8, ..RECIPE }, &mut Silent);
        assert!(report.value() > 0.6, "the last layer alone gets far: {}", report.value());
        assert!(!report.requirements()[0].held && !report.passed());
    }

    #[test]
    fn pictures_keep_to_what_the_terminal_can_show() {
        for (color, unicode) in [(false, false), (true, true)] {
            let style = Style { width: 72, color, unicode };
            let settings = Settings { style, seed: Some(0), ..Settings::default() };
            let recipe = Recipe { epochs: 1, ..RECIPE };
            let mut recorder = Recorder::default();
            tinydigits::run(&Pictures::tiny_digits(), &recipe, &settings, &mut recorder);
            let pictures = recorder.events.iter().filter_map(|event| match event {
                Event::Picture { picture } => Some(picture),
                _ => None,
            });
            assert_eq!(pictures.clone().count(), 7);
            assert!(color || pictures.flat_map(|it| it.lines()).all(|it| it.len() <= 72));
        }
    }
}
