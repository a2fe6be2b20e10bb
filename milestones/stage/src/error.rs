//! What can keep a milestone from being run.

use std::fmt;
use std::path::PathBuf;

/// What can keep a milestone from being run. A missed bar is not among it: that is a
/// [`Report`](crate::Report) that did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StageError {
    /// A data set that has to be downloaded is not on this machine.
    MissingData {
        /// Its name: `mnist`.
        data: String,
        /// The folder in which it was expected.
        looked_in: PathBuf,
        /// The command that gets it: `tito dataset download mnist`.
        get_it_with: String,
    },
    /// The milestone has no data set or part of this name.
    UnknownData {
        /// The name that was asked for.
        name: String,
        /// The names that it has, in its order.
        known: Vec<String>,
        /// The known name that looks most like the one that was asked for.
        nearest: Option<String>,
    },
    /// Something else is wrong with what was asked or with a file that was given: the message
    /// says what, and the cure.
    Input(String),
    /// The machine did not play along (a disk, a permission, memory): the message says what, and
    /// the cure.
    Environment(String),
}

impl StageError {
    /// A missing data set, with the command of `tito` that downloads it.
    pub fn missing_data(data: &str, looked_in: impl Into<PathBuf>) -> Self {
        StageError::MissingData {
            data: data.to_owned(),
            looked_in: looked_in.into(),
            get_it_with: format!("tito dataset download {data}"),
        }
    }

    /// The exit status that it stands for: 2 for what was asked or given, 3 for the machine.
    ///
    /// Missing data is 3: the command was right, and succeeds as soon as the files are there.
    pub fn exit_status(&self) -> u8 {
        match self {
            StageError::UnknownData { .. } | StageError::Input(_) => 2,
            StageError::MissingData { .. } | StageError::Environment(_) => 3,
        }
    }

    /// Its kind as one word, for programs: `missing_data`, `unknown_data`, `input` or
    /// `environment`.
    pub fn kind(&self) -> &'static str {
        match self {
            StageError::MissingData { .. } => "missing_data",
            StageError::UnknownData { .. } => "unknown_data",
            StageError::Input(_) => "input",
            StageError::Environment(_) => "environment",
        }
    }
}

impl fmt::Display for StageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StageError::MissingData { data, looked_in, get_it_with } => {
                let folder = looked_in.display();
                write!(f, "the data set `{data}` is not in {folder}; get it with `{get_it_with}`")
            }
            StageError::UnknownData { name, known, nearest } => {
                write!(f, "unknown data `{name}`; ")?;
                if let Some(nearest) = nearest {
                    write!(f, "did you mean `{nearest}`? ")?;
                }
                write!(f, "(known: {})", known.join(", "))
            }
            StageError::Input(message) | StageError::Environment(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for StageError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_data_says_where_it_looked_and_how_to_get_it() {
        let error = StageError::missing_data("mnist", "/data/mnist");
        assert_eq!(
            error.to_string(),
            "the data set `mnist` is not in /data/mnist; \
             get it with `tito dataset download mnist`"
        );
        assert_eq!((error.kind(), error.exit_status()), ("missing_data", 3));
    }

    #[test]
    fn what_was_asked_is_status_2_and_the_machine_is_status_3() {
        let unknown =
            StageError::UnknownData { name: "x".into(), known: vec!["a".into()], nearest: None };
        assert_eq!(unknown.to_string(), "unknown data `x`; (known: a)");
        assert_eq!(unknown.exit_status(), 2);
        assert_eq!(StageError::Input("bad".into()).exit_status(), 2);
        assert_eq!(StageError::Environment("disk full".into()).exit_status(), 3);
    }
}
