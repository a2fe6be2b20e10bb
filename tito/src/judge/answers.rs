//! The answer key as files, in tito's cache folder: never in a workspace, where a learner would
//! come across it.

use std::path::PathBuf;

use crate::course::Module;
use crate::data_folder::DataFolder;
use crate::durable;
use crate::failure::Failure;
use crate::tree::Tree;
use crate::workspace::files::{Sources, shipped_data};

/// The files of a module's `src` in the answer key.
pub fn of(tree: &Tree, module: &Module) -> Sources {
    let files = tree.below(&format!("{}/src", module.folder()));
    files.map(|(name, bytes)| (name.to_owned(), bytes.to_vec())).collect()
}

/// Unpacks the answer key's version of a module and says where its `lib.rs` is. What is there and
/// differs is written again.
///
/// # Errors
/// The cache folder can't be written to.
pub fn unpack(tree: &Tree, module: &Module) -> Result<PathBuf, Failure> {
    let root = DataFolder::from_environment()?.root().join("course").join(&tree.digest()[..12]);
    let sources = of(tree, module);
    let source = root.join(module.folder()).join("src");
    for (name, content) in &sources {
        durable::settle(&source.join(name), content)?;
    }
    for set in shipped_data(tree, &sources) {
        for (name, content) in tree.below(&format!("datasets/{set}")) {
            durable::settle(&root.join("datasets").join(&set).join(name), content)?;
        }
    }
    Ok(source.join("lib.rs"))
}
