//! Gradient descent, with momentum if wanted.

use crate::descent::Descent;
use crate::optimizer::{Formula, Now, check_not_negative, decayed};
use tinytorch_tensor::{Tensor, Update, update};

/// Stochastic gradient descent, with Polyak's or Nesterov's momentum.
///
/// ```text
/// g = g + weight_decay w
/// v = momentum v + (1 - dampening) g        (v = g at the first step)
/// w = w - lr v                              (Nesterov: w - lr (g + momentum v))
/// ```
///
/// A velocity `v` that keeps 0.9 of itself goes on through small bumps, and ten times as fast
/// where the slope stays the same (Polyak, 1964). Nesterov's form looks one step ahead (Sutskever
/// et al., 2013).
pub type Sgd = Descent<SgdOptions>;

/// Settings of [`Sgd`]; the defaults are PyTorch's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SgdOptions {
    /// The learning rate: how far to go, as a multiple of the gradient. 1e-3.
    pub lr: f32,
    /// The part of the velocity that is kept. 0: there is none.
    pub momentum: f32,
    /// The part of a gradient that does not enter the velocity. 0.
    pub dampening: f32,
    /// Whether to look one step ahead.
    pub nesterov: bool,
    /// A pull of the weights towards 0, as a multiple of each (L2 regularization). 0.
    pub weight_decay: f32,
}

impl Default for SgdOptions {
    fn default() -> Self {
        Self { lr: 1e-3, momentum: 0.0, dampening: 0.0, nesterov: false, weight_decay: 0.0 }
    }
}

impl Formula for SgdOptions {
    fn name(&self) -> &'static str {
        "sgd"
    }

    fn lr(&self) -> f32 {
        self.lr
    }

    fn check(&self) {
        let Self { lr, momentum, dampening, nesterov, weight_decay } = *self;
        let settings = [("lr", lr), ("momentum", momentum), ("weight_decay", weight_decay)];
        check_not_negative("sgd", &settings);
        assert!(dampening.is_finite(), "sgd: dampening is a finite number, not {dampening}");
        assert!(
            !nesterov || (momentum > 0.0 && dampening == 0.0),
            "sgd: nesterov looks ahead along the velocity; give it a momentum (0.9) and no \
             dampening, not momentum {momentum} and dampening {dampening}"
        );
    }

    fn memory(&self) -> &'static [&'static str] {
        if self.momentum == 0.0 { &[] } else { &["momentum"] }
    }

    #[inline]
    fn step(&self, now: Now, w: &mut Tensor, memory: &mut [Tensor], g: &Tensor) {
        let step = SgdStep { options: Self { lr: now.lr, ..*self }, first: now.step == 1 };
        match memory {
            [velocity] => update(&step, &mut [w, velocity], &[g]),
            _ => update(&step, &mut [w], &[g]),
        }
    }
}

/// One step of [`Sgd`]: targets `w` and, with momentum, `v`; input `g`. All of one shape.
pub struct SgdStep {
    /// The settings, with the learning rate of this step.
    pub options: SgdOptions,
    /// Whether it is the first, which makes the gradient the velocity.
    pub first: bool,
}

impl SgdStep {
    /// `w = w - lr g` for every weight, with the decayed gradient.
    fn plain(&self, w: &mut [f32], g: &[f32]) {
        let SgdOptions { lr, weight_decay, .. } = self.options;
        for (w, &g) in w.iter_mut().zip(g) {
            *w -= lr * decayed(g, *w, weight_decay);
        }
    }

    /// The velocity after `v`, given the gradient `g`, which it is itself at the first step.
    #[inline]
    fn velocity(&self, v: f32, g: f32) -> f32 {
        let SgdOptions { momentum, dampening, .. } = self.options;
        let (kept, gained) = if self.first { (0.0, 1.0) } else { (momentum, 1.0 - dampening) };
        kept * v + gained * g
    }

    /// Where Nesterov's form goes: as if the velocity `v` had been carried on once more.
    #[inline]
    fn ahead(&self, g: f32, v: f32) -> f32 {
        g + self.options.momentum * v
    }
}

impl Update for SgdStep {
    fn name(&self) -> &'static str {
        "sgd_step"
    }

    fn run(&self, targets: &mut [&mut Tensor], x: &[&Tensor]) {
        let SgdOptions { lr, nesterov, weight_decay, .. } = self.options;
        let g = x[0].data();
        match targets {
            [w] => self.plain(w.data_mut(), &g),
            [w, v] => {
                let both = w.data_mut().iter_mut().zip(v.data_mut());
                for ((w, v), &g) in both.zip(g.iter()) {
                    let g = decayed(g, *w, weight_decay);
                    *v = self.velocity(*v, g);
                    *w -= lr * if nesterov { self.ahead(g, *v) } else { *v };
                }
            }
            _ => unreachable!("a parameter, and its velocity if there is one"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Optimizer;
    use crate::trial::{assert_walk, step};

    const PLAIN: SgdOptions =
        SgdOptions { lr: 0.1, momentum: 0.0, dampening: 0.0, nesterov: false, weight_decay: 0.0 };

    #[test]
    fn a_step_goes_against_the_gradient() {
        let mut w = Tensor::from([1.0, 2.0]).with_grad();
        step(&mut Sgd::new(PLAIN), &mut w, &Tensor::from([0.5, -1.0]));
        assert_eq!(w.to_vec(), [0.95, 2.1]);
    }

    #[test]
    fn a_velocity_keeps_a_part_of_itself() {
        let options = SgdOptions { momentum: 0.9, ..PLAIN };
        assert_walk(Sgd::new(options), 0.0, &[1.0, 1.0, 0.0], &[-0.1, -0.29, -0.461]);
    }

    #[test]
    fn dampening_begins_after_the_first_step() {
        let options = SgdOptions { momentum: 0.9, dampening: 0.5, ..PLAIN };
        assert_walk(Sgd::new(options), 0.0, &[1.0, 1.0], &[-0.1, -0.24]);
    }

    #[test]
    fn nesterov_looks_one_step_ahead() {
        let options = SgdOptions { momentum: 0.9, nesterov: true, ..PLAIN };
        assert_walk(Sgd::new(options), 0.0, &[1.0, 1.0], &[-0.19, -0.461]);
    }

    #[test]
    fn weight_decay_pulls_towards_zero() {
        let options = SgdOptions { weight_decay: 0.1, ..PLAIN };
        assert_walk(Sgd::new(options), 2.0, &[0.5], &[1.93]);
        let options = SgdOptions { momentum: 0.9, ..options };
        assert_walk(Sgd::new(options), 2.0, &[0.5, 0.5], &[1.93, 1.7977]);
    }

    #[test]
    fn without_weight_decay_the_weight_is_not_looked_at() {
        // 0 times infinity would be NaN.
        assert_walk(Sgd::new(PLAIN), f32::INFINITY, &[1.0], &[f32::INFINITY]);
    }

    #[test]
    fn only_momentum_takes_memory() {
        let mut optimizer = Sgd::new(PLAIN);
        step(&mut optimizer, &mut Tensor::from([1.0]).with_grad(), &Tensor::from([1.0]));
        assert!(optimizer.state_dict().is_empty());
    }

    #[test]
    #[should_panic(expected = "sgd: lr is 0 or above, and finite, not -0.1")]
    fn uphill_is_refused() {
        Sgd::new(SgdOptions { lr: -0.1, ..PLAIN });
    }

    #[test]
    #[should_panic(expected = "sgd: nesterov looks ahead along the velocity; give it a momentum")]
    fn nesterov_without_momentum_is_refused() {
        Sgd::new(SgdOptions { nesterov: true, ..PLAIN });
    }
}
