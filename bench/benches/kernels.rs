//! Micro benchmarks: the kernels of module 18 one by one, at each level that the processor has.
//!
//! `cargo bench -p bench` runs all of them, `cargo bench -p bench -- conv` those with that in their
//! names; `TINYTORCH_THREADS=1` in front of it keeps them on one thread. Below the times stands
//! what they come to: bytes read and written, or, as items, floating-point operations a second.
//!
//! Operands are small enough for a core's own cache, so that a kernel shows and not the memory;
//! that is what `W8` of the race is for. What other frameworks need for the same is there, too.

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use tinytorch::acceleration::{Level, LowPrecision, with_level};
use tinytorch::prelude::*;

fn main() {
    divan::main();
}

/// What a kernel has to do at least.
enum Work {
    /// So many numbers read and written.
    Numbers(usize),
    /// So many operations.
    Operations(usize),
}
use Work::{Numbers, Operations};

impl Work {
    fn times(self, factor: usize) -> Self {
        match self {
            Numbers(n) => Numbers(factor * n),
            Operations(n) => Operations(factor * n),
        }
    }

    fn time<R>(self, bencher: Bencher, level: Level, run: impl Fn() -> R) {
        let run = || with_level(level, &run);
        match self {
            Numbers(n) => bencher.counter(BytesCount::of_many::<f32>(n)).bench_local(run),
            Operations(n) => bencher.counter(ItemsCount::new(n)).bench_local(run),
        }
    }
}

/// A function of normal numbers.
type Function = fn(&[Tensor]) -> Tensor;

fn normal(shapes: &[&[usize]]) -> Vec<Tensor> {
    let rng = &mut Rng::new(1);
    shapes.iter().map(|&shape| Tensor::randn(shape, rng)).collect()
}

fn forward(bencher: Bencher, level: Level, shapes: &[&[usize]], work: Work, f: Function) {
    let x = normal(shapes);
    work.time(bencher, level, || no_grad(|| f(&x)));
}

/// The gradients of all that it is a function of.
fn backward(bencher: Bencher, level: Level, shapes: &[&[usize]], work: Work, f: Function) {
    let x: Vec<Tensor> = normal(shapes).into_iter().map(Tensor::with_grad).collect();
    let y = with_level(level, || f(&x));
    let gradient = Some(Tensor::randn(y.shape(), &mut Rng::new(2)));
    let options = BackwardOptions { retain_graph: true, gradient, ..Default::default() };
    work.time(bencher, level, || y.backward_with(options.clone()));
}

/// Kernels without gradients of their own: `name: shapes, work, function;`.
macro_rules! forward {
    ($($name:ident: [$($shape:expr),+], $work:expr, $f:expr;)+) => {$(
        #[divan::bench(args = Level::supported())]
        fn $name(bencher: Bencher, level: Level) {
            forward(bencher, level, &[$(&$shape),+], $work, $f);
        }
    )+};
}

/// Kernels with gradients, and how many times the work these are.
macro_rules! both {
    ($($name:ident: [$($shape:expr),+], $work:expr, $times:literal, $f:expr;)+) => {$(
        mod $name {
            use super::*;

            #[divan::bench(args = Level::supported())]
            fn forward(bencher: Bencher, level: Level) {
                super::forward(bencher, level, &[$(&$shape),+], $work, $f);
            }

            #[divan::bench(args = Level::supported())]
            fn backward(bencher: Bencher, level: Level) {
                super::backward(bencher, level, &[$(&$shape),+], $work.times($times), $f);
            }
        }
    )+};
}

/// Number by number, and many to one: a quarter of a million, 1 MiB.
const ROWS: [usize; 2] = [256, 1024];
const N: usize = ROWS[0] * ROWS[1];

mod numbers {
    use super::*;

    forward! {
        add: [ROWS, ROWS], Numbers(3 * N), |x| &x[0] + &x[1];
        add_row: [ROWS, [1024]], Numbers(2 * N), |x| &x[0] + &x[1];
        mul: [ROWS, ROWS], Numbers(3 * N), |x| &x[0] * &x[1];
        exp: [ROWS], Numbers(2 * N), |x| x[0].exp();
        dropout: [ROWS], Numbers(2 * N), |x| Dropout::new(0.1, &mut Rng::new(3)).forward(&x[0]);
        to_bf16: [ROWS], Numbers(N), |x| x[0].to_bf16();
    }

    both! {
        relu: [ROWS], Numbers(2 * N), 1, |x| x[0].relu();
        tanh: [ROWS], Numbers(2 * N), 1, |x| x[0].tanh();
        sigmoid: [ROWS], Numbers(2 * N), 1, |x| x[0].sigmoid();
        silu: [ROWS], Numbers(2 * N), 1, |x| x[0].silu();
        gelu_erf: [ROWS], Numbers(2 * N), 1, |x| x[0].gelu();
        gelu_tanh: [ROWS], Numbers(2 * N), 1, |x| x[0].gelu_tanh();
    }
}

mod reductions {
    use super::*;

    forward! {
        sum: [ROWS], Numbers(N), |x| x[0].sum();
        sum_of_columns: [ROWS], Numbers(N), |x| x[0].sum_over(0, false);
        sum_of_rows: [ROWS], Numbers(N), |x| x[0].sum_over(1, false);
        max_of_rows: [ROWS], Numbers(N), |x| x[0].max_over(1, false);
        argmax_of_rows: [ROWS], Numbers(N), |x| x[0].argmax(1, false);
    }
}

mod copies {
    use super::*;

    forward! {
        transpose: [ROWS], Numbers(2 * N), |x| x[0].t().contiguous();
        cat: [ROWS, ROWS], Numbers(4 * N), |x| Tensor::cat(&[&x[0], &x[1]], 1);
        slice_of_columns: [ROWS], Numbers(N), |x| x[0].narrow(1, 100, 512).contiguous();
    }
}

mod rows {
    use super::*;
    use tinytorch::transformers::{layer_norm, rms_norm};

    both! {
        softmax: [ROWS], Numbers(2 * N), 1, |x| x[0].softmax(1);
        log_softmax: [ROWS], Numbers(2 * N), 1, |x| x[0].log_softmax(1);
        cross_entropy: [ROWS], Numbers(N), 2, |x| {
            cross_entropy(&x[0], &Tensor::from_vec((0..256).collect::<Vec<i32>>(), [256]))
        };
        layer_norm: [ROWS, [1024], [1024]], Numbers(2 * N), 2, |x| {
            layer_norm(&x[0], Some(&x[1]), Some(&x[2]), 1e-5)
        };
        rms_norm: [ROWS, [1024]], Numbers(2 * N), 2, |x| rms_norm(&x[0], Some(&x[1]), 1e-5);
    }
}

mod products {
    use super::*;
    use tinytorch::layers::linear;

    forward! {
        of_64: [[64, 64], [64, 64]], Operations(2 * 64 * 64 * 64), |x| x[0].matmul(&x[1]);
        of_512: [[512, 512], [512, 512]], Operations(2 << 27), |x| x[0].matmul(&x[1]);
        of_512_in_bf16: [[512, 512], [512, 512]], Operations(2 << 27), |x| {
            x[0].to_bf16().matmul(&x[1].to_bf16())
        };
        one_row: [[1, 768], [768, 3072]], Operations(2 * 768 * 3072), |x| x[0].matmul(&x[1]);
        batched: [[32, 64, 32], [32, 32, 64]], Operations(2 * 32 * 64 * 32 * 64), |x| {
            x[0].matmul(&x[1])
        };
    }

    both! {
        linear: [[512, 128], [512, 128], [512]], Operations(2 * 512 * 128 * 512), 2, |x| {
            linear(&x[0], &x[1], Some(&x[2]))
        };
    }

    /// `[m, k] -> [m, n]`, with weights that are kept as integers.
    fn in_int8(bencher: Bencher, level: Level, [m, k, n]: [usize; 3]) {
        let [x, weight] = [[m, k], [n, k]].map(|shape| Tensor::randn(shape, &mut Rng::new(1)));
        let weight = weight.to_int8();
        Operations(2 * m * k * n).time(bencher, level, || linear(&x, &weight, None));
    }

    #[divan::bench(args = Level::supported())]
    fn linear_in_int8(bencher: Bencher, level: Level) {
        in_int8(bencher, level, [256, 768, 768]);
    }

    #[divan::bench(args = Level::supported())]
    fn one_row_in_int8(bencher: Bencher, level: Level) {
        in_int8(bencher, level, [1, 768, 3072]);
    }
}

mod pictures {
    use super::*;
    use tinytorch::spatial::{Conv2dOp, avg_pool2d, conv2d, max_pool2d};

    /// Eight pictures of 16 channels of 32 by 32.
    const PICTURES: [usize; 4] = [8, 16, 32, 32];
    /// The same with 64 channels.
    const DEEP: [usize; 4] = [8, 64, 16, 16];
    const PLACES: usize = 8 * 32 * 32;

    fn conv(x: &[Tensor], stride: usize, padding: usize, groups: usize) -> Tensor {
        let [stride, padding] = [stride, padding].map(|n| [n, n]);
        conv2d(&x[0], &x[1], None, Conv2dOp { stride, padding, groups, ..Default::default() })
    }

    both! {
        conv_3x3: [PICTURES, [16, 16, 3, 3]], Operations(2 * PLACES * 16 * 16 * 9), 2, |x| {
            conv(x, 1, 1, 1)
        };
        conv_3x3_deep: [DEEP, [64, 64, 3, 3]], Operations(2 * PLACES / 4 * 64 * 64 * 9), 2, |x| {
            conv(x, 1, 1, 1)
        };
        conv_5x5: [PICTURES, [16, 16, 5, 5]], Operations(2 * PLACES * 16 * 16 * 25), 2, |x| {
            conv(x, 1, 2, 1)
        };
        conv_1x1: [DEEP, [64, 64, 1, 1]], Operations(2 * PLACES / 4 * 64 * 64), 2, |x| {
            conv(x, 1, 0, 1)
        };
        conv_stride_2: [PICTURES, [32, 16, 3, 3]], Operations(PLACES / 2 * 16 * 32 * 9), 2, |x| {
            conv(x, 2, 1, 1)
        };
        conv_depthwise: [PICTURES, [16, 1, 3, 3]], Operations(2 * PLACES * 16 * 9), 2, |x| {
            conv(x, 1, 1, 16)
        };
        batch_norm: [PICTURES], Numbers(2 * PLACES * 16), 2, |x| BatchNorm2d::new(16).forward(&x[0]);
        max_pool: [PICTURES], Numbers(PLACES * 16 * 5 / 4), 1, |x| {
            max_pool2d(&x[0], MaxPool2d::new([2, 2]))
        };
        avg_pool: [PICTURES], Numbers(PLACES * 16 * 5 / 4), 1, |x| {
            avg_pool2d(&x[0], AvgPool2d::new([2, 2]))
        };
    }
}

mod sequences {
    use super::*;
    use tinytorch::embeddings::embedding;

    /// Two sequences, four heads, 128 words of 32 numbers.
    const HEADS: [usize; 4] = [2, 4, 128, 32];
    /// Every word looks at half of the others: two products.
    const CAUSAL: Work = Operations(2 * 2 * 2 * 4 * 128 * 64 * 32);

    fn attend(x: &[Tensor]) -> Tensor {
        let options = AttentionOptions { causal: true, ..Default::default() };
        scaled_dot_product_attention(&x[0], &x[1], &x[2], &options)
    }

    fn ids() -> Tensor {
        Tensor::from_vec((0..512).map(|i| i * 37 % 1000).collect::<Vec<i32>>(), [512])
    }

    both! {
        attention: [HEADS, HEADS, HEADS], CAUSAL, 3, attend;
        embedding: [[1000, 128]], Numbers(2 * 512 * 128), 1, |x| embedding(&x[0], &ids(), None);
    }

    forward! {
        attention_of_one_query: [[1, 12, 1, 64], [1, 12, 256, 64], [1, 12, 256, 64]],
            Numbers(2 * 12 * 256 * 64), attend;
        rotary: [HEADS], Numbers(2 * 2 * 4 * 128 * 32), |x| {
            RotaryEmbedding::new(32, 128).apply(&x[0], 0)
        };
    }
}

mod optimizers {
    use super::*;

    /// A step over a quarter of a million weights, in which `of` numbers are read and written for
    /// each.
    fn step(bencher: Bencher, level: Level, of: usize, mut optimizer: impl Optimizer) {
        let mut weight = Tensor::randn(ROWS, &mut Rng::new(1)).with_grad();
        let mut grads = Gradients::new();
        grads.add_one(weight.id(), Tensor::randn(ROWS, &mut Rng::new(2)));
        bencher.counter(BytesCount::of_many::<f32>(of * N)).bench_local(|| {
            with_level(level, || optimizer.step(&mut weight, &grads));
        });
    }

    #[divan::bench(args = Level::supported())]
    fn sgd(bencher: Bencher, level: Level) {
        let options = SgdOptions { lr: 1e-3, momentum: 0.9, ..Default::default() };
        step(bencher, level, 5, Sgd::new(options));
    }

    #[divan::bench(args = Level::supported())]
    fn adam(bencher: Bencher, level: Level) {
        step(bencher, level, 7, Adam::new(AdamOptions::default()));
    }

    #[divan::bench(args = Level::supported())]
    fn adamw(bencher: Bencher, level: Level) {
        step(bencher, level, 7, AdamW::new(AdamWOptions::default()));
    }
}
