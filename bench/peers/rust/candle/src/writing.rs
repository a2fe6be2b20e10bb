//! W6: writing with a cache of keys and values, in 32, 16 and 8 bits.

use crate::data::{CPU, Layer};
use crate::gpt::{Gpt, Norm};
use candle_core::quantized::{GgmlDType, QMatMul, QTensor};
use candle_core::{DType, IndexOp, Module, Result, Tensor};
use candle_nn::{kv_cache::KvCache, ops};
use meter::{Meter, det_int};

/// A layer as it is kept for writing.
enum Kept {
    Floats(Tensor, Tensor),
    Blocks(QMatMul, Tensor),
}

impl Kept {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        match self {
            Self::Floats(weight, bias) => x.matmul(weight)?.broadcast_add(bias),
            Self::Blocks(weight, bias) => weight.forward(x)?.broadcast_add(bias),
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Format {
    F32,
    Bf16,
    Int8,
}

struct Writer<'a> {
    gpt: &'a Gpt,
    blocks: Vec<[Kept; 4]>,
    head: Kept,
    tokens: Tensor,
    places: Tensor,
    dtype: DType,
}

impl<'a> Writer<'a> {
    fn new(gpt: &'a Gpt, format: Format) -> Result<Self> {
        let dtype = if format == Format::Bf16 { DType::BF16 } else { DType::F32 };
        let kept = |weight: &Tensor, bias: &Tensor| -> Result<Kept> {
            if format == Format::Int8 {
                let blocks = QTensor::quantize(&weight.t()?.contiguous()?, GgmlDType::Q8_0)?;
                return Ok(Kept::Blocks(QMatMul::from_qtensor(blocks)?, bias.clone()));
            }
            let [weight, bias] = [weight, bias].map(|t| t.detach().to_dtype(dtype));
            Ok(Kept::Floats(weight?, bias?))
        };
        let layer = |layer: &Layer| kept(&layer.weight, &layer.bias);
        let blocks = gpt.blocks.iter().map(|block| {
            Ok([layer(&block.qkv)?, layer(&block.out)?, layer(&block.up)?, layer(&block.down)?])
        });
        let none = Tensor::zeros(gpt.head.dim(0)?, DType::F32, &CPU)?;
        Ok(Self {
            blocks: blocks.collect::<Result<_>>()?,
            head: kept(&gpt.head.detach().t()?, &none)?,
            tokens: gpt.tokens.detach().to_dtype(dtype)?,
            places: gpt.places.detach().to_dtype(dtype)?,
            gpt,
            dtype,
        })
    }

    fn norm(&self, x: &Tensor, norm: &Norm) -> Result<Tensor> {
        let [weight, bias] = [&norm.weight, &norm.bias].map(|var| var.to_dtype(self.dtype));
        ops::layer_norm(x, &weight?, &bias?, 1e-5)
    }

    /// The token after `ids`, of which the first stands at `place`.
    fn next(&self, ids: &[u32], place: usize, caches: &mut [KvCache]) -> Result<u32> {
        let (heads, d, t) = (self.gpt.heads, self.gpt.d, ids.len());
        let rows = self.tokens.index_select(&Tensor::new(ids, &CPU)?, 0)?;
        let mut x = (rows + self.places.narrow(0, place, t)?)?;
        let scale = 1.0 / ((d / heads) as f64).sqrt();
        for ((kept, block), cache) in self.blocks.iter().zip(&self.gpt.blocks).zip(caches) {
            let [qkv, out, up, down] = kept;
            let all = qkv.forward(&self.norm(&x, &block.norm1)?)?;
            let part = |i: usize| {
                let part = all.narrow(1, i * d, d)?.reshape((1, t, heads, d / heads))?;
                part.transpose(1, 2)?.contiguous()
            };
            let (keys, values) = cache.append(&part(1)?, &part(2)?)?;
            let mut scores = (part(0)?.matmul(&keys.t()?)? * scale)?;
            if t > 1 {
                let mask = self.gpt.mask.i((..t, ..t))?.to_dtype(self.dtype)?;
                scores = scores.broadcast_add(&mask)?;
            }
            let found = ops::softmax_last_dim(&scores)?.matmul(&values.contiguous()?)?;
            x = (x + out.forward(&found.transpose(1, 2)?.reshape((t, d))?)?)?;
            let inside = up.forward(&self.norm(&x, &block.norm2)?)?.gelu()?;
            x = (&x + down.forward(&inside)?)?;
        }
        let last = self.norm(&x.i(t - 1..t)?.contiguous()?, &self.gpt.norm)?;
        self.head.forward(&last)?.i(0)?.argmax(0)?.to_scalar::<u32>()
    }

    fn write(&self, n: usize, context: usize) -> Result<Vec<u32>> {
        let mut caches: Vec<KvCache> =
            self.blocks.iter().map(|_| KvCache::new(2, context)).collect();
        let mut written = vec![self.next(&det_int(16, 130, 65), 0, &mut caches)?];
        for i in 1..n {
            let last = written[i - 1];
            written.push(self.next(&[last], 15 + i, &mut caches)?);
        }
        Ok(written)
    }
}

pub fn run(meter: &Meter) -> Result<()> {
    let name = "W6.gen_small_256";
    if meter.wants(name) {
        let gpt = Gpt::new(6, 6, 384, 320, 65)?;
        let writer = Writer::new(&gpt, Format::F32)?;
        meter.time(name, || writer.write(256, 288).expect("the shapes fit"));
    }
    let formats = [
        ("W6.gpt2_f32", Format::F32),
        ("W6.gpt2_bf16", Format::Bf16),
        ("W6.gpt2_int8", Format::Int8),
    ];
    for (name, format) in formats.into_iter().filter(|(name, _)| meter.wants(name)) {
        let gpt = Gpt::new(12, 12, 768, 128, 50_257)?;
        let writer = Writer::new(&gpt, format)?;
        meter.time(name, || writer.write(24, 64).expect("the shapes fit"));
    }
    Ok(())
}
