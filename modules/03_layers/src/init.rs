//! Where weights start.

use tinytorch_tensor::{Rng, Shape, Tensor};

/// How fresh weights are drawn.
///
/// The variance of a layer's output is `fan_in` times that of a weight times that of an input.
/// Too small, and signals die out from layer to layer; too large, and they explode. The Kaiming
/// and Xavier forms choose the variance so that neither happens.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Init {
    /// Uniform of variance `2 / fan_in`, for layers followed by ReLU, which halves the variance:
    /// K. He et al., "Delving deep into rectifiers" (2015), equation 10.
    KaimingUniform,
    /// Normal of variance `2 / fan_in`.
    KaimingNormal,
    /// Uniform of variance `2 / (fan_in + fan_out)`, which suits both directions, for tanh and
    /// the like: X. Glorot, Y. Bengio, "Understanding the difficulty of training deep
    /// feedforward neural networks" (2010), equation 16.
    XavierUniform,
    /// Normal of variance `2 / (fan_in + fan_out)`.
    XavierNormal,
    /// Uniform between `-bound` and `bound`.
    Uniform {
        /// The largest absolute value.
        bound: f32,
    },
    /// Normal of mean 0.
    Normal {
        /// The standard deviation; 0.02 in GPT-2.
        std: f32,
    },
    /// All zeros.
    Zeros,
    /// All ones.
    Ones,
}

impl Init {
    /// Fresh weights of `shape`: `[out, in]`, or `[out, in, …]` with the places of a kernel.
    ///
    /// # Panics
    /// When a Kaiming or Xavier form is asked for fewer than two axes.
    #[track_caller]
    pub fn tensor(self, shape: impl Into<Shape>, rng: &mut Rng) -> Tensor {
        let shape = shape.into();
        match self {
            Init::KaimingUniform => uniform(shape, kaiming(fans(shape)), rng),
            Init::KaimingNormal => normal(shape, kaiming(fans(shape)), rng),
            Init::XavierUniform => uniform(shape, xavier(fans(shape)), rng),
            Init::XavierNormal => normal(shape, xavier(fans(shape)), rng),
            Init::Uniform { bound } => Tensor::uniform(shape, -bound, bound, rng),
            Init::Normal { std } => normal(shape, std, rng),
            Init::Zeros => Tensor::zeros(shape),
            Init::Ones => Tensor::ones(shape),
        }
    }
}

/// Uniform numbers of mean 0 and this standard deviation.
fn uniform(shape: Shape, std: f32, rng: &mut Rng) -> Tensor {
    let bound = 3_f32.sqrt() * std; // the variance of U(-b, b) is b² / 3
    Tensor::uniform(shape, -bound, bound, rng)
}

/// Normal numbers of mean 0 and this standard deviation.
fn normal(shape: Shape, std: f32, rng: &mut Rng) -> Tensor {
    Tensor::randn(shape, rng) * std
}

/// How many inputs an output sees, and how many outputs an input reaches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Fans {
    inputs: usize,
    outputs: usize,
}

/// The standard deviation that keeps the variance through a layer and a ReLU.
fn kaiming(fans: Fans) -> f32 {
    (2.0 / fans.inputs as f32).sqrt()
}

/// The standard deviation between what forward and backward would like.
fn xavier(fans: Fans) -> f32 {
    (2.0 / (fans.inputs + fans.outputs) as f32).sqrt()
}

/// The fans of weights of this shape.
#[track_caller]
fn fans(shape: Shape) -> Fans {
    assert!(
        shape.ndim() >= 2,
        "init: {shape} has no inputs and outputs to count; use `Normal`, `Uniform` or `Zeros`"
    );
    counted(shape)
}

/// The fans of `[out, in]`, or of `[out, in, …]` with the places of a kernel.
fn counted(shape: Shape) -> Fans {
    let places: usize = shape.iter().skip(2).product();
    Fans { inputs: shape.size(1) * places, outputs: shape.size(0) * places }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean and standard deviation of the weights of a layer from 50 to 200, 10,000 of them.
    fn moments(init: Init) -> (f32, f32, f32) {
        let weight = init.tensor([200, 50], &mut Rng::new(7));
        (weight.mean().item(), weight.std().item(), weight.abs().max().item())
    }

    #[test]
    fn weights_have_the_variance_of_their_paper() {
        let (kaiming, xavier) = ((2.0_f32 / 50.0).sqrt(), (2.0_f32 / 250.0).sqrt());
        let cases = [
            (Init::KaimingUniform, kaiming),
            (Init::KaimingNormal, kaiming),
            (Init::XavierUniform, xavier),
            (Init::XavierNormal, xavier),
            (Init::Normal { std: 0.02 }, 0.02),
            (Init::Uniform { bound: 0.3 }, 0.3 / 3_f32.sqrt()),
        ];
        for (init, expected) in cases {
            let (mean, std, _) = moments(init);
            // For 10,000 draws the standard deviation is known to 0.7 %, the mean to 1 % of it.
            assert!((std / expected - 1.0).abs() < 0.03, "{init:?}: {std}, not {expected}");
            assert!(mean.abs() < 0.04 * expected, "{init:?}: mean {mean}");
        }
    }

    #[test]
    fn uniform_weights_stay_inside_their_bound() {
        let (_, _, largest) = moments(Init::KaimingUniform);
        let bound = (6.0_f32 / 50.0).sqrt();
        assert!(largest <= bound && largest > 0.99 * bound);
    }

    #[test]
    fn a_kernel_counts_its_places() {
        assert_eq!(fans(Shape::from([8, 3, 5, 5])), Fans { inputs: 75, outputs: 200 });
        assert_eq!(fans(Shape::from([10, 4])), Fans { inputs: 4, outputs: 10 });
    }

    #[test]
    fn constants_are_constant() {
        let rng = &mut Rng::new(0);
        assert_eq!(Init::Zeros.tensor([3], rng), Tensor::zeros([3]));
        assert_eq!(Init::Ones.tensor([3], rng), Tensor::ones([3]));
    }

    #[test]
    #[should_panic(expected = "init: [5] has no inputs and outputs to count; use `Normal`")]
    fn a_vector_has_no_fans() {
        Init::XavierNormal.tensor([5], &mut Rng::new(0));
    }
}
