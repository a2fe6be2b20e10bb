//! 04.10 and 04.11: a truth spread over classes, and labels spread over pixels.

use crate::numbers::{BEST, like, of};
use check::{Because, Check, Verdict, wrong};
use tinytorch_losses::{CrossEntropy, Nll, Reduction, cross_entropy, nll_loss};
use tinytorch_tensor::{Rng, Tensor};

pub const CHECKS: &[Check] = &[
    Check {
        id: "04.10.by_hand",
        exercise: "04.10",
        fact: "surprises 2.408, 1.408, 0.408, label 2 and a share of 0.3 make 0.708",
        run: by_hand,
    },
    Check {
        id: "04.10.ends",
        exercise: "04.10",
        fact: "a share of 1 is the mean over all classes, whatever the label",
        run: ends,
    },
    Check {
        id: "04.10.knows_nothing",
        exercise: "04.10",
        fact: "equal scores cost ln 4 with any share: the shares add up to 1",
        run: knows_nothing,
    },
    Check {
        id: "04.10.weights",
        exercise: "04.10",
        fact: "each class has its own weight; the mean divides by those of the labels",
        run: weights,
    },
    Check {
        id: "04.10.certainty",
        exercise: "04.10",
        fact: "with smoothing, a logit of 20 for the right class costs more than one of 3",
        run: certainty,
    },
    Check {
        id: "04.11.by_hand",
        exercise: "04.11",
        fact: "in [1, 2, 2], pixel 0 has the first score of each class, pixel 1 the second",
        run: pixels_by_hand,
    },
    Check {
        id: "04.11.shape",
        exercise: "04.11",
        fact: "losses of [2, 3, 4, 5] have the shape [2, 4, 5] of the labels",
        run: shape,
    },
    Check {
        id: "04.11.alone",
        exercise: "04.11",
        fact: "each pixel's loss is what it would be if the pixel were alone",
        run: alone,
    },
    Check {
        id: "04.11.more_axes",
        exercise: "04.11",
        fact: "the same with 3 and with 5 axes, and in the mean",
        run: more_axes,
    },
];

fn smoothed(label_smoothing: f32) -> CrossEntropy {
    CrossEntropy { label_smoothing, reduction: Reduction::None, ..CrossEntropy::default() }
}

fn by_hand() -> Verdict {
    let got = smoothed(0.3).of(&Tensor::from([[1.0, 2.0, 3.0]]), &Tensor::from([2]));
    wrong::unless_close(of(&got), [BEST + 0.3], 1e-6)
        .because(
            like(&got, &[BEST + 0.45]),
            "the share was spread over the other classes: the label is among the 3 that get it",
        )
        .because(
            like(&got, &[0.9 * BEST + 0.3]),
            "the label gets 0.7 and not its part of the share: it is one of the 3 classes, too",
        )
        .because(
            like(&got, &[BEST + 1.0 - 0.3]),
            "the share and the rest are exchanged: the label keeps 1 - share",
        )
        .because(
            like(&got, &[0.7 * BEST + 0.3 * 3.0 * (BEST + 1.0)]),
            "every class got the whole share: each gets share / c",
        )
        .because(
            like(&got, &[BEST + 0.1 * 3.0 * (BEST + 1.0)]),
            "the label kept everything: the share is taken from it",
        )
        .because(like(&got, &[BEST]), "nothing was spread")
        .because(like(&got, &[0.7 * BEST]), "the label gave up its share and nobody got it")
}

fn ends() -> Verdict {
    let x = Tensor::from([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]);
    let got = smoothed(1.0).of(&x, &Tensor::from([2, 0]));
    wrong::unless_close(of(&got), [BEST + 1.0, BEST + 1.0], 1e-6)?;
    let got = smoothed(1e-4).of(&x, &Tensor::from([2, 0]));
    wrong::unless_close(of(&got), [BEST + 1e-4, BEST + 2.0 - 1e-4], 1e-6)
}

fn knows_nothing() -> Verdict {
    for share in [0.1, 0.5, 0.9] {
        let got = smoothed(share).of(&Tensor::zeros([2, 4]), &Tensor::from([3, 0]));
        let all = [4_f32.ln(), 4_f32.ln()];
        wrong::unless_close(of(&got), all, 1e-6).note(format!("with a share of {share}"))?;
    }
    Ok(())
}

fn weights() -> Verdict {
    let x = Tensor::from([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]]);
    let weight = Some(Tensor::from([1.0, 2.0, 4.0]));
    let each = CrossEntropy { weight, ..smoothed(0.3) };
    let all = (BEST + 2.0) + 2.0 * (BEST + 1.0) + 4.0 * BEST;
    let first = 0.7 * 4.0 * BEST + 0.1 * all;
    let second = (0.7 + 0.1 * 7.0) * 3_f32.ln();
    let labels = Tensor::from([2, 0]);
    let got = each.of(&x, &labels);
    let plain = 3.0 * BEST + 3.0;
    wrong::unless_close(of(&got), [first, second], 1e-6)
        .because(
            like(&got, &[4.0 * (BEST + 0.3), 3_f32.ln()]),
            "the label's weight multiplied everything: each class has a weight of its own",
        )
        .because(
            like(&got, &[0.7 * 4.0 * BEST + 0.1 * plain, 3_f32.ln()]),
            "the spread part has no weights: each class has a weight of its own",
        )?;
    let mean = CrossEntropy { reduction: Reduction::Mean, ignore_index: Some(-1), ..each };
    wrong::unless_close(of(&mean.of(&x, &labels)), (first + second) / 5.0, 1e-6)?;
    wrong::unless_close(of(&mean.of(&x, &Tensor::from([2, -1]))), first / 4.0, 1e-6)
}

fn certainty() -> Verdict {
    let loss = |share: f32, x: f32| {
        smoothed(share).of(&Tensor::from([[x, 0.0, 0.0]]), &Tensor::from([0])).item()
    };
    let (modest, certain) = (loss(0.1, 3.0), loss(0.1, 20.0));
    wrong::unless(certain > modest, || {
        format!("a logit of 3 costs {modest} and one of 20 costs {certain}")
    })?;
    wrong::unless_close(certain, 2.0 / 3.0 * 2.0, 1e-5)
        .note("two thirds of the share of 0.1, at a surprise of 20")
}

fn pixels_by_hand() -> Verdict {
    let log_p = Tensor::from([[[-1.0, -2.0], [-3.0, -4.0]]]); // [n, c, d]
    let each = Nll { reduction: Reduction::None, ..Nll::default() };
    let got = each.of(&log_p, &Tensor::from([[1, 0]]));
    wrong::unless_close(of(&got), [[3.0, 2.0]], 0.0)
        .because(
            like(&got, &[2.0, 3.0]),
            "the two pixels of a class were taken for two classes of a pixel: axis 1 goes last",
        )
        .note("class 0 is -1 -2, class 1 is -3 -4; pixel 0 has label 1, pixel 1 has label 0")
}

fn shape() -> Verdict {
    let x = Tensor::zeros([2, 3, 4, 5]);
    let got = smoothed(0.0).of(&x, &Tensor::zeros([2, 4, 5]).to_i32());
    wrong::unless_eq(got.shape().to_vec(), vec![2, 4, 5])?;
    wrong::unless_close(got.sum().item(), 40.0 * 3_f32.ln(), 1e-5)
        .note("equal scores cost ln 3 at each of 40 pixels")
}

fn alone() -> Verdict {
    let x = Tensor::randn([2, 3, 4, 5], &mut Rng::new(5)); // [n, c, h, w]
    let labels = Tensor::randint([2, 4, 5], 0, 3, &mut Rng::new(6));
    let got = smoothed(0.0).of(&x, &labels);
    for (n, h, w) in [(0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 1, 2), (1, 3, 4)] {
        let scores = [0, 1, 2].map(|c| x.at([n, c, h, w]));
        let label = labels.at_i32([n, h, w]) as usize;
        let sum: f32 = scores.iter().map(|s| s.exp()).sum();
        wrong::unless_close(got.at([n, h, w]), sum.ln() - scores[label], 1e-5)
            .because(
                w > 0 || h > 0,
                "the axes behind the classes changed places: they keep their order",
            )
            .note(format!("image {n}, pixel ({h}, {w})"))?;
    }
    Ok(())
}

fn more_axes() -> Verdict {
    let x = Tensor::randn([2, 3, 4], &mut Rng::new(7)); // [n, c, t]
    let labels = Tensor::randint([2, 4], 0, 3, &mut Rng::new(8));
    let rows = x.transpose(1, 2).reshape([8, 3]);
    let flat = labels.reshape([8]);
    wrong::unless_close(of(&cross_entropy(&x, &labels)), of(&cross_entropy(&rows, &flat)), 1e-6)?;
    let deep = Tensor::randn([2, 3, 2, 1, 2], &mut Rng::new(9));
    let labels = Tensor::randint([2, 2, 1, 2], 0, 3, &mut Rng::new(10));
    let flat = deep.permute([0, 2, 3, 4, 1]).reshape([8, 3]);
    let flat = nll_loss(&flat, &labels.reshape([8]));
    wrong::unless_close(of(&nll_loss(&deep, &labels)), of(&flat), 1e-6)
}
