//! The course as files: what this binary was built with, or a folder that is being written.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::Path;
use std::sync::OnceLock;
use std::{env, fs, io};

use sha2::{Digest, Sha256};

use crate::failure::Failure;

/// Names a folder that is used in place of the built-in course: a clone of the repository in
/// which somebody writes a lesson, or the course of a test.
pub const VARIABLE: &str = "TITO_COURSE";

/// Every file of the course.
static EMBEDDED: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/tree.rs"));

/// Files by their path from the course's root, with `/` between the parts.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    files: BTreeMap<Cow<'static, str>, Cow<'static, [u8]>>,
}

impl Tree {
    /// The course this binary was built with.
    pub fn embedded() -> &'static Tree {
        static TREE: OnceLock<Tree> = OnceLock::new();
        TREE.get_or_init(|| Tree {
            files: EMBEDDED.iter().map(|(path, it)| ((*path).into(), (*it).into())).collect(),
        })
    }

    /// The course in the folder that `TITO_COURSE` names, or else the built-in one.
    ///
    /// # Errors
    /// The folder can't be read, or holds no `course.toml`.
    pub fn in_use() -> Result<Cow<'static, Tree>, Failure> {
        match env::var_os(VARIABLE).filter(|folder| !folder.is_empty()) {
            None => Ok(Cow::Borrowed(Tree::embedded())),
            Some(folder) => Tree::read(Path::new(&folder)).map(Cow::Owned).map_err(|error| {
                let folder = folder.to_string_lossy();
                Failure::input(format!("{VARIABLE} names {folder}, which is no course: {error}"))
                    .cure(format!("unset {VARIABLE} to use the course that tito brings"))
            }),
        }
    }

    /// The course in a folder.
    ///
    /// # Errors
    /// The folder can't be read, or holds no `course.toml`.
    pub fn read(root: &Path) -> io::Result<Tree> {
        let mut tree = Tree::default();
        tree.take(root, "course.toml")?;
        for room in ["modules", "milestones", "course", "tinytorch", "datasets"] {
            if root.join(room).is_dir() {
                tree.enter(root, room)?;
            }
        }
        Ok(tree)
    }

    fn enter(&mut self, root: &Path, folder: &str) -> io::Result<()> {
        for entry in fs::read_dir(root.join(folder))? {
            let entry = entry?;
            let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
            match entry.file_type()? {
                kind if kind.is_dir() && entry.file_name() != "target" => {
                    self.enter(root, &path)?
                }
                kind if kind.is_file() => self.take(root, &path)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn take(&mut self, root: &Path, path: &str) -> io::Result<()> {
        self.files.insert(path.to_owned().into(), fs::read(root.join(path))?.into());
        Ok(())
    }

    /// The content of a file.
    pub fn bytes(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(|bytes| &**bytes)
    }

    /// The content of a text file; a file of other bytes is none.
    pub fn text(&self, path: &str) -> Option<&str> {
        std::str::from_utf8(self.bytes(path)?).ok()
    }

    /// The files below a folder, in the order of their paths, each as seen from the folder.
    pub fn below<'a>(
        &'a self,
        folder: &str,
    ) -> impl Iterator<Item = (&'a str, &'a [u8])> + use<'a> {
        let start = format!("{folder}/");
        let length = start.len();
        self.files
            .range::<str, _>((Bound::Included(start.as_str()), Bound::Unbounded))
            .take_while(move |(path, _)| path.starts_with(&start))
            .map(move |(path, bytes)| (&path[length..], &**bytes))
    }

    /// Whether there is a file below this folder.
    pub fn has(&self, folder: &str) -> bool {
        self.below(folder).next().is_some()
    }

    /// Names the whole content: a sha256 over paths, lengths and bytes, in hexadecimal.
    pub fn digest(&self) -> String {
        digest(self.files.iter().map(|(path, bytes)| (&**path, &**bytes)))
    }
}

/// A sha256 over names, lengths and contents, in the order in which they come.
pub fn digest<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> String {
    let mut hasher = Sha256::new();
    for (path, content) in files {
        hasher.update(format!("{path} {}\n", content.len()));
        hasher.update(content);
    }
    hexadecimal(&hasher.finalize())
}

/// The sha256 of some bytes, in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_course_is_the_repository() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let read = Tree::read(&root).unwrap();
        for (path, bytes) in &Tree::embedded().files {
            assert!(read.bytes(path) == Some(&**bytes), "{path}");
        }
        assert!(Tree::embedded().has("modules/01_tensor/src"));
        assert!(!Tree::embedded().has("modules/08_dataloader/tests"));
    }

    #[test]
    fn files_below_a_folder_are_seen_from_it_and_neighbors_are_left_out() {
        let mut tree = Tree::default();
        for path in ["a.toml", "a/b/c", "a/d", "ab/e"] {
            tree.files.insert(path.into(), path.as_bytes().into());
        }
        let found: Vec<_> = tree.below("a").map(|(path, _)| path).collect();
        assert_eq!(found, ["b/c", "d"]);
        assert!(!tree.has("c"));
    }

    #[test]
    fn a_digest_changes_with_every_byte_and_every_name() {
        let one = digest([("a", &b"bc"[..])]);
        assert_ne!(one, digest([("a", &b"bd"[..])]));
        assert_ne!(one, digest([("ab", &b"c"[..])]));
        assert_eq!(one.len(), 64);
    }
}
