//! The learning rate over the steps of a run.
//!
//! A schedule is a pure function of the step: it keeps nothing, so there is nothing to save in a
//! checkpoint but the step, and any point of the curve can be asked for, or drawn, in any order.
//! (In PyTorch a scheduler is an object that changes its optimizer and must be stepped and saved.)
//!
//! Steps count from 0: `lr(0)` is the rate of the first update. All are computed in `f64`.

use std::f64::consts::PI;

/// A learning rate for each step.
pub trait Schedule: Send {
    /// The learning rate of update number `step`, which counts from 0.
    fn lr(&self, step: usize) -> f32;
}

/// The same rate at every step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Constant {
    /// The rate.
    pub lr: f32,
}

impl Schedule for Constant {
    fn lr(&self, _step: usize) -> f32 {
        self.lr
    }
}

/// A rate that falls by a factor every so many steps: `lr * factor^floor(step / every)`.
///
/// PyTorch's `StepLR`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepDecay {
    /// The rate at first.
    pub lr: f32,
    /// The steps from one fall to the next.
    pub every: usize,
    /// What the rate is multiplied by: 0.1 or 0.5, as a rule.
    pub factor: f32,
}

impl Schedule for StepDecay {
    /// # Panics
    /// When `every` is 0.
    #[track_caller]
    fn lr(&self, step: usize) -> f32 {
        assert!(self.every > 0, "step decay: `every` is 0; give the steps between two falls");
        (f64::from(self.lr) * f64::from(self.factor).powf((step / self.every) as f64)) as f32
    }
}

/// A straight rise to the full rate, then half a cosine wave down to the least one.
///
/// With `w` steps of warm-up out of `steps`:
///
/// ```text
/// step < w     lr (step + 1) / (w + 1)
/// otherwise    min_lr + (lr - min_lr) (1 + cos(pi t)) / 2,   t = (step - w) / (steps - w)
/// ```
///
/// The first step is not wasted on a rate of 0, the full rate is reached at step `w`, `min_lr` at
/// step `steps` and kept from there on. Without warm-up it is PyTorch's `CosineAnnealingLR` with
/// `T_max = steps` (which rises again after `T_max`; this one stays).
///
/// Source: Loshchilov & Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts" (2017),
/// equation 5, without restarts; warm-up as in Goyal et al., "Accurate, Large Minibatch SGD"
/// (2017), section 2.2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cosine {
    /// The full rate.
    pub lr: f32,
    /// The rate at the end.
    pub min_lr: f32,
    /// The steps of the rise; 0 for none.
    pub warmup: usize,
    /// The steps of the whole run, warm-up included.
    pub steps: usize,
}

impl Schedule for Cosine {
    fn lr(&self, step: usize) -> f32 {
        if step < self.warmup {
            let risen = (step + 1) as f64 / (self.warmup + 1) as f64;
            return (f64::from(self.lr) * risen) as f32;
        }
        if step >= self.steps {
            return self.min_lr;
        }
        let t = (step - self.warmup) as f64 / (self.steps - self.warmup) as f64;
        anneal(self.lr.into(), self.min_lr.into(), t) as f32
    }
}

/// One rise from a low rate to a high one, then one fall to almost nothing, both half cosine waves.
///
/// ```text
/// step <= p    from max_lr / start_divisor up to max_lr,       p = rise steps - 1
/// otherwise    down to max_lr / start_divisor / end_divisor,   reached at step steps - 1
/// ```
///
/// PyTorch's `OneCycleLR` with its default of two phases and cosines. That one also moves the
/// momentum the other way, unless told not to (`cycle_momentum=False`); this one is about the rate
/// alone. Steps beyond the last keep the last rate.
///
/// Source: Smith & Topin, "Super-Convergence" (2018).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OneCycle {
    /// The highest rate.
    pub max_lr: f32,
    /// The steps of the whole run.
    pub steps: usize,
    /// The part of the steps that the rise takes, between 0 and 1.
    pub rise: f64,
    /// The first rate is the highest divided by this.
    pub start_divisor: f64,
    /// The last rate is the first divided by this.
    pub end_divisor: f64,
}

impl OneCycle {
    /// A cycle of `steps` steps with PyTorch's settings: a rise over 30 % of the steps from
    /// `max_lr / 25`, a fall to a ten-thousandth of that.
    pub fn new(max_lr: f32, steps: usize) -> Self {
        Self { max_lr, steps, rise: 0.3, start_divisor: 25.0, end_divisor: 1e4 }
    }
}

impl Schedule for OneCycle {
    fn lr(&self, step: usize) -> f32 {
        let high = f64::from(self.max_lr);
        let first = high / self.start_divisor;
        let peak = self.rise * self.steps as f64 - 1.0;
        let end = self.steps as f64 - 1.0;
        let step = (step as f64).min(end);
        let rate = if step <= peak {
            anneal(first, high, if peak > 0.0 { step / peak } else { 1.0 })
        } else {
            anneal(high, first / self.end_divisor, (step - peak) / (end - peak))
        };
        rate as f32
    }
}

/// From `start` at `t = 0` to `end` at `t = 1` along half a cosine wave.
fn anneal(start: f64, end: f64, t: f64) -> f64 {
    end + (start - end) * (1.0 + (PI * t).cos()) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rates of PyTorch's schedules, by `tests/schedules/make.py`.
    const TORCH: &str = include_str!("../tests/schedules/torch.csv");

    #[test]
    fn rates_are_those_of_pytorch() {
        let cosine = Cosine { lr: 0.1, min_lr: 0.001, warmup: 0, steps: 39 };
        let cases: [(&str, &dyn Schedule); 6] = [
            ("constant", &Constant { lr: 0.1 }),
            ("step_decay", &StepDecay { lr: 0.1, every: 7, factor: 0.5 }),
            ("cosine", &cosine),
            ("warmup_cosine", &Cosine { warmup: 10, ..cosine }),
            ("one_cycle", &OneCycle::new(0.5, 40)),
            (
                "one_cycle_other",
                &OneCycle {
                    rise: 0.45,
                    start_divisor: 10.0,
                    end_divisor: 50.0,
                    ..OneCycle::new(0.5, 40)
                },
            ),
        ];
        let mut compared = 0;
        for line in TORCH.lines() {
            let [name, step, rate] = line.split(',').collect::<Vec<_>>()[..] else {
                panic!("not three columns: {line}");
            };
            let (_, schedule) = cases.iter().find(|(case, _)| *case == name).expect(name);
            let (got, want) = (schedule.lr(step.parse().unwrap()), rate.parse::<f32>().unwrap());
            // Within the rounding of the settings (0.1 is not the same in f32 and f64).
            assert!((got - want).abs() <= 2e-7 * want.max(0.05), "{line}: got {got}");
            compared += 1;
        }
        assert_eq!(compared, 6 * 40);
    }

    #[test]
    fn a_cosine_is_at_its_ends_and_its_middle_where_it_should_be() {
        let cosine = Cosine { lr: 0.3, min_lr: 0.1, warmup: 0, steps: 100 };
        assert_eq!(cosine.lr(0), 0.3);
        assert!((cosine.lr(50) - 0.2).abs() < 1e-7, "{}", cosine.lr(50));
        assert!(cosine.lr(99) > 0.1);
        assert_eq!(cosine.lr(100), 0.1);
        assert_eq!(cosine.lr(usize::MAX), 0.1);
    }

    #[test]
    fn warm_up_rises_by_equal_steps_to_the_full_rate() {
        let cosine = Cosine { lr: 1.0, min_lr: 0.0, warmup: 3, steps: 13 };
        assert_eq!([0, 1, 2, 3].map(|step| cosine.lr(step)), [0.25, 0.5, 0.75, 1.0]);
        assert!(cosine.lr(4) < 1.0);
        // A run that ends within its warm-up, or has no steps at all, still has its rates.
        let short = Cosine { steps: 2, ..cosine };
        assert_eq!([1, 2, 3, 4].map(|step| short.lr(step)), [0.5, 0.75, 0.0, 0.0]);
        assert_eq!(Cosine { warmup: 0, steps: 0, ..cosine }.lr(0), 0.0);
    }

    #[test]
    fn one_cycle_rises_once_and_falls_once() {
        let cycle = OneCycle::new(1.0, 100);
        let rates = (0..100).map(|step| cycle.lr(step)).collect::<Vec<_>>();
        assert_eq!((rates[0], rates[29]), (0.04, 1.0));
        assert!(rates[..30].is_sorted() && rates[29..].is_sorted_by(|a, b| a > b));
        assert!((rates[99] - 4e-6).abs() < 1e-9, "{}", rates[99]);
        assert_eq!(cycle.lr(1000), rates[99]);
        for steps in 0..4 {
            assert!((0..5).all(|step| OneCycle::new(1.0, steps).lr(step).is_finite()), "{steps}");
        }
    }

    #[test]
    fn step_decay_falls_at_its_steps() {
        let decay = StepDecay { lr: 0.8, every: 2, factor: 0.5 };
        let rates = [0, 1, 2, 3, 4].map(|step| decay.lr(step));
        assert_eq!(rates, [0.8, 0.8, 0.4, 0.4, 0.2]);
    }
}
