//! 13.1: layer norm.

use crate::numbers::{drawn, names, near, of};
use check::{Because, Check, Verdict, wrong};
use tinytorch_layers::Module;
use tinytorch_tensor::Tensor;
use tinytorch_transformers::{LayerNorm, layer_norm};

pub const CHECKS: &[Check] = &[
    Check {
        id: "13.1.by_hand",
        exercise: "13.1",
        fact: "2 4 6 becomes -1.2247 0 1.2247",
        run: by_hand,
    },
    Check {
        id: "13.1.eps",
        exercise: "13.1",
        fact: "1 3 with an eps of 3 becomes -0.5 0.5: 1 / sqrt(1 + 3)",
        run: eps,
    },
    Check {
        id: "13.1.parameters",
        exercise: "13.1",
        fact: "then come the weights 1 2 3 and the biases 0.5: -0.7247 0.5 4.1742",
        run: parameters,
    },
    Check {
        id: "13.1.rows",
        exercise: "13.1",
        fact: "each row is by itself: 10 20 30 becomes what 2 4 6 becomes, also in [2, 1, 3]",
        run: rows,
    },
    Check {
        id: "13.1.equal",
        exercise: "13.1",
        fact: "7 7 7 becomes 0 0 0, and no NaN",
        run: equal,
    },
    Check {
        id: "13.1.far",
        exercise: "13.1",
        fact: "4096 4097 4098 4099 keeps its digits: the same as 0 1 2 3",
        run: far,
    },
    Check {
        id: "13.1.trained",
        exercise: "13.1",
        fact: "a new layer trains a weight of ones and a bias of zeros",
        run: trained,
    },
];

const EPS: f32 = 1e-5;

fn by_hand() -> Verdict {
    let got = layer_norm(&Tensor::from([[2.0, 4.0, 6.0]]), None, None, 0.0);
    wrong::unless_close(of(&got), [[-1.224_744_9, 0.0, 1.224_744_9]], 1e-6)
        .because(
            near(&got, &[-1.0, 0.0, 1.0]),
            "the squares 4 0 4 were divided by 2: the variance of a row divides by its 3 numbers",
        )
        .because(near(&got, &[1.224_745, 2.449_49, 3.674_235]), "the mean, 4, was not taken off")
        .because(
            near(&got, &[-0.75, 0.0, 0.75]),
            "that is divided by the variance 8/3: divide by its root",
        )
        .because(
            near(&got, &[-3.265_986, 0.0, 3.265_986]),
            "that is multiplied by the deviation: divide by it",
        )
}

fn eps() -> Verdict {
    let got = layer_norm(&Tensor::from([[1.0, 3.0]]), None, None, 3.0);
    wrong::unless_close(of(&got), [[-0.5, 0.5]], 1e-6)
        .because(
            near(&got, &[-0.25, 0.25]),
            "that is 1 / (sqrt(1) + 3): eps belongs under the root, beside the variance",
        )
        .because(near(&got, &[-1.0, 1.0]), "eps was left out")
}

fn parameters() -> Verdict {
    let x = Tensor::from([[2.0, 4.0, 6.0]]);
    let (weight, bias) = (Tensor::from([1.0, 2.0, 3.0]), Tensor::full([3], 0.5));
    let got = layer_norm(&x, Some(&weight), Some(&bias), 0.0);
    wrong::unless_close(of(&got), [[-0.724_744_9, 0.5, 4.174_234_6]], 1e-6)
        .because(
            near(&got, &[-0.724_745, 1.0, 5.174_235]),
            "the bias was added before the weight: it must not be stretched",
        )
        .because(near(&got, &[-1.224_745, 0.0, 1.224_745]), "weight and bias were left out")
        .because(near(&got, &[-1.224_745, 0.0, 3.674_235]), "the bias was left out")?;
    let got = layer_norm(&x, Some(&weight), None, 0.0);
    wrong::unless_close(of(&got), [[-1.224_744_9, 0.0, 3.674_234_6]], 1e-6)
        .note("a layer may have a weight and no bias")
}

fn rows() -> Verdict {
    let x = Tensor::from([[[2.0, 4.0, 6.0]], [[10.0, 20.0, 30.0]]]);
    let got = layer_norm(&x, None, None, 0.0);
    let row = [[-1.224_744_9, 0.0, 1.224_744_9]];
    wrong::unless_close(of(&got), [row, row], 1e-6).because(
        got.numel() == 6 && got.data()[0] > -1.1,
        "mean and variance are those of more than one row: `rows` gives them one by one",
    )?;
    let columns = Tensor::from([[2.0, 10.0], [4.0, 20.0], [6.0, 30.0]]).t();
    wrong::unless_close(of(&layer_norm(&columns, None, None, 0.0)), [row[0], row[0]], 1e-6)
        .note("the input is a transposed view; `to_vec()` reads it row by row")
}

fn equal() -> Verdict {
    let got = layer_norm(&Tensor::full([1, 3], 7.0), None, None, EPS);
    wrong::unless_close(of(&got), [[0.0_f32; 3]], 1e-6).because(
        got.data().iter().any(|v| v.is_nan()),
        "0 / 0: the variance is 0, and eps is there so that its root is not",
    )
}

fn far() -> Verdict {
    let row = [4096.0, 4097.0, 4098.0, 4099.0];
    let got = layer_norm(&Tensor::from([row]), None, None, EPS);
    let expected = [[-1.341_635_4_f32, -0.447_211_8, 0.447_211_8, 1.341_635_4]];
    wrong::unless_close(of(&got), expected, 1e-5)
        .note("take the mean off before you square, and sum in `f64`")
}

fn trained() -> Verdict {
    let (both, one) = (LayerNorm::new(3), LayerNorm::without_bias(3));
    wrong::unless_eq(names(&both), ["weight", "bias"]).because(
        names(&both).len() < 2,
        "what does not ask for a gradient is not trained: `with_grad()`",
    )?;
    wrong::unless_eq(names(&one), ["weight"])?;
    let weight = both.weight.as_ref().expect("it has one");
    wrong::unless_close(of(weight), [1.0_f32; 3], 0.0)?;
    wrong::unless_close(of(both.bias.as_ref().expect("it has one")), [0.0_f32; 3], 0.0)?;
    let x = drawn([4, 3], 1);
    wrong::unless_close(of(&both.forward(&x)), of(&layer_norm(&x, None, None, EPS)), 1e-6)
        .note("with ones and zeros, a fresh layer is the plain normalization with eps 1e-5")
}
