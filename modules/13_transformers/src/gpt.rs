//! The whole model: ids in, a score for every possible next token out.

use crate::block::TransformerBlock;
use crate::config::{GptConfig, PositionKind};
use crate::generate::LanguageModel;
use crate::norm::Norm;
use tinytorch_autograd::no_grad;
use tinytorch_embeddings::{Positions, SequenceEmbedding};
use tinytorch_layers::{Dropout, Init, Linear, Module, Path, SlotMut, State, evaluating, state};
use tinytorch_losses::CrossEntropy;
use tinytorch_tensor::{Rng, Tensor};

/// A generative pretrained transformer: embedding, blocks, a last normalization, and a score per
/// token of the vocabulary at every place.
///
/// A. Radford et al., "Language models are unsupervised multitask learners" (2019), section 2.3.
#[derive(Clone, Debug)]
pub struct Gpt {
    /// What it is built of.
    pub config: GptConfig,
    /// Ids to rows, with their places.
    pub embed: SequenceEmbedding,
    /// On the rows.
    pub dropout: Dropout,
    /// One above the other.
    pub blocks: Vec<TransformerBlock>,
    /// Above the last block.
    pub norm: Norm,
    /// Rows to scores, if that is not done with the table of `embed`.
    pub head: Option<Linear>,
}
state!(Gpt { embed, dropout, blocks, norm, head });

impl Gpt {
    /// A fresh model, its weights drawn as GPT-2's were: see [`initialize`](Self::initialize).
    ///
    /// # Panics
    /// When no model can be built of `config`.
    #[track_caller]
    pub fn new(config: GptConfig, rng: &mut Rng) -> Self {
        if let Some(problem) = config.problem() {
            panic!("gpt: {problem}");
        }
        let (v, d) = (config.vocab_size, config.d_model);
        let positions = match config.positions {
            PositionKind::Learned => Positions::Learned,
            PositionKind::Sinusoidal => Positions::Sinusoidal,
            PositionKind::Rotary => Positions::None, // attention turns instead
        };
        let embed = SequenceEmbedding::new(v, d, config.context, positions, rng);
        let waves = positions == Positions::Sinusoidal;
        let mut model = Self {
            embed: if waves { embed.scaled() } else { embed },
            dropout: Dropout::new(config.dropout, rng),
            blocks: (0..config.layers).map(|_| TransformerBlock::new(&config, rng)).collect(),
            norm: Norm::new(config.norm, d, config.bias, config.eps),
            head: (!config.tied).then(|| Linear::without_bias(d, v, rng)),
            config,
        };
        model.initialize(rng);
        model
    }

    /// Draws all weights anew, as GPT-2's were: normal with a standard deviation of 0.02, biases
    /// 0, norms 1.
    ///
    /// The last layer of each half of a block starts smaller, by `sqrt(2 layers)`: that many
    /// halves add their part to the stream, and sums of `n` independent parts are `sqrt(n)` times
    /// as wide.
    pub fn initialize(&mut self, rng: &mut Rng) {
        let config = self.config.clone();
        self.visit_mut(&mut Path::new(), &mut |path, slot| {
            if let SlotMut::Tensor(tensor) = slot {
                let fresh = start(path.as_str(), &config).tensor(tensor.shape(), rng);
                tensor.data_mut().copy_from_slice(&fresh.data());
            }
        });
    }

    /// What the last block makes of each token, normalized: ids `[…, t] -> […, t, d]`.
    ///
    /// # Panics
    /// As [`forward`](Module::forward).
    #[track_caller]
    pub fn features(&self, ids: &Tensor) -> Tensor {
        self.check(ids);
        let mut x = self.dropout.forward(&self.embed.forward(ids));
        for block in &self.blocks {
            x = block.forward(&x); // in no closure, so that a panic names the caller's line
        }
        self.norm.forward(&x)
    }

    /// A score per token of the vocabulary: `[…, d] -> […, v]`.
    #[track_caller]
    pub fn logits(&self, features: &Tensor) -> Tensor {
        match &self.head {
            Some(head) => head.forward(features),
            None => self.embed.tokens.logits(features),
        }
    }

    /// How badly the model predicts `targets`, in nats per token: `[n, t]` and `[n, t] -> []`. A
    /// target of -100 does not count.
    ///
    /// # Panics
    /// When the shapes differ, or an id or a target is not in the vocabulary.
    #[track_caller]
    pub fn loss(&self, ids: &Tensor, targets: &Tensor) -> Tensor {
        next_token_loss(&self.forward(ids), targets)
    }

    #[track_caller]
    fn check(&self, ids: &Tensor) {
        let (shape, context) = (ids.shape(), self.config.context);
        assert!(ids.kind() == "i32", "gpt: ids are integers, not {}; use `to_i32()`", ids.kind());
        assert!(ids.ndim() > 0, "gpt: a single id is no sequence; use `unsqueeze(0)`");
        assert!(
            ids.size(-1) <= context,
            "gpt: ids {shape} are sequences of {}, and the context is {context}; cut them with \
             `narrow`, or build the model for longer ones",
            ids.size(-1)
        );
        let known = 0..self.config.vocab_size as i64;
        if let Some(id) = ids.ints().iter().find(|&&id| !known.contains(&i64::from(id))) {
            let v = self.config.vocab_size;
            panic!(
                "gpt: id {id} is not in the vocabulary of {v}; check that the tokenizer is the \
                 model's"
            )
        }
    }
}

/// How a parameter starts.
fn start(path: &str, config: &GptConfig) -> Init {
    let halves = 2 * config.layers;
    match path {
        _ if path.ends_with("bias") => Init::Zeros,
        _ if path.ends_with("norm.weight") => Init::Ones,
        // Multiplied by sqrt(d) when looked up, it is as wide as the waves that are added to it.
        "embed.tokens.weight" if config.positions == PositionKind::Sinusoidal => {
            Init::Normal { std: 1.0 / (config.d_model as f32).sqrt() }
        }
        _ if path.ends_with("attention.out.weight") || path.ends_with("mlp.down.weight") => {
            Init::Normal { std: 0.02 / (halves as f32).sqrt() }
        }
        _ => Init::Normal { std: 0.02 },
    }
}

impl Module for Gpt {
    /// Ids `[…, t] -> […, t, v]`: at each place, the scores of what comes next.
    fn forward(&self, ids: &Tensor) -> Tensor {
        self.logits(&self.features(ids))
    }
}

impl LanguageModel for Gpt {
    fn context(&self) -> usize {
        self.config.context
    }

    /// The scores at the last place alone: those of the others would cost as much each.
    fn next_logits(&self, ids: &[i32]) -> Vec<f32> {
        assert!(!ids.is_empty(), "gpt: nothing follows from no ids; give at least one");
        let ids = Tensor::from_vec(ids.to_vec(), [ids.len()]);
        self.check(&ids); // here, as a panic inside of a closure names no line of the caller
        let last = || self.features(&ids).narrow(0, ids.numel() - 1, 1);
        no_grad(|| evaluating(|| self.logits(&last()).to_vec()))
    }
}

/// What a model is shown and what it should say: of each sequence all but the last token, and all
/// but the first. `[…, t + 1]` gives `[…, t]` twice.
///
/// ```
/// use tinytorch_tensor::Tensor;
/// use tinytorch_transformers::inputs_and_targets;
///
/// let (inputs, targets) = inputs_and_targets(&Tensor::from([[5, 6, 7, 8]]));
/// assert_eq!(inputs, Tensor::from([[5, 6, 7]]));
/// assert_eq!(targets, Tensor::from([[6, 7, 8]]));
/// ```
///
/// # Panics
/// When there are no two tokens in a sequence.
#[track_caller]
pub fn inputs_and_targets(ids: &Tensor) -> (Tensor, Tensor) {
    let shape = ids.shape();
    assert!(
        ids.ndim() > 0 && ids.size(-1) > 1,
        "inputs_and_targets: {shape} has no two tokens, one to show and one to predict; cut \
         longer sequences"
    );
    shifted(ids)
}

/// All but the last, and all but the first.
fn shifted(ids: &Tensor) -> (Tensor, Tensor) {
    let len = ids.size(-1) - 1;
    (ids.narrow(-1, 0, len), ids.narrow(-1, 1, len))
}

/// Cross entropy of scores `[…, t, v]` and the tokens that came `[…, t]`, averaged over all of
/// them, in nats per token. A target of -100 does not count.
///
/// A model that knows nothing is at `ln v`.
///
/// # Panics
/// When the shapes do not fit, or a target is not in the vocabulary.
#[track_caller]
pub fn next_token_loss(logits: &Tensor, targets: &Tensor) -> Tensor {
    let (shape, of) = (logits.shape(), targets.shape());
    let fits =
        logits.ndim() == targets.ndim() + 1 && shape.iter().zip(of.iter()).all(|(a, b)| a == b);
    assert!(
        fits,
        "next_token_loss: scores {shape} and targets {of} do not fit; there is one target per \
         place, and `inputs_and_targets` makes both from one batch"
    );
    average_loss(logits, targets)
}

/// The loss of each place as a row of its own, averaged over those that count.
#[track_caller]
fn average_loss(logits: &Tensor, targets: &Tensor) -> Tensor {
    let loss = CrossEntropy { ignore_index: Some(-100), ..CrossEntropy::default() };
    loss.of(&logits.reshape([-1, logits.size(-1) as isize]), &targets.reshape([-1]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tinytorch_autograd::Backward;
    use tinytorch_layers::Model;

    fn config() -> GptConfig {
        GptConfig { vocab_size: 50, context: 12, ..GptConfig::tiny() }
    }

    fn model(config: GptConfig) -> Gpt {
        Gpt::new(config, &mut Rng::new(7))
    }

    fn ids() -> Tensor {
        Tensor::randint([3, 8], 0, 50, &mut Rng::new(1))
    }

    #[test]
    fn ids_become_a_score_per_token_at_each_place() {
        let model = model(config());
        assert_eq!(model.features(&ids()).shape(), [3, 8, 64]);
        assert_eq!(model.forward(&ids()).shape(), [3, 8, 50]);
        assert_eq!(model.forward(&ids().select(0, 1)), model.forward(&ids()).select(0, 1));
    }

    #[test]
    fn it_is_embedding_blocks_norm_and_head_in_turn() {
        let model = model(GptConfig { tied: false, ..config() });
        let mut x = model.embed.forward(&ids());
        for block in &model.blocks {
            x = block.forward(&x);
        }
        let head = model.head.as_ref().expect("it is not tied");
        assert_eq!(model.forward(&ids()), head.forward(&model.norm.forward(&x)));
    }

    #[test]
    fn weights_start_as_gpt_2s() {
        let model = model(GptConfig { layers: 8, ..config() });
        for (path, p) in model.named_parameters() {
            let deviation = match path.as_str() {
                _ if path.ends_with("bias") || path.ends_with("norm.weight") => {
                    let value = if path.ends_with("bias") { 0.0 } else { 1.0 };
                    assert!(p.data().iter().all(|&v| v == value), "{path}");
                    continue;
                }
                _ if path.ends_with("out.weight") || path.ends_with("down.weight") => 0.02 / 4.0,
                _ => 0.02,
            };
            // Of 768 numbers, the fewest, the deviation is known to 2.6 %.
            let ratio = p.std().item() / deviation;
            assert!((ratio - 1.0).abs() < 0.1, "{path}: {ratio} of {deviation}");
        }
    }

    #[test]
    fn every_part_gets_a_gradient() {
        let model = model(config());
        let (inputs, targets) = inputs_and_targets(&ids());
        let grads = model.loss(&inputs, &targets).backward();
        assert_eq!(grads.len(), model.parameters().len());
        for (path, p) in model.named_parameters() {
            assert!(grads.of(p).abs().max().item() > 0.0, "{path}");
        }
    }

    #[test]
    fn a_tied_table_is_one_parameter() {
        let names = |tied| {
            let model = model(GptConfig { tied, ..config() });
            model.named_parameters().into_iter().map(|(name, _)| name).collect::<Vec<_>>()
        };
        assert!(!names(true).contains(&"head.weight".to_string()));
        assert_eq!(names(false).len(), names(true).len() + 1);
    }

    #[test]
    fn a_fresh_model_knows_nothing_and_padding_does_not_count() {
        let model = model(config());
        let (inputs, targets) = inputs_and_targets(&ids());
        let loss = model.loss(&inputs, &targets).item();
        assert!((loss - 50_f32.ln()).abs() < 0.1, "{loss}");
        let padded = Tensor::cat(&[&targets.narrow(1, 0, 4), &Tensor::full([3, 3], -100)], 1);
        let short = model.loss(&inputs.narrow(1, 0, 4), &targets.narrow(1, 0, 4));
        assert!((model.loss(&inputs, &padded).item() - short.item()).abs() < 1e-6);
    }

    #[test]
    fn a_seed_gives_one_model_and_initialize_a_new_one() {
        let mut first = model(config());
        assert_eq!(first.state_dict(), model(config()).state_dict());
        let ids: Vec<_> = first.parameters().iter().map(|p| p.id()).collect();
        first.initialize(&mut Rng::new(8));
        assert_ne!(first.state_dict(), model(config()).state_dict());
        assert_eq!(first.parameters().iter().map(|p| p.id()).collect::<Vec<_>>(), ids);
    }

    #[test]
    #[should_panic(expected = "gpt: ids [2, 13] are sequences of 13, and the context is 12; cut")]
    fn a_text_longer_than_the_context_is_an_error() {
        model(config()).forward(&Tensor::zeros([2, 13]).to_i32());
    }

    #[test]
    #[should_panic(expected = "next_token_loss: scores [2, 3, 50] and targets [2, 2] do not fit")]
    fn there_is_a_target_per_place() {
        let model = model(config());
        model.loss(&Tensor::from([[1, 2, 3], [4, 5, 6]]), &Tensor::from([[1, 2], [3, 4]]));
    }
}
