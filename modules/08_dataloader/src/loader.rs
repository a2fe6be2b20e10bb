//! Batches of a data set, epoch by epoch.

use crate::dataset::Dataset;
use crate::order::EpochOrder;
use crate::prefetch::Prefetch;
use std::sync::Arc;
use tinytorch_tensor::{Rng, Tensor};

/// How a [`DataLoader`] cuts and orders its samples. The defaults are PyTorch's, but for `seed` and
/// `prefetch`.
#[derive(Clone, Debug)]
pub struct DataLoaderOptions {
    /// Samples per batch, at least 1.
    pub batch_size: usize,
    /// Whether each epoch visits the samples in an order of its own.
    pub shuffle: bool,
    /// What all orders and all augmentation follow from.
    pub seed: u64,
    /// Whether the last batch is left out when it is smaller than the others.
    pub drop_last: bool,
    /// Threads that make batches ahead of the consumer; 0 makes each batch when it is asked for.
    pub workers: usize,
    /// How many batches may be ready or in the making ahead of the consumer, by all workers
    /// together; at least one per worker. Without workers it means nothing.
    pub prefetch: usize,
}

impl Default for DataLoaderOptions {
    fn default() -> Self {
        Self { batch_size: 1, shuffle: false, seed: 0, drop_last: false, workers: 0, prefetch: 4 }
    }
}

/// Cuts a data set into batches.
///
/// ```
/// use tinytorch_dataloader::{DataLoader, DataLoaderOptions, TensorDataset};
/// use tinytorch_tensor::Tensor;
///
/// let data = TensorDataset::new(Tensor::zeros([10, 3]), Tensor::arange_i32(10));
/// let loader = DataLoader::new(data, DataLoaderOptions { batch_size: 4, ..Default::default() });
/// let sizes: Vec<usize> = loader.epoch(0).map(|(x, _)| x.size(0)).collect();
/// assert_eq!(sizes, [4, 4, 2]);
/// ```
#[derive(Clone)]
pub struct DataLoader {
    dataset: Arc<dyn Dataset>,
    options: DataLoaderOptions,
}

impl DataLoader {
    /// A loader of `dataset`. No sample is read before an epoch asks for it.
    ///
    /// # Panics
    /// When `batch_size` is 0.
    #[track_caller]
    pub fn new(dataset: impl Dataset + 'static, options: DataLoaderOptions) -> Self {
        assert!(options.batch_size > 0, "data_loader: batch_size is 0; use at least 1");
        Self { dataset: Arc::new(dataset), options }
    }

    /// The number of batches per epoch: samples over batch size, rounded up, or with `drop_last`
    /// down. It is 0 when the data set is empty, or smaller than one batch with `drop_last`.
    pub fn len(&self) -> usize {
        let (samples, batch) = (self.dataset.len(), self.options.batch_size);
        if self.options.drop_last { samples / batch } else { samples.div_ceil(batch) }
    }

    /// True when an epoch has no batch.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What is loaded.
    pub fn dataset(&self) -> &dyn Dataset {
        &*self.dataset
    }

    /// How it is loaded.
    pub fn options(&self) -> &DataLoaderOptions {
        &self.options
    }

    /// The batches of epoch `epoch`: `(inputs [b, ..], targets [b, ..])`, a pure function of the
    /// seed and `epoch`.
    pub fn epoch(&self, epoch: usize) -> Epoch {
        self.epoch_from(epoch, 0)
    }

    /// The batches of epoch `epoch` from `first_batch` on, for a run that goes on where it stopped.
    /// No sample of the batches before is read.
    ///
    /// # Panics
    /// When `first_batch` is above `len()`.
    #[track_caller]
    pub fn epoch_from(&self, epoch: usize, first_batch: usize) -> Epoch {
        let batches = self.len();
        assert!(
            first_batch <= batches,
            "data_loader: no batch {first_batch} in an epoch of {batches}; \
             was the position saved with another batch size?"
        );
        let samples = self.dataset.len();
        let plan = Arc::new(Plan {
            dataset: Arc::clone(&self.dataset),
            order: EpochOrder::new(samples, self.options.shuffle, self.options.seed, epoch),
            samples,
            batch_size: self.options.batch_size,
        });
        let workers = self.options.workers.min(batches - first_batch);
        let prefetch = (workers > 0).then(|| {
            let ahead = self.options.prefetch.max(workers);
            let plan = Arc::clone(&plan);
            Prefetch::start(workers, first_batch..batches, ahead, move |b| plan.batch(b))
        });
        Epoch { plan, prefetch, next: first_batch, batches }
    }
}

/// All that is needed to make any batch of one epoch, on any thread.
struct Plan {
    dataset: Arc<dyn Dataset>,
    order: EpochOrder,
    samples: usize,
    batch_size: usize,
}

impl Plan {
    fn batch(&self, batch: usize) -> (Tensor, Tensor) {
        let first = batch * self.batch_size;
        let last = (first + self.batch_size).min(self.samples);
        let indices = self.order.samples(first..last);
        let mut rngs: Vec<Rng> = indices.iter().map(|&sample| self.order.rng(sample)).collect();
        self.dataset.batch(indices, &mut rngs)
    }
}

/// The batches of one epoch, made by [`DataLoader::epoch`].
///
/// When making a batch panics, `next` panics with the same message, whichever thread made it.
/// Dropping an epoch early stops its workers: each finishes at most the batch it is making.
pub struct Epoch {
    plan: Arc<Plan>,
    prefetch: Option<Prefetch<(Tensor, Tensor)>>,
    next: usize,
    batches: usize,
}

impl Epoch {
    /// The number of the batch that `next` gives: with the epoch, the loader's whole position.
    pub fn position(&self) -> usize {
        self.next
    }
}

impl Iterator for Epoch {
    type Item = (Tensor, Tensor);

    fn next(&mut self) -> Option<Self::Item> {
        if self.next == self.batches {
            return None;
        }
        self.next += 1; // first, so that a batch whose making panics is behind us in both cases
        match &mut self.prefetch {
            Some(prefetch) => prefetch.take(),
            None => Some(self.plan.batch(self.next - 1)),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.batches - self.next;
        (left, Some(left))
    }
}

impl ExactSizeIterator for Epoch {}

#[cfg(test)]
mod tests;
