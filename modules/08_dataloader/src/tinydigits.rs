//! TinyDigits: 1,200 handwritten digits of 8 x 8 pixels that come with the framework.

use crate::dataset::TensorDataset;
use crate::mnist::{labeled_pictures, parse_labels};

/// Pixels go from 0, paper, to 16, ink.
const INK: f32 = 16.0;

/// The bytes of a file of the data set, part of the program. The only place that knows where the
/// files lie.
macro_rules! shipped {
    ($name:literal) => {
        include_bytes!(concat!("../../../datasets/tinydigits/", $name))
    };
}

/// 1,000 training and 200 test pictures of handwritten digits, 100 and 20 of each.
///
/// Pictures `[n, 1, 8, 8]` in `[0, 1]`, labels `[n]` 0 to 9, classes in turn. From E. Alpaydin and
/// C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository (1998),
/// CC BY 4.0; `datasets/tinydigits/README.md` says how they were chosen.
///
/// ```
/// use tinytorch_dataloader::{Dataset, TinyDigits};
///
/// let train = TinyDigits::train();
/// assert_eq!(train.inputs().shape(), [1000, 1, 8, 8]);
/// assert_eq!(TinyDigits::test().len(), 200);
/// ```
pub struct TinyDigits;

impl TinyDigits {
    /// The 1,000 pictures to learn from.
    pub fn train() -> TensorDataset {
        part(shipped!("train-images-idx3-ubyte"), shipped!("train-labels-idx1-ubyte"))
    }

    /// The 200 pictures to be judged by.
    pub fn test() -> TensorDataset {
        part(shipped!("test-images-idx3-ubyte"), shipped!("test-labels-idx1-ubyte"))
    }
}

fn part(images: &[u8], labels: &[u8]) -> TensorDataset {
    parse_labels(labels)
        .and_then(|labels| labeled_pictures(images, labels, [8, 8], INK))
        .expect("the files were checked when they were shipped")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn each_digit_comes_100_times_in_train_and_20_times_in_test() {
        for (part, each) in [(TinyDigits::train(), 100), (TinyDigits::test(), 20)] {
            assert_eq!(part.inputs().shape(), [10 * each, 1, 8, 8]);
            let labels = part.targets().to_vec_i32();
            for digit in 0..10 {
                assert_eq!(labels.iter().filter(|&&label| label == digit).count(), each);
            }
            assert_eq!(labels[..12], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]);
        }
    }

    #[test]
    fn no_picture_comes_twice_in_either_part() {
        let (train, test) = (TinyDigits::train(), TinyDigits::test());
        let pixels = [train.inputs().to_vec(), test.inputs().to_vec()].concat();
        let pictures: HashSet<Vec<u8>> =
            pixels.chunks_exact(64).map(|p| p.iter().map(|x| (x * INK) as u8).collect()).collect();
        assert_eq!(pictures.len(), 1200);
    }

    #[test]
    fn pixels_go_from_0_to_1_in_sixteenths() {
        let pixels = TinyDigits::train().inputs().to_vec();
        assert!(pixels.iter().all(|p| (0.0..=1.0).contains(p) && (p * INK).fract() == 0.0));
        assert!(pixels.contains(&1.0) && pixels.contains(&0.0));
    }

    #[test]
    fn the_first_picture_is_the_zero_that_heads_the_source() {
        let expected = [
            [0, 0, 5, 13, 9, 1, 0, 0],
            [0, 0, 13, 15, 10, 15, 5, 0],
            [0, 3, 15, 2, 0, 11, 8, 0],
            [0, 4, 12, 0, 0, 8, 8, 0],
            [0, 5, 8, 0, 0, 9, 8, 0],
            [0, 4, 11, 0, 1, 12, 7, 0],
            [0, 2, 14, 5, 10, 12, 0, 0],
            [0, 0, 6, 13, 10, 0, 0, 0],
        ];
        let first = TinyDigits::train().inputs().select(0, 0).to_vec();
        let first: Vec<u8> = first.iter().map(|x| (x * INK) as u8).collect();
        assert_eq!(first, expected.concat());
    }
}
