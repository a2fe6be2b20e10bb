//! 02.8: a row of numbers becomes probabilities.

use crate::numbers::{INF, NAN, about, of};
use check::{Because, Check, Numbers, Verdict, wrong};
use tinytorch_activations::Activations;
use tinytorch_tensor::{Rng, Tensor};

pub const CHECKS: &[Check] = &[
    Check {
        id: "02.8.by_hand",
        exercise: "02.8",
        fact: "softmax of 1 2 3 is 0.0900 0.2447 0.6652",
        run: by_hand,
    },
    Check {
        id: "02.8.rows",
        exercise: "02.8",
        fact: "each row of 1 2 3 / 3 3 3 is a softmax of its own",
        run: rows,
    },
    Check {
        id: "02.8.large",
        exercise: "02.8",
        fact: "1001 1002 1003 have the probabilities of 1 2 3, and 1000 -1000 are 1 and 0",
        run: large,
    },
    Check {
        id: "02.8.negative",
        exercise: "02.8",
        fact: "[-1000, -1000] becomes [0.5, 0.5]",
        run: negative,
    },
    Check {
        id: "02.8.minus_infinity",
        exercise: "02.8",
        fact: "an entry of minus infinity has probability 0",
        run: minus_infinity,
    },
    Check {
        id: "02.8.no_probabilities",
        exercise: "02.8",
        fact: "rows of -inf, and rows with +inf or NaN, have no probabilities: NaN",
        run: no_probabilities,
    },
    Check {
        id: "02.8.one_and_none",
        exercise: "02.8",
        fact: "a row of one number is 1, and a row without numbers stays without",
        run: one_and_none,
    },
    Check {
        id: "02.8.words",
        exercise: "02.8",
        fact: "the probabilities of 50,000 words sum to 1, and keep the order of their scores",
        run: words,
    },
];

fn by_hand() -> Verdict {
    let y = Tensor::from([1.0, 2.0, 3.0]).softmax(0);
    let got = y.to_vec();
    let gives = |values: [f64; 3]| got.iter().zip(values).all(|(&got, value)| about(got, value));
    let e = f64::exp;
    let spread = [e(1.0 / 6.0), e(2.0 / 6.0), e(3.0 / 6.0)];
    let total: f64 = spread.iter().sum();
    wrong::unless_close(of(&y), [0.090_030_57, 0.244_728_47, 0.665_240_94], 1e-6)
        .because(
            gives(spread) || gives(spread.map(|v| v / total)),
            "the row was divided by its sum before exp: it is the exponentials that are divided",
        )
        .because(gives([1.0 / 6.0, 2.0 / 6.0, 0.5]), "x / sum(x): exp is missing")
        .because(
            gives([e(-2.0), e(-1.0), 1.0]) || gives([e(1.0), e(2.0), e(3.0)]),
            "exponentials alone: divide them by their sum",
        )
        .because(
            gives([0.665_240_955_8, 0.244_728_471_1, 0.090_030_573_2]),
            "the order is turned around: the exponent is x - largest, not largest - x",
        )
}

fn rows() -> Verdict {
    let third = 1.0 / 3.0;
    let y = Tensor::from([[1.0, 2.0, 3.0], [3.0, 3.0, 3.0]]).softmax(1);
    wrong::unless_close(of(&y), [[0.090_030_57, 0.244_728_47, 0.665_240_94], [third; 3]], 1e-6)?;
    let sums = Tensor::randn([5, 7], &mut Rng::new(1)).softmax(-1).sum_over(1, false);
    wrong::unless_close(of(&sums), [1.0; 5], 1e-6).note("the sums of 5 rows of probabilities")
}

fn large() -> Verdict {
    let y = Tensor::from([1001.0, 1002.0, 1003.0]).softmax(0);
    let got = y.to_vec();
    wrong::unless_close(of(&y), [0.090_030_57, 0.244_728_47, 0.665_240_94], 1e-6).because(
        got[0].is_nan(),
        "e^1001 is infinite in f32, and infinity / infinity is NaN: take the largest off first",
    )?;
    let y = Tensor::from([1000.0, -1000.0]).softmax(0);
    wrong::unless_close(of(&y), [1.0, 0.0], 0.0)
        .because(y.at([0]).is_nan(), "an exponential overflowed: the largest of this row is 1000")
}

fn negative() -> Verdict {
    let y = Tensor::from([-1000.0, -1000.0]).softmax(0);
    wrong::unless_close(of(&y), [0.5, 0.5], 0.0).because(
        y.at([0]).is_nan(),
        "e^-1000 is 0 in f32, and 0 / 0 is NaN: the largest of this row is -1000",
    )?;
    let y = Tensor::from([-1002.0, -1001.0, -1000.0]).softmax(0);
    wrong::unless_close(of(&y), [0.090_030_57, 0.244_728_47, 0.665_240_94], 1e-6)
}

fn minus_infinity() -> Verdict {
    let x = Tensor::from([[0.0, -INF, 0.0], [-INF, -INF, -5.0]]);
    wrong::unless_close(of(&x.softmax(1)), [[0.5, 0.0, 0.5], [0.0, 0.0, 1.0]], 0.0)
}

fn no_probabilities() -> Verdict {
    let x = Tensor::from([[-INF, -INF], [INF, 0.0], [NAN, 0.0], [0.0, NAN]]);
    wrong::unless_close(of(&x.softmax(1)), [[NAN; 2]; 4], 0.0)
}

fn one_and_none() -> Verdict {
    let x = Tensor::from([[7.0], [-7.0], [0.0]]);
    wrong::unless_close(of(&x.softmax(1)), [[1.0]; 3], 0.0)?;
    let none = Tensor::zeros([3, 0]).softmax(1);
    wrong::unless_close(of(&none), Numbers::new(vec![3, 0], vec![]), 0.0)
}

fn words() -> Verdict {
    let scores = Tensor::randn([50_000], &mut Rng::new(3));
    let p = scores.softmax(0);
    let (scores, p) = (scores.to_vec(), p.to_vec());
    let sum: f64 = p.iter().copied().map(f64::from).sum();
    // 50,000 roundings by up to 6e-8 of a probability each, in either direction.
    wrong::unless((sum - 1.0).abs() < 3e-7, || format!("they sum to {sum}"))
        .note("add up with `sum`, in double precision, and divide in double precision")?;
    let order = |values: &[f32]| {
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by(|&i, &j| values[i].total_cmp(&values[j]));
        order[values.len() - 1]
    };
    wrong::unless_eq(order(&p), order(&scores)).note("the place of the largest number")
}
