//! W5: training a GPT.

use crate::data::{CPU, Layer, adam, full, ids, numbers, train};
use candle_core::{D, IndexOp, Result, Tensor, Var};
use candle_nn::{loss, ops};
use meter::Meter;

pub struct Norm {
    pub weight: Var,
    pub bias: Var,
}

pub struct Block {
    pub norm1: Norm,
    pub qkv: Layer,
    pub out: Layer,
    pub norm2: Norm,
    pub up: Layer,
    pub down: Layer,
}

pub struct Gpt {
    pub tokens: Var,
    pub places: Var,
    pub blocks: Vec<Block>,
    pub norm: Norm,
    pub head: Var,
    pub heads: usize,
    pub d: usize,
    pub mask: Tensor,
}

impl Gpt {
    pub fn new(l: usize, heads: usize, d: usize, context: usize, v: usize) -> Result<Self> {
        let table = |n, seed| Var::from_tensor(&numbers(&[n, d], seed, 0.035)?);
        let norm = || -> Result<Norm> { Ok(Norm { weight: full(d, 1.0)?, bias: full(d, 0.0)? }) };
        let block = |i: u64| -> Result<Block> {
            let seed = 60 + 4 * i;
            Ok(Block {
                norm1: norm()?,
                qkv: Layer::new(d, 3 * d, seed)?,
                out: Layer::new(d, d, seed + 1)?,
                norm2: norm()?,
                up: Layer::new(d, 4 * d, seed + 2)?,
                down: Layer::new(4 * d, d, seed + 3)?,
            })
        };
        let later = |i: usize| i % context > i / context;
        let hidden = |i| if later(i) { f32::NEG_INFINITY } else { 0.0 };
        let mask = (0..context * context).map(hidden).collect::<Vec<f32>>();
        Ok(Self {
            tokens: table(v, 50)?,
            places: table(context, 51)?,
            blocks: (0..l as u64).map(block).collect::<Result<_>>()?,
            norm: norm()?,
            head: table(v, 52)?,
            heads,
            d,
            mask: Tensor::from_vec(mask, (context, context), &CPU)?,
        })
    }

    fn vars(&self) -> Vec<Var> {
        let mut vars = vec![self.tokens.clone(), self.places.clone(), self.head.clone()];
        let norm = |norm: &Norm| [norm.weight.clone(), norm.bias.clone()];
        vars.extend(norm(&self.norm));
        for block in &self.blocks {
            let layers = [&block.qkv, &block.out, &block.up, &block.down];
            vars.extend(layers.iter().flat_map(|layer| layer.vars()));
            vars.extend([norm(&block.norm1), norm(&block.norm2)].concat());
        }
        vars
    }

    /// Its fused softmax and norm have no gradient, so that training takes the composed ones.
    fn forward(&self, ids: &Tensor) -> Result<Tensor> {
        let (n, t) = ids.dims2()?;
        let (heads, d) = (self.heads, self.d);
        let mask = self.mask.i((..t, ..t))?;
        let scale = 1.0 / ((d / heads) as f64).sqrt();
        let rows = self.tokens.index_select(&ids.flatten_all()?, 0)?.reshape((n, t, d))?;
        let mut x = rows.broadcast_add(&self.places.i(..t)?)?;
        for block in &self.blocks {
            let qkv = block.qkv.forward(&layer_norm(&x, &block.norm1)?)?;
            let part = |i: usize| {
                let part = qkv.narrow(2, i * d, d)?.reshape((n, t, heads, d / heads))?;
                part.transpose(1, 2)?.contiguous()
            };
            let (q, k, v) = (part(0)?, part(1)?, part(2)?);
            let scores = (q.matmul(&k.t()?)? * scale)?.broadcast_add(&mask)?;
            let found = ops::softmax(&scores, D::Minus1)?.matmul(&v)?;
            let found = found.transpose(1, 2)?.reshape((n, t, d))?;
            x = (x + block.out.forward(&found)?)?;
            let up = block.up.forward(&layer_norm(&x, &block.norm2)?)?;
            x = (&x + block.down.forward(&up.gelu()?)?)?;
        }
        layer_norm(&x, &self.norm)?.reshape((n * t, d))?.matmul(&self.head.t()?)
    }
}

fn layer_norm(x: &Tensor, norm: &Norm) -> Result<Tensor> {
    ops::layer_norm_slow(x, &norm.weight, &norm.bias, 1e-5)
}

pub fn run(meter: &Meter) -> Result<()> {
    let sizes =
        [("W5.gpt_tiny_train", [4, 4, 128, 64, 32]), ("W5.gpt_small_train", [6, 6, 384, 256, 8])];
    for (name, [layers, heads, d, context, n]) in sizes {
        if meter.wants(name) {
            let model = Gpt::new(layers, heads, d, context, 65)?;
            let x = ids(n * context, 120, 65)?.reshape((n, context))?;
            let y = ids(n * context, 121, 65)?;
            let adam = adam(model.vars(), 1e-3, 0.1)?;
            train(meter, name, 1, adam, || loss::cross_entropy(&model.forward(&x)?, &y))?;
        }
    }
    Ok(())
}
