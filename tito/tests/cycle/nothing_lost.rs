//! Crowds and damaged files: no edit and no completed module is lost.

use std::fs;
use std::process::{Child, Stdio};

use crate::learner::{Learner, files, rounds};

/// What a learner wrote where an exercise was, so that it can be looked for.
const WORK: &str = "shape.iter().product() /* mine */";

fn at_work() -> Learner {
    let learner = Learner::who_completed(&["01"]);
    learner.say(&["module", "start", "02"]).ended(0);
    learner.type_in("01");
    let start = "let mut secret_product = 1;";
    learner.edit(
        "01",
        "shape.rs",
        start,
        &format!("return {WORK};\n    #[expect(unreachable_code)]\n    {start}"),
    );
    learner
}

#[test]
fn two_to_eight_at_once_lose_nothing_and_agree() {
    let learner = Learner::who_completed(&["01"]);
    for round in 0..rounds(3) {
        let count = 2 + (3 * round) % 7;
        let children: Vec<Child> = (0..count)
            .map(|number| match number % 4 {
                0 => learner.spawn(&["module", "start", "02"]),
                1 => learner.spawn(&["module", "hint", "01.1"]),
                2 => learner.spawn(&["module", "complete", "01"]),
                _ => learner.spawn(&["module", "list"]),
            })
            .collect();
        for child in children {
            assert!(child.wait_with_output().unwrap().status.success());
        }
    }
    let standings = learner.standings();
    assert_eq!((standings["01"].as_str(), standings["02"].as_str()), ("complete", "started"));
    expect_an_unbroken_journal(&learner);
}

#[test]
fn those_who_take_away_and_those_who_judge_at_once_lose_no_edit() {
    let learner = at_work();
    let newer = crate::elsewhere::newer_course();
    for _ in 0..rounds(2) {
        let mut update = learner.command(&["update"]);
        let update = update.env("TITO_COURSE", newer.path()).stderr(Stdio::null());
        let mut children = vec![update.stdout(Stdio::null()).spawn().unwrap()];
        for words in [["module", "reset", "01"], ["module", "complete", "01"]].repeat(3) {
            children.push(learner.spawn(&words));
        }
        for child in children {
            let status = child.wait_with_output().unwrap().status;
            // What is judged may be taken away meanwhile: then it is not complete.
            assert!([0, 1].contains(&status.code().unwrap()), "{status}");
        }
        let mut kept = files(&learner.root).into_values();
        assert!(kept.any(|it| String::from_utf8_lossy(&it).contains(WORK)));
        learner.say(&[]).ended(0);
    }
    expect_an_unbroken_journal(&learner);
}

#[test]
fn of_many_inits_one_makes_the_workspace_and_the_others_say_that_it_is_there() {
    let learner = Learner::without_workspace("new");
    // All beside it: as soon as it is there, the learner would go in and make another one.
    let init = |_| {
        let mut command = learner.command(&["init", "new"]);
        let quiet = command.current_dir(learner.home.path()).stdin(Stdio::null());
        quiet.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let children: Vec<Child> = (0..6).map(init).collect();
    let statuses = children.into_iter().map(|it| it.wait_with_output().unwrap().status.code());
    let mut statuses: Vec<i32> = statuses.map(Option::unwrap).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [0, 2, 2, 2, 2, 2]);
    learner.say(&[]).ended(0).with("Next: tito module start 01");
    let left: Vec<_> = fs::read_dir(learner.home.path()).unwrap().flatten().collect();
    assert!(left.iter().all(|it| !it.file_name().to_string_lossy().starts_with(".tito-")));
}

fn expect_an_unbroken_journal(learner: &Learner) {
    let journal = fs::read_to_string(learner.root.join(".tito/journal.jsonl")).unwrap();
    for (index, line) in journal.lines().enumerate() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["n"].as_u64(), Some(index as u64 + 1));
    }
}

#[test]
fn a_state_that_was_cut_in_half_or_lost_is_read_again_from_the_journal() {
    let learner = Learner::who_completed(&["01"]);
    let path = learner.root.join(".tito/state.json");
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let said = learner.say(&["module", "list"]).ended(0);
    assert!(said.err.contains("state.json was damaged; it was read again"), "{}", said.err);
    assert_eq!(learner.completed(), ["01"]);
    learner.say(&["doctor"]).ended(0).with("made good by the next thing that you do");
    learner.say(&["module", "start", "02"]).ended(0);
    assert!(!learner.say(&["module", "list"]).err.contains("damaged"));
    fs::remove_file(&path).unwrap();
    assert_eq!(learner.completed(), ["01"]);
    fs::write(learner.root.join(".tito/journal.jsonl"), "").unwrap();
    assert_eq!(learner.standings()["01"], "started", "the folder is all that is left to know");
}

#[test]
fn a_state_from_the_future_is_refused_and_left_alone() {
    let learner = Learner::new();
    let path = learner.root.join(".tito/state.json");
    let future = b"{\"format\": 99, \"everything\": \"else\"}";
    fs::write(&path, future).unwrap();
    for words in [&["module", "list"][..], &["module", "start", "01"], &[], &["doctor"]] {
        let said = learner.say(words);
        assert_ne!(said.status, 0, "{words:?}");
        said.with("a newer tito");
    }
    assert_eq!(fs::read(path).unwrap(), future);
}

#[test]
fn a_reset_keeps_what_was_there_and_brings_it_back() {
    let learner = at_work();
    let said = learner.say(&["module", "reset", "01"]).ended(0);
    assert!(said.out.contains("what was there is in .tito/backup/"), "{}", said.out);
    assert!(said.out.contains("--restore"), "{}", said.out);
    assert!(learner.completed().is_empty());
    learner.say(&["module", "diff", "01"]).ended(0);
    let listed = learner.say(&["module", "reset", "01", "--list"]).ended(0).out;
    let name = listed.lines().next().unwrap();
    learner.say(&["module", "reset", "01", "--restore", name]).ended(0);
    let text = fs::read_to_string(learner.sources("01").join("shape.rs")).unwrap();
    assert!(text.contains(WORK));
    learner.say(&["module", "reset", "01", "--restore", "../../.."]).ended(2);
    learner.say(&["module", "complete", "01"]).ended(0);
}

#[test]
fn init_never_touches_what_is_there() {
    let learner = Learner::new();
    learner.say(&["init", "../my-tinytorch"]).ended(2).with("is a workspace already");
    let taken = learner.home.path().join("taken");
    fs::create_dir(&taken).unwrap();
    fs::write(taken.join("mine.txt"), "mine").unwrap();
    learner.say(&["init", "../taken"]).ended(2).with("is there already, and not empty");
    assert_eq!(files(&taken).len(), 1);
    fs::create_dir(learner.home.path().join("empty")).unwrap();
    learner.say(&["init", "../empty"]).ended(0);
}

#[test]
fn cleaning_removes_what_was_built_and_nothing_else() {
    let learner = Learner::who_completed(&["01"]);
    let kept = |learner: &Learner| {
        let mut files = files(&learner.root);
        files.retain(|path, _| {
            !path.starts_with(".tito/graph") && !path.starts_with(".tito/checks")
        });
        files
    };
    let before = kept(&learner);
    learner.say(&["clean"]).ended(0).with("are free again");
    assert_eq!(kept(&learner), before);
    assert!(!learner.root.join(".tito/target").exists());
    learner.say(&["module", "test", "01"]).ended(0);
}
