//! 02.1 and 02.2: two rays that meet at 0, and numbers one by one.

use crate::numbers::{INF, NAN, of};
use check::{Because, Check, Numbers, Verdict, wrong};
use tinytorch_activations::Activations;
use tinytorch_tensor::{Rng, Tensor};

pub const CHECKS: &[Check] = &[
    Check {
        id: "02.1.by_hand",
        exercise: "02.1",
        fact: "relu of 1 -2 / 3 -4 is 1 0 / 3 0",
        run: by_hand,
    },
    Check {
        id: "02.1.views",
        exercise: "02.1",
        fact: "relu of a transposed matrix is the transposed relu",
        run: views,
    },
    Check {
        id: "02.1.shapes",
        exercise: "02.1",
        fact: "a single number, a box of 2 x 2 x 2 and a tensor without numbers keep their shapes",
        run: shapes,
    },
    Check {
        id: "02.1.nan",
        exercise: "02.1",
        fact: "NaN stays NaN, and the infinities become 0 and infinity",
        run: nan,
    },
    Check {
        id: "02.1.half",
        exercise: "02.1",
        fact: "of 10,000 normal numbers about half become 0, and the others stay as they are",
        run: half,
    },
    Check {
        id: "02.2.by_hand",
        exercise: "02.2",
        fact: "with a slope of 0.1, -10 becomes -1 and 10 stays 10",
        run: leaky_by_hand,
    },
    Check {
        id: "02.2.any_slope",
        exercise: "02.2",
        fact: "the slope on the left may be 0, 2 or -1",
        run: any_slope,
    },
    Check {
        id: "02.2.nan",
        exercise: "02.2",
        fact: "NaN stays NaN whatever the slope, and the infinities stay infinite",
        run: leaky_nan,
    },
];

fn by_hand() -> Verdict {
    let y = Tensor::from([[1.0, -2.0], [3.0, -4.0]]).relu();
    let got = y.to_vec();
    wrong::unless_close(of(&y), [[1.0, 0.0], [3.0, 0.0]], 0.0)
        .because(
            got == [0.0, -2.0, 0.0, -4.0],
            "that is min(0, x): it is the negative side that goes",
        )
        .because(got == [1.0, 2.0, 3.0, 4.0], "that is |x|: a negative number becomes 0")
        .because(got == [1.0, 0.0, 1.0, 0.0], "1 where x is positive is the slope of relu")
}

fn views() -> Verdict {
    let x = Tensor::from([[1.0, -2.0, 3.0], [-4.0, 5.0, -6.0]]);
    let y = x.t().relu();
    let stored = y.to_vec() == [1.0, 0.0, 3.0, 0.0, 5.0, 0.0];
    wrong::unless_close(of(&y), [[1.0, 0.0], [0.0, 5.0], [3.0, 0.0]], 0.0)
        .because(stored, "these are the numbers as stored: `x.data()` reads them by the layout")?;
    wrong::unless_close(of(&x.slice(1, 1..).relu()), [[0.0, 3.0], [5.0, 0.0]], 0.0)
        .note("columns 1 and 2 of a matrix of 3: a view with gaps between its rows")
}

fn shapes() -> Verdict {
    wrong::unless_close(of(&Tensor::from(-3.0).relu()), 0.0, 0.0)?;
    let x = Tensor::from([[[1.0, -1.0], [2.0, -2.0]], [[-3.0, 3.0], [-4.0, 4.0]]]);
    let expected = [[[1.0, 0.0], [2.0, 0.0]], [[0.0, 3.0], [0.0, 4.0]]];
    wrong::unless_close(of(&x.relu()), expected, 0.0)?;
    let none = Tensor::zeros([2, 0, 3]).relu();
    wrong::unless_close(of(&none), Numbers::new(vec![2, 0, 3], vec![]), 0.0)
}

fn nan() -> Verdict {
    let y = Tensor::from([NAN, -INF, INF, -0.0]).relu();
    wrong::unless_close(of(&y), [NAN, 0.0, INF, 0.0], 0.0)
        .because(y.at([0]) == 0.0, "a comparison with NaN is false, and `max` prefers the number")
}

fn half() -> Verdict {
    let x = Tensor::randn([100, 100], &mut Rng::new(2));
    let y = x.relu();
    let (x, y) = (x.to_vec(), y.to_vec());
    let zeros = y.iter().filter(|&&v| v == 0.0).count();
    wrong::unless((4700..5300).contains(&zeros), || format!("{zeros} of 10,000 numbers are 0"))?;
    let kept = x.iter().zip(&y).all(|(x, y)| *y == 0.0 || x == y);
    wrong::unless(kept, || "a positive number was changed")
}

fn leaky_by_hand() -> Verdict {
    let y = Tensor::from([-10.0, 0.0, 10.0]).leaky_relu(0.1);
    let got = y.to_vec();
    wrong::unless_close(of(&y), [-1.0, 0.0, 10.0], 1e-6)
        .because(got[0] == -10.0 && got[2] == 1.0, "the slope is for the other side, x below 0")
        .because(got[0] == 1.0, "the product has the sign of x: slope * x, not slope * |x|")
        .because(got[0] == 0.1, "on the left the slope multiplies x")
        .because(got[0] == 0.0, "on the left there is a slope, not a floor")
}

fn any_slope() -> Verdict {
    let x = Tensor::from([-3.0, -0.5, 0.0, 2.0]);
    let y = x.leaky_relu(2.0);
    wrong::unless_close(of(&y), [-6.0, -1.0, 0.0, 2.0], 1e-6).because(
        y.at([0]) == -3.0,
        "max(x, slope * x) is right for slopes below 1 only: ask for the sign of x",
    )?;
    wrong::unless_close(of(&x.leaky_relu(-1.0)), [3.0, 0.5, 0.0, 2.0], 1e-6)
        .note("with a slope of -1 it is |x|")?;
    wrong::unless_close(of(&x.leaky_relu(0.0)), [0.0, 0.0, 0.0, 2.0], 0.0)
}

fn leaky_nan() -> Verdict {
    let x = Tensor::from([NAN, -INF, INF]);
    wrong::unless_close(of(&x.leaky_relu(0.1)), [NAN, -INF, INF], 0.0)?;
    wrong::unless_close(of(&x.leaky_relu(1.0)), [NAN, -INF, INF], 0.0)
}
