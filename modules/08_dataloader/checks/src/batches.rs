//! 08.4: batch number b.

use crate::numbers::{Numbered, loader, targets};
use check::{Because, Check, Verdict, wrong};
use std::sync::atomic::{AtomicUsize, Ordering};
use tinytorch_dataloader::{DataLoaderOptions, Dataset, EpochOrder};
use tinytorch_tensor::{Rng, Tensor};

pub const CHECKS: &[Check] = &[
    Check {
        id: "08.4.cut",
        exercise: "08.4",
        fact: "10 samples by fours: 0 1 2 3, 4 5 6 7, 8 9",
        run: cut,
    },
    Check {
        id: "08.4.dropped",
        exercise: "08.4",
        fact: "with drop_last 8 and 9 are not visited",
        run: dropped,
    },
    Check {
        id: "08.4.order",
        exercise: "08.4",
        fact: "shuffled, the batches follow the epoch's order, input and target together",
        run: order,
    },
    Check {
        id: "08.4.resumed",
        exercise: "08.4",
        fact: "from batch 2 on come the same batches, and no sample before them is read",
        run: resumed,
    },
    Check {
        id: "08.4.streams",
        exercise: "08.4",
        fact: "sample 7 gets stream 7: neither batch size nor shuffle changes a picture",
        run: streams,
    },
];

fn options(shuffle: bool) -> DataLoaderOptions {
    DataLoaderOptions { batch_size: 4, shuffle, seed: 11, ..Default::default() }
}

fn cut() -> Verdict {
    let got = targets(loader(Numbered(10), options(false)).epoch(0));
    let want: [&[i32]; 3] = [&[0, 1, 2, 3], &[4, 5, 6, 7], &[8, 9]];
    wrong::unless_eq(&got, &want).because(
        got.get(1).is_some_and(|b| b.starts_with(&[1])),
        "batch 1 begins at place 4, not at 1",
    )
}

fn dropped() -> Verdict {
    let options = DataLoaderOptions { drop_last: true, ..options(false) };
    let got = targets(loader(Numbered(10), options).epoch(0));
    let want: [&[i32]; 2] = [&[0, 1, 2, 3], &[4, 5, 6, 7]];
    wrong::unless_eq(&got, &want)
}

fn order() -> Verdict {
    let visits = EpochOrder::new(10, true, 11, 3).samples(0..10).to_vec();
    let want: Vec<Vec<i32>> =
        visits.chunks(4).map(|batch| batch.iter().map(|&sample| sample as i32).collect()).collect();
    let batches: Vec<(Tensor, Tensor)> = loader(Numbered(10), options(true)).epoch(3).collect();
    let got: Vec<Vec<i32>> = batches.iter().map(|(_, targets)| targets.to_vec_i32()).collect();
    let stored = got.first().is_some_and(|batch| batch == &[0, 1, 2, 3]);
    wrong::unless_eq(&got, &want)
        .because(stored, "the places themselves were loaded: ask the order who stands there")?;
    let inputs: Vec<Vec<i32>> = batches
        .iter()
        .map(|(inputs, _)| inputs.to_vec().iter().map(|&x| x as i32).collect())
        .collect();
    wrong::unless_eq(inputs, got).note("the inputs, which are the same numbers")
}

/// Counts how often it is read.
struct Counting(AtomicUsize);

impl Dataset for Counting {
    fn len(&self) -> usize {
        10
    }

    fn get(&self, _: usize, rng: &mut Rng) -> (Tensor, Tensor) {
        (Tensor::from(rng.uniform()), Tensor::from(0))
    }

    fn batch(&self, indices: &[usize], _: &mut [Rng]) -> (Tensor, Tensor) {
        self.0.fetch_add(indices.len(), Ordering::Relaxed);
        Numbered(10).batch(indices, &mut [])
    }
}

fn resumed() -> Verdict {
    let counting = std::sync::Arc::new(Counting(AtomicUsize::new(0)));
    let loader = loader(std::sync::Arc::clone(&counting), options(true));
    let whole = targets(loader.epoch(5));
    let before = counting.0.load(Ordering::Relaxed);
    let rest = targets(loader.epoch_from(5, 2));
    let read = counting.0.load(Ordering::Relaxed) - before;
    wrong::unless_eq(rest, whole[2..].to_vec())?;
    wrong::unless_eq(read, 2)
        .because(read > 2, "batches before it were made: it begins at batch * batch_size")
}

/// Sample `i` is the first number of its stream, with the target `i`.
struct Chance;

impl Dataset for Chance {
    fn len(&self) -> usize {
        10
    }

    fn get(&self, index: usize, rng: &mut Rng) -> (Tensor, Tensor) {
        (Tensor::from(rng.uniform()), Tensor::from(index as i32))
    }

    fn batch(&self, indices: &[usize], rngs: &mut [Rng]) -> (Tensor, Tensor) {
        let drawn: Vec<f32> = rngs.iter_mut().map(Rng::uniform).collect();
        let n = drawn.len();
        (Tensor::from_vec(drawn, [n]), Numbered(10).batch(indices, &mut []).1)
    }
}

/// What each sample drew in epoch 0.
fn drawn(batch_size: usize, shuffle: bool) -> Vec<f32> {
    let mut by_sample = vec![f32::NAN; 10];
    let options = DataLoaderOptions { batch_size, ..options(shuffle) };
    for (inputs, targets) in loader(Chance, options).epoch(0) {
        for (&drawn, sample) in inputs.to_vec().iter().zip(targets.to_vec_i32()) {
            by_sample[sample as usize] = drawn;
        }
    }
    by_sample
}

fn streams() -> Verdict {
    let want: Vec<f32> =
        (0..10).map(|sample| EpochOrder::new(10, true, 11, 0).rng(sample).uniform()).collect();
    for (batch_size, shuffle) in [(10, false), (4, false), (1, false), (4, true), (10, true)] {
        let got = drawn(batch_size, shuffle);
        let by_place = shuffle || batch_size < 10;
        wrong::unless_eq(&got, &want)
            .because(
                got.iter().any(|x| x.is_nan()),
                "not every sample has a stream: one for each index, in their order",
            )
            .because(
                by_place,
                "streams were given by place: sample 7 gets stream 7 wherever it stands",
            )
            .note(format!("batches of {batch_size}, shuffled: {shuffle}"))?;
    }
    Ok(())
}
