//! 12.8: the way back.

use crate::numbers::{CAUSAL, drawn, of};
use check::{Because, Check, Numbers, Verdict, wrong};
use tinytorch_attention::{AttentionOptions, attention_weights, scaled_dot_product_attention};
use tinytorch_autograd::{Backward, BackwardOptions};
use tinytorch_layers::Dropout;
use tinytorch_tensor::{Rng, Tensor};

pub const CHECKS: &[Check] = &[
    Check {
        id: "12.8.values",
        exercise: "12.8",
        fact: "with the weights 1/4 and 3/4 and the gradient 8, the values get 2 and 6",
        run: values,
    },
    Check {
        id: "12.8.keys",
        exercise: "12.8",
        fact: "with the values 4 and 0 and the query 2, the keys get 12 and -12",
        run: keys,
    },
    Check {
        id: "12.8.query",
        exercise: "12.8",
        fact: "and the query gets 6 times the first key less 6 times the second",
        run: query,
    },
    Check {
        id: "12.8.judged",
        exercise: "12.8",
        fact: "all gradients are those of the textbook form, masks and sharing included",
        run: judged,
    },
    Check {
        id: "12.8.dropped",
        exercise: "12.8",
        fact: "the way back drops what the way there dropped",
        run: dropped,
    },
    Check {
        id: "12.8.nan",
        exercise: "12.8",
        fact: "what comes later than a word is not felt in its gradient, even if it is NaN",
        run: nan,
    },
    Check {
        id: "12.8.second",
        exercise: "12.8",
        fact: "the gradient of the gradient is that of the textbook form",
        run: second,
    },
];

/// One query of width 1 whose two keys have the weights 1/4 and 3/4: what it, the keys and the
/// values get for the gradient 8.
fn small() -> [Tensor; 3] {
    let half = 3_f32.ln() / 2.0;
    let q = Tensor::from([[2.0]]);
    let k = Tensor::from([[0.5], [0.5 + half]]); // times 2: a difference of ln 3
    let v = Tensor::from([[4.0], [0.0]]);
    let options = AttentionOptions { scale: Some(1.0), ..Default::default() };
    let inputs = [q, k, v].map(Tensor::with_grad);
    let y = scaled_dot_product_attention(&inputs[0], &inputs[1], &inputs[2], &options);
    let options = BackwardOptions { gradient: Some(Tensor::from([[8.0]])), ..Default::default() };
    let grads = y.backward_with(options);
    inputs.map(|x| grads.of(&x).clone())
}

fn values() -> Verdict {
    let [_, _, dv] = small();
    wrong::unless_close(of(&dv), [[2.0], [6.0]], 1e-5).because(
        dv.at([0, 0]) == 8.0,
        "each value got all of the gradient: it gets its weight's part",
    )
}

fn keys() -> Verdict {
    // dp = 8 · 4 and 0, their average 8; slopes 1/4 (32 - 8) = 6 and 3/4 (0 - 8) = -6; times 2.
    let [_, dk, _] = small();
    let first = dk.at([0, 0]);
    wrong::unless_close(of(&dk), [[12.0], [-12.0]], 1e-4)
        .because(
            (first - 16.0).abs() < 1e-3,
            "Σ p dp is missing: only what is above the average counts",
        )
        .because(
            (first - 48.0).abs() < 1e-3,
            "the slope is p (dp - Σ p dp): the p in front is missing",
        )
        .because((first - 6.0).abs() < 1e-3, "a key gets the slope times its query")
}

fn query() -> Verdict {
    // slopes 6 and -6 times keys 0.5 and 0.5 + ln(3) / 2.
    let [dq, _, _] = small();
    let expected = -3.0 * 3_f32.ln();
    wrong::unless_close(of(&dq), [[expected]], 1e-4)
        .because(dq.at([0, 0]).abs() < 1e-5, "the query got nothing: it gets slopes times keys")
        .because(
            (dq.at([0, 0]) + 6.0 * (0.5 + 3_f32.ln() / 2.0)).abs() < 1e-3,
            "that is the last key's share alone: add up over the keys",
        )
}

/// The inputs of two sequences: four heads of queries, two of keys, 3 queries and 4 keys.
fn inputs(count: usize) -> Vec<Tensor> {
    let shapes = [[2, 4, 3, 2], [2, 2, 4, 2], [2, 2, 4, 3], [1, 4, 3, 4]];
    let drawn = shapes.iter().zip(1..).map(|(&shape, seed)| drawn(shape, seed).with_grad());
    drawn.take(count).collect()
}

fn options<'a>(x: &'a [Tensor], causal: bool) -> AttentionOptions<'a> {
    AttentionOptions { mask: x.get(3), causal, enable_gqa: true, ..Default::default() }
}

fn attention(x: &[Tensor], causal: bool) -> Tensor {
    scaled_dot_product_attention(&x[0], &x[1], &x[2], &options(x, causal))
}

/// The same by ops that have rules of their own.
fn textbook(x: &[Tensor], causal: bool) -> Tensor {
    let copies: Vec<Tensor> = (0..4).map(|h| x[2].narrow(1, h / 2, 1)).collect();
    let values = Tensor::cat(&copies.iter().collect::<Vec<_>>(), 1);
    attention_weights(&x[0], &x[1], &options(x, causal)).matmul(&values)
}

const NAMES: [&str; 4] = ["queries", "keys", "values", "mask"];

fn judged() -> Verdict {
    for (count, causal) in [(3, false), (3, true), (4, false), (4, true)] {
        let x = inputs(count);
        let g = drawn([2, 4, 3, 3], 9);
        let back = |y: Tensor| (y * &g).sum().backward();
        let (got, expected) = (back(attention(&x, causal)), back(textbook(&x, causal)));
        for (x, name) in x.iter().zip(NAMES) {
            let (got, expected) = (got.of(x), expected.of(x));
            let last = |n: &Numbers| wrong::unless_close(of(got), n.clone(), 1e-5).is_ok();
            wrong::unless_close(of(got), of(expected), 1e-5)
                .because(last(&of(&(expected * 2_f32.sqrt()))), "the scale is missing")
                .because(last(&of(&(expected / 2_f32.sqrt()))), "the scale was applied twice")
                .note(format!("what the {name} get; a mask: {}, causal: {causal}", count > 3))?;
        }
    }
    Ok(())
}

fn dropped() -> Verdict {
    let layer = Dropout::new(0.5, &mut Rng::new(2));
    let call = |x: &[Tensor]| {
        let layer = layer.clone(); // draws what the original would: the same at each call
        let options = AttentionOptions { dropout: Some(&layer), ..Default::default() };
        scaled_dot_product_attention(&x[0], &x[1], &x[2], &options)
    };
    let x: Vec<Tensor> = (1..4).map(|seed| drawn([5, 2], seed).with_grad()).collect();
    let g = drawn([5, 2], 9);
    let grads = (call(&x) * &g).sum().backward();
    for (i, name) in NAMES.iter().enumerate().take(3) {
        let at = |k: usize, step: f32| {
            let mut moved: Vec<Tensor> = x.iter().map(Tensor::detach).collect();
            moved[i].data_mut()[k] += step;
            let y = call(&moved).to_vec();
            y.iter().zip(g.to_vec()).map(|(&y, g)| f64::from(y) * f64::from(g)).sum::<f64>()
        };
        let h = 1.0 / 64.0;
        let differences: Vec<f32> =
            (0..10).map(|k| ((at(k, h) - at(k, -h)) / (2.0 * f64::from(h))) as f32).collect();
        let expected = Numbers::new(vec![5, 2], differences);
        wrong::unless_close(of(grads.of(&x[i])), expected, 5e-3).note(format!(
            "what the {name} get with a dropout of 1/2; expected is what differences say"
        ))?;
    }
    Ok(())
}

fn nan() -> Verdict {
    let (q, k, v) = (drawn([4, 2], 1), drawn([4, 2], 2), drawn([4, 2], 3));
    let spoiled =
        |x: &Tensor| Tensor::cat(&[&x.narrow(0, 0, 3), &Tensor::full([1, 2], f32::NAN)], 0);
    let gradient = |k: &Tensor, v: &Tensor| {
        let q = q.detach().with_grad();
        let y = scaled_dot_product_attention(&q, k, v, &CAUSAL).narrow(0, 0, 3);
        y.sum().backward().of(&q).narrow(0, 0, 3)
    };
    wrong::unless_close(of(&gradient(&spoiled(&k), &spoiled(&v))), of(&gradient(&k, &v)), 0.0)?;
    // Hidden by a mask, not by its place: its value must not be asked for.
    let mask = Tensor::from([1, 1, 1, 0]);
    let hidden = AttentionOptions { mask: Some(&mask), ..Default::default() };
    let q = q.with_grad();
    let y = scaled_dot_product_attention(&q, &k, &spoiled(&v), &hidden);
    let got = y.sum().backward().of(&q).clone();
    wrong::unless(got.data().iter().all(|g| g.is_finite()), || {
        format!("a hidden value of NaN is felt in the gradient of the queries: {:?}", got.to_vec())
    })
    .because(true, "0 times NaN is NaN: where nothing was kept, do not ask for the slope")
}

fn second() -> Verdict {
    let twice = |f: fn(&[Tensor], bool) -> Tensor, x: &[Tensor]| {
        let y = f(x, true);
        let record = BackwardOptions { create_graph: true, ..Default::default() };
        let first = (&y * &y).sum().backward_with(record);
        let shares = x.iter().map(|x| (first.of(x) * x).sum());
        shares.reduce(|a, b| a + b).expect("three inputs").backward()
    };
    let x = inputs(3);
    let (got, expected) = (twice(attention, &x), twice(textbook, &x));
    for (x, name) in x.iter().zip(NAMES) {
        wrong::unless_close(of(got.of(x)), of(expected.of(x)), 1e-4)
            .note(format!("in the {name}; this rule is given, what it starts from is yours"))?;
    }
    Ok(())
}
