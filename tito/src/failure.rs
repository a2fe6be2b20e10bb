//! How a command ends badly: what happened, how to go on, and the exit status.

use std::fmt;
use std::process::ExitCode;

/// Exit status: a bar was missed, or a file is not what it should be. The command has said so.
pub const MISSED: u8 = 1;
/// Exit status: the command was called in a way, or given a file, that can't work.
pub const INPUT: u8 = 2;
/// Exit status: the machine, its disk or its network did not play along.
pub const ENVIRONMENT: u8 = 3;

/// Why a command could not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    status: u8,
    message: String,
    cures: Vec<String>,
}

impl Failure {
    /// The caller can put it right: a word that nobody knows, a file with other bytes.
    pub fn input(message: impl Into<String>) -> Failure {
        Failure { status: INPUT, message: message.into(), cures: Vec::new() }
    }

    /// The machine can't do it now: no network, a full disk, a folder without permission.
    pub fn environment(message: impl Into<String>) -> Failure {
        Failure { status: ENVIRONMENT, message: message.into(), cures: Vec::new() }
    }

    /// A milestone did not come to a verdict.
    pub fn missed(message: impl Into<String>) -> Failure {
        Failure { status: MISSED, message: message.into(), cures: Vec::new() }
    }

    /// The same failure with one more line on how to go on.
    pub fn cure(mut self, line: impl Into<String>) -> Failure {
        self.cures.push(line.into());
        self
    }

    /// 1, 2 or 3, as [`MISSED`], [`INPUT`] and [`ENVIRONMENT`] say.
    pub fn status(&self) -> ExitCode {
        ExitCode::from(self.status)
    }
}

impl From<stage::StageError> for Failure {
    fn from(error: stage::StageError) -> Failure {
        Failure { status: error.exit_status(), message: error.to_string(), cures: Vec::new() }
    }
}

impl fmt::Display for Failure {
    /// The message, then a line per cure, indented.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.cures.iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

impl std::error::Error for Failure {}
