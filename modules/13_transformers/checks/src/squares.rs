//! 13.3: RMS norm.

use crate::numbers::{drawn, names, near, of, unless_judged};
use check::{Because, Check, Verdict, wrong};
use tinytorch_layers::Module;
use tinytorch_tensor::{Tensor, dispatch};
use tinytorch_transformers::{RMSNorm, RmsNormBackward, rms_norm};

pub const CHECKS: &[Check] = &[
    Check {
        id: "13.3.by_hand",
        exercise: "13.3",
        fact: "3 -4 becomes 0.8485 -1.1314: over the root of the mean of 9 and 16",
        run: by_hand,
    },
    Check {
        id: "13.3.eps",
        exercise: "13.3",
        fact: "1 1 with an eps of 3 becomes 0.5 0.5, and zeros stay zeros",
        run: eps,
    },
    Check {
        id: "13.3.weight",
        exercise: "13.3",
        fact: "the weights 2 0 make 1.6971 0 of it",
        run: weight,
    },
    Check {
        id: "13.3.trained",
        exercise: "13.3",
        fact: "a new layer trains a weight of ones, and nothing else",
        run: trained,
    },
    Check {
        id: "13.3.back_by_hand",
        exercise: "13.3",
        fact: "3 -4 with the gradient 1 0 gets 0.1810 0.1358",
        run: back_by_hand,
    },
    Check {
        id: "13.3.judged",
        exercise: "13.3",
        fact: "the gradients are what differences give",
        run: judged,
    },
];

fn by_hand() -> Verdict {
    let got = rms_norm(&Tensor::from([[3.0, -4.0]]), None, 0.0);
    wrong::unless_close(of(&got), [[0.848_528_1, -1.131_370_8]], 1e-6)
        .because(
            near(&got, &[0.6, -0.8]),
            "that is divided by the length of the row, 5: the mean of the squares, not their sum",
        )
        .because(near(&got, &[1.0, -1.0]), "the mean was taken off: here it stays")
        .because(near(&got, &[0.24, -0.32]), "that is divided by 12.5: the root is missing")?;
    let rows = rms_norm(&Tensor::from([[3.0, -4.0], [30.0, -40.0]]), None, 0.0);
    wrong::unless_close(of(&rows.select(0, 1)), [0.848_528_1, -1.131_370_8], 1e-6)
        .note("each row is by itself")
}

fn eps() -> Verdict {
    let got = rms_norm(&Tensor::ones([1, 2]), None, 3.0);
    wrong::unless_close(of(&got), [[0.5, 0.5]], 1e-6)
        .because(near(&got, &[0.25, 0.25]), "eps belongs under the root")
        .because(near(&got, &[1.0, 1.0]), "eps was left out")?;
    let got = rms_norm(&Tensor::zeros([1, 2]), None, 1e-5);
    wrong::unless_close(of(&got), [[0.0, 0.0]], 0.0)
}

fn weight() -> Verdict {
    let weight = Tensor::from([2.0, 0.0]);
    let got = rms_norm(&Tensor::from([[3.0, -4.0]]), Some(&weight), 0.0);
    wrong::unless_close(of(&got), [[1.697_056_3, 0.0]], 1e-6)
        .because(near(&got, &[0.848_528, -1.131_371]), "the weight was left out")
}

fn trained() -> Verdict {
    let layer = RMSNorm::new(3);
    wrong::unless_eq(names(&layer), ["weight"]).because(
        names(&layer).is_empty(),
        "what does not ask for a gradient is not trained: `with_grad()`",
    )?;
    let x = drawn([4, 3], 1);
    wrong::unless_close(of(&layer.forward(&x)), of(&rms_norm(&x, None, 1e-5)), 1e-6)
        .note("with ones, a fresh layer is the plain normalization with eps 1e-5")
}

fn back_by_hand() -> Verdict {
    let (x, g) = (Tensor::from([[3.0, -4.0]]), Tensor::from([[1.0, 0.0]]));
    let got = dispatch(RmsNormBackward { eps: 0.0 }, &[&x, &g]);
    wrong::unless_close(of(&got), [[0.181_019_34, 0.135_764_5]], 1e-6)
        .because(
            near(&got, &[0.282_843, 0.0]),
            "that is g times the scale: the scale depends on x, too",
        )
        .because(near(&got, &[0.64, 0.48]), "the scale, 1 / 3.5355 = 0.2828, is missing")
        .because(
            near(&got, &[0.039_598, -0.005_657]),
            "mean(g) was taken off as in layer norm: here a row that moves as a whole changes",
        )
}

fn judged() -> Verdict {
    let (x, w) = (drawn([2, 2, 4], 1), drawn([4], 2));
    unless_judged(|[x]| rms_norm(x, None, 0.1), [x.clone()])?;
    unless_judged(|[x, w]| rms_norm(x, Some(w), 0.1), [x, w])
}
