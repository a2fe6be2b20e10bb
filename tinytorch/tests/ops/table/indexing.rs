//! Picking by index, and putting back.

use super::Row;
use crate::args::Args;
use crate::array::{Array, axis, each_index};
use crate::draw::{Draw, Sample};
use serde_json::json;

pub fn rows() -> Vec<Row> {
    vec![
        Row::new(
            "gather",
            |x, a| x[0].gather(a.int("axis"), &x[1]),
            |x, a| {
                let at = axis(a.int("axis"), x[0].ndim());
                x[0].view(&x[1].shape, |i| {
                    let mut from = i.to_vec();
                    from[at] = x[1].at(i) as usize;
                    from
                })
            },
            |d| {
                let (shape, at, size) = indexed(d);
                let mut to = shape.clone();
                to[axis(at, shape.len())] = d.size();
                Sample::new(vec![d.numbers(&shape), d.ints(&to, 0, size)], json!({"axis": at}))
            },
        ),
        Row::new(
            "scatter_add",
            |x, a| x[0].scatter_add(a.int("axis"), &x[1], a.size("size")),
            |x, a| {
                let at = axis(a.int("axis"), x[0].ndim());
                added(&x[0], a, |i| {
                    let mut to = i.to_vec();
                    to[at] = x[1].at(i) as usize;
                    to
                })
            },
            |d| {
                let (mut shape, at, size) = indexed(d);
                let place = axis(at, shape.len());
                shape[place] = d.size();
                let index = d.ints(&shape, 0, size);
                Sample::new(vec![d.floats(&shape), index], json!({"axis": at, "size": size}))
            },
        ),
        Row::new(
            "index_select",
            |x, a| x[0].index_select(a.int("axis"), &x[1]),
            |x, a| {
                let at = axis(a.int("axis"), x[0].ndim());
                let mut shape = x[0].shape.clone();
                shape[at] = x[1].numel();
                x[0].view(&shape, |i| {
                    let mut from = i.to_vec();
                    from[at] = x[1].data[i[at]] as usize;
                    from
                })
            },
            |d| {
                let (shape, at, size) = indexed(d);
                let count = d.size();
                Sample::new(vec![d.numbers(&shape), d.ints(&[count], 0, size)], json!({"axis": at}))
            },
        ),
        Row::new(
            "index_add",
            |x, a| x[0].index_add(a.int("axis"), &x[1], a.size("size")),
            |x, a| {
                let at = axis(a.int("axis"), x[0].ndim());
                added(&x[0], a, |i| {
                    let mut to = i.to_vec();
                    to[at] = x[1].data[i[at]] as usize;
                    to
                })
            },
            |d| {
                let (mut shape, at, size) = indexed(d);
                let (place, count) = (axis(at, shape.len()), d.size());
                shape[place] = count;
                let index = d.ints(&[count], 0, size);
                Sample::new(vec![d.floats(&shape), index], json!({"axis": at, "size": size}))
            },
        ),
        Row::new(
            "one_hot",
            |x, a| x[0].one_hot(a.size("classes")),
            |x, a| {
                let mut shape = x[0].shape.clone();
                shape.push(a.size("classes"));
                let hot = Array::build(&shape, |i| {
                    let (class, own) = i.split_last().expect("an axis of classes");
                    f64::from(u8::from(x[0].at(own) == *class as f64))
                });
                hot.into_whole()
            },
            |d| {
                let (shape, classes) = (d.shape_of(0, 3), d.range(1, 6));
                let labels = d.ints(&shape, 0, classes as isize);
                Sample::new(vec![labels], json!({"classes": classes}))
            },
        ),
    ]
}

/// Every number added at its place, into zeros of `size` along the axis.
fn added(x: &Array, a: &Args, to: impl Fn(&[usize]) -> Vec<usize>) -> Array {
    let mut shape = x.shape.clone();
    shape[axis(a.int("axis"), x.ndim())] = a.size("size");
    let mut sums = Array::build(&shape, |_| 0.0);
    each_index(&x.shape, |i| sums.add_at(&to(i), x.at(i)));
    sums
}

/// A shape, an axis of it, and the size of that axis, which is not 0.
fn indexed(d: &mut Draw) -> (Vec<usize>, isize, isize) {
    let mut shape = d.shape_of(1, 4);
    let at = d.axis(shape.len());
    let place = axis(at, shape.len());
    shape[place] = shape[place].max(1);
    let size = shape[place] as isize;
    (shape, at, size)
}
