//! Adaptive moments: momentum and steps of equal size together.

use crate::descent::Descent;
use crate::optimizer::{Formula, Now, check_decay, check_not_negative, decayed, lerp};
use tinytorch_tensor::{Tensor, Update, update};

/// Adam (Kingma and Ba, 2015, algorithm 1).
///
/// ```text
/// g = g + weight_decay w
/// m = β₁ m + (1 - β₁) g                     the mean of the gradient
/// v = β₂ v + (1 - β₂) g²                    and of its square
/// w = w - lr (m / (1 - β₁ᵗ)) / (√(v / (1 - β₂ᵗ)) + eps)          at step t = 1, 2, …
/// ```
///
/// `m` and `v` start at 0 and are too small at first; the divisions by `1 - βᵗ` make up for it, so
/// that already the first step moves each weight by `lr`.
pub type Adam = Descent<AdamOptions>;

/// Settings of [`Adam`]; the defaults are PyTorch's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamOptions {
    /// The learning rate: about how far each weight moves per step, at most. 1e-3.
    pub lr: f32,
    /// The parts of the past that are kept in the two means. (0.9, 0.999).
    pub betas: (f32, f32),
    /// Added to what is divided by, so that it is not 0. 1e-8.
    pub eps: f32,
    /// A pull of the weights towards 0, as a multiple of each, that enters the means like a
    /// gradient (L2 regularization). 0; [`AdamW`](crate::AdamW) does better.
    pub weight_decay: f32,
}

impl Default for AdamOptions {
    fn default() -> Self {
        Self { lr: 1e-3, betas: (0.9, 0.999), eps: 1e-8, weight_decay: 0.0 }
    }
}

/// Refuses what neither Adam nor AdamW can work with.
#[track_caller]
pub(crate) fn check(formula: &str, options: &AdamOptions) {
    let AdamOptions { lr, betas, eps, weight_decay } = *options;
    check_not_negative(formula, &[("lr", lr), ("eps", eps), ("weight_decay", weight_decay)]);
    check_decay(formula, "the first of betas", betas.0);
    check_decay(formula, "the second of betas", betas.1);
}

impl Formula for AdamOptions {
    fn name(&self) -> &'static str {
        "adam"
    }

    fn lr(&self) -> f32 {
        self.lr
    }

    fn check(&self) {
        check("adam", self);
    }

    fn memory(&self) -> &'static [&'static str] {
        &["exp_avg", "exp_avg_sq"]
    }

    fn counts(&self) -> bool {
        true
    }

    #[inline]
    fn step(&self, now: Now, w: &mut Tensor, memory: &mut [Tensor], g: &Tensor) {
        let step = AdamStep { options: Self { lr: now.lr, ..*self }, step: now.step };
        let [m, v] = memory else { unreachable!("as many as `memory` has names") };
        update(&step, &mut [w, m, v], &[g]);
    }
}

/// One step of [`Adam`]: targets `w`, `m`, `v`; input `g`. All of one shape.
pub struct AdamStep {
    /// The settings, with the learning rate of this step.
    pub options: AdamOptions,
    /// The number of the step, from 1 on.
    pub step: i32,
}

impl Update for AdamStep {
    fn name(&self) -> &'static str {
        "adam_step"
    }

    fn run(&self, targets: &mut [&mut Tensor], x: &[&Tensor]) {
        let decay = self.options.weight_decay;
        pass(targets, x[0], &Factors::new(&self.options, self.step), |w, g| {
            (w, decayed(g, w, decay))
        });
    }
}

/// How much of a mean that keeps `beta` of itself has come in after `step` steps: `1 - βᵗ`.
///
/// A mean that began at 0 is that much too small. In double precision, as `beta` is just below 1
/// and the power is subtracted from 1.
///
/// ```
/// use tinytorch_optimizers::bias_correction;
///
/// assert_eq!(bias_correction(0.5, 2), 0.75); // 1/2 from the second number, 1/4 from the first
/// ```
pub fn bias_correction(beta: f32, step: i32) -> f64 {
    1.0 - f64::from(beta).powi(step)
}

/// The numbers that are the same for all weights.
pub(crate) struct Factors {
    /// The part of a new gradient in `m`: `1 - β₁`.
    gained: f32,
    /// The part of the past in `v`: `β₂`.
    square_kept: f32,
    /// The part of a new square in `v`: `1 - β₂`.
    square_gained: f32,
    /// `lr / (1 - β₁ᵗ)`.
    rate: f32,
    /// `√(1 - β₂ᵗ)`.
    root: f32,
    eps: f32,
}

impl Factors {
    pub(crate) fn new(options: &AdamOptions, step: i32) -> Self {
        let (first, second) = options.betas;
        Self {
            gained: 1.0 - first,
            square_kept: second,
            square_gained: 1.0 - second,
            rate: (f64::from(options.lr) / bias_correction(first, step)) as f32,
            root: bias_correction(second, step).sqrt() as f32,
            eps: options.eps,
        }
    }

    /// The weight after `w`, given the gradient `g`; its two means are updated first.
    #[inline]
    fn moved(&self, w: f32, m: &mut f32, v: &mut f32, g: f32) -> f32 {
        *m = lerp(*m, g, self.gained);
        *v = self.square_kept * *v + self.square_gained * g * g;
        w - self.rate * *m / (v.sqrt() / self.root + self.eps)
    }
}

/// One pass over all weights. `decayed` gives the weight and the gradient to start with.
#[inline]
pub(crate) fn pass(
    targets: &mut [&mut Tensor],
    g: &Tensor,
    factors: &Factors,
    decayed: impl Fn(f32, f32) -> (f32, f32),
) {
    let [w, m, v] = targets else { unreachable!("a parameter and its two means") };
    let means = m.data_mut().iter_mut().zip(v.data_mut());
    let g = g.data();
    for ((w, (m, v)), &g) in w.data_mut().iter_mut().zip(means).zip(g.iter()) {
        let (start, g) = decayed(*w, g);
        *w = factors.moved(start, m, v, g);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Optimizer;
    use crate::trial::{assert_walk, step, walk};
    use tinytorch_tensor::Rng;

    const PLAIN: AdamOptions =
        AdamOptions { lr: 0.1, betas: (0.5, 0.5), eps: 0.0, weight_decay: 0.0 };

    #[test]
    fn the_first_step_is_lr_however_large_the_gradient() {
        let mut w = Tensor::zeros([3]).with_grad();
        let options = AdamOptions { lr: 0.1, ..Default::default() };
        step(&mut Adam::new(options), &mut w, &Tensor::from([1e-3, -1.0, 1e3]));
        let error = (w.detach() - Tensor::from([-0.1, 0.1, -0.1])).abs().max().item();
        assert!(error < 2e-6, "{w}: eps may take a hundred-thousandth");
    }

    #[test]
    fn means_are_corrected_for_having_started_at_zero() {
        // m = 1/2, v = 1/2, both over 1/2. Then m = -1/4 and v = 3/4, both over 3/4.
        assert_walk(Adam::new(PLAIN), 0.0, &[1.0, -1.0], &[-0.1, -0.06666666]);
    }

    #[test]
    fn eps_is_added_to_the_root_not_under_it() {
        let options = AdamOptions { eps: 1.0, ..PLAIN };
        assert_walk(Adam::new(options), 0.0, &[3.0], &[-0.075]); // 3 / (3 + 1)
    }

    #[test]
    fn weight_decay_enters_like_a_gradient() {
        let options = AdamOptions { weight_decay: 0.25, ..PLAIN };
        assert_walk(Adam::new(options), 2.0, &[0.0], &[1.9]);
    }

    #[test]
    fn each_parameter_counts_its_own_steps() {
        let options = AdamOptions { lr: 0.1, ..Default::default() };
        let (mut optimizer, g) = (Adam::new(options), Tensor::from([1.0]));
        let mut model = vec![Tensor::from([0.0]).with_grad(), Tensor::from([0.0]).with_grad()];
        model[1].set_requires_grad(false);
        (0..3).for_each(|_| step(&mut optimizer, &mut model, &g));
        model[1].set_requires_grad(true);
        step(&mut optimizer, &mut model, &g);
        let state = optimizer.state_dict();
        assert_eq!(state["step.0"].item_i32(), 4);
        assert_eq!(state["step.1"].item_i32(), 1);
        assert!((model[1].item() + 0.1).abs() < 1e-6, "a first step of its own");
    }

    /// Algorithm 1 of the paper, word for word, in double precision.
    fn textbook(options: AdamOptions, start: f64, gradients: &[f32]) -> f64 {
        let (first, second) = (f64::from(options.betas.0), f64::from(options.betas.1));
        let (mut w, mut m, mut v) = (start, 0.0, 0.0);
        for (i, &g) in gradients.iter().enumerate() {
            let (t, g) = (i as i32 + 1, f64::from(g) + f64::from(options.weight_decay) * w);
            m = first * m + (1.0 - first) * g;
            v = second * v + (1.0 - second) * g * g;
            let (m_hat, v_hat) = (m / (1.0 - first.powi(t)), v / (1.0 - second.powi(t)));
            w -= f64::from(options.lr) * m_hat / (v_hat.sqrt() + f64::from(options.eps));
        }
        w
    }

    #[test]
    fn two_hundred_steps_end_where_the_paper_says() {
        let mut rng = Rng::new(3);
        let gradients: Vec<f32> = (0..200).map(|_| 0.3 + rng.normal()).collect();
        for weight_decay in [0.0, 0.1] {
            let options = AdamOptions { lr: 0.01, weight_decay, ..Default::default() };
            let ours = walk(Adam::new(options), 1.0, &gradients);
            let error = f64::from(ours[199]) - textbook(options, 1.0, &gradients);
            // 200 roundings of a number of about 1, half of 1.2e-7 each, at worst.
            assert!(error.abs() < 1.2e-5, "{error}");
        }
    }

    #[test]
    #[should_panic(expected = "adam: the second of betas is the part of the past that is kept")]
    fn a_mean_that_never_moves_is_refused() {
        Adam::new(AdamOptions { betas: (0.9, 1.0), ..PLAIN });
    }
}
