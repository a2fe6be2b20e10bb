//! Labeled points of the plane, and what is asked of them.

use stage::draw::Point;
use tinytorch::prelude::*;

/// Points of two classes.
#[derive(Clone, Debug)]
pub struct Points {
    /// Where they stand, `[n, 2]`.
    pub x: Tensor,
    /// On which side they belong, `[n]`: -1 or +1.
    pub y: Tensor,
}

impl Points {
    /// Points from coordinates and sides, the sides as -1 or +1.
    pub fn new(places: &[[f32; 2]], sides: &[f32]) -> Self {
        let n = places.len();
        Points {
            x: Tensor::from_vec(places.concat(), [n, 2]),
            y: Tensor::from_vec(sides.to_vec(), [n]),
        }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.x.shape().size(0)
    }

    /// The share, in 0..=1, that lies on the side where `output [n]` says it does: the sign of
    /// the output is the answer, and 0 is no answer.
    pub fn right(&self, output: &Tensor) -> f64 {
        let (output, sides) = (output.data(), self.y.data());
        let right = output.iter().zip(sides.iter()).filter(|(out, side)| *out * *side > 0.0);
        right.count() as f64 / self.len() as f64
    }

    /// The first `most` of them, to be drawn; the side +1 is the second class.
    pub fn drawn(&self, most: usize) -> Vec<Point> {
        let (places, sides) = (self.x.data(), self.y.data());
        let points = places.chunks_exact(2).zip(sides.iter()).take(most);
        points.map(|(at, side)| Point { x: at[0], y: at[1], class: *side > 0.0 }).collect()
    }
}
