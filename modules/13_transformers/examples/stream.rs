//! What the lesson shows of the stream: how wide it is above each block, with all weights starting
//! alike, and with the last layers of the halves starting smaller.
//!
//! `cargo run -p tinytorch-transformers --example stream`

use tinytorch_autograd::no_grad;
use tinytorch_layers::Module;
use tinytorch_tensor::{Rng, Tensor};
use tinytorch_transformers::{Gpt, GptConfig};

const LAYERS: usize = 12;

fn main() {
    let config = GptConfig { layers: LAYERS, vocab_size: 65, ..GptConfig::tiny() };
    let scaled = Gpt::new(config, &mut Rng::new(0));
    let mut alike = scaled.clone();
    let factor = (2.0 * LAYERS as f32).sqrt();
    for block in &mut alike.blocks {
        for weight in [&mut block.attention.out.weight, &mut block.mlp.down.weight] {
            weight.data_mut().iter_mut().for_each(|w| *w *= factor);
        }
    }
    let (alike, scaled) = no_grad(|| (widths(&alike), widths(&scaled)));
    println!("above block    all alike    by sqrt({})", 2 * LAYERS);
    for (block, (alike, scaled)) in alike.iter().zip(&scaled).enumerate().step_by(3) {
        println!("{block:11}    {alike:9.3}    {scaled:9.3}");
    }
}

/// The deviation of the stream's numbers above each block, beginning with the embedding.
fn widths(gpt: &Gpt) -> Vec<f32> {
    let ids = Tensor::randint([8, 64], 0, 65, &mut Rng::new(1));
    let mut stream = vec![gpt.embed.forward(&ids)];
    for block in &gpt.blocks {
        stream.push(block.forward(&stream[stream.len() - 1]));
    }
    stream.iter().map(|x| x.std().item()).collect()
}
