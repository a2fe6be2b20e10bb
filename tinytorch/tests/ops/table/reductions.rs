//! Many numbers become one: over all axes, or over some.

use super::Row;
use crate::args::Args;
use crate::array::{Array, axis};
use crate::draw::{Draw, Sample};
use serde_json::json;

pub fn rows() -> Vec<Row> {
    let mut rows = over_all();
    rows.extend(over_some());
    rows.extend([
        Row::new(
            "argmax",
            |x, a| x[0].argmax(a.int("axis"), a.flag("keepdim")),
            |x, a| {
                x[0].reduce(&[a.int("axis")], a.flag("keepdim"), |g| first(g, max(g))).into_whole()
            },
            one_axis,
        ),
        Row::new(
            "argmin",
            |x, a| x[0].argmin(a.int("axis"), a.flag("keepdim")),
            |x, a| {
                x[0].reduce(&[a.int("axis")], a.flag("keepdim"), |g| first(g, min(g))).into_whole()
            },
            one_axis,
        ),
        Row::new(
            "sum_to",
            |x, a| x[0].sum_to(a.shape("shape")),
            |x, a| {
                let to = a.shape("shape");
                let new = x[0].ndim() - to.len();
                let summed = |&i: &usize| i < new || to[i - new] == 1;
                let axes: Vec<isize> =
                    (0..x[0].ndim()).filter(summed).map(|i| i as isize).collect();
                x[0].reduce(&axes, true, sum).reshaped(&to)
            },
            |d| {
                let from = d.shape();
                let to = d.shrunk(&from);
                Sample::new(vec![d.floats(&from)], json!({"shape": to}))
            },
        ),
    ]);
    rows
}

fn over_all() -> Vec<Row> {
    vec![
        Row::new("sum", |x, _| x[0].sum(), |x, _| all(&x[0], sum), anything),
        Row::new("mean", |x, _| x[0].mean(), |x, _| all(&x[0], mean), something),
        Row::new("var", |x, _| x[0].var(), |x, _| all(&x[0], |g| var(g, 1)), several),
        Row::new("std", |x, _| x[0].std(), |x, _| all(&x[0], |g| var(g, 1).sqrt()), several)
            .on_distinct_numbers(),
        Row::new("max", |x, _| x[0].max(), |x, _| all(&x[0], max), something_of_any_kind)
            .on_distinct_numbers(),
        Row::new("min", |x, _| x[0].min(), |x, _| all(&x[0], min), something_of_any_kind)
            .on_distinct_numbers(),
    ]
}

fn over_some() -> Vec<Row> {
    vec![
        Row::new(
            "sum_over",
            |x, a| x[0].sum_over(a.ints("axes").as_slice(), a.flag("keepdim")),
            |x, a| over(&x[0], a, sum),
            |d| some_axes_of_any_kind(d, 0),
        ),
        Row::new(
            "mean_over",
            |x, a| x[0].mean_over(a.ints("axes").as_slice(), a.flag("keepdim")),
            |x, a| over(&x[0], a, mean),
            |d| some_axes(d, 1),
        ),
        Row::new(
            "max_over",
            |x, a| x[0].max_over(a.ints("axes").as_slice(), a.flag("keepdim")),
            |x, a| over(&x[0], a, max),
            |d| some_axes_of_any_kind(d, 1),
        )
        .on_distinct_numbers(),
        Row::new(
            "min_over",
            |x, a| x[0].min_over(a.ints("axes").as_slice(), a.flag("keepdim")),
            |x, a| over(&x[0], a, min),
            |d| some_axes_of_any_kind(d, 1),
        )
        .on_distinct_numbers(),
        Row::new(
            "var_over",
            |x, a| {
                x[0].var_over(a.ints("axes").as_slice(), a.size("correction"), a.flag("keepdim"))
            },
            |x, a| over(&x[0], a, |g| var(g, a.size("correction"))),
            |d| some_axes(d, 2),
        ),
        Row::new(
            "std_over",
            |x, a| {
                x[0].std_over(a.ints("axes").as_slice(), a.size("correction"), a.flag("keepdim"))
            },
            |x, a| over(&x[0], a, |g| var(g, a.size("correction")).sqrt()),
            |d| some_axes(d, 2),
        )
        .on_distinct_numbers(),
    ]
}

pub fn sum(group: &[f64]) -> f64 {
    group.iter().sum()
}

pub fn mean(group: &[f64]) -> f64 {
    sum(group) / group.len() as f64
}

fn max(group: &[f64]) -> f64 {
    group.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

fn min(group: &[f64]) -> f64 {
    group.iter().copied().fold(f64::INFINITY, f64::min)
}

fn var(group: &[f64], correction: usize) -> f64 {
    let middle = mean(group);
    let squares: f64 = group.iter().map(|x| (x - middle).powi(2)).sum();
    squares / (group.len() as f64 - correction as f64).max(0.0)
}

/// The first place of a number.
fn first(group: &[f64], x: f64) -> f64 {
    group.iter().position(|&y| y == x).expect("it is there") as f64
}

/// Over every axis.
pub fn all(x: &Array, f: impl Fn(&[f64]) -> f64) -> Array {
    let answer = Array::scalar(f(&x.data));
    Array { whole: x.whole, ..answer }
}

fn over(x: &Array, a: &Args, f: impl Fn(&[f64]) -> f64) -> Array {
    x.reduce(&a.ints("axes"), a.flag("keepdim"), f)
}

fn anything(d: &mut Draw) -> Sample {
    let shape = d.shape();
    Sample::new(vec![d.numbers(&shape)], json!({}))
}

/// At least one number.
fn something(d: &mut Draw) -> Sample {
    let shape = d.filled_shape(0);
    Sample::new(vec![d.floats(&shape)], json!({}))
}

/// The same, at times of integers.
fn something_of_any_kind(d: &mut Draw) -> Sample {
    let shape = d.filled_shape(0);
    Sample::new(vec![d.numbers(&shape)], json!({}))
}

/// At least two numbers.
fn several(d: &mut Draw) -> Sample {
    let mut shape = d.filled_shape(0);
    shape.truncate(3);
    shape.push(2);
    Sample::new(vec![d.floats(&shape)], json!({}))
}

/// Some axes, of at least `least` numbers each when they are reduced over.
fn some_axes(d: &mut Draw, least: usize) -> Sample {
    let mut shape = d.shape_of(1, 4);
    let axes = d.axes(shape.len());
    for &a in &axes {
        let at = axis(a, shape.len());
        shape[at] = shape[at].max(least);
    }
    let (keepdim, correction) = (d.once_in(2), d.range(0, 2));
    let args = json!({"axes": axes, "keepdim": keepdim, "correction": correction});
    Sample::new(vec![d.floats(&shape)], args)
}

/// The same, at times of integers.
fn some_axes_of_any_kind(d: &mut Draw, least: usize) -> Sample {
    let sample = some_axes(d, least);
    let numbers = d.numbers(&sample.inputs[0].shape);
    Sample { inputs: vec![numbers], ..sample }
}

fn one_axis(d: &mut Draw) -> Sample {
    let mut shape = d.shape_of(1, 5);
    let at = d.axis(shape.len());
    let place = axis(at, shape.len());
    shape[place] = shape[place].max(1);
    Sample::new(vec![d.numbers(&shape)], json!({"axis": at, "keepdim": d.once_in(2)}))
}
