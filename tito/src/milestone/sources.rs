//! The modules that this binary was built from.

use crate::course::Course;
use crate::tree::{self, Tree};

/// Whether the module exists.
pub fn exists(id: &str) -> bool {
    folder(id)
        .is_some_and(|folder| Tree::embedded().bytes(&format!("{folder}/Cargo.toml")).is_some())
}

/// A digest of the module's manifest and sources: names, lengths and contents, in the order of
/// the names.
pub fn sha256(id: &str) -> Option<String> {
    let folder = folder(id).filter(|_| exists(id))?;
    let files = Tree::embedded().below(&folder);
    Some(tree::digest(files.filter(|(path, _)| *path == "Cargo.toml" || path.starts_with("src/"))))
}

fn folder(id: &str) -> Option<String> {
    Course::embedded().module(id).map(crate::course::Module::folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_exists_exactly_when_its_folder_does() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for module in Course::embedded().modules {
            let there = root.join(module.folder()).join("Cargo.toml").is_file();
            assert_eq!(exists(&module.id), there, "{}", module.folder());
        }
    }

    #[test]
    fn modules_differ_in_their_digest() {
        let (one, two) = (sha256("01").unwrap(), sha256("02").unwrap());
        assert_eq!(one.len(), 64);
        assert_ne!(one, two);
        assert_eq!(sha256("99"), None);
    }
}
