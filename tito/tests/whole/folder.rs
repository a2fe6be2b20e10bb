//! What comes from files on this machine, and what happens in the data folder.

use std::fs;

use tito::fetch::{Depth, Fault, Origin, Outcome, State, Trouble, examine};

use crate::trip::{Trip, content, files, honest, packed};

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
