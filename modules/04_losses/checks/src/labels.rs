//! 04.7 and 04.8: the surprise at a label, and the mean of those that count.

use crate::numbers::{like, of};
use check::{Because, Check, Verdict, wrong};
use tinytorch_losses::{Nll, Reduction, nll_loss};
use tinytorch_tensor::Tensor;

pub const CHECKS: &[Check] = &[
    Check {
        id: "04.7.column",
        exercise: "04.7",
        fact: "labels 2, 0, 1 pick column 2 of row 0, column 0 of row 1, column 1 of row 2",
        run: column,
    },
    Check {
        id: "04.7.wide",
        exercise: "04.7",
        fact: "in [2, 4], row 1 begins at number 4",
        run: wide,
    },
    Check {
        id: "04.7.weights",
        exercise: "04.7",
        fact: "each loss is multiplied by the weight of its label's class",
        run: weights,
    },
    Check {
        id: "04.7.ignored",
        exercise: "04.7",
        fact: "a row with the ignored label costs 0, and adds 0 to the sum",
        run: ignored,
    },
    Check {
        id: "04.7.layouts",
        exercise: "04.7",
        fact: "a transposed tensor and a single row are read by their layouts",
        run: layouts,
    },
    Check {
        id: "04.7.impossible",
        exercise: "04.7",
        fact: "an impossible class, ln 0, costs infinitely much if it is right, else nothing",
        run: impossible,
    },
    Check {
        id: "04.8.rows",
        exercise: "04.8",
        fact: "without weights the mean divides by the number of rows: (2 + 3 + 4) / 3",
        run: rows,
    },
    Check {
        id: "04.8.ignored",
        exercise: "04.8",
        fact: "an ignored row is not in the mean: (0.5 + 4) / 2, not / 3",
        run: ignored_in_the_mean,
    },
    Check {
        id: "04.8.weights",
        exercise: "04.8",
        fact: "with weights 1, 2, 2 of the labels, the mean divides by 5",
        run: weighted_mean,
    },
    Check {
        id: "04.8.same",
        exercise: "04.8",
        fact: "a weight of 7 for every class leaves the mean as it is",
        run: same,
    },
    Check {
        id: "04.8.both",
        exercise: "04.8",
        fact: "an ignored label takes its weight out of the mean as well",
        run: both,
    },
    Check {
        id: "04.8.padding",
        exercise: "04.8",
        fact: "however much padding a batch has, the mean of its words is the same",
        run: padding,
    },
    Check {
        id: "04.8.nothing",
        exercise: "04.8",
        fact: "the mean of nothing is 0 / 0, NaN",
        run: nothing,
    },
];

fn log_p() -> Tensor {
    Tensor::from([[-0.5, -1.0, -2.0], [-3.0, -0.25, -1.5], [-0.75, -4.0, -1.0]])
}

fn each() -> Nll {
    Nll { reduction: Reduction::None, ..Nll::default() }
}

fn column() -> Verdict {
    let got = each().of(&log_p(), &Tensor::from([2, 0, 1]));
    wrong::unless_close(of(&got), [2.0, 3.0, 4.0], 0.0)
        .because(
            like(&got, &[0.75, 1.0, 1.5]),
            "the label was taken for the row: it is the column, in the row of its own place",
        )
        .because(
            like(&got, &[0.5, 0.25, 1.0]),
            "the row's own number was taken for the column: the label is the column",
        )
        .because(like(&got, &[2.0, 0.5, 1.0]), "all were taken from row 0: row i begins at i * c")
        .because(
            like(&got, &[-2.0, -3.0, -4.0]),
            "log-probabilities are negative: the surprise is minus one of them",
        )
        .because(
            got.to_vec().first().is_some_and(|x| (x.abs() - std::f32::consts::LN_2).abs() < 1e-4),
            "another logarithm was taken: these are logarithms already",
        )?;
    let sum = Nll { reduction: Reduction::Sum, ..Nll::default() };
    let got = sum.of(&log_p(), &Tensor::from([2, 0, 1]));
    wrong::unless_close(of(&got), 9.0, 1e-6)
        .note("Reduction::Sum: `self.reduction` is for `reduce`")
}

fn wide() -> Verdict {
    let log_p = Tensor::from([[-1.0, -2.0, -3.0, -4.0], [-5.0, -6.0, -7.0, -8.0]]);
    let got = each().of(&log_p, &Tensor::from([3, 1]));
    wrong::unless_close(of(&got), [4.0, 6.0], 0.0)
        .because(
            like(&got, &[4.0, 4.0]),
            "row 1 begins at number 2 here: a row is as long as there are classes, not rows",
        )
        .because(like(&got, &[4.0, 2.0]), "all were taken from row 0: row i begins at i * c")
}

fn weights() -> Verdict {
    let weight = Some(Tensor::from([1.0, 2.0, 5.0]));
    let got = Nll { weight, ..each() }.of(&log_p(), &Tensor::from([0, 1, 1]));
    wrong::unless_close(of(&got), [0.5, 0.5, 8.0], 1e-6)
        .because(
            like(&got, &[0.5, 0.25, 4.0]),
            "nothing was weighted: the third input has a weight for each class",
        )
        .because(
            like(&got, &[0.5, 0.5, 20.0]),
            "the weight belongs to the label's class, not to the row",
        )
        .because(
            like(&got, &[0.5, 0.125, 2.0]),
            "divided by the weight: a class of weight 2 costs twice as much",
        )
}

fn ignored() -> Verdict {
    let labels = Tensor::from([0, -100, 1]);
    let got = Nll { ignore_index: Some(-100), ..each() }.of(&log_p(), &labels);
    wrong::unless_close(of(&got), [0.5, 0.0, 4.0], 0.0)
        .note("`reduce` leaves them out, if it is given `self.ignore_index`")?;
    let sum = Nll { reduction: Reduction::Sum, ignore_index: Some(1), weight: None };
    let got = sum.of(&log_p(), &Tensor::from([0, 1, 1]));
    wrong::unless_close(of(&got), 0.5, 1e-6).because(
        like(&got, &[4.75]),
        "label 1 was to be ignored: give `reduce` what `self.ignore_index` says",
    )
}

fn layouts() -> Verdict {
    let turned = Tensor::from([[-0.5, -3.0], [-1.0, -0.25], [-2.0, -1.5]]).t();
    let got = each().of(&turned, &Tensor::from([2, 0]));
    wrong::unless_close(of(&got), [2.0, 3.0], 0.0)
        .note("[3, 2] transposed is [2, 3]: `data()` reads it row by row")?;
    let got = each().of(&Tensor::from([-0.5, -1.0, -2.0]), &Tensor::from(1));
    wrong::unless_close(of(&got), 1.0, 0.0)
}

fn impossible() -> Verdict {
    let log_p = Tensor::from([[f32::NEG_INFINITY, 0.0], [f32::NEG_INFINITY, 0.0]]);
    let got = each().of(&log_p, &Tensor::from([1, 0]));
    wrong::unless_close(of(&got), [0.0, f32::INFINITY], 0.0).because(
        got.to_vec().iter().any(|x| x.is_nan()),
        "0 times infinity is NaN: look at the label's column alone",
    )
}

fn rows() -> Verdict {
    let got = nll_loss(&log_p(), &Tensor::from([2, 0, 1]));
    wrong::unless_close(of(&got), 3.0, 1e-6)
        .because(like(&got, &[9.0]), "divided by 1: each row that counts adds its own weight")
        .because(like(&got, &[1.0]), "divided by all 9 numbers: a row has one loss")
}

fn ignored_in_the_mean() -> Verdict {
    let nll = Nll { ignore_index: Some(-100), ..Nll::default() };
    let got = nll.of(&log_p(), &Tensor::from([0, -100, 1]));
    wrong::unless_close(of(&got), 2.25, 1e-6)
        .because(like(&got, &[1.5]), "4.5 / 3 counts the ignored row: it is not in the mean")
        .because(
            like(&got, &[4.5]),
            "only the ignored rows were counted: it is the other way round",
        )
}

fn weighted_mean() -> Verdict {
    let weight = Some(Tensor::from([1.0, 2.0, 5.0]));
    let got = Nll { weight, ..Nll::default() }.of(&log_p(), &Tensor::from([0, 1, 1]));
    wrong::unless_close(of(&got), 9.0 / 5.0, 1e-6)
        .because(
            like(&got, &[3.0]),
            "divided by 3 rows: a weighted mean divides by the sum of the labels' weights",
        )
        .because(
            like(&got, &[9.0 / 8.0]),
            "divided by the weights of all classes: those of the labels count, each as it comes",
        )
}

fn same() -> Verdict {
    let weight = Some(Tensor::from([7.0, 7.0, 7.0]));
    let got = Nll { weight, ..Nll::default() }.of(&log_p(), &Tensor::from([2, 0, 1]));
    wrong::unless_close(of(&got), 3.0, 1e-6).because(
        like(&got, &[21.0]),
        "divided by the number of rows: the weights are in the sum, too",
    )
}

fn both() -> Verdict {
    let weight = Some(Tensor::from([1.0, 2.0, 5.0]));
    let nll = Nll { weight, ignore_index: Some(1), ..Nll::default() };
    let got = nll.of(&log_p(), &Tensor::from([0, 1, 2]));
    // (1 · 0.5 + 5 · 1) / (1 + 5)
    wrong::unless_close(of(&got), 5.5 / 6.0, 1e-6).because(
        like(&got, &[5.5 / 8.0]),
        "the weight of the ignored class is still in the divisor",
    )
}

fn padding() -> Verdict {
    let words = Tensor::from([[-0.5, -1.0], [-3.0, -0.25]]);
    let pad = Tensor::from([[-9.0, -9.0]]);
    let nll = Nll { ignore_index: Some(-1), ..Nll::default() };
    let once = nll.of(&Tensor::cat(&[&words, &pad], 0), &Tensor::from([0, 0, -1]));
    let thrice = Tensor::cat(&[&pad, &words, &pad, &pad], 0);
    let thrice = nll.of(&thrice, &Tensor::from([-1, 0, 0, -1, -1]));
    wrong::unless_close([once.item(), thrice.item()], [1.75, 1.75], 1e-6)
        .note("two words, padded with one row and with three")
}

fn nothing() -> Verdict {
    let nll = Nll { ignore_index: Some(-1), ..Nll::default() };
    let got = nll.of(&log_p(), &Tensor::from([-1, -1, -1]));
    wrong::unless_close(of(&got), f32::NAN, 0.0).because(
        like(&got, &[0.0]),
        "a batch of nothing but padding is a fault that should be seen",
    )
}
