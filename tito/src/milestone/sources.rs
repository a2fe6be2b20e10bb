//! The modules that this binary was built from.

use sha2::{Digest, Sha256};

/// Module id, then its files: path in the module's folder, content.
type Sources = &'static [(&'static str, &'static [(&'static str, &'static [u8])])];

const SOURCES: Sources = include!(concat!(env!("OUT_DIR"), "/sources.rs"));

/// Whether the module exists.
pub fn exists(id: &str) -> bool {
    SOURCES.iter().any(|(module, _)| *module == id)
}

/// A digest of the module's manifest and sources: names, lengths and contents, in the order of
/// the names.
pub fn sha256(id: &str) -> Option<String> {
    let (_, files) = SOURCES.iter().find(|(module, _)| *module == id)?;
    let mut hasher = Sha256::new();
    for (path, content) in *files {
        hasher.update(format!("{path} {}\n", content.len()));
        hasher.update(content);
    }
    Some(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::Course;

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
