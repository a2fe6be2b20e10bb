//! `datasets/remote.toml`, read: from where data sets come, and how their bytes are known.

use std::collections::BTreeSet;

use serde::Deserialize;

/// A data set that is downloaded.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remote {
    /// Its id in `course.toml`.
    pub id: String,
    /// Of the publisher.
    pub homepage: String,
    /// What is known about it.
    pub license: String,
    /// How the files travel.
    pub packing: Packing,
    /// What the publisher calls a packed file; `{file}` stands for the file's name.
    pub published: String,
    /// Bytes that travel.
    pub download: u64,
    /// Addresses, best first; `{file}` stands for the file's name.
    pub mirrors: Vec<String>,
    /// How the archive is laid out, where there is one.
    pub archive: Option<Archive>,
    /// The files, unpacked.
    #[serde(rename = "file")]
    pub files: Vec<RemoteFile>,
}

/// How files travel.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub enum Packing {
    /// As they are.
    #[serde(rename = "plain")]
    Plain,
    /// Each packed alone.
    #[serde(rename = "gz")]
    Gz,
    /// All in one archive.
    #[serde(rename = "tar.gz")]
    TarGz,
}

/// How an archive is laid out.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Archive {
    /// The folder in which the files are.
    pub folder: String,
    /// Further files in that folder that are known and not wanted.
    pub skip: Vec<String>,
}

/// A file as it lies in the data folder.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct RemoteFile {
    /// Its name, without folders.
    pub name: String,
    /// In bytes.
    pub size: u64,
    /// In 64 lower-case hexadecimal digits.
    pub sha256: String,
}

impl Remote {
    /// The file's place below the data set's folder, with `/` between the parts: archives keep
    /// their folder, so that a folder unpacked by hand has the same shape.
    pub fn place(&self, file: &RemoteFile) -> String {
        match &self.archive {
            Some(archive) => format!("{}/{}", archive.folder, file.name),
            None => file.name.clone(),
        }
    }

    /// Bytes on the disk once everything is there.
    pub fn size(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }

    /// What the publisher calls the (packed) form of a file.
    pub fn published_name(&self, file: &RemoteFile) -> String {
        self.published.replace("{file}", &file.name)
    }

    /// The addresses of a file's (packed) form, best first.
    pub fn addresses(&self, file: &RemoteFile) -> Vec<String> {
        self.mirrors.iter().map(|mirror| mirror.replace("{file}", &file.name)).collect()
    }

    /// The best address of every (packed) file, each once: what to get by hand.
    pub fn first_addresses(&self) -> Vec<String> {
        let mut addresses: Vec<String> =
            self.files.iter().filter_map(|file| self.addresses(file).into_iter().next()).collect();
        addresses.dedup();
        addresses
    }

    /// Everything that is wrong with the entry, a sentence each.
    pub fn faults(&self) -> Vec<String> {
        let id = &self.id;
        let mut faults = Vec::new();
        let mut names = BTreeSet::new();
        for file in &self.files {
            let hexadecimal = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
            if file.sha256.len() != 64 || !file.sha256.chars().all(hexadecimal) {
                faults.push(format!("{id}: {} has a malformed sha256", file.name));
            }
            if !plain_name(&file.name) || !names.insert(&file.name) {
                faults.push(format!("{id}: {} is no plain name or stands twice", file.name));
            }
        }
        if self.files.is_empty() || self.mirrors.is_empty() {
            faults.push(format!("{id} has no files or no mirrors"));
        }
        if (self.packing == Packing::TarGz) != self.archive.is_some() {
            faults.push(format!("{id}: an archive is described exactly when it is one"));
        }
        let named = self.files.len() == 1 || self.packing == Packing::TarGz;
        for address in &self.mirrors {
            if !address.starts_with("https://") {
                faults.push(format!("{id}: a mirror without https: {address}"));
            }
            if !named && !address.contains("{file}") {
                faults.push(format!("{id}: a mirror gives one file for all: {address}"));
            }
        }
        faults
    }
}

/// A name that can't leave its folder on any platform.
fn plain_name(name: &str) -> bool {
    let fine = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    !name.is_empty() && !name.starts_with('.') && name.chars().all(fine)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    data_set: Vec<Remote>,
}

/// The data sets that this binary knows how to download.
pub fn embedded() -> Vec<Remote> {
    let text = include_str!("../../datasets/remote.toml");
    toml::from_str::<List>(text).expect("a test parses remote.toml").data_set
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::{Course, Source};

    #[test]
    fn the_embedded_list_is_sound() {
        let faults: Vec<_> = embedded().iter().flat_map(Remote::faults).collect();
        assert_eq!(faults, Vec::<String>::new());
    }

    #[test]
    fn the_list_and_the_course_name_the_same_data_sets() {
        let course = Course::embedded();
        let remote = course.data_sets.iter().filter(|data| data.source == Source::Remote);
        let expected: Vec<_> = remote.map(|data| data.id.clone()).collect();
        let listed: Vec<_> = embedded().into_iter().map(|remote| remote.id).collect();
        assert_eq!(listed, expected);
    }

    #[test]
    fn names_that_leave_their_folder_are_faults() {
        for name in ["", "../x", "a/b", "a\\b", ".hidden", "c:x", "\u{ff0e}\u{ff0e}"] {
            let mut remote = embedded().remove(0);
            remote.files[0].name = name.to_owned();
            assert_eq!(remote.faults().len(), 1, "{name:?}");
        }
    }

    #[test]
    fn addresses_and_places_are_built_from_the_files_name() {
        let all = embedded();
        let (mnist, cifar) = (&all[0], &all[1]);
        let last = mnist.addresses(&mnist.files[3]).pop().unwrap();
        let expected = "https://storage.googleapis.com/cvdf-datasets/mnist/t10k-labels-idx1-ubyte";
        assert_eq!(last, format!("{expected}.gz"));
        assert_eq!(mnist.place(&mnist.files[0]), "train-images-idx3-ubyte");
        assert_eq!(cifar.place(&cifar.files[5]), "cifar-10-batches-bin/test_batch.bin");
        assert_eq!((mnist.size(), cifar.size()), (54_950_048, 184_380_000));
    }
}
