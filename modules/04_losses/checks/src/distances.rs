//! 04.1 to 04.3: losses of numbers.

use crate::numbers::{like, of};
use check::{Because, Check, Verdict, wrong};
use tinytorch_losses::{Huber, L1, Mse, Reduction, huber_loss, l1_loss, mse_loss};
use tinytorch_tensor::{Rng, Tensor};

pub const CHECKS: &[Check] = &[
    Check {
        id: "04.1.one",
        exercise: "04.1",
        fact: "a prediction of 3 where 1 is right costs 4, and so does one of -1",
        run: one,
    },
    Check {
        id: "04.1.mean",
        exercise: "04.1",
        fact: "differences 0 2 -0.5 / 0 -3 0 cost 13.25 / 6: the mean is over all numbers",
        run: mean,
    },
    Check {
        id: "04.1.sum",
        exercise: "04.1",
        fact: "Reduction::Sum of the same differences is 13.25",
        run: sum,
    },
    Check {
        id: "04.1.each",
        exercise: "04.1",
        fact: "Reduction::None keeps the losses in their shape: 0 4 0.25 / 0 9 0",
        run: each,
    },
    Check {
        id: "04.1.refused",
        exercise: "04.1",
        fact: "predictions of [4, 1] and targets of [4] are refused, not broadcast to [4, 4]",
        run: refused,
    },
    Check {
        id: "04.1.empty",
        exercise: "04.1",
        fact: "the sum of no losses is 0, and their mean is NaN",
        run: empty,
    },
    Check {
        id: "04.1.batch",
        exercise: "04.1",
        fact: "a batch repeated four times has the same mean, and four times the sum",
        run: batch,
    },
    Check {
        id: "04.2.mean",
        exercise: "04.2",
        fact: "differences 0 2 -0.5 / 0 -3 0 cost 5.5 / 6",
        run: absolute_mean,
    },
    Check {
        id: "04.2.each",
        exercise: "04.2",
        fact: "unreduced, they cost 0 2 0.5 / 0 3 0, and 5.5 summed",
        run: absolute_each,
    },
    Check {
        id: "04.2.refused",
        exercise: "04.2",
        fact: "other shapes and integers are refused in the name of `l1_loss`",
        run: absolute_refused,
    },
    Check {
        id: "04.3.both",
        exercise: "04.3",
        fact: "with delta 2, distances 1, 2, 5, 1000 cost 0.5, 2, 8, 1998",
        run: both,
    },
    Check {
        id: "04.3.joined",
        exercise: "04.3",
        fact: "parabola and line meet at delta without a step and without a corner",
        run: joined,
    },
    Check {
        id: "04.3.wide",
        exercise: "04.3",
        fact: "with a delta beyond all distances it is half the squared error",
        run: wide,
    },
    Check {
        id: "04.3.far",
        exercise: "04.3",
        fact: "a distance of 1e30, whose square is no f32, costs 1e30 with delta 1",
        run: far,
    },
];

fn prediction() -> Tensor {
    Tensor::from([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
}

fn target() -> Tensor {
    Tensor::from([[1.0, 0.0, 3.5], [4.0, 8.0, 6.0]]) // differences 0 2 -0.5 / 0 -3 0
}

fn one() -> Verdict {
    let got = mse_loss(&Tensor::from([3.0]), &Tensor::from([1.0]));
    wrong::unless_close(of(&got), 4.0, 0.0)
        .because(like(&got, &[2.0]) && got.ndim() == 0, "2 is the difference: square it")
        .because(got.ndim() == 1, "a mean is a single number, of shape []")?;
    wrong::unless_close(of(&mse_loss(&Tensor::from([-1.0]), &Tensor::from([1.0]))), 4.0, 0.0)
}

fn mean() -> Verdict {
    let got = mse_loss(&prediction(), &target());
    wrong::unless_close(of(&got), 13.25 / 6.0, 1e-6)
        .because(like(&got, &[13.25]), "13.25 is the sum: the mean divides by the 6 numbers")
        .because(
            like(&got, &[13.25 / 2.0]),
            "13.25 / 2 divides by the rows: the mean is over all 6 numbers",
        )
        .because(
            like(&got, &[13.25 / 3.0]),
            "13.25 / 3 divides by the columns: the mean is over all 6 numbers",
        )
        .because(like(&got, &[13.25 / 12.0]), "nothing is halved in a mean squared error")
        .because(
            like(&got, &[(13.25_f32 / 6.0).sqrt()]),
            "a root was taken: the mean squared error stays squared",
        )
        .because(like(&got, &[5.5 / 6.0]), "absolute differences: square them")
        .because(like(&got, &[0.375]), "the mean was squared, not the differences")
}

fn sum() -> Verdict {
    let got = Mse { reduction: Reduction::Sum }.of(&prediction(), &target());
    wrong::unless_close(of(&got), 13.25, 1e-6).because(
        like(&got, &[13.25 / 6.0]),
        "this is the mean: the reduction that was asked for is in `self.reduction`",
    )
}

fn each() -> Verdict {
    let got = Mse { reduction: Reduction::None }.of(&prediction(), &target());
    wrong::unless_close(of(&got), [[0.0, 4.0, 0.25], [0.0, 9.0, 0.0]], 0.0)
        .because(got.ndim() == 0, "None means: not reduced, one loss for each number")
        .because(got.ndim() == 1, "the losses keep the shape of the predictions")
}

fn refused() -> Verdict {
    let says = "mse_loss: predictions of [4, 1] and targets of [4] differ";
    let loss = || mse_loss(&Tensor::zeros([4, 1]), &Tensor::zeros([4]));
    wrong::unless_panics(loss, says).because(
        true,
        "[4, 1] minus [4] is [4, 4]: 16 differences of everything with everything; \
         `check_pair` comes first",
    )?;
    let integers = || mse_loss(&Tensor::from([1.0]), &Tensor::from([1]));
    wrong::unless_panics(integers, "mse_loss: predictions and targets are floats")
}

fn empty() -> Verdict {
    let none = Tensor::zeros([0, 3]);
    let got = Mse { reduction: Reduction::Sum }.of(&none, &none);
    wrong::unless_close(of(&got), 0.0, 0.0)?;
    let got = mse_loss(&none, &none);
    wrong::unless_close(of(&got), f32::NAN, 0.0)
        .because(like(&got, &[0.0]), "0 / 0 is not 0: a batch without data is a fault to be seen")
}

fn batch() -> Verdict {
    let (p, y) = (prediction(), target());
    let (wide_p, wide_y) = (Tensor::cat(&[&p, &p, &p, &p], 0), Tensor::cat(&[&y, &y, &y, &y], 0));
    wrong::unless_close(of(&mse_loss(&wide_p, &wide_y)), of(&mse_loss(&p, &y)), 1e-6)
        .note("the learning rate should not depend on the size of the batch")?;
    let sum = Mse { reduction: Reduction::Sum };
    wrong::unless_close(of(&sum.of(&wide_p, &wide_y)), 53.0, 1e-6)
}

fn absolute_mean() -> Verdict {
    let got = l1_loss(&prediction(), &target());
    wrong::unless_close(of(&got), 5.5 / 6.0, 1e-6)
        .because(like(&got, &[-0.25]), "-3 and 2 cancelled out: take absolute values first")
        .because(like(&got, &[0.25]), "absolute values come before the mean, not after it")
        .because(like(&got, &[13.25 / 6.0]), "these are squares: the absolute error has none")
        .because(like(&got, &[5.5]), "5.5 is the sum: reduce with `self.reduction`")
}

fn absolute_each() -> Verdict {
    let got = L1 { reduction: Reduction::None }.of(&prediction(), &target());
    wrong::unless_close(of(&got), [[0.0, 2.0, 0.5], [0.0, 3.0, 0.0]], 0.0).because(
        got.ndim() == 0,
        "None means: one loss for each number; reduce with `self.reduction`",
    )?;
    let got = L1 { reduction: Reduction::Sum }.of(&prediction(), &target());
    wrong::unless_close(of(&got), 5.5, 1e-6)
}

fn absolute_refused() -> Verdict {
    let loss = || l1_loss(&Tensor::zeros([4, 1]), &Tensor::zeros([4]));
    wrong::unless_panics(loss, "l1_loss: predictions of [4, 1] and targets of [4] differ").because(
        true,
        "`check_pair` comes first, with the name of this loss: 16 differences would pass unseen",
    )?;
    let integers = || l1_loss(&Tensor::from([1.0]), &Tensor::from([1]));
    wrong::unless_panics(integers, "l1_loss: predictions and targets are floats")
}

fn both() -> Verdict {
    let huber = Huber { delta: 2.0, reduction: Reduction::None };
    let got = huber.of(&Tensor::from([1.0, -2.0, 5.0, -1000.0]), &Tensor::zeros([4]));
    wrong::unless_close(of(&got), [0.5, 2.0, 8.0, 1998.0], 1e-6)
        .because(like(&got, &[0.5, 2.0, 12.5, 500_000.0]), "the parabola ends at delta")
        .because(
            like(&got, &[0.5, 2.0, 10.0, 2000.0]),
            "the line is too high by delta squared / 2: it starts where the parabola ends",
        )
        .because(
            like(&got, &[0.5, 2.0, 2.0, 2.0]),
            "beyond delta nothing more is paid: the line is missing",
        )
        .because(
            like(&got, &[0.5, 2.0, 5.0, 1000.0]),
            "the slope of the line is 1 here: it is delta, as that of the parabola at its end",
        )
        .because(like(&got, &[1.0, 4.0, 10.0, 2000.0]), "the parabola is half the square")
        .because(
            like(&got, &[0.25, 1.0, 4.0, 999.0]),
            "this is Huber's loss divided by delta, which PyTorch calls smooth L1",
        )
}

fn joined() -> Verdict {
    let huber = Huber { delta: 1.5, reduction: Reduction::None };
    let got = huber.of(&Tensor::from([1.25, 1.5, 1.75]), &Tensor::zeros([3]));
    wrong::unless_close(of(&got), [0.78125, 1.125, 1.5], 1e-6)
        .note("1.25² / 2, 1.5² / 2, and 1.5 · (1.75 - 0.75)")?;
    let beyond = huber.of(&Tensor::from([1.5, 2.5, 3.5]), &Tensor::zeros([3])).to_vec();
    wrong::unless_close([beyond[1] - beyond[0], beyond[2] - beyond[1]], [1.5, 1.5], 1e-6)
        .note("beyond delta, each unit of distance costs delta more")
}

fn wide() -> Verdict {
    let got = huber_loss(&prediction(), &target(), 100.0);
    wrong::unless_close(of(&got), 13.25 / 12.0, 1e-6)
        .because(like(&got, &[13.25 / 6.0]), "the parabola is half the square")?;
    let (p, y) = (Tensor::randn([4, 5], &mut Rng::new(1)), Tensor::randn([4, 5], &mut Rng::new(2)));
    let huber = Huber { delta: 0.5, reduction: Reduction::None }.of(&p, &y);
    let each = |(p, y): (&f32, &f32)| {
        let d = (p - y).abs();
        if d <= 0.5 { d * d / 2.0 } else { 0.5 * (d - 0.25) }
    };
    let expected = p.data().iter().zip(y.data().iter()).map(each).collect();
    wrong::unless_close(of(&huber), check::Numbers::new(vec![4, 5], expected), 1e-6)
}

fn far() -> Verdict {
    let got = huber_loss(&Tensor::from([1e30]), &Tensor::from([0.0]), 1.0);
    wrong::unless_close(of(&got), 1e30, 1e-6)
        .because(
            got.item().is_nan(),
            "both cases were computed and one multiplied by 0: infinity times 0 is NaN",
        )
        .because(got.item().is_infinite(), "1e30 was squared: square only the part up to delta")
}
