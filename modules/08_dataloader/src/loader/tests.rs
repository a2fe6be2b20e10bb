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
    DataLoaderOptions { batch_size, shuffle: true, seed: 11, ..Default::default() }
}

fn labels(epoch: Epoch) -> Vec<Vec<i32>> {
    epoch.map(|(_, y)| y.to_vec_i32()).collect()
}

#[test]
fn the_last_batch_is_short_or_dropped_and_len_counts_it_or_not() {
    for (samples, batch_size, rounded_up, rounded_down) in
        [(10, 4, 3, 2), (8, 4, 2, 2), (3, 4, 1, 0), (0, 4, 0, 0), (5, 1, 5, 5)]
    {
        for drop_last in [false, true] {
            let expected = if drop_last { rounded_down } else { rounded_up };
            let options = DataLoaderOptions { drop_last, ..options(batch_size) };
            let loader = DataLoader::new(numbered(samples), options);
            let batches = labels(loader.epoch(0));
            assert_eq!((loader.len(), batches.len()), (expected, expected));
            assert_eq!(loader.epoch(0).len(), expected);
            let full = batches.iter().filter(|b| b.len() == batch_size).count();
            assert_eq!(full, rounded_down);
            let visited: HashSet<i32> = batches.into_iter().flatten().collect();
            let all = if drop_last { rounded_down * batch_size } else { samples as usize };
            assert_eq!(visited.len(), all, "{samples} samples in batches of {batch_size}");
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
    let other = DataLoaderOptions { seed: 12, ..options(8) };
    assert_ne!(third, labels(DataLoader::new(numbered(50), other).epoch(3)));
    let stored = DataLoaderOptions { shuffle: false, ..options(8) };
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
        let watched = Watched { read: Arc::clone(&read), spoiled: usize::MAX };
        let loader = DataLoader::new(watched, DataLoaderOptions { workers, ..options(5) });
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
        let watched = Watched { read: Arc::default(), spoiled: 4 };
        let options = DataLoaderOptions { shuffle: false, workers, ..options(3) };
        let mut epoch = DataLoader::new(watched, options).epoch(0);
        assert_eq!(epoch.next().unwrap().1.to_vec_i32(), [0, 1, 2]);
        let panic = catch_unwind(AssertUnwindSafe(|| epoch.next())).err().unwrap();
        assert_eq!(panic.downcast_ref::<String>().unwrap(), "sample 4 is spoiled");
        assert_eq!(labels(epoch), [[6, 7, 8], [9, 10, 11]]);
    }
}

#[test]
fn an_epoch_left_early_lets_go_of_the_data_set() {
    let read = Arc::new(Mutex::new(Vec::new()));
    let watched = Watched { read: Arc::clone(&read), spoiled: usize::MAX };
    let options = DataLoaderOptions { workers: 2, prefetch: 3, ..options(1) };
    let mut epoch = DataLoader::new(watched, options).epoch(0);
    epoch.next();
    drop(epoch);
    assert!(read.lock().unwrap().len() <= 4, "one taken, three ahead");
    assert_eq!(Arc::strong_count(&read), 1, "a worker still holds the data set");
}

/// A transform that shows which stream a sample was given.
fn noise(x: &Tensor, rng: &mut Rng) -> Tensor {
    Tensor::from_vec(x.data().iter().map(|x| x + rng.uniform()).collect(), x.shape())
}

#[test]
fn neither_workers_nor_the_batch_size_change_a_sample() {
    let epoch = |batch_size, workers, prefetch| -> (Vec<f32>, Vec<i32>) {
        let options = DataLoaderOptions { workers, prefetch, ..options(batch_size) };
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
fn augmentation_belongs_to_the_sample_and_the_epoch_and_not_to_the_place_in_the_order() {
    let noisy = |shuffle, epoch| {
        let loader =
            DataLoader::new(numbered(40).map(noise), DataLoaderOptions { shuffle, ..options(8) });
        let mut samples = vec![0.0; 40];
        for (x, y) in loader.epoch(epoch) {
            y.ints().iter().zip(x.data().iter()).for_each(|(&i, &x)| samples[i as usize] = x);
        }
        samples
    };
    assert_eq!(noisy(true, 2), noisy(false, 2));
    let (second, third) = (noisy(true, 2), noisy(true, 3));
    assert!(second.iter().zip(&third).all(|(a, b)| a != b), "an epoch repeats another's noise");
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
