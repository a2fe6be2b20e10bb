//! 03.5: noise in training, and nothing in evaluation.

use crate::numbers::of;
use check::{Because, Check, Numbers, Verdict, wrong};
use tinytorch_layers::{Dropout, Module, Training, evaluating};
use tinytorch_tensor::{Rng, Tensor};

pub const CHECKS: &[Check] = &[
    Check {
        id: "03.5.scale",
        exercise: "03.5",
        fact: "with p = 0.2 a 1 becomes 0 or 1.25, and nothing else",
        run: scale,
    },
    Check {
        id: "03.5.share",
        exercise: "03.5",
        fact: "with p = 0.2 a fifth of 100,000 numbers is dropped, and the mean stays",
        run: share,
    },
    Check {
        id: "03.5.each",
        exercise: "03.5",
        fact: "each number of a [50, 50] is dropped or kept for itself",
        run: each,
    },
    Check {
        id: "03.5.evaluation",
        exercise: "03.5",
        fact: "in evaluation nothing is dropped, scaled or drawn",
        run: evaluation,
    },
    Check {
        id: "03.5.edges",
        exercise: "03.5",
        fact: "p = 0 keeps everything, p = 1 nothing; shapes stay",
        run: edges,
    },
    Check {
        id: "03.5.draws",
        exercise: "03.5",
        fact: "a call takes one draw, the next call another, and a restored stream the same",
        run: draws,
    },
];

fn dropout(p: f32) -> Dropout {
    Dropout::new(p, &mut Rng::new(1))
}

fn scale() -> Verdict {
    let y = dropout(0.2).forward(&Tensor::ones([1000])).to_vec();
    let kept = y.iter().copied().find(|&v| v != 0.0).unwrap_or(0.0);
    wrong::unless_close(kept, 1.25, 1e-6)
        .because(kept == 1.0, "what is kept must make up for what is gone: divide by 1 - p")
        .because((kept - 0.8).abs() < 1e-6, "that is times 1 - p: divide by it")
        .because((kept - 5.0).abs() < 1e-5, "that is divided by p: divide by 1 - p")
        .because(kept == 0.0, "nothing is kept")?;
    let other = y.iter().copied().find(|&v| v != 0.0 && v != kept);
    wrong::unless_eq(other, None)
}

fn share() -> Verdict {
    let y = dropout(0.2).forward(&Tensor::ones([100_000]));
    let zeros = y.to_vec().iter().filter(|&&v| v == 0.0).count();
    // Three standard deviations of the count are 380.
    wrong::unless((19_600..20_400).contains(&zeros), || format!("{zeros} of 100,000 are dropped"))
        .because((79_000..81_000).contains(&zeros), "p is the probability to be dropped, not kept")
        .because(zeros == 0, "nothing is dropped")?;
    let mean = y.mean().item();
    wrong::unless((mean - 1.0).abs() < 0.006, || format!("the mean was 1 and is {mean}"))
}

fn each() -> Verdict {
    let y = dropout(0.5).forward(&Tensor::ones([50, 50]));
    let values = y.to_vec();
    let zeros = values.iter().filter(|&&v| v == 0.0).count();
    wrong::unless(zeros > 0 && zeros < 2500, || format!("{zeros} of 2,500 are dropped"))
        .because(true, "one number decided for all: draw one for each, from one `rng`")?;
    let rows_alike = values.chunks(50).all(|row| row == &values[..50]);
    wrong::unless(!rows_alike, || "all rows lost the same columns")?;
    let whole_rows = values.chunks(50).all(|row| row.iter().all(|v| *v == row[0]));
    wrong::unless(!whole_rows, || "whole rows were dropped")
}

fn evaluation() -> Verdict {
    let mut drop = dropout(0.5);
    let x = Tensor::randn([100], &mut Rng::new(2));
    let y = evaluating(|| drop.forward(&x));
    wrong::unless_close(of(&y), of(&x), 0.0).because(
        y.to_vec().contains(&0.0),
        "it drops in evaluation: ask `self.training.is_on()`",
    )?;
    drop.training = Training(false);
    let y = drop.forward(&x);
    wrong::unless_close(of(&y), of(&x), 0.0)
        .because(y.to_vec().contains(&0.0), "it drops with the switch off: ask `is_on()`")?;
    wrong::unless_eq(drop.stream.state().stream, 0)
        .note("draws taken, although nothing is dropped")?;
    drop.training = Training(true);
    let dropped = drop.forward(&x).to_vec().contains(&0.0);
    wrong::unless(dropped, || "nothing is dropped with the switch on again")
}

fn edges() -> Verdict {
    let x = Tensor::randn([4, 5, 5], &mut Rng::new(3));
    let none = dropout(0.0);
    wrong::unless_close(of(&none.forward(&x)), of(&x), 0.0)?;
    wrong::unless_eq(none.stream.state().stream, 0).note("draws taken with p = 0")?;
    let all = dropout(1.0).forward(&x);
    wrong::unless_close(of(&all), Numbers::new(vec![4, 5, 5], vec![0.0; 100]), 0.0).because(
        all.to_vec().iter().any(|v| v.is_nan()),
        "1 / (1 - p) is infinite, and 0 * infinity",
    )?;
    let empty = dropout(0.5).forward(&Tensor::zeros([0, 3]));
    wrong::unless_close(of(&empty), Numbers::new(vec![0, 3], vec![]), 0.0)
}

fn draws() -> Verdict {
    let mut drop = dropout(0.5);
    let x = Tensor::ones([100]);
    let first = drop.forward(&x).to_vec();
    let state = drop.stream.state();
    wrong::unless_eq(state.stream, 1).note("draws taken by one call on 100 numbers")?;
    let second = drop.forward(&x).to_vec();
    wrong::unless(first != second, || "two calls drop the same numbers")
        .because(true, "begin where the op says: `Rng::from_state(self.state)`")?;
    drop.stream.set_state(state);
    wrong::unless(
        drop.forward(&x).to_vec() == second,
        || "a stream set back to before the second call drops other numbers",
    )
    .note("every random number comes from the op's state, so that a run can be resumed")
}
