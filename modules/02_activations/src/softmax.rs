//! Activations of all numbers along an axis together.

use tinytorch_tensor::{Op, Reads, Tensor};

/// `e^x_i / sum_j e^x_j` along an axis: numbers become probabilities.
///
/// An entry of -inf gets probability 0. A row of nothing but -inf has no probabilities and
/// gives NaN, as in PyTorch; so does a row with +inf or NaN in it.
pub struct Softmax {
    /// The axis along which the probabilities sum to 1.
    pub axis: usize,
}

impl Op for Softmax {
    fn name(&self) -> &'static str {
        "softmax"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        along(x[0], self.axis, softmax)
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::OUTPUT
    }
}

/// A row of numbers becomes its probabilities.
fn softmax(row: &mut [f32]) {
    let largest = largest(row);
    row.iter_mut().for_each(|v| *v = (*v - largest).exp());
    let sum = sum(row.iter().copied());
    row.iter_mut().for_each(|v| *v = (f64::from(*v) / sum) as f32);
}

/// The logarithm of [`Softmax`], `x_i - ln sum_j e^x_j`.
///
/// In one step, because the logarithm of a probability that was rounded to 0 is lost.
pub struct LogSoftmax {
    /// The axis along which the exponentials sum to 1.
    pub axis: usize,
}

impl Op for LogSoftmax {
    fn name(&self) -> &'static str {
        "log_softmax"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        along(x[0], self.axis, log_softmax)
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::OUTPUT
    }
}

/// A row of numbers becomes the logarithms of its probabilities.
fn log_softmax(row: &mut [f32]) {
    let largest = largest(row);
    let sum = sum(row.iter().map(|v| (v - largest).exp()));
    let ln_sum = sum.ln() as f32;
    // The largest goes first: it is large where the logarithm of the sum is small.
    row.iter_mut().for_each(|v| *v = *v - largest - ln_sum);
}

/// The result of rewriting, in place, each row of numbers along `axis`.
fn along(x: &Tensor, axis: usize, rewrite: fn(&mut [f32])) -> Tensor {
    if axis + 1 == x.ndim() { by_rows(x, rewrite) } else { across(x, axis, rewrite) }
}

/// Along the last axis, where a row lies in one piece.
fn by_rows(x: &Tensor, rewrite: fn(&mut [f32])) -> Tensor {
    let (len, mut values) = (x.shape().size(x.ndim() - 1), x.to_vec());
    values.chunks_exact_mut(len.max(1)).for_each(rewrite);
    Tensor::from_vec(values, x.shape())
}

/// Along another axis, whose numbers are scattered.
fn across(x: &Tensor, axis: usize, rewrite: fn(&mut [f32])) -> Tensor {
    let axis = axis as isize;
    by_rows(&x.transpose(axis, -1), rewrite).transpose(axis, -1).contiguous()
}

/// The largest number of the row.
fn largest(row: &[f32]) -> f32 {
    // Taken off every exponent it cancels in the quotient and leaves no exponent above 0, so that
    // nothing overflows and the sum is at least 1.
    row.iter().copied().fold(f32::NEG_INFINITY, f32::max)
}

/// In double precision: the probabilities of 50,000 words still sum to 1.
fn sum(values: impl Iterator<Item = f32>) -> f64 {
    values.map(f64::from).sum()
}

#[cfg(test)]
mod tests {
    use crate::Activations;
    use tinytorch_tensor::{Rng, Tensor};

    const INF: f32 = f32::INFINITY;

    /// Equal to within a few units in the last place of numbers about 1.
    fn close(a: &Tensor, b: &Tensor) -> bool {
        a.shape() == b.shape() && (a - b).abs().max().item() <= 1e-6
    }

    #[test]
    fn softmax_of_a_row_by_hand() {
        let x = Tensor::from([1.0, 2.0, 3.0]); // e^0, e^1, e^2 over 1 + e + e^2 = 11.107338
        let p = x.softmax(0);
        let expected = Tensor::from([0.090_030_57, 0.244_728_47, 0.665_240_94]);
        assert!(close(&p, &expected), "{p}");
        assert!(close(&x.log_softmax(0), &p.ln()));
    }

    #[test]
    fn probabilities_sum_to_1_along_the_named_axis_and_no_other() {
        let x = Tensor::randn([2, 3, 4], &mut Rng::new(1));
        for axis in [0_isize, 1, 2, -1, -2] {
            let sums = x.softmax(axis).sum_over(axis, false);
            assert!(close(&sums, &Tensor::ones(sums.shape())), "axis {axis}");
        }
        let sums = x.softmax(1).sum_over(2, false);
        assert!(!close(&sums, &Tensor::ones(sums.shape())));
    }

    #[test]
    fn the_axis_may_be_any_of_any_layout() {
        let x = Tensor::randn([3, 4], &mut Rng::new(2));
        assert_eq!(x.softmax(0), x.t().softmax(1).t());
        assert_eq!(x.log_softmax(0), x.t().log_softmax(1).t());
        assert!(x.softmax(0).is_contiguous());
    }

    #[test]
    fn large_numbers_neither_overflow_nor_vanish() {
        let x = Tensor::from([[1000.0, 1000.0], [-1000.0, -1000.0], [1000.0, -1000.0]]);
        let p = x.softmax(1);
        assert_eq!(p, Tensor::from([[0.5, 0.5], [0.5, 0.5], [1.0, 0.0]]));
        let log = x.log_softmax(1);
        assert_eq!(log.select(0, 2), Tensor::from([0.0, -2000.0]));
    }

    #[test]
    fn an_entry_of_minus_infinity_has_probability_0() {
        let x = Tensor::from([0.0, -INF, 0.0]);
        assert_eq!(x.softmax(0), Tensor::from([0.5, 0.0, 0.5]));
        assert_eq!(x.log_softmax(0).at([1]), -INF);
    }

    #[test]
    fn a_row_without_probabilities_gives_nan() {
        let rows = [[-INF, -INF], [INF, 0.0], [f32::NAN, 0.0]];
        let x = Tensor::from(rows);
        assert!(x.softmax(1).data().iter().all(|v| v.is_nan()));
        assert!(x.log_softmax(1).data().iter().all(|v| v.is_nan()));
    }

    #[test]
    fn softmax_does_not_see_what_is_added_to_all() {
        let x = Tensor::from([0.5, -1.0, 2.0]);
        assert!(close(&x.softmax(0), &(&x + 100.0).softmax(0)));
    }

    #[test]
    fn empty_rows_and_rows_of_one() {
        assert_eq!(Tensor::zeros([3, 0]).softmax(1).shape(), [3, 0]);
        assert_eq!(Tensor::zeros([0, 3]).softmax(0).shape(), [0, 3]);
        assert_eq!(Tensor::from([[7.0], [-7.0]]).softmax(1), Tensor::ones([2, 1]));
    }
}
