//! What typical mistakes say: each message names the op, what met what, and the cure, and points
//! at the line of the caller.
//!
//! `messages.txt` holds the line that each panic points at, as it stands in this file, and the
//! message. `TINYTORCH_BLESS=1 cargo test -p tinytorch --test messages` writes it anew.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::path::Path;
use tinytorch::autograd::Backward;
use tinytorch::prelude::*;
use tinytorch::spatial::{Conv2dOp, conv2d, fold};
use tinytorch::tensor::{Op, dispatch};
use tinytorch::transformers::sample;

/// Mistakes of one kind, each on a line of its own: the one that its message has to point at.
type Theme = (&'static str, &'static [fn()]);

const MISTAKES: &[Theme] = &[
    ("making tensors", MAKING),
    ("shapes that do not fit", SHAPES),
    ("axes and indices", AXES),
    ("kinds of numbers", KINDS),
    ("layers", LAYERS),
    ("pictures", PICTURES),
    ("losses", LOSSES),
    ("gradients", GRADIENTS),
    ("optimizers", OPTIMIZERS),
    ("sequences", SEQUENCES),
    ("data", DATA),
    ("training", TRAINING),
    ("transformers", TRANSFORMERS),
];

const MAKING: &[fn()] = &[
    || _ = Tensor::from_vec(vec![1.0, 2.0, 3.0], [2, 2]),
    || _ = Tensor::zeros([1, 1, 1, 1, 1, 1, 1]),
    || _ = Tensor::from([[1.0, 2.0]]).at([0]),
    || _ = Tensor::arange(0.0, 1.0, -0.1),
    || _ = Tensor::randint([3], 5, 5, &mut Rng::new(0)),
];

const SHAPES: &[fn()] = &[
    || _ = zeros([2, 3]) + zeros([2]),
    || _ = zeros([2, 3]).matmul(&zeros([2, 3])),
    || _ = zeros([2, 2, 3]).matmul(&zeros([5, 3, 2])),
    || _ = zeros([2, 3]).matmul(&zeros([])),
    || _ = zeros([2, 3]).reshape([4, 2]),
    || _ = zeros([2, 3]).reshape([-1, -1]),
    || _ = zeros([2, 3]).expand([2, 6]),
    || _ = zeros([2, 3]).sum_to([3, 2]),
    || _ = Tensor::cat(&[&zeros([2, 3]), &zeros([2, 4])], 0),
    || _ = Tensor::cat(&[], 0),
    || _ = Tensor::stack(&[&zeros([2]), &zeros([3])], 0),
    || _ = zeros([2, 3]).shape().dims::<4>(),
    || _ = zeros([2, 3]).masked_fill(&zeros([2]).eq(0.0), 1.0),
    || _ = Tensor::where_(&zeros([2]).eq(0.0), zeros([3]), 1.0),
];

const AXES: &[fn()] = &[
    || _ = zeros([2, 3]).sum_over(2, false),
    || _ = zeros([2, 3]).mean_over([0, -2], false),
    || _ = zeros([2, 3]).softmax(2),
    || _ = zeros([2, 3]).permute([0, 0]),
    || _ = zeros([2, 3, 4]).t(),
    || _ = zeros([2, 3]).select(0, 2),
    || _ = zeros([2, 3]).slice(1, 1..5),
    || _ = zeros([2, 3]).narrow(1, 2, 2),
    || _ = zeros([2, 3]).at([0, 3]),
    || _ = zeros([2, 3]).item(),
    || _ = zeros([2, 3]).index_select(0, &Tensor::from([0, 2])),
    || _ = zeros([2, 3]).gather(1, &Tensor::from([0, 1])),
    || _ = Tensor::from([0, 3]).one_hot(3),
    || _ = zeros([0, 3]).max(),
    || _ = zeros([0]).argmax(0, false),
];

const KINDS: &[fn()] = &[
    || _ = zeros([2]) * Tensor::from([1, 2]),
    || _ = zeros([2]).pow(2),
    || _ = Tensor::from([1, 2]) / Tensor::from([2, 2]),
    || _ = Tensor::from([1, 2]).mean(),
    || _ = Tensor::from([1, 2]).relu(),
    || _ = Tensor::from([1, 2]).to_vec(),
    || _ = zeros([2]).index_select(0, &zeros([1])),
    || _ = Tensor::where_(&zeros([2]), 1.0, 2.0),
    || _ = zeros([2]).clamp(1.0, -1.0),
];

const LAYERS: &[fn()] = &[
    || _ = Linear::new(64, 10, &mut Rng::new(0)).forward(&zeros([32, 8, 8])),
    || _ = Linear::new(3, 2, &mut Rng::new(0)).forward(&Tensor::from([[1, 2, 3]])),
    || _ = sequential![ReLU, Linear::new(3, 2, &mut Rng::new(0))].forward(&zeros([5, 4])),
    || _ = Dropout::new(1.5, &mut Rng::new(0)),
];

const PICTURES: &[fn()] = &[
    || _ = conv([3, 3]).forward(&zeros([3, 8, 8])),
    || _ = conv([3, 3]).forward(&zeros([2, 8, 8, 3])),
    || _ = conv([5, 5]).forward(&zeros([2, 3, 4, 4])),
    || _ = conv([3, 3]).forward(&Tensor::from_vec(vec![0; 192], [1, 3, 8, 8])),
    || _ = conv([0, 3]),
    || _ = depthwise(3, 4),
    || _ = conv2d(&zeros([1, 3, 8, 8]), &zeros([16, 27]), None, default()),
    || _ = conv2d(&zeros([1, 1, 8, 8]), &zeros([4, 1, 3, 3]), Some(&zeros([3])), default()),
    || _ = fold(&zeros([1, 4, 5]), Conv2dOp::default().windows([2, 2]), [3, 3]),
    || _ = MaxPool2d::new([2, 2]).forward(&zeros([1, 16, 1, 1])),
    || _ = MaxPool2d { padding: [2, 2], ..MaxPool2d::new([3, 3]) }.forward(&zeros([1, 1, 8, 8])),
    || _ = AvgPool2d { stride: [0, 1], ..AvgPool2d::new([2, 2]) }.forward(&zeros([1, 1, 8, 8])),
    || _ = AdaptiveAvgPool2d::new([1, 1]).forward(&zeros([1, 3, 0, 4])),
    || _ = BatchNorm2d::new(8).forward(&zeros([2, 3, 4, 4])),
    || _ = BatchNorm2d::new(8).forward(&zeros([1, 8, 1, 1])),
    || _ = BatchNorm2d::with_options(8, BatchNorm2dOptions { momentum: 9.0, ..default() }),
    || _ = Dropout2d::new(-0.5, &mut Rng::new(0)),
    || _ = LeNet5::new([1, 8, 8], 10, &mut Rng::new(0)),
    || _ = SmallVgg::new([3, 2, 2], 10, 32, &mut Rng::new(0)),
    || _ = ResNet9::new(3, 10, 4, &mut Rng::new(0)).forward(&zeros([2, 3, 4, 4])),
];

const LOSSES: &[fn()] = &[
    || _ = mse_loss(&zeros([4, 1]), &zeros([4])),
    || _ = cross_entropy(&zeros([2, 3]), &Tensor::from([0, 3])),
    || _ = cross_entropy(&zeros([2, 3]), &zeros([2])),
    || _ = cross_entropy(&zeros([2, 3]), &Tensor::from([[0], [1]])),
    || _ = cross_entropy(&zeros([3]), &Tensor::from([0])),
    || _ = bce_loss(&Tensor::from([1.5]), &Tensor::from([1.0])),
    || _ = huber_loss(&zeros([2]), &zeros([2]), -1.0),
];

const GRADIENTS: &[fn()] = &[
    || _ = (weight() * 2.0).backward(),
    || _ = zeros([]).backward(),
    || _ = no_grad(|| weight().sum()).backward(),
    || _ = differentiated().backward(),
    || _ = dispatch(Floor, &[&weight()]).sum().backward(),
    || _ = weight().backward_with(BackwardOptions { gradient: Some(zeros([3])), ..default() }),
    || _ = weight().sum().backward().of(&weight()),
    || _ = (weight() * 2.0).data_mut(),
    || _ = Tensor::from([1, 2]).with_grad(),
    || (weight() * 2.0).set_requires_grad(false),
];

const OPTIMIZERS: &[fn()] = &[
    || sgd().step(&mut vec![weight(), weight()], &none()),
    || some_optimizer().step(&mut sequential![Linear::new(2, 1, &mut Rng::new(0))], &none()),
    || _ = Sgd::new(SgdOptions { lr: -0.1, ..default() }),
    || _ = Sgd::new(SgdOptions { nesterov: true, ..default() }),
    || _ = Adam::new(AdamOptions { betas: (0.9, 1.0), ..default() }),
    || _ = RmsProp::new(RmsPropOptions { eps: f32::INFINITY, ..default() }),
    || sgd().set_learning_rate(f32::NAN),
    || {
        let (mut optimizer, mut w) = (another_model(), weight());
        let grads = w.sum().backward();
        optimizer.step(&mut w, &grads);
    },
    || sgd().group(no_decay("biass")).step(&mut Linear::new(1, 1, &mut Rng::new(0)), &none()),
];

const SEQUENCES: &[fn()] = &[
    || _ = embedding().forward(&Tensor::from([3, 10])),
    || _ = embedding().forward(&zeros([2])),
    || _ = embedding().logits(&zeros([2, 3])),
    || _ = embedding().with_padding_idx(10),
    || _ = PositionEmbedding::new(8, 4, &mut Rng::new(0)).forward(&zeros([2, 9, 4])),
    || _ = PositionEmbedding::new(8, 4, &mut Rng::new(0)).forward(&zeros([2, 4, 8])),
    || _ = RotaryEmbedding::new(5, 8),
    || _ = RotaryEmbedding::new(4, 8).apply(&zeros([2, 4]), 7),
    || _ = attend(zeros([2, 3, 4]), zeros([2, 5, 6]), default()),
    || _ = attend(zeros([2, 3, 4]), zeros([3, 3, 4]), default()),
    || _ = attend(zeros([2, 4, 3, 4]), zeros([2, 2, 3, 4]), default()),
    || _ = attend(zeros([2, 4, 3, 4]), zeros([2, 3, 3, 4]), shared()),
    || _ = attend(zeros([4]), zeros([4]), default()),
    || _ = attend(zeros([3, 4]), zeros([3, 4]), masked(&zeros([2, 3]))),
    || _ = attend(zeros([3, 4]), zeros([3, 4]).ne(0.0), default()),
    || _ = MultiHeadAttention::new(10, 4, default(), &mut Rng::new(0)),
    || _ = MultiHeadAttention::new(8, 4, sharing(3), &mut Rng::new(0)),
    || _ = MultiHeadAttention::new(8, 2, default(), &mut Rng::new(0)).forward(&zeros([2, 3, 6])),
];

const DATA: &[fn()] = &[
    || _ = DataLoader::new(TinyDigits::test(), DataLoaderOptions { batch_size: 0, ..default() }),
    || _ = TensorDataset::new(zeros([10, 3]), Tensor::arange_i32(9)),
];

const TRAINING: &[fn()] = &[
    || _ = accuracy(&zeros([2, 3]), &Tensor::from([0, 1, 2])),
    || _ = top_k_accuracy(&zeros([2, 3]), &Tensor::from([0, 3]), 2),
    || _ = clip_grad_norm(&mut none(), -1.0),
    || _ = Trainer::new(mse_loss, TrainerOptions { accumulate: 0, ..default() }),
];

const TRANSFORMERS: &[fn()] = &[
    || _ = LayerNorm::new(4).forward(&zeros([2, 3])),
    || _ = RMSNorm::new(4).forward(&Tensor::from([[1, 2, 3, 4]])),
    || _ = Gpt::new(GptConfig { heads: 5, ..GptConfig::tiny() }, &mut Rng::new(0)),
    || _ = gpt().forward(&Tensor::zeros([1, 4])),
    || _ = gpt().forward(&Tensor::from([[1, 256]])),
    || _ = gpt().forward(&Tensor::randint([2, 65], 0, 9, &mut Rng::new(0))),
    || _ = gpt().loss(&Tensor::from([[1, 2, 3]]), &Tensor::from([[2, 3]])),
    || _ = gpt().loss(&Tensor::from([[1, 2]]), &Tensor::from([[2, 300]])),
    || _ = inputs_and_targets(&Tensor::from([[1], [2]])),
    || _ = generate(&gpt(), &[], &default(), |_| go_on()),
    || _ = generate(&gpt(), &[256], &default(), |_| go_on()),
    || _ = generate(&gpt(), &[1], &hot(-1.0), |_| go_on()),
    || _ = generate(&gpt(), &[1], &GenerateOptions { top_k: Some(0), ..default() }, |_| go_on()),
    || _ = generate(&gpt(), &[1], &GenerateOptions { top_p: Some(90.0), ..default() }, |_| go_on()),
    || _ = sample(&[f32::NAN, 1.0], &mut Rng::new(0)),
];

fn zeros<const N: usize>(shape: [usize; N]) -> Tensor {
    Tensor::zeros(shape)
}

fn embedding() -> Embedding {
    Embedding::new(10, 4, &mut Rng::new(0))
}

#[track_caller]
fn attend(q: Tensor, k: Tensor, options: AttentionOptions) -> Tensor {
    scaled_dot_product_attention(&q, &k, &k, &options)
}

fn masked(mask: &Tensor) -> AttentionOptions<'_> {
    AttentionOptions { mask: Some(mask), ..default() }
}

fn shared() -> AttentionOptions<'static> {
    AttentionOptions { enable_gqa: true, ..default() }
}

fn sharing(kv_heads: usize) -> MultiHeadAttentionOptions {
    MultiHeadAttentionOptions { kv_heads: Some(kv_heads), ..default() }
}

fn default<T: Default>() -> T {
    T::default()
}

fn conv(kernel: [usize; 2]) -> Conv2d {
    Conv2d::new(3, 16, kernel, default(), &mut Rng::new(0))
}

fn depthwise(inputs: usize, outputs: usize) -> Conv2d {
    let options = Conv2dOptions { groups: inputs, ..default() };
    Conv2d::new(inputs, outputs, [3, 3], options, &mut Rng::new(0))
}

fn weight() -> Tensor {
    zeros([2]).with_grad()
}

fn differentiated() -> Tensor {
    let loss = (weight() * 2.0).sum();
    loss.backward();
    loss
}

fn gpt() -> Gpt {
    Gpt::new(GptConfig { layers: 1, ..GptConfig::tiny() }, &mut Rng::new(0))
}

fn hot(temperature: f32) -> GenerateOptions {
    GenerateOptions { temperature, ..default() }
}

fn go_on() -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn sgd() -> Sgd {
    Sgd::new(SgdOptions::default())
}

fn some_optimizer() -> Box<dyn Optimizer> {
    Box::new(sgd())
}

fn none() -> Gradients {
    Gradients::new()
}

fn no_decay(bias: &'static str) -> ParamGroup<SgdOptions, impl Fn(&str) -> bool> {
    ParamGroup { name: "no decay", matches: move |path| path.ends_with(bias), options: default() }
}

/// An optimizer that has trained some other weight.
fn another_model() -> Sgd {
    let (mut optimizer, mut w) = (sgd(), weight());
    let grads = w.sum().backward();
    optimizer.step(&mut w, &grads);
    optimizer
}

/// An op without a gradient rule.
struct Floor;

impl Op for Floor {
    fn name(&self) -> &'static str {
        "floor"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        x[0].clone()
    }
}

thread_local! {
    static SEEN: RefCell<Option<(String, u32, String)>> = const { RefCell::new(None) };
}

/// Where the panic of `mistake` points, and what it says; `None` if it does not panic.
fn caught(mistake: fn()) -> Option<(String, u32, String)> {
    panic::catch_unwind(AssertUnwindSafe(mistake)).err()?;
    SEEN.take()
}

fn note(info: &PanicHookInfo<'_>) {
    let location = info.location().expect("a panic has a location");
    let message = info.payload_as_str().expect("a message").to_owned();
    SEEN.set(Some((location.file().to_owned(), location.line(), message)));
}

#[test]
fn typical_mistakes_are_told_at_the_callers_line_with_a_cure() {
    let source: Vec<&str> = include_str!("messages.rs").lines().collect();
    let (mut told, mut elsewhere) = (String::new(), Vec::new());
    let before = panic::take_hook();
    panic::set_hook(Box::new(note));
    for (theme, mistakes) in MISTAKES {
        told.push_str(&format!("# {theme}\n\n"));
        for (number, mistake) in mistakes.iter().enumerate() {
            let Some((file, line, message)) = caught(*mistake) else {
                elsewhere.push(format!("{theme} {number}: no panic at all"));
                continue;
            };
            if file != file!() {
                elsewhere.push(format!("{theme} {number}: {file}:{line}: {message}"));
                continue;
            }
            let code = source[line as usize - 1].trim().trim_start_matches("|| ");
            let code = code.trim_start_matches("_ = ").trim_end_matches([',', ';']);
            told.push_str(&format!("{code}\n    {message}\n\n"));
        }
    }
    panic::set_hook(before);
    assert!(elsewhere.is_empty(), "not at the caller's line:\n{}", elsewhere.join("\n"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/messages.txt");
    if std::env::var_os("TINYTORCH_BLESS").is_some() {
        std::fs::write(&path, &told).expect("the snapshot can be written");
    }
    let expected = std::fs::read_to_string(&path).expect("the snapshot is there");
    for (told, expected) in told.split("\n\n").zip(expected.split("\n\n")) {
        assert_eq!(told, expected);
    }
    assert_eq!(told.len(), expected.len(), "entries were added or removed");
}
