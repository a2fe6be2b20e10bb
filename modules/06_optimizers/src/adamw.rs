//! Adam with weight decay done right.

use crate::adam::{AdamOptions, Factors, check, pass};
use crate::descent::Descent;
use crate::optimizer::{Formula, Now};
use tinytorch_tensor::{Tensor, Update, update};

/// AdamW (Loshchilov and Hutter, 2019, algorithm 2).
///
/// ```text
/// w = w (1 - lr weight_decay)               first, and apart from the gradient
/// …                                         then a step of Adam without weight decay
/// ```
///
/// A decay that goes through the gradient, as in [`Adam`](crate::Adam), is divided by the size of
/// the gradients like everything else: the weights that move most are held least. Apart from it,
/// all shrink by the same part.
pub type AdamW = Descent<AdamWOptions>;

/// Settings of [`AdamW`]; the defaults are PyTorch's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamWOptions {
    /// The learning rate: about how far each weight moves per step, at most. 1e-3.
    pub lr: f32,
    /// The parts of the past that are kept in the two means. (0.9, 0.999).
    pub betas: (f32, f32),
    /// Added to what is divided by, so that it is not 0. 1e-8.
    pub eps: f32,
    /// The part of each weight that goes per step, as a multiple of the learning rate. 1e-2.
    pub weight_decay: f32,
}

impl Default for AdamWOptions {
    fn default() -> Self {
        Self { lr: 1e-3, betas: (0.9, 0.999), eps: 1e-8, weight_decay: 1e-2 }
    }
}

impl AdamWOptions {
    /// The settings of the part that is Adam.
    fn adam(&self) -> AdamOptions {
        let Self { lr, betas, eps, weight_decay } = *self;
        AdamOptions { lr, betas, eps, weight_decay }
    }
}

impl Formula for AdamWOptions {
    fn name(&self) -> &'static str {
        "adamw"
    }

    fn lr(&self) -> f32 {
        self.lr
    }

    fn check(&self) {
        check("adamw", &self.adam());
    }

    fn memory(&self) -> &'static [&'static str] {
        &["exp_avg", "exp_avg_sq"]
    }

    fn counts(&self) -> bool {
        true
    }

    #[inline]
    fn step(&self, now: Now, w: &mut Tensor, memory: &mut [Tensor], g: &Tensor) {
        let step = AdamWStep { options: Self { lr: now.lr, ..*self }, step: now.step };
        let [m, v] = memory else { unreachable!("as many as `memory` has names") };
        update(&step, &mut [w, m, v], &[g]);
    }
}

/// One step of [`AdamW`]: targets `w`, `m`, `v`; input `g`. All of one shape.
pub struct AdamWStep {
    /// The settings, with the learning rate of this step.
    pub options: AdamWOptions,
    /// The number of the step, from 1 on.
    pub step: i32,
}

impl Update for AdamWStep {
    fn name(&self) -> &'static str {
        "adamw_step"
    }

    fn run(&self, targets: &mut [&mut Tensor], x: &[&Tensor]) {
        let AdamWOptions { lr, weight_decay, .. } = self.options;
        let kept = (1.0 - f64::from(lr) * f64::from(weight_decay)) as f32;
        let factors = Factors::new(&self.options.adam(), self.step);
        pass(targets, x[0], &factors, |w, g| (w * kept, g));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{assert_walk, walk};
    use crate::{Adam, Optimizer};

    const PLAIN: AdamWOptions =
        AdamWOptions { lr: 0.1, betas: (0.5, 0.5), eps: 0.0, weight_decay: 0.25 };

    #[test]
    fn weights_shrink_apart_from_the_gradient_and_before_it() {
        // 2 × 0.975 - 0.1. After the step it would be (2 - 0.1) × 0.975 = 1.8525.
        assert_walk(AdamW::new(PLAIN), 2.0, &[1.0], &[1.85]);
        let options = AdamWOptions { eps: 1e-8, ..PLAIN };
        assert_walk(AdamW::new(options), 2.0, &[0.0], &[1.95]);
    }

    #[test]
    fn without_decay_it_is_adam() {
        let gradients = [0.3, -2.0, 0.7, 0.1];
        let options = AdamWOptions { weight_decay: 0.0, ..PLAIN };
        let adam = Adam::new(options.adam());
        assert_eq!(adam.name(), "adam");
        assert_eq!(walk(AdamW::new(options), 2.0, &gradients), walk(adam, 2.0, &gradients));
    }

    #[test]
    #[should_panic(expected = "adamw: eps is 0 or above, and finite, not NaN")]
    fn a_setting_that_is_no_number_is_refused() {
        AdamW::new(AdamWOptions { eps: f32::NAN, ..PLAIN });
    }
}
