//! 05.2: what a tensor gets from its uses adds up.

use crate::numbers::of;
use check::{Because, Check, Verdict, wrong};
use tinytorch_autograd::Gradients;
use tinytorch_tensor::Tensor;

pub const CHECKS: &[Check] = &[
    Check {
        id: "05.2.first",
        exercise: "05.2",
        fact: "the first share, [1, 2], is filed as it is",
        run: first,
    },
    Check {
        id: "05.2.adds",
        exercise: "05.2",
        fact: "[1, 2] and then [10, 20] make [11, 22]",
        run: adds,
    },
    Check {
        id: "05.2.thirds",
        exercise: "05.2",
        fact: "three shares, 1 and 10 and 100, make 111",
        run: thirds,
    },
    Check {
        id: "05.2.apart",
        exercise: "05.2",
        fact: "what is filed for one tensor leaves another's gradient alone",
        run: apart,
    },
    Check {
        id: "05.2.batches",
        exercise: "05.2",
        fact: "the gradients of two batches add up tensor by tensor",
        run: batches,
    },
    Check {
        id: "05.2.layouts",
        exercise: "05.2",
        fact: "shares that are views, transposed or repeated, are added number by number",
        run: layouts,
    },
    Check {
        id: "05.2.in_place",
        exercise: "05.2",
        fact: "a hundred shares are added in the memory of the first",
        run: in_place,
    },
    Check {
        id: "05.2.shared",
        exercise: "05.2",
        fact: "a share that somebody still holds is not overwritten",
        run: shared,
    },
];

/// What `shares` add up to, filed for one tensor.
fn filed<const N: usize>(shares: [Tensor; N]) -> Tensor {
    let (x, mut gradients) = (Tensor::from(0.0), Gradients::new());
    shares.into_iter().for_each(|share| gradients.add_one(x.id(), share));
    gradients.of(&x).clone()
}

fn first() -> Verdict {
    wrong::unless_close(of(&filed([Tensor::from([1.0, 2.0])])), [1.0, 2.0], 0.0)
}

fn adds() -> Verdict {
    let got = filed([Tensor::from([1.0, 2.0]), Tensor::from([10.0, 20.0])]);
    wrong::unless_close(of(&got), [11.0, 22.0], 0.0)
        .because(
            got.to_vec() == [10.0, 20.0],
            "the second share replaced the first: what a tensor gets from its uses adds up",
        )
        .because(
            got.to_vec() == [1.0, 2.0],
            "the second share was lost: what a tensor gets from its uses adds up",
        )
        .because(
            got.to_vec() == [10.0, 40.0],
            "the shares were multiplied: what a tensor gets from its uses adds up",
        )
        .because(got.to_vec() == [11.0, 2.0], "only the first number was added: go through all")
}

fn thirds() -> Verdict {
    let got = filed([1.0, 10.0, 100.0].map(Tensor::from)).item();
    wrong::unless_close(got, 111.0, 0.0)
        .because(got == 100.0, "the last share replaced the others: they add up")
}

fn apart() -> Verdict {
    let (x, y, mut gradients) = (Tensor::from(0.0), Tensor::from(0.0), Gradients::new());
    gradients.add_one(x.id(), Tensor::from(1.0));
    gradients.add_one(y.id(), Tensor::from(10.0));
    gradients.add_one(x.id(), Tensor::from(2.0));
    wrong::unless_eq(gradients.len(), 2)?;
    let got = (gradients.of(&x).item(), gradients.of(&y).item());
    wrong::unless_eq(got, (3.0, 10.0))
        .because(got == (13.0, 13.0), "all went into one sum: each id has its own")
}

fn batches() -> Verdict {
    let (x, y) = (Tensor::from(0.0), Tensor::from(0.0));
    let of_a_batch = |a: f32, b: f32| {
        let mut gradients = Gradients::new();
        gradients.add_one(x.id(), Tensor::from(a));
        gradients.add_one(y.id(), Tensor::from(b));
        gradients
    };
    let mut sum = of_a_batch(1.0, 2.0);
    sum.add(of_a_batch(10.0, 20.0));
    wrong::unless_eq((sum.of(&x).item(), sum.of(&y).item()), (11.0, 22.0))
}

fn layouts() -> Verdict {
    let (a, b) =
        (Tensor::from([[1.0, 2.0], [3.0, 4.0]]), Tensor::from([[10.0, 20.0], [30.0, 40.0]]));
    let got = filed([a.clone(), b.t()]);
    wrong::unless_close(of(&got), [[11.0, 32.0], [23.0, 44.0]], 0.0)
        .because(got.at([0, 1]) == 22.0, "the share is a transposed view: read it with `data()`")?;
    let got = filed([Tensor::from([1.0, 2.0]).expand([2, 2]), a]);
    wrong::unless_close(of(&got), [[2.0, 4.0], [4.0, 6.0]], 0.0)
}

fn in_place() -> Verdict {
    let (x, mut gradients) = (Tensor::from(0.0), Gradients::new());
    gradients.add_one(x.id(), Tensor::zeros([64]));
    let place = gradients.of(&x).data().as_ptr();
    for _ in 0..100 {
        gradients.add_one(x.id(), Tensor::ones([64]));
    }
    wrong::unless_close(of(gradients.of(&x)), [100.0_f32; 64], 0.0)?;
    wrong::unless(
        gradients.of(&x).data().as_ptr() == place,
        || "the sum has moved: a new tensor was made for it; overwrite the old one with `update`",
    )
}

fn shared() -> Verdict {
    let mine = Tensor::from([1.0, 2.0]);
    let sum = filed([mine.clone(), Tensor::from([10.0, 20.0])]);
    wrong::unless_close(of(&sum), [11.0, 22.0], 0.0)?;
    wrong::unless_close(of(&mine), [1.0, 2.0], 0.0)
}
