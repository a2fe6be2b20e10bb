//! Steps of equal size, however steep or flat.

use crate::descent::Descent;
use crate::optimizer::{Formula, Now, check_decay, check_not_negative, decayed, lerp};
use tinytorch_tensor::{Tensor, Update, update};

/// Divides each gradient by how large it has usually been (Tieleman and Hinton, 2012).
///
/// ```text
/// g = g + weight_decay w
/// s = alpha s + (1 - alpha) g²              the mean square, over some 1 / (1 - alpha) steps
/// a = alpha a + (1 - alpha) g               centered only: the mean
/// d = g / (√s + eps)                        centered: g / (√(s - a²) + eps)
/// w = w - lr d                              with momentum: v = momentum v + d, w = w - lr v
/// ```
///
/// The centered form is that of Graves, "Generating sequences with recurrent neural networks",
/// 2013.
pub type RmsProp = Descent<RmsPropOptions>;

/// Settings of [`RmsProp`]; the defaults are PyTorch's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmsPropOptions {
    /// The learning rate: about how far each weight moves per step. 1e-2.
    pub lr: f32,
    /// The part of the past that is kept in the means. 0.99.
    pub alpha: f32,
    /// Added to what is divided by, so that it is not 0. 1e-8.
    pub eps: f32,
    /// A pull of the weights towards 0, as a multiple of each (L2 regularization). 0.
    pub weight_decay: f32,
    /// The part of the velocity that is kept. 0: there is none.
    pub momentum: f32,
    /// Whether to divide by the deviation from the mean gradient instead of from 0.
    pub centered: bool,
}

impl Default for RmsPropOptions {
    fn default() -> Self {
        Self { lr: 1e-2, alpha: 0.99, eps: 1e-8, weight_decay: 0.0, momentum: 0.0, centered: false }
    }
}

impl Formula for RmsPropOptions {
    fn name(&self) -> &'static str {
        "rmsprop"
    }

    fn lr(&self) -> f32 {
        self.lr
    }

    fn check(&self) {
        let Self { lr, alpha, eps, weight_decay, momentum, .. } = *self;
        let settings =
            [("lr", lr), ("eps", eps), ("weight_decay", weight_decay), ("momentum", momentum)];
        check_not_negative("rmsprop", &settings);
        check_decay("rmsprop", "alpha", alpha);
    }

    fn memory(&self) -> &'static [&'static str] {
        match (self.centered, self.momentum != 0.0) {
            (false, false) => &["square_avg"],
            (true, false) => &["square_avg", "grad_avg"],
            (false, true) => &["square_avg", "momentum"],
            (true, true) => &["square_avg", "grad_avg", "momentum"],
        }
    }

    #[inline]
    fn step(&self, now: Now, w: &mut Tensor, memory: &mut [Tensor], g: &Tensor) {
        let step = RmsPropStep { options: Self { lr: now.lr, ..*self } };
        match memory {
            [s] => update(&step, &mut [w, s], &[g]),
            [s, one] => update(&step, &mut [w, s, one], &[g]),
            [s, a, v] => update(&step, &mut [w, s, a, v], &[g]),
            _ => unreachable!("as many as `memory` has names"),
        }
    }
}

/// One step of [`RmsProp`]: targets `w`, `s`, if centered `a`, and with momentum `v`; input `g`.
/// All of one shape.
pub struct RmsPropStep {
    /// The settings, with the learning rate of this step.
    pub options: RmsPropOptions,
}

impl RmsPropStep {
    /// `g` over the root of its mean square `s`, which is updated first.
    #[inline]
    fn scaled(&self, g: f32, s: &mut f32) -> f32 {
        let (kept, gained) = (self.options.alpha, 1.0 - self.options.alpha);
        *s = kept * *s + gained * g * g;
        g / (s.sqrt() + self.options.eps)
    }

    /// `g` over its deviation from its mean `a`, which is updated first, as `s` is.
    #[inline]
    fn scaled_around(&self, g: f32, s: &mut f32, a: &mut f32) -> f32 {
        let (kept, gained) = (self.options.alpha, 1.0 - self.options.alpha);
        *s = kept * *s + gained * g * g;
        *a = lerp(*a, g, gained);
        g / ((*s - *a * *a).sqrt() + self.options.eps)
    }
}

impl Update for RmsPropStep {
    fn name(&self) -> &'static str {
        "rmsprop_step"
    }

    fn run(&self, targets: &mut [&mut Tensor], x: &[&Tensor]) {
        let RmsPropOptions { lr, weight_decay, momentum, centered, .. } = self.options;
        let [w, s, others @ ..] = targets else { unreachable!("a parameter and its mean square") };
        let g = x[0].data();
        let main = w.data_mut().iter_mut().zip(s.data_mut()).zip(g.iter());
        match others {
            [] => {
                for ((w, s), &g) in main {
                    *w -= lr * self.scaled(decayed(g, *w, weight_decay), s);
                }
            }
            [a] if centered => {
                for (((w, s), &g), a) in main.zip(a.data_mut()) {
                    *w -= lr * self.scaled_around(decayed(g, *w, weight_decay), s, a);
                }
            }
            [v] => {
                for (((w, s), &g), v) in main.zip(v.data_mut()) {
                    *v = momentum * *v + self.scaled(decayed(g, *w, weight_decay), s);
                    *w -= lr * *v;
                }
            }
            [a, v] => {
                for ((((w, s), &g), a), v) in main.zip(a.data_mut()).zip(v.data_mut()) {
                    *v = momentum * *v + self.scaled_around(decayed(g, *w, weight_decay), s, a);
                    *w -= lr * *v;
                }
            }
            _ => unreachable!("a mean and a velocity at most"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Optimizer;
    use crate::trial::{assert_walk, step};

    const PLAIN: RmsPropOptions = RmsPropOptions {
        lr: 0.1,
        alpha: 0.5,
        eps: 0.0,
        weight_decay: 0.0,
        momentum: 0.0,
        centered: false,
    };

    #[test]
    fn a_gradient_is_divided_by_the_root_of_its_mean_square() {
        // Mean squares 2 and 3: steps of 2 / √2 and 2 / √3.
        assert_walk(RmsProp::new(PLAIN), 0.0, &[2.0, 2.0], &[-0.14142136, -0.25689143]);
    }

    #[test]
    fn eps_is_added_to_the_root_not_under_it() {
        let options = RmsPropOptions { eps: 1.0, ..PLAIN };
        assert_walk(RmsProp::new(options), 0.0, &[2.0], &[-0.082842715]); // 2 / (√2 + 1)
    }

    #[test]
    fn centered_divides_by_the_deviation_from_the_mean() {
        let options = RmsPropOptions { centered: true, ..PLAIN };
        // s = 2, a = 1: a deviation of 1. Then s = 3, a = 1.5: one of √0.75.
        assert_walk(RmsProp::new(options), 0.0, &[2.0, 2.0], &[-0.2, -0.43094012]);
    }

    #[test]
    fn momentum_is_of_the_divided_gradient() {
        let options = RmsPropOptions { momentum: 0.5, ..PLAIN };
        // √2, then √2 / 2 + 2 / √3.
        assert_walk(RmsProp::new(options), 0.0, &[2.0, 2.0], &[-0.14142136, -0.3276021]);
        let options = RmsPropOptions { centered: true, ..options };
        assert_walk(RmsProp::new(options), 0.0, &[2.0, 2.0], &[-0.2, -0.5309401]);
    }

    #[test]
    fn weight_decay_enters_like_a_gradient() {
        let options = RmsPropOptions { weight_decay: 0.5, ..PLAIN };
        assert_walk(RmsProp::new(options), 4.0, &[0.0], &[3.8585786]);
    }

    #[test]
    fn each_setting_has_memory_of_its_own() {
        let names = |momentum, centered| {
            let mut optimizer = RmsProp::new(RmsPropOptions { momentum, centered, ..PLAIN });
            step(&mut optimizer, &mut Tensor::from([1.0]).with_grad(), &Tensor::from([1.0]));
            optimizer.state_dict().into_keys().collect::<Vec<_>>()
        };
        assert_eq!(names(0.0, false), ["square_avg"]);
        assert_eq!(names(0.9, true), ["grad_avg", "momentum", "square_avg"]);
    }

    #[test]
    #[should_panic(expected = "rmsprop: alpha is the part of the past that is kept, from 0 to \
                               below 1, not 1")]
    fn a_mean_that_never_moves_is_refused() {
        RmsProp::new(RmsPropOptions { alpha: 1.0, ..PLAIN });
    }
}
