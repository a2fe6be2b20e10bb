//! Archives that lie: every one is refused, and not a byte lands anywhere.

use std::fs;
use std::io::Write;
use std::path::Path;

use tar::{EntryType, Header};
use tempfile::TempDir;
use tito::data_folder::DataFolder;
use tito::fetch::{Errand, Fault, Http, Origin, Outcome, Trouble, bring};
use tito::remote::{Archive, Packing, Remote, RemoteFile};

use crate::trip::{Quiet, sha256};

const ONE: &[u8] = &[1; 3_000];
const TWO: &[u8] = &[2; 700];

fn listed(name: &str, bytes: &[u8]) -> RemoteFile {
    RemoteFile { name: name.into(), size: bytes.len() as u64, sha256: sha256(bytes) }
}

fn remote() -> Remote {
    Remote {
        id: "pictures".into(),
        homepage: "https://example.org".into(),
        license: "none".into(),
        packing: Packing::TarGz,
        published: "pictures.tar.gz".into(),
        download: 0,
        mirrors: vec!["https://mirror.invalid/pictures.tar.gz".into()],
        archive: Some(Archive { folder: "batch".into(), skip: vec!["readme.html".into()] }),
        files: vec![listed("one.bin", ONE), listed("two.bin", TWO)],
    }
}

/// A tar stream under construction. Headers are written as given, whatever a tar library thinks
/// of them.
#[derive(Default)]
struct Tar {
    bytes: Vec<u8>,
}

impl Tar {
    /// An entry with a header of its own and the bytes that follow it, padded.
    fn entry(mut self, kind: EntryType, name: &[u8], size: u64, content: &[u8]) -> Tar {
        let mut header = Header::new_ustar();
        header.as_old_mut().name[..name.len()].copy_from_slice(name);
        header.set_entry_type(kind);
        header.set_mode(0o644);
        header.set_size(size);
        header.as_old_mut().linkname[..11].copy_from_slice(b"/etc/passwd");
        header.set_cksum();
        self.bytes.extend_from_slice(header.as_bytes());
        self.bytes.extend_from_slice(content);
        self.bytes.resize(self.bytes.len().next_multiple_of(512), 0);
        self
    }

    fn file(self, name: &str, content: &[u8]) -> Tar {
        self.entry(EntryType::Regular, name.as_bytes(), content.len() as u64, content)
    }

    /// An entry without content.
    fn special(self, kind: EntryType, name: &str) -> Tar {
        self.entry(kind, name.as_bytes(), 0, b"")
    }

    /// What an honest archive holds.
    fn honest() -> Tar {
        let tar = Tar::default().special(EntryType::Directory, "batch/");
        tar.file("batch/one.bin", ONE)
            .file("batch/readme.html", b"hello")
            .file("batch/two.bin", TWO)
    }

    fn packed(mut self) -> Vec<u8> {
        self.bytes.extend_from_slice(&[0; 1024]);
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&self.bytes).unwrap();
        encoder.finish().unwrap()
    }
}

fn unpack(archive: &[u8]) -> (TempDir, Result<Outcome, Trouble>) {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("given.tar.gz");
    fs::write(&path, archive).unwrap();
    let (remote, origin) = (remote(), Origin::Path(path));
    let errand = Errand { remote: &remote, origin: &origin, accept_other_bytes: false };
    let data = DataFolder::at(home.path().join("data"));
    let result = bring(&errand, &data, &Http::default(), &mut Quiet);
    (home, result)
}

/// Every file below a folder, as a path from there.
fn below(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type().unwrap().is_dir() {
            found.extend(below(&entry.path()).iter().map(|path| format!("{name}/{path}")));
        } else {
            found.push(name);
        }
    }
    found.sort();
    found
}

/// Unpacks what must be refused and says why it was.
fn refusal(archive: &[u8]) -> Fault {
    let (home, result) = unpack(archive);
    let left = below(home.path());
    assert_eq!(left, ["data/.unfinished/pictures.lock", "given.tar.gz"], "nothing has landed");
    match result {
        Err(Trouble::Given { fault, .. }) => fault,
        other => panic!("should have been refused: {other:?}"),
    }
}

fn assert_refused(tar: Tar, words: &str) {
    let fault = refusal(&tar.packed()).to_string();
    assert!(fault.contains(words), "{words}: {fault}");
}

#[test]
fn an_honest_archive_is_taken_without_its_known_extras() {
    let (home, result) = unpack(&Tar::honest().packed());
    assert_eq!(result.unwrap(), Outcome::Brought);
    let data = home.path().join("data/pictures/batch");
    assert_eq!(below(&data), ["one.bin", "two.bin"]);
    assert!(fs::read(data.join("one.bin")).unwrap() == ONE);
    assert!(fs::read(data.join("two.bin")).unwrap() == TWO);
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    let names = [
        "../one.bin",
        "batch/../../one.bin",
        "/batch/one.bin",
        "/etc/cron.d/one.bin",
        "./batch/one.bin",
        "batch//one.bin",
        "batch\\one.bin",
        "C:\\one.bin",
        "one.bin",
        "batch/one.bin/",
        "batch/one.bin ",
        "batch/ONE.BIN",
        "batch/\u{ff4f}ne.bin",
        "batch/o\u{200b}ne.bin",
        "batch/\u{202e}nib.eno",
        "batch/three.bin",
        "batch/.bashrc",
        "",
    ];
    for name in names {
        assert_refused(Tar::honest().file(name, ONE), "does not belong in it");
    }
}

#[test]
fn a_name_that_is_not_text_is_refused_and_shown_safely() {
    let name = b"batch/\xff\x1b[31m";
    let tar = Tar::honest().entry(EntryType::Regular, name, 0, b"");
    let fault = refusal(&tar.packed()).to_string();
    assert!(fault.contains("does not belong in it") && !fault.contains('\u{1b}'), "{fault}");
}

#[test]
fn only_regular_files_are_taken() {
    let kinds = [
        (EntryType::Symlink, "symbolic link"),
        (EntryType::Link, "hard link"),
        (EntryType::Char, "device"),
        (EntryType::Block, "device"),
        (EntryType::Fifo, "pipe"),
        (EntryType::Directory, "folder of its own"),
        (EntryType::Continuous, "special entry"),
        (EntryType::GNULongName, "special entry"),
        (EntryType::GNULongLink, "special entry"),
        (EntryType::GNUSparse, "special entry"),
        (EntryType::new(b'Z'), "special entry"),
    ];
    for (kind, words) in kinds {
        assert_refused(Tar::default().special(kind, "batch/one.bin"), words);
        assert_refused(Tar::honest().special(kind, "batch/readme.html"), words);
    }
}

#[test]
fn a_link_followed_by_a_file_of_its_name_writes_nothing() {
    let tar = Tar::default().special(EntryType::Symlink, "batch/one.bin");
    assert_refused(tar.file("batch/one.bin", ONE), "symbolic link");
    let tar = Tar::default().special(EntryType::Symlink, "batch");
    assert_refused(tar.file("batch/one.bin", ONE), "symbolic link");
}

#[test]
fn a_second_copy_is_refused() {
    assert_refused(Tar::honest().file("batch/one.bin", ONE), "one.bin is in it twice");
}

#[test]
fn a_missing_file_is_refused() {
    assert_refused(Tar::default().file("batch/one.bin", ONE), "two.bin is not in it");
    assert_refused(Tar::default(), "one.bin is not in it");
}

#[test]
fn a_file_of_another_size_is_refused_by_its_header() {
    let tar = Tar::default().entry(EntryType::Regular, b"batch/one.bin", 1 << 40, ONE);
    assert_refused(tar, "one.bin has 1099511627776 bytes instead of 3000");
    assert_refused(Tar::default().file("batch/one.bin", b""), "has 0 bytes instead of 3000");
}

#[test]
fn a_file_of_other_bytes_is_refused() {
    assert_refused(Tar::default().file("batch/one.bin", &[9; 3_000]), "other bytes");
}

#[test]
fn extended_headers_are_not_obeyed() {
    // One that names another path and size for the next entry, as PAX allows.
    let lie = b"24 path=../../escaped.bin\n13 size=99999\n";
    let tar = Tar::default().entry(EntryType::XHeader, b"PaxHeader", lie.len() as u64, lie);
    let tar = tar.file("batch/one.bin", ONE).file("batch/two.bin", TWO);
    let (home, result) = unpack(&tar.packed());
    assert_eq!(result.unwrap(), Outcome::Brought);
    let expected = ["batch/one.bin", "batch/two.bin"];
    assert_eq!(below(&home.path().join("data/pictures")), expected);
    let huge = vec![b'x'; 100 << 10];
    let tar = Tar::default().entry(EntryType::XHeader, b"PaxHeader", huge.len() as u64, &huge);
    assert_refused(tar, "special entry");
}

#[test]
fn bombs_are_not_unpacked() {
    // A known extra file of 64 MiB of zeros, in 64 kB.
    let zeros = vec![0; 64 << 20];
    let bomb = Tar::default().file("batch/readme.html", &zeros).packed();
    assert!(bomb.len() < 1 << 20);
    assert!(refusal(&bomb).to_string().contains("more than its files can be together"));
}

#[test]
fn a_crowd_of_entries_is_refused() {
    let crowd = (0..300).fold(Tar::default(), |tar, _| tar.file("batch/readme.html", b""));
    assert_refused(crowd, "more than 256 entries");
}

#[test]
fn truncated_and_garbled_archives_are_refused() {
    let whole = Tar::honest().packed();
    for length in [0, 1, 10, whole.len() / 2, whole.len() - 20] {
        refusal(&whole[..length]);
    }
    let mut garbled = Tar::honest();
    garbled.bytes[600] ^= 1; // in a header
    assert_refused(garbled, "checksum");
    refusal(b"not an archive at all");
}
