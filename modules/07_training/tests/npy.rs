//! `.npy` files against those that NumPy wrote (`npy/make.py`), and against every kind of damage.

use tinytorch_tensor::{Rng, Tensor};
use tinytorch_training::{TrainingError, load_npy, parse_npy, save_npy, serialize_npy};

macro_rules! numpy {
    ($name:literal) => {
        include_bytes!(concat!("npy/", $name, ".npy")) as &[u8]
    };
}

const GRID: [f32; 6] = [1.5, -2.0, 3.25, 0.0, -0.0, 1e-3];
const COUNTS: [i32; 6] = [1, -2, 3, 0, 127, -128];

#[track_caller]
fn assert_floats(file: &[u8], shape: &[usize], values: &[f32]) {
    let tensor = parse_npy(file).unwrap();
    assert_eq!(tensor.shape().to_vec(), shape);
    let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&tensor.to_vec()), bits(values));
}

#[track_caller]
fn assert_ints(file: &[u8], shape: &[usize], values: &[i32]) {
    let tensor = parse_npy(file).unwrap();
    assert_eq!((tensor.kind(), tensor.shape().to_vec()), ("i32", shape.to_vec()));
    assert_eq!(tensor.to_vec_i32(), values);
}

#[track_caller]
fn error_of(file: &[u8]) -> String {
    match parse_npy(file) {
        Err(error) => error.to_string(),
        Ok(tensor) => panic!("taken for an array of shape {:?}", tensor.shape().to_vec()),
    }
}

#[test]
fn floats_that_numpy_wrote_are_read() {
    assert_floats(numpy!("f4"), &[2, 3], &GRID);
    assert_floats(numpy!("f4_big_endian"), &[2, 3], &GRID);
    assert_floats(numpy!("f4_version_2"), &[2, 3], &GRID);
    assert_floats(numpy!("f4_version_3"), &[2, 3], &GRID);
    assert_floats(numpy!("f4_scalar"), &[], &[2.5]);
    assert_floats(numpy!("f4_vector"), &[3], &[1.0, 2.0, 3.0]);
    assert_floats(numpy!("f4_empty"), &[0, 3], &[]);
    assert_floats(numpy!("f8"), &[2, 3], &GRID);
    assert_floats(numpy!("f8_big_endian"), &[2, 3], &GRID);
    // The half nearest to 0.001 is 1049 x 2^-20.
    let halves = [1.5, -2.0, 3.25, 0.0, -0.0, 1049.0 / 1_048_576.0];
    assert_floats(numpy!("f2"), &[2, 3], &halves);
}

#[test]
fn integers_and_booleans_that_numpy_wrote_are_read() {
    assert_ints(numpy!("i1"), &[2, 3], &COUNTS);
    assert_ints(numpy!("i2_big_endian"), &[2, 3], &COUNTS);
    assert_ints(numpy!("i4"), &[2, 3], &COUNTS);
    assert_ints(numpy!("i8"), &[2, 3], &COUNTS);
    assert_ints(numpy!("u1"), &[2], &[0, 255]);
    assert_ints(numpy!("u4"), &[2], &[0, i32::MAX]);
    assert_ints(numpy!("b1"), &[3], &[1, 0, 1]);
}

#[test]
fn fortran_order_is_undone() {
    assert_floats(numpy!("f4_fortran"), &[2, 3], &GRID);
    let counting = (0..24).map(|n| n as f32).collect::<Vec<_>>();
    assert_floats(numpy!("f4_fortran_3d"), &[2, 3, 4], &counting);
}

#[test]
fn what_no_tensor_here_can_hold_is_an_error_with_a_cure() {
    assert!(error_of(numpy!("f8_too_large")).contains("1e300"));
    assert!(error_of(numpy!("i8_too_large")).contains("2147483648"));
    assert!(error_of(numpy!("f4_seven_dimensions")).contains("at most 6 axes"));
    assert!(error_of(numpy!("c8")).contains("astype('<f4')"));
    assert!(error_of(numpy!("record")).contains("expected a string"));
    assert!(error_of(numpy!("pickle")).contains("\"|O\""));
}

#[test]
fn what_we_write_is_what_numpy_writes() {
    let grid = Tensor::from_vec(GRID.to_vec(), [2, 3]);
    assert_eq!(serialize_npy(&grid).unwrap(), numpy!("f4"));
    let counts = Tensor::from_vec(COUNTS.to_vec(), [2, 3]);
    assert_eq!(serialize_npy(&counts).unwrap(), numpy!("i4"));
    assert_eq!(serialize_npy(&Tensor::from(2.5)).unwrap(), numpy!("f4_scalar"));
    assert_eq!(serialize_npy(&Tensor::from([1.0, 2.0, 3.0])).unwrap(), numpy!("f4_vector"));
    assert_eq!(serialize_npy(&Tensor::zeros([0, 3])).unwrap(), numpy!("f4_empty"));
}

#[test]
fn a_view_is_written_in_the_order_it_shows() {
    let grid = Tensor::from_vec(GRID.to_vec(), [3, 2]).transpose(0, 1);
    let written = parse_npy(&serialize_npy(&grid).unwrap()).unwrap();
    assert_eq!(written.shape(), [2, 3]);
    assert_eq!(written.to_vec(), grid.to_vec());
}

#[test]
fn a_file_cut_anywhere_or_with_bytes_to_spare_is_an_error() {
    for file in [numpy!("f4"), numpy!("f4_version_2"), numpy!("i8"), numpy!("f4_empty")] {
        for end in 0..file.len() {
            error_of(&file[..end]);
        }
        error_of(&[file, b"\0"].concat());
    }
}

#[test]
fn a_flipped_byte_never_panics() {
    let file = numpy!("f4_fortran_3d");
    for at in 0..file.len() {
        for flip in 1..=255 {
            let mut damaged = file.to_vec();
            damaged[at] ^= flip;
            // A flip among the numbers, or one that spells another header, gives another array.
            if let Ok(tensor) = parse_npy(&damaged) {
                assert!(4 * tensor.numel() <= file.len());
            }
        }
    }
}

#[test]
fn random_bytes_are_errors() {
    let mut rng = Rng::new(7);
    for _ in 0..20_000 {
        let len = rng.below(200) as usize;
        let mut file = (0..len).map(|_| rng.next_u32() as u8).collect::<Vec<_>>();
        error_of(&file);
        // With a true beginning, so that the header is read at all.
        let start = &numpy!("f4")[..10];
        file.splice(..len.min(10), start.iter().copied());
        error_of(&file);
    }
}

/// A file of version 1.0 with this header and this many bytes of zeros.
fn file_with(header: &str, zeros: usize) -> Vec<u8> {
    let length = (header.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\0", &length[..], header.as_bytes(), &vec![0; zeros]].concat()
}

#[test]
fn the_keys_come_in_any_order_and_either_kind_of_quotes() {
    for header in [
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}",
        "{\"shape\":(2,),\"fortran_order\":True,\"descr\":\"<f4\"}   \n",
        "{ 'shape' : ( 2 , ) , 'descr' : '<f4' , 'fortran_order' : False , } \n",
    ] {
        assert_floats(&file_with(header, 8), &[2], &[0.0, 0.0]);
    }
}

#[test]
fn a_lying_or_broken_header_is_an_error_before_anything_is_allocated() {
    for shape in [
        "(4611686018427387904,)",
        "(4611686018427387904, 4)",
        "(18446744073709551615, 2)",
        "(99999999999999999999,)",
        "(0, 4611686018427387904, 4611686018427387904)",
        "(-1,)",
        "(1.0,)",
        "(1)",
        "(1,,)",
        "(,)",
        "(0x1,)",
        "[1]",
        "1",
        "('1',)",
        "(1, (2,))",
        "(1L,)",
    ] {
        let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}\n");
        error_of(&file_with(&header, 4));
    }
    for header in [
        "",
        "{}",
        "[]",
        "{'descr': '<f4'}",
        "{'descr': '<f4', 'fortran_order': False}",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False 'shape': (1,)}",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} + 1",
        "{'descr': '\\x3cf4', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': 'f4', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '|f4', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': 'é4', 'fortran_order': False, 'shape': (1,)}",
        "{'descr",
    ] {
        error_of(&file_with(header, 4));
    }
    let wide = "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 4294967296), }\n";
    assert!(error_of(&file_with(wide, 0)).contains("less than 2^32"));
    // A header that says it is longer than the file, or than any header.
    error_of(b"\x93NUMPY\x02\0\xff\xff\xff\xff{}");
    error_of(&[b"\x93NUMPY\x02\0\x11\x27\0\0" as &[u8], &vec![b' '; 10_001]].concat());
    error_of(b"\x93NUMPY\x04\0\x02\0{}");
}

#[test]
fn a_file_is_saved_over_itself_and_errors_name_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.npy");
    let missing = load_npy(&path).unwrap_err();
    assert!(matches!(missing, TrainingError::Io { action: "read", .. }), "{missing:?}");

    save_npy(&path, &Tensor::from([1, 2, 3])).unwrap();
    let loaded = load_npy(&path).unwrap();
    save_npy(&path, &loaded).unwrap();
    assert_eq!(load_npy(&path).unwrap().to_vec_i32(), [1, 2, 3]);

    std::fs::write(&path, "not an array").unwrap();
    let message = load_npy(&path).unwrap_err().to_string();
    assert!(message.contains("weights.npy") && message.contains("NUMPY"), "{message}");
}
