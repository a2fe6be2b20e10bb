//! What each token does by itself, between two looks at the others.

use tinytorch_activations::Activations;
use tinytorch_layers::{Dropout, Linear, Module, state};
use tinytorch_tensor::{Rng, Tensor};

/// The bend between the two layers of an [`Mlp`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Activation {
    /// GELU by its `tanh` formula, as in GPT-2.
    #[default]
    GeluTanh,
    /// GELU, exactly.
    Gelu,
    /// `max(0, x)`, as in the transformer of 2017.
    Relu,
    /// `x sigmoid(x)`.
    Silu,
}

impl Activation {
    fn of(self, x: &Tensor) -> Tensor {
        match self {
            Activation::GeluTanh => x.gelu_tanh(),
            Activation::Gelu => x.gelu(),
            Activation::Relu => x.relu(),
            Activation::Silu => x.silu(),
        }
    }
}

/// How an [`Mlp`] is built.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct MlpOptions {
    /// The width of input and output.
    pub d_model: usize,
    /// The width between the layers.
    pub hidden: usize,
    /// What bends it.
    pub activation: Activation,
    /// Whether the layers add a bias.
    pub bias: bool,
    /// The probability with which an output is dropped in training.
    pub dropout: f32,
}

impl MlpOptions {
    /// As GPT-2 builds it: four times as wide inside, GELU by `tanh`, biases; nothing is dropped.
    pub fn new(d_model: usize) -> Self {
        let activation = Activation::GeluTanh;
        Self { d_model, hidden: 4 * d_model, activation, bias: true, dropout: 0.0 }
    }
}

/// Two linear layers with a bend between them, for each token alone: `d -> hidden -> d`.
///
/// Attention mixes tokens and is linear in what it mixes; here each token is thought over. Two
/// thirds of a block's parameters are in it: `2 d hidden`, with `hidden = 4 d`, of `12 d²`.
///
/// A. Vaswani et al., "Attention is all you need" (2017), section 3.3.
#[derive(Clone, Debug)]
pub struct Mlp {
    /// `d -> hidden`
    pub up: Linear,
    /// What bends it.
    pub activation: Activation,
    /// `hidden -> d`
    pub down: Linear,
    /// On the output.
    pub dropout: Dropout,
}
state!(Mlp { up, down, dropout });

impl Mlp {
    /// Fresh layers, weights as PyTorch's.
    pub fn new(options: MlpOptions, rng: &mut Rng) -> Self {
        let MlpOptions { d_model, hidden, activation, bias, dropout } = options;
        let layer = if bias { Linear::new } else { Linear::without_bias };
        Self {
            up: layer(d_model, hidden, rng),
            activation,
            down: layer(hidden, d_model, rng),
            dropout: Dropout::new(dropout, rng),
        }
    }
}

impl Module for Mlp {
    /// `[…, d] -> […, d]`
    fn forward(&self, x: &Tensor) -> Tensor {
        let inside = self.activation.of(&self.up.forward(x));
        self.dropout.forward(&self.down.forward(&inside))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tinytorch_layers::{Model, evaluating};

    #[test]
    fn it_is_four_times_as_wide_inside_and_has_8_d_squared_weights() {
        let mlp = Mlp::new(MlpOptions::new(8), &mut Rng::new(0));
        assert_eq!(
            (mlp.up.weight.shape(), mlp.down.weight.shape()),
            ([32, 8].into(), [8, 32].into())
        );
        assert_eq!(mlp.parameter_count(), 8 * 8 * 8 + 32 + 8);
        let options = MlpOptions { bias: false, hidden: 5, ..MlpOptions::new(8) };
        assert_eq!(Mlp::new(options, &mut Rng::new(0)).parameter_count(), 2 * 8 * 5);
    }

    #[test]
    fn one_number_by_hand_through_each_bend() {
        for (activation, bent) in [
            (Activation::GeluTanh, 1.954_597_7),
            (Activation::Gelu, 1.954_499_7),
            (Activation::Relu, 2.0),
            (Activation::Silu, 1.761_594_2),
        ] {
            let options = MlpOptions { activation, hidden: 1, ..MlpOptions::new(1) };
            let mut mlp = Mlp::new(options, &mut Rng::new(0));
            (mlp.up.weight, mlp.up.bias) = (Tensor::from([[3.0]]), Some(Tensor::from([-1.0])));
            (mlp.down.weight, mlp.down.bias) = (Tensor::from([[2.0]]), Some(Tensor::from([0.5])));
            let y = mlp.forward(&Tensor::from([[1.0]])).item(); // 3 * 1 - 1 = 2, bent, * 2 + 0.5
            assert!((y - (2.0 * bent + 0.5)).abs() < 1e-5, "{activation:?}: {y}");
        }
    }

    #[test]
    fn each_token_is_by_itself() {
        let mlp = Mlp::new(MlpOptions::new(6), &mut Rng::new(1));
        let x = Tensor::randn([2, 5, 6], &mut Rng::new(2));
        let y = mlp.forward(&x);
        assert_eq!(mlp.forward(&x.select(0, 1).select(0, 3)), y.select(0, 1).select(0, 3));
    }

    #[test]
    fn outputs_are_dropped_in_training_only() {
        let mlp = Mlp::new(MlpOptions { dropout: 0.5, ..MlpOptions::new(16) }, &mut Rng::new(1));
        let x = Tensor::randn([10, 16], &mut Rng::new(2));
        let zeros = |y: Tensor| y.data().iter().filter(|&&v| v == 0.0).count();
        assert_eq!(evaluating(|| zeros(mlp.forward(&x))), 0);
        let dropped = zeros(mlp.forward(&x));
        assert!((50..110).contains(&dropped), "{dropped} of 160");
    }
}
