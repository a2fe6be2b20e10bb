//! 10.10: from ids to text.

use crate::tokenizers::{VERSES, trained};
use check::{Because, Check, Verdict, wrong};
use tinytorch_tokenization::{BpeTokenizer, DecodeStream, Tokenizer};

pub const CHECKS: &[Check] = &[
    Check {
        id: "10.10.verses",
        exercise: "10.10",
        fact: "two verses come back from their ids, spaces and line break included",
        run: verses,
    },
    Check {
        id: "10.10.any_text",
        exercise: "10.10",
        fact: "é, 東京 and a crab come back from a tokenizer that never saw them",
        run: any_text,
    },
    Check {
        id: "10.10.every_byte",
        exercise: "10.10",
        fact: "every byte, and every pair of bytes, comes back, be it UTF-8 or not",
        run: every_byte,
    },
    Check {
        id: "10.10.no_such_id",
        exercise: "10.10",
        fact: "an id that the vocabulary does not have panics, and says which there are",
        run: no_such_id,
    },
    Check {
        id: "10.10.half_a_character",
        exercise: "10.10",
        fact: "of the two bytes of é, the first gives no text yet, and the second gives é",
        run: half_a_character,
    },
    Check {
        id: "10.10.broken",
        exercise: "10.10",
        fact: "bytes that can be no character are U+FFFD at once, and what follows is read on",
        run: broken,
    },
    Check {
        id: "10.10.pieces",
        exercise: "10.10",
        fact: "the pieces of a stream, put together, are the text of all bytes at once",
        run: pieces,
    },
];

/// Bytes alone: the ids of bytes are a token each.
fn bytes_only() -> BpeTokenizer {
    trained("", 256, 2)
}

fn verses() -> Verdict {
    let tokenizer = trained(VERSES, 300, 2);
    let got = tokenizer.decode(&tokenizer.encode(VERSES));
    let (got_words, words) = (got.split_whitespace().count(), VERSES.split_whitespace().count());
    wrong::unless_eq(&*got, VERSES).because(
        got.len() > VERSES.len() || got_words > words,
        "nothing is put between tokens: their bytes have all the spaces that there are",
    )
}

fn any_text() -> Verdict {
    let tokenizer = trained(VERSES, 300, 2);
    for text in ["é", "東京 2026", "\u{1f980}", "e\u{301}\r\n\u{a0}", ""] {
        let got = tokenizer.decode(&tokenizer.encode(text));
        wrong::unless_eq(&*got, text).because(
            got.chars().count() > text.chars().count(),
            "bytes were taken for characters one by one: put the bytes of all tokens together",
        )?;
    }
    Ok(())
}

fn every_byte() -> Verdict {
    let tokenizer = trained(VERSES, 300, 2);
    for first in 0..=255_u8 {
        for bytes in [vec![first], vec![first, 0xa9], vec![b'a', first, b' ', first]] {
            let ids = tokenizer.encode_bytes(&bytes);
            wrong::unless_eq(&tokenizer.decode_bytes(&ids), &bytes)
                .because(bytes[0] >= 0x80, "these bytes are no text, and must come back as well")?;
        }
    }
    Ok(())
}

fn no_such_id() -> Verdict {
    let tokenizer = trained(VERSES, 270, 2);
    for id in [270, -1, i32::MAX] {
        wrong::unless_panics(|| tokenizer.decode_bytes(&[0, id]), "ids from 0 to 269 only")
            .note(format!("decode_bytes of the id {id}"))?;
    }
    Ok(())
}

/// What a stream gives for each of these bytes, and at its end.
fn streamed(bytes: &[u8]) -> Vec<String> {
    let tokenizer = bytes_only();
    let mut stream = DecodeStream::new(&tokenizer);
    let mut pieces: Vec<String> = Vec::new();
    for &byte in bytes {
        pieces.push(stream.push(tokenizer.encode_bytes(&[byte])[0]));
    }
    pieces.push(stream.finish());
    pieces
}

fn half_a_character() -> Verdict {
    let got = streamed("né".as_bytes());
    wrong::unless_eq(&got[..], &["n", "", "é", ""][..])
        .because(
            got[1] == "\u{fffd}",
            "the first byte of é is not wrong, it is unfinished: `error_len()` is None",
        )
        .because(got[2] == "né" || got[1] == "n", "what was given is not given again: clear it")
        .because(got[3] == "é", "the character is complete with its last byte")?;
    let got = streamed("\u{1f980}!".as_bytes());
    wrong::unless_eq(&got[..], &["", "", "", "\u{1f980}", "!", ""][..])
}

fn broken() -> Verdict {
    let got = streamed(b"\xffa\xc3x\xc3");
    wrong::unless_eq(&got[..], &["\u{fffd}", "a", "", "\u{fffd}x", "", "\u{fffd}"][..])
        .because(got[0].is_empty(), "0xff begins no character: nothing that comes can repair it")
        .because(
            got.len() > 3 && got[3] == "\u{fffd}",
            "behind the broken byte there is an x: go round again with what is left",
        )
        .because(got.len() > 3 && got[3] == "x", "the broken byte must show, as U+FFFD")
        .because(got.last().is_some_and(String::is_empty), "what waits must not be lost")
}

fn pieces() -> Verdict {
    // All strings of four of these bytes, which begin, continue and break characters.
    let some = [0x41, 0x80, 0xa9, 0xc3, 0xe2, 0xf0, 0x9f];
    let mut checked = 0;
    for code in 0..some.len().pow(4) {
        let bytes: Vec<u8> =
            (0..4).map(|place| some[code / some.len().pow(place) % some.len()]).collect();
        if code % 7 != 0 && bytes[0] == 0x41 {
            continue;
        }
        checked += 1;
        let (got, expected) = (streamed(&bytes).concat(), String::from_utf8_lossy(&bytes));
        wrong::unless_eq(&*got, &*expected).note(format!("of the bytes {bytes:02x?}"))?;
    }
    wrong::unless(checked > 1000, || format!("{checked} strings only"))
}
