//! 08.1: how many batches.

use crate::numbers::{Numbered, loader};
use check::{Because, Check, Verdict, wrong};
use tinytorch_dataloader::DataLoaderOptions;

pub const CHECKS: &[Check] = &[
    Check {
        id: "08.1.rounded_up",
        exercise: "08.1",
        fact: "10 samples by fours are 3 batches: 4, 4 and 2",
        run: rounded_up,
    },
    Check {
        id: "08.1.dropped",
        exercise: "08.1",
        fact: "with drop_last they are 2, and 8 samples by fours are 2 either way",
        run: dropped,
    },
    Check {
        id: "08.1.edges",
        exercise: "08.1",
        fact: "3 samples by fours are 1 batch, or none with drop_last; no samples are none",
        run: edges,
    },
];

/// The batches of so many samples by fours, kept and dropped.
fn lens(samples: usize) -> (usize, usize) {
    let len = |drop_last| {
        let options = DataLoaderOptions { batch_size: 4, drop_last, ..Default::default() };
        loader(Numbered(samples), options).len()
    };
    (len(false), len(true))
}

fn rounded_up() -> Verdict {
    let got = lens(10).0;
    wrong::unless_eq(got, 3)
        .because(got == 2, "the last batch, of 2 samples, was dropped: round up")
        .because(got == 10, "10 is the number of samples, not of batches")
        .because(got == 4, "one too many: 10 / 4 is 2.5, rounded up 3")
}

fn dropped() -> Verdict {
    let got = lens(10).1;
    wrong::unless_eq(got, 2).because(got == 3, "with drop_last the batch of 2 is left out")?;
    let got = lens(8);
    wrong::unless_eq(got, (2, 2))
        .because(got.0 == 3, "8 / 4 is 2 exactly: there is no batch of none at the end")
        .because(got.1 == 1, "the last batch is full: it is not dropped")
}

fn edges() -> Verdict {
    let got = lens(3);
    wrong::unless_eq(got, (1, 0)).because(got.0 == 0, "fewer samples than a batch are a batch")?;
    wrong::unless_eq(lens(0), (0, 0)).because(lens(0).0 == 1, "no samples are no batches")
}
