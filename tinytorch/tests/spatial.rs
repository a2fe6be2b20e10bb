//! Networks of module 09 as a whole are PyTorch's (`tests/fixtures`): running statistics, and what
//! a small network comes to in ten steps.

mod fixtures;

use fixtures::{cases, is_whole, number, numbers, shape};
use serde_json::Value;
use std::collections::BTreeMap;
use tinytorch::prelude::*;

fn tensor(value: &Value) -> Tensor {
    match is_whole(value) {
        true => Tensor::from_vec(numbers(value).iter().map(|&x| x as i32).collect(), shape(value)),
        false => Tensor::from_vec(numbers(value).iter().map(|&x| x as f32).collect(), shape(value)),
    }
}

fn list<'a>(case: &'a Value, name: &str) -> &'a [Value] {
    case[name].as_array().expect("a list")
}

fn assert_close(what: &str, got: &Tensor, want: &Value, tolerance: f64) {
    assert_eq!(got.shape().to_vec(), shape(want), "{what}");
    for (i, (got, want)) in got.to_vec().into_iter().zip(numbers(want)).enumerate() {
        let error = (f64::from(got) - want).abs();
        assert!(error <= tolerance * (1.0 + want.abs()), "{what}: number {i} is {got}, not {want}");
    }
}

fn case(kind: &str) -> impl Iterator<Item = Value> {
    cases("spatial_runs.json").into_iter().filter(move |case| case["kind"] == kind)
}

#[test]
fn running_statistics_are_pytorchs_after_every_batch() {
    let mut seen = 0;
    for case in case("statistics") {
        let options = BatchNorm2dOptions {
            eps: number(&case["eps"]) as f32,
            momentum: number(&case["momentum"]) as f32,
            ..Default::default()
        };
        let mut layer = BatchNorm2d::with_options(2, options);
        let batches = list(&case, "batches");
        for (i, (batch, step)) in batches.iter().zip(list(&case, "steps")).enumerate() {
            let y = layer.forward(&tensor(batch));
            // A dozen roundings of numbers of about 1.
            assert_close(&format!("y of batch {i}"), &y, &step["y"], 2e-6);
            assert_close(
                &format!("mean after {i}"),
                &layer.running_mean.get(),
                &step["mean"],
                1e-6,
            );
            assert_close(&format!("var after {i}"), &layer.running_var.get(), &step["var"], 1e-6);
            seen += 1;
        }
        layer.eval();
        let last = tensor(batches.last().expect("batches"));
        assert_close("evaluated", &layer.forward(&last), &case["evaluated"], 2e-6);
    }
    assert_eq!(seen, 8);
}

struct Small {
    conv1: Conv2d,
    norm: BatchNorm2d,
    conv2: Conv2d,
    fc: Linear,
}
state!(Small { conv1, norm, conv2, fc });

impl Small {
    fn new() -> Self {
        let rng = &mut Rng::new(0);
        let same = Conv2dOptions { padding: [1, 1], ..Default::default() };
        let depthwise = Conv2dOptions { stride: [2, 2], groups: 4, ..same };
        Self {
            conv1: Conv2d::new(1, 4, [3, 3], same, rng),
            norm: BatchNorm2d::new(4),
            conv2: Conv2d::new(4, 4, [3, 3], depthwise, rng),
            fc: Linear::new(4, 3, rng),
        }
    }
}

impl Module for Small {
    fn forward(&self, x: &Tensor) -> Tensor {
        let x = self.norm.forward(&self.conv1.forward(x)).relu();
        let x = self.conv2.forward(&MaxPool2d::new([2, 2]).forward(&x)).relu();
        self.fc.forward(&AdaptiveAvgPool2d::new([1, 1]).forward(&x).flatten(1))
    }
}

#[test]
fn ten_steps_of_a_small_network_are_pytorchs() {
    let case = case("network").next().expect("a network");
    let dict = |name: &str| -> BTreeMap<String, Tensor> {
        let entries = case[name].as_object().expect("a state dict");
        entries.iter().map(|(path, value)| (path.clone(), tensor(value))).collect()
    };
    let mut model = Small::new();
    model.load_state_dict(&dict("start")).expect("the same names and shapes");
    let (x, labels) = (tensor(&case["x"]), tensor(&case["labels"]));
    let mut optimizer = Sgd::new(SgdOptions { lr: 0.05, momentum: 0.9, ..Default::default() });
    let losses = list(&case, "losses");
    for (step, expected) in losses.iter().enumerate() {
        let loss = cross_entropy(&model.forward(&x), &labels);
        let (got, expected) = (f64::from(loss.item()), number(expected));
        // Each step adds the roundings of all before it.
        let near = (got - expected).abs() <= 2e-6 * (step + 1) as f64 * expected.max(1.0);
        assert!(near, "step {step}: the loss is {got}, not {expected}");
        optimizer.step(&mut model, &loss.backward());
    }
    assert_eq!(losses.len(), 10);
    for (path, tensor) in model.state_dict() {
        assert_close(&path, &tensor, &case["end"][&path], 2e-5);
    }
}

/// The program of the milestone in small: it has to learn, and its filters have to move.
#[test]
fn a_convolutional_network_learns_the_small_digits() {
    let mut rng = Rng::new(0);
    let same = Conv2dOptions { padding: [1, 1], ..Default::default() };
    let mut model = sequential![
        Conv2d::new(1, 8, [3, 3], same, &mut rng),
        ReLU,
        MaxPool2d::new([2, 2]),
        Conv2d::new(8, 16, [3, 3], same, &mut rng),
        ReLU,
        MaxPool2d::new([2, 2]),
        Flatten,
        Linear::new(64, 10, &mut rng),
    ];
    let before = model.state_dict();
    let options = DataLoaderOptions { batch_size: 32, shuffle: true, ..Default::default() };
    let loader = DataLoader::new(TinyDigits::train(), options);
    let mut optimizer = Adam::new(AdamOptions { lr: 0.005, ..Default::default() });
    for epoch in 0..5 {
        for (pictures, labels) in loader.epoch(epoch) {
            let loss = cross_entropy(&model.forward(&pictures), &labels);
            optimizer.step(&mut model, &loss.backward());
        }
    }
    let all = DataLoaderOptions { batch_size: 200, ..Default::default() };
    let (pictures, labels) = DataLoader::new(TinyDigits::test(), all).epoch(0).next().expect("one");
    let right = accuracy(&no_grad(|| model.forward(&pictures)), &labels);
    assert!(right > 0.94, "{right}");
    let filters = "0.weight";
    let moved = (&model.state_dict()[filters] - &before[filters]).abs().mean().item();
    assert!(moved > 0.05, "{moved}");
}
