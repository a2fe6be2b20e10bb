//! 05.3: each after all that it needed.

use crate::numbers::leaf;
use crate::ops::{next, plus, square, times, twice};
use check::{Because, Check, Verdict, wrong};
use std::collections::{HashMap, HashSet};
use std::process::{Command, ExitCode};
use tinytorch_autograd::{no_grad, order};
use tinytorch_tensor::{Rng, Tensor, TensorId};

pub const CHECKS: &[Check] = &[
    Check {
        id: "05.3.leaf",
        exercise: "05.3",
        fact: "a parameter was not computed: its order is empty",
        run: of_a_leaf,
    },
    Check {
        id: "05.3.chain",
        exercise: "05.3",
        fact: "(2 x + 1)² needed 2 x, then 2 x + 1, and is the last itself",
        run: chain,
    },
    Check {
        id: "05.3.ids",
        exercise: "05.3",
        fact: "each history stands beside the id of the tensor that it made",
        run: ids,
    },
    Check {
        id: "05.3.diamond",
        exercise: "05.3",
        fact: "in a (a + 1) with a = 2 x, the sum comes between a and the product",
        run: diamond,
    },
    Check {
        id: "05.3.mirrored",
        exercise: "05.3",
        fact: "so it does in (a + 1) a, where the inputs stand the other way round",
        run: mirrored,
    },
    Check {
        id: "05.3.once",
        exercise: "05.3",
        fact: "20 doublings x + x are 20 tensors, though a million ways lead through them",
        run: once,
    },
    Check {
        id: "05.3.recorded",
        exercise: "05.3",
        fact: "constants, detached tensors and what `no_grad` computed are not in it",
        run: recorded,
    },
    Check {
        id: "05.3.random",
        exercise: "05.3",
        fact: "in 20 random graphs of 60 tensors, each comes after its inputs, and none is missing",
        run: random,
    },
    Check {
        id: "05.3.given_back",
        exercise: "05.3",
        fact: "a graph that was given back is refused, naming the op",
        run: given_back,
    },
    Check {
        id: "05.3.deep",
        exercise: "05.3",
        fact: "a chain of 200,000 ops overflows no stack",
        run: deep,
    },
];

/// The order as the names of the ops.
fn names(y: &Tensor) -> Vec<&'static str> {
    order(y).iter().map(|(_, history)| history.op().name()).collect()
}

fn of_a_leaf() -> Verdict {
    wrong::unless_eq(names(&leaf(3.0)), Vec::<&str>::new())
}

fn chain() -> Verdict {
    let got = names(&square(&next(&twice(&leaf(3.0)))));
    wrong::unless_eq(&got, &["twice", "next", "square"]).because(
        got == ["square", "next", "twice"],
        "the loss stands first: append a tensor when you leave it, not when you come to it",
    )
}

fn ids() -> Verdict {
    let a = twice(&leaf(3.0));
    let y = next(&a);
    let got: Vec<TensorId> = order(&y).iter().map(|(id, _)| *id).collect();
    wrong::unless_eq(got, vec![a.id(), y.id()])
}

const LATE: &str = "append a tensor when you leave it, after all of its inputs";

fn diamond() -> Verdict {
    let a = twice(&leaf(3.0));
    let got = names(&times(&a, &next(&a)));
    in_the_middle(&got)
}

fn mirrored() -> Verdict {
    let a = twice(&leaf(3.0));
    let got = names(&times(&next(&a), &a));
    in_the_middle(&got)
}

fn in_the_middle(got: &[&str]) -> Verdict {
    wrong::unless_eq(got, ["twice", "next", "times"].as_slice())
        .because(
            got == ["next", "twice", "times"],
            "`next` comes before `twice`, which it needs: a tensor counts as opened when it is \
             taken off the stack, not when it is put there",
        )
        .because(got.len() > 3, "a tensor of two uses is listed twice: note the ids you opened")
        .because(got.last() != Some(&"times"), LATE)
        .because(got.len() < 3, "a tensor is missing: follow every input that has a history")
}

fn once() -> Verdict {
    let mut x = leaf(1.0);
    for _ in 0..20 {
        x = plus(&x, &x);
    }
    let got = order(&x).len();
    wrong::unless_eq(got, 20)
        .because(
            got == (1 << 20) - 1,
            "a tensor is opened once per use: 1,048,575 times instead of 20",
        )
        .because(got > 20, "a tensor is listed more than once: note the ids that you have opened")
}

fn recorded() -> Verdict {
    let x = leaf(3.0);
    let frozen = no_grad(|| twice(&x));
    let cut = next(&x).detach();
    let y = plus(&times(&x, &frozen), &times(&cut, &Tensor::from(2.0).with_grad()));
    let got = names(&y);
    wrong::unless_eq(got.iter().filter(|&&name| name == "times").count(), 2)?;
    wrong::unless_eq(got.len(), 3).note(format!("listed: {got:?}"))
}

/// The computed tensors below `y`, each with the ids of its inputs; found by looking again and
/// again, as the graphs are small.
fn graph(y: &Tensor) -> HashMap<TensorId, Vec<TensorId>> {
    let (mut graph, mut open) = (HashMap::new(), vec![y.clone()]);
    while let Some(t) = open.pop() {
        let Some(history) = t.history() else { continue };
        let inputs = history.look(|saved| saved.expect("not given back").inputs.to_vec());
        if graph.insert(t.id(), inputs.iter().map(Tensor::id).collect()).is_none() {
            open.extend(inputs);
        }
    }
    graph
}

fn random() -> Verdict {
    for seed in 0..20 {
        let mut rng = Rng::new(seed);
        let mut all = vec![leaf(1.0), leaf(1.0)];
        for _ in 0..60 {
            let mut any = || &all[rng.below(all.len() as u64) as usize];
            let (a, b) = (any().clone(), any().clone());
            all.push(if seed % 2 == 0 { plus(&a, &b) } else { times(&a, &next(&b)) });
        }
        let y = all.pop().expect("60 were made");
        let (graph, got) = (graph(&y), order(&y));
        let mut before = HashSet::new();
        for (id, history) in &got {
            let inputs = graph.get(id).map_or(&[][..], Vec::as_slice);
            let late = inputs.iter().filter(|i| graph.contains_key(i)).any(|i| !before.contains(i));
            let name = history.op().name();
            wrong::unless(!late, || {
                format!("`{name}` comes before one of its inputs (graph {seed})")
            })
            .note(LATE)?;
            wrong::unless(before.insert(*id), || format!("a `{name}` is listed twice"))?;
        }
        wrong::unless_eq(got.len(), graph.len()).because(
            got.len() < graph.len(),
            "a tensor is missing: follow every input that has a history",
        )?;
    }
    Ok(())
}

fn given_back() -> Verdict {
    let a = twice(&leaf(3.0));
    let y = next(&a);
    a.history().expect("it was computed").take();
    let says = "the graph at `twice` was given back";
    wrong::unless_panics(|| order(&y).len(), says).because(
        true,
        "`look` shows `None` where an earlier walk took what was saved: say so, with `given_back`",
    )
}

const DEEP: usize = 200_000;
const CHILD: &str = "CHECKS_AUTOGRAD_CHILD";

/// Whether this process was started by the check of the deep chain: a stack that overflows takes
/// its process along, and with it the verdicts on everything else.
pub fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

/// The deep chain, on a thread with the usual stack of 2 MiB.
pub fn child() -> ExitCode {
    let chain = || {
        let mut x = leaf(1.0);
        for _ in 0..DEEP {
            x = next(&x);
        }
        order(&x).len()
    };
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(chain);
    match thread.map(|thread| thread.join()) {
        Ok(Ok(DEEP)) => ExitCode::SUCCESS,
        Ok(Ok(other)) => {
            eprintln!("{other} tensors are listed");
            ExitCode::FAILURE
        }
        _ => ExitCode::FAILURE,
    }
}

fn deep() -> Verdict {
    let program = std::env::current_exe().expect("a running program has a file");
    let run = Command::new(program).env(CHILD, "1").output().expect("it can be started again");
    let said = String::from_utf8_lossy(&run.stderr).into_owned();
    if let Some(unwritten) = said.lines().find(|line| line.contains("is not written yet")) {
        panic!("{unwritten}");
    }
    wrong::unless(run.status.success(), || said.trim().to_string()).because(
        said.contains("overflow"),
        "the stack of the thread overflowed: 200,000 calls within each other do not fit in 2 MiB; \
         keep a stack of your own, a `Vec`, instead of recursion",
    )
}
