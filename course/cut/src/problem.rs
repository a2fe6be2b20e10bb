//! What keeps a file from being cut.

use std::fmt;

/// Why a file could not be cut.
#[derive(Clone, PartialEq, Debug)]
pub struct CutError {
    /// The file, as `exercises.toml` names it.
    pub file: String,
    /// Everything that is wrong with it.
    pub problems: Vec<Problem>,
}

/// One thing that keeps a file from being cut. The texts are names as in `exercises.toml`.
#[derive(Clone, PartialEq, Debug)]
pub enum Problem {
    /// It is not Rust: line and message.
    Syntax(usize, String),
    /// A function that is in none of the lists.
    Unlisted(String),
    /// A function that two entries name.
    ListedTwice(String),
    /// An entry that names a function, in a file that is given as a whole.
    ListedAndGiven(String),
    /// An entry that names no function of the file.
    Missing(String),
    /// An entry that several functions could be meant by: the entry, and these.
    Ambiguous(String, Vec<String>),
    /// An exercise that cannot be one, and why.
    Uncuttable(String, &'static str),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Syntax(line, message) => write!(f, "line {line}: {message}"),
            Problem::Unlisted(name) => {
                write!(f, "`{name}` is not listed: is it given, removed, or part of an exercise?")
            }
            Problem::ListedTwice(name) => write!(f, "`{name}` is listed twice"),
            Problem::ListedAndGiven(name) => {
                write!(f, "`{name}` is listed, and its whole file is given")
            }
            Problem::Missing(name) => {
                write!(f, "`{name}` is listed, and there is no such function")
            }
            Problem::Ambiguous(name, these) => {
                write!(f, "`{name}` may be any of `{}`: write it out", these.join("`, `"))
            }
            Problem::Uncuttable(name, why) => write!(f, "`{name}` cannot be an exercise: {why}"),
        }
    }
}

impl fmt::Display for CutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> =
            self.problems.iter().map(|problem| format!("{}: {problem}", self.file)).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for CutError {}
