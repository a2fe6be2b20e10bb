//! Milestone 02 · 1969: the XOR crisis, and the answer of 1986.
//!
//! Four points in the plane, of which no line has more than three right. Two results are judged,
//! each over 20 seeds, on 400 noisy copies of the four points that nothing learned from:
//!
//! | what | network | bar |
//! |---|---|---|
//! | the crisis | one layer, 3 parameters | at most 75 %, at any moment of its training |
//! | the answer | a hidden layer of 8 tanh units, 33 parameters | 100 % on every seed |
//!
//! The first bar can be missed too: by a network that is more than a line, or by one that was not
//! trained to the end, where its loss is `ln 2`.

mod corners;
mod nets;
mod crisis;
mod answer;
mod fold;
mod comparison;

use std::time::Instant;

use stage::{Report, Settings, Stage, StageError};

/// 1969: four points that no perceptron can learn, and the hidden layer that can.
pub const MILESTONE: stage::Milestone = stage::Milestone { id: "02", name: "xor", run };

/// The seeds that count: 0 to 19.
const SEEDS: [u64; 20] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19];

fn run(settings: &Settings, stage: &mut dyn Stage) -> Result<Vec<Report>, StageError> {
    settings.parts(&["xor"])?;
    let seeds = settings.seeds(&SEEDS);
    let started = Instant::now();
    let one = crisis::perform(settings, stage, &seeds);
    let half = Instant::now();
    let two = answer::perform(settings, stage, &seeds);
    let seconds = [half - started, half.elapsed()].map(|it| it.as_secs_f64());
    comparison::show(&one, &two, stage, settings.style);
    Ok(vec![
        crisis::report(&one, &nets::RECIPE).took(seconds[0]),
        answer::report(&two, &nets::RECIPE).took(seconds[1]),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use stage::{Event, Recorder, Silent, Style};

    #[test]
    fn both_bars_are_met_on_all_seeds_and_reported_in_the_agreed_form() {
        let reports = run(&Settings::default(), &mut Silent).unwrap();
        assert!(reports.iter().all(Report::passed), "{reports:?}");
        assert!(reports.iter().all(|report| report.seeds().len() == 20));
        let json = reports[1].to_json();
        let expected = "{\"milestone\":\"02\",\"data\":\"xor\",\"metric\":\"accuracy\",\
                        \"value\":1.0,\"bar\":1.0,\"passed\":true,\"seeds\":[{\"seed\":0,";
        assert!(json.starts_with(expected), "{json}");
        assert!(reports[0].to_json().contains("\"metric\":\"one-layer accuracy\",\"value\":0.75"));
    }

    #[test]
    fn an_unknown_part_is_answered_with_the_known_one() {
        let settings = Settings { data: Some("and".into()), ..Settings::default() };
        let error = run(&settings, &mut Silent).unwrap_err();
        assert_eq!(error.kind(), "unknown_data");
    }

    #[test]
    fn pictures_keep_to_what_the_terminal_can_show() {
        let mut recorder = Recorder::default();
        let style = Style { width: 72, color: false, unicode: false };
        let settings = Settings { style, seed: Some(0), ..Settings::default() };
        run(&settings, &mut recorder).unwrap();
        let pictures = recorder.events.iter().filter_map(|event| match event {
            Event::Picture { picture } => Some(picture),
            _ => None,
        });
        assert_eq!(pictures.clone().count(), 6);
        assert!(pictures.clone().all(|picture| picture.is_ascii()));
        assert!(pictures.flat_map(|picture| picture.lines()).all(|line| line.len() <= 72));
    }
}
