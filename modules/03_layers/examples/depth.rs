//! What becomes of a signal on its way through twenty layers, by how the weights start.
//!
//! `cargo run --release -p tinytorch-layers --example depth`

use tinytorch_activations::Activations;
use tinytorch_layers::{Init, linear};
use tinytorch_tensor::{Rng, Tensor};

const WIDTH: usize = 256;

fn main() {
    let starts = [
        ("normal, std 1", Init::Normal { std: 1.0 }),
        ("Kaiming", Init::KaimingUniform),
        ("Xavier", Init::XavierUniform),
        ("±1 / √inputs", Init::Uniform { bound: 1.0 / (WIDTH as f32).sqrt() }),
    ];
    println!("mean square behind layer    1         5        10        20");
    for (name, init) in starts {
        let mut rng = Rng::new(0);
        let mut x = Tensor::randn([64, WIDTH], &mut rng);
        print!("{name:18}");
        for layer in 1..=20 {
            x = linear(&x, &init.tensor([WIDTH, WIDTH], &mut rng), None).relu();
            if [1, 5, 10, 20].contains(&layer) {
                print!(" {:9.1e}", (&x * &x).mean().item());
            }
        }
        println!();
    }
}
