//! 07.1: means over samples, not over batches.

use check::{Because, Check, Verdict, wrong};
use tinytorch_training::Average;

pub const CHECKS: &[Check] = &[
    Check {
        id: "07.1.unequal",
        exercise: "07.1",
        fact: "a mean of 1 over 3 samples and one of 5 over 1 sample make 2, not 3",
        run: unequal,
    },
    Check {
        id: "07.1.counts",
        exercise: "07.1",
        fact: "their sum is 8, over 4 samples",
        run: counts,
    },
    Check {
        id: "07.1.nothing",
        exercise: "07.1",
        fact: "nothing has no mean: NaN, not 0, and no panic",
        run: nothing,
    },
    Check {
        id: "07.1.long",
        exercise: "07.1",
        fact: "100 times 0.1 after a sum of 2^24 still counts: f64, as f32 has no room for it",
        run: long,
    },
];

fn of(batches: &[(f32, usize)]) -> Average {
    let mut average = Average::default();
    batches.iter().for_each(|&(mean, samples)| average.add(mean, samples));
    average
}

fn unequal() -> Verdict {
    let got = of(&[(1.0, 3), (5.0, 1)]).value();
    wrong::unless_close(got, 2.0_f32, 1e-6)
        .because(
            got == 3.0,
            "3 is the mean of the two means: a batch of 3 samples counts three times",
        )
        .because(got == 1.5, "6 / 4: a mean over 3 samples stands for a sum of 3 times as much")
        .because(got == 8.0, "8 is the sum over the samples: divide it by their number")
        .because(got == 4.0, "8 / 2: divide by the samples, not by the batches")
        .because(got == 5.0, "5 is the last batch's: what was there before is gone")
}

fn counts() -> Verdict {
    let got = of(&[(1.0, 3), (5.0, 1)]);
    wrong::unless_eq((got.sum, got.samples), (8.0, 4))
        .because(got.samples == 2, "2 is the number of batches: count samples")
}

fn nothing() -> Verdict {
    let got = Average::default().value();
    wrong::unless(got.is_nan(), || format!("a mean of {got} of no samples at all"))
        .because(got == 0.0, "0 would say that the loss is perfect; 0 / 0 is NaN, and says nothing")
}

fn long() -> Verdict {
    let mut average = of(&[(16_777_216.0, 1)]);
    (0..100).for_each(|_| average.add(0.1, 1));
    wrong::unless_close(average.sum - 16_777_216.0, 10.0, 1e-3).because(
        average.sum == 16_777_216.0,
        "the sum was rounded to f32: next to 2^24 it loses 0.1",
    )
}
