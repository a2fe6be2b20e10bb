//! 03.8 and 03.9: the walk through everything a field may be, and the mode.

use crate::nets::{Digits, Net, digits, layer, net, overwrite_all, paths, paths_mut, switches};
use crate::numbers::of;
use check::{Because, Check, Verdict, wrong};
use tinytorch_layers::{
    Dropout, Linear, Model, Module, ReLU, Running, State, Training, evaluating, sequential, state,
};
use tinytorch_tensor::{Rng, Tensor};

pub const CHECKS: &[Check] = &[
    Check {
        id: "03.8.option",
        exercise: "03.8",
        fact: "a layer's bias is `bias`, and a layer without one has `weight` only",
        run: option,
    },
    Check {
        id: "03.8.list",
        exercise: "03.8",
        fact: "the items of a list are `blocks.0`, `blocks.1`, in their order",
        run: list,
    },
    Check {
        id: "03.8.mixed",
        exercise: "03.8",
        fact: "lists in tuples in options in boxes: each under its path, in the order of the fields",
        run: mixed,
    },
    Check {
        id: "03.8.sequential",
        exercise: "03.8",
        fact: "in a sequence, layer 2 keeps `2.weight`, and relu keeps nothing",
        run: in_sequence,
    },
    Check {
        id: "03.8.the_model_itself",
        exercise: "03.8",
        fact: "who writes through a walk changes the model: its output is another",
        run: the_model_itself,
    },
    Check {
        id: "03.9.everywhere",
        exercise: "03.9",
        fact: "evaluation mode reaches a dropout two levels down, and training mode, too",
        run: everywhere,
    },
    Check {
        id: "03.9.any",
        exercise: "03.9",
        fact: "a model is in training when one of its switches is on",
        run: any,
    },
    Check {
        id: "03.9.none",
        exercise: "03.9",
        fact: "a model without a switch is never in training",
        run: none,
    },
];

/// That `visit_mut` goes where `visit` goes.
fn walk_mut(model: &mut dyn State, expected: &[&str]) -> Verdict {
    wrong::unless_eq(paths_mut(model), expected)
        .because(true, "`visit_mut` must see what `visit` sees, under the same paths")
}

fn option() -> Verdict {
    let mut with = layer(2, 3, 1.0);
    let got = paths(&with);
    wrong::unless_eq(&got, &["weight", "bias"].map(String::from)[..])
        .because(got.last().is_some_and(|last| last == "bias.0"), "an option is no list: no number")
        .because(got == ["weight"], "the bias was left out, though there is one")?;
    walk_mut(&mut with, &["weight", "bias"])?;
    let mut without = Linear { bias: None, ..with };
    wrong::unless_eq(paths(&without), ["weight"])?;
    walk_mut(&mut without, &["weight"])
}

struct Blocks {
    blocks: Vec<Tensor>,
}
state!(Blocks { blocks });

fn list() -> Verdict {
    let mut model = Blocks { blocks: vec![Tensor::zeros([1]), Tensor::zeros([1])] };
    let got = paths(&model);
    wrong::unless_eq(&got, &["blocks.0", "blocks.1"].map(String::from)[..])
        .because(got == ["blocks", "blocks"], "each item under its number: `path.item`")
        .because(got == ["blocks.1", "blocks.2"], "items are counted from 0")
        .because(got == ["blocks.1", "blocks.0"], "the first item comes first")?;
    walk_mut(&mut model, &["blocks.0", "blocks.1"])
}

struct Mixed {
    list: Vec<Tensor>,
    pair: (Tensor, [Tensor; 2]),
    absent: Option<Tensor>,
    present: Option<Box<Tensor>>,
    mean: Running,
    training: Training,
}
state!(Mixed { list, pair, absent, present, mean, training });

fn mixed() -> Verdict {
    let t = || Tensor::from(1.0);
    let mut model = Mixed {
        list: vec![t(), t()],
        pair: (t(), [t(), t()]),
        absent: None,
        present: Some(Box::new(t())),
        mean: Running::new(t()),
        training: Training::default(),
    };
    let expected =
        ["list.0", "list.1", "pair.0", "pair.1.0", "pair.1.1", "present", "mean", "training"];
    wrong::unless_eq(paths(&model), expected)?;
    walk_mut(&mut model, &expected)
}

fn in_sequence() -> Verdict {
    let mut model = sequential![layer(2, 2, 1.0), ReLU, sequential![layer(2, 1, 1.0)]];
    let expected = ["0.weight", "0.bias", "2.0.weight", "2.0.bias"];
    wrong::unless_eq(paths(&model), expected)?;
    walk_mut(&mut model, &expected)
}

fn the_model_itself() -> Verdict {
    let mut model = sequential![layer(3, 2, 0.0), layer(2, 1, 0.0)];
    let x = Tensor::ones([1, 3]);
    wrong::unless_close(of(&model.forward(&x)), [[0.0]], 0.0)?;
    overwrite_all(&mut model, 1.0);
    wrong::unless_close(of(&model.forward(&x)), [[9.0]], 0.0)
        .note("all weights and biases are 1 now: 3 + 1 = 4, twice, and 4 + 4 + 1 = 9")
}

fn everywhere() -> Verdict {
    let drop = || Dropout::new(0.5, &mut Rng::new(4));
    let mut model = sequential![drop(), sequential![ReLU, sequential![drop()]]];
    model.eval();
    let off = switches(&model);
    model.train();
    let on = switches(&model);
    wrong::unless_eq((&*off, &*on), (&[false; 2][..], &[true; 2][..]))
        .because(
            off == [true; 2] && on == [false; 2],
            "each switch was put to the opposite of `on`",
        )
        .because(off == [true; 2], "no switch was put to false")
        .because(on == [false; 2], "no switch was put to true")
        .note("the two switches after `eval()`, and after `train()`")?;
    wrong::unless_eq(model.is_training(), true).note("after `train()`")?;
    let x = Tensor::ones([100]);
    let dropped = model.forward(&x).to_vec().contains(&0.0);
    wrong::unless(dropped, || "after `train()` nothing is dropped")?;
    model.eval();
    wrong::unless_eq(model.is_training(), false).note("after `eval()`")?;
    wrong::unless_close(of(&model.forward(&x)), of(&x), 0.0)
        .note("after `eval()` no dropout drops anything")
}

fn any() -> Verdict {
    let (mut off, on) = (net(1.0), net(1.0));
    wrong::unless_eq(off.is_training(), true).note("a fresh layer is in training")?;
    wrong::unless_eq(evaluating(|| off.is_training()), false)
        .because(true, "inside of `evaluating` every switch counts as off: ask `is_on()`")?;
    off.set_training(false);
    wrong::unless_eq(off.is_training(), false)?;
    let mut pair = (off, on);
    wrong::unless_eq(pair.is_training(), true)
        .because(true, "the first switch is off and the second is on: one is enough")?;
    std::mem::swap(&mut pair.0, &mut pair.1);
    wrong::unless_eq(pair.is_training(), true)
        .because(true, "the first switch is on and the second is off: the last does not decide")?;
    pair.set_training(true);
    let on = |net: &Net| net.drop.training.0;
    let got = (on(&pair.0), on(&pair.1));
    wrong::unless_eq(got, (true, true))
        .because(got == (false, true), "each switch was turned over: put it to `on`")
        .note("one switch was on and one was off, before `set_training(true)`")
}

fn none() -> Verdict {
    let mut model: Digits = digits();
    model.train();
    wrong::unless_eq(model.is_training(), false)
        .because(true, "three linear layers have no switch, so nothing is on")
}
