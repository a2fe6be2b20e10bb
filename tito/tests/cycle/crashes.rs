//! `kill -9` in the middle of what a command does: no edit and no completed module is lost.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::Path;
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use crate::learner::{Learner, rounds};

/// When a process is ended.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// After this share of the time that the command takes when nobody disturbs it.
    Share(f64),
    /// As soon as it was seen to have changed something so often: writing is where it matters.
    Change(usize),
}

impl Moment {
    /// Another one each round, the same in each run of the test: half of them while the command
    /// writes.
    fn of(round: usize) -> Moment {
        let mut random = (round as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15); // splitmix64
        random = (random ^ (random >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        random = (random ^ (random >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        random ^= random >> 31;
        match random % 2 {
            0 => Moment::Share((random >> 11) as f64 / (1_u64 << 53) as f64),
            _ => Moment::Change(1 + (random >> 8) as usize % 6),
        }
    }

    /// Ends the process at this moment for good; whether it was still there to be ended.
    fn end(self, mut child: Child, home: &Path, undisturbed: Duration) -> bool {
        let (begin, mut changes, mut seen) = (Instant::now(), 0, look(home));
        loop {
            let now = match self {
                Moment::Share(share) => begin.elapsed() >= undisturbed.mul_f64(share),
                Moment::Change(wanted) => {
                    let look = look(home);
                    changes += usize::from(std::mem::replace(&mut seen, look) != look);
                    changes >= wanted
                }
            };
            if now {
                let _ = child.kill(); // SIGKILL
                return !child.wait().unwrap().success();
            }
            if child.try_wait().unwrap().is_some() {
                return false;
            }
            thread::yield_now();
        }
    }
}

/// The names, sizes and times of all files but what is built, in one number.
fn look(folder: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            // It may be gone by now: then it is not counted.
            let Ok(metadata) = entry.metadata() else { continue };
            entry.file_name().hash(&mut hasher);
            if metadata.is_dir() {
                open.extend((entry.file_name() != "target").then(|| entry.path()));
            } else {
                (metadata.len(), metadata.modified().ok()).hash(&mut hasher);
            }
        }
    }
    hasher.finish()
}

/// The module that is worked at, and a mark of the round in it.
struct Work {
    learner: Learner,
    mark: String,
}

impl Work {
    /// Types the answers in, with a mark that no other round had.
    fn write(&mut self, round: usize) {
        self.mark = format!("secret_product /* in round {round} */");
        self.learner.type_in("01");
        self.learner.edit(
            "01",
            "shape.rs",
            "    secret_product\n",
            &format!("    {}\n", self.mark),
        );
    }

    fn is_in_place(&self) -> bool {
        let path = self.learner.sources("01").join("shape.rs");
        fs::read_to_string(path).is_ok_and(|text| text.contains(&self.mark))
    }

    /// Whether it is somewhere: in its place, or in a backup.
    fn is_kept(&self) -> bool {
        let backups = fs::read_dir(self.learner.root.join(".tito/backup"));
        let mut kept = backups.into_iter().flatten().flatten().map(|it| it.path().join("shape.rs"));
        let has = |path| fs::read_to_string(path).is_ok_and(|text| text.contains(&self.mark));
        self.is_in_place() || kept.any(has)
    }

    fn is_complete(&self) -> bool {
        self.learner.completed().contains(&"01".to_owned())
    }
}

/// What is ended in the middle.
const COMMANDS: &[&[&str]] =
    &[&["module", "complete", "01"], &["module", "reset", "01"], &["update"]];

#[test]
fn kill_9_in_any_moment_loses_no_edit_and_no_completed_module() {
    let newer = crate::elsewhere::newer_course();
    let mut courses = [newer.path().to_owned(), crate::learner::course().to_owned()];
    let learner = Learner::who_completed(&["01"]);
    learner.say(&["module", "start", "02"]).ended(0);
    let mut work = Work { learner, mark: String::new() };
    let (mut undisturbed, mut killed) = ([Duration::ZERO; 3], 0);
    let rounds = rounds(6);
    for round in 0.. {
        if killed >= rounds && round % COMMANDS.len() == 0 {
            break;
        }
        // Some moments come after the end: those don't count, but they have to come to an end.
        assert!(round < 20 + 6 * rounds, "{killed} were ended: the moments are not well chosen");
        let which = round % COMMANDS.len();
        let words = COMMANDS[which];
        work.write(round);
        let was_complete = work.is_complete();
        if words == ["update"] {
            courses.swap(0, 1);
            work.learner.course = courses[1].clone();
        }
        // The first of each kind is only timed.
        if round >= COMMANDS.len() {
            let child = work.learner.spawn(words);
            let moment = Moment::of(round);
            killed += usize::from(moment.end(child, work.learner.home.path(), undisturbed[which]));
            let at = format!("round {round}: {words:?} at {moment:?}");
            assert!(work.is_kept(), "{at}");
            assert!(work.is_in_place() || words[1..] == ["reset", "01"], "{at}");
            // Whatever was interrupted, the next command understands the workspace.
            work.learner.say(&[]).ended(0);
            assert!(!was_complete || work.is_complete() || words.contains(&"reset"), "{at}");
        }
        // And what was interrupted can be said again.
        let begin = Instant::now();
        work.learner.say(words).ended(0);
        undisturbed[which] = begin.elapsed().max(undisturbed[which]);
        assert!(work.is_kept(), "round {round}: {words:?} again");
        let complete = match words {
            ["update"] => was_complete,
            words => words.contains(&"complete"),
        };
        assert_eq!(work.is_complete(), complete, "round {round}: {words:?} again");
        if words == ["update"] {
            assert!(!work.learner.sources("01").join("shape.rs.new").exists(), "round {round}");
        }
    }
    println!("{killed} were ended before their end");
}

#[test]
fn kill_9_during_init_leaves_a_whole_workspace_or_none() {
    let begin = Instant::now();
    Learner::new();
    let undisturbed = begin.elapsed();
    for round in 0..rounds(9).div_ceil(3) {
        let learner = Learner::without_workspace("new");
        Moment::of(round).end(learner.spawn(&["init", "new"]), learner.home.path(), undisturbed);
        if learner.root.exists() {
            learner.say(&[]).ended(0).with("Next: tito module start 01");
        } else {
            learner.say(&["init", "new"]).ended(0);
        }
        learner.say(&["module", "start", "01"]).ended(0);
    }
}
