//! Tensors are printed as PyTorch prints them, in Rust's words.

mod fixtures;

use tinytorch_tensor::Tensor;

/// PyTorch measures the width of a column without zeros, NaN and infinities, which then stand out
/// of line. Ours are aligned.
const ALIGNED: [(&str, &str); 2] =
    [("not finite", "tensor([ nan,  inf, -inf,   1.])"), ("zeros", "tensor([ 0., -0.])")];

/// PyTorch writes Python; we write the same in Rust.
fn in_rust(repr: &str) -> String {
    let shape = |text: &str| match text.split_once("size=(") {
        None => text.to_string(),
        Some((before, after)) => {
            let (sizes, rest) = after.split_once(')').expect("a closing bracket");
            format!("{before}size=[{sizes}]{rest}")
        }
    };
    shape(repr)
        .replace("requires_grad=True", "requires_grad=true")
        .replace("dtype=torch.int64", "dtype=i32")
}

#[test]
fn every_tensor_prints_as_in_pytorch() {
    let mut wrong = Vec::new();
    let cases = fixtures::cases("print_repr.json");
    for case in &cases {
        let given = &case["tensor"];
        let (shape, numbers) = (fixtures::shape(given), fixtures::numbers(given));
        let mut t = match fixtures::is_whole(given) {
            true => Tensor::from_vec(numbers.iter().map(|&x| x as i32).collect(), shape),
            false => Tensor::from_vec(numbers.iter().map(|&x| x as f32).collect(), shape),
        };
        t.set_requires_grad(case["requires_grad"] == true);
        let ours = ALIGNED.iter().find(|(name, _)| case["case"] == *name);
        let expected = match ours {
            Some((_, text)) => text.to_string(),
            None => in_rust(case["repr"].as_str().expect("a repr")),
        };
        for got in [format!("{t}"), format!("{t:?}"), format!("{}", strided(&t))] {
            if got != expected {
                wrong.push(format!("{}: got\n{got}\nexpected\n{expected}", case["case"]));
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n\n"));
    assert!(cases.len() >= 50);
}

/// The same tensor, its axes stored in the reverse order.
fn strided(t: &Tensor) -> Tensor {
    let reverse: Vec<usize> = (0..t.ndim()).rev().collect();
    let stored = t.detach().permute(reverse.as_slice()).contiguous();
    let mut t_again = stored.permute(reverse.as_slice());
    t_again.set_requires_grad(t.requires_grad());
    t_again
}
