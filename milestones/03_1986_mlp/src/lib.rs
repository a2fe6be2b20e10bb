//! Milestone 03 · 1986: backpropagation and the multilayer perceptron.
//!
//! Modules 01 to 08 at work together: a network learns handwritten digits while you watch.
//!
//! | part | network | digits | bar |
//! |---|---|---|---|
//! | `tinydigits` | 64-32-10 | 1,200 of 8 x 8, shipped | 95 % of 200, on three seeds |
//! | `mnist` | 784-128-64-10 | 70,000 of 28 x 28, downloaded | 97.5 % of 10,000 |
//!
//! Without a name, `tinydigits` runs: `mnist` has to be asked for, since it takes a download and
//! some minutes. The digits that judge are those of the published test parts; nothing is chosen
//! by them, and they are looked at once, at the end.

mod digits;
mod lesson;
mod watch;
mod pictures;
mod story;
mod tinydigits;
mod mnist;

use stage::{Report, Settings, Stage, StageError};

use digits::Digits;

/// 1986: a network learns to read.
pub const MILESTONE: stage::Milestone = stage::Milestone { id: "03", name: "mlp", run };

fn run(settings: &Settings, stage: &mut dyn Stage) -> Result<Vec<Report>, StageError> {
    let parts = match settings.data {
        Some(_) => settings.parts(&["tinydigits", "mnist"])?,
        None => vec!["tinydigits"],
    };
    let mut reports = Vec::new();
    for part in parts {
        reports.push(match part {
            "mnist" => {
                let digits = Digits::mnist(&settings.data_dir)?;
                mnist::run(&digits, &mnist::RECIPE, settings, stage)
            }
            _ => tinydigits::run(&Digits::tiny(), &tinydigits::RECIPE, settings, stage),
        });
    }
    Ok(reports)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::Recipe;
    use crate::tinydigits::RECIPE;
    use stage::{Event, Recorder, Silent, Style};
    use tinytorch::dataloader::random_split;
    use tinytorch::prelude::*;

    fn tiny(digits: &Digits, recipe: &Recipe, seed: Option<u64>) -> Report {
        let settings = Settings { seed, ..Settings::default() };
        tinydigits::run(digits, recipe, &settings, &mut Silent)
    }

    #[test]
    fn small_digits_are_read_on_all_seeds_and_reported_in_the_agreed_form() {
        let reports = run(&Settings::default(), &mut Silent).unwrap();
        assert_eq!(reports.len(), 1, "mnist runs only when it is asked for");
        assert!(reports[0].passed(), "{}", reports[0].to_record());
        let json = reports[0].to_json();
        let expected = "{\"milestone\":\"03\",\"data\":\"tinydigits\",\"metric\":\"accuracy\",\
                        \"value\":0.9";
        assert!(json.starts_with(expected), "{json}");
        assert!(json.contains(",\"bar\":0.95,\"passed\":true,\"seeds\":[{\"seed\":0,"), "{json}");
    }

    #[test]
    fn one_seed_twice_gives_one_value_and_one_curve() {
        let report = || tiny(&Digits::tiny(), &Recipe { epochs: 2, ..RECIPE }, Some(5));
        let (first, second) = (report(), report());
        assert_eq!((first.value(), first.curve), (second.value(), second.curve));
    }

    #[test]
    fn a_network_that_does_not_learn_misses_the_bar() {
        let report = tiny(&Digits::tiny(), &Recipe { lr: 0.0, epochs: 1, ..RECIPE }, Some(0));
        assert!(report.value() < 0.5 && !report.passed());
    }

    #[test]
    fn a_network_that_was_taught_at_random_misses_the_bar() {
        let (x, mut y) = digits::first(&TinyDigits::train(), 1000);
        Rng::new(1).shuffle(y.ints_mut());
        let [train, validation] = random_split(TensorDataset::new(x, y), [900, 100], 0);
        let digits = Digits { train, validation, ..Digits::tiny() };
        assert!(!tiny(&digits, &RECIPE, Some(0)).passed());
    }

    #[test]
    fn a_run_that_breaks_off_misses_the_bar() {
        let report = tiny(&Digits::tiny(), &Recipe { lr: f32::MAX, epochs: 1, ..RECIPE }, Some(0));
        assert!(report.value().is_nan() && !report.passed());
    }

    #[test]
    fn without_its_files_mnist_says_how_to_get_them() {
        let settings = Settings { data: Some("mnist".into()), ..Settings::default() };
        let error = run(&settings, &mut Silent).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the data set `mnist` is not in mnist; get it with `tito dataset download mnist`"
        );
    }

    #[test]
    fn the_bar_moves_with_every_step_and_reaches_its_end() {
        let mut recorder = Recorder::default();
        let settings = Settings { seed: Some(0), ..Settings::default() };
        let recipe = Recipe { epochs: 2, ..RECIPE };
        tinydigits::run(&Digits::tiny(), &recipe, &settings, &mut recorder);
        let steps = 2 * 900_u64.div_ceil(32);
        let moves: Vec<u64> = recorder.events.iter().filter_map(done).collect();
        assert_eq!(moves, (1..=steps).collect::<Vec<_>>());
        let begin = Event::Begin { total: steps, label: "steps".into() };
        assert!(recorder.events.contains(&begin) && recorder.events.contains(&Event::End));
    }

    fn done(event: &Event) -> Option<u64> {
        match event {
            Event::Advance { done, note } => {
                assert!(note.starts_with("loss ") && note.ends_with(" %"), "{note}");
                Some(*done)
            }
            _ => None,
        }
    }

    fn pictures(style: Style) -> Vec<String> {
        let mut recorder = Recorder::default();
        let settings = Settings { style, seed: Some(0), ..Settings::default() };
        let recipe = Recipe { epochs: 2, ..RECIPE };
        tinydigits::run(&Digits::tiny(), &recipe, &settings, &mut recorder);
        let pictures = recorder.events.into_iter().filter_map(|event| match event {
            Event::Picture { picture } => Some(picture),
            _ => None,
        });
        pictures.collect()
    }

    #[test]
    fn pictures_keep_to_what_the_terminal_can_show() {
        let plain = pictures(Style { width: 72, color: false, unicode: false });
        assert_eq!(plain.len(), 7);
        assert!(plain.iter().all(|picture| picture.is_ascii()));
        assert!(plain.iter().flat_map(|picture| picture.lines()).all(|line| line.len() <= 72));
        let colored = pictures(Style { width: 80, color: true, unicode: true });
        assert_eq!(colored.len(), 8, "weights are drawn in grays alone");
    }
}
