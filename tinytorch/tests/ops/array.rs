//! Numbers with a shape, in f64: what the definitions in the table compute with, index by index.

use crate::fixtures;
use serde_json::Value;
use tinytorch_tensor::Tensor;

/// Numbers in row-major order. Integers and masks are `whole`.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    pub shape: Vec<usize>,
    pub data: Vec<f64>,
    pub whole: bool,
}

impl Array {
    /// The number at each index, asked for in row-major order.
    pub fn build(shape: &[usize], mut at: impl FnMut(&[usize]) -> f64) -> Array {
        let mut data = Vec::new();
        each_index(shape, |index| data.push(at(index)));
        Array { shape: shape.to_vec(), data, whole: false }
    }

    /// One number, without axes.
    pub fn scalar(x: f64) -> Array {
        Array { shape: vec![], data: vec![x], whole: false }
    }

    /// From a fixture.
    pub fn read(value: &Value) -> Array {
        Array {
            shape: fixtures::shape(value),
            data: fixtures::numbers(value),
            whole: fixtures::is_whole(value),
        }
    }

    /// The nearest numbers that f32 holds: an input is one of them, nine digits only name it.
    pub fn rounded(&self) -> Array {
        self.each(|x| f64::from(x as f32))
    }

    /// From a tensor of any layout.
    pub fn of(t: &Tensor) -> Array {
        let whole = t.kind() == "i32";
        let data = match whole {
            true => t.to_vec_i32().into_iter().map(f64::from).collect(),
            false => t.to_vec().into_iter().map(f64::from).collect(),
        };
        Array { shape: t.shape().to_vec(), data, whole }
    }

    /// As a contiguous tensor, rounded to f32 unless whole.
    pub fn tensor(&self) -> Tensor {
        let shape = self.shape.as_slice();
        match self.whole {
            true => Tensor::from_vec(self.data.iter().map(|&x| x as i32).collect(), shape),
            false => Tensor::from_vec(self.data.iter().map(|&x| x as f32).collect(), shape),
        }
    }

    /// The same numbers as integers.
    pub fn into_whole(self) -> Array {
        Array { whole: true, ..self }
    }

    /// How many numbers.
    pub fn numel(&self) -> usize {
        self.data.len()
    }

    /// How many axes.
    pub fn ndim(&self) -> usize {
        self.shape.len()
    }

    /// The number at an index.
    pub fn at(&self, index: &[usize]) -> f64 {
        self.data[position(&self.shape, index)]
    }

    /// Adds to the number at an index.
    pub fn add_at(&mut self, index: &[usize], x: f64) {
        let at = position(&self.shape, index);
        self.data[at] += x;
    }

    /// The number that broadcasting shows at an index of a larger shape.
    pub fn shown_at(&self, index: &[usize]) -> f64 {
        let own = &index[index.len() - self.ndim()..];
        let own: Vec<usize> = own.iter().zip(&self.shape).map(|(&i, &s)| i.min(s - 1)).collect();
        self.at(&own)
    }

    /// `f` of every number.
    pub fn map(&self, f: impl Fn(f64) -> f64) -> Array {
        Array {
            shape: self.shape.clone(),
            data: self.data.iter().map(|&x| f(x)).collect(),
            whole: false,
        }
    }

    /// The same, integers staying integers.
    pub fn each(&self, f: impl Fn(f64) -> f64) -> Array {
        Array { whole: self.whole, ..self.map(f) }
    }

    /// A view of other shape: `from` gives the index here for an index there.
    pub fn view(&self, shape: &[usize], mut from: impl FnMut(&[usize]) -> Vec<usize>) -> Array {
        let view = Array::build(shape, |index| self.at(&from(index)));
        Array { whole: self.whole, ..view }
    }

    /// The same numbers in another shape.
    pub fn reshaped(&self, shape: &[usize]) -> Array {
        Array { shape: shape.to_vec(), ..self.clone() }
    }

    /// `f` of all numbers that share their place on the other axes; `axes` may count from the end.
    pub fn reduce(&self, axes: &[isize], keepdim: bool, f: impl Fn(&[f64]) -> f64) -> Array {
        let axes: Vec<usize> = axes.iter().map(|&a| axis(a, self.ndim())).collect();
        let size = |(i, &s): (usize, &usize)| if axes.contains(&i) { 1 } else { s };
        let kept: Vec<usize> = self.shape.iter().enumerate().map(size).collect();
        let mut groups = vec![Vec::new(); kept.iter().product()];
        each_index(&self.shape, |index| {
            let own: Vec<usize> = index.iter().zip(&kept).map(|(&i, &s)| i.min(s - 1)).collect();
            groups[position(&kept, &own)].push(self.at(index));
        });
        let data = groups.iter().map(|g| f(g)).collect();
        let squeezed = kept.iter().enumerate().filter(|(i, _)| !axes.contains(i));
        let squeezed = squeezed.map(|(_, &s)| s).collect();
        Array { shape: if keepdim { kept } else { squeezed }, data, whole: self.whole }
    }
}

/// Calls `f` with every index of a shape, in row-major order.
pub fn each_index(shape: &[usize], mut f: impl FnMut(&[usize])) {
    let mut index = vec![0; shape.len()];
    for _ in 0..shape.iter().product() {
        f(&index);
        for axis in (0..shape.len()).rev() {
            index[axis] += 1;
            if index[axis] < shape[axis] {
                break;
            }
            index[axis] = 0;
        }
    }
}

/// Where an index lies in row-major order.
fn position(shape: &[usize], index: &[usize]) -> usize {
    index.iter().zip(shape).fold(0, |at, (&i, &s)| at * s + i)
}

/// An axis that may count from the end.
pub fn axis(axis: isize, ndim: usize) -> usize {
    if axis < 0 { (axis + ndim as isize) as usize } else { axis as usize }
}

/// The shape that shapes broadcast to.
pub fn broadcast(shapes: &[&[usize]]) -> Vec<usize> {
    let ndim = shapes.iter().map(|s| s.len()).max().unwrap_or(0);
    let size_at = |back: usize| {
        let sizes = shapes.iter().filter_map(|s| s.len().checked_sub(back + 1).map(|i| s[i]));
        sizes.fold(1, |size, s| if size == 1 { s } else { size })
    };
    (0..ndim).rev().map(size_at).collect()
}

/// `f` of each pair, broadcast.
pub fn zip(a: &Array, b: &Array, f: impl Fn(f64, f64) -> f64) -> Array {
    Array::build(&broadcast(&[&a.shape, &b.shape]), |i| f(a.shown_at(i), b.shown_at(i)))
}
