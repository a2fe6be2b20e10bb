//! 11.8 to 11.10: places as angles.

use crate::numbers::{drawn, of};
use check::{Because, Check, Verdict, wrong};
use tinytorch_autograd::{Backward, BackwardOptions};
use tinytorch_embeddings::{Rotary, RotaryEmbedding};
use tinytorch_tensor::{Tensor, dispatch};

pub const CHECKS: &[Check] = &[
    Check {
        id: "11.8.shape",
        exercise: "11.8",
        fact: "heads of width 6 and 10 places have tables of [10, 3]",
        run: shape,
    },
    Check {
        id: "11.8.angles",
        exercise: "11.8",
        fact: "place 3 of width 4 has the angles 3 and 0.03",
        run: angles,
    },
    Check {
        id: "11.8.base",
        exercise: "11.8",
        fact: "with a base of 16, the second of two angles is a quarter",
        run: base,
    },
    Check { id: "11.8.odd", exercise: "11.8", fact: "an odd width is refused", run: odd },
    Check {
        id: "11.9.quarter",
        exercise: "11.9",
        fact: "a quarter turn makes 1 0 to 0 1, and 0 1 to -1 0",
        run: quarter,
    },
    Check {
        id: "11.9.halves",
        exercise: "11.9",
        fact: "column 0 is paired with column 2 of 4, column 1 with column 3",
        run: halves,
    },
    Check {
        id: "11.9.places",
        exercise: "11.9",
        fact: "each row of each sequence is turned by its own place, from the offset on",
        run: places,
    },
    Check {
        id: "11.9.inverse",
        exercise: "11.9",
        fact: "turning back undoes turning",
        run: inverse,
    },
    Check {
        id: "11.9.distance",
        exercise: "11.9",
        fact: "products of turned rows depend on how far apart they are, and on nothing else",
        run: distance,
    },
    Check {
        id: "11.10.share",
        exercise: "11.10",
        fact: "a quarter turn's gradient 5 7 comes back as 7 -5",
        run: share,
    },
    Check {
        id: "11.10.offset",
        exercise: "11.10",
        fact: "what was turned by places 2 to 4 is turned back by the same",
        run: offset,
    },
    Check {
        id: "11.10.twice",
        exercise: "11.10",
        fact: "the gradient of the gradient is turned forward again",
        run: twice,
    },
];

fn shape() -> Verdict {
    let rotary = RotaryEmbedding::with_base(6, 10, 10_000.0);
    for table in [&rotary.cosines, &rotary.sines] {
        wrong::unless_eq(table.shape().to_vec(), vec![10, 3])
            .because(table.shape() == [10, 6], "an angle per pair: half as many as numbers")?;
    }
    Ok(())
}

fn angles() -> Verdict {
    let rotary = RotaryEmbedding::with_base(4, 5, 10_000.0);
    let (cosines, sines) = (rotary.cosines.select(0, 3), rotary.sines.select(0, 3));
    wrong::unless_close(of(&cosines), [3_f32.cos(), 0.03_f32.cos()], 1e-6)
        .because(cosines.at([0]) == 4_f32.cos(), "that is place 4: places count from 0")?;
    wrong::unless_close(of(&sines), [3_f32.sin(), 0.03_f32.sin()], 1e-6)
}

fn base() -> Verdict {
    let rotary = RotaryEmbedding::with_base(4, 2, 16.0);
    let got = rotary.sines.select(0, 1);
    wrong::unless_close(of(&got), [1_f32.sin(), 0.25_f32.sin()], 1e-6)
        .because((got.at([1]) - 0.01_f32.sin()).abs() < 1e-6, "the base is ignored: 10,000 is used")
}

fn odd() -> Verdict {
    wrong::unless_panics(|| RotaryEmbedding::with_base(5, 4, 10_000.0), "odd")
}

/// `x` turned, with tables written out, `[places][pairs]` angles.
fn turned(x: &Tensor, angles: &[&[f32]], offset: usize, inverse: bool) -> Tensor {
    let (cosines, sines) = tables(angles);
    dispatch(Rotary { offset, inverse }, &[x, &cosines, &sines])
}

fn tables(angles: &[&[f32]]) -> (Tensor, Tensor) {
    let table = |f: fn(f32) -> f32| {
        let numbers = angles.iter().flat_map(|row| row.iter().map(|&a| f(a))).collect();
        Tensor::from_vec(numbers, [angles.len(), angles[0].len()])
    };
    (table(f32::cos), table(f32::sin))
}

const QUARTER: f32 = std::f32::consts::FRAC_PI_2;

fn quarter() -> Verdict {
    for (x, expected) in [([1.0, 0.0], [0.0, 1.0]), ([0.0, 1.0], [-1.0, 0.0])] {
        let got = turned(&Tensor::from([x]), &[&[QUARTER]], 0, false);
        let backward = (got.at([0, 0]) + expected[0]).abs() < 1e-6
            && (got.at([0, 1]) + expected[1]).abs() < 1e-6;
        wrong::unless_close(of(&got), [expected], 1e-6)
            .because(
                x[0] == 1.0 && got.at([0, 1]).abs() < 1e-6,
                "b was computed from the new a: take both old numbers first",
            )
            .because(
                x[0] == 1.0 && backward,
                "it turns the other way: a cos - b sin, and b cos + a sin",
            )
            .because(
                x[0] == 0.0 && got.at([0, 0]) > 0.9,
                "both sines are added: the first number is a cos minus b sin",
            )
            .note(format!("of {x:?}"))?;
    }
    let third = turned(&Tensor::from([[3.0, 4.0]]), &[&[0.5]], 0, false);
    let (sine, cosine) = 0.5_f32.sin_cos();
    let new_a = 3.0 * cosine - 4.0 * sine;
    wrong::unless_close(of(&third), [[new_a, 4.0 * cosine + 3.0 * sine]], 1e-6)
        .note("3 4, turned by half a radian")
}

fn halves() -> Verdict {
    // The first pair is turned by a quarter, the second not at all.
    let x = Tensor::from([[1.0, 2.0, 3.0, 4.0]]);
    let got = turned(&x, &[&[QUARTER, 0.0]], 0, false);
    wrong::unless_close(of(&got), [[-3.0, 2.0, 1.0, 4.0]], 1e-5).because(
        (got.at([0, 0]) + 2.0).abs() < 1e-5,
        "neighbors were paired, as in the paper; here number i of the first half goes with number \
         i of the second",
    )
}

fn places() -> Verdict {
    let steps: [&[f32]; 5] = [&[0.0], &[0.1], &[0.2], &[0.3], &[0.4]];
    let ones = Tensor::from([[[1.0, 0.0], [1.0, 0.0]], [[1.0, 0.0], [1.0, 0.0]]]);
    let sines = |offset| turned(&ones, &steps, offset, false).select(-1, 1);
    let at = |angles: [f32; 2]| [angles.map(f32::sin), angles.map(f32::sin)];
    let got = sines(0);
    wrong::unless_close(of(&got), at([0.0, 0.1]), 1e-6).because(
        got.at([1, 0]) > 0.1,
        "the second sequence went on with the places of the first: it starts anew",
    )?;
    let got = sines(3);
    wrong::unless_close(of(&got), at([0.3, 0.4]), 1e-6)
        .because(got.at([0, 0]) == 0.0, "the offset is ignored: the first row is at place 3")
        .note("with an offset of 3")
}

fn inverse() -> Verdict {
    let (x, steps): (_, [&[f32]; 3]) =
        (drawn([2, 3, 4], 1), [&[0.3, 1.0], &[2.0, 0.5], &[-1.0, 4.0]]);
    let there = turned(&x, &steps, 0, false);
    let back = turned(&there, &steps, 0, true);
    wrong::unless_close(of(&back), of(&x), 1e-5)
        .because(back == turned(&there, &steps, 0, false), "`inverse` changed nothing")
}

fn distance() -> Verdict {
    let rotary = RotaryEmbedding::with_base(8, 60, 10_000.0);
    let (q, k) = (drawn([1, 8], 2), drawn([1, 8], 3));
    let product = |m, n| (rotary.apply(&q, m) * rotary.apply(&k, n)).sum().item();
    for shift in [1, 20, 50] {
        wrong::unless_close(product(6 + shift, 2 + shift), product(6, 2), 1e-4)
            .note(format!("a query at place 6 and a key at place 2, both moved by {shift}"))?;
    }
    wrong::unless(
        (product(9, 2) - product(6, 2)).abs() > 1e-3,
        || "places 9 and 2 have the product of places 6 and 2: nothing was turned",
    )
}

/// The gradient of `x` for the gradient `g` of what was turned.
fn gradient(x: &Tensor, angles: &[&[f32]], offset: usize, inverse: bool, g: Tensor) -> Tensor {
    let x = x.detach().with_grad();
    let options = BackwardOptions { gradient: Some(g), ..Default::default() };
    turned(&x, angles, offset, inverse).backward_with(options).of(&x).clone()
}

fn share() -> Verdict {
    let g = Tensor::from([[5.0, 7.0]]);
    let got = gradient(&Tensor::from([[1.0, 2.0]]), &[&[QUARTER]], 0, false, g.clone());
    wrong::unless_close(of(&got), [[7.0, -5.0]], 1e-5)
        .because(got.at([0, 0]) < 0.0, "the gradient was turned the same way: it has to go back")
        .because(got == g, "the gradient was not turned")?;
    let got = gradient(&Tensor::from([[1.0, 2.0]]), &[&[QUARTER]], 0, true, g);
    wrong::unless_close(of(&got), [[-7.0, 5.0]], 1e-5)
        .note("what was turned backward has a gradient that is turned forward")
}

fn offset() -> Verdict {
    let steps: [&[f32]; 5] = [&[0.0], &[0.1], &[0.2], &[0.3], &[0.4]];
    let g = Tensor::from([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]]);
    let got = gradient(&g, &steps, 2, false, g.clone()).select(-1, 1);
    let first = got.at([0]);
    wrong::unless_close(of(&got), [-0.2_f32.sin(), -0.3_f32.sin(), -0.4_f32.sin()], 1e-6)
        .because(first == 0.0, "the way back starts at place 0: it has the offset of the way there")
}

fn twice() -> Verdict {
    // The gradient is linear in g: its own gradient is what turning forward gives.
    let (x, v) = (Tensor::from([[1.0, 2.0]]).with_grad(), Tensor::from([[3.0, 4.0]]));
    let y = turned(&x, &[&[0.5]], 0, false);
    let options = BackwardOptions { create_graph: true, ..Default::default() };
    let first = (&y * &y).sum().backward_with(options);
    let second = (first.of(&x) * &v).sum().backward();
    // |y|² = |x|², so the first gradient is 2x and the second 2v.
    wrong::unless_close(of(first.of(&x)), [[2.0, 4.0]], 1e-5)?;
    wrong::unless_close(of(second.of(&x)), [[6.0, 8.0]], 1e-5)
}
