//! Mean 0, standard deviation 1, channel by channel.

use super::Transform;
use tinytorch_tensor::{Rng, Tensor};

/// Gives `(x - mean) / std`, with one mean and one standard deviation per channel.
///
/// Both belong to the *training set*, not to the batch or to the test set: every picture must be
/// measured with one ruler, or the same picture looks different from batch to batch. It draws no
/// random number, so it may as well be applied once to the whole set: [`Normalize::of`] takes
/// `[c, h, w]` and `[n, c, h, w]`.
///
/// ```
/// use tinytorch_dataloader::{Normalize, TinyDigits};
///
/// let ruler = Normalize::fit(TinyDigits::train().inputs());
/// assert!((ruler.mean()[0] - 0.305).abs() < 0.001);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Normalize {
    mean: Vec<f32>,
    std: Vec<f32>,
}

impl Normalize {
    /// With the given statistics, one of each per channel.
    ///
    /// # Panics
    /// When their numbers differ, or a standard deviation is not positive and finite.
    #[track_caller]
    pub fn new(mean: impl Into<Vec<f32>>, std: impl Into<Vec<f32>>) -> Self {
        let (mean, std) = (mean.into(), std.into());
        assert!(
            mean.len() == std.len(),
            "normalize: {} means and {} standard deviations; give one of each per channel",
            mean.len(),
            std.len(),
        );
        if let Some(bad) = std.iter().find(|&&s| !(s > 0.0 && s.is_finite())) {
            panic!("normalize: a standard deviation divides, so it must be above 0, got {bad}");
        }
        Self { mean, std }
    }

    /// With the statistics of a whole data set `[n, c, h, w]`: per channel, over samples, rows and
    /// columns; the standard deviation without Bessel's correction. A channel whose numbers are all
    /// equal gets standard deviation 1, so it becomes all zeros.
    ///
    /// # Panics
    /// When `pictures` is not `[n, c, h, w]`, or holds no number.
    #[track_caller]
    pub fn fit(pictures: &Tensor) -> Self {
        let shape = pictures.shape();
        assert!(
            shape.ndim() == 4 && shape.numel() > 0,
            "normalize: expected pictures [samples, channels, rows, columns] to fit to, got \
             {shape}; give all inputs of the training set"
        );
        let [_, channels, rows, columns] = shape.dims();
        let data = pictures.data();
        let plane = |channel| data.chunks_exact(rows * columns).skip(channel).step_by(channels);
        let (mean, std) = (0..channels)
            .map(|channel| {
                let mean = mean_of(plane(channel), |x| x);
                let std = mean_of(plane(channel), |x| (x - mean) * (x - mean)).sqrt();
                (mean as f32, if std > 0.0 { std as f32 } else { 1.0 })
            })
            .unzip::<_, _, Vec<f32>, Vec<f32>>();
        Self::new(mean, std)
    }

    /// What is subtracted, per channel.
    pub fn mean(&self) -> &[f32] {
        &self.mean
    }

    /// What is divided by, per channel.
    pub fn std(&self) -> &[f32] {
        &self.std
    }

    /// `[c, h, w]` or `[n, c, h, w]` -> the same shape.
    ///
    /// # Panics
    /// When the number of channels differs from that of the statistics.
    #[track_caller]
    pub fn of(&self, pictures: &Tensor) -> Tensor {
        let (shape, channels) = (pictures.shape(), self.mean.len());
        assert!(
            matches!(shape.ndim(), 3 | 4) && pictures.size(-3) == channels,
            "normalize: statistics of {channels} channels do not fit pictures {shape}; \
             fit them to the data set that is normalized"
        );
        let data = pictures.data();
        let plane = (pictures.size(-2) * pictures.size(-1)).max(1); // chunks of 0 do not exist
        let mut normal = Vec::with_capacity(data.len());
        for (i, plane) in data.chunks_exact(plane).enumerate() {
            let (mean, std) = (self.mean[i % channels], self.std[i % channels]);
            normal.extend(plane.iter().map(|x| (x - mean) / std));
        }
        Tensor::from_vec(normal, shape)
    }
}

/// The mean of `f` over all numbers. In f64: an f32 sum of 47 million pixels (MNIST) would lose a
/// third of its digits.
fn mean_of<'a>(planes: impl Iterator<Item = &'a [f32]>, f: impl Fn(f64) -> f64) -> f64 {
    let (sum, count) = planes.fold((0.0, 0), |(sum, count), plane| {
        let plane_sum: f64 = plane.iter().map(|&x| f(f64::from(x))).sum();
        (sum + plane_sum, count + plane.len())
    });
    sum / count as f64
}

impl Transform for Normalize {
    fn apply(&self, picture: &Tensor, _: &mut Rng) -> Tensor {
        self.of(picture)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Dataset, TensorDataset};

    /// Four pictures of two channels: 1 x 2 pixels each. Channel 0 holds 0..8, channel 1 sevens.
    fn pictures() -> Tensor {
        let values =
            vec![0.0, 1.0, 7.0, 7.0, 2.0, 3.0, 7.0, 7.0, 4.0, 5.0, 7.0, 7.0, 6.0, 7.0, 7.0, 7.0];
        Tensor::from_vec(values, [4, 2, 1, 2])
    }

    #[test]
    fn a_fit_has_the_statistics_of_each_channel_over_all_samples() {
        let fit = Normalize::fit(&pictures());
        assert_eq!(fit.mean(), [3.5, 7.0]);
        assert_eq!(fit.std(), [5.25f32.sqrt(), 1.0]); // variance of 0..8: (8 * 8 - 1) / 12
    }

    #[test]
    fn the_data_set_becomes_mean_0_and_deviation_1_and_a_constant_channel_zeros() {
        let refit = Normalize::fit(&Normalize::fit(&pictures()).of(&pictures()));
        assert!(refit.mean().iter().all(|m| m.abs() < 1e-6), "{refit:?}");
        assert!(refit.std().iter().all(|s| (s - 1.0).abs() < 1e-6), "{refit:?}");
    }

    #[test]
    fn a_picture_looks_the_same_in_every_batch() {
        let fit = Normalize::fit(&pictures());
        let data = TensorDataset::new(pictures(), Tensor::arange_i32(4)).map(fit);
        let mut rngs = vec![Rng::new(0); 2];
        let with_first = data.batch(&[3, 0], &mut rngs).0.select(0, 0).to_vec();
        let with_third = data.batch(&[2, 3], &mut rngs).0.select(0, 1).to_vec();
        assert_eq!(with_first, with_third);
        let std = 5.25f32.sqrt();
        assert_eq!(with_first, [2.5 / std, 3.5 / std, 0.0, 0.0]);
    }

    #[test]
    fn no_picture_normalizes_to_no_picture() {
        assert_eq!(Normalize::new([0.0], [1.0]).of(&Tensor::zeros([0, 1, 8, 8])).numel(), 0);
    }

    #[test]
    #[should_panic = "normalize: statistics of 1 channels do not fit pictures [2, 1, 2]"]
    fn other_channels_are_refused() {
        Normalize::new([0.0], [1.0]).of(&Tensor::zeros([2, 1, 2]));
    }

    #[test]
    #[should_panic = "must be above 0, got 0"]
    fn a_division_by_zero_is_refused() {
        Normalize::new([0.0, 0.0], [1.0, 0.0]);
    }

    #[test]
    #[should_panic = "normalize: 2 means and 1 standard deviations"]
    fn a_missing_deviation_is_refused() {
        Normalize::new([0.0, 0.0], [1.0]);
    }

    #[test]
    #[should_panic = "to fit to, got [0, 1, 8, 8]"]
    fn nothing_has_no_statistics() {
        Normalize::fit(&Tensor::zeros([0, 1, 8, 8]));
    }
}
