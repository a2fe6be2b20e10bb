//! 03.12: a model from what was saved, or an error that says everything.

use crate::nets::{net, tied};
use crate::numbers::of;
use check::{Because, Check, Verdict, wrong};
use tinytorch_layers::{LayersError, Linear, Mismatch, Model, Module, StateDict, sequential};
use tinytorch_tensor::{Rng, Shape, Tensor, TensorId};

pub const CHECKS: &[Check] = &[
    Check {
        id: "03.12.round_trip",
        exercise: "03.12",
        fact: "what was saved from one model makes another one the same",
        run: round_trip,
    },
    Check {
        id: "03.12.same_output",
        exercise: "03.12",
        fact: "a loaded network gives the saved network's outputs, to the bit",
        run: same_output,
    },
    Check {
        id: "03.12.ids",
        exercise: "03.12",
        fact: "the tensors stay the tensors they are, with their ids and their gradients",
        run: ids,
    },
    Check {
        id: "03.12.missing",
        exercise: "03.12",
        fact: "a name that the dict lacks is an error",
        run: missing,
    },
    Check {
        id: "03.12.unexpected",
        exercise: "03.12",
        fact: "a name that the model lacks is an error",
        run: unexpected,
    },
    Check {
        id: "03.12.mismatched",
        exercise: "03.12",
        fact: "a transposed weight and a bias of integers are errors",
        run: mismatched,
    },
    Check {
        id: "03.12.everything_at_once",
        exercise: "03.12",
        fact: "one error says all that is wrong, and nothing was changed",
        run: everything_at_once,
    },
    Check {
        id: "03.12.tied",
        exercise: "03.12",
        fact: "tied parameters take the first place's numbers and stay tied",
        run: stays_tied,
    },
    Check {
        id: "03.12.shared_buffers",
        exercise: "03.12",
        fact: "buffers that began as one tensor are loaded each for itself",
        run: shared_buffers,
    },
];

/// What a refusal says.
struct Refusal {
    missing: Vec<String>,
    unexpected: Vec<String>,
    mismatched: Vec<Mismatch>,
}

/// What was refused, or the verdict that nothing was.
fn refused(result: Result<(), LayersError>) -> Result<Refusal, check::Wrong> {
    match result {
        Err(LayersError::StateDict { missing, unexpected, mismatched }) => {
            Ok(Refusal { missing, unexpected, mismatched })
        }
        Ok(()) => Err(check::Wrong {
            expected: "an error".to_string(),
            got: "it was loaded as if nothing were wrong".to_string(),
            ..check::Wrong::default()
        }),
    }
}

fn loaded(result: Result<(), LayersError>) -> Verdict {
    wrong::unless_eq(result.map_err(|error| error.to_string()), Ok(()))
        .because(true, "names, shapes and kinds all fit, and it was refused")
}

fn round_trip() -> Verdict {
    let (saved, mut other) = (net(2.0), net(5.0));
    saved.mean.rewrite(|mean| mean.data_mut()[1] = -1.0);
    loaded(other.load_state_dict(&saved.state_dict()))?;
    let bias = other.hidden.bias.as_ref().expect("it has one");
    wrong::unless_close(of(&other.hidden.weight), [[2.0; 3]; 2], 0.0).note("hidden.weight")?;
    wrong::unless_close(of(bias), [2.0; 2], 0.0).note("hidden.bias")?;
    wrong::unless_eq(other.table.to_vec_i32(), [2; 4]).note("table, a buffer of integers")?;
    let mean = other.mean.get();
    wrong::unless_close(of(&mean), [2.0, -1.0], 0.0)
        .because(mean.to_vec() == [5.0, 5.0], "mean, a running buffer, was not loaded")
}

fn same_output() -> Verdict {
    let network = |seed| {
        let mut rng = Rng::new(seed);
        sequential![Linear::new(5, 4, &mut rng), Linear::new(4, 3, &mut rng)]
    };
    let (saved, mut other) = (network(1), network(2));
    let x = Tensor::randn([6, 5], &mut Rng::new(3));
    loaded(other.load_state_dict(&saved.state_dict()))?;
    wrong::unless_close(of(&other.forward(&x)), of(&saved.forward(&x)), 0.0)
}

fn ids() -> Verdict {
    let mut net = net(1.0);
    let ids = |net: &crate::nets::Net| -> Vec<TensorId> {
        net.parameters().iter().map(|p| p.id()).collect()
    };
    let before = ids(&net);
    loaded(net.load_state_dict(&crate::nets::net(3.0).state_dict()))?;
    let after = ids(&net);
    wrong::unless_eq(after.len(), 2).because(
        after.is_empty(),
        "what is saved asks for no gradient, and took the model's place",
    )?;
    wrong::unless(after == before, || "the parameters have other ids than before")
        .note("an optimizer knows its parameters by their ids: overwrite, do not replace")
}

fn missing() -> Verdict {
    let mut net = net(1.0);
    let mut state = net.state_dict();
    for name in ["hidden.weight", "hidden.bias", "mean"] {
        state.remove(name);
    }
    // One name too many, so that there is an error in any case, and a list to look at.
    state.insert("scale".to_string(), Tensor::zeros([1]));
    let Refusal { missing, .. } = refused(net.load_state_dict(&state))?;
    wrong::unless_eq(&missing, &["hidden.weight", "hidden.bias", "mean"].map(String::from)[..])
        .because(missing.is_empty(), "the names that the dict lacks are not in `missing`")
        .because(
            missing == ["hidden.bias", "hidden.weight", "mean"],
            "in the order of the walk, not of the alphabet",
        )?;
    state.remove("scale");
    let Refusal { missing, unexpected, .. } = refused(net.load_state_dict(&state))?;
    wrong::unless_eq((missing.len(), unexpected.len()), (3, 0))
        .note("three names are missing, and none is unexpected")
}

fn unexpected() -> Verdict {
    let mut net = net(1.0);
    let mut state = net.state_dict();
    state.insert("hidden.scale".to_string(), Tensor::zeros([1]));
    state.insert("drop.p".to_string(), Tensor::zeros([1]));
    let Refusal { missing, unexpected, .. } = refused(net.load_state_dict(&state))?;
    wrong::unless_eq(unexpected, ["drop.p", "hidden.scale"])?;
    wrong::unless_eq(missing, [""; 0])
}

fn mismatched() -> Verdict {
    let mut net = net(1.0);
    let mut state = net.state_dict();
    state.insert("hidden.weight".to_string(), Tensor::zeros([3, 2]));
    state.insert("hidden.bias".to_string(), Tensor::from([1, 2]));
    // As in `missing`: an error in any case.
    state.insert("scale".to_string(), Tensor::zeros([1]));
    let Refusal { mismatched, .. } = refused(net.load_state_dict(&state))?;
    wrong::unless_eq(mismatched.len(), 2).because(
        mismatched.is_empty(),
        "names alone do not make it fit: compare the tensors, with `Mismatch::between`",
    )?;
    state.remove("scale");
    let Refusal { missing, unexpected, mismatched } = refused(net.load_state_dict(&state))?;
    wrong::unless_eq((missing.len(), unexpected.len()), (0, 0))
        .note("the names all fit: how many are said to be missing and unexpected")?;
    let said: Vec<String> = mismatched.iter().map(Mismatch::to_string).collect();
    wrong::unless_eq(
        said,
        [
            "`hidden.weight` is f32 [2, 3] in the model and f32 [3, 2] in the state dict",
            "`hidden.bias` is f32 [2] in the model and i32 [2] in the state dict",
        ],
    )
}

fn everything_at_once() -> Verdict {
    let mut net = net(1.0);
    let mut state: StateDict = crate::nets::net(5.0).state_dict();
    state.remove("mean");
    state.insert("hidden.scale".to_string(), Tensor::zeros([1]));
    state.insert("table".to_string(), Tensor::zeros([4]));
    let Refusal { missing, unexpected, mismatched } = refused(net.load_state_dict(&state))?;
    wrong::unless_eq(missing, ["mean"]).note("missing")?;
    wrong::unless_eq(unexpected, ["hidden.scale"]).note("unexpected")?;
    wrong::unless_eq(mismatched.len(), 1).note("mismatched: table is of floats now")?;
    wrong::unless_eq(mismatched[0].state_dict, ("f32", Shape::from([4])))?;
    wrong::unless_close(of(&net.hidden.weight), [[1.0; 3]; 2], 0.0).because(
        net.hidden.weight.to_vec()[0] == 5.0,
        "half a model was loaded before the error: check everything first",
    )
}

fn stays_tied() -> Verdict {
    let mut model = tied();
    let mut state = model.state_dict();
    state.insert("embedding".to_string(), Tensor::from([5.0, 6.0]));
    state.insert("head".to_string(), Tensor::from([7.0, 8.0]));
    loaded(model.load_state_dict(&state))?;
    wrong::unless_close(of(&model.embedding), [5.0, 6.0], 0.0).note("the first place")?;
    let head = model.head.to_vec();
    wrong::unless_close(of(&model.head), [5.0, 6.0], 0.0)
        .because(head == [7.0, 8.0], "the second place was loaded for itself, and is untied now")
        .because(head == [1.0, 2.0], "the second place still shows the old numbers")?;
    wrong::unless(
        model.head.shares_storage(&model.embedding),
        || "the two no longer share storage",
    )
    .note("one tensor in two places: clone the first into the second")?;
    wrong::unless(model.head.id() == model.embedding.id(), || "the two have different ids now")
}

fn shared_buffers() -> Verdict {
    let zeros = Tensor::zeros([1]);
    let mut model = (zeros.clone(), zeros);
    let state = (Tensor::from([1.0]), Tensor::from([2.0])).state_dict();
    loaded(model.load_state_dict(&state))?;
    let got = (model.0.item(), model.1.item());
    wrong::unless_eq(got, (1.0, 2.0)).because(
        got == (1.0, 1.0),
        "two clones of one buffer are no tied parameter: nobody trains them",
    )
}
