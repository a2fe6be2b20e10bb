//! The two data sets, cut into pictures to learn from, to watch, and to be judged by.

use std::path::Path;
use std::sync::Arc;

use stage::StageError;
use tinytorch::dataloader::{DataError, Normalize, cifar10, random_split};
use tinytorch::prelude::*;

/// Labeled pictures in three parts that share none.
pub struct Pictures {
    /// The id of the data set in `course.toml`.
    pub name: &'static str,
    /// `[channels, height, width]` of a picture.
    pub shape: [usize; 3],
    /// The names of the classes.
    pub classes: [&'static str; 10],
    /// To learn from.
    pub train: Arc<dyn Dataset>,
    /// Taken out of the published training part, to watch the learning by.
    pub validation: Arc<dyn Dataset>,
    /// The published test part, looked at once, when all is learned.
    pub test: Arc<dyn Dataset>,
    /// How the pixels were scaled, so that they can be shown again.
    pub scale: Option<Normalize>,
}

/// The split is part of the task: the same for every seed.
const SPLIT: u64 = 1998;

impl Pictures {
    /// TinyDigits, which come with the framework: 900, 100 and 200 pictures of 8 x 8.
    pub fn tiny_digits() -> Self {
        let [train, validation] = random_split(TinyDigits::train(), [900, 100], SPLIT);
        Pictures {
            name: "tinydigits",
            shape: [1, 8, 8],
            classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
            train: Arc::new(train),
            validation: Arc::new(validation),
            test: Arc::new(TinyDigits::test()),
            scale: None,
        }
    }

    /// CIFAR-10 from the folder `cifar10` in `data_dir`: 48,000, 2,000 and 10,000 photographs of
    /// 32 x 32, each color brought to mean 0 and deviation 1 by the numbers of the training part.
    ///
    /// # Errors
    /// [`StageError::MissingData`] when a file is not there, [`StageError::Input`] when one is
    /// not what it should be.
    pub fn cifar10(data_dir: &Path) -> Result<Self, StageError> {
        let folder = data_dir.join("cifar10");
        let (train, test) = cifar10(&folder).map_err(|error| match error {
            DataError::Missing { .. } => StageError::missing_data("cifar10", &folder),
            other => StageError::Input(other.to_string()),
        })?;
        let scale = Normalize::fit(train.inputs());
        let scaled =
            |set: &TensorDataset| TensorDataset::new(scale.of(set.inputs()), set.targets().clone());
        let kept = train.len() / 25;
        let [learned, validation] = random_split(scaled(&train), [train.len() - kept, kept], SPLIT);
        Ok(Pictures {
            name: "cifar10",
            shape: [3, 32, 32],
            classes: [
                "airplane", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
            ],
            train: Arc::new(learned),
            validation: Arc::new(validation),
            test: Arc::new(scaled(&test)),
            scale: Some(scale),
        })
    }
}

/// Pictures `[n, c, h, w]` and labels `[n]` of the first `n` of a data set.
pub fn first(pictures: &dyn Dataset, n: usize) -> (Tensor, Tensor) {
    let indices: Vec<usize> = (0..n.min(pictures.len())).collect();
    let mut rngs: Vec<Rng> = indices.iter().map(|_| Rng::new(0)).collect();
    pictures.batch(&indices, &mut rngs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_tinydigits_add_up() {
        let digits = Pictures::tiny_digits();
        let parts = [&digits.train, &digits.validation, &digits.test].map(|part| part.len());
        assert_eq!(parts, [900, 100, 200]);
        assert_eq!(first(&*digits.test, 3).0.shape(), [3, 1, 8, 8]);
    }

    #[test]
    fn without_the_files_of_cifar10_the_error_says_how_to_get_them() {
        let error = Pictures::cifar10(Path::new("/nowhere")).err().expect("there are no files");
        assert_eq!((error.kind(), error.exit_status()), ("missing_data", 3));
        assert!(error.to_string().contains("`tito dataset download cifar10`"), "{error}");
    }

    #[test]
    fn photographs_are_scaled_by_the_colors_of_the_training_part() {
        let folder = std::env::temp_dir().join(format!("cifar-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("cifar10")).unwrap();
        let names = (1..=5).map(|i| format!("data_batch_{i}.bin"));
        for (i, name) in names.chain(["test_batch.bin".to_owned()]).enumerate() {
            // Ten photographs a file: all colors 40 apart, brighter from file to file.
            let photo = |n: usize| {
                let planes = [0, 40, 80].map(|color| vec![(10 * i + color + 5 * n) as u8; 1024]);
                [vec![n as u8], planes.concat()].concat()
            };
            let bytes: Vec<u8> = (0..10).flat_map(photo).collect();
            std::fs::write(folder.join("cifar10").join(name), bytes).unwrap();
        }
        let photos = Pictures::cifar10(&folder);
        std::fs::remove_dir_all(&folder).unwrap();
        let photos = photos.unwrap_or_else(|error| panic!("{error}"));
        let sizes = [&photos.train, &photos.validation, &photos.test].map(|part| part.len());
        assert_eq!(sizes, [48, 2, 10]);
        let (learned, watched) = (first(&*photos.train, 48).0, first(&*photos.validation, 2).0);
        let all = Tensor::cat(&[&learned, &watched], 0);
        for mean in all.mean_over([0, 2, 3], false).to_vec() {
            assert!(mean.abs() < 1e-4, "{mean}");
        }
        assert!(first(&*photos.test, 10).0.mean().item() > 0.5, "the test part is brighter");
    }
}
