//! What can go wrong on the way of a file.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::bytes;
use crate::data_folder::VARIABLE;
use crate::failure::Failure;
use crate::remote::Remote;

/// Why a data set could not be brought.
#[derive(Debug, Error)]
pub enum Trouble {
    /// One source did not give the right bytes; another one might.
    #[error("{0}")]
    Source(#[from] Fault),
    /// No source gave the right bytes of this file.
    #[error("no source has the right bytes of {published}")]
    EverySource {
        /// The publisher's name of the file.
        published: String,
        /// What was wrong with each address.
        faults: Vec<(String, Fault)>,
    },
    /// A file or folder that the user named did not give the right bytes.
    #[error("{origin}: {fault}")]
    Given {
        /// What the user named.
        origin: String,
        /// What is wrong with it.
        fault: Fault,
    },
    /// The data folder's disk did not play along.
    #[error("could not {action} {}: {error}", .path.display())]
    Disk {
        /// What was tried.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

/// What is wrong with what a source gave.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum Fault {
    /// No connection, no such host, no answer in time.
    #[error("can't be reached ({0})")]
    Unreachable(String),
    /// Any other answer than the file.
    #[error("answered with status {0}{hint}", hint = status_hint(*.0))]
    Status(u16),
    /// Led in circles.
    #[error("redirects too often")]
    Redirects,
    /// Broke off, and trying again did not help.
    #[error("broke off after {}", bytes(*.0))]
    BrokeOff(u64),
    /// Is larger than the file can be.
    #[error("sends more than the {} that this file can have", bytes(*.longest))]
    TooLong {
        /// In bytes.
        longest: u64,
    },
    /// Sent a page for people.
    #[error("sent a web page instead of the data; it begins: {start}")]
    Html {
        /// Its first characters.
        start: String,
    },
    /// A server that does not speak HTTP as agreed.
    #[error("does not speak HTTP as agreed ({0})")]
    Protocol(String),
    /// Can't be read, or not as the format that it should have.
    #[error("can't be read: {0}")]
    Unreadable(String),
    /// The unpacked content has another size.
    #[error("{name} has {} bytes instead of {expected}", or_more(*.got))]
    Size {
        /// Of the file.
        name: String,
        /// In bytes.
        expected: u64,
        /// In bytes; none where reading was stopped because there was more than expected.
        got: Option<u64>,
    },
    /// The unpacked content is another one.
    #[error(
        "{name} has other bytes than the publisher's (sha256 {}... instead of {}...)",
        &got[..12],
        &expected[..12]
    )]
    Sha256 {
        /// Of the file.
        name: String,
        /// In hexadecimal.
        expected: String,
        /// In hexadecimal.
        got: String,
    },
    /// An archive that holds something that it should not hold, or not what it should.
    #[error("the archive is refused: {0}")]
    Archive(String),
    /// The folder or file that was named does not have what is needed.
    #[error("{0}")]
    NotThere(String),
}

/// A number of bytes, or none where it was not counted to the end.
fn or_more(bytes: Option<u64>) -> String {
    bytes.map_or("more".to_owned(), |bytes| bytes.to_string())
}

fn status_hint(status: u16) -> &'static str {
    match status {
        403 => " (forbidden)",
        404 => " (not found)",
        429 => " (too many requests)",
        500..=599 => " (the server has a problem)",
        _ => "",
    }
}

impl Fault {
    /// A file that can't be read.
    pub fn unreadable(path: &Path, error: &io::Error) -> Fault {
        Fault::Unreadable(format!("{}: {error}", path.display()))
    }
}

impl Trouble {
    /// The data folder's disk did not play along.
    pub fn disk(action: &'static str, path: &Path, error: io::Error) -> Trouble {
        Trouble::Disk { action, path: path.to_owned(), error }
    }

    /// The same trouble, said of what the user named.
    pub fn of(self, origin: &str) -> Trouble {
        match self {
            Trouble::Source(fault) => Trouble::Given { origin: origin.to_owned(), fault },
            other => other,
        }
    }

    /// The trouble as the end of a command, with the way out.
    pub fn failure(self, remote: &Remote) -> Failure {
        match self {
            Trouble::Disk { action, path, error } => disk_failure(action, &path, &error),
            Trouble::Source(fault) => given_failure(fault.to_string(), &fault),
            Trouble::Given { ref fault, .. } => given_failure(self.to_string(), fault),
            Trouble::EverySource { published, faults } => {
                sources_failure(remote, &published, &faults)
            }
        }
    }
}

fn disk_failure(action: &str, path: &Path, error: &io::Error) -> Failure {
    let said = format!("could not {action} {}: {error}", path.display());
    let elsewhere = format!("or name another folder: {VARIABLE}=/some/folder tito ...");
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Failure::environment(said)
            .cure("the disk is full: make room and call again; what is already here is kept")
            .cure(elsewhere),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Failure::environment(said)
            .cure("the data folder can't be written: give yourself the right to")
            .cure(elsewhere),
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => Failure::environment(said)
            .cure("a file stands where the data folder should be: move it away")
            .cure(elsewhere),
        _ => Failure::environment(said).cure(elsewhere),
    }
}

/// The way out for those who know what they have.
const ACCEPT: &str = "if you know these bytes and want them, add --accept-other-bytes";

fn given_failure(said: String, fault: &Fault) -> Failure {
    match fault {
        Fault::Sha256 { .. } => Failure::input(said).cure(ACCEPT),
        _ => Failure::input(said),
    }
}

fn sources_failure(remote: &Remote, published: &str, faults: &[(String, Fault)]) -> Failure {
    let unreachable = |(_, fault): &(String, Fault)| matches!(fault, Fault::Unreachable(_));
    let offline = faults.iter().all(unreachable);
    let said = if offline { ": no server can be reached" } else { "" };
    let failure = Failure::environment(format!("could not get {published}{said}"));
    let mut lines: Vec<String> =
        faults.iter().map(|(address, fault)| format!("{address}: {fault}")).collect();
    if let [(_, Fault::Sha256 { .. })] = faults {
        lines.push(ACCEPT.to_owned());
    }
    lines.push("what came so far is kept; the same command goes on from there".to_owned());
    lines.push("without a network, get this on another machine and bring it in a folder:".into());
    lines.extend(remote.first_addresses().into_iter().map(|address| format!("  {address}")));
    lines.push(format!("then: tito dataset download {} --from FOLDER", remote.id));
    lines.into_iter().fold(failure, Failure::cure)
}
