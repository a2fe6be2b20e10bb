//! 07.12: trust no length.

use check::{Because, Check, Verdict, wrong};
use tinytorch_training::SafetensorsHeader;

pub const CHECKS: &[Check] = &[
    Check {
        id: "07.12.sound",
        exercise: "07.12",
        fact: "a at 0..8, b at 8..12 of 12 bytes: sound, in any order in the header",
        run: sound,
    },
    Check {
        id: "07.12.gap",
        exercise: "07.12",
        fact: "b at 12..16 leaves a gap of 4 bytes, and so does a first tensor at 4..12",
        run: gap,
    },
    Check {
        id: "07.12.overlap",
        exercise: "07.12",
        fact: "b at 4..8 overlaps a, and two tensors in one place do",
        run: overlap,
    },
    Check {
        id: "07.12.remainder",
        exercise: "07.12",
        fact: "4 bytes more than the tensors take are an error, and 4 bytes less are",
        run: remainder,
    },
    Check {
        id: "07.12.empty",
        exercise: "07.12",
        fact: "a tensor of no numbers is in nobody's way, and a file may hold none at all",
        run: empty,
    },
];

/// The bytes of a file with these tensors of one axis, `(name, start, end)`, and so many bytes of
/// numbers.
fn file(tensors: &[(&str, u64, u64)], numbers: usize) -> Vec<u8> {
    let entry = |&(name, start, end): &(&str, u64, u64)| {
        let size = (end - start) / 4;
        format!(r#""{name}":{{"dtype":"F32","shape":[{size}],"data_offsets":[{start},{end}]}}"#)
    };
    let entries: Vec<String> = tensors.iter().map(entry).collect();
    let header = format!("{{{}}}", entries.join(","));
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.bytes());
    file.extend(std::iter::repeat_n(0, numbers));
    file
}

/// What is said of such a file; `Ok` when it is taken for sound.
fn said(tensors: &[(&str, u64, u64)], numbers: usize) -> Result<usize, String> {
    match SafetensorsHeader::parse(&file(tensors, numbers)) {
        Ok(header) => Ok(header.tensors.len()),
        Err(error) => Err(error.to_string()),
    }
}

fn unless_refused(tensors: &[(&str, u64, u64)], numbers: usize, says: &[&str]) -> Verdict {
    let got = said(tensors, numbers);
    let named = got.as_ref().is_err_and(|got| says.iter().all(|word| got.contains(word)));
    wrong::unless(named, || format!("of {tensors:?} in {numbers} bytes: {got:?}"))
        .because(got.is_ok(), "the file was taken for sound")
        .note(format!("an error with the words {says:?}"))
}

fn sound() -> Verdict {
    wrong::unless_eq(said(&[("a", 0, 8), ("b", 8, 12)], 12), Ok(2))?;
    wrong::unless_eq(said(&[("a", 8, 12), ("b", 0, 8)], 12), Ok(2))
        .note("the header's order is free: `in_file_order` sorts by where they begin")
}

fn gap() -> Verdict {
    unless_refused(&[("a", 0, 8), ("b", 12, 16)], 16, &["a gap before", "`b`"])?;
    unless_refused(&[("a", 4, 12)], 12, &["a gap before", "`a`"])
        .note("4 bytes before the first tensor, in which anything may hide")
}

fn overlap() -> Verdict {
    unless_refused(&[("a", 0, 8), ("b", 4, 8)], 8, &["an overlap before", "`b`"])?;
    unless_refused(&[("a", 0, 8), ("b", 0, 8)], 8, &["an overlap before"])
        .note("two tensors in one place: a file of 1 KB could ask for terabytes")
}

fn remainder() -> Verdict {
    unless_refused(&[("a", 0, 8)], 12, &["8", "12"])
        .note("a reader that ignores the rest lets anything travel with the model")?;
    unless_refused(&[("a", 0, 8)], 4, &["8", "4"])
}

fn empty() -> Verdict {
    let got = said(&[("a", 0, 8), ("none", 8, 8), ("b", 8, 12)], 12);
    wrong::unless_eq(got, Ok(3))?;
    wrong::unless_eq(said(&[], 0), Ok(0))?;
    unless_refused(&[], 4, &["0", "4"])
}
