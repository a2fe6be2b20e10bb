//! How the checks take steps and read what came of them.

use tinytorch_autograd::{Backward, Gradients};
use tinytorch_layers::{Linear, Path, Slot, State};
use tinytorch_optimizers::{Optimizer, SgdOptions, SgdStep};
use tinytorch_tensor::{Tensor, Update, update};

/// Plain descent by a tenth of the gradient, to which checks add what they try.
pub const SGD: SgdOptions =
    SgdOptions { lr: 0.1, momentum: 0.0, dampening: 0.0, nesterov: false, weight_decay: 0.0 };

/// What is in the targets (the weights, then what is remembered) after one step of a formula.
pub fn after<const T: usize, const N: usize>(
    op: &dyn Update,
    targets: [[f32; N]; T],
    g: [f32; N],
) -> [[f32; N]; T] {
    let mut tensors = targets.map(Tensor::from);
    let mut all: Vec<&mut Tensor> = tensors.iter_mut().collect();
    update(op, &mut all, &[&Tensor::from(g)]);
    tensors.map(|t| std::array::from_fn(|i| t.data()[i]))
}

/// A weight and what is remembered of it after each of the gradients, beginning with `start` and
/// zeros. `op` is given the number of the step.
pub fn walk<const T: usize, U: Update>(
    op: impl Fn(i32) -> U,
    start: f32,
    gradients: &[f32],
) -> Vec<[f32; T]> {
    let mut now: [[f32; 1]; T] = std::array::from_fn(|i| [if i == 0 { start } else { 0.0 }]);
    let mut one = |(i, &g): (usize, &f32)| {
        now = after(&op(i as i32 + 1), now, [g]);
        now.map(|[value]| value)
    };
    gradients.iter().enumerate().map(&mut one).collect()
}

/// The target `which` (0: the weight) of a walk.
pub fn column<const T: usize>(walk: &[[f32; T]], which: usize) -> Vec<f32> {
    walk.iter().map(|targets| targets[which]).collect()
}

/// A step of SGD with momentum, as `walk` wants it.
pub fn sgd(options: SgdOptions) -> impl Fn(i32) -> SgdStep {
    move |step| SgdStep { options, first: step == 1 }
}

/// Whether two numbers differ by rounding at most: how known mistakes are recognized.
pub fn near(got: f32, value: f32) -> bool {
    (got - value).abs() < 1e-5
}

/// Parameters of one number each.
pub fn weights<const N: usize>(numbers: [f32; N]) -> Vec<Tensor> {
    numbers.iter().map(|&w| Tensor::from([w]).with_grad()).collect()
}

/// `weight` of `[2, 3]` and `bias` of `[2]`.
pub fn layer() -> Linear {
    let weight = Tensor::from([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]).with_grad();
    Linear { weight, bias: Some(Tensor::ones([2]).with_grad()) }
}

/// A gradient of `slopes[i]` everywhere in parameter `i` of `model`; the last goes on.
pub fn gradients(model: &dyn State, slopes: &[f32]) -> Gradients {
    let mut losses = Vec::new();
    let mut slopes = slopes.iter().copied();
    let mut slope = 0.0;
    model.visit(&mut Path::default(), &mut |_, slot| {
        if let Slot::Tensor(w) = slot
            && w.requires_grad()
        {
            slope = slopes.next().unwrap_or(slope);
            losses.push((w * slope).sum());
        }
    });
    let loss = losses.into_iter().reduce(|a, b| a + b);
    loss.map_or_else(Gradients::new, |loss| loss.backward())
}

/// One step of a model with these gradients.
pub fn step(optimizer: &mut dyn Optimizer, model: &mut dyn State, slopes: &[f32]) {
    let grads = gradients(model, slopes);
    optimizer.step(model, &grads);
}

/// The first number of each parameter.
pub fn firsts(model: &[Tensor]) -> Vec<f32> {
    model.iter().map(Tensor::item).collect()
}
