//! What is judged, and what a learner is told.

use std::fs;

use crate::learner::Learner;

#[test]
fn the_fault_is_found_in_the_earlier_module_that_holds_it() {
    let learner = Learner::who_completed(&["01", "02"]);
    // Its own checks look at the diagonal alone, and so do those of 02.
    let right = "[[upper_left, lower_left], [upper_right, lower_right]]";
    learner.edit("01", "shape.rs", right, "[[upper_left, upper_right], [lower_left, lower_right]]");
    learner.say(&["module", "test", "01"]).ended(0);
    learner.say(&["module", "test", "02"]).ended(0);
    learner.say(&["module", "start", "03"]).ended(0);
    let said = learner.say(&["module", "test", "03"]).ended(1);
    assert!(!said.out.contains("The fault is in"), "it is not written yet: {}", said.out);
    learner.type_in("03");
    let said = learner.say(&["module", "test", "03"]).ended(1);
    assert!(said.out.contains("The fault is in 01 tensor."), "{}", said.out);
    assert!(said.out.contains("tito module test 01"), "{}", said.out);
    let json = learner.say(&["module", "test", "03", "--json"]).ended(1).json();
    assert_eq!(json["fault_in"], "01");

    // A fault of its own is never blamed on others.
    learner.type_in("01");
    learner.edit("03", "lib.rs", ".sum()", ".product()");
    let said = learner.say(&["module", "test", "03"]).ended(1);
    assert!(!said.out.contains("The fault is in"), "{}", said.out);
}

#[test]
fn an_error_of_the_compiler_is_shown_as_cargo_does_in_the_learners_file() {
    let learner = Learner::new();
    learner.say(&["module", "start", "01"]).ended(0);
    let hole = "exercise!(\"01.1\", \"Count the numbers\", shape)";
    learner.edit("01", "shape.rs", hole, "\"many\"");
    let said = learner.say(&["module", "test", "01"]).ended(1);
    assert!(said.out.contains("It does not compile yet: one error."), "{}", said.out);
    assert!(said.out.contains("--> modules/01_tensor/src/shape.rs:7:5"), "{}", said.out);
    assert!(said.out.contains("error[E0308]: mismatched types"), "{}", said.out);
    let json = learner.say(&["module", "test", "01", "--json"]).ended(1).json();
    assert_eq!(json["does_not_compile"].as_array().unwrap().len(), 1);
}

#[test]
fn a_changed_signature_is_explained() {
    let learner = Learner::new();
    learner.say(&["module", "start", "01"]).ended(0);
    learner.type_in("01");
    learner.edit("01", "lib.rs", "pub use shape::{numel, transpose};", "pub use shape::transpose;");
    let said = learner.say(&["module", "test", "01"]).ended(1);
    assert!(said.out.contains("The checks of 01 no longer fit your code"), "{}", said.out);
}

#[test]
fn panics_prints_endless_recursion_and_a_quiet_exit_are_told_and_never_pass() {
    let learner = Learner::new();
    learner.say(&["module", "start", "01"]).ended(0);
    learner.type_in("01");
    let write = |body: &str| {
        learner.type_in("01");
        learner.edit("01", "shape.rs", "    secret_product\n", &format!("    {body}\n"));
        learner.say(&["module", "test", "01"]).ended(1)
    };
    let said = write("println!(\"step {secret_product}\"); secret_product + 1");
    assert!(said.out.contains("your code printed:\n        step 24"), "{}", said.out);
    let said = write("panic!(\"no room for {secret_product}\")");
    assert!(said.out.contains("panicked  no room for 24"), "{}", said.out);
    assert!(said.out.contains("at        modules/01_tensor/src/shape.rs:9"), "{}", said.out);
    let said = write("std::hint::black_box(numel(shape)) + secret_product");
    assert!(said.out.contains("01.1.counts ended the whole run"), "{}", said.out);
    assert!(said.out.contains("the stack overflowed"), "{}", said.out);
    let said = write("std::process::exit(0)");
    assert!(said.out.contains("it ended itself with status 0"), "{}", said.out);
    learner.say(&["module", "complete", "01"]).ended(1);
    assert!(learner.completed().is_empty());
}

#[test]
fn only_the_learners_sources_are_judged_whatever_else_is_changed() {
    let learner = Learner::new();
    learner.say(&["module", "start", "01"]).ended(0);
    learner.say(&["module", "test", "01"]).ended(1);
    // Checks that always pass, a macro that does nothing, a manifest that points elsewhere.
    let checks = learner.root.join(".tito/checks/01_tensor/src/main.rs");
    let checked = fs::read_to_string(&checks).unwrap();
    fs::write(&checks, "fn main() { println!(\"{{\\\"module\\\":\\\"01\\\",\\\"total\\\":0}}\") }")
        .unwrap();
    fs::write(learner.root.join(".tito/exercise/src/lib.rs"), "").unwrap();
    let manifest = learner.root.join("modules/01_tensor/Cargo.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text + "\n[lib]\npath = \"elsewhere.rs\"\n").unwrap();
    learner.say(&["module", "test", "01"]).ended(1).with("0 of 2 exercises, 0 of 3 checks");
    assert_eq!(fs::read_to_string(&checks).unwrap(), checked);
}

#[test]
fn a_hole_that_no_check_comes_upon_keeps_a_module_from_being_complete() {
    let learner = Learner::new();
    learner.say(&["module", "start", "01"]).ended(0);
    learner.type_in("01");
    let lib = "pub use shape::{numel, transpose};";
    let hole = format!(
        "{lib}\n/// Still to do.\npub fn more() {{\n    exercise::exercise!(\"01.2\", \"x\")\n}}"
    );
    learner.edit("01", "lib.rs", lib, &hole);
    learner.say(&["module", "complete", "01"]).ended(1).with("not complete yet");
}

#[test]
fn what_was_changed_is_shown_and_the_answer_key_only_after_a_pass() {
    let learner = Learner::new();
    learner.say(&["module", "start", "01"]).ended(0);
    learner.say(&["module", "diff", "01"]).ended(0).with("nothing differs");
    learner.type_in("01");
    learner.say(&["module", "diff", "01"]).ended(1).with("+    secret_product");
    learner.say(&["module", "diff", "01", "--answer-key"]).ended(2).with("is not complete");
    learner.say(&["module", "complete", "01"]).ended(0);
    learner.say(&["module", "diff", "01", "--answer-key"]).ended(0).with("nothing differs");
}
