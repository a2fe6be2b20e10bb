//! Several tensors become one; and tensors out of nothing.

use super::Row;
use crate::array::{Array, axis};
use crate::draw::Sample;
use serde_json::json;
use tinytorch_tensor::Tensor;

pub fn rows() -> Vec<Row> {
    vec![
        Row::new(
            "cat",
            |x, a| Tensor::cat(&x.iter().collect::<Vec<_>>(), a.int("axis")),
            |x, a| joined(x, axis(a.int("axis"), x[0].ndim())),
            |d| {
                let mut shape = d.shape_of(1, 4);
                let at = d.axis(shape.len());
                let whole = d.once_in(8);
                let pieces = (0..d.range(1, 4)).map(|_| {
                    let place = axis(at, shape.len());
                    shape[place] = d.size();
                    if whole { d.ints(&shape, -9, 9) } else { d.floats(&shape) }
                });
                Sample::new(pieces.collect(), json!({"axis": at}))
            },
        ),
        Row::new(
            "stack",
            |x, a| Tensor::stack(&x.iter().collect::<Vec<_>>(), a.int("axis")),
            |x, a| {
                let at = axis(a.int("axis"), x[0].ndim() + 1);
                let mut thin = x[0].shape.clone();
                thin.insert(at, 1);
                joined(&x.iter().map(|x| x.reshaped(&thin)).collect::<Vec<_>>(), at)
            },
            |d| {
                let shape = d.shape_of(0, 4);
                let pieces = (0..d.range(1, 4)).map(|_| d.floats(&shape)).collect();
                Sample::new(pieces, json!({"axis": d.axis(shape.len() + 1)}))
            },
        ),
        Row::new(
            "arange",
            |_, a| Tensor::arange(a.f32("start"), a.f32("end"), a.f32("step")),
            |_, a| {
                let (start, end, step) = (a.float("start"), a.float("end"), a.float("step"));
                let count = ((end - start) / step).ceil().max(0.0) as usize;
                Array::build(&[count], |i| start + i[0] as f64 * step)
            },
            |d| {
                let step = d.one_of(&[-2.5, -1.0, -0.25, 0.25, 0.5, 1.0, 3.0]);
                let end = d.float().abs() * f64::signum(step) * 4.0;
                Sample::new(vec![], json!({"start": 0.0, "end": end, "step": step}))
            },
        ),
        Row::new(
            "linspace",
            |_, a| Tensor::linspace(a.f32("start"), a.f32("end"), a.size("steps")),
            |_, a| {
                let (start, end, steps) = (a.float("start"), a.float("end"), a.size("steps"));
                let step = (end - start) / (steps as f64 - 1.0).max(1.0);
                Array::build(&[steps], |i| start + i[0] as f64 * step)
            },
            |d| {
                let (start, end, steps) = (d.float(), d.float(), d.range(0, 20));
                Sample::new(vec![], json!({"start": start, "end": end, "steps": steps}))
            },
        ),
        Row::new(
            "eye",
            |_, a| Tensor::eye(a.size("n")),
            |_, a| Array::build(&[a.size("n"), a.size("n")], |i| f64::from(u8::from(i[0] == i[1]))),
            |d| Sample::new(vec![], json!({"n": d.range(0, 8)})),
        ),
    ]
}

/// One after the other along an axis.
fn joined(pieces: &[Array], at: usize) -> Array {
    let mut shape = pieces[0].shape.clone();
    shape[at] = pieces.iter().map(|p| p.shape[at]).sum();
    let whole = Array::build(&shape, |i| {
        let mut own = i.to_vec();
        let mut pieces = pieces.iter();
        let mut piece = pieces.next().expect("a piece");
        while own[at] >= piece.shape[at] {
            own[at] -= piece.shape[at];
            piece = pieces.next().expect("the sizes add up");
        }
        piece.at(&own)
    });
    Array { whole: pieces[0].whole, ..whole }
}
