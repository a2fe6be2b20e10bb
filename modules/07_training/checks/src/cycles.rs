//! 07.6: one cycle.

use check::{Because, Check, Verdict, wrong};
use tinytorch_training::{OneCycle, Schedule};

pub const CHECKS: &[Check] = &[
    Check {
        id: "07.6.landmarks",
        exercise: "07.6",
        fact: "100 steps up to 1: 0.04 at step 0, 1 at step 29, 0.000004 at step 99",
        run: landmarks,
    },
    Check {
        id: "07.6.shape",
        exercise: "07.6",
        fact: "up to step 29 it never falls, from there it never rises",
        run: shape,
    },
    Check {
        id: "07.6.torch",
        exercise: "07.6",
        fact: "40 steps to 0.5, rise 0.45, divisors 10 and 50: PyTorch's numbers at five steps",
        run: torch,
    },
    Check {
        id: "07.6.after",
        exercise: "07.6",
        fact: "after the last step the last rate stays",
        run: after,
    },
    Check {
        id: "07.6.tiny",
        exercise: "07.6",
        fact: "cycles of 0 to 3 steps and a rise of 0 give rates, not NaN",
        run: tiny,
    },
];

fn landmarks() -> Verdict {
    let cycle = OneCycle::new(1.0, 100);
    let got = [0, 29, 99].map(|step| cycle.lr(step));
    wrong::unless_close(got, [0.04_f32, 1.0, 0.0], 1e-5)
        .because(got[0] == 0.0, "the rise begins at max_lr / start_divisor, not at 0")
        .because(
            (got[2] - 1e-4).abs() < 1e-6,
            "0.0001 is max_lr / 10000: the end is the *first* rate / end_divisor",
        )
        .because(got[2] > 1e-3, "the end is the first rate divided by end_divisor")
        .because(
            got[1] < 0.999,
            "the peak is off by a step: steps 0 to 29 are the first 30 of 100",
        )?;
    let last = got[2];
    wrong::unless((last - 4e-6).abs() < 1e-9, || format!("step 99 has {last}, not 0.000004"))
        .because(last == 0.0, "the end is 1 / 25 / 10000, small but not 0")
}

fn shape() -> Verdict {
    let cycle = OneCycle::new(1.0, 100);
    let rates: Vec<f32> = (0..100).map(|step| cycle.lr(step)).collect();
    let turns = |range: std::ops::Range<usize>, up: bool| {
        range.clone().find(|&i| if up { rates[i + 1] < rates[i] } else { rates[i + 1] >= rates[i] })
    };
    let step = turns(0..29, true);
    wrong::unless(step.is_none(), || format!("the rate falls after step {step:?}"))?;
    let step = turns(29..99, false);
    wrong::unless(step.is_none(), || format!("the rate does not fall after step {step:?}"))?;
    let quarter = cycle.lr(64);
    wrong::unless_close(quarter, 0.500_002_f32, 1e-5)
        .note("step 64 is the middle of the fall from 29 to 99: the mean of 1 and 0.000004")
}

/// Steps, and the rates that PyTorch 2 gives them.
const TORCH: [(usize, f32); 5] =
    [(0, 0.05), (9, 0.295_760_4), (17, 0.5), (28, 0.2505), (39, 0.001)];

fn torch() -> Verdict {
    let cycle =
        OneCycle { rise: 0.45, start_divisor: 10.0, end_divisor: 50.0, ..OneCycle::new(0.5, 40) };
    let got = TORCH.map(|(step, _)| cycle.lr(step));
    wrong::unless_close(got, TORCH.map(|(_, rate)| rate), 1e-6)
        .note("steps 0, 9, 17, 28, 39 of torch.optim.lr_scheduler.OneCycleLR")
}

fn after() -> Verdict {
    let cycle = OneCycle::new(1.0, 100);
    let got = [100, 1000, usize::MAX].map(|step| cycle.lr(step));
    wrong::unless_eq(got, [cycle.lr(99); 3])
        .because(got[1] > 1e-3, "the cosine goes up again: cut the step at the last one")
}

fn tiny() -> Verdict {
    for steps in 0..4 {
        let got = [0, 1, 2, 3, 4].map(|step| OneCycle::new(1.0, steps).lr(step));
        wrong::unless(got.iter().all(|rate| rate.is_finite()), || format!("{got:?}"))
            .note(format!("a cycle of {steps} steps: where is a divisor 0?"))?;
    }
    let flat = OneCycle { rise: 0.0, ..OneCycle::new(1.0, 10) };
    let got = flat.lr(0);
    wrong::unless(got.is_finite(), || format!("a rise of 0 begins with {got}"))?;
    let brief = OneCycle { rise: 0.5, ..OneCycle::new(1.0, 2) };
    let got = [0, 1].map(|step| brief.lr(step));
    wrong::unless(got[0] == 1.0 && got[1] < 1e-5, || format!("{got:?}"))
        .because(got[0].is_nan(), "0 / 0: where is a divisor 0? A rise of one step has no length")
        .note("2 steps, a rise of a half: the peak is step 0")
}
