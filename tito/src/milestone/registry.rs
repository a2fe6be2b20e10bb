//! The milestones that this binary can run: the one place where a new one is entered.

use stage::Milestone;

/// In the order of their ids. A milestone of `course.toml` that is missing here is shown as one
/// that is still to come.
pub const MILESTONES: &[Milestone] = &[
    milestone_perceptron::MILESTONE,
    milestone_xor::MILESTONE,
    milestone_mlp::MILESTONE,
    milestone_cnn::MILESTONE,
    milestone_transformer::MILESTONE,
];

/// The entry with this id.
pub(crate) fn find<'a>(known: &'a [Milestone], id: &str) -> Option<&'a Milestone> {
    known.iter().find(|milestone| milestone.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::Course;

    #[test]
    fn every_entry_is_a_milestone_of_the_course_and_they_are_in_order() {
        let course = Course::embedded();
        for entry in MILESTONES {
            let listed = course.milestones.iter().find(|it| it.id == entry.id);
            assert_eq!(listed.map(|it| it.name.as_str()), Some(entry.name), "{}", entry.id);
        }
        assert!(MILESTONES.is_sorted_by(|a, b| a.id < b.id));
    }

    #[test]
    fn every_milestone_with_a_folder_has_an_entry() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for milestone in Course::embedded().milestones {
            let built = root.join(milestone.folder()).join("Cargo.toml").is_file();
            assert_eq!(built, find(MILESTONES, &milestone.id).is_some(), "{}", milestone.folder());
        }
    }
}
