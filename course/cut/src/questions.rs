//! `questions.toml`: what a module asks its reader to estimate, explain, design and debug.

use serde::Deserialize;

/// The questions of a module.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Questions {
    /// In the order of the lesson.
    #[serde(rename = "question")]
    pub questions: Vec<Question>,
}

/// One question.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Question {
    /// Stable for ever: module and number, `01.q1`.
    pub id: String,
    /// The question, in Markdown.
    pub ask: String,
    /// How it is answered.
    #[serde(flatten)]
    pub kind: Kind,
}

/// How a question is answered.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Kind {
    /// By a number, which a program can judge.
    Number {
        /// The right one.
        answer: f64,
        /// How far an answer may be from it, relative to it.
        tolerance: f64,
        /// What is counted: `bytes`.
        unit: String,
        /// How one gets there.
        explain: String,
    },
    /// In words, which a person judges.
    Text {
        /// What a good answer names.
        rubric: Vec<String>,
        /// A good answer.
        model_answer: String,
    },
}

/// The fewest questions of a module, and the fewest that are answered by a number.
const FEWEST: (usize, usize) = (5, 2);

impl Questions {
    /// Reads the text of a `questions.toml`.
    ///
    /// # Errors
    /// When it is not of this form. What else must hold is said by [`faults`](Self::faults).
    pub fn read(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// What must hold in the questions of module `module` (two digits) and does not.
    pub fn faults(&self, module: &str) -> Vec<String> {
        let mut faults = Vec::new();
        let is_number = |question: &&Question| matches!(question.kind, Kind::Number { .. });
        let numbers = self.questions.iter().filter(is_number).count();
        if self.questions.len() < FEWEST.0 || numbers < FEWEST.1 {
            let (all, wanted) = (self.questions.len(), FEWEST);
            faults.push(format!(
                "{all} questions, {numbers} of them numbers; at least {} and {} are wanted",
                wanted.0, wanted.1
            ));
        }
        for (i, question) in self.questions.iter().enumerate() {
            let expected = format!("{module}.q{}", i + 1);
            if question.id != expected {
                faults.push(format!("question {}: its place is that of {expected}", question.id));
            }
            faults.extend(question.fault().map(|said| format!("question {} {said}", question.id)));
        }
        faults
    }
}

impl Question {
    fn fault(&self) -> Option<&'static str> {
        let blank = |text: &String| text.trim().is_empty();
        match &self.kind {
            _ if blank(&self.ask) => Some("asks nothing"),
            Kind::Number { answer, tolerance, .. }
                if !answer.is_finite() || !(0.0..1.0).contains(tolerance) =>
            {
                Some("has an answer that is no number, or a tolerance outside of 0 to 1")
            }
            Kind::Number { unit, explain, .. } if blank(unit) || blank(explain) => {
                Some("does not say its unit or how one gets there")
            }
            Kind::Text { rubric, model_answer }
                if rubric.is_empty() || rubric.iter().any(blank) || blank(model_answer) =>
            {
                Some("has no rubric or no model answer")
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(id: u32) -> String {
        format!(
            "[[question]]\nid = \"01.q{id}\"\nkind = \"number\"\nask = \"How many?\"\n\
             answer = 2359296\ntolerance = 0.01\nunit = \"bytes\"\nexplain = \"4 x 589824\"\n"
        )
    }

    fn text(id: u32) -> String {
        format!(
            "[[question]]\nid = \"01.q{id}\"\nkind = \"text\"\nask = \"Why?\"\n\
             rubric = [\"names strides\"]\nmodel_answer = \"Strides.\"\n"
        )
    }

    #[test]
    fn numbers_and_texts_have_fields_of_their_own() {
        let all = number(1) + &text(2) + &number(3) + &text(4) + &text(5);
        let read = Questions::read(&all).expect("is of the form");
        assert_eq!(read.faults("01"), [""; 0]);
        let Kind::Number { answer, .. } = read.questions[0].kind else { panic!("a number") };
        assert_eq!(answer, 2_359_296.0);
        assert!(Questions::read(&text(1).replace("rubric", "answer = 1\nrubric")).is_err());
    }

    #[test]
    fn too_few_numbers_and_a_gap_are_named() {
        let all = number(1) + &text(2) + &text(3) + &text(4) + &text(6).replace("Why?", " ");
        let faults = Questions::read(&all).expect("is of the form").faults("01");
        assert_eq!(faults[0], "5 questions, 1 of them numbers; at least 5 and 2 are wanted");
        assert_eq!(faults[1], "question 01.q6: its place is that of 01.q5");
        assert_eq!(faults[2], "question 01.q6 asks nothing");
    }
}
