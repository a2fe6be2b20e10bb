//! Where downloaded data and run records lie.

use std::env;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use crate::failure::Failure;

/// The variable that names the data folder.
pub const VARIABLE: &str = "TINYTORCH_DATA";

/// The folder that holds the data sets (a folder of its own name each) and the run records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataFolder {
    root: PathBuf,
}

impl DataFolder {
    /// A data folder at this place; it need not exist.
    pub fn at(root: impl Into<PathBuf>) -> DataFolder {
        DataFolder { root: root.into() }
    }

    /// The folder named by `TINYTORCH_DATA`, else `tinytorch` in the platform's cache folder.
    ///
    /// # Errors
    /// Neither is known: the variable is unset and there is no home folder.
    pub fn from_environment() -> Result<DataFolder, Failure> {
        match env::var_os(VARIABLE).filter(|value| !value.is_empty()) {
            // An absolute path stays right when it is shown and copied to another folder.
            Some(named) => Ok(DataFolder::at(std::path::absolute(&named).unwrap_or(named.into()))),
            None => match etcetera::base_strategy::choose_native_strategy() {
                Ok(folders) => Ok(DataFolder::at(folders.cache_dir().join("tinytorch"))),
                Err(_) => Err(Failure::environment("there is no home folder to keep data in")
                    .cure(format!("name one: {VARIABLE}=/some/folder tito ..."))),
            },
        }
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of one data set.
    pub fn data_set(&self, id: &str) -> PathBuf {
        self.root.join(id)
    }

    /// The folder of what milestones reached.
    pub fn runs(&self) -> PathBuf {
        self.root.join("runs")
    }

    /// The folder of models that milestones trained.
    pub fn models(&self) -> PathBuf {
        self.root.join("models")
    }

    /// The folder of downloads that are not complete, and of locks.
    pub fn unfinished(&self) -> PathBuf {
        self.root.join(".unfinished")
    }
}
