//! Words and places together: what a sequence model begins with.

use crate::embedding::Embedding;
use crate::position::{PositionEmbedding, rows, sinusoidal};
use tinytorch_layers::{Module, state};
use tinytorch_tensor::{Rng, Tensor};

/// How a [`SequenceEmbedding`] says where a word stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Positions {
    /// By a learned row per place.
    Learned,
    /// By fixed waves, which need no training.
    Sinusoidal,
    /// Not at all: for bags of words, or when attention turns by [rotary](crate::RotaryEmbedding)
    /// positions.
    None,
}

/// Ids to rows, with their places added: the first layer of a transformer.
#[derive(Clone, Debug)]
pub struct SequenceEmbedding {
    /// What the words are.
    pub tokens: Embedding,
    /// Where they stand, if that is learned.
    pub learned: Option<PositionEmbedding>,
    /// Where they stand, if that is fixed: `[max_len, d]`. It follows from the settings and is not
    /// saved.
    pub fixed: Option<Tensor>,
    /// What the words' rows are multiplied by before the places are added.
    pub scale: f32,
}
state!(SequenceEmbedding { tokens, learned });

impl SequenceEmbedding {
    /// For `vocabulary` ids, `dim` numbers each, and sequences of up to `max_len` places.
    pub fn new(
        vocabulary: usize,
        dim: usize,
        max_len: usize,
        positions: Positions,
        rng: &mut Rng,
    ) -> Self {
        let tokens = Embedding::new(vocabulary, dim, rng);
        let learned = positions == Positions::Learned;
        let fixed = positions == Positions::Sinusoidal;
        Self {
            tokens,
            learned: learned.then(|| PositionEmbedding::new(max_len, dim, rng)),
            fixed: fixed.then(|| sinusoidal(max_len, dim)),
            scale: 1.0,
        }
    }

    /// The same with words multiplied by `√d`, so that rows which start small are not drowned by
    /// the waves: Vaswani et al. (2017), section 3.4.
    pub fn scaled(self) -> Self {
        let dim = self.tokens.weight.size(1);
        Self { scale: (dim as f32).sqrt(), ..self }
    }

    /// Rows for ids whose first place is `offset`: `[…, t] -> […, t, d]`.
    ///
    /// # Panics
    /// When an id or a place is not known.
    #[track_caller]
    pub fn embed(&self, ids: &Tensor, offset: usize) -> Tensor {
        let ndim = ids.ndim();
        assert!(ndim > 0, "sequence_embedding: a single id is no sequence; use `unsqueeze(0)`");
        let mut x = self.tokens.forward(ids);
        if self.scale != 1.0 {
            x = x * self.scale;
        }
        if let Some(learned) = &self.learned {
            x = learned.add_to(&x, offset);
        }
        if let Some(fixed) = &self.fixed {
            x = x + rows("sequence_embedding", fixed, offset, ids.size(-1));
        }
        x
    }
}

impl Module for SequenceEmbedding {
    /// Ids `[…, t] -> […, t, d]`, the first place being 0
    fn forward(&self, ids: &Tensor) -> Tensor {
        self.embed(ids, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tinytorch_layers::Model;

    fn of(positions: Positions) -> SequenceEmbedding {
        SequenceEmbedding::new(10, 4, 6, positions, &mut Rng::new(0))
    }

    #[test]
    fn words_and_places_are_added() {
        let ids = Tensor::from([[3, 3, 9], [1, 2, 3]]);
        let (learned, fixed, bag) =
            (of(Positions::Learned), of(Positions::Sinusoidal), of(Positions::None));
        let words = bag.tokens.forward(&ids);
        assert_eq!(bag.forward(&ids), words);
        assert_eq!(fixed.forward(&ids), &words + sinusoidal(3, 4));
        let places = learned.learned.as_ref().expect("it has them");
        assert_eq!(learned.forward(&ids), &words + places.weight.narrow(0, 0, 3));
        assert_eq!(fixed.embed(&ids, 2), words + sinusoidal(5, 4).narrow(0, 2, 3));
    }

    #[test]
    fn only_what_is_learned_is_a_parameter() {
        let counts = [Positions::Learned, Positions::Sinusoidal, Positions::None];
        assert_eq!(counts.map(|p| of(p).parameters().len()), [2, 1, 1]);
        assert_eq!(of(Positions::Learned).parameter_count(), 10 * 4 + 6 * 4);
        assert!(of(Positions::Sinusoidal).named_buffers().is_empty());
    }

    #[test]
    fn scaling_is_of_the_words_and_not_of_the_places() {
        let ids = Tensor::from([1, 2]);
        let plain = of(Positions::Sinusoidal);
        let expected = plain.tokens.forward(&ids) * 2.0 + sinusoidal(2, 4);
        assert_eq!(plain.scaled().forward(&ids), expected);
    }

    #[test]
    #[should_panic(expected = "sequence_embedding: places 0 to 6 are not among the 6 known")]
    fn a_sequence_longer_than_the_waves_is_an_error() {
        of(Positions::Sinusoidal).forward(&Tensor::arange_i32(7));
    }
}
