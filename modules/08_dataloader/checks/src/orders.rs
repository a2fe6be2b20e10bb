//! 08.3: an order from a seed.

use check::{Because, Check, Verdict, wrong};
use std::collections::BTreeSet;
use tinytorch_dataloader::EpochOrder;
use tinytorch_tensor::Rng;

pub const CHECKS: &[Check] = &[
    Check {
        id: "08.3.stored",
        exercise: "08.3",
        fact: "without a shuffle 5 samples are visited as they are stored",
        run: stored,
    },
    Check {
        id: "08.3.once",
        exercise: "08.3",
        fact: "shuffled, each of 100 samples is visited once, and not as they are stored",
        run: once,
    },
    Check {
        id: "08.3.again",
        exercise: "08.3",
        fact: "the same seed and epoch give the same order, whatever was asked before",
        run: again,
    },
    Check {
        id: "08.3.other",
        exercise: "08.3",
        fact: "another epoch and another seed have another order",
        run: other,
    },
    Check {
        id: "08.3.exact",
        exercise: "08.3",
        fact: "10 samples, seed 1, epoch 2: one order for ever, and so for a sample's stream",
        run: exact,
    },
    Check {
        id: "08.3.streams",
        exercise: "08.3",
        fact: "a sample has a stream of its own, another in another epoch, shuffled or not",
        run: streams,
    },
    Check {
        id: "08.3.apart",
        exercise: "08.3",
        fact: "the loader's order is not the shuffle of a model's generator of the same seed",
        run: apart,
    },
];

fn visits(samples: usize, shuffle: bool, seed: u64, epoch: usize) -> Vec<usize> {
    EpochOrder::new(samples, shuffle, seed, epoch).samples(0..samples).to_vec()
}

fn stored() -> Verdict {
    wrong::unless_eq(visits(5, false, 7, 3), vec![0, 1, 2, 3, 4])
}

fn once() -> Verdict {
    let got = visits(100, true, 7, 0);
    let distinct = got.iter().collect::<BTreeSet<_>>().len();
    wrong::unless_eq(distinct, 100).because(
        distinct < 100,
        "some samples come twice and others never: shuffle, do not draw",
    )?;
    wrong::unless(got != (0..100).collect::<Vec<_>>(), || "the samples are in their stored order")
}

fn again() -> Verdict {
    let first = visits(50, true, 7, 5);
    for epoch in 0..5 {
        visits(50, true, 7, epoch);
    }
    wrong::unless_eq(visits(50, true, 7, 5), first)
        .because(true, "the order depends on more than seed and epoch: a run could not be repeated")
}

fn other() -> Verdict {
    let order = visits(50, true, 7, 5);
    let same_epoch = visits(50, true, 7, 6) == order;
    wrong::unless(!same_epoch, || "epochs 5 and 6 have one order").because(
        same_epoch,
        "every epoch visits the samples in the same order: epoch is the stream",
    )?;
    wrong::unless(visits(50, true, 8, 5) != order, || "seeds 7 and 8 have one order")
        .because(true, "the seed makes no difference")
}

/// By an implementation of Philox4x32-10 in another language.
const EXACT: [usize; 10] = [3, 9, 0, 1, 4, 2, 7, 8, 5, 6];

fn exact() -> Verdict {
    let got = visits(10, true, 1, 2);
    let mut undrawn: Vec<usize> = (0..10).collect();
    Rng::at(1 ^ u64::from_be_bytes(*b"epochs08"), 2).shuffle(&mut undrawn);
    wrong::unless_eq(&got, &EXACT.to_vec())
        .because(
            got == undrawn,
            "shuffled with the stream's first numbers: the seed for pictures is drawn before them",
        )
        .note("the stream is Rng::at(seed ^ LOADER, epoch)")?;
    wrong::unless_eq(first(true, 2026, 1, 3), 10_647_933_439_403_736_478).because(
        true,
        "the stream of sample 3 is another than it was: stream 3 of the seed for pictures",
    )
}

/// The first number of the stream of `sample`.
fn first(shuffle: bool, seed: u64, epoch: usize, sample: usize) -> u64 {
    EpochOrder::new(10, shuffle, seed, epoch).rng(sample).next_u64()
}

fn streams() -> Verdict {
    let all: Vec<u64> = (0..10).map(|sample| first(true, 1, 0, sample)).collect();
    let distinct = all.iter().collect::<BTreeSet<_>>().len();
    wrong::unless_eq(distinct, 10)
        .because(distinct == 1, "all samples have one stream, and are changed alike")?;
    let next = first(true, 1, 1, 3);
    wrong::unless(next != all[3], || "sample 3 has one stream in epochs 0 and 1")
        .because(true, "a picture is changed in the same way in every epoch")?;
    wrong::unless_eq(first(true, 1, 0, 3), all[3]).note("asked for twice")?;
    let plain = first(false, 1, 0, 3);
    wrong::unless_eq(plain, all[3]).because(
        plain != all[3],
        "shuffling changes the pictures: draw the seed for them first, in both cases",
    )?;
    wrong::unless(first(true, 2, 0, 3) != all[3], || "seeds 1 and 2 change sample 3 alike")
}

fn apart() -> Verdict {
    let mut plain: Vec<usize> = (0..20).collect();
    Rng::at(7, 0).shuffle(&mut plain);
    let mut after_draw: Vec<usize> = (0..20).collect();
    let mut rng = Rng::at(7, 0);
    rng.next_u64();
    rng.shuffle(&mut after_draw);
    let got = visits(20, true, 7, 0);
    wrong::unless(got != plain && got != after_draw, || format!("{got:?}"))
        .because(true, "this is stream 0 of seed 7 itself, which a model may use: seed ^ LOADER")
}
