//! A note beside files that are not the publisher's, so that `verify` can say what they are.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::place::{self, Received};
use super::{Origin, Trouble};
use crate::remote::Remote;

/// The note's name in the data set's folder.
const NAME: &str = "other-bytes.json";
/// A note longer than this was not written by us.
const LONGEST: u64 = 1 << 20;

/// Which files are not the publisher's, and from where they came.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Note {
    /// From where they came.
    pub origin: String,
    /// Place in the data set's folder to sha256.
    pub files: BTreeMap<String, String>,
}

impl Note {
    /// The note in this folder, if there is a legible one.
    pub fn read(folder: &Path) -> Option<Note> {
        let path = folder.join(NAME);
        if path.metadata().ok()?.len() > LONGEST {
            return None;
        }
        serde_json::from_slice(&fs::read(path).ok()?).ok()
    }
}

/// Writes down what came, where it is not the publisher's; else removes an older note.
pub(super) fn keep(
    folder: &Path,
    remote: &Remote,
    origin: &Origin,
    received: &[Received],
) -> Result<(), Trouble> {
    let other = received.iter().filter(|received| !received.published);
    let files: BTreeMap<String, String> =
        other.filter_map(|it| Some((remote.place(&it.file), it.sha256.clone()?))).collect();
    let path = folder.join(NAME);
    if files.is_empty() {
        // Without a note there is nothing to remove; a stale one names hashes that no file has.
        let _ = fs::remove_file(path);
        return Ok(());
    }
    let origin = match origin {
        Origin::Mirrors => "the mirrors".to_owned(),
        Origin::Url(url) => url.clone(),
        Origin::Path(path) => {
            std::path::absolute(path).unwrap_or(path.clone()).display().to_string()
        }
    };
    let text = serde_json::to_string_pretty(&Note { origin, files }).expect("maps of text");
    place::write_whole(&path, |file| writeln!(file, "{text}"))
}
