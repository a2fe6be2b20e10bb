//! Several tensors into one.

use super::by_kind;
use super::elementwise::check_kinds;
use crate::door::{Op, Reads, dispatch};
use crate::shape::resolve_axis;
use crate::storage::Element;
use crate::tensor::Tensor;

/// One after the other along an axis that exists.
pub struct Cat {
    /// The axis that grows.
    pub axis: usize,
}

impl Op for Cat {
    fn name(&self) -> &'static str {
        "cat"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        by_kind!(x[0], T => joined::<T>(x, self.axis))
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::NOTHING
    }
}

/// For each index before `axis`, a run of numbers from every input.
fn joined<T: Element>(x: &[&Tensor], axis: usize) -> Tensor {
    let shape = x[0].shape();
    let outer: usize = shape.iter().take(axis).product();
    let total = x.iter().map(|t| t.shape().size(axis)).sum();
    let values: Vec<_> = x.iter().map(|t| t.elements::<T>()).collect();
    let out = shape.with_size(axis, total);
    let mut joined = Vec::with_capacity(out.numel());
    for i in 0..outer {
        for values in &values {
            let run = values.len() / outer;
            joined.extend_from_slice(&values[i * run..(i + 1) * run]);
        }
    }
    Tensor::from_vec(joined, out)
}

impl Tensor {
    /// The tensors one after the other along `axis`, which exists in all of them:
    /// `[2, 3], [4, 3] -> [6, 3]` along axis 0.
    ///
    /// # Panics
    /// When there are none, or their other sizes or their kinds differ.
    #[track_caller]
    pub fn cat(tensors: &[&Tensor], axis: isize) -> Tensor {
        let Some(first) = tensors.first() else {
            panic!("cat: no tensors to join; check for an empty list")
        };
        let axis = resolve_axis("cat", axis, first.ndim());
        for t in tensors {
            check_kinds("cat", first, t);
            let same = t.ndim() == first.ndim()
                && t.shape().with_size(axis, 0) == first.shape().with_size(axis, 0);
            assert!(
                same,
                "cat: {} and {} differ elsewhere than along axis {axis}; choose another axis, or \
                 bring them to one size with `slice` or `expand`",
                first.shape(),
                t.shape()
            );
        }
        dispatch(Cat { axis }, tensors)
    }

    /// The tensors one after the other along a new axis: three of `[2]` give `[3, 2]` along
    /// axis 0 and `[2, 3]` along axis 1.
    ///
    /// # Panics
    /// When there are none, or their shapes or kinds differ.
    #[track_caller]
    pub fn stack(tensors: &[&Tensor], axis: isize) -> Tensor {
        let Some(first) = tensors.first() else {
            panic!("stack: no tensors to join; check for an empty list")
        };
        if let Some(other) = tensors.iter().find(|t| t.shape() != first.shape()) {
            panic!(
                "stack: {} and {} differ; use `cat`, or bring them to one shape",
                first.shape(),
                other.shape()
            )
        }
        let rows: Vec<Tensor> = tensors.iter().map(|t| t.unsqueeze(axis)).collect();
        Self::cat(&rows.iter().collect::<Vec<_>>(), axis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensors_are_joined_along_any_axis() {
        let (a, b) = (Tensor::from([[1.0], [2.0]]), Tensor::from([[3.0, 4.0], [5.0, 6.0]]));
        assert_eq!(Tensor::cat(&[&a, &b], -1), Tensor::from([[1.0, 3.0, 4.0], [2.0, 5.0, 6.0]]));
        assert_eq!(Tensor::cat(&[&b, &b.t()], 0).shape(), [4, 2]);
        let empty = Tensor::zeros([0, 2]);
        assert_eq!(Tensor::cat(&[&empty, &b], 0), b);
        assert_eq!(Tensor::cat(&[&empty, &empty], 1).shape(), [0, 4]);
    }

    #[test]
    fn a_stack_has_one_axis_more() {
        let rows = [Tensor::from([1, 2]), Tensor::from([3, 4])];
        let rows: Vec<&Tensor> = rows.iter().collect();
        assert_eq!(Tensor::stack(&rows, 0), Tensor::from([[1, 2], [3, 4]]));
        assert_eq!(Tensor::stack(&rows, -1), Tensor::from([[1, 3], [2, 4]]));
    }

    #[test]
    #[should_panic(expected = "cat: [2, 3] and [2, 4] differ elsewhere than along axis 0")]
    fn the_other_sizes_must_agree() {
        Tensor::cat(&[&Tensor::zeros([2, 3]), &Tensor::zeros([2, 4])], 0);
    }
}
