//! 07.10: when to stop.

use crate::probe::Probe;
use check::{Because, Check, Verdict, wrong};
use tinytorch_tensor::Tensor;
use tinytorch_training::EarlyStopping;

pub const CHECKS: &[Check] = &[
    Check {
        id: "07.10.better",
        exercise: "07.10",
        fact: "of losses 3, 2, 2.5, 2.25, 1 the epochs 0, 1 and 4 are the best so far",
        run: better,
    },
    Check {
        id: "07.10.patience",
        exercise: "07.10",
        fact: "with a patience of 2 the run is over after epoch 3, with 3 it is not",
        run: patience,
    },
    Check {
        id: "07.10.in_a_row",
        exercise: "07.10",
        fact: "a better epoch starts the count anew: 3, 4, 2, 3, 1 never tires a patience of 2",
        run: in_a_row,
    },
    Check {
        id: "07.10.impatient",
        exercise: "07.10",
        fact: "patience 0 and 1 stop at the first epoch that is not better, and not before",
        run: impatient,
    },
    Check {
        id: "07.10.margin",
        exercise: "07.10",
        fact: "with a margin of 0.5, 2.75 and 2.5 are not better than 3, and 2.25 is",
        run: margin,
    },
    Check {
        id: "07.10.metric",
        exercise: "07.10",
        fact: "an accuracy is better when it is higher: 0.5, 0.75, 0.6",
        run: metric,
    },
    Check {
        id: "07.10.nan",
        exercise: "07.10",
        fact: "NaN is never better, not even as the first",
        run: nan,
    },
    Check {
        id: "07.10.weights",
        exercise: "07.10",
        fact: "the best epoch's weights come back, however the model was changed since",
        run: weights,
    },
];

/// Whether each value was better, and whether the run was over after it.
fn observed(mut early: EarlyStopping, values: &[f32]) -> Vec<(bool, bool)> {
    let model = Probe::new(0.0);
    let observe = |(epoch, &value)| {
        let better = early.observe(epoch, value, &model);
        (better, early.is_exhausted())
    };
    values.iter().enumerate().map(observe).collect()
}

fn betters(early: EarlyStopping, values: &[f32]) -> Vec<bool> {
    observed(early, values).into_iter().map(|(better, _)| better).collect()
}

fn ends(early: EarlyStopping, values: &[f32]) -> Vec<bool> {
    observed(early, values).into_iter().map(|(_, over)| over).collect()
}

const LOSSES: [f32; 5] = [3.0, 2.0, 2.5, 2.25, 1.0];

fn better() -> Verdict {
    let got = betters(EarlyStopping::new(2), &LOSSES);
    wrong::unless_eq(&got, &[true, true, false, false, true])
        .because(got[3], "2.25 is better than 2.5, but 2.0 was the best: compare with the best")
        .because(got[2], "a loss is better when it is lower")
        .because(!got[0], "the first value has nothing above it: it is the best so far")?;
    let mut early = EarlyStopping::new(2);
    LOSSES[..3].iter().enumerate().for_each(|(epoch, &value)| {
        early.observe(epoch, value, &Probe::new(0.0));
    });
    wrong::unless_eq(early.best(), Some((1, 2.0))).note("the best of 3, 2, 2.5 and its epoch")
}

fn patience() -> Verdict {
    let got = ends(EarlyStopping::new(2), &LOSSES[..4]);
    wrong::unless_eq(&got, &[false, false, false, true])
        .because(got[2], "one bad epoch ended it: a patience of 2 bears one and ends at the second")
        .because(!got[3], "two bad epochs in a row are what a patience of 2 bears no longer")?;
    let got = ends(EarlyStopping::new(3), &LOSSES);
    wrong::unless_eq(got, vec![false; 5]).note("patience 3: epoch 4 came in time")
}

fn in_a_row() -> Verdict {
    let got = ends(EarlyStopping::new(2), &[3.0, 4.0, 2.0, 3.0, 1.0]);
    wrong::unless_eq(&got, &[false; 5])
        .because(got[3], "bad epochs were added up: only those in a row count, a better one resets")
}

fn impatient() -> Verdict {
    for patience in [0, 1] {
        let got = ends(EarlyStopping::new(patience), &[3.0, 2.0, 2.5]);
        wrong::unless_eq(&got, &[false, false, true])
            .because(got[0], "the run was over before it had a bad epoch")
            .note(format!("patience {patience}, losses 3, 2, 2.5"))?;
    }
    let fresh = EarlyStopping::new(0).is_exhausted();
    wrong::unless(!fresh, || "patience 0 was exhausted before the first epoch")
}

fn margin() -> Verdict {
    let values = [3.0, 2.75, 2.5, 2.25];
    let got = betters(EarlyStopping::new(9).min_delta(0.5), &values);
    wrong::unless_eq(&got, &[true, false, false, true])
        .because(got[1], "0.25 is less than the margin: better means better by more than min_delta")
        .because(got[2], "2.5 is better by 0.5, and not by more than it")
        .because(!got[3], "the margin is counted from the best value, 3, not from the value before")
}

fn metric() -> Verdict {
    let got = betters(EarlyStopping::new(9).watching("accuracy"), &[0.5, 0.75, 0.6]);
    wrong::unless_eq(&got, &[true, true, false])
        .because(got == [true, false, false], "a metric is better when it is higher")?;
    let got = betters(EarlyStopping::new(9).watching("accuracy").min_delta(0.1), &[0.5, 0.55, 0.7]);
    wrong::unless_eq(&got, &[true, false, true])
        .because(got[1], "the margin is on the other side for a metric: best + min_delta")
}

fn nan() -> Verdict {
    let got = observed(EarlyStopping::new(2), &[f32::NAN, 2.0, f32::NAN, 3.0]);
    let (better, over): (Vec<bool>, Vec<bool>) = got.into_iter().unzip();
    wrong::unless_eq(&better, &[false, true, false, false])
        .because(better[0], "NaN became the best so far: nothing is ever less than NaN")
        .because(better[2], "a diverged epoch passed for a better one")?;
    wrong::unless_eq(over, vec![false, false, false, true])
}

fn weights() -> Verdict {
    let mut model = Probe::new(0.0);
    let mut early = EarlyStopping::new(9);
    for (epoch, (loss, weight)) in [(3.0, 10.0), (2.0, 20.0), (2.5, 30.0)].into_iter().enumerate() {
        model.weight = Tensor::from([weight]).with_grad();
        early.observe(epoch, loss, &model);
    }
    model.weight.data_mut()[0] = 99.0;
    let restored = early.restore(&mut model);
    wrong::unless(restored.is_ok(), || format!("restoring: {restored:?}"))?;
    let got = model.weight.item();
    wrong::unless_eq(got, 20.0)
        .because(got == 30.0, "30 is the last epoch's: keep the state only when it is better")
        .because(got == 10.0, "10 is the first epoch's: each better epoch takes its place")
        .because(got == 99.0, "nothing was kept: `Best` holds `model.state_dict()`")
}
