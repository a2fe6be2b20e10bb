//! 08.6: dealt out at random.

use crate::numbers::Numbered;
use check::{Because, Check, Verdict, wrong};
use tinytorch_dataloader::{Dataset, random_split};
use tinytorch_tensor::Rng;

pub const CHECKS: &[Check] = &[
    Check {
        id: "08.6.lengths",
        exercise: "08.6",
        fact: "10 samples dealt into 7 and 3, and into 10 and 0",
        run: lengths,
    },
    Check {
        id: "08.6.once",
        exercise: "08.6",
        fact: "each of 100 samples is in one part, and in one only",
        run: once,
    },
    Check {
        id: "08.6.mixed",
        exercise: "08.6",
        fact: "a part of 50 of 100 has samples from both halves of the stored order",
        run: mixed,
    },
    Check {
        id: "08.6.seed",
        exercise: "08.6",
        fact: "the same seed deals the same parts, another seed others",
        run: seed,
    },
    Check {
        id: "08.6.sum",
        exercise: "08.6",
        fact: "lengths of 7 and 2 for 10 samples panic: none is lost in silence",
        run: sum,
    },
];

fn split<const N: usize>(samples: usize, lengths: [usize; N], seed: u64) -> [Vec<usize>; N] {
    random_split(Numbered(samples), lengths, seed).map(|part| part.indices().to_vec())
}

fn lengths() -> Verdict {
    let got = split(10, [7, 3], 1).map(|part| part.len());
    wrong::unless_eq(got, [7, 3])?;
    let got = split(10, [10, 0], 1).map(|part| part.len());
    wrong::unless_eq(got, [10, 0])?;
    let [part, _] = random_split(Numbered(10), [7, 3], 1);
    let (_, target) = part.get(2, &mut Rng::new(0));
    wrong::unless_eq(target.item_i32() as usize, part.indices()[2])
        .note("sample 2 of the first part")
}

fn once() -> Verdict {
    let mut all = split(100, [60, 30, 10], 5).concat();
    all.sort_unstable();
    let dealt = all.len();
    all.dedup();
    wrong::unless_eq((dealt, all.len()), (100, 100)).because(
        all.len() < dealt,
        "a sample is in two parts: what is trained on is examined on. Shuffle once, then cut",
    )
}

fn mixed() -> Verdict {
    let [part, _] = split(100, [50, 50], 5);
    let early = part.iter().filter(|&&sample| sample < 50).count();
    wrong::unless((10..=40).contains(&early), || format!("{early} of 50 are from the first half"))
        .because(early == 50, "the first half was taken as it is stored: shuffle first")
}

fn seed() -> Verdict {
    let first = split(50, [40, 10], 3);
    wrong::unless_eq(split(50, [40, 10], 3), first.clone()).because(
        true,
        "another deal at the second call: validation data would leak into training",
    )?;
    wrong::unless(split(50, [40, 10], 4) != first, || "seeds 3 and 4 deal alike")
}

fn sum() -> Verdict {
    wrong::unless_panics(|| split(10, [7, 2], 1), "add up to 9")
        .because(true, "parts of 7 and 2 were dealt out, and one sample was lost in silence")?;
    wrong::unless_panics(|| split(10, [7, 4], 1), "add up to 11")
        .note("compare the sum of the lengths with the samples before anything is cut")
}
