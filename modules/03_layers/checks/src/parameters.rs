//! 03.10: what is trained.

use crate::nets::{digits, net, overwrite_all, tied};
use crate::numbers::of;
use check::{Because, Check, Verdict, wrong};
use tinytorch_layers::{Model, Module, State};
use tinytorch_tensor::Tensor;

pub const CHECKS: &[Check] = &[
    Check {
        id: "03.10.names",
        exercise: "03.10",
        fact: "a network of three layers has six parameters: a weight and a bias each",
        run: names,
    },
    Check {
        id: "03.10.count",
        exercise: "03.10",
        fact: "784-128-64-10 has 109,386 parameters, which are 437,544 bytes",
        run: count,
    },
    Check {
        id: "03.10.no_clones",
        exercise: "03.10",
        fact: "parameters are the model's own tensors, and what is written to them shows",
        run: no_clones,
    },
    Check {
        id: "03.10.buffers",
        exercise: "03.10",
        fact: "buffers and frozen tensors are no parameters",
        run: buffers,
    },
    Check {
        id: "03.10.tied",
        exercise: "03.10",
        fact: "a tensor in two places is one parameter, under the first of its paths",
        run: tied_once,
    },
    Check {
        id: "03.10.equal",
        exercise: "03.10",
        fact: "two parameters with the same numbers are two parameters",
        run: equal,
    },
];

fn named(model: &dyn State) -> Vec<String> {
    model.named_parameters().into_iter().map(|(name, _)| name).collect()
}

fn names() -> Verdict {
    let got = named(&digits());
    let expected =
        ["first.weight", "first.bias", "second.weight", "second.bias", "last.weight", "last.bias"];
    wrong::unless_eq(&got, &expected.map(String::from)[..])
        .because(got.len() == 3, "the biases are missing")
        .because(got.first().is_some_and(|name| name == "last.bias"), "in the order of the walk")?;
    wrong::unless_eq(digits().parameters().len(), 6)
}

fn count() -> Verdict {
    let model = digits();
    let got = model.parameter_count();
    wrong::unless_eq(got, 109_386)
        .because(got == 6, "6 is the number of tensors: it is their numbers that count")
        .because(got == 109_184, "the biases are missing: 128 + 64 + 10")
        .because(got == 437_544, "these are the bytes: a parameter is 4 of them")?;
    let bytes: usize = model.parameters().iter().map(|parameter| parameter.nbytes()).sum();
    wrong::unless_eq(bytes, 437_544)
}

fn no_clones() -> Verdict {
    let mut model = digits();
    let parameters = model.parameters();
    let own = std::ptr::eq(parameters[0], &model.first.weight)
        && std::ptr::eq(parameters[4], &model.last.weight);
    wrong::unless(own, || "what is given out is not the model's own weight").because(
        parameters[0].shares_storage(&model.first.weight),
        "it is a clone: who writes to it changes the clone and not the model",
    )?;
    overwrite_all(&mut model, 0.0);
    let zero = model.parameters().iter().all(|p| p.data().iter().all(|&v| v == 0.0));
    wrong::unless(zero, || "a parameter that was overwritten still shows its old numbers")?;
    wrong::unless_close(of(&model.last.forward(&Tensor::ones([1, 64]))), [[0.0; 10]], 0.0)
}

fn buffers() -> Verdict {
    let mut net = net(1.0);
    let got = named(&net);
    wrong::unless_eq(&got, &["hidden.weight", "hidden.bias"].map(String::from)[..]).because(
        got.contains(&"table".to_string()),
        "a tensor that asks for no gradient is a buffer",
    )?;
    wrong::unless_eq((net.parameters().len(), net.parameter_count()), (2, 8))?;
    net.hidden.weight.set_requires_grad(false);
    wrong::unless_eq(named(&net), ["hidden.bias"]).note("the weight is frozen")
}

fn tied_once() -> Verdict {
    let model = tied();
    let got = named(&model);
    wrong::unless_eq(&got, &["embedding", "scale"].map(String::from)[..])
        .because(
            got.len() == 3,
            "head is embedding: an optimizer would take two steps with one tensor",
        )
        .because(got == ["scale", "head"], "it counts where it comes first")?;
    wrong::unless_eq((model.parameters().len(), model.parameter_count()), (2, 3))
}

fn equal() -> Verdict {
    let t = || Tensor::from([1.0, 2.0]).with_grad();
    let model = (t(), t());
    let got = (model.parameters().len(), model.parameter_count());
    wrong::unless_eq(got, (2, 4))
        .because(got == (1, 2), "what makes two places one parameter is the id, not the numbers")
}
