//! Files on this machine, in any layout that people end up with.

use std::path::{Path, PathBuf};

use super::{Fault, Trouble};
use crate::remote::{Packing, Remote, RemoteFile};

/// Files on this machine that together hold a data set.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Local {
    found: Vec<(PathBuf, Packing, Vec<RemoteFile>)>,
}

impl Local {
    /// Finds a data set below a folder, or takes the one file that was named.
    ///
    /// A folder may be the one with the files, the one above it, or another data folder; a file
    /// may be unpacked or packed as published. Unpacked files win, they need no work.
    pub fn find(remote: &Remote, named: &Path) -> Result<Local, Trouble> {
        if named.is_file() {
            return Ok(Local { found: vec![one_file(remote, named)?] });
        }
        if !named.is_dir() {
            let said = format!("there is no folder or file {}", named.display());
            return Err(Fault::NotThere(said).into());
        }
        let folders = folders(remote, named);
        let found: Result<Vec<_>, _> =
            remote.files.iter().map(|file| find_file(&folders, file)).collect();
        match (found, &remote.archive) {
            (Ok(found), _) => Ok(Local { found }),
            (Err(_), Some(_)) if find(&folders, &remote.published).is_some() => {
                let archive = find(&folders, &remote.published).expect("just found");
                Ok(Local { found: vec![(archive, Packing::TarGz, remote.files.clone())] })
            }
            (Err(missing), archive) => {
                let name = &missing.name;
                let packed = match archive {
                    Some(_) => format!(", and no {}", remote.published),
                    None => format!(" or {name}.gz"),
                };
                let said = format!("{} has no {name}{packed}", named.display());
                Err(Fault::NotThere(said).into())
            }
        }
    }

    /// Each file on this machine, how it is packed, and what it holds.
    pub fn sources(&self) -> impl Iterator<Item = (&Path, Packing, &[RemoteFile])> {
        self.found.iter().map(|(path, packing, files)| (path.as_path(), *packing, files.as_slice()))
    }
}

type Found = (PathBuf, Packing, Vec<RemoteFile>);

/// What one named file is: the archive, or the only file of the data set.
fn one_file(remote: &Remote, named: &Path) -> Result<Found, Trouble> {
    let gzipped = named.extension().is_some_and(|it| it == "gz" || it == "tgz");
    match (remote.packing, remote.files.as_slice()) {
        (Packing::TarGz, files) if gzipped => {
            Ok((named.to_owned(), Packing::TarGz, files.to_vec()))
        }
        (Packing::Plain | Packing::Gz, [file]) => {
            let packing = if gzipped { Packing::Gz } else { Packing::Plain };
            Ok((named.to_owned(), packing, vec![file.clone()]))
        }
        _ => {
            let said = format!(
                "{} is one file, but {} consists of {}: name the folder with them",
                named.display(),
                remote.id,
                remote.files.iter().map(|it| it.name.as_str()).collect::<Vec<_>>().join(", "),
            );
            Err(Fault::NotThere(said).into())
        }
    }
}

/// Where the files may be: in the folder, or in one below it that is named for the data set.
fn folders(remote: &Remote, named: &Path) -> Vec<PathBuf> {
    let mut folders = vec![named.to_owned(), named.join(&remote.id)];
    if let Some(archive) = &remote.archive {
        let unpacked: Vec<_> = folders.iter().map(|it| it.join(&archive.folder)).collect();
        folders.extend(unpacked);
    }
    folders
}

fn find(folders: &[PathBuf], name: &str) -> Option<PathBuf> {
    folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file())
}

fn find_file(folders: &[PathBuf], file: &RemoteFile) -> Result<Found, RemoteFile> {
    let plain = find(folders, &file.name).map(|path| (path, Packing::Plain));
    let packed = || find(folders, &format!("{}.gz", file.name)).map(|path| (path, Packing::Gz));
    match plain.or_else(packed) {
        Some((path, packing)) => Ok((path, packing, vec![file.clone()])),
        None => Err(file.clone()),
    }
}
