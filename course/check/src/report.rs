//! What is printed: a JSON object a line, or text for people.

use crate::Check;
use crate::json::Object;
use crate::wrong::Wrong;
use std::io::Write;

/// What became of a check.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Outcome {
    Passed,
    Wrong(Wrong),
    /// A panic: what it said, and where, as `file:line:column`.
    Panicked(String, Option<String>),
    /// An `exercise!` was run: what it said, and where.
    NotWritten(String, Option<String>),
    /// No answer after so many seconds.
    TooSlow(u64),
}

impl Outcome {
    fn status(&self) -> &'static str {
        match self {
            Outcome::Passed => "passed",
            Outcome::Wrong(_) | Outcome::Panicked(..) => "wrong",
            Outcome::NotWritten(..) => "not written yet",
            Outcome::TooSlow(_) => "too slow",
        }
    }

    fn note(&self) -> Option<String> {
        match self {
            Outcome::Wrong(wrong) => wrong.note.clone(),
            Outcome::TooSlow(seconds) => {
                Some(format!("no answer within {seconds} s: does a loop never end?"))
            }
            _ => None,
        }
    }

    /// What a panic said, and where.
    fn panic(&self) -> (Option<&str>, Option<&str>) {
        match self {
            Outcome::Panicked(said, at) | Outcome::NotWritten(said, at) => {
                (Some(said), at.as_deref())
            }
            _ => (None, None),
        }
    }
}

/// Prints outcomes as they come, and counts them.
pub(crate) struct Report<W> {
    module: String,
    text: bool,
    out: W,
    /// Per exercise, in order of appearance: passed, and all.
    exercises: Vec<(&'static str, usize, usize)>,
}

impl<W: Write> Report<W> {
    pub fn new(module: &str, text: bool, out: W) -> Self {
        Self { module: module.to_string(), text, out, exercises: vec![] }
    }

    /// A line of output. That nobody reads it any more is no reason to stop or to complain.
    fn line(&mut self, line: &str) {
        let _ = writeln!(self.out, "{line}").and_then(|()| self.out.flush());
    }

    /// A check, without running it.
    pub fn listed(&mut self, check: &Check) {
        let line = match self.text {
            true => format!("{}  {}", check.id, check.fact),
            false => named(check).finish(),
        };
        self.line(&line);
    }

    /// Says which check comes next, in case that it ends the process.
    pub fn started(&mut self, check: &Check) {
        if !self.text {
            let line = Object::new().text("check", check.id).text("status", "started");
            self.line(&line.finish());
        }
    }

    /// The outcome of a check.
    pub fn finished(&mut self, check: &Check, outcome: &Outcome) {
        let passed = usize::from(*outcome == Outcome::Passed);
        match self.exercises.iter_mut().find(|(exercise, ..)| *exercise == check.exercise) {
            Some((_, good, all)) => (*good, *all) = (*good + passed, *all + 1),
            None => self.exercises.push((check.exercise, passed, 1)),
        }
        match self.text {
            true => self.in_words(check, outcome),
            false => self.line(&as_json(check, outcome)),
        }
    }

    /// What leads to the cause comes first.
    fn in_words(&mut self, check: &Check, outcome: &Outcome) {
        self.line(&format!("{:<15}  {}  {}", outcome.status(), check.id, check.fact));
        let wrong = match outcome {
            Outcome::Wrong(wrong) => wrong.clone(),
            _ => Wrong::default(),
        };
        let (panic, at) = outcome.panic();
        let named = [
            ("", wrong.because.as_deref()),
            ("expected  ", Some(wrong.expected.as_str())),
            ("got       ", Some(wrong.got.as_str())),
            ("panicked  ", panic),
            ("at        ", at),
            ("", outcome.note().as_deref()),
        ]
        .map(|(name, said)| {
            said.filter(|said| !said.is_empty()).map(|said| format!("{name}{said}"))
        });
        for line in named.iter().flatten().flat_map(|said| said.lines()) {
            self.line(&format!("{:17}{line}", ""));
        }
    }

    /// The last line. Whether all passed.
    pub fn done(&mut self) -> bool {
        let passed = self.exercises.iter().map(|(_, passed, _)| passed).sum::<usize>();
        let total = self.exercises.iter().map(|(.., total)| total).sum::<usize>();
        let line = match self.text {
            true => format!("module {}: {passed} of {total} checks passed", self.module),
            false => {
                let exercises = self.exercises.iter().map(|(exercise, passed, total)| {
                    let counts = Object::new().text("exercise", *exercise);
                    counts.number("passed", *passed).number("total", *total)
                });
                let module = Object::new().text("module", self.module.as_str());
                let counts = module.number("passed", passed).number("total", total);
                counts.list("exercises", exercises).finish()
            }
        };
        self.line(&line);
        passed == total
    }
}

fn named(check: &Check) -> Object {
    let object = Object::new().text("check", check.id).text("exercise", check.exercise);
    object.text("fact", check.fact)
}

fn as_json(check: &Check, outcome: &Outcome) -> String {
    let (expected, got, because) = match outcome {
        Outcome::Wrong(wrong) => {
            let expected = Some(wrong.expected.as_str()).filter(|said| !said.is_empty());
            (expected, Some(wrong.got.as_str()), wrong.because.as_deref())
        }
        _ => (None, None, None),
    };
    let (panic, at) = outcome.panic();
    named(check)
        .text("status", outcome.status())
        .text("expected", expected)
        .text("got", got)
        .text("because", because)
        .text("note", outcome.note().as_deref())
        .text("panic", panic)
        .text("at", at)
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHECK: Check =
        Check { id: "01.1.counts", exercise: "01.1", fact: "24 numbers", run: || Ok(()) };

    fn printed(text: bool, outcomes: &[Outcome]) -> String {
        let mut out = Vec::new();
        let mut report = Report::new("01", text, &mut out);
        for outcome in outcomes {
            report.started(&CHECK);
            report.finished(&CHECK, outcome);
        }
        report.done();
        String::from_utf8(out).expect("only text is printed")
    }

    fn wrong() -> Outcome {
        Outcome::Wrong(Wrong {
            expected: "24".into(),
            got: "9".into(),
            because: Some("sizes multiply".into()),
            note: Some("one\ntwo".into()),
        })
    }

    #[test]
    fn json_has_a_line_before_and_after_each_check_and_one_at_the_end() {
        let lines = printed(false, &[wrong(), Outcome::Passed]);
        let lines: Vec<&str> = lines.lines().collect();
        assert_eq!(lines[0], r#"{"check":"01.1.counts","status":"started"}"#);
        assert_eq!(
            lines[1],
            concat!(
                r#"{"check":"01.1.counts","exercise":"01.1","fact":"24 numbers","#,
                r#""status":"wrong","expected":"24","got":"9","because":"sizes multiply","#,
                r#""note":"one\ntwo","panic":null,"at":null}"#
            )
        );
        assert!(lines[3].contains(r#""status":"passed","expected":null,"got":null"#));
        assert_eq!(
            lines[4],
            concat!(
                r#"{"module":"01","passed":1,"total":2,"#,
                r#""exercises":[{"exercise":"01.1","passed":1,"total":2}]}"#
            )
        );
    }

    #[test]
    fn text_says_the_cause_first() {
        let lines = printed(true, &[wrong()]);
        let lines: Vec<&str> = lines.lines().map(str::trim).collect();
        assert_eq!(lines[0], "wrong            01.1.counts  24 numbers");
        assert_eq!(lines[1], "sizes multiply");
        assert_eq!(lines[2..6], ["expected  24", "got       9", "one", "two"]);
        assert_eq!(lines[6], "module 01: 0 of 1 checks passed");
    }

    #[test]
    fn a_panic_is_told_with_its_place_and_a_stuck_check_with_its_limit() {
        let panicked = Outcome::Panicked("index 3".into(), Some("src/shape.rs:4:5".into()));
        let lines = printed(true, &[panicked, Outcome::TooSlow(5)]);
        assert!(lines.contains("panicked  index 3\n") && lines.contains("src/shape.rs:4:5\n"));
        assert!(lines.contains("too slow ") && lines.contains("no answer within 5 s"));
    }
}
