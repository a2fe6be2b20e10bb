//! Matrix products.

use super::Row;
use crate::array::{Array, broadcast};
use crate::draw::Sample;
use serde_json::json;
use tinytorch_layers::{Linear, Module};

pub fn rows() -> Vec<Row> {
    vec![
        Row::new(
            "matmul",
            |x, _| x[0].matmul(&x[1]),
            |x, _| matmul(&x[0], &x[1]),
            |d| {
                let [m, k, n] = [d.size(), d.size(), d.size()];
                let batch = d.shape_of(0, 3);
                let batch: Vec<usize> = batch.into_iter().map(|s| s.min(2)).collect();
                let (left, right) = (d.shrunk(&batch), d.shrunk(&batch));
                let a = if d.once_in(4) { vec![k] } else { [left, vec![m, k]].concat() };
                let b = if d.once_in(4) { vec![k] } else { [right, vec![k, n]].concat() };
                Sample::new(vec![d.floats(&a), d.floats(&b)], json!({}))
            },
        ),
        Row::new(
            "linear",
            |x, _| {
                let layer = Linear { weight: x[1].clone(), bias: x.get(2).cloned() };
                layer.forward(&x[0])
            },
            |x, _| {
                let mut shape = x[0].shape.clone();
                let inputs = shape.pop().expect("an axis of features");
                shape.push(x[1].shape[0]);
                Array::build(&shape, |i| {
                    let (&o, row) = i.split_last().expect("an axis of features");
                    let term = |k| x[0].at(&[row, &[k]].concat()) * x[1].at(&[o, k]);
                    (0..inputs).map(term).sum::<f64>() + x.get(2).map_or(0.0, |bias| bias.at(&[o]))
                })
            },
            |d| {
                let x = d.shape_of(1, 4);
                let (inputs, outputs) = (x[x.len() - 1], d.size());
                let mut all = vec![d.floats(&x), d.floats(&[outputs, inputs])];
                if d.once_in(2) {
                    all.push(d.floats(&[outputs]));
                }
                Sample::new(all, json!({}))
            },
        ),
    ]
}

/// `[.., m, k] x [.., k, n] -> [.., m, n]`; a vector is a row on the left, a column on the right.
fn matmul(a: &Array, b: &Array) -> Array {
    let row = a.reshaped(&if a.ndim() == 1 { vec![1, a.shape[0]] } else { a.shape.clone() });
    let column = b.reshaped(&if b.ndim() == 1 { vec![b.shape[0], 1] } else { b.shape.clone() });
    let [batch_a, batch_b] = [&row, &column].map(|x| &x.shape[..x.ndim() - 2]);
    let (m, k, n) =
        (row.shape[row.ndim() - 2], row.shape[row.ndim() - 1], column.shape[column.ndim() - 1]);
    let shape = [broadcast(&[batch_a, batch_b]), vec![m, n]].concat();
    let product = Array::build(&shape, |index| {
        let (batch, place) = index.split_at(index.len() - 2);
        let term = |p| {
            let left = row.shown_at(&[batch, &[place[0], p]].concat());
            left * column.shown_at(&[batch, &[p, place[1]]].concat())
        };
        (0..k).map(term).sum()
    });
    let mut shape = product.shape.clone();
    let last = shape.len() - 1;
    if b.ndim() == 1 {
        shape.remove(last);
    }
    if a.ndim() == 1 {
        shape.remove(last - 1);
    }
    product.reshaped(&shape)
}
