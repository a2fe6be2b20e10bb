//! `tito module watch`, from outside.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Stdio};

use crate::learner::Learner;

/// A watch that goes on.
struct Watch {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Watch {
    fn begin(learner: &Learner) -> Watch {
        let mut command = learner.command(&["module", "watch", "01", "--until-done"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Watch { child, out }
    }

    /// Reads until a verdict: how many checks passed, in words.
    fn verdict(&mut self) -> String {
        let mut line = String::new();
        while self.out.read_line(&mut line).unwrap() > 0 {
            if line.contains("exercises, ") {
                return line.split("   ").last().unwrap().trim().to_owned();
            }
            line.clear();
        }
        panic!("the watch ended")
    }

    fn ends_well(mut self) {
        std::io::copy(&mut self.out, &mut std::io::sink()).unwrap();
        assert!(self.child.wait().unwrap().success());
    }
}

#[test]
fn every_way_of_saving_is_judged_until_all_is_done() {
    let learner = Learner::new();
    learner.say(&["module", "start", "01"]).ended(0);
    learner.say(&["module", "test", "01"]).ended(1);
    let path = |name: &str| learner.sources("01").join(name);
    let hole = "exercise!(\"01.1\", \"Count the numbers\", shape)";
    let stub = fs::read_to_string(path("shape.rs")).unwrap();
    let half = stub.replacen(hole, "shape.iter().product::<usize>().min(24)", 1);
    let wrong = stub.replacen(hole, "shape.iter().sum()", 1);

    let mut watch = Watch::begin(&learner);
    assert_eq!(watch.verdict(), "0 of 2 exercises, 0 of 3 checks");
    fs::write(path("shape.rs"), &half).unwrap(); // in place
    assert_eq!(watch.verdict(), "1 of 2 exercises, 2 of 3 checks");
    fs::write(path("new~"), &wrong).unwrap(); // renamed over
    fs::rename(path("new~"), path("shape.rs")).unwrap();
    assert_eq!(watch.verdict(), "0 of 2 exercises, 0 of 3 checks");
    fs::rename(path("shape.rs"), path("shape.rs~")).unwrap(); // moved away, written anew
    fs::write(
        path("shape.rs"),
        fs::read(learner.course.join("modules/01_tensor/src/shape.rs")).unwrap(),
    )
    .unwrap();
    fs::remove_file(path("shape.rs~")).unwrap();
    assert_eq!(watch.verdict(), "2 of 2 exercises, 3 of 3 checks");
    watch.ends_well();
}
