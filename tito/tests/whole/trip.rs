//! A data folder of its own, and errands into it: what the tests of downloads share.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tito::data_folder::DataFolder;
use tito::fetch::{Errand, Fault, Http, Origin, Outcome, Progress, Trouble, bring};
use tito::remote::{Packing, Remote, RemoteFile};

use crate::server::{Reply, Server};

pub const TAG: &str = "\"version 1\"";

/// Bytes without a pattern that packing or a wrong offset could hide behind.
pub fn content() -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..200_000).map(|_| next()).collect()
}

pub fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A data set of one packed file, to be had from these addresses.
pub fn remote(mirrors: &[String]) -> Remote {
    let bytes = content();
    Remote {
        id: "numbers".into(),
        homepage: "https://example.org".into(),
        license: "none".into(),
        packing: Packing::Gz,
        published: "{file}.gz".into(),
        download: 0,
        mirrors: mirrors.to_vec(),
        archive: None,
        files: vec![RemoteFile {
            name: "numbers.bin".into(),
            size: bytes.len() as u64,
            sha256: sha256(&bytes),
        }],
    }
}

/// Hears nothing.
pub struct Quiet;

impl Progress for Quiet {
    fn begin(&mut self, _file: &str, _server: &str, _total: Option<u64>, _done: u64) {}
    fn advance(&mut self, _done: u64) {}
    fn end(&mut self) {}
    fn remark(&mut self, _text: &str) {}
}

/// A data folder of its own, and an errand into it.
pub struct Trip {
    pub home: TempDir,
    pub remote: Remote,
}

impl Trip {
    pub fn to(mirrors: &[String]) -> Trip {
        Trip { home: tempfile::tempdir().unwrap(), remote: remote(mirrors) }
    }

    pub fn data(&self) -> DataFolder {
        DataFolder::at(self.home.path().join("data"))
    }

    pub fn file(&self) -> std::path::PathBuf {
        self.data().data_set("numbers").join("numbers.bin")
    }

    pub fn go(&self) -> Result<Outcome, Trouble> {
        self.go_to(&Origin::Mirrors, false)
    }

    pub fn go_to(&self, origin: &Origin, accept_other_bytes: bool) -> Result<Outcome, Trouble> {
        let errand = Errand { remote: &self.remote, origin, accept_other_bytes };
        let http = Http::with_patience(Duration::from_secs(5));
        bring(&errand, &self.data(), &http, &mut Quiet)
    }

    /// Goes, and says what was wrong with the one mirror; nothing may be in the folder then.
    pub fn fault(&self) -> Fault {
        let Err(Trouble::EverySource { mut faults, .. }) = self.go() else {
            panic!("every source should have failed")
        };
        assert_eq!(faults.len(), 1);
        assert_eq!(files(&self.data().data_set("numbers")), Vec::<String>::new());
        faults.remove(0).1
    }

    pub fn assert_arrived(&self) {
        assert!(fs::read(self.file()).unwrap() == content(), "the bytes are the publisher's");
        let left = files(&self.data().unfinished().join("numbers"));
        assert_eq!(left, Vec::<String>::new(), "no part is left");
    }
}

/// The names of what is in a folder; nothing for one that is not there.
pub fn files(folder: &Path) -> Vec<String> {
    let read = fs::read_dir(folder).into_iter().flatten().flatten();
    read.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// A server with one answer for everything.
pub fn always(reply: Reply) -> Server {
    Server::start(move |_, _| reply.clone())
}

pub fn honest() -> Server {
    let body = packed(&content());
    Server::start(move |_, request| Reply::file(&body, TAG, request))
}
