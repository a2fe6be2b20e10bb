//! Files that are whole or not there: what a checkpoint needs when the power fails.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::TrainingError;

/// Replaces the file `path` by what `write` writes, in one step.
///
/// The bytes go to a new file in the same folder, down to the disk (fsync), and only then does the
/// new file take the old one's name; last the folder itself is brought to disk. Whoever opens
/// `path`, at whatever moment, even after a crash, finds the old file or the new one, whole. When
/// anything fails, the old file stays and the new one is removed. What a killed process has left
/// behind, the next save to the same path sweeps away.
///
/// Weighed and left: writing in place (a crash destroys both), and the reference's rename without
/// fsync (after a power failure the name may lead to an empty file).
///
/// # Errors
/// [`TrainingError::Io`] with the action that failed.
pub(crate) fn replace_file(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), TrainingError> {
    // A link stays a link: the file that it leads to is replaced.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let target = target.as_path();
    let failed = |action| move |source| TrainingError::io(action, target, source);
    if target.file_name().is_none() {
        return Err(failed("create")(io::ErrorKind::IsADirectory.into()));
    }
    sweep(target);
    let unfinished = Unfinished::create(target).map_err(failed("create a new file beside"))?;
    let mut out = BufWriter::with_capacity(1 << 16, &unfinished.file);
    write(&mut out).and_then(|()| out.flush()).map_err(failed("write"))?;
    drop(out);
    unfinished.file.sync_all().map_err(failed("bring to disk"))?;
    if let Ok(old) = fs::metadata(target) {
        // A file that others may not read must not become readable by being saved again.
        unfinished.file.set_permissions(old.permissions()).map_err(failed("keep the rights of"))?;
    }
    unfinished.take_the_name_of(target).map_err(failed("replace"))?;
    sync_folder(folder_of(target)).map_err(failed("bring to disk the folder of"))
}

/// A file on its way to another name; removed when it does not get there.
struct Unfinished {
    /// Locked as long as its writer lives: that is how a sweep knows the dead ones.
    file: File,
    path: PathBuf,
    finished: bool,
}

impl Unfinished {
    /// A new file `.NAME.PROCESS-NUMBER.unfinished` beside `target`.
    fn create(target: &Path) -> io::Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let mut name = prefix_of(target);
        name.push(format!("{}-{number}.unfinished", std::process::id()));
        let path = folder_of(target).join(name);
        let file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        // Where the file system has no locks, leftovers are not swept; nothing else is lost.
        let _ = file.try_lock();
        Ok(Self { file, path, finished: false })
    }

    fn take_the_name_of(mut self, target: &Path) -> io::Result<()> {
        fs::rename(&self.path, target)?;
        self.finished = true;
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.finished {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Removes the unfinished files of dead writers to `target`. Failing at that harms nothing.
fn sweep(target: &Path) {
    let prefix = prefix_of(target);
    let Ok(entries) = fs::read_dir(folder_of(target)) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        if name.starts_with(prefix.as_encoded_bytes()) && name.ends_with(b".unfinished") {
            let writer_is_dead = File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok());
            if writer_is_dead {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

/// `.NAME.`
fn prefix_of(target: &Path) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(target.file_name().unwrap_or_default());
    prefix.push(".");
    prefix
}

fn folder_of(target: &Path) -> &Path {
    match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Brings a folder's list of names to disk, where the system can.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(()); // Windows opens no folders; its renames are kept in a journal
    }
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        // Some network file systems have no such call.
        Err(e) if matches!(e.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {
            Ok(())
        }
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect::<Vec<_>>();
        names.sort();
        names
    }

    #[test]
    fn a_write_that_fails_at_any_byte_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model");
        fs::write(&path, "old").unwrap();
        for written in 0..20 {
            let error = replace_file(&path, |out| {
                out.write_all(&vec![b'x'; written])?;
                out.flush()?;
                Err(io::ErrorKind::StorageFull.into())
            });
            let message = error.unwrap_err().to_string();
            assert!(message.contains("model") && message.contains("no storage"), "{message}");
            assert_eq!(fs::read_to_string(&path).unwrap(), "old");
            assert_eq!(names(folder.path()), ["model"]);
        }
    }

    #[test]
    fn a_panic_while_writing_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model");
        fs::write(&path, "old").unwrap();
        let panicked = std::panic::catch_unwind(|| {
            replace_file(&path, |_| panic!("a tensor of a strange kind"))
        });
        assert!(panicked.is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(names(folder.path()), ["model"]);
    }

    #[test]
    fn a_name_that_cannot_be_taken_leaves_no_unfinished_file() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("model")).unwrap();
        let error = replace_file(&folder.path().join("model"), |out| out.write_all(b"new"));
        assert!(matches!(error, Err(TrainingError::Io { action: "replace", .. })), "{error:?}");
        assert_eq!(names(folder.path()), ["model"]);
        let error = replace_file(&folder.path().join("none/model"), |_| Ok(()));
        assert!(error.unwrap_err().to_string().contains("none/model"));
        let error = replace_file(Path::new("/"), |_| Ok(()));
        assert!(matches!(error, Err(TrainingError::Io { action: "create", .. })), "{error:?}");
    }

    #[test]
    fn leftovers_of_the_dead_are_swept_and_those_of_the_living_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model");
        let of_another = folder.path().join(".other.1-0.unfinished");
        fs::write(folder.path().join(".model.1-0.unfinished"), "dead").unwrap();
        fs::write(&of_another, "of another file").unwrap();
        replace_file(&path, |out| {
            out.write_all(b"outer")?;
            // A second writer to the same path, while this one is at work.
            replace_file(&path, |out| out.write_all(b"inner")).unwrap();
            assert_eq!(fs::read_to_string(&path)?, "inner");
            Ok(())
        })
        .unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "outer");
        assert_eq!(names(folder.path()), [".other.1-0.unfinished", "model"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link_and_rights_stay_as_they_were() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, "old").unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o600)).unwrap();
        symlink(&real, &link).unwrap();
        replace_file(&link, |out| out.write_all(b"new")).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&real).unwrap(), "new");
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
