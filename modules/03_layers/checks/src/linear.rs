//! 03.1 and 03.2: x Wᵀ + b, and what its slopes read.

use crate::numbers::of;
use check::{Because, Check, Numbers, Verdict, wrong};
use tinytorch_layers::{LinearOp, linear};
use tinytorch_tensor::{Op, Reads, Rng, Tensor};

pub const CHECKS: &[Check] = &[
    Check {
        id: "03.1.by_hand",
        exercise: "03.1",
        fact: "2 -1 through the weight 1 2 / 3 4 / 5 6 and the bias 0.5 -1 100 is 0.5 1 104",
        run: by_hand,
    },
    Check {
        id: "03.1.rows",
        exercise: "03.1",
        fact: "five rows of two inputs give five rows of three outputs, each with all three biases",
        run: rows,
    },
    Check {
        id: "03.1.no_bias",
        exercise: "03.1",
        fact: "without a bias nothing is added",
        run: no_bias,
    },
    Check {
        id: "03.1.product",
        exercise: "03.1",
        fact: "it is x times the transposed weight plus the bias, for sizes up to 64",
        run: product,
    },
    Check {
        id: "03.1.batches",
        exercise: "03.1",
        fact: "[2, 4, 2] is eight rows, [2] is one, and views are read by their layout",
        run: batches,
    },
    Check {
        id: "03.1.empty",
        exercise: "03.1",
        fact: "no rows, no inputs or no outputs: the shape is right, and no inputs leave the bias",
        run: empty,
    },
    Check {
        id: "03.2.reads",
        exercise: "03.2",
        fact: "x's slope reads the weight, the weight's reads x, the bias's reads nothing",
        run: reads,
    },
    Check {
        id: "03.2.kept",
        exercise: "03.2",
        fact: "a recorded layer keeps x and the weight, which are there anyway, and no bias",
        run: kept,
    },
];

fn weight() -> Tensor {
    Tensor::from([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
}

fn bias() -> Tensor {
    Tensor::from([0.5, -1.0, 100.0])
}

fn by_hand() -> Verdict {
    let y = linear(&Tensor::from([[2.0, -1.0]]), &weight(), Some(&bias()));
    let got = y.to_vec();
    wrong::unless_close(of(&y), [[0.5, 1.0, 104.0]], 0.0)
        .because(got == [0.0, 2.0, 4.0], "the bias is missing")
        .because(
            got == [0.5, 2.5, 4.5],
            "each output has a bias of its own: bias[o], not bias[row]",
        )
        .because(
            got == [-1.5, -2.0, 100.0],
            "the weight was read as [in, out]: output o has row o of the weight, two numbers",
        )
        .because(got == [-1.5, -5.0, 94.0], "only the last product is left: add them up")
        .note("output 1 is 2 * 3 + (-1) * 4 - 1")
}

fn rows() -> Verdict {
    let x = Tensor::from([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [2.0, -1.0], [0.0, 0.0]]);
    let y = linear(&x, &weight(), Some(&bias()));
    let expected = [
        [1.5, 2.0, 105.0],
        [2.5, 3.0, 106.0],
        [3.5, 6.0, 111.0],
        [0.5, 1.0, 104.0],
        [0.5, -1.0, 100.0],
    ];
    let got = y.to_vec();
    wrong::unless_close(of(&y), expected, 0.0)
        .because(
            got.chunks(3).all(|row| row == &got[..3]),
            "every row of x was taken to be the first",
        )
        .note("the last row of x is 0 0, and leaves the bias: 0.5 -1 100")
}

fn no_bias() -> Verdict {
    let y = linear(&Tensor::from([[1.0, 0.0], [2.0, -1.0]]), &weight(), None);
    wrong::unless_close(of(&y), [[1.0, 3.0, 5.0], [0.0, 2.0, 4.0]], 0.0)
}

fn product() -> Verdict {
    let mut rng = Rng::new(5);
    for (n, inputs, outputs) in [(1, 1, 1), (3, 16, 2), (2, 37, 5), (4, 64, 33), (7, 3, 3)] {
        let x = Tensor::randn([n, inputs], &mut rng);
        let weight = Tensor::randn([outputs, inputs], &mut rng);
        let bias = Tensor::randn([outputs], &mut rng);
        let expected = x.matmul(&weight.t()) + &bias;
        wrong::unless_close(of(&linear(&x, &weight, Some(&bias))), of(&expected), 1e-5)
            .note(format!("{n} rows, from {inputs} inputs to {outputs} outputs"))?;
    }
    Ok(())
}

fn batches() -> Verdict {
    let mut rng = Rng::new(6);
    let x = Tensor::randn([2, 4, 2], &mut rng);
    let (weight, bias) = (weight(), bias());
    let y = linear(&x, &weight, Some(&bias));
    let rows = linear(&x.reshape([8, 2]), &weight, Some(&bias));
    wrong::unless_close(of(&y), of(&rows.reshape([2, 4, 3])), 0.0)?;
    let one = linear(&Tensor::from([2.0, -1.0]), &weight, Some(&bias));
    wrong::unless_close(of(&one), [0.5, 1.0, 104.0], 0.0)?;
    let (x, w) = (Tensor::randn([2, 5], &mut rng), Tensor::randn([2, 3], &mut rng));
    let (view, copy) = ((x.t(), w.t()), (x.t().contiguous(), w.t().contiguous()));
    let (got, expected) = (linear(&view.0, &view.1, None), linear(&copy.0, &copy.1, None));
    wrong::unless_close(of(&got), of(&expected), 0.0).note("x and weight are transposed views")
}

fn empty() -> Verdict {
    let none = linear(&Tensor::zeros([0, 2]), &weight(), Some(&bias()));
    wrong::unless_close(of(&none), Numbers::new(vec![0, 3], vec![]), 0.0).note("no rows")?;
    let alone = linear(&Tensor::zeros([2, 0]), &Tensor::zeros([3, 0]), Some(&bias()));
    wrong::unless_close(of(&alone), [[0.5, -1.0, 100.0]; 2], 0.0).note("no inputs")?;
    let none = linear(&Tensor::zeros([4, 2]), &Tensor::zeros([0, 2]), None);
    wrong::unless_close(of(&none), Numbers::new(vec![4, 0], vec![]), 0.0).note("no outputs")
}

fn name(reads: Reads) -> &'static str {
    match reads {
        Reads::NOTHING => "nothing",
        Reads::OUTPUT => "the output",
        Reads::ALL => "everything",
        _ if reads == Reads::input(0) => "x",
        _ if reads == Reads::input(1) => "the weight",
        _ if reads == Reads::input(2) => "the bias",
        _ => "several",
    }
}

fn reads() -> Verdict {
    let got = [0, 1, 2].map(|input| name(LinearOp.reads(input)));
    wrong::unless_eq(got, ["the weight", "x", "nothing"])
        .because(
            got == ["x", "the weight", "nothing"],
            "y = w x rises by w when x rises by 1: each factor's slope is the other one",
        )
        .because(
            got[2] != "nothing",
            "the slope of y = w x + b in b is 1, whatever the numbers are",
        )
        .because(got.contains(&"everything"), "what is named is kept: name only what is read")
}

fn kept() -> Verdict {
    let x = Tensor::zeros([32, 2]).with_grad();
    let (weight, bias) = (weight().with_grad(), bias().with_grad());
    let y = linear(&x, &weight, Some(&bias));
    let Some(history) = y.history() else {
        return wrong::unless(false, || "the result of a parameter remembers nothing");
    };
    let kept = history.look(|saved| {
        let saved = saved.expect("nobody has taken it");
        let [a, b, c] = [0, 1, 2].map(|i| saved.inputs[i].clone());
        let output = saved.output.is_some();
        (a.shares_storage(&x), b.shares_storage(&weight), c.kind(), output)
    });
    wrong::unless_eq(kept, (true, true, "released", false))
        .note("whether x and the weight are kept as they are, the bias, whether the output is kept")
}
