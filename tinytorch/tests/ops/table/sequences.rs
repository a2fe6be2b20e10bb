//! Rows by id, places, and attention.

use super::Row;
use crate::args::Args;
use crate::array::Array;
use crate::draw::{Draw, Sample};
use serde_json::json;
use tinytorch_attention::{
    AttentionOptions, MultiHeadAttention, attention_weights, scaled_dot_product_attention,
};
use tinytorch_embeddings::{RotaryEmbedding, embedding};
use tinytorch_layers::{Dropout, Linear, Module};
use tinytorch_tensor::{Rng, Tensor};

pub fn rows() -> Vec<Row> {
    vec![
        Row::new(
            "embedding",
            |x, a| {
                let padding_idx = a.has("padding_idx").then(|| a.size("padding_idx"));
                embedding(&x[0], &x[1], padding_idx)
            },
            |x, _| {
                let shape = [x[1].shape.as_slice(), &x[0].shape[1..]].concat();
                x[0].view(&shape, |i| {
                    let (&column, ids) = i.split_last().expect("an axis of features");
                    vec![x[1].at(ids) as usize, column]
                })
            },
            |d| {
                let (rows, width) = (d.range(1, 6), d.size());
                let ids = d.shape_of(0, 4);
                let weight = d.floats(&[rows, width]);
                Sample::new(vec![weight, d.ints(&ids, 0, rows as isize)], json!({}))
            },
        ),
        Row::new(
            "rotary",
            |x, a| {
                let (offset, len) = (a.size("offset"), x[0].size(-2));
                let width = x[0].size(-1);
                RotaryEmbedding::with_base(width, offset + len, a.f32("base")).apply(&x[0], offset)
            },
            |x, a| rotary(&x[0], a),
            |d| {
                let mut shape = d.shape_of(1, 4);
                shape.push(2 * d.range(1, 3));
                while shape.iter().product::<usize>() > 96 {
                    shape.remove(0);
                }
                let base = d.one_of(&[10000.0, 16.0]);
                Sample::new(vec![d.floats(&shape)], json!({"offset": d.range(0, 9), "base": base}))
            },
        ),
        Row::new(
            "scaled_dot_product_attention",
            |x, a| scaled_dot_product_attention(&x[0], &x[1], &x[2], &options(a, x.get(3))),
            |x, a| averages(&weights(&x[0], &x[1], x.get(3), a), &x[2]),
            |d| sample(d, true),
        ),
        Row::new(
            "attention_weights",
            |x, a| attention_weights(&x[0], &x[1], &options(a, x.get(2))),
            |x, a| weights(&x[0], &x[1], x.get(2), a),
            |d| sample(d, false),
        ),
        Row::new("multi_head_attention", call_multi_head, multi_head, |d| {
            let (heads, mut x) = (d.range(1, 3), d.shape_of(1, 3));
            let dim = 2 * heads;
            x.push(dim);
            let mut draw = |shape: &[usize]| d.floats_in(shape, -1.0, 1.0).map(|x| x / 2.0);
            let of = [&[3 * dim, dim][..], &[3 * dim], &[dim, dim], &[dim]];
            let inputs = vec![draw(&x), draw(of[0]), draw(of[1]), draw(of[2]), draw(of[3])];
            Sample::new(inputs, json!({"heads": heads, "causal": d.once_in(2)}))
        }),
    ]
}

fn options<'a>(a: &Args, mask: Option<&'a Tensor>) -> AttentionOptions<'a> {
    AttentionOptions {
        mask,
        causal: a.has("causal") && a.flag("causal"),
        dropout: None,
        scale: a.has("scale").then(|| a.f32("scale")),
        enable_gqa: a.has("enable_gqa") && a.flag("enable_gqa"),
    }
}

/// Each pair, one number of either half, turned by `place / base^(2i/d)`.
fn rotary(x: &Array, a: &Args) -> Array {
    let width = *x.shape.last().expect("an axis of features");
    let half = width / 2;
    Array::build(&x.shape, |i| {
        let (&column, row) = i.split_last().expect("an axis of features");
        let place = (a.size("offset") + row[row.len() - 1]) as f64;
        let pair = column % half;
        let angle = place * a.float("base").powf(-2.0 * pair as f64 / width as f64);
        let [first, second] = [pair, pair + half].map(|c| x.at(&[row, &[c]].concat()));
        match column < half {
            true => first * angle.cos() - second * angle.sin(),
            false => second * angle.cos() + first * angle.sin(),
        }
    })
}

/// The index of a key for the index of a query's row, `[…, head, query]`: of heads that share
/// keys, neighbors do.
fn key_index(query: &[usize], heads: (usize, usize), key: usize, column: usize) -> Vec<usize> {
    let mut index = query.to_vec();
    index.pop();
    if let Some(head) = index.last_mut() {
        *head /= heads.0 / heads.1;
    }
    [index.as_slice(), &[key, column]].concat()
}

/// How many heads two arrays have, where the axis before the last two is theirs.
fn heads(x: &Array, k: &Array) -> (usize, usize) {
    let heads = |x: &Array| if x.ndim() > 2 { x.shape[x.ndim() - 3].max(1) } else { 1 };
    (heads(x), heads(k))
}

/// `e^score / sum of e^score` over the keys that a query may see; 0 if these are none.
fn weights(q: &Array, k: &Array, mask: Option<&Array>, a: &Args) -> Array {
    let (width, heads) = (*q.shape.last().expect("features"), heads(q, k));
    let (queries, keys) = (q.shape[q.ndim() - 2], k.shape[k.ndim() - 2]);
    let scale = if a.has("scale") { a.float("scale") } else { 1.0 / (width as f64).sqrt() };
    let causal = a.has("causal") && a.flag("causal");
    let score = |index: &[usize]| {
        let (&key, query) = index.split_last().expect("an axis of keys");
        let later = causal && key + queries > query[query.len() - 1] + keys;
        let bias = match mask.map(|mask| (mask.whole, mask.shown_at(index))) {
            _ if later => f64::NEG_INFINITY,
            None => 0.0,
            Some((true, 0.0)) => f64::NEG_INFINITY,
            Some((true, _)) => 0.0,
            Some((false, bias)) => bias,
        };
        let term = |c| q.at(&[query, &[c]].concat()) * k.at(&key_index(query, heads, key, c));
        (0..width).map(term).sum::<f64>() * scale + bias
    };
    let shape = [&q.shape[..q.ndim() - 1], &[keys]].concat();
    let scores = Array::build(&shape, score);
    let mut out = Array::build(&shape, |_| 0.0);
    for (row, out) in
        scores.data.chunks_exact(keys.max(1)).zip(out.data.chunks_exact_mut(keys.max(1)))
    {
        let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if largest > f64::NEG_INFINITY {
            let sum: f64 = row.iter().map(|score| (score - largest).exp()).sum();
            out.iter_mut().zip(row).for_each(|(w, score)| *w = (score - largest).exp() / sum);
        }
    }
    out
}

/// Values averaged by weights.
fn averages(weights: &Array, v: &Array) -> Array {
    let (rows, depth) = (&weights.shape[..weights.ndim() - 1], *v.shape.last().expect("features"));
    let (keys, heads) = (weights.shape[weights.ndim() - 1], heads(weights, v));
    Array::build(&[rows, &[depth]].concat(), |index| {
        let (&column, query) = index.split_last().expect("an axis of features");
        let term = |key| {
            weights.at(&[query, &[key]].concat()) * v.at(&key_index(query, heads, key, column))
        };
        (0..keys).map(term).sum()
    })
}

/// Queries, keys, perhaps values, and perhaps a mask. Scores stay small: what an error in a score
/// does to its weight grows with the score.
fn sample(d: &mut Draw, values: bool) -> Sample {
    let (mut leading, shared) = (d.shape_of(0, 3), d.range(1, 3));
    leading.iter_mut().for_each(|size| *size = (*size).min(2));
    let (queries, keys, width) = (d.size(), d.size(), d.range(1, 4));
    let key_leading = leading.clone();
    let gqa = !leading.is_empty() && shared > 1;
    if gqa {
        *leading.last_mut().expect("an axis of heads") *= shared;
    }
    let of = |leading: &[usize], last: [usize; 2]| [leading, &last].concat();
    let mut inputs = vec![
        d.floats_in(&of(&leading, [queries, width]), -1.5, 1.5),
        d.floats_in(&of(&key_leading, [keys, width]), -1.5, 1.5),
    ];
    if values {
        let depth = d.range(1, 4);
        inputs.push(d.floats(&of(&key_leading, [keys, depth])));
    }
    let mask = d.shrunk(&of(&leading, [queries, keys]));
    match d.range(0, 4) {
        0 => inputs.push(d.mask(&mask)),
        1 => inputs.push(d.floats(&mask)),
        _ => {}
    }
    let args = json!({"causal": d.once_in(2), "enable_gqa": gqa, "scale": d.one_of(&[0.5, 1.0])});
    Sample::new(inputs, args)
}

fn call_multi_head(x: &[Tensor], a: &Args) -> Tensor {
    let linear = |i: usize| Linear { weight: x[i].clone(), bias: Some(x[i + 1].clone()) };
    let heads = a.size("heads");
    let layer = MultiHeadAttention {
        qkv: linear(1),
        out: linear(3),
        dropout: Dropout::new(0.0, &mut Rng::new(0)),
        heads,
        kv_heads: heads,
        causal: a.flag("causal"),
        rotary: None,
    };
    layer.forward(&x[0])
}

/// Projected three times, cut into heads, averaged, joined, projected once more.
fn multi_head(x: &[Array], a: &Args) -> Array {
    let (dim, heads) = (*x[0].shape.last().expect("features"), a.size("heads"));
    let (rows, width) = (&x[0].shape[..x[0].ndim() - 1], dim / heads);
    let (&len, batch) = rows.split_last().expect("an axis of places");
    let project = |of: &Array, weight: &Array, bias: &Array, row: &[usize], out: usize| {
        let term = |c| of.at(&[row, &[c]].concat()) * weight.at(&[out, c]);
        (0..dim).map(term).sum::<f64>() + bias.data[out]
    };
    let part = |which: usize| {
        Array::build(&[batch, &[heads, len, width]].concat(), |i| {
            let (batch, place) = i.split_at(i.len() - 3);
            let row = [batch, &[place[1]]].concat();
            project(&x[0], &x[1], &x[2], &row, which * dim + place[0] * width + place[2])
        })
    };
    let found = averages(&weights(&part(0), &part(1), None, a), &part(2));
    let joined = found.view(&x[0].shape, |i| {
        let (batch, place) = i.split_at(i.len() - 2);
        [batch, &[place[1] / width, place[0], place[1] % width]].concat()
    });
    Array::build(&x[0].shape, |i| {
        let (&out, row) = i.split_last().expect("features");
        project(&joined, &x[3], &x[4], row, out)
    })
}
