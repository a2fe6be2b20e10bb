//! 06.12: what must be saved, and what it weighs.

use crate::numbers::{SGD, layer, near, step, weights};
use check::{Because, Check, Verdict, wrong};
use tinytorch_layers::{Linear, StateDict};
use tinytorch_optimizers::{Adam, AdamOptions, Optimizer, Sgd, SgdOptions};
use tinytorch_tensor::Tensor;

pub const CHECKS: &[Check] = &[
    Check {
        id: "06.12.velocity",
        exercise: "06.12",
        fact: "velocities are filed as momentum.0 and momentum.1",
        run: velocity,
    },
    Check {
        id: "06.12.names",
        exercise: "06.12",
        fact: "Adam saves two means and a count of each parameter, by path",
        run: names,
    },
    Check {
        id: "06.12.count",
        exercise: "06.12",
        fact: "after two steps the count is 2, an i32 without axes",
        run: count,
    },
    Check {
        id: "06.12.nothing",
        exercise: "06.12",
        fact: "plain SGD remembers nothing",
        run: nothing,
    },
    Check {
        id: "06.12.waiting",
        exercise: "06.12",
        fact: "a state that was loaded can be saved before the first step",
        run: waiting,
    },
    Check {
        id: "06.12.resumed",
        exercise: "06.12",
        fact: "a resumed run goes on to the bit as if it had never stopped",
        run: resumed,
    },
    Check {
        id: "06.12.snapshot",
        exercise: "06.12",
        fact: "what was saved does not change when the run goes on",
        run: snapshot,
    },
    Check {
        id: "06.12.bytes",
        exercise: "06.12",
        fact: "of 24 bytes of weights momentum remembers 24, and Adam 48 and a count",
        run: bytes,
    },
];

const ROLLING: SgdOptions = SgdOptions { momentum: 0.9, ..SGD };

fn adam() -> Adam {
    Adam::new(AdamOptions::default())
}

fn names_of(state: &StateDict) -> Vec<&str> {
    state.keys().map(String::as_str).collect()
}

fn velocity() -> Verdict {
    let (mut optimizer, mut model) = (Sgd::new(ROLLING), weights([0.0, 0.0]));
    (0..2).for_each(|_| step(&mut optimizer, &mut model, &[1.0, -2.0]));
    let state = optimizer.state_dict();
    wrong::unless_eq(names_of(&state), ["momentum.0", "momentum.1"])
        .because(state.is_empty(), "nothing was saved: parameters already met are in `met`")
        .because(state.contains_key("0.momentum"), "the kind comes first: use `named`")
        .because(state.contains_key("momentum"), "one name for all: join it with the path")?;
    let got = [state["momentum.0"].item(), state["momentum.1"].item()];
    wrong::unless_close(got, [1.9, -3.8], 1e-6)
        .because(near(got[0], got[1]), "a velocity is shared between parameters")
}

fn names() -> Verdict {
    let (mut optimizer, mut layer) = (adam(), layer());
    step(&mut optimizer, &mut layer, &[0.5]);
    let state = optimizer.state_dict();
    let expected = [
        "exp_avg.bias",
        "exp_avg.weight",
        "exp_avg_sq.bias",
        "exp_avg_sq.weight",
        "step.bias",
        "step.weight",
    ];
    wrong::unless_eq(names_of(&state), expected)
        .because(
            !state.contains_key("step.bias"),
            "without the counts, bias correction would begin again on resuming",
        )
        .because(!state.contains_key("exp_avg_sq.bias"), "only the first tensor was saved")?;
    let got = [state["exp_avg.bias"].data()[0], state["exp_avg_sq.bias"].data()[0]];
    wrong::unless_close(got, [0.05, 0.000_25], 1e-6)
        .because(near(got[1], 0.05), "names and tensors go side by side: `exp_avg` is the first")
        .note("m = 0.1 · 0.5, v = 0.001 · 0.5²")?;
    wrong::unless_eq(state["exp_avg.weight"].shape(), [2, 3])
}

fn count() -> Verdict {
    let (mut optimizer, mut layer) = (adam(), layer());
    (0..2).for_each(|_| step(&mut optimizer, &mut layer, &[0.5]));
    let state = optimizer.state_dict();
    let Some(count) = state.get("step.bias") else {
        return wrong::unless(false, || "there is no `step.bias`");
    };
    wrong::unless_eq(count.kind(), "i32")
        .because(true, "a float can't count past 16777216: save the count as an i32")?;
    wrong::unless_eq(count.shape(), [])?;
    wrong::unless_eq(count.item_i32(), 2)
}

fn nothing() -> Verdict {
    let (mut optimizer, mut layer) = (Sgd::new(SGD), layer());
    step(&mut optimizer, &mut layer, &[0.5]);
    let state = optimizer.state_dict();
    wrong::unless_eq(names_of(&state), [""; 0])
        .because(state.contains_key("step.bias"), "SGD does not count: look at `kept.counts`")
}

fn waiting() -> Verdict {
    let (mut optimizer, mut layer) = (adam(), layer());
    step(&mut optimizer, &mut layer, &[0.5]);
    let state = optimizer.state_dict();
    let mut other = adam();
    let loaded = other.load_state_dict(&state).map_err(|error| error.to_string());
    wrong::unless_eq(loaded, Ok(()))?;
    let again = other.state_dict();
    wrong::unless_eq(names_of(&again), names_of(&state)).because(
        again.is_empty(),
        "what was loaded waits for its parameters in `waiting`, and must be saved, too",
    )?;
    wrong::unless(again == state, || "the names are the same, and numbers differ")
}

fn resumed() -> Verdict {
    let makers: [fn() -> Box<dyn Optimizer>; 2] =
        [|| Box::new(adam()), || Box::new(Sgd::new(SgdOptions { dampening: 0.1, ..ROLLING }))];
    for make in makers {
        let (mut optimizer, mut layer) = (make(), layer());
        let slope = |i: usize| [(i as f32 * 0.7).sin(), 0.3];
        (0..3).for_each(|i| step(&mut *optimizer, &mut layer, &slope(i)));
        let (state, weight, bias) =
            (optimizer.state_dict(), layer.weight.clone(), layer.bias.clone());
        (3..6).for_each(|i| step(&mut *optimizer, &mut layer, &slope(i)));

        let mut copy = Linear { weight: weight.with_grad(), bias: bias.map(Tensor::with_grad) };
        let mut other = make();
        let loaded = other.load_state_dict(&state).map_err(|error| error.to_string());
        wrong::unless_eq(loaded, Ok(()))?;
        (3..6).for_each(|i| step(&mut *other, &mut copy, &slope(i)));
        wrong::unless_eq(copy.weight.to_vec(), layer.weight.to_vec())
            .note(format!("{}, resumed after three of six steps", optimizer.name()))?;
    }
    Ok(())
}

fn snapshot() -> Verdict {
    let (mut optimizer, mut model) = (Sgd::new(ROLLING), weights([0.0]));
    step(&mut optimizer, &mut model, &[1.0]);
    let state = optimizer.state_dict();
    let before = state.get("momentum.0").map(Tensor::to_vec);
    step(&mut optimizer, &mut model, &[1.0]);
    wrong::unless_eq(before.as_deref(), Some(&[1.0_f32][..]))?;
    wrong::unless_eq(state.get("momentum.0").map(Tensor::to_vec), before)
}

fn bytes() -> Verdict {
    let remembered = |mut optimizer: Box<dyn Optimizer>| {
        let mut w = Tensor::zeros([2, 3]).with_grad();
        step(&mut *optimizer, &mut w, &[1.0]);
        optimizer.state_dict().values().map(Tensor::nbytes).sum::<usize>()
    };
    let got = [
        remembered(Box::new(Sgd::new(SGD))),
        remembered(Box::new(Sgd::new(ROLLING))),
        remembered(Box::new(adam())),
    ];
    wrong::unless_eq(got, [0, 24, 48 + 4]).note("6 weights of 4 bytes, and a count of 4")
}
