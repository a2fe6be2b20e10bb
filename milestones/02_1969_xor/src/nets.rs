//! The two networks, and how both are trained.

use std::time::Instant;

use tinytorch::prelude::*;

use crate::corners::Corners;

/// One layer: two weights and a bias. The border of its answers is a line.
#[derive(Clone)]
pub struct OneLayer {
    /// `[2] -> [1]`
    pub output: Linear,
}
state!(OneLayer { output });

impl OneLayer {
    /// With PyTorch's initial weights.
    pub fn new(rng: &mut Rng) -> Self {
        OneLayer { output: Linear::new(2, 1, rng) }
    }
}

impl Module for OneLayer {
    fn forward(&self, x: &Tensor) -> Tensor {
        self.output.forward(x)
    }
}

/// Units of the hidden layer.
///
/// Two would do on paper, and get stuck in two seeds of seven; of 1,000 seeds four reach the goal
/// 996 times, eight every time. (Four ReLUs, as in the Python TinyTorch, do in two cases of three:
/// a ReLU that is off at all four corners has no slope that could bring it back.)
pub const HIDDEN: usize = 8;

/// A hidden layer of eight tanh units before the output: each unit draws a line of its own, and
/// the output weighs what they say.
#[derive(Clone)]
pub struct TwoLayers {
    /// `[2] -> [8]`
    pub hidden: Linear,
    /// `[8] -> [1]`
    pub output: Linear,
}
state!(TwoLayers { hidden, output });

impl TwoLayers {
    /// With PyTorch's initial weights.
    pub fn new(rng: &mut Rng) -> Self {
        TwoLayers { hidden: Linear::new(2, HIDDEN, rng), output: Linear::new(HIDDEN, 1, rng) }
    }

    /// What the hidden units say: `[n, 2] -> [n, 8]`, each in -1..=1.
    pub fn units(&self, x: &Tensor) -> Tensor {
        self.hidden.forward(x).tanh()
    }
}

impl Module for TwoLayers {
    fn forward(&self, x: &Tensor) -> Tensor {
        self.output.forward(&self.units(x))
    }
}

/// Floating-point operations in the matrix products of a step of [`OneLayer`]: forward
/// `2 m k n`, and as many for the slopes of the weights.
pub const STEP_OF_ONE_LAYER: usize = 2 * (2 * 4 * 2);

/// The same for [`TwoLayers`]; the output layer also passes slopes on to the hidden units.
pub const STEP_OF_TWO_LAYERS: usize = 2 * (2 * 4 * 2 * HIDDEN) + 3 * (2 * 4 * HIDDEN);

/// The answer for each point, `[n, 2] -> [n]`: positive for a 1.
pub fn logits(model: &dyn Module, x: &Tensor) -> Tensor {
    no_grad(|| model.forward(x).squeeze(1))
}

/// The probability of a 1 at one place, for drawing.
pub fn probability(model: &dyn Module, x: f32, y: f32) -> f32 {
    logits(model, &Tensor::from([[x, y]])).sigmoid().item()
}

/// How to train.
#[derive(Clone, Copy, Debug)]
pub struct Recipe {
    /// The length of a step, in gradients.
    pub lr: f32,
    /// The part of the last step that is taken again.
    pub momentum: f32,
    /// Steps, each on all four corners.
    pub steps: usize,
}

/// Both networks are trained alike.
pub const RECIPE: Recipe = Recipe { lr: 0.2, momentum: 0.9, steps: 600 };

/// A network, and how it became what it is.
pub struct Trained<M> {
    /// Where its random numbers started.
    pub seed: u64,
    /// Before the first step.
    pub before: M,
    /// When it had the most of the noisy copies right.
    pub at_best: M,
    /// After the last step.
    pub model: M,
    /// The loss on the four corners before each step.
    pub losses: Vec<f32>,
    /// The share of the noisy copies that it had right, before the first and after each step.
    pub noisy: Vec<f64>,
    /// After how many steps it had all four corners right for the first time.
    pub solved_after: Option<usize>,
    /// What the steps took, in seconds, without the looks at the copies.
    pub seconds: f64,
}

impl<M> Trained<M> {
    /// The largest share of the noisy copies that it ever had right.
    pub fn best(&self) -> f64 {
        self.noisy.iter().copied().fold(0.0, f64::max)
    }

    /// The share of the noisy copies that it has right in the end.
    pub fn last(&self) -> f64 {
        self.noisy.last().copied().unwrap_or(f64::NAN)
    }
}

/// Trains the network that `make` makes on the four corners; the noisy copies are looked at after
/// each step, and never learned from.
pub fn train<M: Module + Clone>(
    seed: u64,
    make: impl FnOnce(&mut Rng) -> M,
    recipe: &Recipe,
) -> Trained<M> {
    let mut rng = Rng::new(seed);
    let mut model = make(&mut rng);
    let (corners, copies) = (Corners::exact(), Corners::noisy(&mut rng));
    let Recipe { lr, momentum, .. } = *recipe;
    let mut sgd = Sgd::new(SgdOptions { lr, momentum, ..Default::default() });
    let mut trained = Trained {
        seed,
        before: model.clone(),
        at_best: model.clone(),
        model: model.clone(),
        losses: Vec::with_capacity(recipe.steps),
        noisy: vec![copies.right(&logits(&model, &copies.x))],
        solved_after: None,
        seconds: 0.0,
    };
    let mut best = trained.noisy[0];
    for step in 0..recipe.steps {
        let started = Instant::now();
        let answers = model.forward(&corners.x).squeeze(1);
        let loss = bce_with_logits(&answers, &corners.y);
        sgd.step(&mut model, &loss.backward());
        trained.seconds += started.elapsed().as_secs_f64();
        trained.losses.push(loss.item());
        if trained.solved_after.is_none() && corners.right(&answers) == 1.0 {
            trained.solved_after = Some(step);
        }
        let noisy = copies.right(&logits(&model, &copies.x));
        if noisy > best {
            best = noisy;
            trained.at_best = model.clone();
        }
        trained.noisy.push(noisy);
    }
    Trained { model, ..trained }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_copy_does_not_learn_along() {
        let trained = train(3, TwoLayers::new, &Recipe { steps: 50, ..RECIPE });
        let fresh = TwoLayers::new(&mut Rng::new(3));
        assert_eq!(trained.before.hidden.weight, fresh.hidden.weight);
        assert_ne!(trained.model.hidden.weight, fresh.hidden.weight);
    }

    #[test]
    fn one_seed_twice_gives_the_same_weights() {
        let weights = || train(5, TwoLayers::new, &RECIPE).model.hidden.weight.to_vec();
        assert_eq!(weights(), weights());
    }

    #[test]
    fn the_losses_and_the_shares_cover_every_step() {
        let trained = train(0, OneLayer::new, &Recipe { steps: 7, ..RECIPE });
        assert_eq!((trained.losses.len(), trained.noisy.len()), (7, 8));
    }
}
