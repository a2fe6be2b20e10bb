//! Learning rates and clipped gradients are PyTorch's (`tests/fixtures`).

mod fixtures;

use fixtures::{cases, is_whole, number, numbers, shape};
use serde_json::Value;
use tinytorch_autograd::{Backward, Gradients};
use tinytorch_tensor::Tensor;
use tinytorch_training::{
    Constant, Cosine, OneCycle, Schedule, StepDecay, clip_grad_norm, clip_grad_value,
};

fn tensor(value: &Value) -> Tensor {
    assert!(!is_whole(value), "parameters and gradients are floats");
    let data = numbers(value).into_iter().map(|x| x as f32).collect();
    Tensor::from_vec(data, shape(value))
}

fn tensors(list: &Value) -> Vec<Tensor> {
    list.as_array().expect("a list").iter().map(tensor).collect()
}

/// A gradient is scaled by a factor that was rounded once: some ulps of f32.
fn assert_close(what: &str, got: &Tensor, want: &Value) {
    assert_eq!(got.shape().to_vec(), shape(want), "{what}");
    for (i, (got, want)) in got.to_vec().into_iter().zip(numbers(want)).enumerate() {
        let error = (f64::from(got) - want).abs();
        assert!(error <= 1e-6 + 2e-6 * want.abs(), "{what}: number {i} is {got}, not {want}");
    }
}

/// The gradients of `sum(p * g)` in each parameter `p`: exactly `g`.
fn gradients(parameters: &[Tensor], wanted: &[Tensor]) -> Gradients {
    let terms = parameters.iter().zip(wanted).map(|(p, g)| (p * g).sum());
    terms.reduce(|a, b| a + b).expect("a parameter").backward()
}

#[test]
fn learning_rates_are_pytorchs() {
    let cases = cases("schedules.json");
    for case in &cases {
        let args = &case["args"];
        let float = |name: &str| number(&args[name]);
        let count = |name: &str| args[name].as_u64().expect("a count") as usize;
        let schedule: Box<dyn Schedule> = match case["schedule"].as_str().expect("a name") {
            "constant" => Box::new(Constant { lr: float("lr") as f32 }),
            "step" => Box::new(StepDecay {
                lr: float("lr") as f32,
                every: count("every"),
                factor: float("factor") as f32,
            }),
            "cosine" | "warm cosine" => Box::new(Cosine {
                lr: float("lr") as f32,
                min_lr: float("min") as f32,
                warmup: args.get("warmup").map_or(0, |_| count("warmup")),
                steps: count("steps"),
            }),
            "one cycle" => {
                let mut cycle = OneCycle::new(float("max") as f32, count("steps"));
                if args.get("start_fraction").is_some() {
                    cycle.rise = float("start_fraction");
                    cycle.start_divisor = float("div");
                    cycle.end_divisor = float("final_div");
                }
                Box::new(cycle)
            }
            other => panic!("no schedule `{other}`"),
        };
        for (step, expected) in case["rates"].as_array().expect("rates").iter().enumerate() {
            let (rate, expected) = (f64::from(schedule.lr(step)), number(expected));
            let near = (rate - expected).abs() <= 1e-6 * expected + 1e-9;
            assert!(near, "{case}: at step {step} the rate is {rate}, not {expected}");
        }
    }
    assert_eq!(cases.len(), 8);
}

#[test]
fn gradients_are_clipped_as_by_pytorch() {
    let cases = cases("clipping.json");
    for case in &cases {
        let wanted = tensors(&case["gradients"]);
        let zero = |g: &Tensor| Tensor::zeros(g.shape()).with_grad();
        let parameters: Vec<Tensor> = wanted.iter().map(zero).collect();
        let mut grads = gradients(&parameters, &wanted);
        let limit = number(&case["limit"]) as f32;
        match case["kind"].as_str().expect("a kind") {
            "norm" => {
                let norm = f64::from(clip_grad_norm(&mut grads, limit));
                let expected = number(&case["norm"]);
                assert!((norm - expected).abs() <= 1e-6 * expected, "{norm}, not {expected}");
            }
            _ => clip_grad_value(&mut grads, limit),
        }
        for (i, parameter) in parameters.iter().enumerate() {
            let what = format!("by {} to {limit}, gradient {i}", case["kind"]);
            assert_close(&what, grads.of(parameter), &case["clipped"][i]);
        }
    }
    assert_eq!(cases.len(), 6);
}
