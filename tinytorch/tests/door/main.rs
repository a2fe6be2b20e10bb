//! The door, proven from outside: what this crate registers, brings and lays over computation,
//! the modules know nothing of. And what the modules promise about graphs, memory and threads.

mod brought;
mod kinds;
mod kernels;
mod interpreters;
mod walk;
mod memory;
mod panics;
mod training;

use tinytorch::prelude::*;

/// The message that `f` panics with.
fn message(f: impl FnOnce()) -> String {
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).expect_err("a panic");
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => panic.downcast::<&str>().expect("a message").to_string(),
    }
}

/// A parameter of one number.
fn parameter(value: f32) -> Tensor {
    Tensor::from(value).with_grad()
}

/// A network of 2, 3 and 1 neurons with fixed weights.
fn network() -> Sequential {
    let mut rng = Rng::new(5);
    sequential![Linear::new(2, 3, &mut rng), ReLU, Linear::new(3, 1, &mut rng)]
}

/// The loss of a network on four samples.
fn loss(model: &impl Module) -> Tensor {
    let x = Tensor::from([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]);
    let y = Tensor::from([[0.0], [1.0], [1.0], [0.0]]);
    mse_loss(&model.forward(&x), &y)
}
