//! Exclusive or: four points of the plane, and copies of them that are a little off.

use stage::Style;
use stage::draw::{Plane, Point, plane};
use tinytorch::prelude::*;

/// How far a noisy copy may be off, along each axis.
///
/// Below 0.25 any four copies, one of each corner, still lie like the corners themselves: the
/// segment between the two 1s crosses the one between the two 0s. So what no line can do for the
/// corners, it can't do for more than three quarters of the copies either.
const NOISE: f32 = 0.2;
/// Noisy copies of each corner.
const COPIES: usize = 100;

/// Labeled points of the plane.
#[derive(Clone, Debug)]
pub struct Corners {
    /// Where they stand, `[n, 2]`.
    pub x: Tensor,
    /// Whether exactly one coordinate is 1, `[n]`: 0.0 or 1.0.
    pub y: Tensor,
}

impl Corners {
    /// The truth table itself: (0, 0) and (1, 1) are 0, (0, 1) and (1, 0) are 1.
    pub fn exact() -> Self {
        Corners {
            x: Tensor::from([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]),
            y: Tensor::from([0.0, 1.0, 1.0, 0.0]),
        }
    }

    /// 100 copies of each corner, each up to 0.2 off along each axis.
    pub fn noisy(rng: &mut Rng) -> Self {
        let exact = Self::exact();
        let copies = Tensor::cat(&vec![&exact.x; COPIES], 0);
        let noise = Tensor::uniform(copies.shape(), -NOISE, NOISE, rng);
        Corners { x: copies + noise, y: Tensor::cat(&vec![&exact.y; COPIES], 0) }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.x.shape().size(0)
    }

    /// The share, in 0..=1, that `logits [n]` have right: positive for a 1, negative for a 0; 0
    /// is no answer.
    pub fn right(&self, logits: &Tensor) -> f64 {
        let (logits, truth) = (logits.data(), self.y.data());
        let right = |(logit, truth): &(&f32, &f32)| **logit * (**truth - 0.5) > 0.0;
        logits.iter().zip(truth.iter()).filter(right).count() as f64 / self.len() as f64
    }

    /// The points, to be drawn.
    pub fn drawn(&self) -> Vec<Point> {
        let (places, truth) = (self.x.data(), self.y.data());
        let points = places.chunks_exact(2).zip(truth.iter());
        points.map(|(at, truth)| Point { x: at[0], y: at[1], class: *truth > 0.5 }).collect()
    }
}

/// The plane around the corners, in the colors of `probability(x1, x2)`, `rows` high.
pub fn around(probability: impl FnMut(f32, f32) -> f32, rows: usize, style: Style) -> String {
    let view = Plane { x_label: "x1", y_label: "x2", rows, ..Plane::default() };
    plane(probability, &Corners::exact().drawn(), &view, style)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_truth_table_is_that_of_exclusive_or() {
        let Corners { x, y } = Corners::exact();
        for (place, truth) in x.to_vec().chunks_exact(2).zip(y.to_vec()) {
            assert_eq!((place[0] != place[1]), truth == 1.0);
        }
    }

    #[test]
    fn copies_stay_near_their_corner_and_keep_its_truth() {
        let (exact, noisy) = (Corners::exact(), Corners::noisy(&mut Rng::new(0)));
        assert_eq!(noisy.len(), 4 * COPIES);
        let off = &noisy.x.reshape([COPIES as isize, 4, 2]) - &exact.x;
        assert!(off.abs().max().item() <= NOISE + 1e-6);
        assert!(off.std().item() > 0.1, "spread over the whole range");
        assert_eq!(noisy.y.sum().item(), 2.0 * COPIES as f32);
    }

    #[test]
    fn no_line_gets_more_than_three_quarters_of_corners_or_copies_right() {
        let (exact, noisy) = (Corners::exact(), Corners::noisy(&mut Rng::new(1)));
        let mut best = 0.0_f64;
        for turn in 0..180 {
            let angle = std::f32::consts::TAU * turn as f32 / 180.0;
            let normal = Tensor::from([angle.cos(), angle.sin()]);
            for offset in -30..30 {
                let logits = |x: &Tensor| x.matmul(&normal) + offset as f32 / 20.0;
                assert!(exact.right(&logits(&exact.x)) <= 0.75);
                best = best.max(noisy.right(&logits(&noisy.x)));
            }
        }
        assert_eq!(best, 0.75, "and that much is possible");
    }

    #[test]
    fn no_answer_is_not_right() {
        assert_eq!(Corners::exact().right(&Tensor::zeros([4])), 0.0);
        assert_eq!(Corners::exact().right(&Tensor::full([4], f32::NAN)), 0.0);
        assert_eq!(Corners::exact().right(&Tensor::from([-1.0, 1.0, 2.0, -3.0])), 1.0);
    }
}
