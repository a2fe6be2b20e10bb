//! From an empty folder to a milestone on one's own code.

use std::fs;

use crate::learner::{Learner, files};

#[test]
fn a_learner_goes_from_init_to_a_milestone_exercise_by_exercise() {
    let learner = Learner::without_workspace("my-tinytorch");
    let said = learner.say(&[]).ended(0);
    assert!(said.out.contains("tito init my-tinytorch"), "{}", said.out);
    let said = learner.say(&["init"]).ended(0);
    assert!(said.out.contains("cd my-tinytorch\n  tito module start 01"), "{}", said.out);
    learner.say(&[]).ended(0).with("Next: tito module start 01");

    learner.say(&["module", "start"]).ended(0).with("begin   modules/01_tensor/src/shape.rs:7");
    let test = ["module", "test", "01"];
    learner.say(&test).ended(1).with("0 of 2 exercises, 0 of 3 checks");
    learner.edit(
        "01",
        "shape.rs",
        "exercise!(\"01.1\", \"Count the numbers\", shape)",
        "shape.iter().sum()",
    );
    let said = learner.say(&test).ended(1);
    let told = "wrong  [2, 3, 4] has 24 numbers\n      9 is 2 + 3 + 4: sizes multiply, not add\n      \
                expected  24\n      got       9";
    assert!(said.out.contains(told), "{}", said.out);
    assert!(said.out.contains("01.1  Count the numbers\nmodules/01_tensor/src/shape.rs:6"));
    // What fails for the sake of another and is not written yet is no mistake.
    assert!(said.out.contains("\u{2717} 01.1  Count the numbers   wrong\n"), "{}", said.out);
    assert!(said.out.contains("\u{b7} 01.2  Turn it over\n"), "{}", said.out);
    learner.edit("01", "shape.rs", "sum()", "product()");
    let said = learner.say(&test).ended(1);
    assert!(said.out.contains("1 of 2 exercises, 2 of 3 checks"), "{}", said.out);
    assert!(said.out.contains("\u{2713} 01.1"), "{}", said.out);
    assert!(said.out.contains("Next: 01.2 Turn it over"), "{}", said.out);
    learner.say(&["module", "complete"]).ended(1).with("01 tensor is not complete yet");
    assert!(learner.completed().is_empty());

    learner.edit(
        "01",
        "shape.rs",
        "exercise!(\"01.2\", \"Turn it over\", m)",
        "[[m[0][0], m[1][0]], [m[0][1], m[1][1]]]",
    );
    learner.say(&test).ended(0).with("Next: tito module complete 01");
    let said = learner.say(&["module", "complete"]).ended(0);
    assert!(said.out.contains("Can I turn a matrix over?   Yes."), "{}", said.out);
    assert!(said.out.contains("now open: 02 layers"), "{}", said.out);
    let facade = fs::read_to_string(learner.root.join("tinytorch/src/lib.rs")).unwrap();
    assert!(facade.contains("pub use tinytorch_tensor as tensor;"), "{facade}");
    assert!(!facade.contains("tinytorch_layers"), "{facade}");

    learner.say(&["milestone", "run", "perceptron"]).ended(2).with("waits for 02 layers");
    learner.say(&["module", "start", "02"]).ended(0);
    learner.type_in("02");
    let said = learner.say(&["module", "complete", "02"]).ended(0);
    assert!(said.out.contains("unlocked: 1957 The perceptron"), "{}", said.out);
    learner.say(&[]).ended(0).with("Next: tito milestone run perceptron");
    let run = ["milestone", "run", "perceptron"];
    let said = learner.say(&run).ended(0);
    assert!(said.out.contains("met     separable accuracy 100.0 %"), "{}", said.out);
    assert!(said.out.contains("the rest of it comes after 03 training"), "{}", said.out);
    assert!(!said.out.contains("clusters"), "{}", said.out);

    // The milestone runs on the learner's code: it misses when that is wrong.
    learner.edit("02", "lib.rs", "first_weight * x[0] +", "first_weight * x[0] -");
    learner.say(&run).ended(1).with("missed  separable accuracy 0.0 %");
    learner.say(&["module", "status", "02"]).with("complete; changed since");
    learner.say(&["checkpoint", "test", "learning"]).ended(1).with("Not yet.");
    let record = files(&learner.root.join(".tito/runs"));
    let record: serde_json::Value =
        serde_json::from_slice(record.values().next().unwrap()).unwrap();
    assert_eq!(record["modules"][0]["whose"], "yours");
    assert_eq!(record["modules"][2]["whose"], "the answer key's");
}

#[test]
fn an_untouched_workspace_scores_nothing_and_holds_no_answer() {
    let learner = Learner::new();
    learner.say(&["module", "start", "01"]).ended(0);
    let judged = learner.say(&["module", "test", "01", "--json"]).ended(1).json();
    assert_eq!((judged["passed"].as_u64(), judged["total"].as_u64()), (Some(0), Some(3)));
    for (path, bytes) in files(&learner.root) {
        let text = String::from_utf8_lossy(&bytes);
        for word in ["secret_product", "upper_right", "first_weight", "turned_over", "summed_up"] {
            assert!(!text.contains(word), "{word} in {}", path.display());
        }
        let own = !path.starts_with(".tito/exercise") && !path.starts_with(".tito/checks");
        assert!(!own || !text.contains("#[cfg(test)]"), "tests in {}", path.display());
    }
}

#[test]
fn the_answer_key_scores_full() {
    let learner = Learner::who_completed(&["01", "02", "03"]);
    assert_eq!(learner.completed(), ["01", "02", "03"]);
    let said = learner.say(&["milestone", "run", "all"]).ended(0);
    assert!(said.out.contains("met     clusters accuracy"), "{}", said.out);
    learner.say(&[]).with("04 Later comes later in this edition");
    learner.say(&["checkpoint", "status"]).ended(0).with("2 of 2 answered with yes");
    learner.say(&["checkpoint", "timeline"]).ended(0).with("completed 03 training");
    // The milestone came to lie beside the modules, and cargo builds all of it.
    assert!(learner.root.join("milestones/01_1957_perceptron/src/lib.rs").is_file());
    let mut cargo = std::process::Command::new("cargo");
    cargo.args(["check", "--offline", "--quiet", "--workspace"]).current_dir(&learner.root);
    let output = cargo.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_track_takes_what_it_skips_from_the_answer_key_and_says_so() {
    let learner = Learner::without_workspace("quick");
    learner.say(&["init", "quick", "--track", "fast"]).ended(0);
    learner.say(&["module", "start", "03"]).ended(2).with("03 training waits for 01 tensor");
    learner.say(&["module", "start", "01"]).ended(0);
    learner.type_in("01");
    learner.say(&["module", "complete", "01"]).ended(0);
    let said = learner.say(&["module", "start"]).ended(0);
    assert!(said.out.contains("adopted  02 layers: your track skips it"), "{}", said.out);
    assert!(said.out.contains("made  modules/03_training"), "{}", said.out);
    assert_eq!(learner.standings()["02"], "adopted");
    learner.type_in("03");
    learner.say(&["module", "complete", "03"]).ended(0);
    // What was adopted answers no question.
    learner.say(&["checkpoint", "status"]).with("waits for layers");
}

#[test]
fn hints_come_one_by_one_and_a_solution_after_the_last_or_after_a_pass() {
    let learner = Learner::new();
    learner.say(&["module", "start", "01"]).ended(0);
    let solution = ["module", "solution", "01.1"];
    learner.say(&solution).ended(2).with("0 of 3 hints were shown");
    learner.say(&["module", "hint"]).ended(0).with("How many rows, how many in each?");
    learner.say(&["module", "hint", "01.1", "--level", "3"]).ended(2);
    learner.say(&["module", "hint", "01.1"]).ended(0).with("Hint 2 of 3");
    learner.say(&["module", "hint", "01.1"]).ended(0).with("That was the last");
    learner.say(&solution).ended(2).with("--give-up");
    let said = learner.say(&["module", "solution", "01.1", "--give-up", "--write"]).ended(0);
    assert!(said.out.contains("secret_product *= size;"), "{}", said.out);
    assert!(!said.out.contains("upper_right"), "the other exercise stays hidden: {}", said.out);
    learner.say(&["module", "test", "01"]).ended(1).with("1 of 2 exercises");
    learner.say(&["module", "solution", "01.2"]).ended(2);
    learner.type_in("01");
    learner.say(&["module", "test", "01"]).ended(0);
    learner.say(&["module", "solution", "01.2"]).ended(0).with("upper_right");
    let state = fs::read_to_string(learner.root.join(".tito/state.json")).unwrap();
    let state: serde_json::Value = serde_json::from_str(&state).unwrap();
    assert_eq!(state["modules"]["01"]["given_up"], serde_json::json!(["01.1"]));
}

#[test]
fn lesson_checks_and_questions_are_at_hand() {
    let learner = Learner::new();
    learner.say(&["module", "view", "01"]).ended(0).with("A question with a number in it.");
    let said = learner.say(&["module", "view", "--exercise", "01.1"]).ended(0);
    assert!(said.out.contains("Multiply, do not add.") && !said.out.contains("columns"));
    learner.say(&["module", "show", "01.1.counts"]).ended(0).with("let got = numel(&[2, 3, 4]);");
    learner.say(&["module", "show", "01"]).ended(0).with("01.2.turns");
    learner.say(&["module", "start", "01"]).ended(0);
    let sheet = learner.root.join("modules/01_tensor/answers.md");
    let text = fs::read_to_string(&sheet).unwrap();
    learner.say(&["module", "status", "01"]).with("01.q1   open");
    fs::write(&sheet, text.replacen("Answer:", "Answer: 24 bytes", 1)).unwrap();
    learner.say(&["module", "status", "01"]).with("01.q1   right").with("6 floats of 4 bytes each");
    fs::write(&sheet, text.replacen("Answer:", "Answer: 6", 1)).unwrap();
    let said = learner.say(&["module", "status", "01"]).with("01.q1   not yet");
    assert!(!said.out.contains("4 bytes each"), "{}", said.out);
}
