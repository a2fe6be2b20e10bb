//! MNIST: 70,000 handwritten digits of 28 x 28 pixels, and every data set stored like it.

use crate::dataset::TensorDataset;
use crate::error::DataError;
use crate::files::{in_file, read_member};
use crate::idx::{self, Element};
use std::path::Path;
use tinytorch_tensor::Tensor;

const CLASSES: i32 = 10;

/// MNIST from the four unpacked IDX files in `folder`: `(train, test)`, pictures `[n, 1, 28, 28]`
/// in `[0, 1]`, labels `[n]` 0 to 9.
///
/// Fashion-MNIST and KMNIST, whose files have the same names, are read too. (LeCun, Bottou, Bengio,
/// Haffner, "Gradient-based learning applied to document recognition", 1998.)
///
/// # Errors
/// A file is missing (the message says what brings it), is not IDX, or does not hold such pictures
/// and as many labels.
pub fn mnist(folder: impl AsRef<Path>) -> Result<(TensorDataset, TensorDataset), DataError> {
    let folder = folder.as_ref();
    let part = |images: &str, labels: &str| {
        let pictures = read_member(folder, images, "mnist")?;
        let digits = read_member(folder, labels, "mnist")?;
        let digits = in_file(&folder.join(labels), parse_labels(&digits))?;
        in_file(&folder.join(images), labeled_pictures(&pictures, digits, [28, 28], 255.0))
    };
    Ok((
        part("train-images-idx3-ubyte", "train-labels-idx1-ubyte")?,
        part("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")?,
    ))
}

/// Labels `[n]` from an IDX file of bytes, each checked to be a class.
pub(crate) fn parse_labels(bytes: &[u8]) -> Result<Tensor, DataError> {
    let file = idx::parse(bytes)?;
    let mismatch = |problem| Err(DataError::Mismatch { problem });
    if (file.element(), file.shape().len()) != (Element::U8, 1) {
        let problem =
            format!("expected labels [n] of U8, got {:?} of {:?}", file.shape(), file.element());
        return mismatch(problem);
    }
    let labels = file.ints()?;
    let wrong = labels.ints().iter().copied().enumerate().find(|(_, label)| *label >= CLASSES);
    match wrong {
        Some((i, label)) => mismatch(format!("expected labels 0 to 9, got at {i}: {label}")),
        None => Ok(labels),
    }
}

/// Pictures `[n, 1, rows, columns]` from an IDX file of bytes, divided by `white`, with `labels`.
pub(crate) fn labeled_pictures(
    images: &[u8],
    labels: Tensor,
    [rows, columns]: [usize; 2],
    white: f32,
) -> Result<TensorDataset, DataError> {
    let file = idx::parse(images)?;
    let expected = [labels.numel(), rows, columns];
    if file.element() != Element::U8 || file.shape() != expected {
        let (shape, element) = (file.shape(), file.element());
        let problem = format!(
            "expected pictures {expected:?} of U8 for these labels, got {shape:?} of {element:?}"
        );
        return Err(DataError::Mismatch { problem });
    }
    let pixels: Vec<f32> = file.payload().iter().map(|&p| f32::from(p) / white).collect();
    let pictures = Tensor::from_vec(pixels, [labels.numel(), 1, rows, columns]);
    Ok(TensorDataset::new(pictures, labels))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Dataset;
    use std::fs;
    use std::path::PathBuf;

    const NAMES: [&str; 4] = [
        "train-images-idx3-ubyte",
        "train-labels-idx1-ubyte",
        "t10k-images-idx3-ubyte",
        "t10k-labels-idx1-ubyte",
    ];

    /// `n` pictures whose every pixel is the picture's number, and `n` labels.
    fn contents(n: u8) -> [Vec<u8>; 2] {
        let mut images = vec![0, 0, 8, 3, 0, 0, 0, n, 0, 0, 0, 28, 0, 0, 0, 28];
        images.extend((0..n).flat_map(|i| [i; 784]));
        let mut labels = vec![0, 0, 8, 1, 0, 0, 0, n];
        labels.extend((0..n).map(|i| i % 10));
        [images, labels]
    }

    /// A folder of its own with three training and two test pictures.
    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("mnist-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        for (name, bytes) in NAMES.iter().zip(contents(3).into_iter().chain(contents(2))) {
            fs::write(folder.join(name), bytes).unwrap();
        }
        folder
    }

    #[test]
    fn both_parts_are_read_and_scaled() {
        let folder = folder("whole");
        let (train, test) = mnist(&folder).unwrap();
        assert_eq!((train.len(), test.len()), (3, 2));
        assert_eq!(train.inputs().shape(), [3, 1, 28, 28]);
        assert_eq!(train.targets().to_vec_i32(), [0, 1, 2]);
        assert_eq!(train.inputs().to_vec()[2 * 784..], [2.0 / 255.0; 784]);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_missing_file_is_named_with_what_brings_it() {
        let folder = folder("missing");
        fs::remove_file(folder.join(NAMES[2])).unwrap();
        let message = mnist(&folder).unwrap_err().to_string();
        let expected =
            "t10k-images-idx3-ubyte: no such file; `tito dataset download mnist` brings it";
        assert!(message.ends_with(expected), "{message}");
        fs::write(folder.join(NAMES[2]).with_extension("gz"), []).unwrap();
        let message = mnist(&folder).unwrap_err().to_string();
        assert!(message.contains("no such file; unpack it with: gunzip --keep "), "{message}");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn files_that_do_not_belong_together_are_refused() {
        let folder = folder("mixed");
        let [images, mut labels] = contents(2);
        fs::write(folder.join(NAMES[1]), &labels).unwrap();
        let message = mnist(&folder).unwrap_err().to_string();
        let expected = "train-images-idx3-ubyte: expected pictures [2, 28, 28] of U8 for these \
                        labels, got [3, 28, 28] of U8";
        assert!(message.ends_with(expected), "{message}");

        labels[9] = 10;
        fs::write(folder.join(NAMES[1]), &labels).unwrap();
        let message = mnist(&folder).unwrap_err().to_string();
        let expected = "train-labels-idx1-ubyte: expected labels 0 to 9, got at 1: 10";
        assert!(message.ends_with(expected), "{message}");

        fs::write(folder.join(NAMES[1]), &images).unwrap();
        let message = mnist(&folder).unwrap_err().to_string();
        let expected = "expected labels [n] of U8, got [2, 28, 28] of U8";
        assert!(message.ends_with(expected), "{message}");
        fs::remove_dir_all(folder).unwrap();
    }
}
