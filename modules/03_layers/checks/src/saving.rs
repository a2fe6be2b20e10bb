//! 03.11: the model as a list of names.

use crate::nets::{net, overwrite_all, tied};
use crate::numbers::of;
use check::{Because, Check, Verdict, wrong};
use tinytorch_layers::Model;

pub const CHECKS: &[Check] = &[
    Check {
        id: "03.11.names",
        exercise: "03.11",
        fact: "parameters and buffers are in the dict, modes and streams are not",
        run: names,
    },
    Check {
        id: "03.11.numbers",
        exercise: "03.11",
        fact: "each name has its tensor's numbers, running buffers those of now",
        run: numbers,
    },
    Check {
        id: "03.11.copy_in_time",
        exercise: "03.11",
        fact: "what was taken stays as it was when the model changes, and asks for no gradient",
        run: copy_in_time,
    },
    Check {
        id: "03.11.no_copy",
        exercise: "03.11",
        fact: "taking a dict copies no weight: it shares storage until someone writes",
        run: no_copy,
    },
    Check {
        id: "03.11.tied",
        exercise: "03.11",
        fact: "a tensor in two places is in the dict under both names",
        run: tied_twice,
    },
    Check {
        id: "03.11.buffers",
        exercise: "03.11",
        fact: "buffers are what is kept and not trained: `table`, `mean`, and a frozen bias",
        run: buffers,
    },
];

fn names() -> Verdict {
    let keys: Vec<String> = net(1.0).state_dict().into_keys().collect();
    wrong::unless_eq(
        &keys,
        &["hidden.bias", "hidden.weight", "mean", "table"].map(String::from)[..],
    )
    .because(
        keys == ["hidden.bias", "hidden.weight"],
        "buffers are missing: a model that is loaded without them computes something else",
    )
    .because(!keys.contains(&"mean".to_string()), "a `Slot::Running` is a tensor, too")
}

fn numbers() -> Verdict {
    let net = net(2.0);
    net.mean.rewrite(|mean| mean.data_mut()[0] = 7.0);
    let state = net.state_dict();
    wrong::unless_close(of(&state["hidden.weight"]), [[2.0; 3]; 2], 0.0).note("hidden.weight")?;
    wrong::unless_close(of(&state["mean"]), [7.0, 2.0], 0.0).note("mean")?;
    wrong::unless_eq(state["table"].to_vec_i32(), [2; 4]).note("table, of integers")
}

fn copy_in_time() -> Verdict {
    let mut net = net(2.0);
    let state = net.state_dict();
    overwrite_all(&mut net, 0.0);
    net.mean.rewrite(|mean| mean.data_mut().fill(9.0));
    wrong::unless_close(of(&state["hidden.weight"]), [[2.0; 3]; 2], 0.0)?;
    wrong::unless_close(of(&state["mean"]), [2.0; 2], 0.0)?;
    let asks = state.iter().find(|(_, tensor)| tensor.requires_grad());
    wrong::unless_eq(asks.map(|(name, _)| name), None)
        .because(asks.is_some(), "what is saved must be detached: it is no parameter of anything")
}

fn no_copy() -> Verdict {
    let mut net = net(2.0);
    let state = net.state_dict();
    let shared = state["hidden.weight"].shares_storage(&net.hidden.weight);
    wrong::unless(shared, || "the numbers of hidden.weight were copied")
        .because(true, "`detach()` shares the numbers, and whoever writes makes the copy")?;
    overwrite_all(&mut net, 0.0);
    let shared = state["hidden.weight"].shares_storage(&net.hidden.weight);
    wrong::unless(!shared, || "after a write to the model the two still share storage")
}

fn tied_twice() -> Verdict {
    let state = tied().state_dict();
    let keys: Vec<&String> = state.keys().collect();
    wrong::unless_eq(&keys, &["embedding", "head", "scale"][..])
        .because(state.len() == 2, "here every place counts, also the second of one tensor")?;
    wrong::unless_close(of(&state["head"]), [1.0, 2.0], 0.0)
}

fn buffers() -> Verdict {
    let names = |net: &crate::nets::Net| -> Vec<String> {
        net.named_buffers().into_iter().map(|(name, _)| name).collect()
    };
    let mut net = net(1.0);
    let got = names(&net);
    wrong::unless_eq(&got, &["table", "mean"].map(String::from)[..])
        .because(got == ["mean", "table"], "in the order of the walk, not of the alphabet")
        .because(got.len() == 4, "what asks for a gradient is a parameter, not a buffer")?;
    net.hidden.bias.as_mut().expect("it has one").set_requires_grad(false);
    wrong::unless_eq(names(&net), ["hidden.bias", "table", "mean"])
}
