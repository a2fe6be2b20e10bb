//! 04.4 to 04.6: losses of yes and no.

use crate::numbers::{has_nan, is_no_number, like, of};
use check::{Because, Check, Numbers, Verdict, wrong};
use std::f32::consts::{LN_2, LN_10};
use tinytorch_losses::{Bce, BceWithLogits, Reduction, bce_loss, bce_with_logits};
use tinytorch_tensor::{Rng, Tensor};

pub const CHECKS: &[Check] = &[
    Check {
        id: "04.4.by_hand",
        exercise: "04.4",
        fact: "a probability of 0.9 costs -ln 0.9 = 0.105 if yes is right, -ln 0.1 = 2.303 if no",
        run: by_hand,
    },
    Check {
        id: "04.4.between",
        exercise: "04.4",
        fact: "0.25 against half a yes costs half of -ln 0.25 and half of -ln 0.75",
        run: between,
    },
    Check {
        id: "04.4.ends",
        exercise: "04.4",
        fact: "probabilities of 0 and 1 cost nothing where right, and 100 where wrong",
        run: ends,
    },
    Check {
        id: "04.4.small",
        exercise: "04.4",
        fact: "a yes of probability 1e-10 costs 1e-10 when no is right, not 0",
        run: small,
    },
    Check {
        id: "04.4.all_of_them",
        exercise: "04.4",
        fact: "losses add up to the surprise at all answers: 1/2, 1/4 and 1/4 make ln 32",
        run: all_of_them,
    },
    Check {
        id: "04.4.honest",
        exercise: "04.4",
        fact: "if yes is right in 3 of 10 cases, no constant probability costs less than 0.3",
        run: honest,
    },
    Check {
        id: "04.5.even",
        exercise: "04.5",
        fact: "a logit of 0 is 50 : 50 and costs ln 2, whatever is right",
        run: even,
    },
    Check {
        id: "04.5.by_hand",
        exercise: "04.5",
        fact: "a logit of 2 costs 0.127 if yes is right, 2.127 if no, and 1.627 for 1/4 of a yes",
        run: logit_by_hand,
    },
    Check {
        id: "04.5.large",
        exercise: "04.5",
        fact: "logits of 1000 and -1000 cost 0 where right, and 1000 where wrong",
        run: large,
    },
    Check {
        id: "04.5.digits",
        exercise: "04.5",
        fact: "a logit of 20 costs 2.0611537e-9 if yes is right: small losses keep their digits",
        run: digits,
    },
    Check {
        id: "04.5.of_sigmoid",
        exercise: "04.5",
        fact: "it is the loss of sigmoid(x), for any logit and target",
        run: of_sigmoid,
    },
    Check {
        id: "04.6.yes_alone",
        exercise: "04.6",
        fact: "a weight of 3 makes a missed yes cost 3 times as much, and leaves a no alone",
        run: yes_alone,
    },
    Check {
        id: "04.6.share",
        exercise: "04.6",
        fact: "of a quarter of a yes, the quarter is weighted and the rest is not",
        run: share,
    },
    Check {
        id: "04.6.columns",
        exercise: "04.6",
        fact: "weights of [2] are one factor for each column of [2, 2]",
        run: columns,
    },
    Check {
        id: "04.6.large",
        exercise: "04.6",
        fact: "weighted losses of logits of 1000 are finite",
        run: weighted_large,
    },
    Check {
        id: "04.6.balance",
        exercise: "04.6",
        fact: "1 yes among 100, weighted with 99, makes 50 : 50 the best constant answer",
        run: balance,
    },
];

const EACH: Bce = Bce { reduction: Reduction::None };

fn each_logit() -> BceWithLogits {
    BceWithLogits { reduction: Reduction::None, ..Default::default() }
}

fn weighted(weight: impl Into<Tensor>) -> BceWithLogits {
    BceWithLogits { pos_weight: Some(weight.into()), reduction: Reduction::None }
}

fn by_hand() -> Verdict {
    let got = EACH.of(&Tensor::from([0.9, 0.9]), &Tensor::from([1.0, 0.0]));
    wrong::unless_close(of(&got), [0.105_360_52, LN_10], 1e-6)
        .because(
            like(&got, &[0.105_36, 0.0]),
            "no costs nothing here: the half (1 - y) ln(1 - p) is missing",
        )
        .because(
            like(&got, &[-0.105_36, -LN_10]),
            "the logarithm of a probability is negative: the loss is minus it",
        )
        .because(like(&got, &[LN_10, 0.105_36]), "yes and no are exchanged")
        .because(
            like(&got, &[0.152, std::f32::consts::LOG2_10]),
            "this is log2: the natural logarithm is `ln`",
        )
        .because(like(&got, &[0.045_757, 1.0]), "this is log10: the natural logarithm is `ln`")
        .because(
            is_no_number(&got),
            "the logarithm of the target was taken: y weighs, p is in the ln",
        )?;
    let mean = bce_loss(&Tensor::from([0.9, 0.9]), &Tensor::from([1.0, 0.0]));
    wrong::unless_close(of(&mean), (0.105_360_52 + LN_10) / 2.0, 1e-6)
}

fn between() -> Verdict {
    let got = EACH.of(&Tensor::from([0.25]), &Tensor::from([0.5]));
    wrong::unless_close(of(&got), [0.836_988_2_f32], 1e-6)
        .because(like(&got, &[2.0 * LN_2]), "half a yes is no yes: weigh with y and with 1 - y")
        .because(like(&got, &[0.287_68]), "half a yes is no no: weigh with y and with 1 - y")?;
    let got = EACH.of(&Tensor::from([0.2]), &Tensor::from([0.75]));
    // -(0.75 ln 0.2 + 0.25 ln 0.8)
    wrong::unless_close(of(&got), [1.262_864_3_f32], 1e-6)
}

fn ends() -> Verdict {
    let (p, y) = (Tensor::from([0.0, 1.0, 0.0, 1.0]), Tensor::from([0.0, 1.0, 1.0, 0.0]));
    let got = EACH.of(&p, &y);
    wrong::unless_close(of(&got), [0.0, 0.0, 100.0, 100.0], 0.0)
        .because(has_nan(&got), "0 times ln 0 is NaN: limit the logarithm before it is weighed")
        .because(is_no_number(&got), "ln 0 is minus infinity: a logarithm counts as -100 at least")
        .because(
            got.to_vec().get(2).is_some_and(|x| (1.0..90.0).contains(x)),
            "the probability was clipped: it is the logarithm that is limited, to -100",
        )
        .because(like(&got, &[0.0, 0.0, 100.0, 0.0]), "a certain yes that is wrong costs 100, too")
}

fn small() -> Verdict {
    let got = EACH.of(&Tensor::from([1e-10]), &Tensor::from([0.0])).item();
    wrong::unless_close(got / 1e-10, 1.0, 1e-5)
        .because(got == 0.0, "1 - 1e-10 is 1 in f32, and ln 1 is 0: `ln_1p` of -p keeps the digits")
        .because(got > 1e-9, "the probability was clipped: only the logarithm is limited, to -100")
        .note("in units of 1e-10")
}

fn all_of_them() -> Verdict {
    let (p, y) = (Tensor::from([0.5, 0.25, 0.75]), Tensor::from([1.0, 1.0, 0.0]));
    let got = Bce { reduction: Reduction::Sum }.of(&p, &y);
    wrong::unless_close(of(&got), 32_f32.ln(), 1e-6)
        .note("1/2 for yes, 1/4 for yes, 1/4 for no: all three have a probability of 1/32")
}

fn honest() -> Verdict {
    let y = Tensor::from([1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    let loss = |p: f32| bce_loss(&Tensor::full([10], p), &y).item();
    wrong::unless_close(loss(0.3), 0.610_864_3_f32, 1e-6)?;
    for p in [0.1, 0.25, 0.35, 0.5, 0.9] {
        wrong::unless(loss(p) > loss(0.3), || {
            format!("{p} costs {} and 0.3 costs {}", loss(p), loss(0.3))
        })?;
    }
    Ok(())
}

fn even() -> Verdict {
    let got = each_logit().of(&Tensor::zeros([3]), &Tensor::from([0.0, 1.0, 0.5]));
    wrong::unless_close(of(&got), [LN_2, LN_2, LN_2], 1e-6)
        .because(like(&got, &[0.0, 0.0, 0.0]), "ln(1 + e^-0) is ln 2: a term is missing")
}

fn logit_by_hand() -> Verdict {
    let y = Tensor::from([1.0, 0.0, 0.25]);
    let got = each_logit().of(&Tensor::from([2.0, 2.0, 2.0]), &y);
    wrong::unless_close(of(&got), [0.126_928_f32, 2.126_928, 1.626_928], 1e-6)
        .because(like(&got, &[2.126_93, 0.126_93, 0.626_93]), "yes and no are exchanged")
        .because(
            like(&got, &[0.126_93, 0.126_93, 0.126_93]),
            "the target makes no difference: a term with x y is missing",
        )
        .because(
            like(&got, &[2.126_93, 2.126_93, 2.126_93]),
            "the target makes no difference: a term with x y is missing",
        )?;
    let got = each_logit().of(&Tensor::from([-1.0, -1.0]), &Tensor::from([0.0, 1.0]));
    wrong::unless_close(of(&got), [0.313_261_7_f32, 1.313_261_7], 1e-6)
        .because(
            like(&got, &[-0.686_74, 0.313_26]),
            "-1 was taken instead of the larger of -1 and 0",
        )
        .because(like(&got, &[1.313_26, 2.313_26]), "the larger of x and 0, not the size of x")
}

fn large() -> Verdict {
    let x = Tensor::from([1000.0, 1000.0, -1000.0, -1000.0]);
    let got = each_logit().of(&x, &Tensor::from([1.0, 0.0, 1.0, 0.0]));
    wrong::unless_close(of(&got), [0.0, 1000.0, 1000.0, 0.0], 0.0)
        .because(
            like(&got, &[0.0, 100.0, 100.0, 0.0]),
            "this is the loss of a probability that was rounded to 0 or 1: stay with the logit",
        )
        .because(
            is_no_number(&got),
            "e to the 1000 is infinite in f32: pull the larger of x and 0 out of the logarithm",
        )
}

fn digits() -> Verdict {
    let got = each_logit().of(&Tensor::from([20.0]), &Tensor::from([1.0])).item();
    wrong::unless_close(got / 2.061_153_6e-9, 1.0, 1e-5)
        .because(got == 0.0, "1 + e^-20 is 1 in f32, and ln 1 is 0: `ln_1p` keeps the digits")
        .note("in units of 2.0611536e-9")
}

fn of_sigmoid() -> Verdict {
    let x = Tensor::randn([4, 6], &mut Rng::new(1)) * 4.0;
    let y = Tensor::rand([4, 6], &mut Rng::new(2));
    let loss = |(&x, &y): (&f32, &f32)| {
        let (x, y) = (f64::from(x), f64::from(y));
        let p = 1.0 / (1.0 + (-x).exp());
        (-y * p.ln() - (1.0 - y) * (1.0 - p).ln()) as f32
    };
    let expected: Vec<f32> = x.data().iter().zip(y.data().iter()).map(loss).collect();
    let mean = expected.iter().sum::<f32>() / 24.0;
    wrong::unless_close(of(&each_logit().of(&x, &y)), Numbers::new(vec![4, 6], expected), 1e-5)?;
    wrong::unless_close(of(&bce_with_logits(&x, &y)), mean, 1e-5)
}

fn yes_alone() -> Verdict {
    let (x, y) = (Tensor::from([0.5, -2.0]), Tensor::from([1.0, 0.0]));
    let got = weighted(3.0).of(&x, &y);
    // 3 ln(1 + e^-0.5), ln(1 + e^-2)
    wrong::unless_close(of(&got), [1.422_231_f32, 0.126_928], 1e-6)
        .because(like(&got, &[1.422_231, 0.380_784]), "the no was weighted as well")
        .because(like(&got, &[0.474_077, 0.380_784]), "the no was weighted, and not the yes")
        .because(like(&got, &[0.474_077, 0.126_928]), "nothing was weighted")?;
    let got = weighted(1.0).of(&x, &y);
    wrong::unless_close(of(&got), [0.474_077_f32, 0.126_928], 1e-6)
        .note("a weight of 1 changes nothing")
}

fn share() -> Verdict {
    let got = weighted(3.0).of(&Tensor::from([2.0]), &Tensor::from([0.25]));
    // 3 · 0.25 · 0.126928 + 0.75 · 2.126928
    wrong::unless_close(of(&got), [1.690_392_f32], 1e-6)
        .because(
            like(&got, &[4.880_784]),
            "the whole loss was weighted: only the part of yes costs more",
        )
        .because(
            like(&got, &[2.440_392]),
            "the mixed loss was weighted by a mixed weight: mix two losses instead",
        )
        .because(like(&got, &[1.626_928]), "a quarter of a yes was taken for none")
}

fn columns() -> Verdict {
    let (x, y) = (Tensor::zeros([2, 2]), Tensor::from([[1.0, 1.0], [0.0, 1.0]]));
    let got = weighted([2.0, 10.0]).of(&x, &y);
    wrong::unless_close(of(&got), [[2.0 * LN_2, 10.0 * LN_2], [LN_2, 10.0 * LN_2]], 1e-6).because(
        like(&got, &[2.0 * LN_2, 2.0 * LN_2, LN_2, 10.0 * LN_2]),
        "the weights went down the rows: they broadcast, the last axes together",
    )
}

fn weighted_large() -> Verdict {
    let x = Tensor::from([1000.0, 1000.0, -1000.0, -1000.0]);
    let got = weighted(2.0).of(&x, &Tensor::from([1.0, 0.0, 1.0, 0.0]));
    wrong::unless_close(of(&got), [0.0, 1000.0, 2000.0, 0.0], 0.0)
        .because(has_nan(&got), "use the losses of the op: it has no infinities to multiply by 0")
}

fn balance() -> Verdict {
    let y = Tensor::cat(&[&Tensor::ones([1]), &Tensor::zeros([99])], 0);
    let loss = |x: f32| weighted(99.0).of(&Tensor::full([100], x), &y).sum().item();
    wrong::unless_close(loss(0.0), 198.0 * LN_2, 1e-5)?;
    for x in [-1.0, -0.1, 0.1, 1.0] {
        wrong::unless(loss(x) > loss(0.0), || {
            format!("a logit of {x} costs {} and 0 costs {}", loss(x), loss(0.0))
        })?;
    }
    Ok(())
}
