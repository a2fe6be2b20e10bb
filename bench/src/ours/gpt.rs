//! W5: training a GPT on characters, untied, without dropout; tiny and small.

use super::{ids, mixed, trainer};
use crate::workload::{Losses, Precision, Work, Workload};
use meter::{det, weights};
use tinytorch::layers::{Path, SlotMut};
use tinytorch::prelude::*;

/// What is built: layers, heads, width, context and vocabulary.
pub struct Size {
    pub layers: usize,
    pub heads: usize,
    pub d: usize,
    pub context: usize,
    pub vocabulary: usize,
}

const TINY: Size = Size { layers: 4, heads: 4, d: 128, context: 64, vocabulary: 65 };
const SMALL: Size = Size { layers: 6, heads: 6, d: 384, context: 256, vocabulary: 65 };

/// Names, sizes, batches of 2,048 tokens each, and the first loss.
const TRAININGS: [(&str, &Size, usize, Losses); 2] = [
    ("W5.gpt_tiny_train", &TINY, 32, &[(1, 4.203_544)]),
    ("W5.gpt_small_train", &SMALL, 8, &[(1, 4.240_607)]),
];

/// Training steps in 32 bits, and with products in 16.
pub fn workloads() -> Vec<Workload> {
    let mut rows = Vec::new();
    for (name, size, batch, losses) in TRAININGS {
        let work = training(size, batch);
        let (small, less) = (format!("{name}@bf16"), work.in_format(Precision::Bf16));
        rows.extend([
            Workload::training(name, work, losses, move || step(size, loss(size, batch))),
            Workload::training(small, less, losses, move || step(size, mixed(loss(size, batch)))),
        ]);
    }
    rows
}

/// Six operations per weight and token, and attention: `4 t d` per token forward, thrice in all.
fn training(size: &Size, batch: usize) -> Work {
    let &Size { layers, d, context, vocabulary, .. } = size;
    let weights = layers * 12 * d * d + vocabulary * d;
    let attention = 12 * context * d * layers;
    Work::flops(((6 * weights + attention) * batch * context) as f64)
}

/// The same model in every framework: normal weights `[inputs, outputs]`, biases 0, norms 1.
pub fn model(size: &Size) -> Gpt {
    let &Size { layers, heads, d, context, vocabulary } = size;
    let config = GptConfig {
        layers,
        heads,
        kv_heads: heads,
        d_model: d,
        hidden: 4 * d,
        context,
        vocab_size: vocabulary,
        dropout: 0.0,
        tied: false,
        ..GptConfig::gpt2_small()
    };
    let mut model = Gpt::new(config, &mut Rng::new(0));
    model.visit_mut(&mut Path::new(), &mut |path, slot| {
        if let SlotMut::Tensor(tensor) = slot {
            let values = start(path.as_str(), tensor.shape());
            tensor.data_mut().copy_from_slice(&values);
        }
    });
    model
}

/// What a parameter starts as: one seed per table, four per block.
fn start(path: &str, shape: Shape) -> Vec<f32> {
    let n = shape.numel();
    match path {
        "embed.tokens.weight" => det(n, 50, 0.035),
        "embed.learned.weight" => det(n, 51, 0.035),
        "head.weight" => det(n, 52, 0.035),
        _ if path.ends_with("bias") => vec![0.0; n],
        _ if path.ends_with("norm.weight") => vec![1.0; n],
        _ => {
            let (block, part) = block_and_part(path);
            let [outputs, inputs] = shape.dims();
            let written = weights(n, 60 + 4 * block + part, inputs);
            Tensor::from_vec(written, [inputs, outputs]).t().to_vec()
        }
    }
}

/// `blocks.3.mlp.up.weight` is part 2 of block 3.
fn block_and_part(path: &str) -> (u64, u64) {
    let parts = ["attention.qkv", "attention.out", "mlp.up", "mlp.down"];
    let found = || {
        let (block, part) = path.strip_prefix("blocks.")?.split_once('.')?;
        let part = parts.iter().position(|&name| part.strip_suffix(".weight") == Some(name))?;
        Some((block.parse().ok()?, part as u64))
    };
    found().unwrap_or_else(|| panic!("no start is known for {path}"))
}

/// AdamW on the loss of the next token.
fn step<L: Fn(&Gpt) -> Tensor>(size: &Size, loss: L) -> impl FnMut() -> f32 + use<L> {
    let adamw = AdamW::new(AdamWOptions { lr: 1e-3, weight_decay: 0.1, ..Default::default() });
    trainer(model(size), adamw, loss)
}

fn loss(size: &Size, batch: usize) -> impl Fn(&Gpt) -> Tensor + use<> {
    let shape = [batch, size.context];
    let (x, y) = (ids(shape, 120, 65), ids(shape, 121, 65));
    move |model| model.loss(&x, &y)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_loss_of_the_tiny_model_is_pytorchs() {
        let loss = no_grad(|| loss(&TINY, 32)(&model(&TINY))).item();
        assert!((loss / 4.203_544 - 1.0).abs() < 1e-5, "{loss}");
    }

    #[test]
    fn it_is_also_with_products_in_16_bits_a_little_less_exactly() {
        let loss = mixed(loss(&TINY, 32))(&model(&TINY)).item();
        let off = (loss / 4.203_544 - 1.0).abs();
        assert!(off > 0.0 && off < 1e-4, "{loss}");
    }

    #[test]
    fn every_parameter_has_a_start_of_its_own() {
        assert_eq!(block_and_part("blocks.11.attention.out.weight"), (11, 1));
        assert_eq!(block_and_part("blocks.0.mlp.down.weight"), (0, 3));
    }

    #[test]
    #[should_panic(expected = "no start is known for blocks.0.mlp.gate.weight")]
    fn a_parameter_that_the_others_do_not_have_is_an_error() {
        block_and_part("blocks.0.mlp.gate.weight");
    }
}
