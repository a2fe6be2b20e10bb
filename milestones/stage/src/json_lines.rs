//! A performance as a stream of JSON, one object per line.

use std::io::{self, BufRead, Write};

use crate::json::Object;
use crate::{Event, Report, Stage, StageError};

/// A stage that writes each event as one JSON object on a line of its own, and flushes it, so
/// that a reader at the other end of a pipe sees it at once.
///
/// | line | when |
/// |---|---|
/// | `{"event":"chapter","title":"…"}` | [`Stage::chapter`] |
/// | `{"event":"say","text":"…"}` | [`Stage::say`] |
/// | `{"event":"begin","total":40,"label":"…"}` | [`Stage::begin`] |
/// | `{"event":"advance","done":7,"note":"…"}` | [`Stage::advance`] |
/// | `{"event":"end"}` | [`Stage::end`] |
/// | `{"event":"picture","picture":"…"}` | [`Stage::picture`] |
/// | `{"event":"seed_started","seed":0}` | [`Stage::seed_started`] |
/// | `{"event":"seed_finished","seed":0,"value":0.97}` | [`Stage::seed_finished`] |
/// | `{"event":"ask","prompt":"…"}` | [`Stage::ask`]; the answer is the next line of the input |
/// | `{"event":"report","report":{…}}` | [`JsonLines::report`], with [`Report::to_record`] |
/// | `{"event":"error","kind":"…","status":2,"message":"…"}` | [`JsonLines::error`] |
///
/// A value that is NaN or infinite is `null`. A stage has no errors to give back, so the first
/// one is kept, nothing more is written, and [`finish`](JsonLines::finish) returns it.
///
/// ```
/// use stage::{JsonLines, Stage};
/// let mut stage = JsonLines::new(Vec::new());
/// stage.begin(40, "epochs");
/// stage.end();
/// let lines = String::from_utf8(stage.finish()?).unwrap();
/// assert_eq!(lines.lines().last(), Some("{\"event\":\"end\"}"));
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct JsonLines<W: Write> {
    out: W,
    input: Box<dyn BufRead>,
    failure: Option<io::Error>,
}

impl<W: Write> JsonLines<W> {
    /// A stage that writes to `out`, and whose audience never answers.
    pub fn new(out: W) -> Self {
        JsonLines { out, input: Box::new(io::empty()), failure: None }
    }

    /// The stage with an audience whose answers are the lines of `input`.
    pub fn with_input(self, input: impl BufRead + 'static) -> Self {
        JsonLines { input: Box::new(input), ..self }
    }

    /// Writes what a milestone reported.
    pub fn report(&mut self, report: &Report) {
        let object = Object::new().string("event", "report").raw("report", &report.to_record());
        self.line(object.finish());
    }

    /// Writes why a milestone could not be run.
    pub fn error(&mut self, error: &StageError) {
        let object = Object::new().string("event", "error").string("kind", error.kind());
        let object = object.integer("status", error.exit_status().into());
        self.line(object.string("message", &error.to_string()).finish());
    }

    /// Gives the writer back.
    ///
    /// # Errors
    /// The first error that the writer gave.
    pub fn finish(self) -> io::Result<W> {
        self.failure.map_or(Ok(self.out), Err)
    }

    fn event(&mut self, event: &Event) {
        self.line(event.to_json());
    }

    fn line(&mut self, mut text: String) {
        if self.failure.is_some() {
            return;
        }
        text.push('\n');
        let written = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
        self.failure = written.err();
    }
}

impl<W: Write> Stage for JsonLines<W> {
    fn chapter(&mut self, title: &str) {
        self.event(&Event::Chapter { title: title.to_owned() });
    }

    fn say(&mut self, text: &str) {
        self.event(&Event::Say { text: text.to_owned() });
    }

    fn begin(&mut self, total: u64, label: &str) {
        self.event(&Event::Begin { total, label: label.to_owned() });
    }

    fn advance(&mut self, done: u64, note: &str) {
        self.event(&Event::Advance { done, note: note.to_owned() });
    }

    fn end(&mut self) {
        self.event(&Event::End);
    }

    fn picture(&mut self, picture: &str) {
        self.event(&Event::Picture { picture: picture.to_owned() });
    }

    fn seed_started(&mut self, seed: u64) {
        self.event(&Event::SeedStarted { seed });
    }

    fn seed_finished(&mut self, seed: u64, value: f64) {
        self.event(&Event::SeedFinished { seed, value });
    }

    fn ask(&mut self, prompt: &str) -> Option<String> {
        self.event(&Event::Ask { prompt: prompt.to_owned() });
        let mut line = Vec::new();
        // An audience that can't be read is one that does not answer.
        let read = self.input.read_until(b'\n', &mut line).unwrap_or(0);
        let text = String::from_utf8_lossy(&line);
        (read > 0 && self.failure.is_none()).then(|| text.trim_end_matches(['\n', '\r']).to_owned())
    }
}

impl Event {
    /// The event as one line of JSON, as in the table of [`JsonLines`].
    pub fn to_json(&self) -> String {
        let event = |name| Object::new().string("event", name);
        let object = match self {
            Event::Chapter { title } => event("chapter").string("title", title),
            Event::Say { text } => event("say").string("text", text),
            Event::Begin { total, label } => {
                event("begin").integer("total", *total).string("label", label)
            }
            Event::Advance { done, note } => {
                event("advance").integer("done", *done).string("note", note)
            }
            Event::End => event("end"),
            Event::Picture { picture } => event("picture").string("picture", picture),
            Event::SeedStarted { seed } => event("seed_started").integer("seed", *seed),
            Event::SeedFinished { seed, value } => {
                event("seed_finished").integer("seed", *seed).number("value", *value)
            }
            Event::Ask { prompt } => event("ask").string("prompt", prompt),
        };
        object.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Bar, Recorder, SeedResult};

    fn written(perform: impl Fn(&mut JsonLines<Vec<u8>>)) -> String {
        let mut stage = JsonLines::new(Vec::new());
        perform(&mut stage);
        String::from_utf8(stage.finish().unwrap()).unwrap()
    }

    #[test]
    fn each_event_is_one_line() {
        let text = written(|stage| {
            stage.chapter("The \"crisis\"");
            stage.say("two\nlines");
            stage.begin(40, "epochs");
            stage.advance(7, "loss 0.31  accuracy 92.1 %");
            stage.end();
            stage.picture("\u{1b}[7m⣿\u{1b}[0m\nx");
            stage.seed_started(u64::MAX);
            stage.seed_finished(u64::MAX, 0.97);
            stage.seed_finished(1, f64::NAN);
        });
        let expected = [
            r#"{"event":"chapter","title":"The \"crisis\""}"#,
            r#"{"event":"say","text":"two\nlines"}"#,
            r#"{"event":"begin","total":40,"label":"epochs"}"#,
            r#"{"event":"advance","done":7,"note":"loss 0.31  accuracy 92.1 %"}"#,
            r#"{"event":"end"}"#,
            r#"{"event":"picture","picture":"\u001b[7m⣿\u001b[0m\nx"}"#,
            r#"{"event":"seed_started","seed":18446744073709551615}"#,
            r#"{"event":"seed_finished","seed":18446744073709551615,"value":0.97}"#,
            r#"{"event":"seed_finished","seed":1,"value":null}"#,
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_question_is_a_line_and_its_answer_the_next_line_of_the_input() {
        let mut stage = JsonLines::new(Vec::new()).with_input(&b"hello \xff\r\n\nlast"[..]);
        let answers: Vec<_> = (0..4).map(|_| stage.ask("you")).collect();
        let expected = [Some("hello \u{fffd}"), Some(""), Some("last"), None];
        assert_eq!(answers.iter().map(Option::as_deref).collect::<Vec<_>>(), expected);
        let text = String::from_utf8(stage.finish().unwrap()).unwrap();
        assert_eq!(text, "{\"event\":\"ask\",\"prompt\":\"you\"}\n".repeat(4));
    }

    #[test]
    fn a_recorded_performance_writes_the_same_lines_as_a_live_one() {
        let mut recorder = Recorder::default();
        recorder.begin(3, "steps");
        recorder.advance(1, "");
        let live = written(|stage| {
            for event in &recorder.events {
                event.replay(stage);
            }
        });
        let kept: String = recorder.events.iter().map(|event| event.to_json() + "\n").collect();
        assert_eq!(live, kept);
    }

    #[test]
    fn reports_and_errors_are_lines_too() {
        let seeds = vec![SeedResult { seed: 0, value: 1.0 }];
        let report = Report::judge("02", "xor", "accuracy", Bar::at_least(1.0), seeds);
        let text = written(|stage| {
            stage.report(&report);
            stage.error(&StageError::Input("bad".into()));
        });
        let record = report.to_record();
        let error = r#"{"event":"error","kind":"input","status":2,"message":"bad"}"#;
        assert_eq!(text, format!("{{\"event\":\"report\",\"report\":{record}}}\n{error}\n"));
    }

    /// Takes `room` bytes, then fails.
    struct Full {
        room: usize,
        writes: usize,
    }

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.writes += 1;
            let taken = bytes.len().min(self.room);
            self.room -= taken;
            if taken == 0 { Err(io::Error::other("full")) } else { Ok(taken) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_first_failure_is_kept_and_nothing_more_is_written() {
        let mut stage = JsonLines::new(Full { room: 20, writes: 0 });
        stage.end();
        stage.end();
        let writes = stage.out.writes;
        stage.say("lost");
        assert_eq!(stage.out.writes, writes);
        assert_eq!(stage.finish().err().unwrap().to_string(), "full");
    }
}
