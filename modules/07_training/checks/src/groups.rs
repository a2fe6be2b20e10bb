//! 07.9: one step from many batches.

use crate::probe::{Trained, trained};
use check::{Because, Check, Verdict, wrong};
use tinytorch_training::TrainerOptions;

pub const CHECKS: &[Check] = &[
    Check {
        id: "07.9.equal",
        exercise: "07.9",
        fact: "gradients 2 and 6 of two batches of 2 make one step of 4, their mean",
        run: equal,
    },
    Check {
        id: "07.9.large",
        exercise: "07.9",
        fact: "four batches of 4 step exactly where one batch of 16 does",
        run: large,
    },
    Check {
        id: "07.9.unequal",
        exercise: "07.9",
        fact: "a gradient 2 of 3 samples and 6 of 1 sample make 3: each sample counts once",
        run: unequal,
    },
    Check {
        id: "07.9.growing",
        exercise: "07.9",
        fact: "batches of 1, 3 and 4 samples, in this order, weigh 1, 3 and 4",
        run: growing,
    },
    Check {
        id: "07.9.remainder",
        exercise: "07.9",
        fact: "2, 4 | 8: the last group of an epoch is divided by its own size",
        run: remainder,
    },
    Check {
        id: "07.9.anew",
        exercise: "07.9",
        fact: "2, 4 | 6, 8: the second group knows nothing of the first",
        run: anew,
    },
    Check {
        id: "07.9.leash",
        exercise: "07.9",
        fact: "the leash is on the mean: gradients 3 and 5 have the norm 4",
        run: leash,
    },
];

/// An epoch that gathers so many batches for each update.
fn gathered(accumulate: usize, inputs: &[&[f32]]) -> Trained {
    trained(TrainerOptions { accumulate, ..Default::default() }, inputs)
}

fn equal() -> Verdict {
    let got = gathered(2, &[&[1.0, 3.0], &[5.0, 7.0]]);
    wrong::unless_close(got.weight, -4.0_f32, 1e-6)
        .because(got.weight == -8.0, "8 is the sum of the batches: divide it by their number, k")
        .because(got.weight == -16.0, "the sum was multiplied where it should be divided")
        .because(got.weight == -2.0, "2 is a quarter of the sum: the gradients are means already")
        .because(got.weight == -6.0 || got.weight == -3.0, "the first batch's gradients were lost")
        .because(got.weight == -1.0, "the second batch's gradients were lost")?;
    wrong::unless_eq((got.steps, got.weights), (1, vec![0.0, -4.0]))
        .note("one update, after the second batch")
}

fn large() -> Verdict {
    let all: Vec<f32> = (0..16).map(|i| (i * i) as f32 / 8.0).collect();
    let parts: Vec<&[f32]> = all.chunks(4).collect();
    let (whole, gathered) = (gathered(1, &[&all]).weight, gathered(4, &parts).weight);
    wrong::unless_close(gathered, whole, 1e-6)
        .note("i * i / 8 for 0 to 15, all at once and by fours")
}

fn unequal() -> Verdict {
    let got = gathered(2, &[&[1.0, 2.0, 3.0], &[6.0]]).weight;
    wrong::unless_close(got, -3.0_f32, 1e-6)
        .because(got == -4.0, "4 is the mean of 2 and 6, where three samples count as much as one; or 2 + 6/3, not divided yet")
        .because(
            (got + 6.0).abs() < 1e-4,
            "6 · 3 in place of 6 / 3: the weight is samples / first_samples",
        )
        .because(
            (got + 15.0).abs() < 1e-4,
            "6 · 3 in place of 6 / 3: the weight is samples / first_samples",
        )
        .note("(1 + 2 + 3 + 6) / 4 = 3")
}

fn growing() -> Verdict {
    let got = gathered(3, &[&[6.0], &[1.0, 2.0, 3.0], &[9.0, 3.0, 4.0, 4.0]]).weight;
    wrong::unless_close(got, -4.0_f32, 1e-6)
        .because(
            (got + 13.0 / 3.0).abs() < 1e-4,
            "13/3 is the mean of 6, 2 and 5, as if all batches were of one size",
        )
        .note("(6 + 6 + 20) / 8 = 4")
}

fn remainder() -> Verdict {
    let got = gathered(2, &[&[2.0], &[4.0], &[8.0]]);
    wrong::unless_eq((got.weight, got.steps), (-11.0, 2))
        .because(got.weight == -7.0, "8 was divided by 2: there is one batch in the last group")
        .because(got.weight == -3.0, "the last group was lost")?;
    let few = gathered(9, &[&[2.0], &[4.0]]).weight;
    wrong::unless_close(few, -3.0_f32, 1e-6)
        .note("two batches in a group of 9: divide by what is there, not by `accumulate`")
}

fn anew() -> Verdict {
    let got = gathered(2, &[&[2.0], &[4.0], &[6.0], &[8.0]]).weights;
    wrong::unless_close(&got, [0.0_f32, -3.0, -3.0, -10.0], 1e-6)
        .because(got.last() == Some(&-8.0), "the second group was divided by all four batches")
}

fn leash() -> Verdict {
    let options = TrainerOptions { accumulate: 2, clip_norm: Some(2.0), ..Default::default() };
    let got = trained(options, &[&[3.0], &[5.0]]);
    wrong::unless_eq(&got.norms, &[None, Some(4.0)]).because(
        got.norms.last() == Some(&Some(8.0)),
        "8 is the norm of the sum: the mean has 4",
    )?;
    wrong::unless_close(got.weight, -2.0_f32, 1e-5)
}
