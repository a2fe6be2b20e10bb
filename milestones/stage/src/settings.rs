//! What a milestone is given.

use std::path::PathBuf;

use crate::draw::Style;
use crate::{StageError, nearest};

/// What a milestone is given: which part to run, from which seed, with which files, and what the
/// terminal can show.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// The one data set or part to run; `None` runs all that the milestone has.
    pub data: Option<String>,
    /// The one seed to run; `None` runs the milestone's own fixed seeds, which is what counts.
    pub seed: Option<u64>,
    /// The folder with the downloaded data sets, each in a folder of its own name.
    pub data_dir: PathBuf,
    /// The folder where trained models are kept from run to run; `None` keeps none.
    pub models_dir: Option<PathBuf>,
    /// A share to aim for beyond the bar, with whatever that takes; `None` aims for the bar.
    pub target: Option<f64>,
    /// Whether the audience wants to talk with the trained model.
    pub chat: bool,
    /// Columns, color and characters that the terminal can show.
    pub style: Style,
}

impl Settings {
    /// The parts to run, in the milestone's order: all of `known`, or the one that was named.
    ///
    /// # Errors
    /// [`StageError::UnknownData`] when the named part is none of `known`.
    pub fn parts<'a>(&self, known: &[&'a str]) -> Result<Vec<&'a str>, StageError> {
        let Some(name) = &self.data else {
            return Ok(known.to_vec());
        };
        match known.iter().find(|part| *part == name) {
            Some(part) => Ok(vec![part]),
            None => Err(StageError::UnknownData {
                name: name.clone(),
                nearest: nearest(name, known).map(str::to_owned),
                known: known.iter().map(|part| part.to_string()).collect(),
            }),
        }
    }

    /// The seeds to run: the milestone's own `fixed` ones, or the one that was asked for.
    pub fn seeds(&self, fixed: &[u64]) -> Vec<u64> {
        self.seed.map_or_else(|| fixed.to_vec(), |seed| vec![seed])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking_for(data: &str) -> Settings {
        Settings { data: Some(data.to_owned()), ..Settings::default() }
    }

    #[test]
    fn without_a_name_all_parts_run_in_order() {
        let parts = Settings::default().parts(&["tinydigits", "mnist"]).unwrap();
        assert_eq!(parts, ["tinydigits", "mnist"]);
    }

    #[test]
    fn a_named_part_runs_alone() {
        assert_eq!(asking_for("mnist").parts(&["tinydigits", "mnist"]).unwrap(), ["mnist"]);
    }

    #[test]
    fn an_unknown_part_is_answered_with_the_nearest_known_one() {
        let error = asking_for("mnits").parts(&["tinydigits", "mnist"]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "unknown data `mnits`; did you mean `mnist`? (known: tinydigits, mnist)"
        );
    }

    #[test]
    fn one_seed_replaces_the_fixed_ones() {
        let mut settings = Settings::default();
        assert_eq!(settings.seeds(&[0, 1, 2]), [0, 1, 2]);
        settings.seed = Some(7);
        assert_eq!(settings.seeds(&[0, 1, 2]), [7]);
    }
}
