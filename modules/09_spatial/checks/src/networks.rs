//! 09.12: two networks, and what they are for.

use crate::numbers::{drawn, of};
use check::{Because, Check, Verdict, wrong};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use tinytorch_autograd::{Backward, no_grad};
use tinytorch_dataloader::{DataLoader, DataLoaderOptions, TinyDigits};
use tinytorch_layers::{Flatten, Linear, Model, Module, ReLU, sequential};
use tinytorch_losses::cross_entropy;
use tinytorch_optimizers::{Adam, AdamOptions, Optimizer};
use tinytorch_spatial::{BatchNorm2d, Conv2d, Conv2dOptions, LeNet5, MaxPool2d, Residual};
use tinytorch_tensor::{Interpreter, Op, Rng, Tensor, pass_on, with};

pub const CHECKS: &[Check] = &[
    Check {
        id: "09.12.shape",
        exercise: "09.12",
        fact: "LeNet-5 makes 10 scores of 28 by 28 pixels, with 61,706 parameters",
        run: shape,
    },
    Check {
        id: "09.12.order",
        exercise: "09.12",
        fact: "its layers run in the order of the paper, with tanh between them",
        run: order,
    },
    Check {
        id: "09.12.gradients",
        exercise: "09.12",
        fact: "every parameter of it gets a gradient",
        run: gradients,
    },
    Check {
        id: "09.12.residual",
        exercise: "09.12",
        fact: "blocks that say nothing leave the input as it is",
        run: residual,
    },
    Check {
        id: "09.12.digits",
        exercise: "09.12",
        fact: "a network of your layers learns to read the small digits in three epochs",
        run: digits,
    },
];

fn lenet() -> LeNet5 {
    LeNet5::new([1, 28, 28], 10, &mut Rng::new(0))
}

fn shape() -> Verdict {
    let model = lenet();
    let y = model.forward(&Tensor::zeros([2, 1, 28, 28]));
    wrong::unless_eq(y.shape(), [2, 10])?;
    wrong::unless_eq(model.parameter_count(), 61_706)
}

#[derive(Default)]
struct Names(RefCell<Vec<&'static str>>);

impl Interpreter for Names {
    fn apply(&self, op: &Arc<dyn Op>, x: &[&Tensor]) -> Tensor {
        if matches!(op.name(), "conv2d" | "tanh" | "avg_pool2d" | "max_pool2d" | "linear") {
            self.0.borrow_mut().push(op.name());
        }
        pass_on(op, x)
    }
}

fn order() -> Verdict {
    let (model, x) = (lenet(), drawn([1, 1, 28, 28], 1));
    let names = Rc::new(Names::default());
    with(names.clone(), || no_grad(|| model.forward(&x)));
    let got = names.0.take();
    let part = ["conv2d", "tanh", "avg_pool2d"];
    let expected = [&part[..], &part, &["linear", "tanh", "linear", "tanh", "linear"]].concat();
    wrong::unless_eq(&got, &expected)
        .because(got.last() == Some(&"tanh"), "the last layer gives scores: no tanh behind it")
        .because(!got.contains(&"tanh"), "without a bend between them, layers are one layer")
}

fn gradients() -> Verdict {
    let (model, x) = (lenet(), drawn([2, 1, 28, 28], 1));
    let grads = cross_entropy(&model.forward(&x), &Tensor::from([3, 1])).backward();
    for (path, parameter) in model.named_parameters() {
        let found = grads.get(parameter).is_some();
        wrong::unless(found, || format!("`{path}` gets no gradient: is it used?"))?;
    }
    Ok(())
}

fn residual() -> Verdict {
    let x = drawn([2, 3, 4, 4], 1);
    let mut residual = Residual::new(3, &mut Rng::new(0));
    let (inner, y) = no_grad(|| {
        let [first, second] = &residual.blocks;
        (second.forward(&first.forward(&x)), residual.forward(&x))
    });
    wrong::unless_close(of(&y), of(&(&x + &inner)), 1e-5)
        .because(y == inner, "that is f(x) alone: the way around is missing, x + f(x)")?;
    residual.blocks[1].norm.weight = Some(Tensor::zeros([3]));
    wrong::unless_close(of(&no_grad(|| residual.forward(&x))), of(&x), 1e-6)
}

fn digits() -> Verdict {
    check::limit_s(20);
    let mut rng = Rng::new(0);
    let same = Conv2dOptions { padding: [1, 1], bias: false, ..Default::default() };
    let mut model = sequential![
        Conv2d::new(1, 8, [3, 3], same, &mut rng),
        BatchNorm2d::new(8),
        ReLU,
        MaxPool2d::new([2, 2]),
        Residual::new(8, &mut rng),
        Flatten,
        Linear::new(8 * 16, 10, &mut rng),
    ];
    let options = DataLoaderOptions { batch_size: 50, shuffle: true, ..Default::default() };
    let loader = DataLoader::new(TinyDigits::train(), options);
    let mut optimizer = Adam::new(AdamOptions { lr: 0.01, ..Default::default() });
    for epoch in 0..3 {
        for (pictures, labels) in loader.epoch(epoch) {
            let loss = cross_entropy(&model.forward(&pictures), &labels);
            optimizer.step(&mut model, &loss.backward());
        }
    }
    model.eval();
    let all = DataLoaderOptions { batch_size: 200, ..Default::default() };
    let (pictures, labels) = DataLoader::new(TinyDigits::test(), all).epoch(0).next().expect("one");
    let guesses = no_grad(|| model.forward(&pictures)).argmax(1, false);
    let right = guesses.eq(&labels).to_f32().mean().item();
    wrong::unless(right > 0.9, || format!("only {:.0} % are right", 100.0 * right)).because(
        right < 0.2,
        "it guesses: some layer loses its gradient, or evaluation differs from training",
    )
}
