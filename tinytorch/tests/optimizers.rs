//! Optimizers go where PyTorch's go, step by step (`tests/fixtures`).

mod fixtures;

use fixtures::{cases, is_whole, number, numbers, shape};
use serde_json::Value;
use tinytorch_autograd::Backward;
use tinytorch_optimizers::{
    Adam, AdamOptions, AdamW, AdamWOptions, Optimizer, RmsProp, RmsPropOptions, Sgd, SgdOptions,
};
use tinytorch_tensor::Tensor;

fn tensor(value: &Value) -> Tensor {
    assert!(!is_whole(value), "parameters and gradients are floats");
    let data = numbers(value).into_iter().map(|x| x as f32).collect();
    Tensor::from_vec(data, shape(value))
}

fn tensors(list: &Value) -> Vec<Tensor> {
    list.as_array().expect("a list").iter().map(tensor).collect()
}

/// Numbers after rounding at each of ten steps: some ulps of f32, relative and near zero.
fn assert_close(what: &str, got: &Tensor, want: &Value) {
    assert_eq!(got.shape().to_vec(), shape(want), "{what}");
    for (i, (got, want)) in got.to_vec().into_iter().zip(numbers(want)).enumerate() {
        let error = (f64::from(got) - want).abs();
        assert!(error <= 1e-6 + 2e-6 * want.abs(), "{what}: number {i} is {got}, not {want}");
    }
}

/// The optimizer of a case. What it leaves out has our default, which is to be PyTorch's.
fn optimizer(case: &Value) -> Box<dyn Optimizer> {
    let options = &case["options"];
    let float = |name: &str, default: f32| options.get(name).map_or(default, |v| number(v) as f32);
    let flag = |name: &str, default: bool| options.get(name).map_or(default, |v| v == true);
    let betas = |default: (f32, f32)| match options.get("betas") {
        Some(betas) => (number(&betas[0]) as f32, number(&betas[1]) as f32),
        None => default,
    };
    let lr = float("lr", f32::NAN);
    match case["optimizer"].as_str().expect("a name") {
        "sgd" => {
            let ours = SgdOptions::default();
            Box::new(Sgd::new(SgdOptions {
                lr,
                momentum: float("momentum", ours.momentum),
                dampening: float("dampening", ours.dampening),
                nesterov: flag("nesterov", ours.nesterov),
                weight_decay: float("weight_decay", ours.weight_decay),
            }))
        }
        "rmsprop" => {
            let ours = RmsPropOptions::default();
            Box::new(RmsProp::new(RmsPropOptions {
                lr,
                alpha: float("alpha", ours.alpha),
                eps: float("eps", ours.eps),
                weight_decay: float("weight_decay", ours.weight_decay),
                momentum: float("momentum", ours.momentum),
                centered: flag("centered", ours.centered),
            }))
        }
        "adam" => {
            let ours = AdamOptions::default();
            Box::new(Adam::new(AdamOptions {
                lr,
                betas: betas(ours.betas),
                eps: float("eps", ours.eps),
                weight_decay: float("weight_decay", ours.weight_decay),
            }))
        }
        "adamw" => {
            let ours = AdamWOptions::default();
            Box::new(AdamW::new(AdamWOptions {
                lr,
                betas: betas(ours.betas),
                eps: float("eps", ours.eps),
                weight_decay: float("weight_decay", ours.weight_decay),
            }))
        }
        other => panic!("no optimizer `{other}`"),
    }
}

#[test]
fn ten_steps_end_where_pytorchs_do() {
    let cases = cases("optimizers.json");
    for case in &cases {
        let mut parameters: Vec<Tensor> =
            tensors(&case["start"]).into_iter().map(Tensor::with_grad).collect();
        let (targets, curvatures) = (tensors(&case["target"]), tensors(&case["curvature"]));
        let mut optimizer = optimizer(case);
        for (step, expected) in case["walk"].as_array().expect("steps").iter().enumerate() {
            let losses = parameters.iter().zip(targets.iter().zip(&curvatures));
            let losses = losses.map(|(w, (target, curvature))| {
                let distance = w - target;
                (&distance * &distance * curvature).sum() * 0.5
            });
            let grads = losses.reduce(|a, b| a + b).expect("a parameter").backward();
            optimizer.step(&mut parameters, &grads);
            for (i, w) in parameters.iter().enumerate() {
                let what = format!("{} at step {}, parameter {i}", case["case"], step + 1);
                assert_close(&what, w, &expected[i]);
            }
        }
    }
    assert_eq!(cases.len(), 20);
}
