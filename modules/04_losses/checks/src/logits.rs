//! 04.9: cross entropy of logits.

use crate::numbers::{BEST, has_nan, is_no_number, like, of};
use check::{Because, Check, Verdict, wrong};
use std::f32::consts::LN_10;
use tinytorch_losses::{CrossEntropy, Reduction, cross_entropy};
use tinytorch_tensor::{Rng, Tensor};

pub const CHECKS: &[Check] = &[
    Check {
        id: "04.9.knows_nothing",
        exercise: "04.9",
        fact: "equal scores cost ln 3 with 3 classes, and ln 10 = 2.303 with 10",
        run: knows_nothing,
    },
    Check {
        id: "04.9.by_hand",
        exercise: "04.9",
        fact: "logits 1, 2, 3 cost 0.408 if class 2 is right, and 2.408 if class 0 is",
        run: by_hand,
    },
    Check {
        id: "04.9.rows",
        exercise: "04.9",
        fact: "each row has a softmax and a label of its own",
        run: rows,
    },
    Check {
        id: "04.9.large",
        exercise: "04.9",
        fact: "logits of 1000 and -1000 cost 0 or 2000",
        run: large,
    },
    Check {
        id: "04.9.masked",
        exercise: "04.9",
        fact: "a class ruled out by a logit of minus infinity does no harm where it is wrong",
        run: masked,
    },
    Check {
        id: "04.9.shifted",
        exercise: "04.9",
        fact: "5 more for each logit of a row changes nothing",
        run: shifted,
    },
    Check {
        id: "04.9.settings",
        exercise: "04.9",
        fact: "weights, the ignored label and the reduction do what they do in `nll_loss`",
        run: settings,
    },
    Check {
        id: "04.9.likelihood",
        exercise: "04.9",
        fact: "e to minus the sum of the losses is the probability of all labels together",
        run: likelihood,
    },
    Check {
        id: "04.9.vocabulary",
        exercise: "04.9",
        fact: "a language model of 50,257 tokens that knows nothing begins at ln 50257 = 10.82",
        run: vocabulary,
    },
];

fn each() -> CrossEntropy {
    CrossEntropy { reduction: Reduction::None, ..CrossEntropy::default() }
}

fn knows_nothing() -> Verdict {
    let got = cross_entropy(&Tensor::zeros([4, 3]), &Tensor::from([0, 1, 2, 0]));
    wrong::unless_close(of(&got), 3_f32.ln(), 1e-6)
        .because(like(&got, &[0.0]), "these are scores: `log_softmax` makes logarithms of them")
        .because(like(&got, &[-1.0 / 3.0]), "this is a probability: the loss is its logarithm")
        .because(like(&got, &[4_f32.ln()]), "ln 4: the softmax went over the 4 rows, along axis 0")
        .because(like(&got, &[-(3_f32.ln())]), "the loss is minus the logarithm")?;
    let got = cross_entropy(&Tensor::ones([5, 10]), &Tensor::from([0, 1, 2, 3, 9]));
    wrong::unless_close(of(&got), LN_10, 1e-6)
}

fn by_hand() -> Verdict {
    let x = Tensor::from([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]);
    let got = each().of(&x, &Tensor::from([2, 1, 0]));
    wrong::unless_close(of(&got), [BEST, BEST + 1.0, BEST + 2.0], 1e-6)
        .because(
            like(&got, &[0.797_19, 1.217_70, 1.372_40]),
            "the logits went through softmax twice: log-softmax takes scores, not probabilities",
        )
        .because(
            like(&got, &[-0.665_24, -0.244_73, -0.090_03]),
            "these are minus probabilities: the loss is minus their logarithms",
        )
        .because(
            like(&got, &[1.098_612, 1.098_612, 1.098_612]),
            "the softmax went over the rows, along axis 0: the classes are axis 1",
        )
        .because(
            like(&got, &[-3.0, -2.0, -1.0]),
            "these are the logits themselves: `log_softmax` comes first",
        )
}

fn rows() -> Verdict {
    let x = Tensor::from([[1.0, 2.0, 3.0], [3.0, 1.0, 2.0]]);
    let got = each().of(&x, &Tensor::from([2, 1]));
    wrong::unless_close(of(&got), [BEST, BEST + 2.0], 1e-6)
        .because(
            like(&got, &[0.313_26, 1.313_26]),
            "the softmax went over the rows, along axis 0: the classes are axis 1",
        )
        .because(
            like(&got, &[BEST, BEST + 1.0]),
            "both losses are from row 0: row i begins at i * c",
        )?;
    let got = cross_entropy(&x, &Tensor::from([2, 1]));
    wrong::unless_close(of(&got), BEST + 1.0, 1e-6)
}

fn large() -> Verdict {
    let x = Tensor::from([[1000.0, -1000.0], [1000.0, -1000.0]]);
    let got = each().of(&x, &Tensor::from([0, 1]));
    wrong::unless_close(of(&got), [0.0, 2000.0], 0.0).because(
        is_no_number(&got),
        "a probability became 0, and its logarithm infinite: `log_softmax`, not `softmax().ln()`",
    )
}

fn masked() -> Verdict {
    let x = Tensor::from([[0.0, f32::NEG_INFINITY]]);
    let got = each().of(&x, &Tensor::from([0]));
    wrong::unless_close(of(&got), [0.0], 0.0).because(
        has_nan(&got),
        "0 times the infinite loss of another class is NaN: without smoothing, look at the \
         label alone",
    )
}

fn shifted() -> Verdict {
    let x = Tensor::randn([6, 4], &mut Rng::new(3));
    let labels = Tensor::randint([6], 0, 4, &mut Rng::new(4));
    wrong::unless_close(of(&each().of(&(&x + 5.0), &labels)), of(&each().of(&x, &labels)), 1e-5)
}

fn settings() -> Verdict {
    let x = Tensor::from([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0], [9.0, 9.0, 9.0]]);
    let labels = Tensor::from([2, 0, -1]);
    let weight = Some(Tensor::from([1.0, 2.0, 4.0]));
    let mean = CrossEntropy { weight, ignore_index: Some(-1), ..CrossEntropy::default() };
    // (4 BEST + 1 ln 3) / (4 + 1)
    let got = mean.of(&x, &labels);
    wrong::unless_close(of(&got), (4.0 * BEST + 3_f32.ln()) / 5.0, 1e-6).because(
        like(&got, &[(BEST + 3_f32.ln()) / 2.0]) || like(&got, &[(BEST + 3_f32.ln()) / 5.0]),
        "nothing was weighted: the third input has a weight for each class",
    )?;
    let sum = CrossEntropy { reduction: Reduction::Sum, ..mean };
    wrong::unless_close(of(&sum.of(&x, &labels)), 4.0 * BEST + 3_f32.ln(), 1e-6)
}

fn likelihood() -> Verdict {
    // Scores ln 1, ln 2, ln 5 are probabilities 1/8, 2/8, 5/8.
    let row = [0.0, 2_f32.ln(), 5_f32.ln()];
    let sum = CrossEntropy { reduction: Reduction::Sum, ..CrossEntropy::default() };
    let got = sum.of(&Tensor::from([row, row, row]), &Tensor::from([0, 1, 2]));
    wrong::unless_close((-got.item()).exp(), 10.0 / 512.0, 1e-6)
        .note("1/8 times 2/8 times 5/8 is 10/512")
}

fn vocabulary() -> Verdict {
    let got = cross_entropy(&Tensor::zeros([2, 50_257]), &Tensor::from([0, 50_256]));
    wrong::unless_close(of(&got), 50_257_f32.ln(), 1e-5)
}
