//! A transfer that is not complete: its bytes, and what is known of where they came from.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::examine::hexadecimal;
use super::{Trouble, place};

/// The bytes of a transfer so far, `NAME.ADDRESS.part`, with `NAME.ADDRESS.part.json` beside it.
///
/// Mirrors pack the same content differently, so bytes of one are never joined with another's:
/// the name carries a digest of the address.
pub(super) struct Part {
    path: PathBuf,
    file: File,
    length: u64,
    source: Option<Source>,
}

/// What is known of a part's source; kept beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Source {
    /// The address.
    pub url: String,
    /// What the server calls this version of the file (its ETag, quotes and all).
    pub etag: Option<String>,
    /// How long the whole file is, in bytes, where the server says so.
    pub length: Option<u64>,
}

impl Part {
    /// The part of this file from this address, with the bytes of an earlier try if they are of
    /// use: bytes without a legible record of their source are not.
    pub fn open(folder: &Path, name: &str, url: &str) -> Result<Part, Trouble> {
        let mut hasher = Sha256::new();
        hasher.update(url);
        let path = folder.join(format!("{name}.{}.part", &hexadecimal(hasher)[..8]));
        let opened = File::options().create(true).write(true).truncate(false).open(&path);
        let mut file = opened.map_err(|error| Trouble::disk("create", &path, error))?;
        let end = file.seek(SeekFrom::End(0));
        let length = end.map_err(|error| Trouble::disk("read", &path, error))?;
        let record = fs::read(beside(&path)).ok();
        let source = record.and_then(|it| serde_json::from_slice::<Source>(&it).ok());
        let source = source.filter(|source| source.url == url);
        let mut part = Part { path, file, length, source };
        if part.source.is_none() {
            part.truncate()?;
        }
        Ok(part)
    }

    /// Where the bytes are.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many bytes are here.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// What is known of the source.
    pub fn source(&self) -> Option<&Source> {
        self.source.as_ref()
    }

    /// Whether as many bytes are here as the server said there are.
    pub fn is_complete(&self) -> bool {
        self.source.as_ref().is_some_and(|source| source.length == Some(self.length))
    }

    /// Drops the bytes and begins anew with this source.
    pub fn restart(&mut self, source: Source) -> Result<(), Trouble> {
        self.truncate()?;
        // The record is on the disk before the first byte that it speaks of.
        let text = serde_json::to_string(&source).expect("a struct of text and numbers");
        place::write_whole(&beside(&self.path), |file| writeln!(file, "{text}"))?;
        self.source = Some(source);
        Ok(())
    }

    /// Adds bytes at the end.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        let written = self.file.write_all(bytes);
        written.map_err(|error| Trouble::disk("write", &self.path, error))?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Drops the bytes.
    pub fn truncate(&mut self) -> Result<(), Trouble> {
        let cut = self.file.set_len(0).and_then(|()| self.file.rewind());
        cut.map_err(|error| Trouble::disk("write", &self.path, error))?;
        self.length = 0;
        Ok(())
    }

    /// Removes the part from the disk.
    pub fn discard(self) {
        // What can't be removed is overwritten or checked again next time.
        let _ = fs::remove_file(&self.path);
        let _ = fs::remove_file(beside(&self.path));
    }

    /// The first characters, if the part is a page for people: a log-in form, an error page.
    pub fn looks_like_html(&self) -> Option<String> {
        let mut start = Vec::new();
        File::open(&self.path).ok()?.take(512).read_to_end(&mut start).ok()?;
        looks_like_html(&start).then(|| excerpt(&start))
    }
}

fn beside(path: &Path) -> PathBuf {
    path.with_added_extension("json")
}

/// Whether bytes begin as a web page does.
pub(super) fn looks_like_html(start: &[u8]) -> bool {
    let text = String::from_utf8_lossy(start);
    let text = text.trim_start_matches('\u{feff}').trim_start().to_ascii_lowercase();
    let beginnings = ["<!doctype html", "<html", "<head", "<body", "<?xml", "<title", "<script"];
    beginnings.iter().any(|beginning| text.starts_with(beginning))
}

/// The first characters, on one line and safe to print.
pub(super) fn excerpt(start: &[u8]) -> String {
    let text = String::from_utf8_lossy(start);
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let shown: String = words.chars().filter(|c| !c.is_control()).take(100).collect();
    format!("{shown:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://example.org/file.gz";

    fn source(url: &str) -> Source {
        Source { url: url.to_owned(), etag: Some("\"1\"".to_owned()), length: Some(6) }
    }

    #[test]
    fn a_part_goes_on_where_it_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let mut part = Part::open(folder.path(), "file.gz", URL).unwrap();
        assert_eq!((part.length(), part.source()), (0, None));
        part.restart(source(URL)).unwrap();
        part.append(b"abc").unwrap();
        assert!(!part.is_complete());
        drop(part);
        let mut part = Part::open(folder.path(), "file.gz", URL).unwrap();
        assert_eq!((part.length(), part.source()), (3, Some(&source(URL))));
        part.append(b"def").unwrap();
        assert!(part.is_complete());
        assert_eq!(fs::read(part.path()).unwrap(), b"abcdef");
        part.discard();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn bytes_of_another_address_are_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let mut part = Part::open(folder.path(), "file.gz", URL).unwrap();
        part.restart(source(URL)).unwrap();
        part.append(b"abc").unwrap();
        let other = Part::open(folder.path(), "file.gz", "https://example.org/mirror").unwrap();
        assert_eq!(other.length(), 0);
        assert_eq!(part.length(), 3, "and stay where they are");
    }

    #[test]
    fn bytes_without_a_legible_record_are_dropped() {
        for record in [None, Some("{"), Some("{\"url\":\"https://example.org/other\"}")] {
            let folder = tempfile::tempdir().unwrap();
            let mut part = Part::open(folder.path(), "file.gz", URL).unwrap();
            part.restart(source(URL)).unwrap();
            part.append(b"abc").unwrap();
            let beside = beside(part.path());
            match record {
                Some(text) => fs::write(beside, text).unwrap(),
                None => fs::remove_file(beside).unwrap(),
            }
            assert_eq!(Part::open(folder.path(), "file.gz", URL).unwrap().length(), 0);
        }
    }

    #[test]
    fn web_pages_are_recognized_and_shown_safely() {
        let page = b"\xef\xbb\xbf\n <!DOCTYPE html>\n<title>\x1b[31mLog in</title>";
        assert!(looks_like_html(page));
        assert!(!looks_like_html(b"\x1f\x8b\x08"));
        assert!(!looks_like_html(b"First Citizen: <html> is mentioned later"));
        assert!(!excerpt(page).contains('\x1b'));
    }
}
