//! Brings the files of a data set into the data folder, or leaves the folder as it was.
//!
//! Nothing that comes from outside is believed: a file counts only when its unpacked bytes have
//! the size and the sha256 of `datasets/remote.toml`. The way of every file is the same:
//!
//! ```text
//! mirror --HTTP, resumed--> .unfinished/<id>/<name>.part --unpack, hash--> temporary file
//! folder or archive (--from) --------------------------------------------^        |
//!                                            <data folder>/<id>/<name> <--fsync, rename
//! ```
//!
//! A lock per data set keeps two processes from doing the same work twice; even without it they
//! could not harm each other, since every file appears by one rename. [`bring`] is the entry.

mod trouble;
mod examine;
mod note;
mod lock;
mod local;
mod part;
mod http;
mod place;
mod archive;

use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use crate::data_folder::DataFolder;
use crate::remote::{Packing, Remote, RemoteFile};

pub use examine::{Depth, State, examine};
pub use http::Http;
pub use trouble::{Fault, Trouble};

use local::Local;
use part::Part;
use place::{Accept, Received};

/// Where the files come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The mirrors of `datasets/remote.toml`, in order.
    Mirrors,
    /// Another server: a folder's address, or that of the one file that is needed.
    Url(String),
    /// A folder as the publisher lays it out, packed or unpacked, or one (archive) file.
    Path(PathBuf),
}

impl Origin {
    /// What `--from` means.
    pub fn parse(text: &str) -> Origin {
        let lower = text.to_ascii_lowercase();
        if lower.starts_with("http://") || lower.starts_with("https://") {
            Origin::Url(text.to_owned())
        } else {
            Origin::Path(PathBuf::from(text))
        }
    }

    /// The addresses to try for a file, best first.
    fn addresses(&self, remote: &Remote, file: &RemoteFile) -> Vec<String> {
        let name = remote.published_name(file);
        match self {
            Origin::Mirrors => remote.addresses(file),
            Origin::Url(url) if url.ends_with(&name) => vec![url.clone()],
            Origin::Url(url) => vec![format!("{}/{name}", url.trim_end_matches('/'))],
            Origin::Path(_) => Vec::new(),
        }
    }
}

/// Hears how the work goes on.
pub trait Progress {
    /// The transfer of a file from a server starts, or goes on with `done` bytes already here;
    /// `total` where it is known.
    fn begin(&mut self, file: &str, server: &str, total: Option<u64>, done: u64);
    /// So many bytes are here now.
    fn advance(&mut self, done: u64);
    /// The transfer is over, well or badly.
    fn end(&mut self);
    /// Something that the user should know.
    fn remark(&mut self, text: &str);
}

/// What [`bring`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every file was here already, with the right bytes.
    AlreadyHere,
    /// Every file is here now, with the publisher's bytes.
    Brought,
    /// Every file is here now, and some have other bytes than the publisher's, as was allowed.
    OtherBytes,
}

/// What to bring, from where, and on which terms.
#[derive(Clone, Debug)]
pub struct Errand<'a> {
    /// The data set.
    pub remote: &'a Remote,
    /// Where its files come from.
    pub origin: &'a Origin,
    /// Whether files of the right size with other bytes than the publisher's are welcome.
    pub accept_other_bytes: bool,
}

/// Brings a data set into the data folder.
///
/// Files that are there with the right bytes stay untouched; a broken transfer leaves its bytes
/// in `.unfinished`, and the next call goes on from there.
///
/// # Errors
/// [`Trouble`], and then the data set's own folder holds no file that it did not hold before,
/// except whole and checked ones.
pub fn bring(
    errand: &Errand<'_>,
    data: &DataFolder,
    http: &Http,
    progress: &mut dyn Progress,
) -> Result<Outcome, Trouble> {
    let remote = errand.remote;
    let folder = data.data_set(&remote.id);
    if whole(remote, &folder)? {
        return Ok(Outcome::AlreadyHere);
    }
    let unfinished = data.unfinished().join(&remote.id);
    create_folder(&unfinished)?;
    create_folder(&folder)?;
    let _lock = lock::hold(&data.unfinished().join(format!("{}.lock", remote.id)), || {
        progress.remark(&format!("another tito is getting {}; waiting for it", remote.id));
    })?;
    // Another process may have brought everything while this one waited for the lock.
    if whole(remote, &folder)? {
        return Ok(Outcome::AlreadyHere);
    }
    place::sweep(&folder);
    let mut carrier = Carrier { errand, folder: &folder, unfinished: &unfinished, http, progress };
    let received = carrier.carry()?;
    note::keep(&folder, remote, errand.origin, &received)?;
    // Parts of other mirrors are of no use any more. What can't be removed does no harm.
    let _ = fs::remove_dir_all(&unfinished);
    let other = received.iter().any(|received| !received.published);
    Ok(if other { Outcome::OtherBytes } else { Outcome::Brought })
}

/// Whether every file is there with the publisher's bytes.
fn whole(remote: &Remote, folder: &Path) -> Result<bool, Trouble> {
    let states = examine(remote, folder, Depth::Bytes)?;
    Ok(states.iter().all(|(_, state)| *state == State::Published))
}

/// Creates a folder and those above it.
fn create_folder(folder: &Path) -> Result<(), Trouble> {
    fs::create_dir_all(folder).map_err(|error| Trouble::disk("create", folder, error))
}

/// One errand under way.
struct Carrier<'a> {
    errand: &'a Errand<'a>,
    folder: &'a Path,
    unfinished: &'a Path,
    http: &'a Http,
    progress: &'a mut dyn Progress,
}

impl Carrier<'_> {
    /// Brings all files and says what came.
    fn carry(&mut self) -> Result<Vec<Received>, Trouble> {
        let errand = self.errand;
        match (errand.origin, errand.remote.packing) {
            (Origin::Path(path), _) => {
                let local = Local::find(errand.remote, path)?;
                self.bring_local(&local)
            }
            (_, Packing::TarGz) => self.bring_published(&errand.remote.files),
            _ => {
                let mut all = Vec::new();
                for file in &errand.remote.files {
                    all.extend(self.bring_published(std::slice::from_ref(file))?);
                }
                Ok(all)
            }
        }
    }

    /// Brings what one published file holds from the first address that has it: one file, or all
    /// of them in an archive.
    fn bring_published(&mut self, files: &[RemoteFile]) -> Result<Vec<Received>, Trouble> {
        let published = self.errand.remote.published_name(&files[0]);
        if let [file] = files
            && examine::file(self.errand.remote, self.folder, file)? == State::Published
        {
            return Ok(vec![Received { file: file.clone(), published: true, sha256: None }]);
        }
        let mut faults = Vec::new();
        let mut addresses =
            self.errand.origin.addresses(self.errand.remote, &files[0]).into_iter().peekable();
        while let Some(address) = addresses.next() {
            match self.bring_from(&published, &address, files) {
                Ok(received) => return Ok(received),
                Err(Trouble::Source(fault)) => {
                    // A server that can't be reached is only worth a word when none can.
                    let reached = !matches!(fault, Fault::Unreachable(_));
                    if reached && addresses.peek().is_some() {
                        let said = format!("{address}: {fault}; trying the next mirror");
                        self.progress.remark(&said);
                    }
                    faults.push((address, fault));
                }
                Err(trouble) => return Err(trouble),
            }
        }
        Err(Trouble::EverySource { published, faults })
    }

    /// Brings what one address has. A part whose bytes turn out wrong is dropped; when it was
    /// pieced together from several transfers, one more, unbroken transfer is made.
    fn bring_from(
        &mut self,
        published: &str,
        address: &str,
        files: &[RemoteFile],
    ) -> Result<Vec<Received>, Trouble> {
        // A gzip file is never longer than what it holds by more than a trifle.
        let longest = files.iter().map(|file| file.size).sum::<u64>() + (1 << 20);
        loop {
            let mut part = Part::open(self.unfinished, published, address)?;
            let pieced = self.http.download(address, &mut part, longest, self.progress)?;
            match self.unpack_part(&part, files) {
                Err(Trouble::Source(fault)) => {
                    part.discard();
                    if !pieced {
                        return Err(Trouble::Source(fault));
                    }
                }
                Ok(received) => {
                    part.discard();
                    return Ok(received);
                }
                disk => return disk, // the part stays for the next try
            }
        }
    }

    fn unpack_part(&self, part: &Part, files: &[RemoteFile]) -> Result<Vec<Received>, Trouble> {
        let unpacked = self.unpack(part.path(), self.errand.remote.packing, files);
        match (unpacked, part.looks_like_html()) {
            (Err(Trouble::Source(_)), Some(start)) => Err(Trouble::Source(Fault::Html { start })),
            (unpacked, _) => unpacked,
        }
    }

    /// Unpacks, checks and places what a file on this machine holds.
    fn unpack(
        &self,
        packed: &Path,
        packing: Packing,
        files: &[RemoteFile],
    ) -> Result<Vec<Received>, Trouble> {
        let opened = File::open(packed).map_err(|error| Fault::unreadable(packed, &error))?;
        let mut reader = BufReader::with_capacity(1 << 16, opened);
        let remote = self.errand.remote;
        let accept =
            if self.errand.accept_other_bytes { Accept::OtherBytes } else { Accept::Published };
        let one = |reader: &mut dyn Read| {
            let target = self.folder.join(remote.place(&files[0]));
            Ok(vec![place::receive(reader, &files[0], &target, accept)?.place()?])
        };
        match packing {
            Packing::Plain => one(&mut reader),
            Packing::Gz => one(&mut MultiGzDecoder::new(reader)),
            Packing::TarGz => {
                let staged =
                    archive::read(MultiGzDecoder::new(reader), remote, self.folder, accept)?;
                // All are whole and checked before the first one is placed.
                staged.into_iter().map(place::Staged::place).collect()
            }
        }
    }

    /// Brings everything from files on this machine.
    fn bring_local(&mut self, local: &Local) -> Result<Vec<Received>, Trouble> {
        let mut all = Vec::new();
        for (path, packing, files) in local.sources() {
            self.progress.remark(&format!("reading {}", path.display()));
            let received = self.unpack(path, packing, files);
            all.extend(received.map_err(|trouble| trouble.of(&path.display().to_string()))?);
        }
        Ok(all)
    }
}

/// A number of bytes for people: `47.0 MB`.
pub fn bytes(count: u64) -> String {
    match count {
        0..1_000 => format!("{count} bytes"),
        1_000..1_000_000 => format!("{:.1} kB", count as f64 / 1e3),
        _ => format!("{:.1} MB", count as f64 / 1e6),
    }
}
