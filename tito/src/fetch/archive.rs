//! Archives, read entry by entry. Nothing in them decides where a byte lands.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

use tar::EntryType;

use super::place::{self, Accept, Staged};
use super::{Fault, Trouble};
use crate::remote::Remote;

/// An archive of a known data set has a dozen entries.
const MOST_ENTRIES: usize = 256;
/// Headers, padding and skipped files beside the wanted ones.
const MARGIN: u64 = 4 << 20;
/// An extended header is a few lines of text.
const LONGEST_HEADER: u64 = 64 << 10;

/// Reads the files of a data set from an unpacked tar stream and stages them.
///
/// An entry is taken when it is a regular file with exactly the name and size of a listed file,
/// each once. Folders above the files and known extra files are passed over. Everything else (a
/// link, a device, an unknown name, a second copy) makes the archive refused. Extended headers
/// (PAX, GNU) are not obeyed, so no name or size can come from them; no path from the archive is
/// ever used to open a file; and reading stops at the sum of the known sizes and a margin, so a
/// bomb fizzles.
pub(super) fn read(
    unpacked: impl Read,
    remote: &Remote,
    folder: &Path,
    accept: Accept,
) -> Result<Vec<Staged>, Trouble> {
    let bounded = Bounded { inner: unpacked, left: remote.size() + MARGIN };
    let mut archive = tar::Archive::new(bounded);
    let mut staged = Vec::new();
    let mut seen = BTreeSet::new();
    let entries = archive.entries().map_err(unreadable)?.raw(true);
    for (index, entry) in entries.enumerate() {
        let mut entry = entry.map_err(unreadable)?;
        if index == MOST_ENTRIES {
            return Err(refused(format!("it has more than {MOST_ENTRIES} entries")));
        }
        let name = entry.path_bytes().into_owned();
        match judge(remote, &name, entry.header().entry_type(), entry.size())? {
            Verdict::Pass => {}
            Verdict::Take(index) => {
                let file = &remote.files[index];
                if !seen.insert(index) {
                    return Err(refused(format!("{} is in it twice", file.name)));
                }
                let target = folder.join(remote.place(file));
                staged.push(place::receive(&mut entry, file, &target, accept)?);
            }
        }
    }
    match remote.files.iter().enumerate().find(|(index, _)| !seen.contains(index)) {
        Some((_, file)) => Err(refused(format!("{} is not in it", file.name))),
        None => Ok(staged),
    }
}

enum Verdict {
    /// Not needed.
    Pass,
    /// The listed file with this index.
    Take(usize),
}

/// Decides by an entry's header alone.
fn judge(remote: &Remote, name: &[u8], kind: EntryType, size: u64) -> Result<Verdict, Trouble> {
    let shown = String::from_utf8_lossy(name).escape_debug().to_string();
    let layout = remote.archive.as_ref().expect("only archives are read as archives");
    let inside = |file: &str| name == format!("{}/{file}", layout.folder).as_bytes();
    match kind {
        EntryType::Regular => {
            if let Some(index) = remote.files.iter().position(|file| inside(&file.name)) {
                let expected = remote.files[index].size;
                let name = remote.files[index].name.clone();
                let wrong = Fault::Size { name, expected, got: Some(size) };
                return if size == expected { Ok(Verdict::Take(index)) } else { Err(wrong.into()) };
            }
            if layout.skip.iter().any(|skipped| inside(skipped)) {
                return Ok(Verdict::Pass);
            }
            Err(refused(format!("{shown} does not belong in it")))
        }
        EntryType::Directory if inside("") || name == layout.folder.as_bytes() => Ok(Verdict::Pass),
        EntryType::XHeader | EntryType::XGlobalHeader if size <= LONGEST_HEADER => {
            Ok(Verdict::Pass)
        }
        _ => Err(refused(format!("{shown} is a {}, not a regular file", kind_name(kind)))),
    }
}

fn kind_name(kind: EntryType) -> &'static str {
    match kind {
        EntryType::Symlink => "symbolic link",
        EntryType::Link => "hard link",
        EntryType::Char | EntryType::Block => "device",
        EntryType::Fifo => "pipe",
        EntryType::Directory => "folder of its own",
        _ => "special entry",
    }
}

fn refused(why: String) -> Trouble {
    Fault::Archive(why).into()
}

fn unreadable(error: std::io::Error) -> Trouble {
    Fault::Unreadable(error.to_string()).into()
}

/// A reader that fails, instead of ending, when more comes than can be.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(count as u64).ok_or_else(|| {
            std::io::Error::other("it unpacks to more than its files can be together")
        })?;
        Ok(count)
    }
}
