//! What a convolution costs, as loops and as a matrix product:
//! `cargo run --release -p tinytorch-spatial --example spatial_cost`.

use std::time::Instant;
use tinytorch_autograd::{Backward, BackwardOptions, no_grad};
use tinytorch_layers::linear;
use tinytorch_spatial::{Conv2dOp, conv2d, conv2d_by_matmul};
use tinytorch_tensor::{Rng, Tensor};

/// Channels in, channels out, side of the picture, side of the kernel.
const LAYERS: [[usize; 4]; 4] = [[3, 32, 32, 3], [32, 32, 32, 3], [64, 64, 16, 3], [64, 64, 16, 1]];
const PICTURES: usize = 2;

fn main() {
    println!("{PICTURES} pictures; forward as loops, as a product, and both gradients as loops");
    println!();
    println!("layer                   MFLOP    loops  product  backward  patches");
    let rng = &mut Rng::new(0);
    for [c, o, side, k] in LAYERS {
        let x = Tensor::randn([PICTURES, c, side, side], rng);
        let weight = Tensor::randn([o, c, k, k], rng);
        let conv = Conv2dOp { padding: [k / 2, k / 2], ..Conv2dOp::default() };
        let flop = (2 * PICTURES * o * side * side * c * k * k) as f64;
        let loops = seconds(|| _ = no_grad(|| conv2d(&x, &weight, None, conv)));
        let product = seconds(|| _ = no_grad(|| conv2d_by_matmul(&x, &weight, None, conv)));
        let (wanted, learned) = (x.clone().with_grad(), weight.with_grad());
        let loss = conv2d(&wanted, &learned, None, conv).sum();
        let again = || BackwardOptions { retain_graph: true, ..Default::default() };
        let back = seconds(|| _ = loss.backward_with(again()));
        let name = format!("{c} to {o}, {side}x{side}, {k}x{k}");
        let patches = (PICTURES * c * k * k * side * side * 4) as f64 / 1e6;
        let [loops, product, back] = [loops, product, back].map(|s| 1e3 * s);
        println!(
            "{name:22} {:6.1} {loops:5.1} ms {product:5.1} ms {back:6.1} ms {patches:5.1} MB",
            flop / 1e6
        );
    }
    let [inputs, outputs] = [3 * 32 * 32, 1024];
    let (x, weight) =
        (Tensor::randn([PICTURES, inputs], rng), Tensor::randn([outputs, inputs], rng));
    let dense = seconds(|| _ = linear(&x, &weight, None));
    println!();
    println!(
        "a linear layer of {inputs} to {outputs}, {:.1} MB of weights: {:.1} MFLOP, {:.1} ms",
        (4 * inputs * outputs) as f64 / 1e6,
        (2 * PICTURES * inputs * outputs) as f64 / 1e6,
        1e3 * dense
    );
}

/// The shortest of thirty runs.
fn seconds(mut f: impl FnMut()) -> f64 {
    let runs = (0..30).map(|_| {
        let start = Instant::now();
        f();
        start.elapsed().as_secs_f64()
    });
    runs.fold(f64::INFINITY, f64::min)
}
