//! The lesson's ravine, `(x² + 100 y²) / 2` from (1, 1), under each optimizer: the first places,
//! and the number of steps until the loss is a millionth of what it was.
//!
//! ```text
//! cargo run --release -p tinytorch-optimizers --example ravine -- 24
//! ```
//!
//! The number says how many steps of each are shown, 5 if none is given. The lesson's figure shows
//! 24.

use tinytorch_autograd::Backward;
use tinytorch_optimizers::{
    Adam, AdamOptions, Optimizer, RmsProp, RmsPropOptions, Sgd, SgdOptions,
};
use tinytorch_tensor::Tensor;

fn main() {
    let sgd = |lr, momentum, nesterov| {
        Sgd::new(SgdOptions { lr, momentum, nesterov, ..Default::default() })
    };
    let adam = AdamOptions { lr: 0.1, ..Default::default() };
    show("sgd, lr 0.019", sgd(0.019, 0.0, false));
    show("sgd, lr 0.021", sgd(0.021, 0.0, false));
    show("momentum 0.67, lr 0.033", sgd(0.033, 0.67, false));
    show("nesterov 0.67, lr 0.01", sgd(0.01, 0.67, true));
    let rmsprop = RmsPropOptions { lr: 0.1, alpha: 0.9, ..Default::default() };
    show("rmsprop 0.9, lr 0.1", RmsProp::new(rmsprop));
    show("adam, lr 0.1", Adam::new(adam));
}

fn show(name: &str, mut optimizer: impl Optimizer) {
    let shown = std::env::args().nth(1).map_or(5, |n| n.parse().expect("a number of steps"));
    let mut w = Tensor::from([1.0, 1.0]).with_grad();
    let curvature = Tensor::from([1.0, 100.0]);
    println!("{name}");
    for step in 0..=5000 {
        let loss = (&w * &w * &curvature).sum() * 0.5;
        if step <= shown {
            let at = w.data();
            println!("  {step:2}  ({:7.4}, {:7.4})  loss {:.3}", at[0], at[1], loss.item());
        }
        if loss.item() < 50.5e-6 {
            return println!("  a millionth after {step} steps\n");
        }
        if loss.item() > 50.5e3 {
            return println!("  a thousand times as much after {step} steps\n");
        }
        optimizer.step(&mut w, &loss.backward());
    }
    println!("  no millionth within 5000 steps\n");
}
