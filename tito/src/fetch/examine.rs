//! What lies in a data set's folder.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::Trouble;
use super::note::Note;
use crate::remote::{Remote, RemoteFile};

/// How closely to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Only whether the files are there, with the right sizes. Says [`State::Published`] then.
    Size,
    /// Every byte.
    Bytes,
}

/// What a file in the data folder is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Not there.
    Missing,
    /// There, with another size.
    Size {
        /// In bytes.
        got: u64,
    },
    /// Has the size, and bytes that nobody knows.
    Damaged {
        /// In hexadecimal.
        sha256: String,
    },
    /// Other bytes than the publisher's, which were accepted when they were brought.
    Other {
        /// From where they were brought.
        origin: String,
    },
    /// The publisher's bytes.
    Published,
}

/// What every file of a data set is, in the order of the list.
///
/// # Errors
/// A file that is there and can't be read.
pub fn examine(
    remote: &Remote,
    folder: &Path,
    depth: Depth,
) -> Result<Vec<(RemoteFile, State)>, Trouble> {
    let state = |file: &RemoteFile| Ok((file.clone(), look(remote, folder, file, depth)?));
    remote.files.iter().map(state).collect()
}

/// What one file is, byte by byte.
pub(super) fn file(remote: &Remote, folder: &Path, file: &RemoteFile) -> Result<State, Trouble> {
    look(remote, folder, file, Depth::Bytes)
}

fn look(remote: &Remote, folder: &Path, file: &RemoteFile, depth: Depth) -> Result<State, Trouble> {
    let path = folder.join(remote.place(file));
    let size = match path.metadata() {
        Ok(found) if found.is_file() => found.len(),
        Ok(_) => return Ok(State::Missing),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(State::Missing);
        }
        Err(error) => return Err(Trouble::disk("look at", &path, error)),
    };
    if size != file.size {
        return Ok(State::Size { got: size });
    }
    if depth == Depth::Size {
        return Ok(State::Published);
    }
    let found = File::open(&path).and_then(hash);
    let sha256 = found.map_err(|error| Trouble::disk("read", &path, error))?;
    if sha256 == file.sha256 {
        return Ok(State::Published);
    }
    let note = Note::read(folder);
    let accepted = note.filter(|note| note.files.get(&remote.place(file)) == Some(&sha256));
    Ok(match accepted {
        Some(note) => State::Other { origin: note.origin },
        None => State::Damaged { sha256 },
    })
}

/// The sha256 of all that a reader has, in hexadecimal.
fn hash(mut reader: impl Read) -> std::io::Result<String> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(hexadecimal(hasher)),
            Ok(count) => hasher.update(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// What a hasher has come to, in hexadecimal.
pub fn hexadecimal(hasher: Sha256) -> String {
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
