//! 05.14: probabilities minus truth; and all of the module together.

use crate::numbers::{drawn, of, shares, unless_judged};
use check::{Because, Check, Verdict, wrong};
use std::collections::HashMap;
use tinytorch_activations::Activations;
use tinytorch_autograd::{Backward, order};
use tinytorch_layers::{Linear, Model, Module, ReLU, Tanh, sequential};
use tinytorch_losses::{CrossEntropy, bce_with_logits, cross_entropy};
use tinytorch_tensor::{Rng, Tensor};

pub const CHECKS: &[Check] = &[
    Check {
        id: "05.14.by_hand",
        exercise: "05.14",
        fact: "logits [1, 2, 3] with label 2 get [0.0900, 0.2447, -0.3348]",
        run: by_hand,
    },
    Check {
        id: "05.14.batch",
        exercise: "05.14",
        fact: "of four rows, each gets a quarter; rows add up to 0",
        run: batch,
    },
    Check {
        id: "05.14.sure",
        exercise: "05.14",
        fact: "logits of 1000 are no trouble: [1000, 0] with label 1 gets [1, -1]",
        run: sure,
    },
    Check {
        id: "05.14.settings",
        exercise: "05.14",
        fact: "ignored rows get 0; smoothing and weights give what differences give",
        run: settings,
    },
    Check {
        id: "05.14.binary",
        exercise: "05.14",
        fact: "for two classes, the logit gets sigmoid minus target: -0.5 for 0 and 1",
        run: binary,
    },
    Check {
        id: "05.14.network",
        exercise: "05.14",
        fact: "a network of two layers has the gradients that differences give",
        run: network,
    },
    Check {
        id: "05.14.learns",
        exercise: "05.14",
        fact: "300 steps against the gradient, and 2-8-1 has learned XOR",
        run: learns,
    },
    Check {
        id: "05.14.memory",
        exercise: "05.14",
        fact: "784-128-10 with 64 rows keeps 35,328 bytes of the 68,100 it computes",
        run: memory,
    },
];

fn by_hand() -> Verdict {
    let labels = Tensor::from([2]);
    let f = |[z]: &[Tensor; 1]| cross_entropy(z, &labels);
    let [got] = shares(f, [Tensor::from([[1.0, 2.0, 3.0]])], 1.0);
    let near = |c: usize, expected: f32| (got.at([0, c]) - expected).abs() < 1e-4;
    wrong::unless_close(of(&got), [[0.090_030_57, 0.244_728_47, -0.334_759_06]], 1e-6)
        .because(
            near(2, 0.665_241),
            "these are the probabilities alone: the truth is to be taken off",
        )
        .because(near(0, -0.090_031), "the sign is exchanged: probabilities minus truth")
        .because(near(0, 1.0), "that is the logits minus the truth: softmax comes first")
}

fn batch() -> Verdict {
    let labels = Tensor::from([0, 1, 2, 0]);
    let f = |[z]: &[Tensor; 1]| cross_entropy(z, &labels);
    let [got] = shares(f, [Tensor::zeros([4, 3])], 1.0);
    let third = 1.0 / 12.0; // a third of a quarter
    let row = |label: usize| {
        std::array::from_fn::<f32, 3, _>(|c| if c == label { third - 0.25 } else { third })
    };
    wrong::unless_close(of(&got), [row(0), row(1), row(2), row(0)], 1e-6).because(
        (got.at([0, 1]) - 1.0 / 3.0).abs() < 1e-5,
        "`q` adds up to 1/4 per row here, not to 1: softmax is to be multiplied by the sum of `q`",
    )?;
    unless_judged(f, [drawn([4, 3], 1)])
}

fn sure() -> Verdict {
    let labels = Tensor::from([1]);
    let f = |[z]: &[Tensor; 1]| cross_entropy(z, &labels);
    let [got] = shares(f, [Tensor::from([[1000.0, 0.0]])], 1.0);
    wrong::unless_close(of(&got), [[1.0, -1.0]], 1e-6)
}

fn settings() -> Verdict {
    let labels = Tensor::from([0, 2, 1, 2]);
    let ignoring = CrossEntropy { ignore_index: Some(2), ..CrossEntropy::default() };
    let [got] = shares(|[z]| ignoring.of(z, &labels), [drawn([4, 3], 1)], 1.0);
    wrong::unless_close(of(&got.select(0, 1)), [0.0_f32; 3], 0.0).because(
        true,
        "the label of this row is ignored: its `q` adds up to 0, and softmax is multiplied by that",
    )?;
    let weight = Some(Tensor::from([1.0, 2.0, 0.5]));
    let all = CrossEntropy { label_smoothing: 0.2, weight, ..ignoring };
    unless_judged(|[z]| all.of(z, &labels), [drawn([4, 3], 2)])
}

fn binary() -> Verdict {
    let (z, y) = (Tensor::from([0.0, 0.0, 2.0]), Tensor::from([1.0, 0.0, 1.0]));
    let f = |[z, y]: &[Tensor; 2]| bce_with_logits(z, y) * 3.0; // the mean of three
    let [for_z, for_y] = shares(f, [z, y], 1.0);
    wrong::unless_close(of(&for_z), [-0.5, 0.5, -0.119_202_92], 1e-6)
        .because(for_z.at([0]) == 0.5, "the sign is exchanged: sigmoid minus target")
        .because(
            for_z.at([0]) == -1.0,
            "that is the logit minus the target: sigmoid comes first",
        )?;
    wrong::unless_close(of(&for_y), [0.0, 0.0, -2.0], 1e-6)
        .note("this is the share of the targets: minus the logits")?;
    unless_judged(f, [drawn([5], 1), drawn([5], 2).sigmoid()])
}

fn network() -> Verdict {
    let (x, labels) = (drawn([5, 4], 1), Tensor::from([0, 1, 2, 1, 0]));
    let f = |[w1, b1, w2]: &[Tensor; 3]| {
        let hidden = (x.matmul(w1) + b1).tanh();
        cross_entropy(&hidden.matmul(w2), &labels)
    };
    unless_judged(f, [drawn([4, 6], 2), drawn([6], 3), drawn([6, 3], 4)])
}

fn learns() -> Verdict {
    let mut rng = Rng::new(1);
    let mut model = sequential![Linear::new(2, 8, &mut rng), Tanh, Linear::new(8, 1, &mut rng)];
    let x = Tensor::from([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]);
    let y = Tensor::from([[0.0], [1.0], [1.0], [0.0]]);
    for _ in 0..300 {
        let gradients = bce_with_logits(&model.forward(&x), &y).backward();
        let moved: Vec<Tensor> =
            model.parameters().iter().map(|&w| w.detach() - gradients.of(w) * 2.0).collect();
        let names: Vec<String> =
            model.named_parameters().into_iter().map(|(name, _)| name).collect();
        let state = names.into_iter().zip(moved).collect();
        model.load_state_dict(&state).expect("the same names and shapes");
    }
    let loss = bce_with_logits(&model.forward(&x), &y).item();
    wrong::unless(loss < 0.05, || {
        format!("the loss is {loss} after 300 steps; it began at about 0.7 and ends below 0.05")
    })
}

fn memory() -> Verdict {
    let mut rng = Rng::new(0);
    let model = sequential![Linear::new(784, 128, &mut rng), ReLU, Linear::new(128, 10, &mut rng)];
    let x = Tensor::ones([64, 784]);
    let loss = cross_entropy(&model.forward(&x), &Tensor::from_vec(vec![3; 64], [64]));
    let kept = |loss: &Tensor| -> usize {
        let mut bytes = HashMap::new();
        for (_, history) in order(loss) {
            history.look(|saved| {
                let Some(saved) = saved else { return };
                let tensors = saved.inputs.iter().chain(saved.output.as_deref());
                let computed = tensors.filter(|t| t.kind() == "f32" && t.size(0) == 64);
                let own = computed.filter(|t| !t.shares_storage(&x));
                bytes.extend(own.map(|t| (t.data().as_ptr(), t.nbytes())));
            });
        }
        bytes.values().sum()
    };
    wrong::unless_eq(kept(&loss), 35_328)?;
    let history = loss.history().expect("it was computed").clone();
    loss.backward();
    wrong::unless(history.look(|saved| saved.is_none()), || "after the walk, it is still kept")
}
