//! 05.4 and 05.5: the walk, and where it begins.

use crate::numbers::{back, leaf, of};
use crate::ops::{Lookout, Mystery, calls, next, plus, seen_alive, square, times, twice, watch};
use check::{Because, Check, Verdict, wrong};
use tinytorch_autograd::{Backward, BackwardOptions};
use tinytorch_tensor::{Tensor, dispatch};

pub const CHECKS: &[Check] = &[
    Check {
        id: "05.4.itself",
        exercise: "05.4",
        fact: "without any op, the parameter gets the gradient that the walk began with",
        run: itself,
    },
    Check {
        id: "05.4.one_op",
        exercise: "05.4",
        fact: "2 x with a gradient of 5 gives x a gradient of 10",
        run: one_op,
    },
    Check {
        id: "05.4.chain",
        exercise: "05.4",
        fact: "(2 x + 1)² at x = 3 has the slope 2 · 7 · 1 · 2 = 28",
        run: chain,
    },
    Check {
        id: "05.4.both",
        exercise: "05.4",
        fact: "a b gives a the value of b, and b that of a",
        run: both,
    },
    Check {
        id: "05.4.uses",
        exercise: "05.4",
        fact: "x + x has the slope 2, and x · x the slope 2 x",
        run: uses,
    },
    Check {
        id: "05.4.diamond",
        exercise: "05.4",
        fact: "a (a + 1) with a = 2 x has the slope 26 at x = 3",
        run: diamond,
    },
    Check {
        id: "05.4.once",
        exercise: "05.4",
        fact: "20 doublings take 20 calls of a rule, and give 2 to the power of 20",
        run: once,
    },
    Check {
        id: "05.4.leaves",
        exercise: "05.4",
        fact: "what is left over are the parameters that the loss depends on, and nothing else",
        run: leaves,
    },
    Check {
        id: "05.4.frozen",
        exercise: "05.4",
        fact: "a constant and a detached tensor get no gradient, and pass none on",
        run: frozen,
    },
    Check {
        id: "05.4.vectors",
        exercise: "05.4",
        fact: "a gradient of [1, 10] for x² at [1, 2] gives [2, 40]",
        run: vectors,
    },
    Check {
        id: "05.4.missing",
        exercise: "05.4",
        fact: "an op without a rule is an error that names it",
        run: missing,
    },
    Check {
        id: "05.4.memory",
        exercise: "05.4",
        fact: "when the first op's rule runs, what the later ones saved is gone",
        run: memory,
    },
    Check {
        id: "05.4.retained",
        exercise: "05.4",
        fact: "a graph is walked once, but a retained one again, to the same gradients",
        run: retained,
    },
    Check {
        id: "05.5.one",
        exercise: "05.5",
        fact: "x² at 3 has the slope 6: a walk begins with 1",
        run: one,
    },
    Check {
        id: "05.5.shapes",
        exercise: "05.5",
        fact: "a loss of shape [1, 1] is one number, too, and begins with [[1]]",
        run: shapes,
    },
    Check {
        id: "05.5.refuses",
        exercise: "05.5",
        fact: "a loss of two numbers, or of none, is refused",
        run: refuses,
    },
];

fn itself() -> Verdict {
    let x = Tensor::from([1.0, 2.0]).with_grad();
    let got = back(&x, [5.0, 7.0]).of(&x).clone();
    wrong::unless_close(of(&got), [5.0, 7.0], 0.0).because(
        got.to_vec() == [1.0, 1.0],
        "the walk begins with the gradient it is given, `seed`, not with 1",
    )
}

fn one_op() -> Verdict {
    let x = leaf(3.0);
    let got = back(&twice(&x), 5.0).of(&x).item();
    wrong::unless_close(got, 10.0, 0.0)
        .because(got == 2.0, "2 is the slope alone: the walk begins with the gradient it is given")
        .because(got == 5.0, "5 is what the walk began with: the rule of `twice` did not run")
}

fn chain() -> Verdict {
    let x = leaf(3.0);
    let gradients = back(&square(&next(&twice(&x))), 1.0);
    let Some(got) = gradients.get(&x).map(Tensor::item) else {
        return wrong::unless(false, || {
            "x has no gradient: nothing had arrived at `twice` when its turn came; go through the \
             order from its end, where the loss is"
        });
    };
    wrong::unless_close(got, 28.0, 0.0)
        .because(got == 17.0, "17 is 14 + 1 + 2: along a way, slopes are multiplied")
        .because(
            got == 2.0,
            "2 is the slope of the first op alone: hand each rule the gradient of its output",
        )
}

fn both() -> Verdict {
    let (a, b) = (leaf(6.0), leaf(7.0));
    let gradients = back(&times(&a, &b), 1.0);
    wrong::unless_eq(gradients.len(), 2).because(
        gradients.len() == 3,
        "the product still has its gradient: `take` it when it is passed on",
    )?;
    wrong::unless_eq((gradients.of(&a).item(), gradients.of(&b).item()), (7.0, 6.0))
}

fn uses() -> Verdict {
    let x = leaf(3.0);
    let got = back(&plus(&x, &x), 1.0).of(&x).item();
    wrong::unless_close(got, 2.0, 0.0)
        .because(got == 1.0, "1 is what one of the two uses gives: the shares add up")?;
    wrong::unless_close(back(&times(&x, &x), 1.0).of(&x).item(), 6.0, 0.0)
}

fn diamond() -> Verdict {
    for mirrored in [false, true] {
        let x = leaf(3.0);
        let a = twice(&x);
        let b = next(&a);
        let y = if mirrored { times(&b, &a) } else { times(&a, &b) };
        let got = back(&y, 1.0).of(&x).item();
        wrong::unless_close(got, 26.0, 0.0)
            .because(
                got == 14.0 || got == 12.0,
                "a passed on one of its two shares, 7 and 6: it was left before both had come; go \
                 through the order from its end",
            )
            .because(
                got == 40.0 || got == 38.0,
                "a share of a was passed on twice: take a gradient out when it is passed on",
            )?;
    }
    Ok(())
}

fn once() -> Verdict {
    let x = leaf(1.0);
    let mut y = x.clone();
    for _ in 0..20 {
        y = plus(&y, &y);
    }
    let got = back(&y, 1.0).of(&x).item();
    wrong::unless_close(got, 1_048_576.0, 0.0)?;
    wrong::unless_eq(calls(), 20).because(calls() > 20, "a rule runs once per tensor, not per use")
}

fn leaves() -> Verdict {
    let (x, unused) = (leaf(3.0), leaf(1.0));
    let a = twice(&x);
    let y = square(&a);
    let gradients = back(&y, 1.0);
    wrong::unless(
        gradients.get(&unused).is_none(),
        || "a tensor that was not used has a gradient",
    )?;
    wrong::unless(
        gradients.get(&y).is_none() && gradients.get(&a).is_none(),
        || "computed tensors still have a gradient: `take` it when it is passed on",
    )?;
    wrong::unless_eq(gradients.len(), 1)
}

fn frozen() -> Verdict {
    let (x, w, c) = (leaf(3.0), leaf(2.0), Tensor::from(5.0));
    let cut = times(&x, &w).detach();
    let gradients = back(&plus(&times(&cut, &w), &times(&c, &w)), 1.0);
    wrong::unless_close(gradients.of(&w).item(), 11.0, 0.0)?;
    wrong::unless_eq(gradients.len(), 1)
}

fn vectors() -> Verdict {
    let x = Tensor::from([1.0, 2.0]).with_grad();
    let gradients = back(&square(&x), [1.0, 10.0]);
    wrong::unless_close(of(gradients.of(&x)), [2.0, 40.0], 0.0)
}

fn missing() -> Verdict {
    // It is found before the walk begins: that there is a walk is seen on a graph without it.
    let x = leaf(3.0);
    wrong::unless_close(back(&twice(&x), 1.0).of(&x).item(), 2.0, 0.0)?;
    let y = twice(&dispatch(Mystery, &[&leaf(3.0)]));
    wrong::unless_panics(|| back(&y, 1.0), "op `mystery` has no gradient rule")
}

fn memory() -> Verdict {
    let x = Tensor::ones([1000]).with_grad();
    let y = {
        let a = dispatch(Lookout, &[&x]);
        watch(&a);
        twice(&square(&a)) // whose rule reads `a`, which nothing else holds
    };
    let gradients = back(&y, Tensor::ones([1000]));
    wrong::unless_close(gradients.of(&x).at([0]), 16.0, 0.0)?;
    wrong::unless_eq(seen_alive(), Some(false)).because(
        seen_alive() == Some(true),
        "the numbers that `square` saved are still held when the rule before it runs: get what a \
         node saved when its turn comes, and let go of it before the next",
    )?;
    let left = y.history().is_some_and(|history| history.look(|saved| saved.is_some()));
    wrong::unless(!left, || "after the walk, the loss still holds what its op saved")
}

fn retained() -> Verdict {
    let x = leaf(3.0);
    let y = square(&x);
    let retain = BackwardOptions {
        retain_graph: true,
        gradient: Some(Tensor::from(1.0)),
        ..Default::default()
    };
    wrong::unless_close(y.backward_with(retain).of(&x).item(), 6.0, 0.0)?;
    wrong::unless_close(back(&y, 1.0).of(&x).item(), 6.0, 0.0)?;
    wrong::unless_panics(|| back(&y, 1.0), "the graph at `square` was given back")
}

fn one() -> Verdict {
    let x = leaf(3.0);
    let got = square(&x).backward().of(&x).item();
    wrong::unless_close(got, 6.0, 0.0)
        .because(got == 0.0, "the walk began with 0: dy/dy is 1")
        .because(got == 54.0, "the walk began with the loss, 9: dy/dy is 1")
        .because(got == 18.0, "the walk began with the parameter, 3: dy/dy is 1")
}

fn shapes() -> Verdict {
    let x = Tensor::from([[3.0]]).with_grad();
    wrong::unless_close(of(square(&x).backward().of(&x)), [[6.0]], 0.0)?;
    let x = Tensor::from([3.0]).with_grad();
    wrong::unless_close(of(x.backward().of(&x)), [1.0], 0.0)
}

fn refuses() -> Verdict {
    let of_shape = |sizes: &[usize]| square(&Tensor::ones(sizes).with_grad());
    let which = "nobody says which of them is to become smaller: `backward` needs one number";
    wrong::unless_panics(|| of_shape(&[2]).backward(), "a loss is one number, not [2]")
        .because(true, which)?;
    wrong::unless_panics(|| of_shape(&[2, 3]).backward(), "a loss is one number, not [2, 3]")
        .because(true, which)?;
    wrong::unless_panics(|| of_shape(&[0]).backward(), "a loss is one number, not [0]")
        .because(true, "there is no number in it: `backward` needs one")
}
