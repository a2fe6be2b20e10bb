//! The two data sets, cut into digits to learn from, to watch, and to be judged by.

use std::path::Path;

use stage::StageError;
use tinytorch::dataloader::{DataError, Subset, mnist, random_split};
use tinytorch::prelude::*;

/// Handwritten digits in three parts that share none.
pub struct Digits {
    /// The id of the data set in `course.toml`.
    pub name: &'static str,
    /// Pixels on a side of a picture.
    pub side: usize,
    /// To learn from.
    pub train: Subset,
    /// Taken out of the published training part, to watch the learning by.
    pub validation: Subset,
    /// The published test part, looked at once, when all is learned.
    pub test: TensorDataset,
}

/// The split is part of the task: the same for every seed.
const SPLIT: u64 = 1986;

impl Digits {
    /// TinyDigits, which come with the framework: 900, 100 and 200 pictures of 8 x 8.
    pub fn tiny() -> Self {
        let [train, validation] = random_split(TinyDigits::train(), [900, 100], SPLIT);
        Digits { name: "tinydigits", side: 8, train, validation, test: TinyDigits::test() }
    }

    /// MNIST from the folder `mnist` in `data_dir`: 55,000, 5,000 and 10,000 pictures of 28 x 28.
    ///
    /// # Errors
    /// [`StageError::MissingData`] when a file is not there, [`StageError::Input`] when one is
    /// not what it should be.
    pub fn mnist(data_dir: &Path) -> Result<Self, StageError> {
        let folder = data_dir.join("mnist");
        let (train, test) = mnist(&folder).map_err(|error| match error {
            DataError::Missing { .. } => StageError::missing_data("mnist", &folder),
            other => StageError::Input(other.to_string()),
        })?;
        let kept = train.len() / 12;
        let [train, validation] = random_split(train.clone(), [train.len() - kept, kept], SPLIT);
        Ok(Digits { name: "mnist", side: 28, train, validation, test })
    }
}

/// Pictures `[n, 1, side, side]` and labels `[n]` of the first `n` digits of a data set.
pub fn first(digits: &dyn Dataset, n: usize) -> (Tensor, Tensor) {
    let indices: Vec<usize> = (0..n.min(digits.len())).collect();
    let mut rngs: Vec<Rng> = indices.iter().map(|_| Rng::new(0)).collect();
    digits.batch(&indices, &mut rngs)
}

/// One digit of each class, from 0 to 9, the first that comes: pictures `[10, 1, side, side]` and
/// labels `[10]`.
pub fn one_of_each(digits: &dyn Dataset) -> (Tensor, Tensor) {
    let (pictures, labels) = first(digits, digits.len());
    let labels = labels.to_vec_i32();
    let place = |class: i32| labels.iter().position(|label| *label == class);
    let places: Vec<i32> = (0..10).filter_map(place).map(|place| place as i32).collect();
    let (n, found) = (places.len(), places.iter().map(|place| labels[*place as usize]).collect());
    (pictures.index_select(0, &Tensor::from_vec(places, [n])), Tensor::from_vec(found, [n]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_parts_of_tinydigits_share_no_picture() {
        let digits = Digits::tiny();
        let train: HashSet<usize> = digits.train.indices().iter().copied().collect();
        assert_eq!((train.len(), digits.validation.len(), digits.test.len()), (900, 100, 200));
        assert!(digits.validation.indices().iter().all(|index| !train.contains(index)));
    }

    #[test]
    fn one_of_each_is_ten_digits_in_order() {
        let (pictures, labels) = one_of_each(&Digits::tiny().validation);
        assert_eq!(pictures.shape(), [10, 1, 8, 8]);
        assert_eq!(labels.to_vec_i32(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }

    #[test]
    fn without_the_files_of_mnist_the_error_says_how_to_get_them() {
        let error = Digits::mnist(Path::new("/nowhere")).err().expect("there are no files");
        assert_eq!((error.kind(), error.exit_status()), ("missing_data", 3));
        assert!(error.to_string().contains("`tito dataset download mnist`"), "{error}");
    }

    #[test]
    fn files_that_are_not_mnist_are_named() {
        let folder = std::env::temp_dir().join(format!("not-mnist-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("mnist")).unwrap();
        for name in
            ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"]
        {
            std::fs::write(folder.join(format!("mnist/{name}-ubyte")), "<html>404</html>").unwrap();
        }
        let error = Digits::mnist(&folder).err().expect("this is no MNIST");
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!((error.kind(), error.exit_status()), ("input", 2));
        assert!(error.to_string().contains("-ubyte"), "{error}");
    }
}
