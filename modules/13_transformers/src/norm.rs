//! The normalizations as layers.

use crate::layer_norm::layer_norm;
use crate::rms_norm::rms_norm;
use tinytorch_layers::{Module, Path, Slot, SlotMut, State, state};
use tinytorch_tensor::Tensor;

/// [`layer_norm`] with a learned weight and bias: rows of mean 0 and variance 1, then whatever
/// scale and place per column training finds useful.
#[derive(Clone, Debug)]
pub struct LayerNorm {
    /// `[d]`, starts at 1.
    pub weight: Option<Tensor>,
    /// `[d]`, starts at 0.
    pub bias: Option<Tensor>,
    /// What is added to the variance.
    pub eps: f32,
}
state!(LayerNorm { weight, bias });

impl LayerNorm {
    /// For rows of `d` numbers, with weight, bias, and PyTorch's `eps` of 1e-5.
    pub fn new(d: usize) -> Self {
        Self { bias: Some(Tensor::zeros([d]).with_grad()), ..Self::without_bias(d) }
    }

    /// As [`new`](Self::new), without a bias.
    pub fn without_bias(d: usize) -> Self {
        Self { weight: Some(Tensor::ones([d]).with_grad()), ..Self::plain() }
    }

    /// Without parameters, for rows of any length.
    pub fn plain() -> Self {
        Self { weight: None, bias: None, eps: 1e-5 }
    }
}

impl Module for LayerNorm {
    /// `[…, d] -> […, d]`
    fn forward(&self, x: &Tensor) -> Tensor {
        layer_norm(x, self.weight.as_ref(), self.bias.as_ref(), self.eps)
    }
}

/// [`rms_norm`] with a learned weight.
#[derive(Clone, Debug)]
pub struct RMSNorm {
    /// `[d]`, starts at 1.
    pub weight: Option<Tensor>,
    /// What is added to the mean of the squares.
    pub eps: f32,
}
state!(RMSNorm { weight });

impl RMSNorm {
    /// For rows of `d` numbers, with a weight and an `eps` of 1e-5.
    ///
    /// PyTorch's default for `eps` is the distance from 1 to the next float (1.2e-7); models say
    /// what they were trained with, 1e-5 or 1e-6.
    pub fn new(d: usize) -> Self {
        Self { weight: Some(Tensor::ones([d]).with_grad()), ..Self::plain() }
    }

    /// Without parameters, for rows of any length.
    pub fn plain() -> Self {
        Self { weight: None, eps: 1e-5 }
    }
}

impl Module for RMSNorm {
    /// `[…, d] -> […, d]`
    fn forward(&self, x: &Tensor) -> Tensor {
        rms_norm(x, self.weight.as_ref(), self.eps)
    }
}

/// Which normalization a model has.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum NormKind {
    /// [`LayerNorm`]: GPT-2.
    #[default]
    LayerNorm,
    /// [`RMSNorm`]: Llama and most models since.
    RmsNorm,
}

/// One of the normalizations. Its paths are those of the layer inside.
#[derive(Clone, Debug)]
pub enum Norm {
    /// Mean 0, variance 1.
    Layer(LayerNorm),
    /// Root mean square 1.
    Rms(RMSNorm),
}

impl Norm {
    /// A fresh layer for rows of `d` numbers; `bias` is for layer norm, RMS norm has none.
    pub fn new(kind: NormKind, d: usize, bias: bool, eps: f32) -> Self {
        match kind {
            NormKind::RmsNorm => Self::Rms(RMSNorm { eps, ..RMSNorm::new(d) }),
            NormKind::LayerNorm if bias => Self::Layer(LayerNorm { eps, ..LayerNorm::new(d) }),
            NormKind::LayerNorm => Self::Layer(LayerNorm { eps, ..LayerNorm::without_bias(d) }),
        }
    }
}

impl State for Norm {
    fn visit<'a>(&'a self, path: &mut Path, see: &mut dyn FnMut(&Path, Slot<'a>)) {
        match self {
            Norm::Layer(norm) => norm.visit(path, see),
            Norm::Rms(norm) => norm.visit(path, see),
        }
    }

    fn visit_mut(&mut self, path: &mut Path, see: &mut dyn FnMut(&Path, SlotMut<'_>)) {
        match self {
            Norm::Layer(norm) => norm.visit_mut(path, see),
            Norm::Rms(norm) => norm.visit_mut(path, see),
        }
    }
}

impl Module for Norm {
    /// `[…, d] -> […, d]`
    fn forward(&self, x: &Tensor) -> Tensor {
        match self {
            Norm::Layer(norm) => norm.forward(x),
            Norm::Rms(norm) => norm.forward(x),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tinytorch_layers::Model;
    use tinytorch_tensor::Rng;

    fn names(model: &impl State) -> Vec<String> {
        model.named_parameters().into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn weight_and_bias_are_parameters_and_start_as_1_and_0() {
        assert_eq!(names(&LayerNorm::new(4)), ["weight", "bias"]);
        assert_eq!(names(&LayerNorm::without_bias(4)), ["weight"]);
        assert_eq!(names(&RMSNorm::new(4)), ["weight"]);
        assert_eq!(LayerNorm::plain().parameter_count() + RMSNorm::plain().parameter_count(), 0);
        let x = Tensor::randn([3, 4], &mut Rng::new(0));
        assert_eq!(LayerNorm::new(4).forward(&x), LayerNorm::plain().forward(&x));
        assert_eq!(RMSNorm::new(4).forward(&x), RMSNorm::plain().forward(&x));
    }

    #[test]
    fn either_norm_is_seen_by_the_walk_under_its_own_names() {
        let both = [
            Norm::new(NormKind::LayerNorm, 4, true, 1e-5),
            Norm::new(NormKind::RmsNorm, 4, true, 1e-5),
        ];
        assert_eq!(names(&both.to_vec()), ["0.weight", "0.bias", "1.weight"]);
        assert_eq!(names(&Norm::new(NormKind::LayerNorm, 4, false, 1e-5)), ["weight"]);
        let x = Tensor::randn([3, 4], &mut Rng::new(0));
        assert_eq!(both[0].forward(&x), LayerNorm::new(4).forward(&x));
        assert_eq!(both[1].forward(&x), RMSNorm::new(4).forward(&x));
    }
}
