//! A hole in the picture.

use super::{Transform, picture_dims};
use tinytorch_tensor::{Rng, Tensor};

/// Sets a square of `size` pixels to 0 in all channels, its center anywhere in the picture, cut off
/// at the border: so that a model looks at more than the one most telling part.
///
/// After [`super::Normalize`], 0 is the mean of the data set; put it there to hide without adding
/// black. (DeVries and Taylor, "Improved regularization of convolutional neural networks with
/// cutout", arXiv 1708.04552.)
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cutout {
    /// Rows and columns of the hole; 16 for CIFAR-10 in the paper.
    pub size: usize,
}

impl Transform for Cutout {
    fn apply(&self, picture: &Tensor, rng: &mut Rng) -> Tensor {
        let [_, rows, columns] = picture_dims("cutout", picture);
        if picture.numel() == 0 {
            return picture.clone();
        }
        // The hole covers center - size / 2 .. center - size / 2 + size, as in the paper's code.
        let mut hole = |length: usize| {
            let center = rng.below(length as u64) as usize;
            let end = (center + self.size - self.size / 2).min(length);
            center.saturating_sub(self.size / 2)..end
        };
        let (hidden_rows, hidden_columns) = (hole(rows), hole(columns));
        let mut holed = picture.to_vec();
        for channel in holed.chunks_exact_mut(rows * columns) {
            for row in
                channel.chunks_exact_mut(columns).take(hidden_rows.end).skip(hidden_rows.start)
            {
                row[hidden_columns.clone()].fill(0.0);
            }
        }
        Tensor::from_vec(holed, picture.shape())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::counting;
    use super::*;
    use std::collections::HashMap;

    /// The rectangle of zeros, the same in both channels: `[top, bottom, left, right]`, ends out.
    fn hole(picture: &Tensor) -> [usize; 4] {
        let [_, rows, columns] = picture.shape().dims();
        let zero = |y, x| picture.at([0, y, x]) == 0.0;
        let row_hit = |y: &usize| (0..columns).any(|x| zero(*y, x));
        let column_hit = |x: &usize| (0..rows).any(|y| zero(y, *x));
        let ends = |hit: Vec<usize>| [hit[0], hit[hit.len() - 1] + 1];
        let [top, bottom] = ends((0..rows).filter(row_hit).collect());
        let [left, right] = ends((0..columns).filter(column_hit).collect());
        let whole = counting(2, rows, columns);
        for c in 0..2 {
            for (y, x) in (0..rows).flat_map(|y| (0..columns).map(move |x| (y, x))) {
                let hidden = (top..bottom).contains(&y) && (left..right).contains(&x);
                let expected = if hidden { 0.0 } else { whole.at([c, y, x]) };
                assert_eq!(picture.at([c, y, x]), expected);
            }
        }
        [top, bottom, left, right]
    }

    #[test]
    fn the_center_is_anywhere_in_the_picture_and_the_hole_ends_at_the_border() {
        let (mut rng, mut counts) = (Rng::new(4), HashMap::new());
        for _ in 0..6000 {
            let holed = Cutout { size: 3 }.apply(&counting(2, 4, 3), &mut rng);
            *counts.entry(hole(&holed)).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 12, "{counts:?}"); // one per center
        for (top, bottom) in [(0, 2), (0, 3), (1, 4), (2, 4)] {
            for (left, right) in [(0, 2), (0, 3), (1, 3)] {
                // 500 expected, standard deviation 21
                let count = counts[&[top, bottom, left, right]];
                assert!((400..600).contains(&count), "{counts:?}");
            }
        }
    }

    #[test]
    fn a_hole_of_even_size_has_that_size_inside_a_large_picture() {
        let mut rng = Rng::new(0);
        let areas = (0..200).map(|_| {
            let [top, bottom, left, right] =
                hole(&Cutout { size: 4 }.apply(&counting(2, 20, 20), &mut rng));
            (bottom - top) * (right - left)
        });
        assert_eq!(areas.max(), Some(16));
    }

    #[test]
    fn nothing_is_cut_from_nothing_nor_by_nothing() {
        let x = counting(2, 3, 3);
        assert_eq!(Cutout { size: 0 }.apply(&x, &mut Rng::new(0)).to_vec(), x.to_vec());
        let empty = Tensor::zeros([1, 0, 4]);
        assert_eq!(Cutout { size: 2 }.apply(&empty, &mut Rng::new(0)).shape(), [1, 0, 4]);
    }
}
