//! Downloads against a server that misbehaves: what arrives is right, or nothing arrives.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tito::data_folder::DataFolder;
use tito::fetch::{
    Depth, Errand, Fault, Http, Origin, Outcome, Progress, State, Trouble, bring, examine,
};
use tito::remote::{Packing, Remote, RemoteFile};

use crate::server::{Reply, Server};

const TAG: &str = "\"version 1\"";

/// Bytes without a pattern that packing or a wrong offset could hide behind.
fn content() -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..200_000).map(|_| next()).collect()
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A data set of one packed file, to be had from these addresses.
fn remote(mirrors: &[String]) -> Remote {
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

#[derive(Default)]
struct Log {
    remarks: Vec<String>,
    most: u64,
}

impl Progress for Log {
    fn begin(&mut self, _label: &str, _total: Option<u64>, done: u64) {
        self.most = self.most.max(done);
    }
    fn advance(&mut self, done: u64) {
        self.most = self.most.max(done);
    }
    fn end(&mut self) {}
    fn remark(&mut self, text: &str) {
        self.remarks.push(text.to_owned());
    }
}

/// A data folder of its own, and an errand into it.
struct Trip {
    home: TempDir,
    remote: Remote,
}

impl Trip {
    fn to(mirrors: &[String]) -> Trip {
        Trip { home: tempfile::tempdir().unwrap(), remote: remote(mirrors) }
    }

    fn data(&self) -> DataFolder {
        DataFolder::at(self.home.path().join("data"))
    }

    fn file(&self) -> std::path::PathBuf {
        self.data().data_set("numbers").join("numbers.bin")
    }

    fn go(&self) -> Result<Outcome, Trouble> {
        self.go_to(&Origin::Mirrors, false)
    }

    fn go_to(&self, origin: &Origin, accept_other_bytes: bool) -> Result<Outcome, Trouble> {
        let errand = Errand { remote: &self.remote, origin, accept_other_bytes };
        let http = Http::with_patience(Duration::from_secs(5));
        bring(&errand, &self.data(), &http, &mut Log::default())
    }

    /// Goes, and says what was wrong with the one mirror; nothing may be in the folder then.
    fn fault(&self) -> Fault {
        let Err(Trouble::EverySource { mut faults, .. }) = self.go() else {
            panic!("every source should have failed")
        };
        assert_eq!(faults.len(), 1);
        assert_eq!(files(&self.data().data_set("numbers")), Vec::<String>::new());
        faults.remove(0).1
    }

    fn assert_arrived(&self) {
        assert!(fs::read(self.file()).unwrap() == content(), "the bytes are the publisher's");
        let left = files(&self.data().unfinished().join("numbers"));
        assert_eq!(left, Vec::<String>::new(), "no part is left");
    }
}

/// The names of what is in a folder; nothing for one that is not there.
fn files(folder: &Path) -> Vec<String> {
    let read = fs::read_dir(folder).into_iter().flatten().flatten();
    read.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// A server with one answer for everything.
fn always(reply: Reply) -> Server {
    Server::start(move |_, _| reply.clone())
}

fn honest() -> Server {
    let body = packed(&content());
    Server::start(move |_, request| Reply::file(&body, TAG, request))
}

#[test]
fn a_file_arrives_whole_and_a_second_call_asks_nobody() {
    let server = honest();
    let trip = Trip::to(&[server.url("/{file}.gz")]);
    assert_eq!(trip.go().unwrap(), Outcome::Brought);
    trip.assert_arrived();
    assert_eq!(trip.go().unwrap(), Outcome::AlreadyHere);
    let paths: Vec<_> = server.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, ["/numbers.bin.gz"]);
}

#[test]
fn a_transfer_without_a_length_arrives() {
    let server = always(Reply { length: None, ..Reply::whole(&packed(&content())) });
    let trip = Trip::to(&[server.url("/n")]);
    trip.go().unwrap();
    trip.assert_arrived();
}

#[test]
fn a_damaged_file_is_replaced() {
    let server = honest();
    let trip = Trip::to(&[server.url("/n")]);
    trip.go().unwrap();
    for damage in [&b"short"[..], &[0; 200_000]] {
        fs::write(trip.file(), damage).unwrap();
        assert_eq!(trip.go().unwrap(), Outcome::Brought);
        trip.assert_arrived();
    }
}

#[test]
fn refusals_are_told_apart() {
    for (status, words) in [(404, "not found"), (403, "forbidden"), (500, "problem"), (418, "418")]
    {
        let server = always(Reply::status(status));
        let fault = Trip::to(&[server.url("/n")]).fault();
        assert_eq!(fault, Fault::Status(status));
        assert!(fault.to_string().contains(words), "{fault}");
    }
}

#[test]
fn redirects_are_followed_but_not_in_circles() {
    let body = packed(&content());
    let server = Server::start(move |_, request| match request.path.as_str() {
        "/old" => Reply::status(302).with("Location", "/new"),
        "/new" => Reply::whole(&body),
        _ => Reply::status(301).with("Location", "/loop"),
    });
    let trip = Trip::to(&[server.url("/old")]);
    trip.go().unwrap();
    trip.assert_arrived();
    assert_eq!(Trip::to(&[server.url("/loop")]).fault(), Fault::Redirects);
    assert!(server.requests().len() < 12);
}

#[test]
fn a_web_page_is_recognized_and_its_beginning_shown() {
    let page = b"\r\n<!DOCTYPE html><title>Please log in</title>".repeat(100);
    let fault = Trip::to(&[always(Reply::whole(&page)).url("/n")]).fault();
    let Fault::Html { start } = &fault else { panic!("{fault}") };
    assert!(start.contains("Please log in"), "{start}");
}

#[test]
fn a_server_that_is_not_there_is_unreachable() {
    let gone = honest().url("/n"); // the server is dropped at once
    assert!(matches!(Trip::to(&[gone]).fault(), Fault::Unreachable(_)));
}

#[test]
fn wrong_bytes_are_refused_and_leave_no_part() {
    let mut other = content();
    other[77] ^= 1;
    let cases = [
        (packed(&other), "other bytes"),
        (packed(&content()[1..]), "199999 bytes instead of 200000"),
        (packed(&[content(), vec![0]].concat()), "more bytes instead of 200000"),
        (content(), "can't be read"),
        (packed(&content())[..150_000].to_vec(), "can't be read"),
        (Vec::new(), "can't be read"),
    ];
    for (body, words) in cases {
        let server = always(Reply::whole(&body));
        let trip = Trip::to(&[server.url("/n")]);
        let fault = trip.fault().to_string();
        assert!(fault.contains(words), "{words}: {fault}");
        assert_eq!(files(&trip.data().unfinished().join("numbers")), Vec::<String>::new());
    }
}

#[test]
fn a_bomb_is_not_unpacked_and_an_endless_body_not_stored() {
    let bomb = packed(&vec![0; 64 << 20]);
    assert!(bomb.len() < 1 << 20);
    let fault = Trip::to(&[always(Reply::whole(&bomb)).url("/n")]).fault();
    assert!(matches!(fault, Fault::Size { got: None, .. }), "{fault}");
    let endless = Reply { length: None, ..Reply::whole(&vec![7; 8 << 20]) };
    let fault = Trip::to(&[always(endless).url("/n")]).fault();
    assert!(matches!(fault, Fault::TooLong { .. }), "{fault}");
    let boasting = Reply { length: Some(1 << 40), ..Reply::whole(b"") };
    let fault = Trip::to(&[always(boasting).url("/n")]).fault();
    assert!(matches!(fault, Fault::TooLong { .. }), "{fault}");
}

#[test]
fn a_transfer_that_is_cut_goes_on_at_the_very_byte() {
    let body = packed(&content());
    let length = body.len();
    let cuts = [0, 1, 2, 9, 10, 100, 4_095, 4_096, 65_535, 65_536, 65_537, length - 2, length - 1];
    for cut in cuts {
        let body = body.clone();
        let server = Server::start(move |count, request| {
            let reply = Reply::file(&body, TAG, request);
            if count == 0 { reply.cut_at(cut) } else { reply }
        });
        let trip = Trip::to(&[server.url("/n")]);
        assert_eq!(trip.go().unwrap(), Outcome::Brought, "cut at {cut}");
        trip.assert_arrived();
        let requests = server.requests();
        assert_eq!(requests.len(), 2, "cut at {cut}");
        assert_eq!(requests[1].from.unwrap_or(0), cut);
        assert_eq!(requests[1].if_range.as_deref(), (cut > 0).then_some(TAG));
    }
}

#[test]
fn a_transfer_that_is_cut_again_and_again_arrives_in_pieces() {
    let body = packed(&content());
    let server = Server::start(move |_, request| Reply::file(&body, TAG, request).cut_at(9_000));
    let trip = Trip::to(&[server.url("/n")]);
    trip.go().unwrap();
    trip.assert_arrived();
    let asked: Vec<_> = server.requests().iter().map(|it| it.from.unwrap_or(0)).collect();
    assert!(asked.len() > 10 && asked.iter().enumerate().all(|(i, from)| *from == i * 9_000));
}

#[test]
fn a_later_call_goes_on_where_an_earlier_one_had_to_stop() {
    let body = packed(&content());
    let server = Server::start(move |count, request| match count {
        0 => Reply::file(&body, TAG, request).cut_at(50_000),
        1 => Reply::status(503),
        _ => Reply::file(&body, TAG, request),
    });
    let trip = Trip::to(&[server.url("/n")]);
    assert_eq!(trip.fault(), Fault::Status(503));
    trip.go().unwrap();
    trip.assert_arrived();
    assert_eq!(server.requests()[2].from, Some(50_000));
}

#[test]
fn a_server_that_ignores_ranges_is_read_from_the_start() {
    let body = packed(&content());
    let server = Server::start(move |count, _| {
        let reply = Reply::whole(&body);
        if count == 0 { reply.cut_at(30_000) } else { reply }
    });
    let trip = Trip::to(&[server.url("/n")]);
    trip.go().unwrap();
    trip.assert_arrived();
}

#[test]
fn a_file_that_changed_meanwhile_is_read_from_the_start() {
    let (old, new) = (vec![7; 60_000], packed(&content()));
    let server = Server::start(move |count, request| match count {
        0 => Reply::file(&old, "\"version 0\"", request).cut_at(30_000),
        _ => Reply::file(&new, TAG, request),
    });
    let trip = Trip::to(&[server.url("/n")]);
    trip.go().unwrap();
    trip.assert_arrived();
    assert_eq!(server.requests()[1].if_range.as_deref(), Some("\"version 0\""));
}

#[test]
fn pieces_that_do_not_fit_are_dropped_and_read_once_more_in_one_go() {
    // Without a tag the change can't be seen; only the bytes tell.
    let (old, new) = (vec![7; packed(&content()).len()], packed(&content()));
    let server = Server::start(move |count, request| {
        let body = if count == 0 { &old } else { &new };
        let mut reply = Reply::file(body, TAG, request);
        reply.headers.retain(|(name, _)| name != "ETag");
        if count == 0 { reply.cut_at(30_000) } else { reply }
    });
    let trip = Trip::to(&[server.url("/n")]);
    trip.go().unwrap();
    trip.assert_arrived();
    let asked: Vec<_> = server.requests().iter().map(|it| it.from).collect();
    assert_eq!(asked, [None, Some(30_000), None]);
}

#[test]
fn a_range_that_was_not_asked_for_is_not_believed() {
    let body = packed(&content());
    let server = Server::start(move |count, request| match count {
        0 => Reply::file(&body, TAG, request).cut_at(30_000),
        1 => {
            let range = format!("bytes 10-{}/{}", body.len() - 1, body.len());
            let reply = Reply { status: 206, ..Reply::whole(&body[10..]) };
            reply.with("Content-Range", &range)
        }
        _ => Reply::file(&body, TAG, request),
    });
    let trip = Trip::to(&[server.url("/n")]);
    trip.go().unwrap();
    trip.assert_arrived();
    assert_eq!(server.requests()[2].from, None);
}

#[test]
fn a_complete_part_that_is_wrong_does_not_stand_in_the_way() {
    // The first call stores a whole transfer, then dies before it is checked.
    let body = packed(&content());
    let server = honest();
    let trip = Trip::to(&[server.url("/n")]);
    let parts = trip.data().unfinished().join("numbers");
    fs::create_dir_all(&parts).unwrap();
    let address = sha256(server.url("/n").as_bytes());
    let part = parts.join(format!("numbers.bin.gz.{}.part", &address[..8]));
    fs::write(&part, vec![7; body.len()]).unwrap();
    let record =
        format!("{{\"url\":{:?},\"etag\":null,\"length\":{}}}", server.url("/n"), body.len());
    fs::write(part.with_added_extension("json"), record).unwrap();
    trip.go().unwrap();
    trip.assert_arrived();
    assert_eq!(server.requests().len(), 1, "one whole transfer");
}

#[test]
fn the_second_mirror_helps_when_the_first_is_bad() {
    for reply in [Reply::status(404), Reply::whole(&packed(b"other")), Reply::whole(b"<html>")] {
        let (bad, good) = (always(reply), honest());
        let trip = Trip::to(&[bad.url("/n"), good.url("/n")]);
        trip.go().unwrap();
        trip.assert_arrived();
        assert_eq!((bad.requests().len(), good.requests().len()), (1, 1));
    }
}

#[test]
fn another_server_stands_in_for_the_mirrors() {
    let server = honest();
    let trip = Trip::to(&["https://mirror.invalid/n".into()]);
    trip.go_to(&Origin::parse(&server.url("/base/")), false).unwrap();
    trip.assert_arrived();
    fs::remove_file(trip.file()).unwrap();
    trip.go_to(&Origin::parse(&server.url("/x/numbers.bin.gz")), false).unwrap();
    trip.assert_arrived();
    let paths: Vec<_> = server.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, ["/base/numbers.bin.gz", "/x/numbers.bin.gz"]);
}

#[test]
fn folders_are_taken_packed_and_unpacked_in_every_usual_layout() {
    let layouts = [("numbers.bin", content()), ("numbers.bin.gz", packed(&content()))];
    for (name, bytes) in layouts {
        for below in ["", "numbers"] {
            let trip = Trip::to(&["https://mirror.invalid/n".into()]);
            let given = trip.home.path().join("given");
            fs::create_dir_all(given.join(below)).unwrap();
            fs::write(given.join(below).join(name), &bytes).unwrap();
            assert_eq!(trip.go_to(&Origin::Path(given), false).unwrap(), Outcome::Brought);
            trip.assert_arrived();
        }
    }
}

#[test]
fn other_bytes_come_in_only_when_they_are_welcome_and_are_remembered() {
    let trip = Trip::to(&["https://mirror.invalid/n".into()]);
    let given = trip.home.path().join("given");
    fs::create_dir(&given).unwrap();
    let mut other = content();
    other[0] ^= 1;
    fs::write(given.join("numbers.bin"), &other).unwrap();
    let origin = Origin::Path(given);
    let refused = trip.go_to(&origin, false).unwrap_err();
    assert!(matches!(&refused, Trouble::Given { fault: Fault::Sha256 { .. }, .. }), "{refused}");
    assert!(!trip.file().exists());
    assert_eq!(trip.go_to(&origin, true).unwrap(), Outcome::OtherBytes);
    let state = || {
        let folder = trip.data().data_set("numbers");
        examine(&trip.remote, &folder, Depth::Bytes).unwrap().remove(0).1
    };
    assert!(matches!(state(), State::Other { .. }), "{:?}", state());
    other[1] ^= 1;
    fs::write(trip.file(), &other).unwrap();
    assert!(matches!(state(), State::Damaged { .. }), "a later change is damage");
    fs::write(trip.file(), content()).unwrap();
    assert_eq!(state(), State::Published);
}

#[test]
fn a_wrong_size_is_never_welcome() {
    let trip = Trip::to(&["https://mirror.invalid/n".into()]);
    let given = trip.home.path().join("numbers.bin");
    fs::write(&given, &content()[1..]).unwrap();
    let refused = trip.go_to(&Origin::Path(given), true).unwrap_err();
    assert!(matches!(refused, Trouble::Given { fault: Fault::Size { .. }, .. }), "{refused}");
}

#[test]
fn many_at_once_bring_it_once() {
    let server = honest();
    let trip = Trip::to(&[server.url("/n")]);
    let outcomes: Vec<Outcome> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| trip.go().unwrap())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    trip.assert_arrived();
    assert_eq!(outcomes.iter().filter(|it| **it == Outcome::Brought).count(), 1, "{outcomes:?}");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn temporary_files_of_a_killed_process_are_swept_away() {
    let server = honest();
    let trip = Trip::to(&[server.url("/n")]);
    let folder = trip.data().data_set("numbers");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(".tito-abc"), b"half").unwrap();
    fs::write(folder.join("mine.txt"), b"keep").unwrap();
    trip.go().unwrap();
    let mut names = files(&folder);
    names.sort();
    assert_eq!(names, ["mine.txt", "numbers.bin"]);
}

#[test]
fn a_file_in_the_place_of_the_data_folder_is_the_disks_trouble() {
    let trip = Trip::to(&[honest().url("/n")]);
    fs::write(trip.home.path().join("data"), b"a file").unwrap();
    let trouble = trip.go().unwrap_err();
    assert!(matches!(trouble, Trouble::Disk { .. }), "{trouble}");
    let failure = trouble.failure(&trip.remote).to_string();
    assert!(failure.contains("TINYTORCH_DATA"), "{failure}");
}

#[test]
fn a_failed_download_says_how_to_go_on_without_a_network() {
    let trip = Trip::to(&["https://mirror.invalid/{file}.gz".into()]);
    let failure = trip.go().unwrap_err().failure(&trip.remote).to_string();
    assert!(failure.contains("no server can be reached"), "{failure}");
    assert!(failure.contains("  https://mirror.invalid/numbers.bin.gz\n"), "{failure}");
    assert!(failure.ends_with("then: tito dataset download numbers --from FOLDER"), "{failure}");
}
