//! What can go wrong between a model and the disk.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use tinytorch_tensor::MAX_NDIM;

/// Why a file could not be read or written.
///
/// Mistakes in a program (a wrong shape, a batch of size 0) panic at the caller's line; what comes
/// from outside, a file above all, is one of these.
#[derive(Debug)]
#[non_exhaustive]
pub enum TrainingError {
    /// The operating system refused: no such file, no right to it, no space left.
    Io {
        /// What was being done: "read", "create", "write", "rename".
        action: &'static str,
        /// The file it was done to.
        path: PathBuf,
        /// The system's own words.
        source: io::Error,
    },
    /// The bytes are not what the format allows: cut short, overlapping, lying about their length.
    Malformed {
        /// "safetensors", "npy" or "checkpoint".
        format: &'static str,
        /// What is wrong, and where.
        problem: String,
    },
    /// A well-formed file holds numbers of a type that this framework has no exact place for.
    UnsupportedDtype {
        /// The tensor's name in the file.
        tensor: String,
        /// The type's name in the file.
        dtype: String,
    },
    /// A number does not fit the type it is loaded into: an `I64` beyond 32 bits, an `F64` beyond
    /// the largest `f32`.
    OutOfRange {
        /// The tensor's name in the file.
        tensor: String,
        /// The type's name in the file.
        dtype: String,
        /// The number, as text.
        value: String,
    },
    /// A tensor of more axes, or of a longer one, than this framework has.
    UnsupportedShape {
        /// The tensor's name in the file.
        tensor: String,
        /// Its shape in the file.
        shape: Vec<usize>,
    },
    /// The format cannot hold what was to be written.
    Unwritable {
        /// "safetensors" or "npy".
        format: &'static str,
        /// What it cannot hold, and the cure.
        problem: String,
    },
    /// Training has left the numbers: a loss or a gradient is infinite or no number at all.
    Diverged {
        /// What is not finite.
        what: String,
        /// The epoch, counted from 0.
        epoch: usize,
        /// The batch within it, counted from 0.
        batch: usize,
    },
    /// A checkpoint of a layout that this version does not know.
    UnknownVersion {
        /// The version in the file.
        found: String,
    },
    /// A checkpoint of another model, optimizer or trainer than it is to be restored into.
    Mismatch {
        /// Each difference, by name.
        differences: Vec<String>,
    },
    /// Any of the above, with the file it happened in.
    InFile {
        /// The file.
        path: PathBuf,
        /// What happened in it.
        source: Box<TrainingError>,
    },
}

impl TrainingError {
    /// An [`TrainingError::Io`] of `action` on `path`.
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

impl fmt::Display for TrainingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { action, path, source } => {
                write!(f, "cannot {action} `{}`: {source}", path.display())
            }
            Self::Malformed { format, problem } => {
                write!(f, "not a sound {format} file: {problem}")
            }
            Self::UnsupportedDtype { tensor, dtype } => write!(
                f,
                "`{tensor}` holds {dtype}, which has no place here; convert it to F32 or I32 \
                 before saving it"
            ),
            Self::OutOfRange { tensor, dtype, value } => write!(
                f,
                "`{tensor}` holds the {dtype} {value}, which fits no 32-bit number; convert it \
                 before saving it"
            ),
            Self::UnsupportedShape { tensor, shape } => write!(
                f,
                "`{tensor}` has a shape that no tensor here can have, which is at most {MAX_NDIM} \
                 axes of less than 2^32 each; reshape it before saving it: {shape:?}"
            ),
            Self::Unwritable { format, problem } => write!(f, "{format} cannot hold it: {problem}"),
            Self::Diverged { what, epoch, batch } => write!(
                f,
                "training diverged in epoch {epoch}, batch {batch}: {what}; lower the learning \
                 rate, warm it up, clip the gradients, or look for a division by 0 in the loss"
            ),
            Self::UnknownVersion { found } => write!(
                f,
                "a checkpoint of the unknown version {found:?}; read it with the version of \
                 tinytorch that wrote it, this one knows version 1"
            ),
            Self::Mismatch { differences } => write!(
                f,
                "the checkpoint does not fit; set up the run as it was when it was saved: {}",
                differences.join("; ")
            ),
            Self::InFile { path, source } => write!(f, "`{}`: {source}", path.display()),
        }
    }
}

impl std::error::Error for TrainingError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::InFile { source, .. } => Some(source),
            _ => None,
        }
    }
}
