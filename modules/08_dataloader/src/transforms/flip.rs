//! The mirror image.

use super::{Transform, picture_dims};
use tinytorch_tensor::{Rng, Tensor};

/// Mirrors left and right with probability `p`: each row is turned around, the rows stay in place.
///
/// For things that may face either way, as in CIFAR-10. Not for digits or letters: a mirrored 2 is
/// no 2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RandomHorizontalFlip {
    /// How likely a picture is mirrored, 0 to 1.
    pub p: f32,
}

impl Transform for RandomHorizontalFlip {
    /// # Panics
    /// When `p` is no probability.
    fn apply(&self, picture: &Tensor, rng: &mut Rng) -> Tensor {
        let p = self.p;
        assert!((0.0..=1.0).contains(&p), "random_horizontal_flip: p goes from 0 to 1, got {p}");
        let [_, _, columns] = picture_dims("random_horizontal_flip", picture);
        if rng.uniform() >= p {
            return picture.clone();
        }
        let mut mirrored = picture.to_vec();
        for row in mirrored.chunks_exact_mut(columns.max(1)) {
            row.reverse();
        }
        Tensor::from_vec(mirrored, picture.shape())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::counting;
    use super::*;

    #[test]
    fn columns_are_mirrored_and_rows_stay() {
        let flipped = RandomHorizontalFlip { p: 1.0 }.apply(&counting(2, 2, 3), &mut Rng::new(0));
        let expected = [3.0, 2.0, 1.0, 6.0, 5.0, 4.0, 9.0, 8.0, 7.0, 12.0, 11.0, 10.0];
        assert_eq!(flipped.to_vec(), expected);
    }

    #[test]
    fn p_is_the_probability() {
        let x = counting(1, 1, 2);
        for (p, range) in [(0.0, 0..=0), (0.25, 2300..=2700), (1.0, 10_000..=10_000)] {
            // standard deviation at 0.25: 43
            let mut rng = Rng::new(2);
            let flip = RandomHorizontalFlip { p };
            let flips = (0..10_000).filter(|_| flip.apply(&x, &mut rng).to_vec()[0] == 2.0).count();
            assert!(range.contains(&flips), "{p}: {flips}");
        }
    }

    #[test]
    #[should_panic = "random_horizontal_flip: p goes from 0 to 1, got 50"]
    fn percent_is_refused() {
        RandomHorizontalFlip { p: 50.0 }.apply(&counting(1, 1, 1), &mut Rng::new(0));
    }
}
