//! W5 and W6: training a GPT, and writing with one.

use crate::data::{Layer, cross_entropy, ids, numbers, time, train};
use burn::module::Param;
use burn::nn::{LayerNorm, LayerNormConfig};
use burn::optim::AdamWConfig;
use burn::prelude::*;
use burn::tensor::activation::gelu_approximate;
use burn::tensor::module::attention;
use burn::tensor::{TensorData, ops::AttentionModuleOptions};
use meter::{Meter, det_int};

#[derive(Module, Debug)]
struct Block {
    norm1: LayerNorm,
    qkv: Layer,
    out: Layer,
    norm2: LayerNorm,
    up: Layer,
    down: Layer,
}

#[derive(Module, Debug)]
struct Gpt {
    tokens: Param<Tensor<2>>,
    places: Param<Tensor<2>>,
    blocks: Vec<Block>,
    norm: LayerNorm,
    head: Param<Tensor<2>>,
    heads: usize,
    d: usize,
}

/// Keys or values of a block, `[1, h, room, d / h]`, of which the first are filled.
type Cache = Option<Tensor<4>>;

/// Those of all blocks.
struct Caches {
    blocks: Vec<[Cache; 2]>,
    room: usize,
}

impl Gpt {
    fn new([layers, heads, d, context, v]: [usize; 5], on: &Device) -> Self {
        let norm = || LayerNormConfig::new(d).init(on);
        let block = |i: u64| Block {
            norm1: norm(),
            qkv: Layer::new(d, 3 * d, 60 + 4 * i, on),
            out: Layer::new(d, d, 61 + 4 * i, on),
            norm2: norm(),
            up: Layer::new(d, 4 * d, 62 + 4 * i, on),
            down: Layer::new(4 * d, d, 63 + 4 * i, on),
        };
        // Written down as [v, d] and kept as burn keeps a layer, [d, v]: turned once.
        let head = numbers([v, d], 52, 0.035, &on.clone().inner()).transpose();
        Self {
            tokens: Param::from_tensor(numbers([v, d], 50, 0.035, on)),
            places: Param::from_tensor(numbers([context, d], 51, 0.035, on)),
            blocks: (0..layers as u64).map(block).collect(),
            norm: norm(),
            head: Param::from_tensor(Tensor::from_data(head.into_data(), on)),
            heads,
            d,
        }
    }

    /// `n` sequences of `t` ids, one behind the other `[n t] -> [n t, v]`.
    fn forward(&self, ids: Tensor<1, Int>, n: usize, t: usize) -> Tensor<2> {
        let (heads, d) = (self.heads, self.d);
        let places = self.places.val().narrow(0, 0, t).unsqueeze::<3>();
        let mut x = self.tokens.val().select(0, ids).reshape([n, t, d]) + places;
        for block in &self.blocks {
            let qkv = block.qkv.forward(block.norm1.forward(x.clone()));
            let part = |i: usize| {
                qkv.clone().narrow(2, i * d, d).reshape([n, t, heads, d / heads]).swap_dims(1, 2)
            };
            let found = attention(part(0), part(1), part(2), None, None, options(true));
            x = x + block.out.forward(found.swap_dims(1, 2).reshape([n, t, d]));
            let inside = gelu_approximate(block.up.forward(block.norm2.forward(x.clone())));
            x = x + block.down.forward(inside);
        }
        self.norm.forward(x).reshape([n * t, d]).matmul(self.head.val())
    }

    /// The token after `ids`, of which the first stands at `place`.
    fn next(&self, ids: &[i32], place: usize, caches: &mut Caches, on: &Device) -> i32 {
        let (heads, d, t) = (self.heads, self.d, ids.len());
        let ids: Tensor<1, Int> = Tensor::from_data(TensorData::new(ids.to_vec(), [t]), on);
        let mut x = self.tokens.val().select(0, ids) + self.places.val().narrow(0, place, t);
        let room = caches.room;
        for (block, [keys, values]) in self.blocks.iter().zip(&mut caches.blocks) {
            let qkv = block.qkv.forward(block.norm1.forward(x.clone()));
            let part = |i: usize| {
                qkv.clone().narrow(1, i * d, d).reshape([1, t, heads, d / heads]).swap_dims(1, 2)
            };
            let keys = put(keys, part(1), place, room, on);
            let values = put(values, part(2), place, room, on);
            let found = attention(part(0), keys, values, None, None, options(t > 1));
            x = x + block.out.forward(found.swap_dims(1, 2).reshape([t, d]));
            let inside = gelu_approximate(block.up.forward(block.norm2.forward(x.clone())));
            x = x + block.down.forward(inside);
        }
        let last = self.norm.forward(x.narrow(0, t - 1, 1));
        last.matmul(self.head.val()).argmax(1).into_scalar::<i32>()
    }

    fn write(&self, n: usize, room: usize, on: &Device) -> Vec<i32> {
        let blocks = self.blocks.iter().map(|_| [None, None]).collect();
        let mut caches = Caches { blocks, room };
        let prompt: Vec<i32> = det_int(16, 130, 65).into_iter().map(|id| id as i32).collect();
        let mut written = vec![self.next(&prompt, 0, &mut caches, on)];
        for i in 1..n {
            let last = written[i - 1];
            written.push(self.next(&[last], 15 + i, &mut caches, on));
        }
        written
    }
}

fn options(is_causal: bool) -> AttentionModuleOptions {
    AttentionModuleOptions { scale: None, softcap: None, is_causal }
}

/// Writes `new` into the cache from `place` on; gives all that is filled.
fn put(cache: &mut Cache, new: Tensor<4>, place: usize, room: usize, on: &Device) -> Tensor<4> {
    let [_, heads, t, width] = new.dims();
    let empty = || Tensor::zeros([1, heads, room, width], (on, new.dtype()));
    let all = cache.take().unwrap_or_else(empty);
    let all = all.slice_assign([0..1, 0..heads, place..place + t, 0..width], new);
    *cache = Some(all.clone());
    all.narrow(2, 0, place + t)
}

pub fn run(meter: &Meter, on: &Device) {
    let learning = &on.clone().autodiff();
    let sizes = [
        ("W5.gpt_tiny_train", [4, 4, 128, 64, 65], 32),
        ("W5.gpt_small_train", [6, 6, 384, 256, 65], 8),
    ];
    for (name, size, n) in sizes {
        if meter.wants(name) {
            let context = size[3];
            let (x, y) = (ids(n * context, 120, 65, learning), ids(n * context, 121, 65, learning));
            let adamw = AdamWConfig::new().with_epsilon(1e-8).with_weight_decay(0.1).init();
            let loss = cross_entropy(learning);
            train(meter, name, 1, 1e-3, (Gpt::new(size, learning), adamw), |model: &Gpt| {
                loss.forward(model.forward(x.clone(), n, context), y.clone())
            });
        }
    }
    let sizes = [
        ("W6.gen_small_256", [6, 6, 384, 320, 65], [256, 288]),
        ("W6.gpt2_f32", [12, 12, 768, 128, 50_257], [24, 64]),
    ];
    for (name, size, [tokens, room]) in sizes {
        if meter.wants(name) {
            let gpt = Gpt::new(size, on);
            time(meter, name, on, || gpt.write(tokens, room, on));
        }
    }
}
