//! 05.12: the two products behind a product.

use crate::numbers::{back, drawn, leaf, of, shares, two_by_three, unless_judged};
use check::{Because, Check, Verdict, wrong};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use tinytorch_activations::Activations;
use tinytorch_autograd::Backward;
use tinytorch_layers::{Linear, Module, linear};
use tinytorch_tensor::{Interpreter, Op, Rng, Tensor, pass_on, with};

pub const CHECKS: &[Check] = &[
    Check {
        id: "05.12.square",
        exercise: "05.12",
        fact: "of two [2, 2], the left gets g bᵀ, the right aᵀ g, though any order would fit",
        run: square,
    },
    Check {
        id: "05.12.left",
        exercise: "05.12",
        fact: "the left factor [2, 3] of the lesson's product gets [[1, 20, 13], [100, 2000, 1300]]",
        run: left,
    },
    Check {
        id: "05.12.right",
        exercise: "05.12",
        fact: "the right factor [3, 2] gets [[401, 4010], [502, 5020], [603, 6030]]",
        run: right,
    },
    Check {
        id: "05.12.one_sided",
        exercise: "05.12",
        fact: "each factor's rule reads the other factor only",
        run: one_sided,
    },
    Check {
        id: "05.12.vectors",
        exercise: "05.12",
        fact: "vectors get vectors: [3] x [3], [2, 3] x [3], [2] x [2, 3]",
        run: vectors,
    },
    Check {
        id: "05.12.batches",
        exercise: "05.12",
        fact: "a factor that was repeated over a batch gets the sum over the batch",
        run: batches,
    },
    Check {
        id: "05.12.judged",
        exercise: "05.12",
        fact: "products of all kinds have the gradients that differences give",
        run: judged,
    },
    Check {
        id: "05.12.linear",
        exercise: "05.12",
        fact: "x Wᵀ + b gives x the product g W, W the product gᵀ x, and b the sum of the rows",
        run: layer,
    },
    Check {
        id: "05.12.linear_rows",
        exercise: "05.12",
        fact: "so it does when x is [2, 4, 3], and for a single row [3]",
        run: layer_of_more_axes,
    },
    Check {
        id: "05.12.flops",
        exercise: "05.12",
        fact: "784-128-10 with 64 rows: 13,008,896 operations forward, 13,172,736 backward",
        run: flops,
    },
];

/// `a b` of the lesson with a gradient of 1, 10, 100, 1000.
fn lesson() -> [Tensor; 2] {
    let b = Tensor::from([[1.0, 0.0], [0.0, 2.0], [3.0, 1.0]]);
    let g = Tensor::from([[1.0, 10.0], [100.0, 1000.0]]);
    shares(|[a, b]| a.matmul(b), [two_by_three(), b], g)
}

fn left() -> Verdict {
    let [got, _] = lesson();
    wrong::unless_close(of(&got), [[1.0, 20.0, 13.0], [100.0, 2000.0, 1300.0]], 0.0)
}

fn right() -> Verdict {
    let [_, got] = lesson();
    wrong::unless_close(of(&got), [[401.0, 4010.0], [502.0, 5020.0], [603.0, 6030.0]], 0.0)
}

fn square() -> Verdict {
    let a = Tensor::from([[1.0, 2.0], [3.0, 4.0]]);
    let b = Tensor::from([[5.0, 6.0], [7.0, 8.0]]);
    let g = Tensor::from([[1.0, 10.0], [100.0, 1000.0]]);
    let [for_a, for_b] = shares(|[a, b]| a.matmul(b), [a.clone(), b.clone()], g.clone());
    wrong::unless_close(of(&for_a), [[65.0, 87.0], [6500.0, 8700.0]], 0.0)
        .because(for_a == g.matmul(&b), "that is g b: the right factor is to be transposed, g bᵀ")
        .because(for_a == b.t().matmul(&g), "that is bᵀ g: the order is exchanged, it is g bᵀ")
        .because(for_a == a.t().matmul(&g), "that is aᵀ g, the share of the right factor")?;
    wrong::unless_close(of(&for_b), [[301.0, 3010.0], [402.0, 4020.0]], 0.0)
        .because(for_b == a.matmul(&g), "that is a g: the left factor is to be transposed, aᵀ g")
        .because(for_b == g.matmul(&a.t()), "that is g aᵀ: the order is exchanged, it is aᵀ g")
        .because(for_b == g.matmul(&b.t()), "that is g bᵀ, the share of the left factor")
}

fn one_sided() -> Verdict {
    let constant = Tensor::from([[1.0, 0.0], [0.0, 2.0], [3.0, 1.0]]);
    let a = two_by_three().with_grad();
    let got = back(&a.matmul(&constant), Tensor::ones([2, 2]));
    wrong::unless_close(of(got.of(&a)), [[1.0, 2.0, 4.0], [1.0, 2.0, 4.0]], 0.0)?;
    let b = constant.with_grad();
    let got = back(&two_by_three().matmul(&b), Tensor::ones([2, 2]));
    wrong::unless_close(of(got.of(&b)), [[5.0, 5.0], [7.0, 7.0], [9.0, 9.0]], 0.0)
}

fn vectors() -> Verdict {
    let v = || Tensor::from([1.0, 2.0, 3.0]);
    let [a, b] = shares(|[a, b]| a.matmul(b), [v(), v() * 10.0], 2.0);
    wrong::unless_close(of(&a), [20.0, 40.0, 60.0], 0.0)?;
    wrong::unless_close(of(&b), [2.0, 4.0, 6.0], 0.0)?;
    let [m, b] = shares(|[m, b]| m.matmul(b), [two_by_three(), v()], [1.0, 10.0]);
    wrong::unless_close(of(&m), [[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]], 0.0)?;
    wrong::unless_close(of(&b), [41.0, 52.0, 63.0], 0.0)?;
    let inputs = [Tensor::from([1.0, 10.0]), two_by_three()];
    let [a, m] = shares(|[a, m]| a.matmul(m), inputs, [1.0, 10.0, 100.0]);
    wrong::unless_close(of(&a), [321.0, 654.0], 0.0)?;
    wrong::unless_close(of(&m), [[1.0, 10.0, 100.0], [10.0, 100.0, 1000.0]], 0.0)
}

fn batches() -> Verdict {
    let (a, b) = (Tensor::ones([5, 2, 3]), two_by_three().t());
    let [for_a, for_b] = shares(|[a, b]| a.matmul(b), [a, b], Tensor::ones([5, 2, 2]));
    wrong::unless_close(of(&for_a.select(0, 4)), [[5.0, 7.0, 9.0], [5.0, 7.0, 9.0]], 0.0)?;
    wrong::unless_close(of(&for_b), [[10.0, 10.0], [10.0, 10.0], [10.0, 10.0]], 0.0)
        .because(for_b.at([0, 0]) == 2.0, "2 is the share of one of the five products: they add up")
}

fn judged() -> Verdict {
    let product = |[a, b]: &[Tensor; 2]| a.matmul(b);
    unless_judged(product, [drawn([2, 1, 3, 4], 1), drawn([5, 4, 2], 2)])?;
    unless_judged(product, [drawn([4], 3), drawn([5, 4, 2], 4)])?;
    unless_judged(product, [drawn([2, 3, 4], 5), drawn([4], 6)])
}

fn layer() -> Verdict {
    let f = |[x, w, b]: &[Tensor; 3]| linear(x, w, Some(b));
    let w = Tensor::from([[1.0, 0.0, 3.0], [0.0, 2.0, 1.0]]);
    let g = Tensor::from([[1.0, 10.0], [100.0, 1000.0]]);
    let [x, w, b] = shares(f, [two_by_three(), w, Tensor::zeros([2])], g);
    wrong::unless_close(of(&x), [[1.0, 20.0, 13.0], [100.0, 2000.0, 1300.0]], 0.0)
        .note("this is the share of x")?;
    wrong::unless_close(of(&w), [[401.0, 502.0, 603.0], [4010.0, 5020.0, 6030.0]], 0.0)
        .note("this is the share of W, which is [out, in]")?;
    wrong::unless_close(of(&b), [101.0, 1010.0], 0.0).note("this is the share of b, one per output")
}

fn layer_of_more_axes() -> Verdict {
    let f = |[x, w, b]: &[Tensor; 3]| linear(x, w, Some(b));
    unless_judged(f, [drawn([2, 4, 3], 1), drawn([5, 3], 2), drawn([5], 3)])?;
    unless_judged(f, [drawn([3], 4), drawn([5, 3], 5), drawn([5], 6)])?;
    let w = leaf(2.0).detach().reshape([1, 1]).with_grad();
    let y = linear(&Tensor::from([[3.0]]), &w, None);
    wrong::unless_close(of(y.backward().of(&w)), [[3.0]], 0.0).note("a layer without bias")
}

/// Adds up the floating-point operations of the products that pass through the door.
#[derive(Default)]
struct Count(Cell<usize>);

impl Interpreter for Count {
    fn apply(&self, op: &Arc<dyn Op>, x: &[&Tensor]) -> Tensor {
        let y = pass_on(op, x);
        if matches!(op.name(), "linear" | "matmul") {
            self.0.set(self.0.get() + 2 * y.numel() * x[0].size(-1));
        }
        y
    }
}

fn counted<R>(f: impl FnOnce() -> R) -> (usize, R) {
    let count = Rc::new(Count::default());
    let result = with(count.clone(), f);
    (count.0.get(), result)
}

fn flops() -> Verdict {
    let mut rng = Rng::new(0);
    let (first, second) = (Linear::new(784, 128, &mut rng), Linear::new(128, 10, &mut rng));
    let x = Tensor::ones([64, 784]);
    let (forward, y) = counted(|| second.forward(&first.forward(&x).relu()));
    wrong::unless_eq(forward, 13_008_896)?;
    let (backward, _) = counted(|| back(&y, Tensor::ones([64, 10])));
    wrong::unless_eq(backward, 13_172_736).because(
        backward == 26_017_792,
        "the pictures got a gradient, too, which nobody wants: 12,845,056 operations for nothing",
    )
}
