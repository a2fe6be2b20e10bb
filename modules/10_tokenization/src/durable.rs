//! Files that are whole or not there.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::TokenizationError;

/// Replaces the file `path` by `text`, in one step.
///
/// The text goes to a new file in the same folder and down to the disk (fsync), and only then does
/// the new file take the old one's name: whoever opens `path`, at whatever moment, finds the old
/// file or the new one, whole. When anything fails, the old file stays and the new one is removed.
///
/// # Errors
/// [`TokenizationError::Io`] with the action that failed.
pub(crate) fn replace_file(path: &Path, text: &str) -> Result<(), TokenizationError> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    // A link stays a link: the file that it leads to is replaced.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let failed = |action| move |source| TokenizationError::io(action, path, source);
    let Some(name) = target.file_name() else {
        return Err(failed("create")(io::ErrorKind::IsADirectory.into()));
    };
    // Two writers never share a new file: its name has the process and a count.
    let mut new_name = OsString::from(".");
    new_name.push(name);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    new_name.push(format!(".{}-{number}.unfinished", std::process::id()));
    let new = target.with_file_name(new_name);
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).open(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        if let Ok(old) = fs::metadata(&target) {
            // A file that others may not read must not become readable by being saved again.
            file.set_permissions(old.permissions())?;
        }
        drop(file);
        fs::rename(&new, &target)
    };
    write().map_err(|source| {
        let _ = fs::remove_file(&new);
        failed("write")(source)
    })
}

/// The whole text of the file `path`.
///
/// # Errors
/// [`TokenizationError::Io`] if it cannot be read or is not UTF-8.
pub(crate) fn read_file(path: &Path) -> Result<String, TokenizationError> {
    fs::read_to_string(path).map_err(|source| TokenizationError::io("read", path, source))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> std::path::PathBuf {
        let name = format!("tinytorch-tokenization-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).unwrap();
        folder
    }

    #[test]
    fn a_file_is_replaced_and_nothing_is_left_beside_it() {
        let folder = folder("replaced");
        let path = folder.join("vocab.json");
        replace_file(&path, "old").unwrap();
        replace_file(&path, "new").unwrap();
        assert_eq!(read_file(&path).unwrap(), "new");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_failed_save_names_the_file_and_leaves_nothing_behind() {
        let folder = folder("failed");
        fs::create_dir(folder.join("taken")).unwrap();
        let error = replace_file(&folder.join("taken"), "x").unwrap_err().to_string();
        assert!(error.contains("taken"), "{error}");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        assert!(replace_file(&folder.join("no such folder").join("x"), "x").is_err());
        fs::remove_dir_all(folder).unwrap();
    }
}
