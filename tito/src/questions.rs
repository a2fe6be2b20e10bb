//! A learner's answers to a module's questions, read from `answers.md`; numbers are judged.

use serde::Serialize;

use crate::course::Module;
use crate::failure::Failure;
use crate::syllabus::{self, Kind, Question};
use crate::terminal::Terminal;
use crate::workspace::Workspace;

/// A question, and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answered {
    /// Its id.
    pub id: String,
    /// `open`, `answered` (in words: for a person to judge), `right` or `wrong`.
    pub standing: &'static str,
    /// How one gets to the number; only once it is right.
    pub explain: Option<String>,
}

impl Answered {
    /// For people.
    pub fn line(&self, terminal: &Terminal) -> String {
        let words = match self.standing {
            "right" => terminal.green("right"),
            "wrong" => terminal.red("not yet: count again"),
            "answered" => "answered".to_owned(),
            _ => terminal.dim("open"),
        };
        let explain = self
            .explain
            .as_ref()
            .map_or(String::new(), |it| format!("\n{}", terminal.dim(&terminal.wrap(it, 10))));
        format!("  {:<6}  {words}{explain}", self.id)
    }
}

/// Every question of a module, judged.
///
/// # Errors
/// The course's questions can't be read.
pub fn answered(workspace: &Workspace, module: &Module) -> Result<Vec<Answered>, Failure> {
    let sheet = std::fs::read_to_string(workspace.module(module).join("answers.md"));
    let sheet = sheet.unwrap_or_default();
    let questions = syllabus::questions(&workspace.tree, module)?;
    Ok(questions.iter().map(|question| judge(question, &answer(&sheet, &question.id))).collect())
}

/// What is written after `Answer:` under the heading of a question.
fn answer(sheet: &str, id: &str) -> String {
    let under = |line: &&str| {
        let heading = line.trim_start_matches('#').trim();
        line.starts_with("##") && heading.split_whitespace().next() == Some(id)
    };
    let mut lines = sheet.lines().skip_while(|line| !under(line)).skip(1);
    let Some(first) = lines.find_map(|line| line.trim().strip_prefix("Answer:")) else {
        return String::new();
    };
    let rest = lines.take_while(|line| !line.starts_with("##"));
    std::iter::once(first).chain(rest).collect::<Vec<_>>().join("\n").trim().to_owned()
}

fn judge(question: &Question, answer: &str) -> Answered {
    let (standing, explain) = match &question.kind {
        _ if answer.is_empty() => ("open", None),
        Kind::Text { .. } => ("answered", None),
        Kind::Number { answer: right, tolerance, explain, .. } => {
            let near = |value: f64| (value - right).abs() <= tolerance * right.abs().max(1e-12);
            match number(answer) {
                Some(value) if near(value) => ("right", Some(explain.clone())),
                _ => ("wrong", None),
            }
        }
    };
    Answered { id: question.id.clone(), standing, explain }
}

/// The first number of an answer, as people write it: `2,359,296 bytes`, `2.36e6`, `1_000`.
fn number(answer: &str) -> Option<f64> {
    let from = answer.find(|c: char| c.is_ascii_digit() || c == '-' || c == '.')?;
    let part = |c: char| c.is_ascii_alphanumeric() || ",_.+-".contains(c);
    let text: String = answer[from..].chars().take_while(|c| part(*c)).collect();
    let text = text.replace([',', '_'], "");
    let ends = (1..=text.len()).rev().filter(|end| text.is_char_boundary(*end));
    ends.filter_map(|end| text[..end].parse().ok()).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(kind: Kind) -> Question {
        Question { id: "01.q1".into(), ask: "How many?".into(), kind }
    }

    #[test]
    fn numbers_are_read_as_people_write_them() {
        let cases = [
            ("2,359,296 bytes", 2_359_296.0),
            ("about 2.5e3", 2500.0),
            ("1_000", 1000.0),
            ("= 4", 4.0),
            ("-3.5 (half)", -3.5),
            ("12x", 12.0),
        ];
        for (text, value) in cases {
            assert_eq!(number(text), Some(value), "{text}");
        }
        assert_eq!(number("many"), None);
    }

    #[test]
    fn an_answer_is_what_stands_under_its_own_question() {
        let sheet = "# T\n\n## 01.q1 (a number, in bytes)\n\nHow?\n\nAnswer: 24\n\n\
                     ## 01.q2\n\nWhy?\n\nAnswer:\nbecause\nof that\n\n## 01.q3\n\nAnswer:\n";
        assert_eq!(answer(sheet, "01.q1"), "24");
        assert_eq!(answer(&sheet.replace('\n', "\r\n"), "01.q2").lines().count(), 2);
        assert_eq!(answer(sheet, "01.q3"), "");
        assert_eq!(answer(sheet, "01.q4"), "");
    }

    #[test]
    fn a_number_within_its_tolerance_is_right_and_explained() {
        let kind = Kind::Number {
            answer: 100.0,
            tolerance: 0.01,
            unit: "bytes".into(),
            explain: "4 x 25".into(),
        };
        let question = question(kind);
        assert_eq!(judge(&question, "100.9 bytes").explain.as_deref(), Some("4 x 25"));
        assert_eq!(judge(&question, "102").standing, "wrong");
        assert_eq!(judge(&question, "102").explain, None, "a wrong answer is told nothing");
        assert_eq!(judge(&question, "").standing, "open");
    }
}
