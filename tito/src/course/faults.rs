//! What must hold between the parts of a course, beyond each field being of its kind.

use std::collections::BTreeSet;
use std::fmt::Display;

use super::{Bar, Course, Milestone, Module};

impl Course {
    /// Everything that is wrong with the course, a sentence each; nothing when it is sound.
    ///
    /// Ids are unique and count up without a gap, needs exist and point backward, tracks go forward
    /// through known modules, bars name known data sets and have one limit.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        unique("tier", self.tiers.iter().map(|tier| &tier.id), &mut faults);
        unique("module", self.modules.iter().map(|module| &module.name), &mut faults);
        unique("milestone", self.milestones.iter().map(|it| &it.name), &mut faults);
        unique("checkpoint", self.checkpoints.iter().map(|it| &it.name), &mut faults);
        unique("track", self.tracks.iter().map(|track| &track.id), &mut faults);
        unique("data set", self.data_sets.iter().map(|data| &data.id), &mut faults);
        counted("module", self.modules.iter().map(|module| &module.id), &mut faults);
        counted("milestone", self.milestones.iter().map(|it| &it.id), &mut faults);
        counted("checkpoint", self.checkpoints.iter().map(|it| &it.id), &mut faults);
        for module in &self.modules {
            self.module_faults(module, &mut faults);
        }
        for milestone in &self.milestones {
            self.milestone_faults(milestone, &mut faults);
        }
        for checkpoint in &self.checkpoints {
            let what = format!("checkpoint {}", checkpoint.id);
            self.forward(&what, &checkpoint.modules, &mut faults);
            if checkpoint.modules.is_empty() {
                faults.push(format!("{what} asks for no module"));
            }
        }
        for track in &self.tracks {
            self.forward(&format!("track {}", track.id), &track.modules, &mut faults);
        }
        faults
    }

    fn module_faults(&self, module: &Module, faults: &mut Vec<String>) {
        let what = format!("module {}", module.id);
        self.forward(&what, &module.needs, faults);
        for need in module.needs.iter().filter(|need| **need >= module.id) {
            faults.push(format!("{what} needs {need}, which does not come before it"));
        }
        if !self.tiers.iter().any(|tier| tier.id == module.tier) {
            faults.push(format!("{what} is in an unknown tier: {}", module.tier));
        }
        if !(1..=5).contains(&module.difficulty) {
            faults.push(format!("{what} has a difficulty outside 1..=5: {}", module.difficulty));
        }
        if module.hours[0] == 0 || module.hours[0] > module.hours[1] {
            faults.push(format!("{what} has hours that do not go up: {:?}", module.hours));
        }
        if module.package != format!("tinytorch-{}", module.name) {
            faults.push(format!("{what} has a crate of another name: {}", module.package));
        }
    }

    fn milestone_faults(&self, milestone: &Milestone, faults: &mut Vec<String>) {
        let what = format!("milestone {}", milestone.id);
        self.forward(&what, &milestone.needs, faults);
        self.forward(&what, &milestone.again, faults);
        if milestone.package != format!("milestone-{}", milestone.name) {
            faults.push(format!("{what} has a crate of another name: {}", milestone.package));
        }
        if milestone.bars.is_empty() {
            faults.push(format!("{what} has no bar"));
        }
        for Bar { data, at_least, at_most, .. } in &milestone.bars {
            if self.data_set(data).is_none() {
                faults.push(format!("{what} learns from an unknown data set: {data}"));
            }
            if at_least.is_some() == at_most.is_some() {
                faults.push(format!("{what} on {data} must have `at_least` or `at_most`"));
            }
        }
    }

    /// A list of modules must name known ones, in the course's order, each once.
    fn forward(&self, what: &str, ids: &[String], faults: &mut Vec<String>) {
        for id in ids.iter().filter(|id| self.module(id).is_none()) {
            faults.push(format!("{what} names an unknown module: {id}"));
        }
        for pair in ids.windows(2).filter(|pair| pair[0] >= pair[1]) {
            faults.push(format!("{what} names {} before {}", pair[0], pair[1]));
        }
    }
}

fn unique<'a>(kind: &str, names: impl Iterator<Item = &'a String>, faults: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    faults.extend(names.filter(|name| !seen.insert(*name)).map(|it| twice(kind, it)));
}

fn twice(kind: &str, name: impl Display) -> String {
    format!("two entries for {kind} {name}")
}

fn counted<'a>(kind: &str, ids: impl Iterator<Item = &'a String>, faults: &mut Vec<String>) {
    for (index, id) in ids.enumerate() {
        let expected = format!("{:02}", index + 1);
        if *id != expected {
            faults.push(format!("{kind} {id} stands where {expected} belongs"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The faults of the real course after one change.
    fn faults_after(change: impl FnOnce(&mut Course)) -> String {
        let mut course = Course::embedded();
        change(&mut course);
        course.faults().join("; ")
    }

    #[test]
    fn a_need_must_exist_and_point_backward() {
        let faults = faults_after(|course| course.modules[4].needs.push("21".into()));
        assert!(faults.contains("module 05 names an unknown module: 21"), "{faults}");
        let faults = faults_after(|course| course.modules[4].needs.push("05".into()));
        assert!(faults.contains("module 05 needs 05, which does not come before it"), "{faults}");
    }

    #[test]
    fn ids_count_up_and_names_are_unique() {
        let faults = faults_after(|course| course.modules[1].id = "01".into());
        assert!(faults.contains("module 01 stands where 02 belongs"), "{faults}");
        let faults = faults_after(|course| course.modules[1].name = "tensor".into());
        assert!(faults.contains("two entries for module tensor"), "{faults}");
    }

    #[test]
    fn a_track_goes_forward_through_known_modules() {
        let faults = faults_after(|course| course.tracks[0].modules.swap(0, 1));
        assert!(faults.contains("track complete names 02 before 01"), "{faults}");
        let faults = faults_after(|course| course.tracks[0].modules.push("xx".into()));
        assert!(faults.contains("track complete names an unknown module: xx"), "{faults}");
    }

    #[test]
    fn a_bar_names_known_data_and_has_one_limit() {
        let faults = faults_after(|course| course.milestones[2].bars[0].data = "digits".into());
        assert!(faults.contains("milestone 03 learns from an unknown data set: digits"));
        let faults = faults_after(|course| course.milestones[2].bars[0].at_most = Some(1.0));
        assert!(faults.contains("milestone 03 on tinydigits must have"), "{faults}");
        let faults = faults_after(|course| course.milestones[2].bars[0].at_least = None);
        assert!(faults.contains("milestone 03 on tinydigits must have"), "{faults}");
    }

    #[test]
    fn tiers_difficulties_hours_and_crates_are_checked() {
        let faults = faults_after(|course| {
            course.modules[0].tier = "cellar".into();
            course.modules[0].difficulty = 6;
            course.modules[0].hours = [6, 4];
            course.modules[0].package = "tensor".into();
        });
        for part in ["unknown tier", "difficulty outside", "do not go up", "another name"] {
            assert!(faults.contains(part), "{part}: {faults}");
        }
    }
}
