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
        Self {
            batch_size: 1,
            shuffle: false,
            seed: 0,
            drop_last: false,
            workers: 0,
            prefetch: 4,
        }
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
        assert!(
            options.batch_size > 0,
            "data_loader: batch_size is 0; use at least 1"
        );
        Self {
            dataset: Arc::new(dataset),
            options,
        }
    }

    /// The number of batches per epoch: samples over batch size, rounded up, or with `drop_last`
    /// down. It is 0 when the data set is empty, or smaller than one batch with `drop_last`.
    pub fn len(&self) -> usize {
        let (samples, batch) = (self.dataset.len(), self.options.batch_size);
        if self.options.drop_last {
            samples / batch
        } else {
            samples.div_ceil(batch)
        }
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
        Epoch {
            plan,
            prefetch,
            next: first_batch,
            batches,
        }
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
        let mut rngs: Vec<Rng> = indices
            .iter()
            .map(|&sample| self.order.rng(sample))
            .collect();
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
mod tests {
    use super::*;
    use crate::dataset::TensorDataset;
    use std::collections::HashSet;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Mutex;

    /// Sample `i` is the picture `[i]` with label `i`.
    fn numbered(n: i32) -> TensorDataset {
        let inputs: Vec<f32> = (0..n).map(|i| i as f32).collect();
        TensorDataset::new(
            Tensor::from_vec(inputs, [n as usize, 1]),
            Tensor::from_vec((0..n).collect::<Vec<i32>>(), [n as usize]),
        )
    }

    fn options(batch_size: usize) -> DataLoaderOptions {
        DataLoaderOptions {
            batch_size,
            shuffle: true,
            seed: 11,
            ..Default::default()
        }
    }

    fn labels(epoch: Epoch) -> Vec<Vec<i32>> {
        epoch.map(|(_, y)| y.to_vec_i32()).collect()
    }

    #[test]
    fn the_last_batch_is_short_or_dropped_and_len_counts_it_or_not() {
        for (samples, batch_size, rounded_up, rounded_down) in [
            (10, 4, 3, 2),
            (8, 4, 2, 2),
            (3, 4, 1, 0),
            (0, 4, 0, 0),
            (5, 1, 5, 5),
        ] {
            for drop_last in [false, true] {
                let expected = if drop_last { rounded_down } else { rounded_up };
                let options = DataLoaderOptions {
                    drop_last,
                    ..options(batch_size)
                };
                let loader = DataLoader::new(numbered(samples), options);
                let batches = labels(loader.epoch(0));
                assert_eq!((loader.len(), batches.len()), (expected, expected));
                assert_eq!(loader.epoch(0).len(), expected);
                let full = batches.iter().filter(|b| b.len() == batch_size).count();
                assert_eq!(full, rounded_down);
                let visited: HashSet<i32> = batches.into_iter().flatten().collect();
                let all = if drop_last {
                    rounded_down * batch_size
                } else {
                    samples as usize
                };
                assert_eq!(
                    visited.len(),
                    all,
                    "{samples} samples in batches of {batch_size}"
                );
            }
        }
    }

    #[test]
    fn inputs_stay_with_their_targets() {
        for (x, y) in DataLoader::new(numbered(100), options(8)).epoch(3) {
            let inputs: Vec<i32> = x.to_vec().iter().map(|&x| x as i32).collect();
            assert_eq!(inputs, y.to_vec_i32());
        }
    }

    #[test]
    fn an_epoch_is_a_pure_function_of_the_seed_and_its_number() {
        let loader = DataLoader::new(numbered(50), options(8));
        let third = labels(loader.epoch(3));
        assert_ne!(third, labels(loader.epoch(4)));
        assert_eq!(third, labels(loader.epoch(3)));
        let other = DataLoaderOptions {
            seed: 12,
            ..options(8)
        };
        assert_ne!(third, labels(DataLoader::new(numbered(50), other).epoch(3)));
        let stored = DataLoaderOptions {
            shuffle: false,
            ..options(8)
        };
        let stored = labels(DataLoader::new(numbered(50), stored).epoch(3)).concat();
        assert_eq!(stored, (0..50).collect::<Vec<_>>());
    }

    /// Gives sample numbers, remembers what was read, panics at `spoiled`.
    struct Watched {
        read: Arc<Mutex<Vec<usize>>>,
        spoiled: usize,
    }

    impl Dataset for Watched {
        fn len(&self) -> usize {
            12
        }

        fn get(&self, index: usize, _: &mut Rng) -> (Tensor, Tensor) {
            assert!(index != self.spoiled, "sample {index} is spoiled");
            self.read.lock().unwrap().push(index);
            numbered(12).get(index, &mut Rng::new(0))
        }
    }

    #[test]
    fn a_resumed_epoch_goes_on_where_it_stopped_and_reads_nothing_before() {
        let read = Arc::new(Mutex::new(Vec::new()));
        for workers in [0, 2] {
            let watched = Watched {
                read: Arc::clone(&read),
                spoiled: usize::MAX,
            };
            let loader = DataLoader::new(
                watched,
                DataLoaderOptions {
                    workers,
                    ..options(5)
                },
            );
            let mut whole = loader.epoch(7);
            whole.next();
            assert_eq!(whole.position(), 1);
            let rest = labels(whole);
            read.lock().unwrap().clear();
            assert_eq!(labels(loader.epoch_from(7, 1)), rest);
            assert_eq!(read.lock().unwrap().len(), 7);
            assert!(labels(loader.epoch_from(7, 3)).is_empty());
        }
    }

    #[test]
    fn a_panic_in_a_data_set_reaches_the_consumer_and_later_batches_still_come() {
        for workers in [0, 1, 3] {
            let watched = Watched {
                read: Arc::default(),
                spoiled: 4,
            };
            let options = DataLoaderOptions {
                shuffle: false,
                workers,
                ..options(3)
            };
            let mut epoch = DataLoader::new(watched, options).epoch(0);
            assert_eq!(epoch.next().unwrap().1.to_vec_i32(), [0, 1, 2]);
            let panic = catch_unwind(AssertUnwindSafe(|| epoch.next()))
                .err()
                .unwrap();
            assert_eq!(
                panic.downcast_ref::<String>().unwrap(),
                "sample 4 is spoiled"
            );
            assert_eq!(labels(epoch), [[6, 7, 8], [9, 10, 11]]);
        }
    }

    #[test]
    fn an_epoch_left_early_lets_go_of_the_data_set() {
        let read = Arc::new(Mutex::new(Vec::new()));
        let watched = Watched {
            read: Arc::clone(&read),
            spoiled: usize::MAX,
        };
        let options = DataLoaderOptions {
            workers: 2,
            prefetch: 3,
            ..options(1)
        };
        let mut epoch = DataLoader::new(watched, options).epoch(0);
        epoch.next();
        drop(epoch);
        assert!(read.lock().unwrap().len() <= 4, "one taken, three ahead");
        assert_eq!(
            Arc::strong_count(&read),
            1,
            "a worker still holds the data set"
        );
    }

    #[test]
    fn neither_workers_nor_the_batch_size_change_a_sample() {
        let noise = |x: &Tensor, rng: &mut Rng| {
            Tensor::from_vec(
                x.data().iter().map(|x| x + rng.uniform()).collect(),
                x.shape(),
            )
        };
        let epoch = |batch_size, workers, prefetch| -> (Vec<f32>, Vec<i32>) {
            let options = DataLoaderOptions {
                workers,
                prefetch,
                ..options(batch_size)
            };
            let loader = DataLoader::new(numbered(40).map(noise), options);
            let (xs, ys): (Vec<_>, Vec<_>) = loader.epoch(2).unzip();
            (
                xs.iter().flat_map(Tensor::to_vec).collect(),
                ys.iter().flat_map(Tensor::to_vec_i32).collect(),
            )
        };
        let alone = epoch(1, 0, 0);
        for (batch_size, workers, prefetch) in [(7, 0, 0), (7, 1, 0), (1, 4, 9), (16, 3, 2)] {
            assert_eq!(epoch(batch_size, workers, prefetch), alone);
        }
    }

    #[test]
    #[should_panic = "data_loader: batch_size is 0; use at least 1"]
    fn a_batch_of_nothing_is_refused() {
        DataLoader::new(numbered(3), options(0));
    }

    #[test]
    #[should_panic = "data_loader: no batch 4 in an epoch of 3"]
    fn a_position_beyond_the_epoch_is_refused() {
        DataLoader::new(numbered(9), options(3)).epoch_from(0, 4);
    }
}
