//! Progress on another machine, and a newer course.

use std::fs;

use tempfile::TempDir;

use crate::learner::{Learner, files, fresh_course};

#[test]
fn progress_goes_to_another_machine_whole() {
    let learner = Learner::who_completed(&["01"]);
    learner.say(&["module", "hint", "01.2"]).ended(0);
    learner.say(&["export", "progress", "../progress.json"]).ended(0);
    learner.say(&["export", "progress", "../progress.json"]).ended(2).with("is there already");
    let other = Learner::new();
    let bundle = learner.home.path().join("progress.json");
    let import = ["import", "progress", bundle.to_str().unwrap()];
    other.say(&import).ended(0).with("1 complete modules");
    assert_eq!(other.completed(), ["01"]);
    assert_eq!(files(&other.sources("01")), files(&learner.sources("01")));
    other.say(&["module", "test", "01"]).ended(0);
    other.say(&["module", "hint", "01.2"]).ended(0).with("Hint 2 of 3");

    // What differs there is kept.
    other.edit("01", "shape.rs", "Rows become columns.", "My own words.");
    other.say(&import).ended(0).with("what you had is in .tito/backup/");
    let kept = files(&other.root.join(".tito/backup"));
    assert!(kept.values().any(|it| String::from_utf8_lossy(it).contains("My own words.")));
}

#[test]
fn a_file_that_somebody_sent_writes_nowhere_else() {
    let learner = Learner::new();
    let bundle = learner.home.path().join("sent.json");
    let import = ["import", "progress", bundle.to_str().unwrap()];
    let before = files(learner.home.path());
    for path in [
        "../evil.rs",
        "modules/01_tensor/src/../../../evil.rs",
        "modules/01_tensor/Cargo.toml",
        "modules/01_tensor/src/.cargo/config.rs",
        "modules/01_tensor/build.rs",
        "modules/99_none/src/lib.rs",
        "/etc/evil.rs",
        "tinytorch/src/lib.rs",
        ".tito/exercise/src/lib.rs",
    ] {
        let state = fs::read_to_string(learner.root.join(".tito/state.json")).unwrap();
        let state: serde_json::Value = serde_json::from_str(&state).unwrap();
        let sent = serde_json::json!({
            "tinytorch_progress": 1, "tito": "0.1.0", "state": state, "files": {path: "evil"}
        });
        fs::write(&bundle, sent.to_string()).unwrap();
        learner.say(&import).ended(2).with("nothing was changed");
        fs::remove_file(&bundle).unwrap();
    }
    for text in ["", "{", "[]", "{\"tinytorch_progress\": 1}", "{\"tinytorch_progress\": 99}"] {
        fs::write(&bundle, text).unwrap();
        learner.say(&import).ended(2).with("nothing was changed");
        fs::remove_file(&bundle).unwrap();
    }
    assert_eq!(files(learner.home.path()), before);
}

/// The small course, a version later: a comment at the top of a file, other documentation of a
/// function, one more file.
pub fn newer_course() -> TempDir {
    let course = fresh_course();
    let change = |path: &str, from: &str, to: &str| {
        let path = course.path().join("modules").join(path);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(path, text.replacen(from, to, 1)).unwrap();
    };
    change("01_tensor/src/shape.rs", "//! Shapes.", "//! Shapes, newer.");
    change(
        "02_layers/src/lib.rs",
        "/// Weights times numbers, added up.",
        "/// The sum of products.",
    );
    change("01_tensor/src/lib.rs", "mod shape;", "mod extra;\nmod shape;");
    change(
        "01_tensor/exercises.toml",
        "given_files = [\"lib\"]",
        "given_files = [\"lib\", \"extra\"]",
    );
    change("01_tensor/lesson.md", "A question", "A better question");
    fs::write(course.path().join("modules/01_tensor/src/extra.rs"), "//! New.\n").unwrap();
    course
}

#[test]
fn a_newer_course_comes_in_around_what_the_learner_wrote() {
    let mut learner = Learner::who_completed(&["01"]);
    learner.say(&["module", "start", "02"]).ended(0);
    learner.edit("02", "lib.rs", "/// Weights times numbers, added up.", "/// Mine.");
    let before = fs::read_to_string(learner.sources("02").join("lib.rs")).unwrap();
    let newer = newer_course();
    learner.course = newer.path().to_owned();
    learner.say(&["doctor"]).ended(0).with("tito update");
    learner.say(&["update", "--dry-run"]).ended(0).with("nothing was changed");
    let said = learner.say(&["update"]).ended(0);
    assert!(said.out.contains("joined    modules/01_tensor/src/shape.rs"), "{}", said.out);
    assert!(said.out.contains("new       modules/01_tensor/src/extra.rs"), "{}", said.out);
    assert!(said.out.contains("new       modules/01_tensor/README.md"), "{}", said.out);
    assert!(said.out.contains("beside    modules/02_layers/src/lib.rs.new"), "{}", said.out);

    let shape = fs::read_to_string(learner.sources("01").join("shape.rs")).unwrap();
    assert!(shape.starts_with("//! Shapes, newer.") && shape.contains("secret_product"), "{shape}");
    // Where both changed the same line, the learner's file is as it was, to the byte.
    assert_eq!(fs::read_to_string(learner.sources("02").join("lib.rs")).unwrap(), before);
    let beside = fs::read_to_string(learner.sources("02").join("lib.rs.new")).unwrap();
    assert!(beside.contains("The sum of products.") && beside.contains("exercise!"), "{beside}");

    learner.say(&["module", "test", "01"]).ended(0);
    learner.say(&["update"]).ended(0).with("already");
    learner.say(&["doctor"]).ended(0).with("of tito");
    assert_eq!(learner.completed(), ["01"]);
}
