//! Reading whole files, with errors that say which file and what brings it.

use crate::error::DataError;
use std::path::Path;
use std::{fs, io};

/// The bytes of `path`, given to `parse`, whose errors then name the file.
pub(crate) fn parse_file<T>(
    path: &Path,
    parse: impl FnOnce(&[u8]) -> Result<T, DataError>,
) -> Result<T, DataError> {
    let bytes = fs::read(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => {
            DataError::Missing { file: path.into(), cure: "is the path right?".into() }
        }
        _ => DataError::Io { file: path.into(), source },
    })?;
    in_file(path, parse(&bytes))
}

/// The bytes of file `name` in the folder of a data set that `tito dataset download` brings.
pub(crate) fn read_member(folder: &Path, name: &str, data_set: &str) -> Result<Vec<u8>, DataError> {
    let file = folder.join(name);
    fs::read(&file).map_err(|source| {
        let packed = folder.join(format!("{name}.gz"));
        match source.kind() {
            io::ErrorKind::NotFound if packed.exists() => {
                let cure = format!("unpack it with: gunzip --keep {}", packed.display());
                DataError::Missing { file, cure }
            }
            io::ErrorKind::NotFound => {
                let cure = format!("`tito dataset download {data_set}` brings it");
                DataError::Missing { file, cure }
            }
            _ => DataError::Io { file, source },
        }
    })
}

/// `result`, its error with the name of the file.
pub(crate) fn in_file<T>(path: &Path, result: Result<T, DataError>) -> Result<T, DataError> {
    result.map_err(|source| DataError::InFile { file: path.into(), source: Box::new(source) })
}
