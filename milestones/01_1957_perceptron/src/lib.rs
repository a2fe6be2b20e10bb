//! Milestone 01 · 1957: Rosenblatt's perceptron.
//!
//! A machine that is shown examples instead of being programmed, told in two parts:
//!
//! | part | what learns | from | bar |
//! |---|---|---|---|
//! | `separable` | Rosenblatt's rule | points that a line parts | 100 %, within Novikoff's bound |
//! | `clusters` | a layer, by gradient | clouds that overlap | 95 %; the best line gets 97 % |
//!
//! The first needs modules 01 and 02 alone, the second comes back after 07. Both have three
//! weights, 12 bytes; in the Mark I of 1960 a weight was a potentiometer with a motor to turn it.

mod points;
mod rule;
mod gradient;
mod separable;
mod clusters;

use stage::{Report, Settings, Stage, StageError};

/// 1957: a machine learns from its mistakes.
pub const MILESTONE: stage::Milestone = stage::Milestone { id: "01", name: "perceptron", run };

fn run(settings: &Settings, stage: &mut dyn Stage) -> Result<Vec<Report>, StageError> {
    let mut reports = Vec::new();
    for part in settings.parts(&["separable", "clusters"])? {
        reports.push(match part {
            "separable" => separable::run(settings, stage, separable::Parted::draw),
            _ => clusters::run(settings, stage, &clusters::RECIPE),
        });
    }
    Ok(reports)
}

#[cfg(test)]
mod tests {
    use super::*;
    use stage::{Event, Recorder, Silent, Style};

    fn perform(settings: &Settings, stage: &mut dyn Stage) -> Vec<Report> {
        (MILESTONE.run)(settings, stage).expect("nothing outside is needed")
    }

    #[test]
    fn both_parts_meet_their_bars_and_report_in_the_agreed_form() {
        let reports = perform(&Settings::default(), &mut Silent);
        assert!(reports.iter().all(Report::passed));
        let json = reports[0].to_json();
        let expected = "{\"milestone\":\"01\",\"data\":\"separable\",\"metric\":\"accuracy\",\
                        \"value\":1.0,\"bar\":1.0,\"passed\":true,\
                        \"seeds\":[{\"seed\":0,\"value\":1.0},{\"seed\":1,\"value\":1.0},";
        assert!(json.starts_with(expected), "{json}");
        let json = reports[1].to_json();
        let expected = "{\"milestone\":\"01\",\"data\":\"clusters\",\"metric\":\"accuracy\",";
        assert!(json.starts_with(expected), "{json}");
        assert!(json.contains(",\"bar\":0.95,\"passed\":true,\"seeds\":[{\"seed\":0,"), "{json}");
    }

    #[test]
    fn one_seed_twice_gives_one_value() {
        let settings = Settings { seed: Some(7), ..Settings::default() };
        let values = |reports: Vec<Report>| {
            reports.iter().map(|report| (report.value(), report.curve.clone())).collect::<Vec<_>>()
        };
        let first = values(perform(&settings, &mut Silent));
        assert_eq!(first, values(perform(&settings, &mut Silent)));
    }

    #[test]
    fn an_unknown_part_is_answered_with_the_known_ones() {
        let settings = Settings { data: Some("cluster".into()), ..Settings::default() };
        let error = (MILESTONE.run)(&settings, &mut Silent).unwrap_err();
        let expected =
            "unknown data `cluster`; did you mean `clusters`? (known: separable, clusters)";
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn pictures_keep_to_what_the_terminal_can_show() {
        let mut recorder = Recorder::default();
        let style = Style { width: 72, color: false, unicode: false };
        perform(&Settings { style, ..Settings::default() }, &mut recorder);
        let pictures = recorder.events.iter().filter_map(|event| match event {
            Event::Picture { picture } => Some(picture),
            _ => None,
        });
        assert_eq!(pictures.clone().count(), 7);
        assert!(pictures.clone().all(|picture| picture.is_ascii()));
        assert!(pictures.flat_map(|picture| picture.lines()).all(|line| line.len() <= 72));
    }
}
