//! Safetensors files against the reference crate, both ways, and against every kind of damage.

use std::collections::HashMap;

use safetensors::tensor::{Dtype as Reference, TensorView};
use tinytorch_layers::StateDict;
use tinytorch_tensor::{Rng, Tensor};
use tinytorch_training::{
    Dtype, Metadata, SafetensorsHeader, TrainingError, load_safetensors, parse_safetensors,
    save_safetensors, serialize_safetensors,
};

/// A small model's worth of tensors: both kinds, a scalar, an empty one, a name to be escaped.
fn sample() -> StateDict {
    StateDict::from(
        [
            ("fc1.weight", Tensor::from([[1.5, -2.0, f32::MIN_POSITIVE], [0.0, -0.0, 1e30]])),
            ("fc1.bias", Tensor::from([f32::INFINITY, -1e-45])),
            ("a \"quoted\"\\\n\u{1}\u{1f980} name", Tensor::from([3.0])),
            ("steps", Tensor::from([i32::MIN, -1, i32::MAX])),
            ("scalar", Tensor::from(7.0)),
            ("empty", Tensor::from_vec(Vec::<f32>::new(), [0, 4])),
        ]
        .map(|(name, tensor)| (name.to_string(), tensor)),
    )
}

fn about() -> Metadata {
    Metadata::from([("epoch".to_string(), "3 \u{7f}\t\"".to_string())])
}

/// The bytes of a tensor, as the formats hold them.
fn bytes_of(tensor: &Tensor) -> Vec<u8> {
    match tensor.kind() {
        "i32" => tensor.ints().iter().flat_map(|n| n.to_le_bytes()).collect(),
        _ => tensor.data().iter().flat_map(|n| n.to_le_bytes()).collect(),
    }
}

#[track_caller]
fn assert_same(left: &StateDict, right: &StateDict) {
    assert!(left.keys().eq(right.keys()), "{:?} {:?}", left.keys(), right.keys());
    for (name, tensor) in left {
        assert_eq!(tensor.kind(), right[name].kind(), "{name}");
        assert_eq!(tensor.shape().to_vec(), right[name].shape().to_vec(), "{name}");
        assert_eq!(bytes_of(tensor), bytes_of(&right[name]), "{name}");
    }
}

/// A file with this header and this many zeros for numbers.
fn file_with(header: &str, zeros: usize) -> Vec<u8> {
    let length = (header.len() as u64).to_le_bytes();
    [&length[..], header.as_bytes(), &vec![0; zeros]].concat()
}

#[track_caller]
fn error_of(file: &[u8]) -> String {
    match parse_safetensors(file) {
        Err(error) => error.to_string(),
        Ok((tensors, _)) => panic!("taken for a file with {:?}", tensors.keys()),
    }
}

#[test]
fn what_we_write_the_reference_reads() {
    let tensors = sample();
    let file = serialize_safetensors(&tensors, &about()).unwrap();
    let theirs = safetensors::SafeTensors::deserialize(&file).unwrap();
    assert_eq!(theirs.len(), tensors.len());
    for (name, tensor) in &tensors {
        let view = theirs.tensor(name).unwrap();
        assert_eq!(view.shape(), tensor.shape().to_vec(), "{name}");
        assert_eq!(view.data(), bytes_of(tensor), "{name}");
    }
    let (_, header) = safetensors::SafeTensors::read_metadata(&file).unwrap();
    assert_eq!(header.metadata().clone().unwrap(), about().into_iter().collect());
}

#[test]
fn what_we_write_is_what_the_reference_writes() {
    let tensors = sample();
    let held = tensors.iter().map(|(name, tensor)| {
        let dtype = if tensor.kind() == "i32" { Reference::I32 } else { Reference::F32 };
        (name.clone(), dtype, tensor.shape().to_vec(), bytes_of(tensor))
    });
    let held = held.collect::<Vec<_>>();
    let views = held.iter().map(|(name, dtype, shape, bytes)| {
        (name.clone(), TensorView::new(*dtype, shape.clone(), bytes).unwrap())
    });
    // One key at most: the reference writes several in a random order.
    let metadata = about().into_iter().collect::<HashMap<_, _>>();
    let theirs = safetensors::serialize(views.clone(), Some(metadata)).unwrap();
    assert_eq!(serialize_safetensors(&tensors, &about()).unwrap(), theirs);
    let theirs = safetensors::serialize(views, None).unwrap();
    assert_eq!(serialize_safetensors(&tensors, &Metadata::new()).unwrap(), theirs);
}

#[test]
fn what_we_write_we_read() {
    for tensors in [sample(), StateDict::new()] {
        for metadata in [about(), Metadata::new()] {
            let file = serialize_safetensors(&tensors, &metadata).unwrap();
            assert_eq!(file, serialize_safetensors(&tensors, &metadata).unwrap());
            let (loaded, about) = parse_safetensors(&file).unwrap();
            assert_same(&loaded, &tensors);
            assert_eq!(about, metadata);
        }
    }
}

/// A file that the reference wrote, with one tensor `x` of two numbers.
fn theirs(dtype: Reference, bytes: &[u8]) -> Vec<u8> {
    safetensors::serialize([("x", TensorView::new(dtype, vec![2], bytes).unwrap())], None).unwrap()
}

#[test]
fn every_type_that_the_reference_writes_is_read_or_named() {
    let floats: [(Reference, Vec<u8>); 4] = [
        (Reference::F32, [1.5f32, -0.25].iter().flat_map(|n| n.to_le_bytes()).collect()),
        (Reference::F64, [1.5f64, -0.25].iter().flat_map(|n| n.to_le_bytes()).collect()),
        (Reference::F16, [0x3e00u16, 0xb400].iter().flat_map(|n| n.to_le_bytes()).collect()),
        (Reference::BF16, [0x3fc0u16, 0xbe80].iter().flat_map(|n| n.to_le_bytes()).collect()),
    ];
    for (dtype, bytes) in floats {
        let (tensors, _) = parse_safetensors(&theirs(dtype, &bytes)).unwrap();
        assert_eq!(tensors["x"].to_vec(), [1.5, -0.25], "{dtype:?}");
    }
    let integers: [(Reference, Vec<u8>, [i32; 2]); 9] = [
        (Reference::BOOL, vec![1, 0], [1, 0]),
        (Reference::U8, vec![255, 0], [255, 0]),
        (Reference::I8, vec![255, 127], [-1, 127]),
        (Reference::U16, vec![255, 255, 1, 0], [65_535, 1]),
        (Reference::I16, vec![255, 255, 1, 0], [-1, 1]),
        (Reference::I32, vec![255, 255, 255, 255, 1, 0, 0, 0], [-1, 1]),
        (Reference::U32, vec![255, 255, 255, 127, 1, 0, 0, 0], [i32::MAX, 1]),
        (Reference::I64, [-5i64, 9].iter().flat_map(|n| n.to_le_bytes()).collect(), [-5, 9]),
        (Reference::U64, [5u64, 9].iter().flat_map(|n| n.to_le_bytes()).collect(), [5, 9]),
    ];
    for (dtype, bytes, values) in integers {
        let (tensors, _) = parse_safetensors(&theirs(dtype, &bytes)).unwrap();
        assert_eq!(tensors["x"].to_vec_i32(), values, "{dtype:?}");
    }
    for (dtype, width) in [(Reference::C64, 8), (Reference::F8_E4M3, 1), (Reference::F4, 0)] {
        let file = theirs(dtype, &vec![0; (2 * width).max(1)]);
        assert_eq!(SafetensorsHeader::parse(&file).unwrap().tensors["x"].shape, [2]);
        let message = error_of(&file);
        assert!(message.contains("`x`") && message.contains(&format!("{dtype:?}")), "{message}");
    }
}

#[test]
fn a_number_that_does_not_fit_is_named() {
    let wide = |dtype, number: [u8; 8]| error_of(&theirs(dtype, &[[0; 8], number].concat()));
    assert!(wide(Reference::I64, 2_147_483_648i64.to_le_bytes()).contains("2147483648"));
    assert!(wide(Reference::U64, u64::MAX.to_le_bytes()).contains("18446744073709551615"));
    assert!(wide(Reference::F64, (-1e39f64).to_le_bytes()).contains("-1e39"));
    assert!(error_of(&theirs(Reference::U32, &[0xff; 8])).contains("4294967295"));
    assert!(error_of(&theirs(Reference::BOOL, &[1, 2])).contains("BOOL 2"));
    // What was infinite or no number before stays so.
    let file = [f64::INFINITY, f64::NAN].map(f64::to_le_bytes).concat();
    let (tensors, _) = parse_safetensors(&theirs(Reference::F64, &file)).unwrap();
    let values = tensors["x"].to_vec();
    assert!(values[0] == f32::INFINITY && values[1].is_nan());
}

#[test]
fn the_header_is_read_without_the_numbers() {
    let file = serialize_safetensors(&sample(), &about()).unwrap();
    let header = SafetensorsHeader::parse(&file).unwrap();
    assert_eq!(header.metadata, about());
    assert_eq!(header.data_len, 4 * (6 + 2 + 1 + 3 + 1));
    let weight = &header.tensors["fc1.weight"];
    assert_eq!((weight.dtype, weight.shape.as_slice()), (Dtype::F32, &[2, 3][..]));
    let start = file.len() - header.data_len as usize;
    let range = start + weight.bytes.start as usize..start + weight.bytes.end as usize;
    assert_eq!(file[range], bytes_of(&sample()["fc1.weight"]));
}

#[test]
fn a_file_cut_anywhere_or_with_bytes_to_spare_is_an_error() {
    let file = serialize_safetensors(&sample(), &about()).unwrap();
    for end in 0..file.len() {
        error_of(&file[..end]);
    }
    error_of(&[&file[..], b"\0"].concat());
}

/// Where we take a file, the reference takes it too, and sees the same tensors.
fn assert_never_laxer_than_the_reference(file: &[u8]) {
    if let Ok(header) = SafetensorsHeader::parse(file) {
        let theirs = safetensors::SafeTensors::deserialize(file).unwrap();
        assert_eq!(theirs.len(), header.tensors.len());
        for (name, entry) in header.tensors {
            assert_eq!(theirs.tensor(&name).unwrap().shape(), entry.shape);
        }
    }
    // Must return, whatever it returns, with no more numbers than the file has bytes.
    if let Ok((tensors, _)) = parse_safetensors(file) {
        assert!(tensors.values().map(Tensor::numel).sum::<usize>() <= file.len());
    }
}

#[test]
fn a_flipped_byte_never_panics_and_never_shows_what_the_reference_refuses() {
    let file = serialize_safetensors(&sample(), &about()).unwrap();
    for at in 0..file.len() {
        for flip in 1..=255 {
            let mut damaged = file.clone();
            damaged[at] ^= flip;
            assert_never_laxer_than_the_reference(&damaged);
        }
    }
}

#[test]
fn random_bytes_and_random_edits_never_panic() {
    let mut rng = Rng::new(11);
    let whole = serialize_safetensors(&sample(), &about()).unwrap();
    let header = String::from_utf8(whole[8..whole.len() - 52].to_vec()).unwrap();
    let pieces = [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "\\u0041",
        "0",
        "-1",
        "1e9",
        "null",
        " ",
        "18446744073709551615",
        "\"x\":{}",
        "\"dtype\":\"F64\",",
        "\"__metadata__\":{},",
    ];
    for _ in 0..20_000 {
        let len = rng.below(64) as usize;
        let noise = (0..len).map(|_| rng.next_u32() as u8).collect::<Vec<_>>();
        error_of(&noise);
        // A sound header with pieces of JSON dropped into it and cut out of it.
        let mut text = header.clone();
        for _ in 0..=rng.below(3) {
            let places = text.char_indices().map(|(at, _)| at).collect::<Vec<_>>();
            let at = rng.below(places.len() as u64) as usize;
            let end = places[(at + rng.below(4) as usize).min(places.len() - 1)];
            let piece = pieces[rng.below(pieces.len() as u64) as usize];
            text.replace_range(places[at]..end, piece);
        }
        assert_never_laxer_than_the_reference(&file_with(&text, 52));
    }
}

#[test]
fn a_header_that_breaks_a_rule_is_an_error_that_says_which() {
    let x = r#""dtype":"F32","shape":[2],"data_offsets":[0,8]"#;
    let sound = format!(r#"{{"x":{{{x}}}}}"#);
    assert!(parse_safetensors(&file_with(&sound, 8)).is_ok());
    assert!(parse_safetensors(&file_with(&format!("{sound}   "), 8)).is_ok());
    let cases = [
        (format!(" {sound}"), 8, "begin"),
        (format!("{sound}\n"), 8, "follows"),
        (format!("{sound}{{}}"), 8, "follows"),
        (String::new(), 0, "begin"),
        ("[]".to_string(), 0, "begin"),
        ("null".to_string(), 0, "begin"),
        (format!(r#"{{"x":{{{x}}},"x":{{{x}}}}}"#), 8, "twice"),
        (format!(r#"{{"x":{{{x},"dtype":"F32"}}}}"#), 8, "twice"),
        (format!(r#"{{"x":{{{x},"extra":1}}}}"#), 8, "unknown key"),
        (format!(r#"{{"x":{{{x}}},}}"#), 8, "string"),
        (r#"{"__metadata__":{"a":1}}"#.to_string(), 0, "string"),
        (r#"{"__metadata__":null}"#.to_string(), 0, "`{`"),
        (r#"{"__metadata__":{"a":"1","a":"2"}}"#.to_string(), 0, "twice"),
        (sound.clone(), 7, "8 bytes of numbers, the file has 7"),
        (sound.clone(), 9, "the file has 9"),
        (sound.replace("[0,8]", "[4,12]"), 12, "a gap"),
        (sound.replace("[0,8]", "[8,0]"), 8, "its offsets are"),
        (sound.replace("[0,8]", "[0,4]"), 4, "takes 8 bytes"),
        (sound.replace("[0,8]", "[0]"), 8, "data_offsets"),
        (sound.replace("[0,8]", "[0,8,8]"), 8, "data_offsets"),
        (sound.replace("[0,8]", "[18446744073709551608,0]"), 8, "its offsets are"),
        (sound.replace("[2]", "[4611686018427387904]"), 8, "impossible"),
        (sound.replace("[2]", "[4294967296,4294967296]"), 8, "impossible"),
        (sound.replace("[2]", "[0,4611686018427387904,9]"), 8, "impossible"),
        (sound.replace("[2]", "[-2]"), 8, "whole number"),
        (sound.replace("[2]", "[2.0]"), 8, "plain digits"),
        (sound.replace("F32", "F33"), 8, "F33"),
        (sound.replace("F32", "F4").replace("[2]", "[3]"), 8, "impossible"),
        (sound.replace(r#""dtype":"F32","#, ""), 8, "no `dtype`"),
        (sound.replace(r#""shape":[2],"#, ""), 8, "no `shape`"),
        (format!(r#"{{"x":{{{x}}},"y":{{{x}}}}}"#), 8, "an overlap"),
        (format!(r#"{{"x":{{{x}}},"y":{{{x}}}}}"#), 16, "an overlap"),
        (r#"{"x":{"y":{"z":{}}}}"#.to_string(), 0, "unknown key"),
        ("{\"x".to_string(), 0, "ends"),
        ("[".repeat(100_000), 0, "begin"),
        (format!(r#"{{"x":{}"#, "{".repeat(100_000)), 0, "string"),
    ];
    for (header, zeros, word) in cases {
        let message = error_of(&file_with(&header, zeros));
        assert!(message.contains(word), "expected {word:?} of {header:.60}: {message}");
    }
    let seven = sound.replace("[2]", "[2,1,1,1,1,1,1]");
    assert!(error_of(&file_with(&seven, 8)).contains("at most 6 axes"));
    let wide = sound.replace("[2]", "[0,4294967296]").replace("[0,8]", "[0,0]");
    assert!(error_of(&file_with(&wide, 0)).contains("less than 2^32"));
}

#[test]
fn a_length_that_lies_is_an_error_before_anything_is_allocated() {
    for length in [1, 7, 100_000_000, 100_000_001, u64::MAX / 2, u64::MAX - 7, u64::MAX] {
        let message = error_of(&length.to_le_bytes());
        assert!(message.contains("header of"), "{message}");
    }
    assert!(error_of(&[]).contains("cut short"));
}

#[test]
fn what_no_reader_takes_is_not_written() {
    let named = |name: &str| StateDict::from([(name.to_string(), Tensor::from([1.0]))]);
    let error = serialize_safetensors(&named("__metadata__"), &Metadata::new()).unwrap_err();
    assert!(error.to_string().contains("rename"), "{error}");
    let long = Metadata::from([("note".to_string(), "x".repeat(100_000_000))]);
    let error = serialize_safetensors(&named("x"), &long).unwrap_err();
    assert!(error.to_string().contains("shorten"), "{error}");
    let folder = tempfile::tempdir().unwrap();
    assert!(save_safetensors(folder.path().join("x"), &named("x"), &long).is_err());
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
}

#[test]
fn a_file_is_saved_over_itself() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    save_safetensors(&path, &sample(), &about()).unwrap();
    let first = std::fs::read(&path).unwrap();
    let (tensors, metadata) = load_safetensors(&path).unwrap();
    save_safetensors(&path, &tensors, &metadata).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), first);
    assert_eq!(folder.path().read_dir().unwrap().count(), 1);
}

#[test]
fn an_error_names_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let missing = load_safetensors(&path).unwrap_err();
    assert!(matches!(missing, TrainingError::Io { action: "read", .. }), "{missing:?}");
    std::fs::write(&path, "a pickle, perhaps").unwrap();
    let message = load_safetensors(&path).unwrap_err().to_string();
    assert!(message.contains("model.safetensors") && message.contains("header of"), "{message}");
}
