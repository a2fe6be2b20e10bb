//! 07.7: gradients on a leash.

use check::{Because, Check, Verdict, wrong};
use tinytorch_autograd::{Backward, Gradients};
use tinytorch_tensor::Tensor;
use tinytorch_training::{clip_grad_norm, clip_grad_value};

pub const CHECKS: &[Check] = &[
    Check {
        id: "07.7.norm",
        exercise: "07.7",
        fact: "[3, 0] and [0, -4] have the norm 5, which is what clip_grad_norm returns",
        run: norm,
    },
    Check {
        id: "07.7.one_factor",
        exercise: "07.7",
        fact: "clipped to 1 they are [0.6, 0] and [0, -0.8]: one factor for all",
        run: one_factor,
    },
    Check {
        id: "07.7.small",
        exercise: "07.7",
        fact: "gradients of norm 0.37 are left alone by a leash of 0.5",
        run: small,
    },
    Check {
        id: "07.7.margin",
        exercise: "07.7",
        fact: "the factor is max_norm / (norm + 0.000001), as in PyTorch",
        run: margin,
    },
    Check {
        id: "07.7.not_finite",
        exercise: "07.7",
        fact: "with a gradient of inf or NaN the norm says so and the others keep their numbers",
        run: not_finite,
    },
    Check {
        id: "07.7.large",
        exercise: "07.7",
        fact: "3e30 and 4e30 have the norm 5e30, though their squares are beyond f32",
        run: large,
    },
    Check {
        id: "07.7.values",
        exercise: "07.7",
        fact: "clip_grad_value to 1 makes [3, -0.5] and [-7] into [1, -0.5] and [-1]",
        run: values,
    },
    Check {
        id: "07.7.mistakes",
        exercise: "07.7",
        fact: "a norm or a limit below 0 panics",
        run: mistakes,
    },
];

/// Gradients `a` of one parameter and `b` of another.
struct Pair {
    leaves: [Tensor; 2],
    grads: Gradients,
}

impl Pair {
    fn new(a: &[f32], b: &[f32]) -> Self {
        let leaf = |values: &[f32]| Tensor::zeros([values.len()]).with_grad();
        let weighted = |x: &Tensor, values: &[f32]| {
            (x * Tensor::from_vec(values.to_vec(), [values.len()])).sum()
        };
        let leaves = [leaf(a), leaf(b)];
        let grads = (weighted(&leaves[0], a) + weighted(&leaves[1], b)).backward();
        Self { leaves, grads }
    }

    /// Both, one after the other.
    fn numbers(&self) -> Vec<f32> {
        self.leaves.iter().flat_map(|leaf| self.grads.of(leaf).to_vec()).collect()
    }
}

fn norm() -> Verdict {
    let mut pair = Pair::new(&[3.0, 0.0], &[0.0, -4.0]);
    let got = clip_grad_norm(&mut pair.grads, 1.0);
    wrong::unless_close(got, 5.0_f32, 1e-6)
        .because(
            got == 1.0 || (got - 1.0).abs() < 1e-4,
            "this is the norm after clipping: return the one before",
        )
        .because(
            got == 7.0,
            "7 is a sum of norms: square, add up over all gradients, then one root",
        )
        .because(got == 25.0, "25 is the sum of squares: the norm is its root")
        .because(got == 4.0, "4 is the largest: all gradients are one long vector")
}

fn one_factor() -> Verdict {
    let mut pair = Pair::new(&[3.0, 0.0], &[0.0, -4.0]);
    clip_grad_norm(&mut pair.grads, 1.0);
    let got = pair.numbers();
    wrong::unless_close(&got, [0.6_f32, 0.0, 0.0, -0.8], 1e-5)
        .because(
            got[0] > 0.99 && got[0] < 1.01,
            "each gradient was clipped on its own: the step now points elsewhere",
        )
        .because(got[0] == 3.0, "nothing was scaled: 5 is more than 1")
        .because(got[0] > 10.0, "they grew: the factor is max_norm / norm, not norm / max_norm")
}

fn small() -> Verdict {
    let mut pair = Pair::new(&[0.3, 0.1], &[0.2]);
    clip_grad_norm(&mut pair.grads, 0.5);
    let got = pair.numbers();
    wrong::unless_eq(&got, &[0.3, 0.1, 0.2]).because(
        got[0] > 0.3,
        "small gradients were blown up to the norm: where the factor is 1 or more, do nothing",
    )?;
    let mut zero = Pair::new(&[0.0], &[0.0]);
    let norm = clip_grad_norm(&mut zero.grads, 0.0);
    wrong::unless_eq((norm, zero.numbers()), (0.0, vec![0.0, 0.0]))
        .note("gradients of 0 and a leash of 0: 0 / 0 must not come up")
}

fn margin() -> Verdict {
    let mut pair = Pair::new(&[1e-6], &[0.0]);
    clip_grad_norm(&mut pair.grads, 1e-6);
    let got = pair.numbers()[0];
    wrong::unless((got - 5e-7).abs() < 1e-12, || format!("1e-6 clipped to 1e-6 became {got:e}"))
        .because(got == 1e-6, "1e-6 / (1e-6 + 1e-6) is a half: the margin is missing")
}

fn not_finite() -> Verdict {
    for bad in [f32::INFINITY, f32::NAN] {
        let mut pair = Pair::new(&[bad], &[2.0]);
        let norm = clip_grad_norm(&mut pair.grads, 1.0);
        wrong::unless(!norm.is_finite(), || format!("a gradient of {bad} has the norm {norm}"))?;
        let kept = pair.numbers()[1];
        wrong::unless_eq(kept, 2.0).because(
            true,
            "the bad gradient spoiled a good one: scale only when the norm is finite",
        )?;
    }
    Ok(())
}

fn large() -> Verdict {
    let mut pair = Pair::new(&[3e30], &[4e30]);
    let norm = clip_grad_norm(&mut pair.grads, 5.0);
    wrong::unless_eq(norm, 5e30)
        .because(norm.is_infinite(), "9e60 does not fit in f32: square in f64")?;
    wrong::unless_close(pair.numbers(), [3.0_f32, 4.0], 1e-5)
}

fn values() -> Verdict {
    let mut pair = Pair::new(&[3.0, -0.5], &[-7.0]);
    clip_grad_value(&mut pair.grads, 1.0);
    let got = pair.numbers();
    wrong::unless_close(&got, [1.0_f32, -0.5, -1.0], 0.0)
        .because(got[2] == -7.0, "only the upper side is cut: -7 is as far from 0 as 7")
        .because(got[2] == 0.0, "the lower side is -limit, not 0")
        .because(got[0] == 3.0, "the gradients were not overwritten: `iter_mut` hands them out")
}

fn mistakes() -> Verdict {
    let grads = || Pair::new(&[1.0], &[1.0]).grads;
    wrong::unless_panics(|| clip_grad_norm(&mut grads(), -1.0), "a norm is never below 0")?;
    wrong::unless_panics(|| clip_grad_norm(&mut grads(), f32::NAN), "a norm is never below 0")
        .note("NaN < 0 is false: ask whether it is 0 or more")?;
    wrong::unless_panics(|| clip_grad_value(&mut grads(), -1.0), "a limit is never below 0")
}
