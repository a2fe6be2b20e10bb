//! 02.9: the logarithms of probabilities.

use crate::numbers::{INF, NAN, of};
use check::{Because, Check, Numbers, Verdict, wrong};
use tinytorch_activations::Activations;
use tinytorch_tensor::{Rng, Tensor};

pub const CHECKS: &[Check] = &[
    Check {
        id: "02.9.by_hand",
        exercise: "02.9",
        fact: "log_softmax of 1 2 3 is -2.4076 -1.4076 -0.4076",
        run: by_hand,
    },
    Check {
        id: "02.9.vanished",
        exercise: "02.9",
        fact: "[1000, -1000] becomes [0, -2000]: the logarithm outlives the probability",
        run: vanished,
    },
    Check {
        id: "02.9.digits",
        exercise: "02.9",
        fact: "1000 1000.5 1001 keep six digits behind the point",
        run: digits,
    },
    Check {
        id: "02.9.infinities",
        exercise: "02.9",
        fact: "minus infinity stays, and rows without probabilities are NaN",
        run: infinities,
    },
    Check {
        id: "02.9.of_softmax",
        exercise: "02.9",
        fact: "where no probability vanishes it is the logarithm of the softmax",
        run: of_softmax,
    },
    Check {
        id: "02.9.ten_classes",
        exercise: "02.9",
        fact: "ten equal scores are -ln 10 = -2.302585 each, of 500 times ten numbers",
        run: ten_classes,
    },
];

fn by_hand() -> Verdict {
    let y = Tensor::from([1.0, 2.0, 3.0]).log_softmax(0);
    let first = y.at([0]);
    wrong::unless_close(of(&y), [-2.407_606, -1.407_606, -0.407_606], 1e-6)
        .because(first == -2.0, "the largest is off, and the logarithm of the sum is still to go")
        .because((first - 0.090_030_57).abs() < 1e-6, "these are the probabilities themselves")
        .because((first - 2.407_606).abs() < 1e-6, "logarithms of probabilities are negative")
        .because(
            (first - 0.592_394).abs() < 1e-6,
            "the exponentials were taken of x - largest: so take the largest off x, too",
        )
        .because(
            (first + 13.107_338).abs() < 1e-4 || (first + 3.503_214_7).abs() < 1e-5,
            "the sum itself was taken off: it is its logarithm that goes",
        )
}

fn vanished() -> Verdict {
    let y = Tensor::from([[1000.0, -1000.0], [-200.0, 0.0]]).log_softmax(1);
    let got = y.to_vec();
    wrong::unless_close(of(&y), [[0.0, -2000.0], [-200.0, 0.0]], 0.0)
        .because(got[0].is_nan(), "e^1000 is infinite in f32: take the largest off first")
        .because(got[0] == -INF, "e^1000 is infinite in f32: take the largest off first")
        .because(
            got[1] == -INF,
            "the logarithm of a softmax: a probability that was rounded to 0 has none",
        )
}

fn digits() -> Verdict {
    let y = Tensor::from([1000.0, 1000.5, 1001.0]).log_softmax(0);
    let off = (y.at([2]) + 0.680_269_7).abs();
    wrong::unless_close(of(&y), [-1.680_269_7, -1.180_269_7, -0.680_269_7], 1e-6).because(
        (2e-6..1e-3).contains(&off),
        "1001 + ln(sum) was rounded to a float near 1000, which are 0.00006 apart: take the \
         largest off x first, the logarithm after it",
    )
}

fn infinities() -> Verdict {
    let x = Tensor::from([[0.0, -INF], [-INF, -INF], [INF, 0.0], [0.0, NAN]]);
    let expected = [[0.0, -INF], [NAN; 2], [NAN; 2], [NAN; 2]];
    wrong::unless_close(of(&x.log_softmax(1)), expected, 0.0)?;
    let none = Tensor::zeros([2, 0]).log_softmax(1);
    wrong::unless_close(of(&none), Numbers::new(vec![2, 0], vec![]), 0.0)
}

fn of_softmax() -> Verdict {
    let x = Tensor::randn([6, 9], &mut Rng::new(4)) * 3.0;
    let y = x.log_softmax(1);
    wrong::unless_close(of(&y), of(&x.softmax(1).ln()), 1e-6)?;
    let sums = y.exp().sum_over(1, false);
    wrong::unless_close(of(&sums), [1.0; 6], 2e-6).note("e to the result, summed over a row")
}

fn ten_classes() -> Verdict {
    let y = Tensor::full([500, 10], 3.0_f32).log_softmax(1);
    let mean = y.mean().item();
    wrong::unless_close(mean, -std::f32::consts::LN_10, 1e-6)
        .note("a network that knows nothing yet has this loss on ten digits")
}
