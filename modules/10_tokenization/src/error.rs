//! What can be wrong with a tokenizer's file, or with a text that it is given.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a tokenizer could not be read or written, or would not encode a text.
///
/// Mistakes in a program (a vocabulary too small for its own bytes, an id that the vocabulary does
/// not have) panic at the caller's line; what comes from outside is one of these.
#[derive(Debug)]
#[non_exhaustive]
pub enum TokenizationError {
    /// The operating system refused: no such file, no right to it, no space left.
    Io {
        /// What was being done: "read", "write", "replace".
        action: &'static str,
        /// The file it was done to.
        path: PathBuf,
        /// The system's own words.
        source: io::Error,
    },
    /// Text that does not follow its format, or says what can't be.
    Malformed {
        /// "vocab.json", "merges.txt", "tokenizer.json" or "character vocabulary".
        format: &'static str,
        /// What is wrong, and where.
        problem: String,
    },
    /// A sound file that describes a tokenizer of another kind than those built here.
    Unsupported {
        /// As above.
        format: &'static str,
        /// What it asks for, and what would be read instead.
        problem: String,
    },
    /// A character that a character vocabulary does not have.
    UnknownCharacter {
        /// The character.
        character: char,
        /// Where it begins, in bytes from the start of the text.
        at: usize,
    },
    /// A text that spells out a special token which it may not contain.
    SpecialInText {
        /// The token.
        token: String,
        /// Where it begins, in bytes from the start of the text.
        at: usize,
    },
    /// A special token was named that the tokenizer does not have.
    NoSuchSpecial {
        /// The name.
        token: String,
        /// The special tokens that there are.
        known: Vec<String>,
    },
    /// Any of the above, with the file it happened in.
    InFile {
        /// The file.
        path: PathBuf,
        /// What happened in it.
        source: Box<TokenizationError>,
    },
}

impl TokenizationError {
    /// A [`TokenizationError::Malformed`] of `format`.
    pub(crate) fn malformed(format: &'static str, problem: impl Into<String>) -> Self {
        Self::Malformed { format, problem: problem.into() }
    }

    /// A [`TokenizationError::Unsupported`] of `format`.
    pub(crate) fn unsupported(format: &'static str, problem: impl Into<String>) -> Self {
        Self::Unsupported { format, problem: problem.into() }
    }

    /// A [`TokenizationError::Io`] of `action` on `path`.
    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_path_buf(), source }
    }

    /// This error, with the file it happened in.
    pub(crate) fn in_file(self, path: &Path) -> Self {
        match self {
            // These name their file already.
            Self::Io { .. } | Self::InFile { .. } => self,
            other => Self::InFile { path: path.to_path_buf(), source: Box::new(other) },
        }
    }
}

impl fmt::Display for TokenizationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { action, path, source } => {
                write!(f, "cannot {action} `{}`: {source}", path.display())
            }
            Self::Malformed { format, problem } => write!(f, "not a sound {format}: {problem}"),
            Self::Unsupported { format, problem } => {
                write!(f, "this {format} needs what is not built here: {problem}")
            }
            Self::UnknownCharacter { character, at } => write!(
                f,
                "the vocabulary has no {character:?}; add it to the text that the vocabulary is \
                 made from, or use `encode`, which has an id for the unknown: byte {at}"
            ),
            Self::SpecialInText { token, at } => write!(
                f,
                "the text spells out the special token {token:?}; allow it if it is meant as one, \
                 or use `encode` to take it as plain text: byte {at}"
            ),
            Self::NoSuchSpecial { token, known } => {
                write!(f, "there is no special token {token:?}; there are: {known:?}")
            }
            Self::InFile { path, source } => write!(f, "`{}`: {source}", path.display()),
        }
    }
}

impl Error for TokenizationError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::InFile { source, .. } => Some(source),
            _ => None,
        }
    }
}
