//! 08.11: a header may lie.

use check::{Because, Check, Verdict, wrong};
use tinytorch_dataloader::{DataError, idx};

pub const CHECKS: &[Check] = &[
    Check {
        id: "08.11.read",
        exercise: "08.11",
        fact: "00 00 08 02, sizes 1 and 3, and three bytes: a [1, 3] of bytes 10 20 30",
        run: read,
    },
    Check {
        id: "08.11.big_endian",
        exercise: "08.11",
        fact: "a size of 00 00 01 02 is 258: highest byte first",
        run: big_endian,
    },
    Check {
        id: "08.11.types",
        exercise: "08.11",
        fact: "two i16 take 4 bytes, two f64 take 16; a single number has no sizes, and 6 are fine",
        run: types,
    },
    Check {
        id: "08.11.short",
        exercise: "08.11",
        fact: "a file cut off at any byte is an error, not a panic",
        run: short,
    },
    Check {
        id: "08.11.long",
        exercise: "08.11",
        fact: "a byte too many is an error that names both counts",
        run: long,
    },
    Check {
        id: "08.11.overflow",
        exercise: "08.11",
        fact: "sizes whose product is 2^64 do not pass for no bytes at all",
        run: overflow,
    },
    Check {
        id: "08.11.zero",
        exercise: "08.11",
        fact: "sizes 0 and four times 4294967295 promise no bytes, and are refused all the same",
        run: zero,
    },
    Check {
        id: "08.11.foreign",
        exercise: "08.11",
        fact: "gzip is recognized, and unknown types and 7 dimensions are refused where they stand",
        run: foreign,
    },
];

/// An IDX file.
fn file(code: u8, sizes: &[u32], payload: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, code, sizes.len() as u8];
    file.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
    file.extend(payload);
    file
}

fn read() -> Verdict {
    let file = file(8, &[1, 3], &[10, 20, 30]);
    match idx::parse(&file) {
        Ok(table) => {
            wrong::unless_eq(table.shape(), [1, 3].as_slice())?;
            wrong::unless_eq(table.payload(), [10, 20, 30].as_slice())?;
            wrong::unless_close(table.floats().to_vec(), [10.0_f32, 20.0, 30.0], 0.0)
        }
        Err(error) => wrong::unless(false, || format!("refused: {error}")),
    }
}

fn big_endian() -> Verdict {
    let file = file(8, &[258], &[7; 258]);
    let got = idx::parse(&file).map(|table| table.shape().to_vec()).map_err(|e| e.to_string());
    let swapped = got.as_ref().is_err_and(|said| said.contains("33619968"));
    wrong::unless_eq(&got, &Ok(vec![258]))
        .because(swapped, "33,619,968 is 00 00 01 02 read from its lowest byte: from_be_bytes")
}

fn types() -> Verdict {
    for (code, bytes) in [(0x08, 2), (0x09, 2), (0x0B, 4), (0x0C, 8), (0x0D, 8), (0x0E, 16)] {
        let file = file(code, &[2], &vec![0; bytes]);
        let got = idx::parse(&file).map(|table| table.shape().to_vec()).map_err(|e| e.to_string());
        wrong::unless_eq(&got, &Ok(vec![2]))
            .because(got.is_err(), "bytes are promised, not numbers: times element.size()")
            .note(format!("type {code:02x}: two numbers in {bytes} bytes"))?;
    }
    let got =
        idx::parse(&[0, 0, 8, 0, 5]).map(|table| table.shape().len()).map_err(|e| e.to_string());
    wrong::unless_eq(got, Ok(0)).note("no dimensions: the product of no sizes is 1")?;
    let six = file(8, &[1; 6], &[5]);
    let got = idx::parse(&six).map(|table| table.shape().len()).map_err(|e| e.to_string());
    wrong::unless_eq(&got, &Ok(6))
        .because(got.is_err(), "as many dimensions as a tensor may have are not too many: 6")
}

fn short() -> Verdict {
    let whole = file(8, &[1, 3], &[10, 20, 30]);
    for len in 0..whole.len() {
        let got = idx::parse(&whole[..len]);
        wrong::unless(got.is_err(), || {
            format!("the first {len} of 15 bytes were taken for a file")
        })?;
        if len < 12 {
            let said = got.err().map_or(String::new(), |error| error.to_string());
            wrong::unless(said.contains("ends inside its header"), || said)
                .note(format!("{len} bytes; the header takes 12"))?;
        }
    }
    Ok(())
}

/// The offset and the words of an error.
fn refused(file: &[u8], offset: usize, says: &str) -> Verdict {
    match idx::parse(file) {
        Ok(table) => wrong::unless(false, || format!("taken for a sound {:?}", table.shape())),
        Err(DataError::Malformed { offset: at, problem, .. }) => {
            wrong::unless(problem.contains(says), || format!("`{problem}`, not `{says}`"))?;
            wrong::unless_eq(at, offset).note("the place in the file that the error names")
        }
        Err(other) => wrong::unless(false, || format!("{other:?}, not Malformed")),
    }
}

fn long() -> Verdict {
    let file = file(8, &[1, 3], &[10, 20, 30, 40]);
    refused(&file, 12, "promises 3 bytes").because(
        idx::parse(&file).is_ok(),
        "a byte is left over: compare for equality, the file may be another than its header says",
    )?;
    refused(&file, 12, "there are 4")
}

fn overflow() -> Verdict {
    // 2^16 to the fourth is 2^64, which wraps around to 0.
    let wraps = file(8, &[1 << 16; 4], &[]);
    refused(&wraps, 4, "no memory holds so many numbers")
        .because(
            idx::parse(&wraps).is_ok(),
            "the product wrapped around to 0, and 0 bytes follow: multiply with checked_mul",
        )
        .note("four sizes of 65,536")?;
    // 2^61 numbers of 8 bytes.
    refused(&file(0x0E, &[1 << 31, 1 << 30], &[]), 4, "no memory holds so many numbers")
        .note("2^61 numbers of 8 bytes")
}

fn zero() -> Verdict {
    let hidden = "the 0 hides what stands beside it: count sizes of 0 as 1 for the bound";
    let large = file(8, &[0, u32::MAX, u32::MAX, u32::MAX, u32::MAX], &[]);
    refused(&large, 4, "no memory holds so many numbers")
        .because(idx::parse(&large).is_ok(), hidden)
        .note("a product of 0, but a stride of 2^128")?;
    let bytes = file(8, &[0, 1 << 31, 1 << 31], &[]);
    refused(&bytes, 4, "no memory holds so many numbers")
        .because(
            idx::parse(&bytes).is_ok(),
            "a stride of 2^62 numbers fits, but not in bytes: the bound is isize::MAX / 8",
        )
        .note("sizes 0, 2^31 and 2^31")?;
    let got = idx::parse(&file(8, &[0, 28, 28], &[]))
        .map(|t| t.shape().to_vec())
        .map_err(|e| e.to_string());
    wrong::unless_eq(got, Ok(vec![0, 28, 28])).note("no pictures of 28 x 28 are a sound file")
}

fn foreign() -> Verdict {
    refused(&[0x1f, 0x8b, 8, 0, 0, 0], 0, "gzip file, unpack it first")
        .because(true, "1f 8b is how gzip begins: a packed file deserves its own advice")?;
    refused(&[0x89, b'P', b'N', b'G'], 0, "expected two zeros")?;
    refused(&file(7, &[1], &[0]), 2, "07")?;
    refused(&file(8, &[1; 7], &[0]), 3, "got 7")
}
