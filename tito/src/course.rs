//! `course.toml`, read: the modules, milestones, checkpoints, tracks and data sets of the course.
//!
//! The file is part of the binary. What its fields mean is said in the file itself; what must hold
//! between them is in [`Course::faults`].

mod faults;

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::tree::Tree;

/// The whole course.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Course {
    /// The three parts of the course, in order.
    #[serde(rename = "tier")]
    pub tiers: Vec<Tier>,
    /// The twenty modules, in order.
    #[serde(rename = "module")]
    pub modules: Vec<Module>,
    /// The six milestones, in order.
    #[serde(rename = "milestone")]
    pub milestones: Vec<Milestone>,
    /// What a learner can do by now, in order.
    #[serde(rename = "checkpoint")]
    pub checkpoints: Vec<Checkpoint>,
    /// Ways through the course.
    #[serde(rename = "track")]
    pub tracks: Vec<Track>,
    /// What the milestones learn from.
    #[serde(rename = "data_set")]
    pub data_sets: Vec<DataSet>,
}

/// A part of the course.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// `foundation`, `architecture` or `optimization`.
    pub id: String,
    /// For people.
    pub title: String,
    /// One line.
    pub summary: String,
}

/// One module: a folder, a crate, a chapter.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Module {
    /// Two digits.
    pub id: String,
    /// Its word in code and on the command line.
    pub name: String,
    /// For people.
    pub title: String,
    /// A tier's id.
    pub tier: String,
    /// Earlier modules that it uses.
    pub needs: Vec<String>,
    /// 1 (gentle) to 5 (hard).
    pub difficulty: u8,
    /// Hours of work: quick, careful.
    pub hours: [u32; 2],
    /// What is built, in one line.
    pub summary: String,
    /// Its crate.
    #[serde(rename = "crate")]
    pub package: String,
}

impl Module {
    /// Its folder, seen from the repository's root: `modules/05_autograd`.
    pub fn folder(&self) -> String {
        format!("modules/{}_{}", self.id, self.name)
    }
}

/// A chapter of history, judged.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Milestone {
    /// Two digits.
    pub id: String,
    /// Its word on the command line.
    pub name: String,
    /// Of the original.
    pub year: u16,
    /// For people.
    pub title: String,
    /// Modules without which it can't be performed.
    pub needs: Vec<String>,
    /// Modules after which it is performed once more, in another way.
    #[serde(default)]
    pub again: Vec<String>,
    /// Its crate.
    #[serde(rename = "crate")]
    pub package: String,
    /// What is judged.
    #[serde(rename = "bar")]
    pub bars: Vec<Bar>,
}

impl Milestone {
    /// Its folder, seen from the repository's root: `milestones/03_1986_mlp`.
    pub fn folder(&self) -> String {
        format!("milestones/{}_{}_{}", self.id, self.year, self.name)
    }

    /// The data sets it can learn from, each once, the default first.
    pub fn data_sets(&self) -> Vec<&str> {
        let mut seen = BTreeSet::new();
        self.bars.iter().map(|bar| bar.data.as_str()).filter(|data| seen.insert(*data)).collect()
    }
}

/// What one judged number must reach.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bar {
    /// A data set's id.
    pub data: String,
    /// The name of the number.
    pub metric: String,
    /// The number must reach this.
    pub at_least: Option<f64>,
    /// The number must not rise above this.
    pub at_most: Option<f64>,
    /// The bar in words.
    pub goal: String,
}

/// A question that finished modules answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// Two digits.
    pub id: String,
    /// Its word on the command line.
    pub name: String,
    /// "Can I ...?"
    pub question: String,
    /// The evidence: modules that must be complete.
    pub modules: Vec<String>,
}

/// A way through the course.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Track {
    /// Its word on the command line.
    pub id: String,
    /// For people.
    pub title: String,
    /// Whom it suits.
    #[serde(rename = "for")]
    pub suits: String,
    /// In order.
    pub modules: Vec<String>,
}

/// Something to learn from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSet {
    /// Its word on the command line.
    pub id: String,
    /// For people.
    pub title: String,
    /// Where it comes from.
    pub source: Source,
    /// One line.
    pub summary: String,
}

/// Where a data set comes from.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// Part of the repository.
    Shipped,
    /// Computed from a seed.
    Drawn,
    /// Downloaded.
    Remote,
}

impl Course {
    /// The course this binary was built with.
    pub fn embedded() -> Course {
        let text = Tree::embedded().text("course.toml").expect("it is the first file");
        Course::parse(text).expect("a test parses course.toml")
    }

    /// The course that a text in `course.toml`'s form describes.
    ///
    /// # Errors
    /// A text that is not TOML, a field that is missing, unknown or of the wrong kind.
    pub fn parse(text: &str) -> Result<Course, toml::de::Error> {
        toml::from_str(text)
    }

    /// The module with this id.
    pub fn module(&self, id: &str) -> Option<&Module> {
        self.modules.iter().find(|module| module.id == id)
    }

    /// The data set with this id.
    pub fn data_set(&self, id: &str) -> Option<&DataSet> {
        self.data_sets.iter().find(|data| data.id == id)
    }

    /// Everything that these modules stand on, in the course's order: what they need, what that
    /// needs, and so on, with the modules themselves.
    pub fn closure(&self, ids: &[String]) -> Vec<&Module> {
        let mut reached: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
        // Needs point backward, so one walk from the last module to the first meets all of them.
        for module in self.modules.iter().rev() {
            if reached.contains(module.id.as_str()) {
                reached.extend(module.needs.iter().map(String::as_str));
            }
        }
        self.modules.iter().filter(|module| reached.contains(module.id.as_str())).collect()
    }

    /// The modules that a track leaves out although it stands on them, in the course's order: the
    /// answer key's are used in their place.
    pub fn adopted(&self, track: &Track) -> Vec<&Module> {
        let mut stands_on = self.closure(&track.modules);
        stands_on.retain(|module| !track.modules.contains(&module.id));
        stands_on
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_course_is_whole() {
        let course = Course::embedded();
        assert_eq!(course.tiers.len(), 3);
        assert_eq!(course.modules.len(), 20);
        assert_eq!(course.milestones.len(), 6);
        assert_eq!(course.checkpoints.len(), 16);
        assert_eq!(course.tracks.len(), 6);
        assert_eq!(course.faults(), Vec::<String>::new());
    }

    #[test]
    fn the_checkpoints_ask_for_every_module_once() {
        let course = Course::embedded();
        let asked: Vec<_> = course.checkpoints.iter().flat_map(|c| c.modules.clone()).collect();
        let all: Vec<_> = course.modules.iter().map(|module| module.id.clone()).collect();
        assert_eq!(asked, all);
    }

    #[test]
    fn an_unknown_field_is_an_error() {
        let text = include_str!("../../course.toml").replacen("difficulty = 2", "dificulty = 2", 1);
        let error = Course::parse(&text).unwrap_err().to_string();
        assert!(error.contains("dificulty"), "{error}");
    }

    #[test]
    fn a_closure_follows_needs_to_the_ground() {
        let course = Course::embedded();
        let ids = |of: &str| -> Vec<String> {
            course.closure(&[of.to_owned()]).iter().map(|module| module.id.clone()).collect()
        };
        assert_eq!(ids("01"), ["01"]);
        assert_eq!(ids("06"), ["01", "02", "03", "04", "05", "06"]);
        assert_eq!(ids("14"), ["01", "02", "03", "04", "05", "06", "07", "14"]);
        assert_eq!(ids("17").len(), 13, "of those before, not 08, 09, 15 and 16");
        assert_eq!(ids("20").len(), 20, "everything");
    }

    #[test]
    fn a_track_adopts_what_it_leaves_out() {
        let course = Course::embedded();
        let adopted = |id: &str| -> Vec<&str> {
            let track = course.tracks.iter().find(|track| track.id == id).unwrap();
            course.adopted(track).iter().map(|module| module.id.as_str()).collect()
        };
        assert!(adopted("complete").is_empty());
        assert_eq!(adopted("fast"), ["02", "04"]);
        assert!(adopted("vision").is_empty());
    }

    #[test]
    fn a_milestone_lists_its_data_sets_once_with_the_default_first() {
        let course = Course::embedded();
        assert_eq!(course.milestones[1].data_sets(), ["xor"]);
        assert_eq!(course.milestones[2].data_sets(), ["tinydigits", "mnist"]);
    }
}
