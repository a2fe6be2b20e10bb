//! What can be wrong with data that comes from outside.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why a file or its bytes could not be read as data.
#[derive(Debug)]
#[non_exhaustive]
pub enum DataError {
    /// A file of a data set is not there.
    Missing {
        /// Where it was expected.
        file: PathBuf,
        /// What brings it.
        cure: String,
    },
    /// The system could not read a file.
    Io {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Bytes that do not follow their format.
    Malformed {
        /// The format, such as `idx`.
        format: &'static str,
        /// Where, in bytes from the start.
        offset: usize,
        /// What was expected there, and what was found.
        problem: String,
    },
    /// A field of a table that is not what it should be.
    Field {
        /// From 1, as editors count.
        line: usize,
        /// The number of the field in its line, from 1.
        column: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// A line of a text that does not follow its format.
    Line {
        /// The format, such as `tinytalks`.
        format: &'static str,
        /// From 1, as editors count.
        line: usize,
        /// What was expected there, and what was found.
        problem: String,
    },
    /// Well-formed data that is not the data asked for.
    Mismatch {
        /// What was expected, and what was found.
        problem: String,
    },
    /// One of the above, in a file.
    InFile {
        /// The file.
        file: PathBuf,
        /// What is wrong in it.
        source: Box<DataError>,
    },
}

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { file, cure } => write!(f, "{}: no such file; {cure}", file.display()),
            Self::Io { file, source } => write!(f, "{}: {source}", file.display()),
            Self::Malformed { format, offset, problem } => {
                write!(f, "{format}: at byte {offset}: {problem}")
            }
            Self::Field { line, column, problem } => {
                write!(f, "csv: line {line}, column {column}: {problem}")
            }
            Self::Line { format, line, problem } => write!(f, "{format}: line {line}: {problem}"),
            Self::Mismatch { problem } => f.write_str(problem),
            Self::InFile { file, source } => write!(f, "{}: {source}", file.display()),
        }
    }
}

impl Error for DataError {
    // `Io` and `InFile` already show their source in their own text; naming it here again would
    // make reports that walk the chain say everything twice.
}
