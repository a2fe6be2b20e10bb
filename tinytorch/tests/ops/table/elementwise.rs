//! Number by number, with broadcasting.

use super::Row;
use crate::args::Args;
use crate::array::{Array, broadcast, zip};
use crate::draw::{Draw, Sample};
use serde_json::json;
use tinytorch::acceleration::LowPrecision;
use tinytorch_tensor::Tensor;

pub fn rows() -> Vec<Row> {
    vec![
        Row::new(
            "add",
            |x, a| match (a.has("left"), a.has("right")) {
                (true, _) => a.f32("left") + &x[0],
                (_, true) => &x[0] + a.f32("right"),
                _ => &x[0] + &x[1],
            },
            |x, a| pairs(x, a, |p, q| p + q),
            two_or_scalar,
        ),
        Row::new(
            "sub",
            |x, a| match (a.has("left"), a.has("right")) {
                (true, _) => a.f32("left") - &x[0],
                (_, true) => &x[0] - a.f32("right"),
                _ => &x[0] - &x[1],
            },
            |x, a| pairs(x, a, |p, q| p - q),
            two_or_scalar,
        ),
        Row::new(
            "mul",
            |x, a| match (a.has("left"), a.has("right")) {
                (true, _) => a.f32("left") * &x[0],
                (_, true) => &x[0] * a.f32("right"),
                _ => &x[0] * &x[1],
            },
            |x, a| pairs(x, a, |p, q| p * q),
            two_or_scalar,
        ),
        Row::new(
            "div",
            |x, a| match (a.has("left"), a.has("right")) {
                (true, _) => a.f32("left") / &x[0],
                (_, true) => &x[0] / a.f32("right"),
                _ => &x[0] / &x[1],
            },
            |x, a| pairs(x, a, |p, q| p / q),
            |d| {
                let (a, b) = d.pair();
                let signed = d.positive(&b).map(|x| if x > 1.7 { -x } else { x });
                match d.range(0, 4) {
                    0 => Sample::new(vec![d.floats(&a)], json!({"right": d.float()})),
                    1 => Sample::new(vec![signed], json!({"left": d.float()})),
                    _ => Sample::new(vec![d.floats(&a), signed], json!({})),
                }
            },
        ),
        Row::new(
            "pow",
            |x, a| match a.has("right") {
                true => x[0].pow(a.f32("right")),
                false => x[0].pow(&x[1]),
            },
            |x, a| pairs(x, a, f64::powf),
            |d| {
                let (a, b) = d.pair();
                let exponents = [-2.0, -1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0];
                match d.range(0, 4) {
                    0 => Sample::new(vec![d.positive(&a)], json!({"right": d.one_of(&exponents)})),
                    1 => Sample::new(vec![d.floats(&a)], json!({"right": d.one_of(&[2, 3])})),
                    _ => Sample::new(vec![d.positive(&a), d.floats(&b)], json!({})),
                }
            },
        ),
        Row::new(
            "maximum",
            |x, a| match a.has("right") {
                true => x[0].maximum(a.f32("right")),
                false => x[0].maximum(&x[1]),
            },
            |x, a| pairs(x, a, f64::max),
            two_or_right,
        ),
        Row::new(
            "minimum",
            |x, a| match a.has("right") {
                true => x[0].minimum(a.f32("right")),
                false => x[0].minimum(&x[1]),
            },
            |x, a| pairs(x, a, f64::min),
            two_or_right,
        ),
        Row::new("neg", |x, _| -&x[0], |x, _| x[0].each(|x| -x), one_of_any_kind),
        Row::new("exp", |x, _| x[0].exp(), |x, _| x[0].map(f64::exp), one),
        Row::new("ln", |x, _| x[0].ln(), |x, _| x[0].map(f64::ln), one_positive),
        Row::new("sqrt", |x, _| x[0].sqrt(), |x, _| x[0].map(f64::sqrt), one_positive),
        Row::new("abs", |x, _| x[0].abs(), |x, _| x[0].each(f64::abs), one_of_any_kind),
        Row::new(
            "clamp",
            |x, a| x[0].clamp(a.f32("min"), a.f32("max")),
            |x, a| x[0].map(|x| x.clamp(a.float("min"), a.float("max"))),
            |d| {
                let shape = d.shape();
                Sample::new(vec![d.floats(&shape)], json!({"min": -0.75, "max": 1.25}))
            },
        ),
        Row::new(
            "where",
            |x, a| match (a.has("then"), a.has("otherwise")) {
                (true, _) => Tensor::where_(&x[0], a.f32("then"), &x[1]),
                (_, true) => Tensor::where_(&x[0], &x[1], a.f32("otherwise")),
                _ => Tensor::where_(&x[0], &x[1], &x[2]),
            },
            |x, a| {
                let scalar = |name| a.has(name).then(|| Array::scalar(a.float(name)));
                let then = scalar("then").unwrap_or_else(|| x[1].clone());
                let otherwise = scalar("otherwise").unwrap_or_else(|| x[x.len() - 1].clone());
                let shape = broadcast(&[&x[0].shape, &then.shape, &otherwise.shape]);
                let taken = |mask: f64| if mask != 0.0 { &then } else { &otherwise };
                let chosen = Array::build(&shape, |i| taken(x[0].shown_at(i)).shown_at(i));
                Array { whole: then.whole, ..chosen }
            },
            |d| {
                let (a, b) = d.pair();
                let shape = broadcast(&[&a, &b]);
                let mask = d.shrunk(&shape);
                let mask = d.mask(&mask);
                match d.range(0, 8) {
                    0 => Sample::new(vec![mask, d.floats(&a)], json!({"then": d.float()})),
                    1 => Sample::new(vec![mask, d.floats(&a)], json!({"otherwise": d.float()})),
                    2 => Sample::new(vec![mask, d.ints(&a, -9, 9), d.ints(&b, -9, 9)], json!({})),
                    _ => Sample::new(vec![mask, d.floats(&a), d.floats(&b)], json!({})),
                }
            },
        ),
        Row::new(
            "masked_fill",
            |x, a| x[0].masked_fill(&x[1], a.f32("value")),
            |x, a| zip(&x[0], &x[1], |x, m| if m != 0.0 { a.float("value") } else { x }),
            |d| {
                let shape = d.shape();
                let mask = d.shrunk(&shape);
                Sample::new(vec![d.floats(&shape), d.mask(&mask)], json!({"value": -7.5}))
            },
        ),
        Row::new(
            "to_f32",
            |x, _| x[0].to_f32(),
            |x, _| x[0].map(|x| x),
            |d| {
                let shape = d.shape();
                Sample::new(vec![d.ints(&shape, -99, 99)], json!({}))
            },
        ),
        // Rounded, so no difference tells the slope, which is taken as 1.
        Row::new("to_bf16", |x, _| x[0].to_bf16().to_f32(), |x, _| x[0].map(to_bf16), one)
            .with_constants(&[0]),
        Row::new("to_i32", |x, _| x[0].to_i32(), |x, _| x[0].map(f64::trunc).into_whole(), one),
        Row::new(
            "contiguous",
            |x, _| x[0].transpose(0, -1).contiguous(),
            |x, _| {
                let mut shape = x[0].shape.clone();
                let last = shape.len() - 1;
                shape.swap(0, last);
                x[0].view(&shape, |i| {
                    let mut from = i.to_vec();
                    from.swap(0, last);
                    from
                })
            },
            |d| {
                let shape = d.shape_of(1, 5);
                Sample::new(vec![d.numbers(&shape)], json!({}))
            },
        ),
    ]
}

/// `f` of the two inputs, or of the input and a scalar on its left or right.
pub fn pairs(x: &[Array], a: &Args, f: impl Fn(f64, f64) -> f64) -> Array {
    let answer = match (a.has("left"), a.has("right")) {
        (true, _) => zip(&Array::scalar(a.float("left")), &x[0], f),
        (_, true) => zip(&x[0], &Array::scalar(a.float("right")), f),
        _ => zip(&x[0], &x[1], f),
    };
    Array { whole: x.iter().all(|x| x.whole), ..answer }
}

fn one(d: &mut Draw) -> Sample {
    let shape = d.shape();
    Sample::new(vec![d.floats(&shape)], json!({}))
}

fn one_of_any_kind(d: &mut Draw) -> Sample {
    let shape = d.shape();
    Sample::new(vec![d.numbers(&shape)], json!({}))
}

fn one_positive(d: &mut Draw) -> Sample {
    let shape = d.shape();
    Sample::new(vec![d.positive(&shape)], json!({}))
}

fn two_or_right(d: &mut Draw) -> Sample {
    let (a, b) = d.pair();
    match d.range(0, 8) {
        0 => Sample::new(vec![d.floats(&a)], json!({"right": 0.6875})),
        1 => Sample::new(vec![d.ints(&a, -9, 9), d.ints(&b, -9, 9)], json!({})),
        _ => Sample::new(vec![d.floats(&a), d.floats(&b)], json!({})),
    }
}

fn two_or_scalar(d: &mut Draw) -> Sample {
    let (a, b) = d.pair();
    match d.range(0, 6) {
        0 => Sample::new(vec![d.floats(&a)], json!({"right": d.float()})),
        1 => Sample::new(vec![d.floats(&a)], json!({"left": d.float()})),
        2 => Sample::new(vec![d.ints(&a, -9, 9), d.ints(&b, -9, 9)], json!({})),
        _ => Sample::new(vec![d.floats(&a), d.floats(&b)], json!({})),
    }
}

/// The nearest number that has 8 bits of significance, the even one of two.
fn to_bf16(x: f64) -> f64 {
    let unit = 2f64.powi(x.abs().log2().floor() as i32 - 7);
    if x == 0.0 { x } else { (x / unit).round_ties_even() * unit }
}
