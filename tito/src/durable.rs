//! Files that survive whatever ends the process: written beside, synced, then renamed into place.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// Puts a file with this content in place of whatever was there.
///
/// A reader sees the old content or the new, never a part; after a crash as well.
///
/// # Errors
/// The disk is full, the folder is read-only or absent; the old file is as it was.
pub fn replace(path: &Path, content: &[u8]) -> Result<(), Failure> {
    write_beside(path, content).map_err(|error| trouble("write", path, &error))
}

fn write_beside(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".tito-").tempfile_in(folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    // A temporary file is its owner's alone; what replaces a file can be read like any other.
    let permissions = fs::metadata(path).map(|it| it.permissions());
    match permissions {
        Ok(permissions) => file.as_file().set_permissions(permissions)?,
        Err(_) => readable(file.as_file())?,
    }
    file.persist(path).map_err(|error| error.error)?;
    sync_folder(folder)
}

#[cfg(unix)]
fn readable(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_: &File) -> io::Result<()> {
    Ok(())
}

/// Makes the names in a folder as durable as the files that they name.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(windows) {
        return Ok(()); // a folder can't be opened there, and renames are journaled
    }
    match File::open(folder)?.sync_all() {
        // Some network file systems can't, and have their own ways.
        Err(error) if error.kind() == ErrorKind::InvalidInput => Ok(()),
        done => done,
    }
}

/// Writes the file unless it has this content already, so that nothing is built again for it.
/// Says whether it was written.
///
/// # Errors
/// As [`replace`].
pub fn settle(path: &Path, content: &[u8]) -> Result<bool, Failure> {
    if fs::read(path).is_ok_and(|there| there == content) {
        return Ok(false);
    }
    if let Some(folder) = path.parent() {
        make_folder(folder)?;
    }
    replace(path, content).map(|()| true)
}

/// Makes a folder and those above it.
///
/// # Errors
/// The disk is full, or a folder above is read-only.
pub fn make_folder(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|error| trouble("make the folder", folder, &error))
}

/// Builds a folder under another name and renames it into place, so that it is there as a whole
/// or not at all.
///
/// # Errors
/// The disk does not play along, or there is something at `place` already: it is as it was.
pub fn place_folder<'a>(
    place: &Path,
    files: impl IntoIterator<Item = (&'a str, &'a [u8])>,
) -> Result<(), Failure> {
    let above = place.parent().unwrap_or(Path::new("."));
    make_folder(above)?;
    let wrong = |error: &io::Error| trouble("write", place, error);
    let fresh = tempfile::Builder::new().prefix(".tito-").tempdir_in(above);
    let fresh = fresh.map_err(|error| wrong(&error))?;
    let made = fresh.path().join("made");
    make_folder(&made)?;
    for (name, content) in files {
        let path = made.join(name);
        make_folder(path.parent().unwrap_or(&made))?;
        let written = fs::write(&path, content).and_then(|()| File::open(&path)?.sync_all());
        written.map_err(|error| wrong(&error))?;
    }
    let taken = || Failure::input(format!("{} is there already", place.display()));
    if place.exists() {
        return Err(taken());
    }
    // Somebody else may have put theirs there in this moment.
    fs::rename(&made, place).map_err(|error| match place.exists() {
        true => taken(),
        false => wrong(&error),
    })?;
    sync_folder(above).map_err(|error| wrong(&error))
}

/// The files below a folder by their path from it, with `/` between the parts, in the order of
/// the paths; nothing where there is no folder. Hidden files and what editors leave are left out.
///
/// # Errors
/// A file or folder can't be read.
pub fn read_folder(folder: &Path) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let mut found = Vec::new();
    if folder.is_dir() {
        collect(folder, "", &mut found).map_err(|(path, error)| trouble("read", &path, &error))?;
    }
    found.sort();
    Ok(found)
}

fn collect(
    folder: &Path,
    start: &str,
    found: &mut Vec<(String, Vec<u8>)>,
) -> Result<(), (PathBuf, io::Error)> {
    let wrong = |error| (folder.to_owned(), error);
    for entry in fs::read_dir(folder).map_err(wrong)? {
        let entry = entry.map_err(wrong)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if is_leftover(&name) {
            continue;
        }
        let path = entry.path();
        if path.is_dir() {
            collect(&path, &format!("{start}{name}/"), found)?;
        } else {
            let content = fs::read(&path).map_err(|error| (path, error))?;
            found.push((format!("{start}{name}"), content));
        }
    }
    Ok(())
}

/// Whether a file is hidden, a backup or a swap file of an editor, not a learner's work.
pub fn is_leftover(name: &str) -> bool {
    let swap = [".swp", ".swo", ".swx", ".tmp", ".bak", ".orig", ".new"];
    name.starts_with('.')
        || name.starts_with('#')
        || name.ends_with('~')
        || swap.iter().any(|ending| name.ends_with(ending))
        || name == "4913" // what vim writes to see whether it may
}

/// What the disk answered, with a way on.
pub fn trouble(action: &str, path: &Path, error: &io::Error) -> Failure {
    let failure = Failure::environment(format!("could not {action} {}: {error}", path.display()));
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            failure.cure("the disk is full: nothing was lost; make room and say it again")
        }
        ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => failure
            .cure("the folder can't be written to: nothing was lost; give yourself the right to"),
        _ => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_file_has_the_new_content_and_leaves_nothing_beside_it() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("state");
        replace(&path, b"one").unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_settled_file_is_written_once() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("deep/down");
        assert!(settle(&path, b"one").unwrap());
        assert!(!settle(&path, b"one").unwrap());
        assert!(settle(&path, b"two").unwrap());
    }

    #[test]
    fn a_folder_is_never_put_on_top_of_another() {
        let home = tempfile::tempdir().unwrap();
        let place = home.path().join("modules/01");
        place_folder(&place, [("src/lib.rs", &b"mine"[..]), ("a", b"b")]).unwrap();
        let failure = place_folder(&place, [("src/lib.rs", &b"new"[..])]).unwrap_err();
        assert!(failure.to_string().ends_with("is there already"), "{failure}");
        let read = read_folder(&place).unwrap();
        assert_eq!(read, [("a".into(), b"b".to_vec()), ("src/lib.rs".into(), b"mine".to_vec())]);
        assert_eq!(fs::read_dir(home.path().join("modules")).unwrap().count(), 1);
    }

    #[test]
    fn what_editors_leave_is_not_a_learners_work() {
        let home = tempfile::tempdir().unwrap();
        for name in ["lib.rs", "lib.rs~", ".lib.rs.swp", "#lib.rs#", "4913", "lib.rs.orig"] {
            fs::write(home.path().join(name), "").unwrap();
        }
        let names: Vec<_> = read_folder(home.path()).unwrap().into_iter().map(|it| it.0).collect();
        assert_eq!(names, ["lib.rs"]);
        assert_eq!(read_folder(&home.path().join("none")).unwrap(), []);
    }

    #[test]
    fn a_full_disk_and_a_read_only_one_have_their_words() {
        let say = |kind: ErrorKind| trouble("write", Path::new("x"), &kind.into()).to_string();
        assert!(say(ErrorKind::StorageFull).contains("the disk is full: nothing was lost"));
        assert!(say(ErrorKind::ReadOnlyFilesystem).contains("can't be written to"));
    }
}
