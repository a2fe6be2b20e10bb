//! TinyTalks: 350 questions and answers that come with the framework, for a small language model.
//!
//! A text file that any editor opens. `[number level part]` begins a talk, `Q:` asks, `A:` answers,
//! `C:` is the arithmetic behind an answer; lines that begin with `#` are for people:
//!
//! ```text
//! [137 facts test]
//! Q: Which creature turns into a butterfly?
//! A: A caterpillar turns into a butterfly.
//! ```

use crate::error::DataError;
use std::str::FromStr;

/// The only place that knows where the file lies.
const SHIPPED: &str = include_str!("../../../datasets/tinytalks/tinytalks.txt");

/// What a talk asks of a model.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Level {
    /// To greet, to thank, to say who it is.
    Greetings,
    /// To know something of the world.
    Facts,
    /// To calculate with small whole numbers.
    Arithmetic,
    /// To draw a conclusion from what everybody knows.
    Reasoning,
    /// To keep in mind what was said before.
    Context,
}

impl Level {
    /// All levels, in the order of the file.
    pub const ALL: [Self; 5] =
        [Self::Greetings, Self::Facts, Self::Arithmetic, Self::Reasoning, Self::Context];

    /// Its name in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Greetings => "greetings",
            Self::Facts => "facts",
            Self::Arithmetic => "arithmetic",
            Self::Reasoning => "reasoning",
            Self::Context => "context",
        }
    }
}

impl FromStr for Level {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|level| level.name() == name).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("expected a level ({names}), got {name:?}")
        })
    }
}

/// What a talk is for. The file fixes it, so that results can be compared.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Part {
    /// To learn from.
    Train,
    /// To choose settings by.
    Validation,
    /// To be judged by, once.
    Test,
}

impl Part {
    /// All parts, in the order of the file.
    pub const ALL: [Self; 3] = [Self::Train, Self::Validation, Self::Test];

    /// Its name in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }
}

impl FromStr for Part {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|part| part.name() == name).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("expected a part ({names}), got {name:?}")
        })
    }
}

/// A question and its answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Turn {
    /// What somebody says; not always with a question mark.
    pub question: String,
    /// What the model is to answer.
    pub answer: String,
}

/// One of the 350: a question, its answer, and what was said before, if anything.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Talk {
    /// From 1, in the order of the file.
    pub number: usize,
    /// What it asks of a model.
    pub level: Level,
    /// What it is for.
    pub part: Part,
    /// The turn that came before, without which the question can't be answered.
    pub earlier: Option<Turn>,
    /// What somebody says.
    pub question: String,
    /// What the model is to answer.
    pub answer: String,
    /// The arithmetic behind the answer, such as `2 * 3 = 6, 8 - 6 = 2`.
    pub check: Option<String>,
}

impl Talk {
    /// What a model reads before it answers: `Q: ..`, a line end, `A:`; an earlier turn before it.
    ///
    /// No space follows `A:`. It belongs to the answer, whose first word is then one of the tokens
    /// that begin with a space, as in the middle of a sentence.
    pub fn prompt(&self) -> String {
        let question = format!("Q: {}\nA:", self.question);
        match &self.earlier {
            Some(turn) => format!("Q: {}\nA: {}\n{question}", turn.question, turn.answer),
            None => question,
        }
    }

    /// What a model learns from: the prompt, a space, the answer, a line end.
    pub fn text(&self) -> String {
        format!("{} {}\n", self.prompt(), self.answer)
    }
}

/// 280 questions with answers to learn from, 35 to choose settings by, 35 to be judged by.
///
/// 70 of each [`Level`], and of these 56, 7 and 7 in each [`Part`]. No question comes twice, and
/// those of different parts differ in more than a word. CC BY 4.0;
/// `datasets/tinytalks/DATA_SHEET.md` says how they were written and what they are not for.
///
/// ```
/// use tinytorch_dataloader::TinyTalks;
///
/// let talks = TinyTalks::train();
/// assert_eq!(talks.len(), 280);
/// assert_eq!(talks[5].text(), "Q: What is your name?\nA: My name is Tiny. What is yours?\n");
/// ```
pub struct TinyTalks;

impl TinyTalks {
    /// All 350, in the order of the file.
    pub fn all() -> Vec<Talk> {
        Self::parse(SHIPPED).expect("the file was checked when it was shipped")
    }

    /// The 280 to learn from.
    pub fn train() -> Vec<Talk> {
        part(Part::Train)
    }

    /// The 35 to choose settings by.
    pub fn validation() -> Vec<Talk> {
        part(Part::Validation)
    }

    /// The 35 to be judged by.
    pub fn test() -> Vec<Talk> {
        part(Part::Test)
    }

    /// The talks of a text in the form of the file. That a text holds none is no error.
    ///
    /// # Errors
    /// A line that is none of the form's, or a talk without question or answer; the message names
    /// the line.
    pub fn parse(text: &str) -> Result<Vec<Talk>, DataError> {
        let mut talks = Vec::new();
        let mut draft: Option<Draft> = None;
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
        for (line, said) in (1..).zip(text.lines().map(str::trim_end)) {
            let at = |problem| DataError::Line { format: "tinytalks", line, problem };
            if said.is_empty() || said.starts_with('#') {
                continue;
            }
            if said.starts_with('[') {
                let next = Draft::begin(said, line).map_err(at)?;
                talks.extend(draft.replace(next).map(Draft::finish).transpose()?);
            } else {
                let open = draft.as_mut();
                let open = open.ok_or_else(|| at("expected [number level part] first".into()))?;
                open.take(said).map_err(at)?;
            }
        }
        talks.extend(draft.map(Draft::finish).transpose()?);
        Ok(talks)
    }
}

fn part(part: Part) -> Vec<Talk> {
    TinyTalks::all().into_iter().filter(|talk| talk.part == part).collect()
}

/// A talk of which not all lines have been read.
struct Draft {
    line: usize,
    number: usize,
    level: Level,
    part: Part,
    turns: Vec<Turn>,
    question: Option<String>,
    check: Option<String>,
}

impl Draft {
    /// The talk that `[number level part]` begins.
    fn begin(header: &str, line: usize) -> Result<Self, String> {
        let inside = header.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let words: Vec<&str> = inside.unwrap_or_default().split(' ').collect();
        let [number, level, part] = words[..] else {
            return Err(format!("expected [number level part], got {header:?}"));
        };
        Ok(Self {
            line,
            number: number.parse().map_err(|_| format!("not a number: {number:?}"))?,
            level: level.parse()?,
            part: part.parse()?,
            turns: Vec::new(),
            question: None,
            check: None,
        })
    }

    /// One line more.
    fn take(&mut self, said: &str) -> Result<(), String> {
        if self.check.is_some() {
            return Err("nothing follows C: in a talk".into());
        }
        match said.split_once(": ") {
            Some(("Q", _)) if self.question.is_some() => Err("a second Q: before an A:".into()),
            Some(("Q", _)) if self.turns.len() == 2 => Err("a talk has two turns at most".into()),
            Some(("Q", question)) => {
                self.question = Some(question.into());
                Ok(())
            }
            Some(("A", answer)) => {
                let question = self.question.take().ok_or("an A: without its Q:")?;
                self.turns.push(Turn { question, answer: answer.into() });
                Ok(())
            }
            Some(("C", _)) if self.turns.is_empty() => Err("a C: before its A:".into()),
            Some(("C", check)) => {
                self.check = Some(check.into());
                Ok(())
            }
            _ => Err(format!("expected Q:, A:, C:, [ or #, got {said:?}")),
        }
    }

    fn finish(mut self) -> Result<Talk, DataError> {
        let missing = |what: &str| DataError::Line {
            format: "tinytalks",
            line: self.line,
            problem: format!("the talk that begins here has no {what}"),
        };
        if self.question.is_some() {
            return Err(missing("answer to its last Q:"));
        }
        let Turn { question, answer } = self.turns.pop().ok_or_else(|| missing("Q: and A:"))?;
        let Self { number, level, part, check, .. } = self;
        Ok(Talk { number, level, part, earlier: self.turns.pop(), question, answer, check })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        TinyTalks::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn each_level_has_56_talks_to_learn_from_and_7_of_each_other_part() {
        for (talks, part, each) in [
            (TinyTalks::train(), Part::Train, 56),
            (TinyTalks::validation(), Part::Validation, 7),
            (TinyTalks::test(), Part::Test, 7),
        ] {
            assert!(talks.iter().all(|talk| talk.part == part));
            for level in Level::ALL {
                assert_eq!(talks.iter().filter(|talk| talk.level == level).count(), each);
            }
        }
        assert_eq!(TinyTalks::all().len(), 350);
    }

    #[test]
    fn earlier_turns_are_those_of_the_level_context() {
        for talk in TinyTalks::all() {
            assert_eq!(talk.earlier.is_some(), talk.level == Level::Context, "{}", talk.number);
        }
    }

    #[test]
    fn a_talk_of_two_turns_is_read_with_its_check() {
        let text = "# for people\n\n[7 context test]\nQ: I have 5 pens.\nA: So many!\n\
                    Q: I lose 2: how many remain?\nA: You have 3 pens.\nC: 5 - 2 = 3\n";
        let talks = TinyTalks::parse(text).unwrap();
        let turn = Turn { question: "I have 5 pens.".into(), answer: "So many!".into() };
        let expected = Talk {
            number: 7,
            level: Level::Context,
            part: Part::Test,
            earlier: Some(turn),
            question: "I lose 2: how many remain?".into(),
            answer: "You have 3 pens.".into(),
            check: Some("5 - 2 = 3".into()),
        };
        assert_eq!(talks, [expected]);
        let prompt = "Q: I have 5 pens.\nA: So many!\nQ: I lose 2: how many remain?\nA:";
        assert_eq!(talks[0].prompt(), prompt);
        assert_eq!(talks[0].text(), format!("{prompt} You have 3 pens.\n"));
    }

    #[test]
    fn editors_of_other_systems_change_nothing() {
        let with_marks = format!("\u{FEFF}{}", SHIPPED.replace('\n', "\r\n"));
        assert_eq!(TinyTalks::parse(&with_marks).unwrap(), TinyTalks::all());
    }

    #[test]
    fn a_text_without_talks_gives_none() {
        assert_eq!(TinyTalks::parse("").unwrap(), []);
        assert_eq!(TinyTalks::parse("# nothing yet\n").unwrap(), []);
    }

    #[test]
    fn a_bad_line_is_an_error_that_names_it() {
        let talk = "[1 facts train]\nQ: Is it so?\nA: Yes, it is.\n";
        for (line, expected) in [
            ("Yes.", "expected Q:, A:, C:, [ or #, got \"Yes.\""),
            ("Q:", "expected Q:, A:, C:, [ or #, got \"Q:\""),
            ("B: no", "expected Q:, A:, C:, [ or #, got \"B: no\""),
            ("A: And no.", "an A: without its Q:"),
            ("[2 facts]", "expected [number level part], got \"[2 facts]\""),
            ("[2 facts train", "expected [number level part], got \"[2 facts train\""),
            ("[x facts train]", "not a number: \"x\""),
            (
                "[2 fact train]",
                "expected a level (greetings, facts, arithmetic, reasoning, context), got \"fact\"",
            ),
            ("[2 facts dev]", "expected a part (train, validation, test), got \"dev\""),
        ] {
            let said = problem(&format!("{talk}{line}\n"));
            assert_eq!(said, format!("tinytalks: line 4: {expected}"));
        }
        assert_eq!(problem("Q: Hi.\n"), "tinytalks: line 1: expected [number level part] first");
    }

    #[test]
    fn lines_in_a_wrong_order_are_errors() {
        let begin = "[1 facts train]\n";
        for (lines, expected) in [
            ("Q: a\nQ: b\n", "line 3: a second Q: before an A:"),
            ("C: 1 = 1\n", "line 2: a C: before its A:"),
            ("Q: a\nA: b\nC: 1 = 1\nQ: c\n", "line 5: nothing follows C: in a talk"),
            ("Q: a\nA: b\nQ: c\nA: d\nQ: e\n", "line 6: a talk has two turns at most"),
            ("", "line 1: the talk that begins here has no Q: and A:"),
            ("Q: a\n", "line 1: the talk that begins here has no answer to its last Q:"),
            (
                "Q: a\n[2 facts test]\n",
                "line 1: the talk that begins here has no answer to its last Q:",
            ),
            (
                "Q: a\nA: b\nQ: c\n",
                "line 1: the talk that begins here has no answer to its last Q:",
            ),
        ] {
            assert_eq!(problem(&format!("{begin}{lines}")), format!("tinytalks: {expected}"));
        }
    }
}
