//! Comparisons: a mask of 0 and 1.

use super::Row;
use super::elementwise::pairs;
use crate::args::Args;
use crate::array::Array;
use crate::draw::{Draw, Sample};
use serde_json::json;
use tinytorch_tensor::Tensor;

pub fn rows() -> Vec<Row> {
    vec![
        Row::new("eq", |x, a| x[0].eq(right(x, a)), |x, a| mask(x, a, |p, q| p == q), sample),
        Row::new("ne", |x, a| x[0].ne(right(x, a)), |x, a| mask(x, a, |p, q| p != q), sample),
        Row::new("lt", |x, a| x[0].lt(right(x, a)), |x, a| mask(x, a, |p, q| p < q), sample),
        Row::new("le", |x, a| x[0].le(right(x, a)), |x, a| mask(x, a, |p, q| p <= q), sample),
        Row::new("gt", |x, a| x[0].gt(right(x, a)), |x, a| mask(x, a, |p, q| p > q), sample),
        Row::new("ge", |x, a| x[0].ge(right(x, a)), |x, a| mask(x, a, |p, q| p >= q), sample),
    ]
}

/// The second input, or the scalar of the case, which is of the first one's kind.
fn right(x: &[Tensor], a: &Args) -> Tensor {
    match (a.has("right"), x[0].kind()) {
        (false, _) => x[1].clone(),
        (true, "i32") => Tensor::from(a.int("right") as i32),
        (true, _) => Tensor::from(a.f32("right")),
    }
}

fn mask(x: &[Array], a: &Args, holds: impl Fn(f64, f64) -> bool) -> Array {
    pairs(x, a, |p, q| f64::from(u8::from(holds(p, q)))).into_whole()
}

fn sample(d: &mut Draw) -> Sample {
    let (a, b) = d.pair();
    match d.range(0, 6) {
        0 => Sample::new(vec![d.halves(&a)], json!({"right": 0.5})),
        1 => Sample::new(vec![d.ints(&a, 0, 3)], json!({"right": 1})),
        2 => Sample::new(vec![d.ints(&a, 0, 3), d.ints(&b, 0, 3)], json!({})),
        _ => Sample::new(vec![d.halves(&a), d.halves(&b)], json!({})),
    }
}
