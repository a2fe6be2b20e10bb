//! What an optimizer is to its user, and what a formula is to an optimizer.

use crate::error::OptimizersError;
use tinytorch_autograd::Gradients;
use tinytorch_layers::{State, StateDict};
use tinytorch_tensor::Tensor;

/// What takes a model downhill, one step per call.
///
/// A parameter is a tensor of the model that requires a gradient. What is remembered of it (a
/// velocity, a count) is filed under its path in the model, such as `fc1.weight`.
pub trait Optimizer: Send {
    /// The name of its formula: "sgd", "adam".
    fn name(&self) -> &'static str;

    /// Overwrites every parameter of `model` with a better one, in place.
    ///
    /// Tied parameters (clones, with one id) take one step together. A gradient that is not
    /// finite is not looked for, as that would read everything once more; it makes weights that
    /// are not finite either.
    ///
    /// # Panics
    /// When a parameter has no gradient: the loss does not depend on it. When a tensor is not the
    /// one that stood in its place at earlier steps. When a group matches nothing, or a loaded
    /// state is that of another model. Parameters before the one in question may have been
    /// updated.
    #[track_caller]
    fn step(&mut self, model: &mut dyn State, grads: &Gradients);

    /// The learning rate of parameters that are in no group.
    fn learning_rate(&self) -> f32;

    /// Changes the learning rate. Groups follow in proportion: one that had ten times the rate
    /// keeps ten times the rate. That is what schedules want; PyTorch's do the same.
    ///
    /// # Panics
    /// When it is negative or not finite.
    #[track_caller]
    fn set_learning_rate(&mut self, lr: f32);

    /// What is remembered, by kind and path: `momentum.fc1.weight`, `step.fc1.weight`.
    ///
    /// With the weights and the settings, all it takes to go on as if never stopped. Settings are
    /// the program's and not in it.
    fn state_dict(&self) -> StateDict;

    /// Takes a state back, before the first step or at any time.
    ///
    /// Before the first step the model is not known yet; that a state is complete and fits it is
    /// then checked by that step.
    ///
    /// # Errors
    /// Every entry that is missing, unexpected, or of the wrong shape or kind of number. Nothing
    /// is changed then.
    fn load_state_dict(&mut self, state: &StateDict) -> Result<(), OptimizersError>;
}

/// The settings of an optimizer, and what they make of one parameter and its gradient.
///
/// All that is particular to one optimizer. [`Descent`](crate::Descent) makes an [`Optimizer`] of
/// it:
///
/// ```
/// use tinytorch_optimizers::{Descent, Formula, Now, Optimizer, ParamGroup};
/// use tinytorch_tensor::{Tensor, Update, update};
///
/// /// Only the sign of the gradient counts (Riedmiller and Braun, 1993, in its simplest form).
/// struct SignDescent {
///     lr: f32,
/// }
///
/// struct SignStep {
///     lr: f32,
/// }
///
/// impl Update for SignStep {
///     fn name(&self) -> &'static str {
///         "sign_step"
///     }
///     fn run(&self, targets: &mut [&mut Tensor], x: &[&Tensor]) {
///         let weights = targets[0].data_mut().iter_mut();
///         weights.zip(x[0].data().iter()).for_each(|(w, g)| *w -= self.lr * g.signum());
///     }
/// }
///
/// impl Formula for SignDescent {
///     fn name(&self) -> &'static str {
///         "sign_descent"
///     }
///     fn lr(&self) -> f32 {
///         self.lr
///     }
///     fn check(&self) {}
///     fn memory(&self) -> &'static [&'static str] {
///         &[]
///     }
///     fn step(&self, now: Now, w: &mut Tensor, _memory: &mut [Tensor], g: &Tensor) {
///         update(&SignStep { lr: now.lr }, &mut [w], &[g]);
///     }
/// }
///
/// let optimizer = Descent::new(SignDescent { lr: 0.01 });
/// assert_eq!(optimizer.learning_rate(), 0.01);
/// ```
pub trait Formula: Send + Sync + 'static {
    /// The same word in code, errors and checkpoints.
    fn name(&self) -> &'static str;

    /// The learning rate among the settings.
    fn lr(&self) -> f32;

    /// Refuses settings that make no sense.
    ///
    /// # Panics
    /// When there are any, naming the cure.
    #[track_caller]
    fn check(&self);

    /// The names of the tensors that are remembered for each parameter: each of its shape, of
    /// zeros at first.
    fn memory(&self) -> &'static [&'static str];

    /// Whether the formula depends on the number of the step, which is then part of the state.
    fn counts(&self) -> bool {
        false
    }

    /// Overwrites `w`, and `memory` in the order of its names, given the gradient `g`.
    fn step(&self, now: Now, w: &mut Tensor, memory: &mut [Tensor], g: &Tensor);
}

/// What changes from step to step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Now {
    /// The learning rate, as the schedule and the group have it.
    pub lr: f32,
    /// The number of the step, of this parameter: 1 for the first. For formulas that do not
    /// [count](Formula::counts), 2 may stand for any later one.
    pub step: i32,
}

/// Refuses a setting that is negative or not a number.
#[track_caller]
pub(crate) fn check_not_negative(formula: &str, settings: &[(&str, f32)]) {
    for (name, value) in settings {
        assert!(
            *value >= 0.0 && value.is_finite(),
            "{formula}: {name} is 0 or above, and finite, not {value}"
        );
    }
}

/// Refuses a part of the past to keep that is not below 1: nothing new would ever count.
#[track_caller]
pub(crate) fn check_decay(formula: &str, name: &str, value: f32) {
    assert!(
        (0.0..1.0).contains(&value),
        "{formula}: {name} is the part of the past that is kept, from 0 to below 1, not {value}"
    );
}

/// The gradient that a formula starts with: `g`, and the pull of the weight decay if there is one.
///
/// Without one the weight is not looked at: 0 times infinity would be NaN.
#[inline]
pub(crate) fn decayed(g: f32, w: f32, weight_decay: f32) -> f32 {
    if weight_decay == 0.0 { g } else { g + pull(w, weight_decay) }
}

/// The slope, at `w`, of the penalty `weight_decay w² / 2`.
#[inline]
fn pull(w: f32, weight_decay: f32) -> f32 {
    weight_decay * w
}

/// From `start` towards `end` by a part of the way; arrives exactly for a part of 1.
#[inline]
pub(crate) fn lerp(start: f32, end: f32, part: f32) -> f32 {
    // The two forms are equal but for rounding; so PyTorch, too.
    match part < 0.5 {
        true => start + part * (end - start),
        false => end - (end - start) * (1.0 - part),
    }
}
