//! Downloads that break off: they go on at the very byte, or from the start, and end right.

use std::fs;

use tito::fetch::{Fault, Outcome};

use crate::server::{Reply, Server};
use crate::trip::{TAG, Trip, content, honest, packed, sha256};

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
