//! Downloads from a server that misbehaves: what arrives is right, or nothing arrives.

use std::fs;

use tito::fetch::{Fault, Origin, Outcome};

use crate::server::{Reply, Server};
use crate::trip::{Trip, always, content, files, honest, packed};

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
