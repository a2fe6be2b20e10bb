//! How good a model is, counted.
//!
//! A mean of the means of batches is not the mean over the samples unless all batches are of one
//! size, and the last one seldom is. So everything here counts samples, and divides at the end.

use std::fmt;

use tinytorch_tensor::Tensor;

/// The part of the samples whose largest score is that of their label, between 0 and 1.
///
/// `scores [.., classes], labels [..] (i32)`: scores may be logits or probabilities. See
/// [`top_k_accuracy`] for what becomes of equal scores and of scores that are no numbers.
///
/// # Panics
/// When the shapes do not belong together, there are no samples, or a label is no class.
///
/// # Example
/// ```
/// use tinytorch_tensor::Tensor;
/// use tinytorch_training::accuracy;
///
/// let scores = Tensor::from([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]]);
/// assert_eq!(accuracy(&scores, &Tensor::from([1, 0, 0, 0])), 0.75);
/// ```
#[track_caller]
pub fn accuracy(scores: &Tensor, labels: &Tensor) -> f32 {
    top_k_accuracy(scores, labels, 1)
}

/// The part of the samples whose label is among the `k` classes of the largest scores.
///
/// `scores [.., classes], labels [..] (i32)`. Of equal scores the first counts as the largest. A
/// score that is no number is never a hit, so that a model which has diverged scores 0.
///
/// # Panics
/// When the shapes do not belong together, there are no samples, a label is no class, or `k` is 0.
#[track_caller]
pub fn top_k_accuracy(scores: &Tensor, labels: &Tensor, k: usize) -> f32 {
    assert!(k > 0, "top_k_accuracy: k is 0; 1 asks for the best class alone");
    let classes = check_scores("accuracy", scores, labels);
    let rank_of_label = |(row, &label): (&[f32], &i32)| {
        let label = label as usize;
        let own = row[label];
        let before = |(class, &score): (usize, &f32)| {
            let behind = score < own || (score == own && class >= label);
            !behind // also when either is no number
        };
        row.iter().enumerate().filter(|&entry| before(entry)).count()
    };
    let (scores, labels) = (scores.data(), labels.ints());
    let ranks = scores.chunks_exact(classes).zip(labels.iter()).map(rank_of_label);
    ranks.filter(|&rank| rank < k).count() as f32 / labels.len() as f32
}

/// Checks that scores `[.., classes]` and labels `[..]` belong together; the number of classes.
#[track_caller]
fn check_scores(metric: &str, scores: &Tensor, labels: &Tensor) -> usize {
    let (rows, found) = (scores.shape().to_vec(), labels.shape().to_vec());
    let Some((&classes, samples)) = rows.split_last() else {
        panic!("{metric}: a single score; give scores of shape [samples, classes]");
    };
    assert!(
        samples == found,
        "{metric}: scores {rows:?} want labels {samples:?}, got {found:?}; one label per row"
    );
    assert!(labels.numel() > 0, "{metric}: no samples in {rows:?}; leave empty batches out");
    check_labels(metric, labels, classes);
    classes
}

#[track_caller]
fn check_labels(metric: &str, labels: &Tensor, classes: usize) {
    let is_class = |&label: &i32| (label as usize) < classes; // a negative one becomes huge
    if let Some(label) = labels.ints().iter().find(|&label| !is_class(label)) {
        panic!("{metric}: a label is none of the {classes} classes, which count from 0: {label}");
    }
}

/// A mean over samples, gathered batch by batch.
///
/// # Example
/// ```
/// use tinytorch_training::Average;
///
/// let mut loss = Average::default();
/// loss.add(1.0, 3); // the mean over a batch of 3
/// loss.add(5.0, 1); // and of 1
/// assert_eq!(loss.value(), 2.0); // not 3
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Average {
    /// The sum over the samples.
    pub sum: f64,
    /// How many samples.
    pub samples: u64,
}

impl Average {
    /// Takes in `mean`, the mean over a batch of `samples` samples.
    pub fn add(&mut self, mean: f32, samples: usize) {
        self.sum += f64::from(mean) * samples as f64;
        self.samples += samples as u64;
    }

    /// The mean over all samples; NaN when there are none.
    pub fn value(&self) -> f32 {
        (self.sum / self.samples as f64) as f32
    }
}

/// Which class was taken for which: rows are the true classes, columns the predicted ones.
///
/// # Example
/// ```
/// use tinytorch_tensor::Tensor;
/// use tinytorch_training::ConfusionMatrix;
///
/// let mut matrix = ConfusionMatrix::new(2);
/// matrix.add(&Tensor::from([[0.1, 0.9], [0.8, 0.2]]), &Tensor::from([1, 1]));
/// assert_eq!(matrix.count(1, 0), 1); // a 1 was taken for a 0
/// assert_eq!(matrix.recall(1), Some(0.5));
/// assert_eq!(matrix.precision(1), Some(1.0));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ConfusionMatrix {
    classes: usize,
    /// `[true class, predicted class]`, row by row.
    counts: Vec<u64>,
}

impl ConfusionMatrix {
    /// A matrix of `classes` x `classes` zeros.
    ///
    /// # Panics
    /// When there are no classes.
    #[track_caller]
    pub fn new(classes: usize) -> Self {
        assert!(classes > 0, "confusion matrix: no classes; give their number");
        Self { classes, counts: vec![0; classes * classes] }
    }

    /// Counts a batch: `scores [.., classes], labels [..] (i32)`. The class of the largest score is
    /// the prediction, of equal scores the first.
    ///
    /// # Panics
    /// When the shapes do not belong together, or a label is no class.
    #[track_caller]
    pub fn add(&mut self, scores: &Tensor, labels: &Tensor) {
        let classes = check_scores("confusion matrix", scores, labels);
        assert!(
            classes == self.classes,
            "confusion matrix: scores of {classes} classes for a matrix of {}; make it of as many",
            self.classes
        );
        self.add_classes(&scores.argmax(-1, false), labels);
    }

    /// Counts predicted classes against true ones, both `i32` and of one shape.
    ///
    /// # Panics
    /// When the shapes differ, or a class is none of the matrix.
    #[track_caller]
    pub fn add_classes(&mut self, predicted: &Tensor, labels: &Tensor) {
        let (left, right) = (predicted.shape(), labels.shape());
        assert!(
            left == right,
            "confusion matrix: {left} predictions for {right} labels; give one for each"
        );
        check_labels("confusion matrix", predicted, self.classes);
        check_labels("confusion matrix", labels, self.classes);
        for (&predicted, &label) in predicted.ints().iter().zip(labels.ints().iter()) {
            self.counts[label as usize * self.classes + predicted as usize] += 1;
        }
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// How many samples of class `actual` were taken for class `predicted`.
    ///
    /// # Panics
    /// When either is no class.
    #[track_caller]
    pub fn count(&self, actual: usize, predicted: usize) -> u64 {
        let classes = self.classes;
        assert!(
            actual < classes && predicted < classes,
            "confusion matrix: no entry ({actual}, {predicted}) in {classes} x {classes}"
        );
        self.counts[actual * classes + predicted]
    }

    /// How many samples were counted.
    pub fn samples(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The part of the samples on the diagonal; `None` when there are no samples.
    pub fn accuracy(&self) -> Option<f32> {
        let hits = (0..self.classes).map(|class| self.count(class, class)).sum();
        ratio(hits, self.samples())
    }

    /// Of the samples taken for `class`, the part that are; `None` when none was taken for it.
    ///
    /// # Panics
    /// When it is no class.
    #[track_caller]
    pub fn precision(&self, class: usize) -> Option<f32> {
        let hits = self.count(class, class);
        ratio(hits, (0..self.classes).map(|actual| self.count(actual, class)).sum())
    }

    /// Of the samples of `class`, the part that were taken for it; `None` when there are none.
    ///
    /// # Panics
    /// When it is no class.
    #[track_caller]
    pub fn recall(&self, class: usize) -> Option<f32> {
        let hits = self.count(class, class);
        ratio(hits, (0..self.classes).map(|predicted| self.count(class, predicted)).sum())
    }

    /// The harmonic mean of precision and recall: hits / (hits + half of all errors with `class`);
    /// `None` when the class was neither met nor predicted.
    ///
    /// # Panics
    /// When it is no class.
    #[track_caller]
    pub fn f1(&self, class: usize) -> Option<f32> {
        let hits = self.count(class, class);
        let met: u64 = (0..self.classes).map(|other| self.count(class, other)).sum();
        let predicted: u64 = (0..self.classes).map(|other| self.count(other, class)).sum();
        ratio(2 * hits, met + predicted)
    }
}

fn ratio(part: u64, whole: u64) -> Option<f32> {
    (whole > 0).then(|| (part as f64 / whole as f64) as f32)
}

impl fmt::Display for ConfusionMatrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widest = self.counts.iter().max().map_or(1, |count| count.to_string().len());
        let width = widest.max((self.classes - 1).to_string().len()) + 1;
        write!(f, "true \\ predicted")?;
        for class in 0..self.classes {
            write!(f, "{class:>width$}")?;
        }
        for (class, row) in self.counts.chunks(self.classes).enumerate() {
            write!(f, "\n{class:>16}")?;
            for count in row {
                write!(f, "{count:>width$}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accuracy_looks_along_the_classes_not_along_the_batch() {
        // Along the batch, the largest scores are rows 1, 0 and 1.
        let scores = Tensor::from([[0.2, 0.9, 0.1], [0.3, 0.8, 0.4]]);
        assert_eq!(accuracy(&scores, &Tensor::from([1, 1])), 1.0);
        assert_eq!(accuracy(&scores, &Tensor::from([1, 0])), 0.5);
    }

    #[test]
    fn accuracy_reads_views_and_more_axes() {
        let scores = Tensor::from([[0.2, 0.3], [0.9, 0.8], [0.1, 0.4]]).transpose(0, 1);
        assert_eq!(accuracy(&scores, &Tensor::from([1, 1])), 1.0);
        let scores = Tensor::from([[[0.2, 0.8], [0.7, 0.3]], [[0.1, 0.9], [0.5, 0.4]]]);
        assert_eq!(accuracy(&scores, &Tensor::from([[1, 0], [1, 1]])), 0.75);
    }

    #[test]
    fn top_k_counts_the_label_among_the_best() {
        let scores = Tensor::from([[0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1]]);
        let labels = Tensor::from([1, 1]);
        let parts = [1, 2, 3, 4, 9].map(|k| top_k_accuracy(&scores, &labels, k));
        assert_eq!(parts, [0.0, 0.5, 1.0, 1.0, 1.0]);
        // Equal scores: in order of the classes, so that a model without an opinion gains nothing.
        let flat = Tensor::zeros([4, 4]);
        assert_eq!(top_k_accuracy(&flat, &Tensor::from([0, 1, 2, 3]), 2), 0.5);
    }

    #[test]
    fn what_is_no_number_is_never_a_hit() {
        let nan = Tensor::full([3, 2], f32::NAN);
        assert_eq!(top_k_accuracy(&nan, &Tensor::from([0, 1, 0]), 1), 0.0);
        let mixed = Tensor::from([[f32::NAN, 1.0], [1.0, f32::NAN]]);
        assert_eq!(accuracy(&mixed, &Tensor::from([0, 1])), 0.0);
    }

    #[test]
    fn a_mean_over_unequal_batches_is_the_mean_over_the_samples() {
        let mut average = Average::default();
        assert!(average.value().is_nan());
        for (mean, samples) in [(1.0, 32), (2.0, 32), (10.0, 1)] {
            average.add(mean, samples);
        }
        assert_eq!(average.value(), (106.0f64 / 65.0) as f32);
    }

    #[test]
    fn the_matrix_counts_true_classes_in_rows() {
        let mut matrix = ConfusionMatrix::new(3);
        assert_eq!((matrix.accuracy(), matrix.f1(0)), (None, None));
        // Batches of unequal size count by their samples.
        matrix.add_classes(&Tensor::from([0, 0, 1, 2, 2]), &Tensor::from([0, 1, 1, 1, 2]));
        matrix.add_classes(&Tensor::from([0]), &Tensor::from([1]));
        assert_eq!((matrix.count(1, 0), matrix.count(0, 1), matrix.samples()), (2, 0, 6));
        assert_eq!(matrix.accuracy(), Some(0.5));
        assert_eq!((matrix.precision(0), matrix.recall(0)), (Some(1.0 / 3.0), Some(1.0)));
        assert_eq!((matrix.precision(1), matrix.recall(1)), (Some(1.0), Some(0.25)));
        assert_eq!(
            (matrix.f1(0), matrix.f1(1), matrix.f1(2)),
            (Some(0.5), Some(0.4), Some(2.0 / 3.0))
        );
        let shown = [
            "true \\ predicted 0 1 2",
            "               0 1 0 0",
            "               1 2 1 1",
            "               2 0 0 1",
        ];
        assert_eq!(matrix.to_string(), shown.join("\n"));
    }

    #[test]
    fn a_class_never_met_or_never_predicted_has_no_recall_or_precision() {
        let mut matrix = ConfusionMatrix::new(3);
        matrix.add(&Tensor::from([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]]), &Tensor::from([0, 1]));
        assert_eq!((matrix.precision(1), matrix.recall(1)), (None, Some(0.0)));
        assert_eq!((matrix.precision(2), matrix.recall(2), matrix.f1(2)), (None, None, None));
        assert_eq!(matrix.f1(1), Some(0.0));
    }

    #[test]
    #[should_panic(expected = "scores [2, 3] want labels [2], got [3]; one label per row")]
    fn labels_of_another_shape_are_named() {
        accuracy(&Tensor::zeros([2, 3]), &Tensor::from([0, 1, 2]));
    }

    #[test]
    #[should_panic(expected = "a label is none of the 3 classes, which count from 0: -1")]
    fn a_label_that_is_no_class_is_named() {
        accuracy(&Tensor::zeros([2, 3]), &Tensor::from([0, -1]));
    }

    #[test]
    #[should_panic(expected = "scores of 3 classes for a matrix of 2")]
    fn a_matrix_of_another_number_of_classes_is_named() {
        ConfusionMatrix::new(2).add(&Tensor::zeros([2, 3]), &Tensor::from([0, 1]));
    }
}
