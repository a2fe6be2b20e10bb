//! 07.11: a table of contents.

use check::{Because, Check, Verdict, wrong};
use tinytorch_layers::StateDict;
use tinytorch_tensor::Tensor;
use tinytorch_training::{Metadata, serialize_safetensors};

pub const CHECKS: &[Check] = &[
    Check {
        id: "07.11.length",
        exercise: "07.11",
        fact: "the first 8 bytes are the header's length, lowest byte first",
        run: length,
    },
    Check {
        id: "07.11.text",
        exercise: "07.11",
        fact: "two tensors of 24 and 4 bytes lie at 0..24 and 24..28",
        run: text,
    },
    Check {
        id: "07.11.padding",
        exercise: "07.11",
        fact: "spaces make the header's length a multiple of 8, at most 7 of them",
        run: padding,
    },
    Check {
        id: "07.11.metadata",
        exercise: "07.11",
        fact: "metadata come first, and only when there are any",
        run: metadata,
    },
    Check {
        id: "07.11.numbers",
        exercise: "07.11",
        fact: "1.0 and -2.0 are the bytes 00 00 80 3F and 00 00 00 C0",
        run: numbers,
    },
    Check {
        id: "07.11.kinds",
        exercise: "07.11",
        fact: "integers are written as integers: dtype I32, and 7 is 07 00 00 00",
        run: kinds,
    },
    Check {
        id: "07.11.layouts",
        exercise: "07.11",
        fact: "a transposed matrix is written in the order in which it reads",
        run: layouts,
    },
    Check {
        id: "07.11.edges",
        exercise: "07.11",
        fact: "one number has the shape [], none at all take 0 bytes, quotes are escaped",
        run: edges,
    },
];

/// A file's header, and its numbers.
fn written(tensors: &[(&str, Tensor)], about: &[(&str, &str)]) -> (Vec<u8>, String, Vec<u8>) {
    let named = tensors.iter().map(|(name, tensor)| (name.to_string(), tensor.clone()));
    let about = about.iter().map(|(key, value)| (key.to_string(), value.to_string()));
    let tensors: StateDict = named.collect();
    let file =
        serialize_safetensors(&tensors, &about.collect::<Metadata>()).expect("plain tensors");
    let first = file.iter().position(|&byte| byte == b'{').unwrap_or(file.len());
    let last = 1 + brace_that_closes(&file[first..]) + first;
    let spaces = file[last.min(file.len())..].iter().take_while(|&&byte| byte == b' ').count();
    let end = (last + spaces).min(file.len());
    let header = String::from_utf8_lossy(&file[first..end]).into_owned();
    (file[..first].to_vec(), header, file[end..].to_vec())
}

/// Where the header's own brace closes; no name here has one.
fn brace_that_closes(json: &[u8]) -> usize {
    let mut depth = 0;
    let closes = json.iter().position(|byte| {
        depth += i32::from(*byte == b'{') - i32::from(*byte == b'}');
        depth == 0
    });
    closes.unwrap_or(json.len())
}

fn two() -> (Vec<u8>, String, Vec<u8>) {
    written(&[("a", Tensor::zeros([2, 3])), ("b", Tensor::ones([1]))], &[])
}

fn length() -> Verdict {
    let (length, header, _) = two();
    let backwards = length.len() == 8 && length[..6] == [0; 6];
    wrong::unless_eq(&length, &(header.len() as u64).to_le_bytes())
        .because(length.len() == 4, "4 bytes: the length is a u64")
        .because(length.is_empty(), "the file begins with the header: its length comes first")
        .because(backwards, "the highest byte came first: use to_le_bytes")
}

fn text() -> Verdict {
    let (_, header, _) = two();
    let want = concat!(
        r#"{"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"#,
        r#""b":{"dtype":"F32","shape":[1],"data_offsets":[24,28]}}"#
    );
    let got = header.trim_end();
    wrong::unless_eq(got, want)
        .because(got.contains("[0,6]"), "offsets count bytes, and a float has 4 of them")
        .because(got.contains("[24,4]"), "offsets are a beginning and an end, not a length")
        .because(got.contains("[0,4]"), "every tensor begins at 0: begin where the last one ended")
        .because(got.contains("[2, 3]"), "no spaces within")
        .because(
            got.contains("}\"b\"") || got.contains("{,"),
            "a comma between two, and only there",
        )
}

fn padding() -> Verdict {
    let tensor = || Tensor::zeros([1]);
    for name in ["a", "ab", "abc", "abcd", "abcde", "abcdef", "abcdefg", "abcdefgh"] {
        let (_, header, numbers) = written(&[(name, tensor())], &[]);
        let spaces = header.len() - header.trim_end().len();
        wrong::unless_eq((header.len() % 8, numbers.len()), (0, 4))
            .because(
                header.len() % 8 != 0,
                "the numbers begin at no multiple of 8: pad with spaces",
            )
            .note(format!("a header of {} bytes, {spaces} of them spaces", header.len()))?;
        wrong::unless(spaces < 8, || format!("{spaces} spaces"))
            .because(spaces == 8, "a length that is a multiple of 8 wants no spaces")?;
    }
    Ok(())
}

fn metadata() -> Verdict {
    let (_, header, _) = written(&[("a", Tensor::zeros([1]))], &[("epoch", "3"), ("by", "me")]);
    let want = concat!(
        r#"{"__metadata__":{"by":"me","epoch":"3"},"#,
        r#""a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#
    );
    wrong::unless_eq(header.trim_end(), want)?;
    let (_, header, _) = written(&[("a", Tensor::zeros([1]))], &[]);
    let without = !header.contains("__metadata__");
    wrong::unless(without, || "empty metadata were written")?;
    let (_, header, _) = written(&[], &[("epoch", "3")]);
    wrong::unless_eq(header.trim_end(), r#"{"__metadata__":{"epoch":"3"}}"#)
        .note("metadata alone: no comma behind")
}

fn numbers() -> Verdict {
    let (_, _, got) = written(&[("a", Tensor::from([1.0, -2.0]))], &[]);
    wrong::unless_eq(&got, &[0x00, 0x00, 0x80, 0x3F, 0x00, 0x00, 0x00, 0xC0])
        .because(got.first() == Some(&0x3F), "the highest byte came first: use to_le_bytes")
        .because(got.is_empty(), "there are no numbers after the header")
}

fn kinds() -> Verdict {
    let (_, header, got) = written(&[("a", Tensor::from([7, -1]))], &[]);
    wrong::unless(header.contains(r#""dtype":"I32""#), || header.clone())?;
    wrong::unless_eq(got, vec![7, 0, 0, 0, 255, 255, 255, 255])
}

fn layouts() -> Verdict {
    let turned = Tensor::from([[1.0, 2.0], [3.0, 4.0]]).transpose(0, 1);
    let (_, _, got) = written(&[("a", turned)], &[]);
    let got: Vec<f32> =
        got.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    wrong::unless_eq(&got, &[1.0, 3.0, 2.0, 4.0]).because(
        got == [1.0, 2.0, 3.0, 4.0],
        "this is the order of the storage: `data()` has the tensor's",
    )
}

fn edges() -> Verdict {
    let (_, header, numbers) = written(
        &[("none", Tensor::zeros([0, 3])), ("one", Tensor::from(5.0)), ("q\"", Tensor::zeros([1]))],
        &[],
    );
    let want = concat!(
        r#"{"none":{"dtype":"F32","shape":[0,3],"data_offsets":[0,0]},"#,
        r#""one":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"#,
        r#""q\"":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#
    );
    wrong::unless_eq(header.trim_end(), want)
        .because(header.contains("q\"\""), "a quote in a name ends the string: use write_string")?;
    wrong::unless_eq(numbers.len(), 8)?;
    let (_, header, _) = written(&[], &[]);
    wrong::unless_eq(header.trim_end(), "{}").note("no tensors at all")
}
