//! Tensors out of nothing: constants, ranges, random numbers, Rust arrays.

use crate::rng::Rng;
use crate::shape::Shape;
use crate::storage::Element;
use crate::tensor::Tensor;

impl Tensor {
    /// All zeros.
    #[track_caller]
    pub fn zeros(shape: impl Into<Shape>) -> Self {
        Self::full(shape, 0.0)
    }

    /// All ones.
    #[track_caller]
    pub fn ones(shape: impl Into<Shape>) -> Self {
        Self::full(shape, 1.0)
    }

    /// Every number `value`: a float or an integer.
    #[track_caller]
    pub fn full<T: Element>(shape: impl Into<Shape>, value: T) -> Self {
        let shape = shape.into();
        Self::from_vec(vec![value; shape.numel()], shape)
    }

    /// Float zeros in the shape of `like`.
    pub fn zeros_like(like: &Tensor) -> Self {
        Self::full(like.shape(), 0.0)
    }

    /// Float ones in the shape of `like`.
    pub fn ones_like(like: &Tensor) -> Self {
        Self::full(like.shape(), 1.0)
    }

    /// `start, start + step, …` below `end` (above, for a negative step): `[count]`.
    ///
    /// Each number is computed as `start + i * step` in double precision, so that rounding does
    /// not add up.
    ///
    /// # Panics
    /// When `step` is 0, has the wrong sign, or a bound is not finite.
    #[track_caller]
    pub fn arange(start: f32, end: f32, step: f32) -> Self {
        let (first, last, step) = (f64::from(start), f64::from(end), f64::from(step));
        let count = ((last - first) / step).ceil();
        assert!(
            count.is_finite() && count >= 0.0,
            "arange: {start} to {end} in steps of {} never arrives; check the step's sign",
            step as f32
        );
        let values = (0..count as usize).map(|i| (first + i as f64 * step) as f32);
        let values: Vec<f32> = values.collect();
        let count = values.len();
        Self::from_vec(values, [count])
    }

    /// The integers `0, 1, …, end - 1`: `[end]`.
    pub fn arange_i32(end: usize) -> Self {
        Self::from_vec((0..end as i32).collect(), [end])
    }

    /// `steps` numbers from `start` to `end`, both included, evenly spaced: `[steps]`.
    pub fn linspace(start: f32, end: f32, steps: usize) -> Self {
        let (first, last) = (f64::from(start), f64::from(end));
        let step = (last - first) / steps.saturating_sub(1).max(1) as f64;
        // From the nearer end, so that the last number is `end` exactly.
        let value = |i: usize| match i < steps.div_ceil(2) {
            true => first + i as f64 * step,
            false => last - (steps - 1 - i) as f64 * step,
        };
        Self::from_vec((0..steps).map(|i| value(i) as f32).collect(), [steps])
    }

    /// The identity matrix: `[n, n]`.
    pub fn eye(n: usize) -> Self {
        let mut values = vec![0.0; n * n];
        values.iter_mut().step_by(n + 1).for_each(|v| *v = 1.0);
        Self::from_vec(values, [n, n])
    }

    /// Numbers from `[0, 1)`, each equally likely.
    #[track_caller]
    pub fn rand(shape: impl Into<Shape>, rng: &mut Rng) -> Self {
        Self::generate(shape, || rng.uniform())
    }

    /// Numbers from the normal distribution of mean 0 and variance 1.
    #[track_caller]
    pub fn randn(shape: impl Into<Shape>, rng: &mut Rng) -> Self {
        Self::generate(shape, || rng.normal())
    }

    /// Numbers from `[low, high)`, each equally likely.
    #[track_caller]
    pub fn uniform(shape: impl Into<Shape>, low: f32, high: f32, rng: &mut Rng) -> Self {
        Self::generate(shape, || low + (high - low) * rng.uniform())
    }

    /// Integers from `low..high`, each equally likely.
    ///
    /// # Panics
    /// When the range is empty.
    #[track_caller]
    pub fn randint(shape: impl Into<Shape>, low: i32, high: i32, rng: &mut Rng) -> Self {
        assert!(
            low < high,
            "randint: there is no integer in {low}..{high}; the upper end is not included"
        );
        let span = high.abs_diff(low);
        Self::generate(shape, || low.wrapping_add_unsigned(rng.below(u64::from(span)) as u32))
    }

    /// The integers `0..n` in random order: `[n]`.
    pub fn randperm(n: usize, rng: &mut Rng) -> Self {
        let mut values: Vec<i32> = (0..n as i32).collect();
        rng.shuffle(&mut values);
        Self::from_vec(values, [n])
    }

    #[track_caller]
    fn generate<T: Element>(shape: impl Into<Shape>, mut next: impl FnMut() -> T) -> Self {
        let shape = shape.into();
        Self::from_vec((0..shape.numel()).map(|_| next()).collect(), shape)
    }
}

impl From<&Tensor> for Tensor {
    fn from(tensor: &Tensor) -> Self {
        tensor.clone()
    }
}

macro_rules! from_arrays {
    ($($type:ty),*) => { $(
        impl From<$type> for Tensor {
            fn from(value: $type) -> Self {
                Self::from_vec(vec![value], [])
            }
        }
        impl<const A: usize> From<[$type; A]> for Tensor {
            fn from(values: [$type; A]) -> Self {
                Self::from_vec(values.to_vec(), [A])
            }
        }
        impl<const A: usize, const B: usize> From<[[$type; B]; A]> for Tensor {
            fn from(rows: [[$type; B]; A]) -> Self {
                Self::from_vec(rows.concat(), [A, B])
            }
        }
        impl<const A: usize, const B: usize, const C: usize> From<[[[$type; C]; B]; A]> for Tensor {
            fn from(blocks: [[[$type; C]; B]; A]) -> Self {
                Self::from_vec(blocks.concat().concat(), [A, B, C])
            }
        }
    )* };
}
from_arrays!(f32, i32);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_those_of_pytorch() {
        assert_eq!(Tensor::arange(0.0, 1.0, 0.25).to_vec(), [0.0, 0.25, 0.5, 0.75]);
        assert_eq!(Tensor::arange(3.0, 0.0, -2.0).to_vec(), [3.0, 1.0]);
        assert_eq!(Tensor::arange(1.0, 1.0, 1.0).shape(), [0]);
        assert_eq!(Tensor::linspace(0.0, 1.0, 5).to_vec(), [0.0, 0.25, 0.5, 0.75, 1.0]);
        assert_eq!(Tensor::linspace(3.0, 9.0, 1).to_vec(), [3.0]);
        assert_eq!(Tensor::linspace(0.1, 0.7, 4).at([3]), 0.7);
        assert_eq!(Tensor::arange_i32(3).to_vec_i32(), [0, 1, 2]);
    }

    #[test]
    #[should_panic(expected = "arange: 0 to 1 in steps of -1 never arrives")]
    fn a_range_that_never_arrives_is_refused() {
        Tensor::arange(0.0, 1.0, -1.0);
    }

    #[test]
    fn arrays_of_either_kind_become_tensors() {
        assert_eq!(Tensor::from(2.0).shape(), []);
        assert_eq!(Tensor::from([[[1, 2]], [[3, 4]]]).shape(), [2, 1, 2]);
        assert_eq!(Tensor::eye(3).sum().item(), 3.0);
        assert_eq!(Tensor::eye(0).shape(), [0, 0]);
    }

    #[test]
    fn random_tensors_depend_on_the_seed_alone() {
        let draw = |seed| Tensor::randn([3, 4], &mut Rng::new(seed));
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn random_integers_cover_their_range_even_the_widest() {
        let mut rng = Rng::new(0);
        let dice = Tensor::randint([1000], 1, 7, &mut rng).to_vec_i32();
        assert!((1..7).all(|side| dice.contains(&side)) && dice.iter().all(|d| (1..7).contains(d)));
        let wide = Tensor::randint([100], i32::MIN, i32::MAX, &mut rng).to_vec_i32();
        assert!(wide.iter().any(|&x| x < 0) && wide.iter().any(|&x| x > 0));
    }
}
