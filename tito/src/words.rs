//! Words that people type for milestones and data sets, and answers to those that nobody knows.

use stage::nearest;

use crate::course::{Course, DataSet, Milestone, Module, Track};
use crate::failure::Failure;

impl Course {
    /// The milestone that a word means: its number (`3`, `03`), its name or its year.
    ///
    /// # Errors
    /// A word that means none; the failure names the nearest known one.
    pub fn find_milestone(&self, word: &str) -> Result<&Milestone, Failure> {
        let number = word.parse::<u32>().ok();
        let means = |milestone: &&Milestone| {
            milestone.name.eq_ignore_ascii_case(word)
                || number.is_some_and(|number| {
                    milestone.id.parse() == Ok(number) || u32::from(milestone.year) == number
                })
        };
        self.milestones.iter().find(means).ok_or_else(|| self.unknown_milestone(word))
    }

    /// The module that a word means: its number (`5`, `05`), its name or its folder.
    ///
    /// # Errors
    /// A word that means none; the failure names the nearest known one.
    pub fn find_module(&self, word: &str) -> Result<&Module, Failure> {
        let word = word.trim_end_matches(['/', '\\']);
        let word = word.rsplit(['/', '\\']).next().unwrap_or(word);
        let number = word.parse::<u32>().ok();
        let means = |module: &&Module| {
            module.name.eq_ignore_ascii_case(word)
                || word.eq_ignore_ascii_case(&format!("{}_{}", module.id, module.name))
                || number.is_some_and(|number| module.id.parse() == Ok(number))
        };
        self.modules.iter().find(means).ok_or_else(|| {
            let known: Vec<&str> = self.modules.iter().map(|it| it.name.as_str()).collect();
            let failure = match number {
                Some(_) => Failure::input(format!("there is no module `{word}`"))
                    .cure(format!("modules go from 01 to {:02}", self.modules.len())),
                None => unknown("module", word, &known),
            };
            failure.cure("`tito module list` shows all of them")
        })
    }

    /// The track that a word names.
    ///
    /// # Errors
    /// A word that names none; the failure names the nearest known one.
    pub fn find_track(&self, word: &str) -> Result<&Track, Failure> {
        let found = self.tracks.iter().find(|track| track.id.eq_ignore_ascii_case(word));
        found.ok_or_else(|| {
            let known: Vec<&str> = self.tracks.iter().map(|track| track.id.as_str()).collect();
            unknown("track", word, &known).cure(format!("tracks: {}", known.join(", ")))
        })
    }

    /// The data set that a word names.
    ///
    /// # Errors
    /// A word that names none; the failure names the nearest known one.
    pub fn find_data_set(&self, word: &str) -> Result<&DataSet, Failure> {
        let found = self.data_sets.iter().find(|data| data.id.eq_ignore_ascii_case(word));
        found.ok_or_else(|| {
            let known: Vec<&str> = self.data_sets.iter().map(|data| data.id.as_str()).collect();
            unknown("data set", word, &known).cure("`tito dataset list` shows all of them")
        })
    }

    fn unknown_milestone(&self, word: &str) -> Failure {
        let mut known: Vec<&str> = self.milestones.iter().map(|it| it.name.as_str()).collect();
        known.push("all");
        let failure = unknown("milestone", word, &known);
        // A module's name where a milestone's belongs: say what it is, and where it is used.
        let module = self.modules.iter().find(|module| module.name.eq_ignore_ascii_case(word));
        let failure = match module {
            Some(module) => {
                let user = self.milestones.iter().find(|it| it.needs.contains(&module.id));
                let user = user.map_or(String::new(), |it| {
                    format!("; the first milestone that uses it is {} {}", it.id, it.name)
                });
                failure.cure(format!("`{word}` is module {}{user}", module.id))
            }
            None => failure,
        };
        failure.cure("`tito milestone list` shows all of them")
    }
}

/// Nobody knows this word; the nearest known one is offered.
pub fn unknown(kind: &str, word: &str, known: &[&str]) -> Failure {
    let failure = Failure::input(format!("there is no {kind} `{word}`"));
    match nearest(word, known) {
        Some(nearest) => failure.cure(format!("did you mean `{nearest}`?")),
        None => failure.cure(format!("known: {}", known.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_milestone_is_found_by_number_name_and_year() {
        let course = Course::embedded();
        for word in ["03", "3", "mlp", "MLP", "1986"] {
            assert_eq!(course.find_milestone(word).unwrap().id, "03", "{word}");
        }
    }

    #[test]
    fn a_module_is_found_by_number_name_and_folder() {
        let course = Course::embedded();
        for word in ["05", "5", "autograd", "Autograd", "05_autograd", "modules/05_autograd/"] {
            assert_eq!(course.find_module(word).unwrap().id, "05", "{word}");
        }
        let message = |word| course.find_module(word).unwrap_err().to_string();
        assert!(message("tensr").contains("did you mean `tensor`?"), "{}", message("tensr"));
        assert!(message("42").contains("modules go from 01 to 20"), "{}", message("42"));
        assert!(course.find_track("visoin").unwrap_err().to_string().contains("`vision`"));
    }

    #[test]
    fn an_unknown_milestone_is_answered_with_the_nearest() {
        let message = |word| Course::embedded().find_milestone(word).unwrap_err().to_string();
        assert_eq!(
            message("preceptron"),
            "there is no milestone `preceptron`\n  did you mean `perceptron`?\n  \
             `tito milestone list` shows all of them"
        );
        assert!(message("07").contains("known: perceptron, xor, mlp"), "{}", message("07"));
    }

    #[test]
    fn a_modules_name_in_a_milestones_place_is_explained() {
        let message = Course::embedded().find_milestone("autograd").unwrap_err().to_string();
        let expected = "`autograd` is module 05; the first milestone that uses it is 02 xor";
        assert!(message.contains(expected), "{message}");
    }

    #[test]
    fn an_unknown_data_set_is_answered_with_the_nearest() {
        let message = Course::embedded().find_data_set("cifar").unwrap_err().to_string();
        assert!(message.contains("did you mean `cifar10`?"), "{message}");
    }
}
