//! CIFAR-10: 60,000 color photographs of 32 x 32 pixels in ten classes.
//!
//! The binary version is a row of records without header: one label byte, 0 to 9, then 3,072 pixel
//! bytes: the red plane row by row, then green, then blue. (Krizhevsky, "Learning multiple layers
//! of features from tiny images", 2009.)

use crate::dataset::TensorDataset;
use crate::error::DataError;
use crate::files::{in_file, read_member};
use std::path::Path;
use tinytorch_tensor::Tensor;

const PIXELS: usize = 3 * 32 * 32;
const RECORD: usize = 1 + PIXELS;
const CLASSES: u8 = 10;

/// CIFAR-10 from the unpacked binary version in `folder` (`data_batch_1.bin` to `data_batch_5.bin`
/// and `test_batch.bin`): `(train, test)`, pictures `[n, 3, 32, 32]` in `[0, 1]`, labels `[n]`.
///
/// # Errors
/// A file is missing (the message says what brings it), or is not a row of such records.
pub fn cifar10(folder: impl AsRef<Path>) -> Result<(TensorDataset, TensorDataset), DataError> {
    let part = |names: &[String]| -> Result<TensorDataset, DataError> {
        let folder = folder.as_ref();
        let read = |name: &String| read_member(folder, name, "cifar10");
        let files = names.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        for (name, bytes) in names.iter().zip(&files) {
            in_file(&folder.join(name), check(bytes))?;
        }
        Ok(pictures(&files))
    };
    let train: Vec<String> = (1..=5).map(|i| format!("data_batch_{i}.bin")).collect();
    Ok((part(&train)?, part(&["test_batch.bin".into()])?))
}

/// The pictures of one file held in `bytes`.
///
/// # Errors
/// The bytes are not whole records, or a label is not 0 to 9.
pub fn parse_cifar10(bytes: &[u8]) -> Result<TensorDataset, DataError> {
    check(bytes)?;
    Ok(pictures(&[bytes]))
}

/// That `bytes` are whole records with valid labels.
fn check(bytes: &[u8]) -> Result<(), DataError> {
    let malformed =
        |offset, problem| Err(DataError::Malformed { format: "cifar-10", offset, problem });
    let rest = bytes.len() % RECORD;
    if bytes.is_empty() || rest != 0 {
        let problem = format!("expected whole records of {RECORD} bytes, the last has {rest}");
        return malformed(bytes.len() - rest, problem);
    }
    match bytes.iter().step_by(RECORD).position(|&label| label >= CLASSES) {
        Some(i) => {
            let offset = i * RECORD;
            malformed(offset, format!("expected a label 0 to 9, got {}", bytes[offset]))
        }
        None => Ok(()),
    }
}

/// The records of files that were checked, one file after the other.
fn pictures(files: &[impl AsRef<[u8]>]) -> TensorDataset {
    let n = files.iter().map(|file| file.as_ref().len() / RECORD).sum();
    let mut labels = Vec::with_capacity(n);
    let mut pixels = Vec::with_capacity(n * PIXELS);
    for record in files.iter().flat_map(|file| file.as_ref().chunks_exact(RECORD)) {
        labels.push(i32::from(record[0]));
        pixels.extend(record[1..].iter().map(|&p| f32::from(p) / 255.0));
    }
    TensorDataset::new(Tensor::from_vec(pixels, [n, 3, 32, 32]), Tensor::from_vec(labels, [n]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Dataset;
    use std::fs;

    /// A record whose planes are filled with three values.
    fn record(label: u8, [red, green, blue]: [u8; 3]) -> Vec<u8> {
        [vec![label], vec![red; 1024], vec![green; 1024], vec![blue; 1024]].concat()
    }

    #[test]
    fn records_are_read_plane_by_plane() {
        let file = [record(3, [0, 51, 255]), record(9, [102, 0, 0])].concat();
        let data = parse_cifar10(&file).unwrap();
        assert_eq!(data.targets().to_vec_i32(), [3, 9]);
        assert_eq!(data.inputs().shape(), [2, 3, 32, 32]);
        let x = data.inputs().to_vec();
        assert_eq!([x[0], x[1024], x[2048], x[3072]], [0.0, 51.0 / 255.0, 1.0, 102.0 / 255.0]);
    }

    #[test]
    fn refusals_say_where_and_what() {
        let two = [record(3, [0; 3]), record(10, [0; 3])].concat();
        for (bytes, expected) in [
            (&[][..], "cifar-10: at byte 0: expected whole records of 3073 bytes, the last has 0"),
            (
                &two[..3072],
                "cifar-10: at byte 0: expected whole records of 3073 bytes, the last has 3072",
            ),
            (
                &two[..3074],
                "cifar-10: at byte 3073: expected whole records of 3073 bytes, the last has 1",
            ),
            (&two[..], "cifar-10: at byte 3073: expected a label 0 to 9, got 10"),
        ] {
            assert_eq!(parse_cifar10(bytes).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn the_five_training_files_are_joined_in_order_and_a_missing_one_is_named() {
        let folder = std::env::temp_dir().join(format!("cifar10-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        for i in 1..=5 {
            let bytes = [record(i, [i; 3]), record(0, [0; 3])].concat();
            fs::write(folder.join(format!("data_batch_{i}.bin")), bytes).unwrap();
        }
        let message = cifar10(&folder).unwrap_err().to_string();
        let expected = "test_batch.bin: no such file; `tito dataset download cifar10` brings it";
        assert!(message.ends_with(expected), "{message}");
        fs::write(folder.join("test_batch.bin"), record(7, [1; 3])).unwrap();
        let (train, test) = cifar10(&folder).unwrap();
        assert_eq!(train.targets().to_vec_i32(), [1, 0, 2, 0, 3, 0, 4, 0, 5, 0]);
        assert_eq!(test.len(), 1);
        fs::write(folder.join("data_batch_2.bin"), [1; 100]).unwrap();
        let message = cifar10(&folder).unwrap_err().to_string();
        assert!(message.contains("data_batch_2.bin: cifar-10: at byte 0"), "{message}");
        fs::remove_dir_all(folder).unwrap();
    }
}
