//! Random samples: shapes, numbers, layouts.

use crate::args::Args;
use crate::array::Array;
use serde_json::Value;
use tinytorch_tensor::Rng;

/// Inputs and settings for one call of an op.
#[derive(Clone, Debug)]
pub struct Sample {
    pub inputs: Vec<Array>,
    pub args: Args,
}

impl Sample {
    /// With settings, as `json!({..})`.
    pub fn new(inputs: Vec<Array>, args: Value) -> Sample {
        Sample { inputs, args: Args(args) }
    }
}

/// Between neighbors on the grid that numbers are drawn from.
const STEP: f64 = 1.0 / 32.0;

/// The randomness of one sample.
///
/// Numbers come from a grid that is shifted a little for every input: no two are equal, none is 0,
/// so that nothing lies on a kink (relu at 0, ties of max), where a derivative is a convention.
pub struct Draw {
    rng: Rng,
    inputs: i32,
}

impl Draw {
    /// A function of its seed.
    pub fn new(seed: u64) -> Draw {
        Draw { rng: Rng::new(seed), inputs: 0 }
    }

    /// An integer in `low..high`.
    pub fn range(&mut self, low: usize, high: usize) -> usize {
        low + self.rng.below((high - low) as u64) as usize
    }

    /// True once in `n` times.
    pub fn once_in(&mut self, n: usize) -> bool {
        self.range(0, n) == 0
    }

    /// One of the given.
    pub fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.range(0, of.len())]
    }

    /// A size: mostly 1 to 4, sometimes 0.
    pub fn size(&mut self) -> usize {
        self.one_of(&[0, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4])
    }

    /// A shape of `low..high` axes, of at most 48 numbers.
    pub fn shape_of(&mut self, low: usize, high: usize) -> Vec<usize> {
        loop {
            let ndim = self.range(low, high);
            let shape: Vec<usize> = (0..ndim).map(|_| self.size()).collect();
            if shape.iter().product::<usize>() <= 48 {
                return shape;
            }
        }
    }

    /// A shape of up to four axes.
    pub fn shape(&mut self) -> Vec<usize> {
        self.shape_of(0, 5)
    }

    /// A shape of up to four axes, no size 0.
    pub fn filled_shape(&mut self, low: usize) -> Vec<usize> {
        self.shape_of(low, 5).into_iter().map(|s| s.max(1)).collect()
    }

    /// An axis of a shape, counted from the front or from the end.
    pub fn axis(&mut self, ndim: usize) -> isize {
        let axis = self.range(0, ndim) as isize;
        if self.once_in(2) { axis - ndim as isize } else { axis }
    }

    /// Several axes of a shape, at least one when there is one.
    pub fn axes(&mut self, ndim: usize) -> Vec<isize> {
        let mut order = self.order(ndim);
        order.truncate(self.range(1, ndim.max(1) + 1));
        let from_end =
            |a: usize, end: bool| if end { a as isize - ndim as isize } else { a as isize };
        order.into_iter().map(|a| from_end(a, self.once_in(3))).collect()
    }

    /// 0 to n - 1, shuffled.
    pub fn order(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        self.rng.shuffle(&mut order);
        order
    }

    /// A shape that broadcasts to the given one: some sizes 1, some leading axes left out.
    pub fn shrunk(&mut self, shape: &[usize]) -> Vec<usize> {
        let skip = if self.once_in(3) { self.range(0, shape.len() + 1) } else { 0 };
        shape[skip..].iter().map(|&s| if self.once_in(4) { 1 } else { s }).collect()
    }

    /// Two shapes that broadcast with each other.
    pub fn pair(&mut self) -> (Vec<usize>, Vec<usize>) {
        let shape = self.shape();
        let (a, b) = (self.shrunk(&shape), self.shrunk(&shape));
        if self.once_in(2) { (shape, b) } else { (a, b) }
    }

    /// Distinct floats in (low, high), different from those of the other inputs.
    pub fn floats_in(&mut self, shape: &[usize], low: f64, high: f64) -> Array {
        self.inputs += 1;
        let shift = STEP / 2_f64.powi(self.inputs);
        let (first, last) = ((low / STEP).round() as i32, (high / STEP).round() as i32);
        let mut grid: Vec<i32> = (first..last).collect();
        self.rng.shuffle(&mut grid);
        let mut grid = grid.into_iter();
        Array::build(shape, |_| f64::from(grid.next().expect("a small shape")) * STEP + shift)
    }

    /// Distinct floats in (-2.5, 2.5).
    pub fn floats(&mut self, shape: &[usize]) -> Array {
        self.floats_in(shape, -2.5, 2.5)
    }

    /// Distinct floats in (0.5, 3), for logarithms and bases of powers.
    pub fn positive(&mut self, shape: &[usize]) -> Array {
        self.floats_in(shape, 0.5, 3.0)
    }

    /// Floats; integers once in eight times.
    pub fn numbers(&mut self, shape: &[usize]) -> Array {
        if self.once_in(8) { self.ints(shape, -9, 10) } else { self.floats(shape) }
    }

    /// One float.
    pub fn float(&mut self) -> f64 {
        self.floats(&[]).data[0]
    }

    /// Integers in `low..high`, repeats allowed.
    pub fn ints(&mut self, shape: &[usize], low: isize, high: isize) -> Array {
        let wide = (high - low) as usize;
        Array::build(shape, |_| (self.range(0, wide) as isize + low) as f64).into_whole()
    }

    /// 0 or 1 each.
    pub fn mask(&mut self, shape: &[usize]) -> Array {
        self.ints(shape, 0, 2)
    }

    /// Multiples of 0.5 in [-1, 1]: many are equal.
    pub fn halves(&mut self, shape: &[usize]) -> Array {
        self.ints(shape, -2, 3).map(|x| x / 2.0)
    }
}
