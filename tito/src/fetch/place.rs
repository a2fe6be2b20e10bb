//! The last step: checked bytes become a file, at once and for good.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::examine::hexadecimal;
use super::{Fault, Trouble, create_folder};
use crate::remote::RemoteFile;

/// Temporary files begin with this; one that is left was left by a process that was killed.
const PREFIX: &str = ".tito-";

/// Which bytes are welcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Accept {
    /// Only the publisher's.
    Published,
    /// Others of the same size too.
    OtherBytes,
}

/// A file that came.
#[derive(Clone, Debug)]
pub(super) struct Received {
    /// Which one.
    pub file: RemoteFile,
    /// Whether it has the publisher's bytes.
    pub published: bool,
    /// In hexadecimal, where it was not the publisher's.
    pub sha256: Option<String>,
}

/// A file that is whole, checked and on the disk, but not in its place yet. Dropped, it is gone.
pub(super) struct Staged {
    temporary: NamedTempFile,
    target: PathBuf,
    received: Received,
}

/// Reads a file's content, checks it and puts it on the disk beside its place.
///
/// At most one byte more than the file's size is read, however much the reader would give.
pub(super) fn receive(
    reader: &mut dyn Read,
    file: &RemoteFile,
    target: &Path,
    accept: Accept,
) -> Result<Staged, Trouble> {
    let mut temporary = create_beside(target)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    let mut size = 0;
    loop {
        let count = match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(Fault::Unreadable(error.to_string()).into()),
        };
        size += count as u64;
        if size > file.size {
            return Err(wrong_size(file, None).into());
        }
        hasher.update(&buffer[..count]);
        let written = temporary.as_file_mut().write_all(&buffer[..count]);
        written.map_err(|error| Trouble::disk("write", target, error))?;
    }
    if size != file.size {
        return Err(wrong_size(file, Some(size)).into());
    }
    let got = hexadecimal(hasher);
    let published = got == file.sha256;
    if !published && accept == Accept::Published {
        let (name, expected) = (file.name.clone(), file.sha256.clone());
        return Err(Fault::Sha256 { name, expected, got }.into());
    }
    let synced = temporary.as_file().sync_all();
    synced.map_err(|error| Trouble::disk("write", target, error))?;
    let received = Received { file: file.clone(), published, sha256: (!published).then_some(got) };
    Ok(Staged { temporary, target: target.to_owned(), received })
}

fn wrong_size(file: &RemoteFile, got: Option<u64>) -> Fault {
    Fault::Size { name: file.name.clone(), expected: file.size, got }
}

impl Staged {
    /// Puts the file in its place, where it replaces an older one.
    pub fn place(self) -> Result<Received, Trouble> {
        persist(self.temporary, &self.target)?;
        Ok(self.received)
    }
}

/// Writes a small file as a whole: readers see the old one or the new one, never a half.
pub(crate) fn write_whole(
    target: &Path,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> Result<(), Trouble> {
    let mut temporary = create_beside(target)?;
    let written = write(temporary.as_file_mut()).and_then(|()| temporary.as_file().sync_all());
    written.map_err(|error| Trouble::disk("write", target, error))?;
    persist(temporary, target)
}

/// Removes temporary files that a killed process left.
pub(super) fn sweep(folder: &Path) {
    let below = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    for path in below {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && !path.is_symlink() {
            sweep(&path);
        } else if name.starts_with(PREFIX) {
            // What can't be removed now is tried again next time.
            let _ = fs::remove_file(path);
        }
    }
}

fn create_beside(target: &Path) -> Result<NamedTempFile, Trouble> {
    let folder = target.parent().unwrap_or(Path::new("."));
    create_folder(folder)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX);
    #[cfg(unix)]
    {
        // Data is no secret; the umask has the last word.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder).map_err(|error| Trouble::disk("write in", folder, error))
}

fn persist(temporary: NamedTempFile, target: &Path) -> Result<(), Trouble> {
    let placed = temporary.persist(target).map(drop);
    placed.map_err(|error| Trouble::disk("write", target, error.error))?;
    sync_folder(target.parent().unwrap_or(Path::new(".")))
}

/// Makes a rename survive a power cut. Windows has no such call, and does not need it.
fn sync_folder(folder: &Path) -> Result<(), Trouble> {
    if cfg!(windows) {
        return Ok(());
    }
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| Trouble::disk("write", folder, error))
}
