//! Module 08 · DataLoader: a data set, cut into batches.
//!
//! Training wants its samples in small stacks, in a new order each epoch, often changed a little
//! on the way. A [`Dataset`] says how many samples there are and gives one; a [`DataLoader`] draws
//! the order of an epoch, makes the batches, and, with `workers`, makes the next ones while the
//! model still learns from the last:
//!
//! ```text
//! files -> readers -> TensorDataset -> map(transform) -> DataLoader -> (inputs, targets) ...
//! ```
//!
//! **All randomness is a pure function** of (seed, epoch), and for augmentation of (seed, epoch,
//! sample). So a run can be repeated, a resumed run goes on at batch `b` of epoch `e` without
//! reading the samples before it, and neither the number of workers nor the batch size changes a
//! pixel.
//!
//! # Cost
//!
//! An epoch of `n` samples draws `n` random numbers (1 ms for the 60,000 of MNIST) and holds
//! `8 n` bytes for the order. A batch of a [`TensorDataset`] is one gather: it moves `batch_size`
//! samples once. With a transform each sample is copied once per step and once into the batch.
//! Workers hold at most `max(prefetch, workers)` batches that the consumer has not taken. Numbers
//! are kept as f32, 4 bytes per pixel of the file's one: MNIST takes 220 MB, CIFAR-10 737 MB.
//!
//! ```
//! use tinytorch_dataloader::{DataLoader, DataLoaderOptions, TinyDigits};
//!
//! let options =
//!     DataLoaderOptions { batch_size: 64, shuffle: true, seed: 7, ..Default::default() };
//! let loader = DataLoader::new(TinyDigits::train(), options);
//! assert_eq!(loader.len(), 16); // 1,000 samples: 15 batches of 64 and one of 40
//! for (pictures, labels) in loader.epoch(0) {
//!     assert_eq!(pictures.shape().to_vec()[1..], [1, 8, 8]);
//!     assert_eq!(labels.ndim(), 1);
//! }
//! ```
//!
//! # What PyTorch does more
//!
//! Its workers are processes, because Python runs one thread at a time: samples are pickled and
//! passed through shared memory, and each worker needs its own seed (forgetting that once gave
//! every worker the same augmentation). It keeps pictures as bytes until the batch is made, reads
//! data sets that do not fit in memory, shards an epoch over machines, and pins memory for the
//! copy to a GPU. Its order depends on a global generator, so resuming inside an epoch replays it.
//!
//! Source: the words are those of PyTorch's `torch.utils.data`. Formats and augmentations name
//! their sources where they are.

mod dataset;
mod order;
mod prefetch;
mod loader;

pub mod transforms;

mod error;
mod files;
pub mod idx;
pub mod csv;
mod mnist;
mod cifar10;
mod tinydigits;
pub mod tinytalks;
mod tinyshakespeare;

pub use cifar10::{cifar10, parse_cifar10};
pub use dataset::{Dataset, Subset, TensorDataset, Transformed, random_split};
pub use error::DataError;
pub use loader::{DataLoader, DataLoaderOptions, Epoch};
pub use mnist::mnist;
pub use order::EpochOrder;
pub use tinydigits::TinyDigits;
pub use tinyshakespeare::tinyshakespeare;
pub use tinytalks::TinyTalks;
pub use transforms::{Compose, Cutout, Normalize, RandomCrop, RandomHorizontalFlip, Transform};

#[cfg(doctest)]
#[doc = include_str!("../lesson.md")]
struct Lesson;
