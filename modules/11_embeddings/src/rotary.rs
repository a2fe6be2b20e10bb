//! Places as angles.

use crate::position::{frequency, length};
use tinytorch_autograd::{Each, Gradient, Node};
use tinytorch_layers::{Module, state};
use tinytorch_tensor::{Brought, Op, Reads, Tensor, dispatch};

/// Each pair of numbers turned by the angle of its place: inputs `x` `[…, t, d]`, cosines and
/// sines `[max_len, d/2]`.
///
/// Number `i` of the first half is paired with number `i` of the second: the layout of GPT-NeoX
/// and Llama's files at Hugging Face. The paper pairs neighbors, `2i` with `2i + 1`; that is the
/// same model with its channels in another order, but weights trained for one do not fit the other.
#[derive(Clone, Copy, Debug)]
pub struct Rotary {
    /// The place of the first row of `x`.
    pub offset: usize,
    /// Whether to turn backward, as gradients are.
    pub inverse: bool,
}

impl Op for Rotary {
    fn name(&self) -> &'static str {
        "rotary"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        let (mut out, cosines, sines) = (x[0].to_vec(), x[1].data(), x[2].data());
        let (len, dim) = (x[0].size(-2), x[0].size(-1));
        let (half, sign) = (dim / 2, if self.inverse { -1.0 } else { 1.0 });
        for (row, numbers) in out.chunks_exact_mut(dim.max(1)).enumerate() {
            let place = (self.offset + row % len) * half;
            let (cosines, sines) = (&cosines[place..place + half], &sines[place..place + half]);
            let (first, second) = numbers.split_at_mut(half);
            for (((a, b), cosine), sine) in first.iter_mut().zip(second).zip(cosines).zip(sines) {
                let sine = sign * sine;
                (*a, *b) = (*a * cosine - *b * sine, *b * cosine + *a * sine);
            }
        }
        Tensor::from_vec(out, x[0].shape())
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::input(1) | Reads::input(2)
    }

    fn brings(&self) -> Brought {
        const { &[&Gradient(&Each::<Rotary>(&[turned_back]))] }
    }
}

/// What the words get: `g`, turned the other way. A rotation's transpose is its inverse.
fn turned_back(op: &Rotary, n: &Node, g: &Tensor) -> Tensor {
    dispatch(Rotary { inverse: !op.inverse, ..*op }, &[g, n.x(1), n.x(2)])
}

/// Rotary positions: turns queries and keys so that their product knows how far apart they are.
///
/// A query at place `m`, turned by `m θ`, meets a key at place `n`, turned by `n θ`: what is left
/// in their dot product is the angle `(m - n) θ`, the distance alone. Nothing is added to the
/// words and nothing is learned. Pair `i` of `d/2` has `θ = base^(-2i/d)`, as in [`sinusoidal`].
/// J. Su et al., "RoFormer: enhanced transformer with rotary position embedding" (2021),
/// equation 15.
///
/// [`sinusoidal`]: crate::sinusoidal
#[derive(Clone, Debug)]
pub struct RotaryEmbedding {
    /// `[max_len, d/2]`
    pub cosines: Tensor,
    /// `[max_len, d/2]`
    pub sines: Tensor,
}
// The tables follow from the settings: they are not saved.
state!(RotaryEmbedding {});

impl RotaryEmbedding {
    /// Angles for heads of `dim` numbers and `max_len` places, with a base of 10,000.
    ///
    /// # Panics
    /// When `dim` is odd.
    #[track_caller]
    pub fn new(dim: usize, max_len: usize) -> Self {
        Self::with_base(dim, max_len, 10_000.0)
    }

    /// As [`new`](Self::new) with another base: a larger one turns more slowly, for longer texts
    /// (500,000 in Llama 3).
    ///
    /// # Panics
    /// When `dim` is odd.
    #[track_caller]
    pub fn with_base(dim: usize, max_len: usize, base: f32) -> Self {
        assert!(
            dim.is_multiple_of(2),
            "rotary: numbers are turned in pairs, and {dim} is odd; choose heads of even width"
        );
        let half = dim / 2;
        let angle = |k: usize| (k / half) as f64 * frequency(k % half, dim, f64::from(base));
        let table = |f: fn(f64) -> f64| {
            Tensor::from_vec(
                (0..max_len * half).map(|k| f(angle(k)) as f32).collect(),
                [max_len, half],
            )
        };
        Self { cosines: table(f64::cos), sines: table(f64::sin) }
    }

    /// `x` turned, its first row being place `offset`: `[…, t, d] -> […, t, d]`.
    ///
    /// # Panics
    /// When `d` is another width, or there are not so many places.
    #[track_caller]
    pub fn apply(&self, x: &Tensor, offset: usize) -> Tensor {
        let [places, half] = self.cosines.shape().dims();
        let len = length("rotary", x, 2 * half);
        assert!(x.kind() != "i32", "rotary: needs floats, got integers; use `to_f32()`");
        assert!(
            offset + len <= places,
            "rotary: places {offset} to {} are not among the {places} known; build the tables for \
             longer sequences",
            (offset + len).saturating_sub(1)
        );
        dispatch(Rotary { offset, inverse: false }, &[x, &self.cosines, &self.sines])
    }
}

impl Module for RotaryEmbedding {
    /// `[…, t, d] -> […, t, d]`, the first place being 0
    fn forward(&self, x: &Tensor) -> Tensor {
        self.apply(x, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tinytorch_autograd::gradcheck;
    use tinytorch_layers::Model;
    use tinytorch_tensor::Rng;

    /// Roundings of numbers about 1 that were added up by the dozen.
    const CLOSE: f32 = 1e-5;

    fn dot(a: &Tensor, b: &Tensor) -> f32 {
        (a * b).sum().item()
    }

    #[test]
    fn a_pair_is_turned_by_its_place_times_its_angle() {
        let rotary = RotaryEmbedding::new(4, 10);
        let y = rotary.apply(&Tensor::from([[1.0, 0.0, 0.0, 1.0]]), 3);
        // Pair 0 is (1, 0), turned by 3; pair 1 is (0, 1), turned by 3 / 100.
        let (fast, slow) = (3.0_f32, 0.03_f32);
        let expected = Tensor::from([[fast.cos(), -slow.sin(), fast.sin(), slow.cos()]]);
        assert!((y - expected).abs().max().item() < 1e-6);
    }

    #[test]
    fn the_first_place_is_not_turned_and_lengths_stay() {
        let rotary = RotaryEmbedding::new(8, 16);
        let x = Tensor::randn([2, 3, 16, 8], &mut Rng::new(1));
        let y = rotary.forward(&x);
        assert_eq!(y.narrow(2, 0, 1), x.narrow(2, 0, 1));
        let gap = (&y * &y).sum_over(-1, false) - (&x * &x).sum_over(-1, false);
        assert!(gap.abs().max().item() < CLOSE);
    }

    #[test]
    fn products_depend_on_the_distance_alone() {
        let rotary = RotaryEmbedding::new(16, 200);
        let mut rng = Rng::new(2);
        let (q, k) = (Tensor::randn([1, 16], &mut rng), Tensor::randn([1, 16], &mut rng));
        let product = |m, n| dot(&rotary.apply(&q, m), &rotary.apply(&k, n));
        let near = product(5, 2);
        for shift in [1, 40, 190] {
            assert!((product(5 + shift, 2 + shift) - near).abs() < CLOSE, "shifted by {shift}");
        }
        assert!((product(9, 2) - near).abs() > 0.01, "another distance, another product");
    }

    #[test]
    fn places_go_on_where_the_offset_says() {
        let rotary = RotaryEmbedding::with_base(6, 12, 500.0);
        let x = Tensor::randn([2, 12, 6], &mut Rng::new(3));
        let whole = rotary.forward(&x);
        assert_eq!(rotary.apply(&x.narrow(1, 7, 5), 7), whole.narrow(1, 7, 5));
    }

    #[test]
    fn gradients_are_turned_back() {
        let rotary = RotaryEmbedding::new(4, 5);
        let x = Tensor::randn([2, 3, 4], &mut Rng::new(4));
        gradcheck(|x| rotary.apply(&x[0], 2), std::slice::from_ref(&x)).expect("the right rule");
        let tables = [&rotary.cosines, &rotary.sines];
        let back = Rotary { offset: 0, inverse: true };
        let again = dispatch(back, &[&rotary.forward(&x), tables[0], tables[1]]);
        assert!((again - x).abs().max().item() < CLOSE);
    }

    #[test]
    fn it_keeps_nothing_that_is_trained_or_saved() {
        assert!(RotaryEmbedding::new(4, 5).state_dict().is_empty());
    }

    #[test]
    #[should_panic(expected = "rotary: places 3 to 5 are not among the 5 known; build the tables")]
    fn a_place_beyond_the_tables_is_an_error() {
        RotaryEmbedding::new(4, 5).apply(&Tensor::zeros([3, 4]), 3);
    }

    #[test]
    #[should_panic(expected = "rotary: numbers are turned in pairs, and 5 is odd")]
    fn an_odd_width_has_no_pairs() {
        RotaryEmbedding::new(5, 5);
    }
}
