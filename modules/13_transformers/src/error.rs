//! What can go wrong between a model and a folder.

use crate::gpt2::LoadReport;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use tinytorch_training::TrainingError;

/// Why a model could not be loaded or saved.
#[derive(Debug)]
#[non_exhaustive]
pub enum TransformersError {
    /// The operating system refused: no such file, no right to it, no space left.
    Io {
        /// What was being done: "read", "write", "create".
        action: &'static str,
        /// The file or folder it was done to.
        path: PathBuf,
        /// The system's own words.
        source: io::Error,
    },
    /// The file of weights could not be read or written.
    Weights(TrainingError),
    /// A `config.json` that is damaged, or describes a model that is not to be had here.
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and the cure.
        problem: String,
    },
    /// The weights in a file are not those that the config asks for.
    Mismatch {
        /// The file.
        path: PathBuf,
        /// Which are there, which are not.
        report: Box<LoadReport>,
    },
    /// The model has parts that GPT-2's layout has no place for.
    Layout {
        /// Which, and the cure.
        problem: String,
    },
}

impl TransformersError {
    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_path_buf(), source }
    }

    pub(crate) fn config(path: &Path, problem: impl Into<String>) -> Self {
        Self::Config { path: path.to_path_buf(), problem: problem.into() }
    }
}

impl fmt::Display for TransformersError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { action, path, source } => {
                write!(f, "cannot {action} `{}`: {source}", path.display())
            }
            Self::Weights(error) => write!(f, "{error}"),
            Self::Config { path, problem } => write!(f, "`{}`: {problem}", path.display()),
            Self::Mismatch { path, report } => write!(
                f,
                "`{}` does not fit its config: {report}; take both from one model, or load what \
                 fits with `strict: false`",
                path.display()
            ),
            Self::Layout { problem } => write!(f, "GPT-2's layout cannot hold it: {problem}"),
        }
    }
}

impl std::error::Error for TransformersError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Weights(source) => Some(source),
            _ => None,
        }
    }
}

impl From<TrainingError> for TransformersError {
    fn from(error: TrainingError) -> Self {
        Self::Weights(error)
    }
}
