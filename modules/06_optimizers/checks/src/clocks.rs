//! 06.10: the formulas at work on a model, each parameter by its own clock.

use crate::numbers::{SGD, firsts, layer, near, step, weights};
use check::{Because, Check, Verdict, wrong};
use tinytorch_layers::StateDict;
use tinytorch_optimizers::{Adam, AdamOptions, Optimizer, Sgd, SgdOptions};
use tinytorch_tensor::Tensor;

pub const CHECKS: &[Check] = &[
    Check {
        id: "06.10.model",
        exercise: "06.10",
        fact: "SGD moves every parameter of a model by lr times its gradient",
        run: model,
    },
    Check {
        id: "06.10.one",
        exercise: "06.10",
        fact: "the first step has number 1: Adam moves by lr, and is finite",
        run: one,
    },
    Check {
        id: "06.10.two",
        exercise: "06.10",
        fact: "the next has number 2: betas 0.5, gradients 1 -1 end at -0.0667",
        run: two,
    },
    Check {
        id: "06.10.frozen",
        exercise: "06.10",
        fact: "a parameter set free after three steps begins with its own step 1",
        run: frozen,
    },
    Check {
        id: "06.10.velocities",
        exercise: "06.10",
        fact: "every parameter has a velocity of its own",
        run: velocities,
    },
    Check {
        id: "06.10.schedule",
        exercise: "06.10",
        fact: "a learning rate that is set holds from the next step on",
        run: schedule,
    },
    Check {
        id: "06.10.last",
        exercise: "06.10",
        fact: "a count at the largest i32 stays there",
        run: last,
    },
    Check {
        id: "06.10.in_place",
        exercise: "06.10",
        fact: "the weights stay where they are in memory, step after step",
        run: in_place,
    },
];

fn adam(lr: f32) -> Adam {
    Adam::new(AdamOptions { lr, ..AdamOptions::default() })
}

fn model() -> Verdict {
    let mut layer = layer();
    step(&mut Sgd::new(SGD), &mut layer, &[1.0, -2.0]);
    let got = (layer.weight.to_vec(), layer.bias.as_ref().map_or(vec![], Tensor::to_vec));
    wrong::unless_close(&got.0[..], &[-0.1, 0.9, 1.9, 2.9, 3.9, 4.9][..], 1e-6)
        .because(got.0[0] == 0.0, "nothing moved: is the learning rate handed on?")
        .note("of `weight`, whose gradient is 1")?;
    wrong::unless_close(&got.1[..], &[1.2, 1.2][..], 1e-6).note("of `bias`, whose gradient is -2")
}

fn one() -> Verdict {
    let mut model = weights([0.0]);
    step(&mut adam(0.1), &mut model, &[1.0]);
    let got = model[0].item();
    wrong::unless_close(got, -0.1, 2e-6)
        .because(!got.is_finite(), "1 - β⁰ is 0, and was divided by: count before you hand out")
        .because(
            (got + 0.074_414).abs() < 1e-3,
            "the first step had number 2: the count is raised once a step",
        )
}

fn two() -> Verdict {
    let options = AdamOptions { lr: 0.1, betas: (0.5, 0.5), eps: 0.0, weight_decay: 0.0 };
    let (mut optimizer, mut model) = (Adam::new(options), weights([0.0]));
    let mut got = vec![];
    for g in [1.0, -1.0] {
        step(&mut optimizer, &mut model, &[g]);
        got.push(model[0].item());
    }
    wrong::unless_close(&got[..], &[-0.1, -0.066_666_66][..], 1e-6)
        .because(
            near(got[1], -0.059_175_17),
            "the second step had number 1 again: write the count through the reference",
        )
        .because(!got[0].is_finite(), "the first step had number 0: count before you hand out")
}

fn frozen() -> Verdict {
    let (mut optimizer, mut model) = (adam(0.1), weights([0.0, 0.0]));
    model[1].set_requires_grad(false);
    (0..3).for_each(|_| step(&mut optimizer, &mut model, &[1.0]));
    model[1].set_requires_grad(true);
    step(&mut optimizer, &mut model, &[1.0]);
    let got = model[1].item();
    wrong::unless_close(got, -0.1, 2e-6)
        .because(
            (got + 0.058_1).abs() < 1e-3,
            "it began with number 4: steps are counted for each parameter, not for all",
        )
        .because(!got.is_finite(), "it began with number 0: count before you hand out")
}

fn velocities() -> Verdict {
    let options = SgdOptions { momentum: 0.9, ..SGD };
    let (mut optimizer, mut model) = (Sgd::new(options), weights([0.0, 0.0]));
    (0..2).for_each(|_| step(&mut optimizer, &mut model, &[1.0, -2.0]));
    let got = firsts(&model);
    wrong::unless_close(&got[..], &[-0.29, 0.58][..], 1e-6)
        .because(
            near(got[0], -0.2),
            "every step was a first one, which forgets the velocity: count in place",
        )
        .because(
            near(got[0], -0.1),
            "the second velocity is not that of a second step: is the count handed out?",
        )
        .because(
            !near(got[1], -2.0 * got[0]),
            "twice the gradient must go twice as far: a velocity is shared between parameters",
        )
}

fn schedule() -> Verdict {
    let (mut optimizer, mut model) = (Sgd::new(SGD), weights([0.0]));
    step(&mut optimizer, &mut model, &[1.0]);
    optimizer.set_learning_rate(0.5);
    step(&mut optimizer, &mut model, &[1.0]);
    let got = model[0].item();
    wrong::unless_close(got, -0.6, 1e-6)
        .because(near(got, -0.2), "the rate of the start was used: `lr` is the one of this step")
        .because(near(got, -2.0), "the scale alone was used as a rate: multiply it by `lr`")
}

fn last() -> Verdict {
    let mut optimizer = adam(0.1);
    let mut state = StateDict::new();
    state.insert("exp_avg".into(), Tensor::from(1.0));
    state.insert("exp_avg_sq".into(), Tensor::from(1.0));
    state.insert("step".into(), Tensor::from(i32::MAX));
    let loaded = optimizer.load_state_dict(&state).map_err(|error| error.to_string());
    wrong::unless_eq(loaded, Ok(()))?;
    let mut w = Tensor::from(0.0).with_grad();
    let stepped = std::panic::AssertUnwindSafe(|| step(&mut optimizer, &mut w, &[1.0]));
    let survived = std::panic::catch_unwind(stepped).is_ok();
    wrong::unless(survived && near(w.item(), -0.1), || format!("the weight is {}", w.item()))
        .because(true, "one more than the largest i32 is negative, or a panic: let it stay there")
}

fn in_place() -> Verdict {
    let (mut optimizer, mut layer) = (adam(0.1), layer());
    step(&mut optimizer, &mut layer, &[1.0]);
    let place = layer.weight.data().as_ptr();
    (0..3).for_each(|_| step(&mut optimizer, &mut layer, &[1.0]));
    wrong::unless(
        layer.weight.data().as_ptr() == place,
        || "the weights were allocated anew: a step overwrites them where they lie",
    )
}
