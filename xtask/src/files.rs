//! Files and folders, with errors that name them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The text of a file.
pub fn text(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))
}

/// All files under `folder`, by their path seen from it, with `/`. None if there is no folder.
pub fn under(folder: &Path) -> Result<BTreeMap<String, PathBuf>, String> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder_here) = open.pop() {
        if !folder_here.is_dir() {
            continue;
        }
        let in_folder = |e: std::io::Error| format!("{}: {e}", folder_here.display());
        for entry in fs::read_dir(&folder_here).map_err(in_folder)? {
            let path = entry.map_err(in_folder)?.path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let inner = path.strip_prefix(folder).expect("was found in the folder");
            let words: Vec<_> = inner.iter().map(|word| word.to_string_lossy()).collect();
            found.insert(words.join("/"), path);
        }
    }
    Ok(found)
}

/// Makes `folder` hold exactly `files`, by their paths with `/`.
///
/// What is as it should be is not touched: cargo compiles again what is newer than its outcome.
pub fn settle(folder: &Path, files: &BTreeMap<String, Vec<u8>>) -> Result<(), String> {
    for (name, path) in under(folder)? {
        if !files.contains_key(&name) {
            fs::remove_file(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        }
    }
    files.iter().try_for_each(|(name, content)| write(&folder.join(name), content))
}

/// Writes a file, and the folders it is in, unless it holds `content` already.
pub fn write(path: &Path, content: &[u8]) -> Result<(), String> {
    if fs::read(path).is_ok_and(|there| there == content) {
        return Ok(());
    }
    let parent = path.parent().expect("a file is in a folder");
    let written = fs::create_dir_all(parent).and_then(|()| fs::write(path, content));
    written.map_err(|e| format!("{}: {e}", path.display()))
}

/// The files under `folder` with what is in them.
pub fn read_under(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>, String> {
    let read = |(name, path): (String, PathBuf)| {
        let content = fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        Ok((name, content))
    };
    under(folder)?.into_iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_settled_folder_holds_what_it_should_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let root = folder.path().join("a");
        let files = |names: &[(&str, &str)]| -> BTreeMap<String, Vec<u8>> {
            names.iter().map(|(n, c)| (n.to_string(), c.as_bytes().to_vec())).collect()
        };
        settle(&root, &files(&[("b/c.rs", "1"), ("d.rs", "2")])).expect("can be written");
        let before = fs::metadata(root.join("d.rs")).and_then(|m| m.modified()).expect("is there");
        let wanted = files(&[("b/e.rs", "3"), ("d.rs", "2")]);
        settle(&root, &wanted).expect("can be written");
        assert_eq!(read_under(&root), Ok(wanted));
        let after = fs::metadata(root.join("d.rs")).and_then(|m| m.modified()).expect("is there");
        assert_eq!(before, after, "what has not changed is not touched");
    }
}
