//! Which samples an epoch visits, in which order, and what randomness each may use.

use std::ops::Range;
use tinytorch_tensor::Rng;

/// Keeps the loader's streams apart from those of a model made with the same seed.
const LOADER: u64 = u64::from_be_bytes(*b"epochs08");

/// The order of one epoch: a pure function of (samples, shuffle, seed, epoch).
///
/// The order is a shuffle by stream `epoch` of the seed (Fisher and Yates): every epoch has its
/// own, and epoch 7 needs none of the six before. Sample `i` gets stream `i` of a seed drawn for
/// the epoch, wherever in the order it stands. So augmentation does not depend on the batch size,
/// nor on which worker asks first, nor on whether the order is shuffled.
#[derive(Clone, Debug)]
pub struct EpochOrder {
    visits: Vec<usize>,
    augmentation: u64,
}

impl EpochOrder {
    /// The order in which epoch `epoch` visits samples `0..samples`: shuffled, or as stored.
    pub fn new(samples: usize, shuffle: bool, seed: u64, epoch: usize) -> Self {
        let mut rng = Rng::at(seed ^ LOADER, epoch as u64);
        let augmentation = rng.next_u64(); // drawn first: the same with and without a shuffle
        let mut visits: Vec<usize> = (0..samples).collect();
        if shuffle {
            rng.shuffle(&mut visits);
        }
        Self { visits, augmentation }
    }

    /// The samples visited at `places` of the order.
    ///
    /// # Panics
    /// When `places` goes beyond the number of samples.
    pub fn samples(&self, places: Range<usize>) -> &[usize] {
        &self.visits[places]
    }

    /// The random stream of sample `sample` in this epoch.
    pub fn rng(&self, sample: usize) -> Rng {
        Rng::at(self.augmentation, sample as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn order(samples: usize, seed: u64, epoch: usize) -> Vec<usize> {
        EpochOrder::new(samples, true, seed, epoch).samples(0..samples).to_vec()
    }

    #[test]
    fn every_sample_is_visited_once() {
        for samples in [0, 1, 2, 1000] {
            let mut visits = order(samples, 3, 1);
            visits.sort_unstable();
            assert_eq!(visits, (0..samples).collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_order_is_a_pure_function_of_seed_and_epoch() {
        assert_eq!(order(100, 3, 5), order(100, 3, 5));
        assert_ne!(order(100, 3, 5), order(100, 3, 6), "another epoch");
        assert_ne!(order(100, 3, 5), order(100, 4, 5), "another seed");
    }

    /// These orders must never change: resumed runs depend on them.
    #[test]
    fn the_orders_of_a_seed_are_the_same_for_ever() {
        assert_eq!(order(10, 2026, 0), [7, 3, 9, 0, 1, 2, 6, 4, 8, 5]);
        assert_eq!(order(10, 2026, 1), [8, 9, 7, 5, 3, 6, 4, 1, 2, 0]);
        assert_eq!(
            EpochOrder::new(10, true, 2026, 1).rng(3).next_u64(),
            10_647_933_439_403_736_478
        );
    }

    #[test]
    fn without_a_shuffle_samples_come_as_stored() {
        assert_eq!(EpochOrder::new(4, false, 9, 2).samples(0..4), [0, 1, 2, 3]);
    }

    #[test]
    fn all_six_orders_of_three_samples_occur_about_equally_often() {
        let count = |wanted: &[usize]| (0..6000).filter(|&e| order(3, 0, e) == wanted).count();
        for wanted in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            // 1000 expected, standard deviation 29
            assert!((880..1120).contains(&count(&wanted)), "{wanted:?}: {}", count(&wanted));
        }
    }

    #[test]
    fn each_sample_of_each_epoch_has_a_stream_of_its_own() {
        let first = |epoch, sample| EpochOrder::new(50, true, 1, epoch).rng(sample).next_u64();
        let all: HashSet<u64> = (0..50).flat_map(|e| (0..50).map(move |s| first(e, s))).collect();
        assert_eq!(all.len(), 2500);
        let unshuffled = EpochOrder::new(50, false, 1, 4);
        assert_eq!(unshuffled.rng(7).next_u64(), first(4, 7));
    }
}
