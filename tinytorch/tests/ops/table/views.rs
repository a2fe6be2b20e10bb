//! The same numbers under another shape: what the framework does with strides, here with indices.

use super::Row;
use crate::array::{Array, axis};
use crate::draw::{Draw, Sample};
use serde_json::json;

pub fn rows() -> Vec<Row> {
    let mut rows = reshapes();
    rows.extend(reorders());
    rows.extend(cuts());
    rows
}

/// Row-major order stays, the shape changes.
fn reshapes() -> Vec<Row> {
    vec![
        Row::new(
            "reshape",
            |x, a| x[0].reshape(a.ints("shape").as_slice()),
            |x, a| {
                let mut shape = a.ints("shape");
                let known: isize = shape.iter().filter(|&&s| s >= 0).product();
                if let Some(open) = shape.iter_mut().find(|s| **s < 0) {
                    *open = x[0].numel() as isize / known;
                }
                x[0].reshaped(&shape.iter().map(|&s| s as usize).collect::<Vec<_>>())
            },
            |d| {
                let shape = d.shape();
                let mut left = shape.iter().product::<usize>();
                let mut to = vec![];
                for factor in [2, 3] {
                    if left > 0 && left % factor == 0 && d.once_in(2) {
                        to.push(factor as isize);
                        left /= factor;
                    }
                }
                to.push(if left > 0 && d.once_in(2) { -1 } else { left as isize });
                Sample::new(vec![d.numbers(&shape)], json!({"shape": to}))
            },
        ),
        Row::new(
            "squeeze",
            |x, a| x[0].squeeze(a.int("axis")),
            |x, a| {
                let mut shape = x[0].shape.clone();
                let at = axis(a.int("axis"), shape.len());
                if shape[at] == 1 {
                    shape.remove(at);
                }
                x[0].reshaped(&shape)
            },
            one_axis,
        ),
        Row::new(
            "squeeze_all",
            |x, _| x[0].squeeze_all(),
            |x, _| {
                x[0].reshaped(&x[0].shape.iter().copied().filter(|&s| s != 1).collect::<Vec<_>>())
            },
            |d| {
                let shape = d.shape();
                Sample::new(vec![d.numbers(&shape)], json!({}))
            },
        ),
        Row::new(
            "unsqueeze",
            |x, a| x[0].unsqueeze(a.int("axis")),
            |x, a| {
                let mut shape = x[0].shape.clone();
                shape.insert(axis(a.int("axis"), shape.len() + 1), 1);
                x[0].reshaped(&shape)
            },
            |d| {
                let shape = d.shape();
                Sample::new(vec![d.numbers(&shape)], json!({"axis": d.axis(shape.len() + 1)}))
            },
        ),
        Row::new(
            "flatten",
            |x, a| x[0].flatten(a.int("start")),
            |x, a| flattened(&x[0], a.int("start"), -1),
            |d| {
                let shape = d.shape_of(1, 5);
                Sample::new(vec![d.numbers(&shape)], json!({"start": d.axis(shape.len())}))
            },
        ),
        Row::new(
            "flatten_range",
            |x, a| x[0].flatten_range(a.int("start"), a.int("end")),
            |x, a| flattened(&x[0], a.int("start"), a.int("end")),
            |d| {
                let shape = d.shape_of(1, 5);
                let start = d.range(0, shape.len());
                let end = d.range(start, shape.len());
                Sample::new(vec![d.numbers(&shape)], json!({"start": start, "end": end}))
            },
        ),
    ]
}

/// The axes change places, or show a number several times.
fn reorders() -> Vec<Row> {
    vec![
        Row::new(
            "permute",
            |x, a| x[0].permute(a.ints("axes").as_slice()),
            |x, a| {
                let order = a.ints("axes");
                let order: Vec<usize> = order.iter().map(|&o| axis(o, x[0].ndim())).collect();
                permuted(&x[0], &order)
            },
            |d| {
                let shape = d.shape();
                Sample::new(vec![d.numbers(&shape)], json!({"axes": d.order(shape.len())}))
            },
        ),
        Row::new(
            "transpose",
            |x, a| x[0].transpose(a.ints("axes")[0], a.ints("axes")[1]),
            |x, a| swapped(&x[0], a.ints("axes")[0], a.ints("axes")[1]),
            |d| {
                let shape = d.shape_of(1, 5);
                let axes = [d.axis(shape.len()), d.axis(shape.len())];
                Sample::new(vec![d.numbers(&shape)], json!({"axes": axes}))
            },
        ),
        Row::new(
            "t",
            |x, _| x[0].t(),
            |x, _| swapped(&x[0], 0, 1),
            |d| {
                let shape = d.shape_of(2, 3);
                Sample::new(vec![d.numbers(&shape)], json!({}))
            },
        ),
        Row::new(
            "expand",
            |x, a| x[0].expand(a.shape("shape")),
            |x, a| grown(&x[0], &a.shape("shape")),
            grow,
        ),
        Row::new(
            "broadcast_to",
            |x, a| x[0].broadcast_to(a.shape("shape")),
            |x, a| grown(&x[0], &a.shape("shape")),
            grow,
        ),
    ]
}

/// Some of the numbers along an axis.
fn cuts() -> Vec<Row> {
    vec![
        Row::new(
            "narrow",
            |x, a| x[0].narrow(a.int("axis"), a.size("start"), a.size("len")),
            |x, a| every(&x[0], a.int("axis"), a.size("start"), a.size("len"), 1),
            |d| {
                let (shape, axis, start, end) = cut(d);
                let args = json!({"axis": axis, "start": start, "len": end - start});
                Sample::new(vec![d.numbers(&shape)], args)
            },
        ),
        Row::new(
            "slice",
            |x, a| x[0].slice(a.int("axis"), a.size("start")..a.size("end")),
            |x, a| every(&x[0], a.int("axis"), a.size("start"), a.size("end") - a.size("start"), 1),
            |d| {
                let (shape, axis, start, end) = cut(d);
                Sample::new(
                    vec![d.numbers(&shape)],
                    json!({"axis": axis, "start": start, "end": end}),
                )
            },
        ),
        Row::new(
            "slice_step",
            |x, a| x[0].slice_step(a.int("axis"), a.size("start")..a.size("end"), a.size("step")),
            |x, a| {
                let (start, end, step) = (a.size("start"), a.size("end"), a.size("step"));
                every(&x[0], a.int("axis"), start, (end - start).div_ceil(step), step)
            },
            |d| {
                let (shape, axis, start, end) = cut(d);
                let step = d.range(1, 4);
                let args = json!({"axis": axis, "start": start, "end": end, "step": step});
                Sample::new(vec![d.numbers(&shape)], args)
            },
        ),
        Row::new(
            "select",
            |x, a| x[0].select(a.int("axis"), a.size("index")),
            |x, a| {
                let one = every(&x[0], a.int("axis"), a.size("index"), 1, 1);
                let mut shape = one.shape.clone();
                shape.remove(axis(a.int("axis"), shape.len()));
                one.reshaped(&shape)
            },
            |d| {
                let mut shape = d.shape_of(1, 5);
                let at = d.axis(shape.len());
                let place = axis(at, shape.len());
                shape[place] = shape[place].max(1);
                let index = d.range(0, shape[place]);
                Sample::new(vec![d.numbers(&shape)], json!({"axis": at, "index": index}))
            },
        ),
    ]
}

fn one_axis(d: &mut Draw) -> Sample {
    let shape = d.shape_of(1, 5);
    Sample::new(vec![d.numbers(&shape)], json!({"axis": d.axis(shape.len())}))
}

/// A shape, an axis of it, and a range on that axis.
fn cut(d: &mut Draw) -> (Vec<usize>, isize, usize, usize) {
    let shape = d.shape_of(1, 5);
    let at = d.axis(shape.len());
    let size = shape[axis(at, shape.len())];
    let start = d.range(0, size + 1);
    let end = d.range(start, size + 1);
    (shape, at, start, end)
}

/// A shape and one that it broadcasts to.
fn grow(d: &mut Draw) -> Sample {
    let to = d.shape();
    let from = d.shrunk(&to);
    Sample::new(vec![d.numbers(&from)], json!({"shape": to}))
}

fn flattened(x: &Array, start: isize, end: isize) -> Array {
    let (start, end) = (axis(start, x.ndim()), axis(end, x.ndim()));
    let mut shape = x.shape[..start].to_vec();
    shape.push(x.shape[start..=end].iter().product());
    shape.extend(&x.shape[end + 1..]);
    x.reshaped(&shape)
}

fn permuted(x: &Array, order: &[usize]) -> Array {
    let shape: Vec<usize> = order.iter().map(|&o| x.shape[o]).collect();
    x.view(&shape, |i| {
        let mut from = vec![0; order.len()];
        order.iter().zip(i).for_each(|(&o, &i)| from[o] = i);
        from
    })
}

fn swapped(x: &Array, a: isize, b: isize) -> Array {
    let mut order: Vec<usize> = (0..x.ndim()).collect();
    order.swap(axis(a, x.ndim()), axis(b, x.ndim()));
    permuted(x, &order)
}

fn grown(x: &Array, to: &[usize]) -> Array {
    Array { whole: x.whole, ..Array::build(to, |i| x.shown_at(i)) }
}

/// `len` places along an axis, from `start`, `step` apart.
fn every(x: &Array, at: isize, start: usize, len: usize, step: usize) -> Array {
    let at = axis(at, x.ndim());
    let mut shape = x.shape.clone();
    shape[at] = len;
    x.view(&shape, |i| {
        let mut from = i.to_vec();
        from[at] = start + i[at] * step;
        from
    })
}
