//! The commands for the course, on a course of one small module.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A copy of the small course, to be changed.
struct Fake {
    root: PathBuf,
}

/// What a command printed, and whether it found nothing.
struct Said {
    text: String,
    sound: bool,
}

impl Fake {
    /// A fresh copy in the folder `name`, which keeps what was compiled there before.
    fn new(name: &str) -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        for old in ["modules", "course"] {
            let _ = fs::remove_dir_all(root.join(old)); // from an earlier run, if there was one
        }
        copy(&here.join("tests/fake"), &root);
        let fake = Self { root };
        let repository = here.parent().expect("is in the repository").display().to_string();
        fake.change("Cargo.toml", "REPOSITORY", &repository.replace('\\', "/"));
        fake
    }

    fn path(&self, file: &str) -> PathBuf {
        let in_module = self.root.join("modules/01_box").join(file);
        if in_module.exists() { in_module } else { self.root.join(file) }
    }

    /// Replaces `from`, which is there, in a file of the module or the course.
    fn change(&self, file: &str, from: &str, to: &str) {
        let path = self.root.join(file);
        let path = if path.exists() { path } else { self.path(file) };
        let text = fs::read_to_string(&path).expect("the file is there");
        assert!(text.contains(from), "{from} is not in {file}");
        fs::write(&path, text.replace(from, to)).expect("the file can be written");
    }

    fn add(&self, file: &str, more: &str) {
        let path = self.path(file);
        let text = fs::read_to_string(&path).expect("the file is there");
        fs::write(&path, text + more).expect("the file can be written");
    }

    fn run(&self, command: &[&str]) -> Said {
        let mut xtask = Command::new(env!("CARGO_BIN_EXE_xtask"));
        xtask.args(command).arg("--root").arg(&self.root);
        let output = xtask.output().expect("the program starts");
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        Said { text, sound: output.status.success() }
    }
}

impl Said {
    #[track_caller]
    fn has(&self, parts: &[&str]) -> &Self {
        for part in parts {
            assert!(self.text.contains(part), "`{part}` is not in:\n{}", self.text);
        }
        self
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in fs::read_dir(from).expect("a folder can be read") {
        let entry = entry.expect("a folder can be read");
        let (path, copied) = (entry.path(), to.join(entry.file_name()));
        match path.is_dir() {
            true => copy(&path, &copied),
            false => drop(fs::copy(&path, &copied).expect("a file can be copied")),
        }
    }
}

#[test]
fn stubs_that_are_fit_compile_and_score_nothing() {
    let fake = Fake::new("stubs");
    let out = fake.root.join("out");
    let said = fake.run(&["stubs", "--out", &out.display().to_string()]);
    assert!(said.has(&["01_box  2 files, 2 bodies cut out: fit"]).sound, "{}", said.text);
    let stub = fs::read_to_string(out.join("01_box/src/sides.rs")).expect("was written");
    assert!(stub.contains(r#"exercise!("01.1", "Count the numbers of a box", self)"#), "{stub}");
    assert!(!stub.contains("product") && !stub.contains("cfg(test)"), "{stub}");
    let lib = fs::read_to_string(out.join("01_box/src/lib.rs")).expect("was written");
    assert!(!lib.contains("doctest"), "{lib}");
}

#[test]
fn stubs_that_are_not_fit_are_told_why() {
    let fake = Fake::new("unfit");
    // A check that nobody has to write anything for, a warning, and an answer in a hint.
    fake.change("checks/src/main.rs", "Sides::new(&[]).numel(), 1", "1, 1");
    fake.change(
        "src/lib.rs",
        "mod sides;",
        "mod sides;\n#[deprecated]\npub fn old() {}\npub use old as new;",
    );
    fake.change(
        "exercises.toml",
        "From the last to the first, multiply.",
        "`strides[i] = step; step *= length;` in `let (mut strides, mut step) = (vec![0; \
         self.0.len()], 1); for (i, length) in self.0.iter().enumerate().rev() { strides[i] = step; \
         step *= length; } strides`",
    );
    let said = fake.run(&["stubs", "01"]);
    said.has(&[
        "check 01.1.empty passes where nothing is written",
        "the stubs compile with warnings",
        "exercises.toml: the answer of 01.2, `sides::Sides::strides`, stands here",
        "not fit",
    ]);
    assert!(!said.sound);

    fake.change("src/sides.rs", "    /// How many", "    fn more() {}\n\n    /// How many");
    let said = fake.run(&["stubs"]);
    assert!(!said.has(&["`sides::Sides::more` is not listed"]).sound);
}

#[test]
fn every_mistake_is_made_and_judged() {
    let fake = Fake::new("mutants");
    let said = fake.run(&["mutants"]);
    said.has(&["3 of 3 mistakes are caught and named", "lengths multiply, they do not add"]);
    assert!(said.sound, "{}", said.text);

    let mistake = |name: &str, find: &str, replace: &str, exercise: &str, says: &str| {
        format!(
            "[[mistake]]\nname = \"{name}\"\nfile = \"src/sides.rs\"\nfind = \"{find}\"\n\
             replace = \"{replace}\"\nexercise = \"{exercise}\"\nsays = \"{says}\"\n"
        )
    };
    fake.add(
        "mistakes.toml",
        &mistake("harmless", "strides[i] = step", "strides[i] += step", "01.2", "x"),
    );
    fake.add("mistakes.toml", &mistake("unnamed", "product()", "count()", "01.1", "counted"));
    fake.add("mistakes.toml", &mistake("not Rust", "product()", "prod()", "01.1", "x"));
    fake.add("mistakes.toml", &mistake("elsewhere", "product()", "sum()", "01.2", "x"));
    fake.add("mistakes.toml", &mistake("nowhere", "divide()", "sum()", "01.2", "x"));
    let said = fake.run(&["mutants", "--jobs", "2"]);
    said.has(&[
        "\"harmless\" is not caught by any check",
        "\"unnamed\" is caught, but not named",
        "\"not Rust\" does not compile: error",
        "\"elsewhere\" is not caught by the checks of 01.2, only by 01.1.counts",
        "\"nowhere\" what it replaces is not in src/sides.rs",
        "3 of 8 mistakes are caught and named",
    ]);
    assert!(!said.sound);
}

#[test]
fn a_sound_course_has_no_findings_and_keeps_its_ids() {
    let fake = Fake::new("audit");
    fake.add("lesson.md", &format!("\n## More\n\n{}\n", "words of a lesson ".repeat(400)));
    for i in 0..9 {
        let more = fs::read_to_string(fake.path("mistakes.toml")).expect("is there");
        let first =
            more.split("\n\n").next().expect("has one").replace("added", &format!("added {i}"));
        fake.add("mistakes.toml", &format!("\n{first}\n"));
    }
    let said = fake.run(&["check-course"]);
    assert!(!said.has(&["exercise 01.1 is not in course/ids.txt"]).sound);
    let said = fake.run(&["check-course", "--add-ids"]);
    assert!(said.has(&["2 exercises, 15 points, 4 checks, 12 mistakes"]).sound, "{}", said.text);
    assert!(fake.run(&["check-course"]).sound);

    fake.change(
        "exercises.toml",
        "given_files = [\"lib\"]",
        "given_files = []\nremoved = [\"lib::f\"]",
    );
    fake.change("checks/src/main.rs", "01.1.empty", "01.1.point");
    fake.change(
        "checks/src/main.rs",
        "exercise: \"01.2\", fact: \"no",
        "exercise: \"01.3\", fact: \"no",
    );
    fake.change("lesson.md", "One step", "Obviously, one step");
    fake.change("lesson.md", "figures/box.svg", "figures/cube.svg");
    fake.change("checks/Cargo.toml", "check.workspace", "serde = \"1.0\"\ncheck.workspace");
    let said = fake.run(&["check-course", "01"]);
    assert!(!said.sound, "cargo is offline: {}", said.text);
    fake.change("checks/Cargo.toml", "serde = \"1.0\"\n", "");
    let said = fake.run(&["check-course", "01"]);
    said.has(&[
        "`lib::f` is listed, and there is no such function",
        "check 01.1.empty is gone; ids stay for ever",
        "check 01.2.few: there is no exercise 01.3",
        "check 01.2.few: its id begins with its exercise, 01.3.",
        "exercise 01.2 has 1 checks; 2 at least",
        "lesson.md: line 17: without \"obviously\"",
        "figures/cube.svg does not exist",
        "figures/box.svg is shown nowhere",
    ]);
    assert!(!said.sound);
}

#[test]
fn a_module_without_exercises_is_said_to_have_none() {
    let fake = Fake::new("none");
    let said = fake.run(&["stubs", "02"]);
    assert!(!said.has(&["module 02 has no exercises.toml yet"]).sound);
    assert!(!fake.run(&["stubs", "7"]).has(&["there is no module 7"]).sound);
}
