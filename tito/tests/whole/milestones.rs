//! The milestones that exist, run as the README says, and held against `course.toml`.

use std::process::Command;

use tito::course::Course;
use tito::milestone::registry::MILESTONES;

/// One seed each keeps this short; the verdict over all seeds is the milestones' own tests' and
/// that of `tito milestone run all`.
#[test]
fn every_report_is_of_a_bar_of_the_course() {
    let course = Course::embedded();
    let data = tempfile::tempdir().unwrap();
    for entry in MILESTONES {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("tito"));
        command.args(["milestone", "run", entry.name, "--json", "--seed", "0"]);
        if entry.name == "transformer" {
            command.args(["--data", "reversal"]); // its other parts take minutes
        }
        let output = command.env("TINYTORCH_DATA", data.path()).output().unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        let listed = &course.milestones.iter().find(|it| it.id == entry.id).unwrap().bars;
        assert!(!out.is_empty(), "{} reports something", entry.name);
        for line in out.lines() {
            let report: serde_json::Value = serde_json::from_str(line).unwrap();
            let known = listed.iter().any(|bar| {
                report["data"] == bar.data.as_str()
                    && report["metric"] == bar.metric.as_str()
                    && report["bar"].as_f64() == bar.at_least.or(bar.at_most)
            });
            assert!(known, "course.toml has no such bar: {line}");
        }
    }
}
