//! Rosenblatt's rule, as he proved it to work: no gradient, no loss, no learning rate.
//!
//! A perceptron answers with the sign of `w . x + b`. It goes through the examples again and
//! again; where the answer is right it does nothing, where it is wrong it adds the example to its
//! weights, with the sign that the answer should have had:
//!
//! ```text
//! y (w . x + b) <= 0    ->    w += y x,  b += y        (y is -1 or +1)
//! ```
//!
//! Modules 01 and up suffice: a matrix product, a sum, a sign.
//!
//! Source: F. Rosenblatt, "The Perceptron: A Perceiving and Recognizing Automaton", report
//! 85-460-1, Cornell Aeronautical Laboratory, 1957; the bound is that of A. B. J. Novikoff, "On
//! convergence proofs on perceptrons", Symposium on the Mathematical Theory of Automata, 1962.

use tinytorch::prelude::*;

use crate::points::Points;

/// Two weights and a bias.
#[derive(Clone, Debug)]
pub struct Perceptron {
    /// `[2]`
    pub weight: Tensor,
    /// `[]`
    pub bias: Tensor,
}

impl Perceptron {
    /// One that has seen nothing: all zeros.
    pub fn new() -> Self {
        Perceptron { weight: Tensor::zeros([2]), bias: Tensor::from(0.0) }
    }

    /// Which side, and how clearly: `[n, 2] -> [n]`, `[2] -> []`.
    pub fn output(&self, x: &Tensor) -> Tensor {
        x.matmul(&self.weight) + &self.bias
    }

    /// The rule: takes in an example `x [2]` that was answered wrong, `y []` its side.
    pub fn correct(&mut self, x: &Tensor, y: &Tensor) {
        self.weight = &self.weight + y * x;
        self.bias = &self.bias + y;
    }

    /// The output at one place, for drawing.
    pub fn output_at(&self, x: f32, y: f32) -> f32 {
        self.output(&Tensor::from([x, y])).item()
    }
}

/// How learning went.
#[derive(Clone, Debug)]
pub struct Lesson {
    /// What was learned.
    pub perceptron: Perceptron,
    /// The perceptron after each correction, the last one included.
    pub corrected: Vec<Perceptron>,
    /// The mistakes of each pass through the points; the last is 0 where learning came to an end.
    pub mistakes: Vec<usize>,
}

impl Lesson {
    /// All mistakes, each of which was a correction.
    pub fn total(&self) -> usize {
        self.corrected.len()
    }

    /// The perceptron after each pass.
    pub fn after_each_pass(&self) -> impl Iterator<Item = &Perceptron> {
        let mut corrections = 0;
        self.mistakes.iter().map(move |mistakes| {
            corrections += mistakes;
            corrections.checked_sub(1).map_or(&self.perceptron, |last| &self.corrected[last])
        })
    }

    /// Whether a whole pass went by without a mistake: from there on nothing would change.
    pub fn converged(&self) -> bool {
        self.mistakes.last() == Some(&0)
    }
}

/// Goes through the points until a pass is without mistakes, or `most_mistakes` were made, or
/// `most_passes` are over.
pub fn learn(points: &Points, most_mistakes: usize, most_passes: usize) -> Lesson {
    let perceptron = Perceptron::new();
    let mut lesson = Lesson { perceptron, corrected: Vec::new(), mistakes: Vec::new() };
    let examples: Vec<(Tensor, Tensor)> =
        (0..points.len()).map(|i| (points.x.select(0, i), points.y.select(0, i))).collect();
    let goes_on = |lesson: &Lesson| {
        !lesson.converged() && lesson.mistakes.len() < most_passes && lesson.total() < most_mistakes
    };
    while goes_on(&lesson) {
        let mut mistakes = 0;
        for (x, y) in &examples {
            let agreement = y * lesson.perceptron.output(x);
            if agreement.item() > 0.0 {
                continue;
            }
            mistakes += 1;
            lesson.perceptron.correct(x, y);
            lesson.corrected.push(lesson.perceptron.clone());
            if lesson.total() == most_mistakes {
                break;
            }
        }
        lesson.mistakes.push(mistakes);
    }
    lesson
}

/// A line that parts the points, known from how they were drawn: `normal . x + offset = 0`.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// Across the line, of length 1, toward the side +1.
    pub normal: [f32; 2],
    /// The distance from the line to the origin, counted along the normal.
    pub offset: f32,
}

impl Line {
    /// How far a place is from the line; negative on the side -1.
    pub fn distance(&self, [x, y]: [f32; 2]) -> f32 {
        self.normal[0] * x + self.normal[1] * y + self.offset
    }
}

/// What Novikoff's theorem says about points that a line parts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound {
    /// The length of the longest example.
    pub radius: f64,
    /// How far the example nearest to the line is from it.
    pub margin: f64,
}

impl Bound {
    /// The bound for points that `line` parts.
    ///
    /// The bias is the weight of an input that is always 1, so the theorem is applied to
    /// `(x1, x2, 1)` and to the plane through the origin with the normal `(n1, n2, offset)`.
    pub fn of(points: &Points, line: &Line) -> Self {
        let length = (1.0 + f64::from(line.offset).powi(2)).sqrt();
        let mut bound = Bound { radius: 0.0, margin: f64::INFINITY };
        for (place, side) in points.x.data().chunks_exact(2).zip(points.y.data().iter()) {
            let [x, y] = [place[0], place[1]];
            let (wide, high) = (f64::from(x), f64::from(y));
            bound.radius = bound.radius.max((wide * wide + high * high + 1.0).sqrt());
            bound.margin = bound.margin.min(f64::from(side * line.distance([x, y])) / length);
        }
        bound
    }

    /// The most mistakes that the rule can make: `(radius / margin)^2`.
    pub fn mistakes(&self) -> f64 {
        (self.radius / self.margin).powi(2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One point on each side, learned by hand:
    /// (1, 0) -> +1: output 0, a mistake: w = (1, 0), b = 1
    /// (0, 1) -> -1: output 1, a mistake: w = (1, -1), b = 0
    /// then 1 > 0 and -(-1) > 0: done.
    #[test]
    fn two_points_take_the_two_corrections_that_a_pencil_finds() {
        let points = Points::new(&[[1.0, 0.0], [0.0, 1.0]], &[1.0, -1.0]);
        let lesson = learn(&points, 100, 100);
        assert_eq!(lesson.mistakes, [2, 0]);
        assert_eq!(lesson.perceptron.weight, Tensor::from([1.0, -1.0]));
        assert_eq!(lesson.perceptron.bias.item(), 0.0);
        assert_eq!(points.right(&lesson.perceptron.output(&points.x)), 1.0);
    }

    #[test]
    fn the_bound_of_two_points_is_the_one_computed_by_hand() {
        let points = Points::new(&[[1.0, 0.0], [-1.0, 0.0]], &[1.0, -1.0]);
        let line = Line { normal: [1.0, 0.0], offset: 0.0 };
        let bound = Bound::of(&points, &line);
        assert_eq!(bound.margin, 1.0);
        assert!((bound.mistakes() - 2.0).abs() < 1e-12, "R^2 = 1 + 1, margin 1");
        let shifted = Bound::of(&points, &Line { offset: 0.5, ..line });
        assert!((shifted.margin - 0.5 / 1.25_f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn what_no_line_parts_is_given_up_at_the_limit() {
        let xor = Points::new(
            &[[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]],
            &[-1.0, 1.0, 1.0, -1.0],
        );
        let lesson = learn(&xor, 40, usize::MAX);
        assert!(!lesson.converged());
        assert_eq!(lesson.total(), 40);
        let lesson = learn(&xor, usize::MAX, 7);
        assert_eq!((lesson.mistakes.len(), lesson.converged()), (7, false));
    }
}
