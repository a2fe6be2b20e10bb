//! Where in the sequence a word stands, added to what it is.

use tinytorch_layers::{Init, Module, state};
use tinytorch_tensor::{Rng, Tensor};

/// A row per place, learned like a word, as in GPT-2 and BERT.
///
/// There is no row for a place beyond the last: a model with learned positions can't read further
/// than it was built for.
#[derive(Clone, Debug)]
pub struct PositionEmbedding {
    /// `[max_len, d]`
    pub weight: Tensor,
}
state!(PositionEmbedding { weight });

impl PositionEmbedding {
    /// Rows of `dim` numbers for `max_len` places, normal with a standard deviation of 0.02: a
    /// faint mark on the words that they are added to.
    pub fn new(max_len: usize, dim: usize, rng: &mut Rng) -> Self {
        Self { weight: Init::Normal { std: 0.02 }.tensor([max_len, dim], rng).with_grad() }
    }

    /// The rows of `len` places from `offset` on: `[len, d]`, a view of the weight.
    ///
    /// # Panics
    /// When there are not so many.
    #[track_caller]
    pub fn rows(&self, offset: usize, len: usize) -> Tensor {
        rows("position_embedding", &self.weight, offset, len)
    }

    /// `x` with the rows of its places added, the first of them `offset`: `[…, t, d] -> […, t, d]`.
    ///
    /// # Panics
    /// When there are not so many places, or `d` is not theirs.
    #[track_caller]
    pub fn add_to(&self, x: &Tensor, offset: usize) -> Tensor {
        let len = length("position_embedding", x, self.weight.size(1));
        x + self.rows(offset, len)
    }
}

impl Module for PositionEmbedding {
    /// `[…, t, d] -> […, t, d]`, the first place being 0
    fn forward(&self, x: &Tensor) -> Tensor {
        self.add_to(x, 0)
    }
}

/// How many places `x` `[…, t, d]` has.
#[track_caller]
pub(crate) fn length(op: &str, x: &Tensor, dim: usize) -> usize {
    let shape = x.shape();
    assert!(
        shape.ndim() >= 2 && shape.size(shape.ndim() - 1) == dim,
        "{op}: x {shape} is not [.., t, {dim}]; look up its ids first, in a table of that width"
    );
    shape.size(shape.ndim() - 2)
}

/// Rows `offset..offset + len` of a table of places.
#[track_caller]
pub(crate) fn rows(op: &str, table: &Tensor, offset: usize, len: usize) -> Tensor {
    let places = table.size(0);
    assert!(
        offset + len <= places,
        "{op}: places {offset} to {} are not among the {places} known; shorten the sequence, or \
         build the model for longer ones",
        (offset + len).saturating_sub(1)
    );
    table.narrow(0, offset, len)
}

/// Waves: row `t` holds the sine and the cosine of `t / 10000^(2i/d)` at `2i` and `2i + 1`,
/// `[len, dim]`.
///
/// The first pair goes round every 6 places, the last about every 60,000, so that each place has a
/// pattern of its own, near ones similar ones; and as moving by `k` places turns each pair by a fixed
/// angle, a linear layer can look `k` places back. Where `dim` is odd, the last sine has no cosine.
/// A. Vaswani et al., "Attention is all you need" (2017), section 3.5.
pub fn sinusoidal(len: usize, dim: usize) -> Tensor {
    let mut out = Vec::with_capacity(len * dim);
    for t in 0..len {
        for i in 0..dim {
            let angle = t as f64 * frequency(i / 2, dim, 10_000.0);
            let wave = if i % 2 == 0 { angle.sin() } else { angle.cos() };
            out.push(wave as f32);
        }
    }
    Tensor::from_vec(out, [len, dim])
}

/// By how much wave `i` of `dim / 2` goes on per place, in radians: `base^(-2i/dim)`. In double
/// precision, as it is multiplied by places far out.
pub(crate) fn frequency(i: usize, dim: usize, base: f64) -> f64 {
    base.powf(-2.0 * i as f64 / dim as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tinytorch_autograd::Backward;

    #[test]
    fn each_place_gets_its_row_in_every_sequence() {
        let positions = PositionEmbedding {
            weight: Tensor::from([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]).with_grad(),
        };
        let x = Tensor::from([[[10.0, 10.0], [20.0, 20.0]], [[30.0, 30.0], [40.0, 40.0]]]);
        let y = positions.forward(&x);
        assert_eq!(y.select(0, 0), Tensor::from([[11.0, 12.0], [23.0, 24.0]]));
        assert_eq!(y.select(0, 1), Tensor::from([[31.0, 32.0], [43.0, 44.0]]));
        assert_eq!(positions.add_to(&x, 1).select(0, 0).select(0, 1), Tensor::from([25.0, 26.0]));
        let grads = y.sum().backward(); // two sequences, two places used
        let expected = Tensor::from([[2.0, 2.0], [2.0, 2.0], [0.0, 0.0]]);
        assert_eq!(*grads.of(&positions.weight), expected);
    }

    #[test]
    #[should_panic(expected = "position_embedding: places 2 to 5 are not among the 4 known; short")]
    fn a_place_beyond_the_last_is_an_error() {
        let positions = PositionEmbedding::new(4, 2, &mut Rng::new(0));
        positions.add_to(&Tensor::zeros([4, 2]), 2);
    }

    #[test]
    #[should_panic(expected = "position_embedding: x [3, 5] is not [.., t, 2]; look up its ids")]
    fn another_width_does_not_fit() {
        PositionEmbedding::new(4, 2, &mut Rng::new(0)).forward(&Tensor::zeros([3, 5]));
    }

    #[test]
    fn sines_and_cosines_alternate_and_slow_down() {
        let table = sinusoidal(50, 6);
        assert_eq!(table.select(0, 0), Tensor::from([0.0, 1.0, 0.0, 1.0, 0.0, 1.0]));
        // 10000^(2/6) = 21.544347, 10000^(4/6) = 464.15888
        let angles = [1.0_f64, 1.0 / 21.544346900318832, 1.0 / 464.15888336127773];
        for (i, angle) in angles.into_iter().enumerate() {
            for t in [1, 7, 49] {
                let (sine, cosine) = (t as f64 * angle).sin_cos();
                assert!((f64::from(table.at([t, 2 * i])) - sine).abs() < 1e-6);
                assert!((f64::from(table.at([t, 2 * i + 1])) - cosine).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn a_longer_table_begins_with_the_shorter_and_an_odd_width_ends_with_a_sine() {
        assert_eq!(sinusoidal(100, 8).narrow(0, 0, 10), sinusoidal(10, 8));
        let odd = sinusoidal(3, 5);
        assert_eq!(odd.shape(), [3, 5]);
        let last = (2.0 * 10_000_f64.powf(-4.0 / 5.0)).sin() as f32;
        assert_eq!(odd.at([2, 4]), last);
        assert_eq!(
            (sinusoidal(0, 4).shape(), sinusoidal(4, 0).shape()),
            ([0, 4].into(), [4, 0].into())
        );
    }

    #[test]
    fn no_two_places_look_alike() {
        let table = sinusoidal(512, 16);
        for t in 1..512 {
            let gap = table.select(0, t) - table.select(0, t - 1);
            assert!((&gap * &gap).sum().item() > 0.5, "places {} and {t}", t - 1);
        }
    }
}
