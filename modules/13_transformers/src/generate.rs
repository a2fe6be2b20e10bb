//! The loop that writes: ask for the next token, put it behind the others, ask again.

use crate::sampling::{
    apply_temperature, keep_top_k, keep_top_p, most_likely, penalize_repetition, sample,
};
use std::ops::ControlFlow;
use tinytorch_tensor::Rng;

/// What [`generate`] needs of a model: scores for the token after some others.
pub trait LanguageModel {
    /// How many tokens it can look at, at most.
    fn context(&self) -> usize;

    /// A score per token of the vocabulary for what comes after `ids`, of which there are 1 to
    /// [`context`](Self::context).
    #[track_caller]
    fn next_logits(&self, ids: &[i32]) -> Vec<f32>;
}

/// How a text is written. By default 50 tokens, drawn as the model thinks likely, from seed 0.
#[derive(Clone, PartialEq, Debug)]
pub struct GenerateOptions {
    /// How many tokens are written at most.
    pub max_new_tokens: usize,
    /// Below 1 safer, above 1 wilder; 0 always takes the most likely token (*greedy*).
    pub temperature: f32,
    /// Draw from the `k` likeliest tokens alone; see [`keep_top_k`].
    pub top_k: Option<usize>,
    /// Draw from the likeliest tokens that make up this part of the probability alone; see
    /// [`keep_top_p`].
    pub top_p: Option<f32>,
    /// Makes tokens of the text so far less likely; 1 does not. See [`penalize_repetition`].
    pub repetition_penalty: f32,
    /// Tokens that end the text. The one that did is not part of it.
    pub stop: Vec<i32>,
    /// The same seed writes the same text.
    pub seed: u64,
}

impl Default for GenerateOptions {
    fn default() -> Self {
        Self {
            max_new_tokens: 50,
            temperature: 1.0,
            top_k: None,
            top_p: None,
            repetition_penalty: 1.0,
            stop: Vec::new(),
            seed: 0,
        }
    }
}

/// What was written, and why no more.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Generated {
    /// The new tokens, without the prompt and without a stop token.
    pub tokens: Vec<i32>,
    /// Why it ended.
    pub ended: Ended,
}

/// Why a text ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    /// It has as many tokens as were asked for.
    Full,
    /// The model chose this stop token.
    Stop(i32),
    /// The function that each token was shown to wanted no more.
    Caller,
}

/// Writes on from `prompt`, and shows each new token to `on_token` as soon as it is known.
///
/// The model sees the last [`context`](LanguageModel::context) tokens: when the text grows longer,
/// the window slides along, and what left it is forgotten. The penalty on repetition looks at the
/// whole text, as Hugging Face's does.
///
/// ```
/// use std::ops::ControlFlow;
/// use tinytorch_transformers::{GenerateOptions, LanguageModel, generate};
///
/// /// Knows one rule: after `n` comes `n + 1`, and after 9 comes 0.
/// struct Counting;
///
/// impl LanguageModel for Counting {
///     fn context(&self) -> usize {
///         1
///     }
///
///     fn next_logits(&self, ids: &[i32]) -> Vec<f32> {
///         let next = (ids[ids.len() - 1] + 1) % 10;
///         (0..10).map(|token| if token == next { 5.0 } else { 0.0 }).collect()
///     }
/// }
///
/// let options = GenerateOptions { max_new_tokens: 4, temperature: 0.0, ..Default::default() };
/// let text = generate(&Counting, &[7], &options, |_| ControlFlow::Continue(()));
/// assert_eq!(text.tokens, [8, 9, 0, 1]);
/// ```
///
/// # Panics
/// When the prompt is empty, a setting has no meaning, or the model refuses a token.
#[track_caller]
pub fn generate(
    model: &(impl LanguageModel + ?Sized),
    prompt: &[i32],
    options: &GenerateOptions,
    mut on_token: impl FnMut(i32) -> ControlFlow<()>,
) -> Generated {
    assert!(
        !prompt.is_empty(),
        "generate: nothing follows from an empty prompt; begin with a token that starts texts"
    );
    write(model, prompt, options, &mut on_token)
}

/// The loop itself.
#[track_caller]
fn write(
    model: &(impl LanguageModel + ?Sized),
    prompt: &[i32],
    options: &GenerateOptions,
    on_token: &mut dyn FnMut(i32) -> ControlFlow<()>,
) -> Generated {
    let (mut rng, mut ids) = (Rng::new(options.seed), prompt.to_vec());
    let mut ended = Ended::Full;
    for _ in 0..options.max_new_tokens {
        let window = &ids[ids.len().saturating_sub(model.context())..];
        let mut logits = model.next_logits(window);
        let token = next_token(&mut logits, &ids, options, &mut rng);
        if options.stop.contains(&token) {
            ended = Ended::Stop(token);
            break;
        }
        ids.push(token);
        if on_token(token).is_break() {
            ended = Ended::Caller;
            break;
        }
    }
    Generated { tokens: ids.split_off(prompt.len()), ended }
}

/// The token after `ids`, chosen by their `logits` as `options` say.
///
/// First the penalty, then the temperature, then what is kept: top-p looks at the probabilities
/// that are left after all before it.
#[track_caller]
pub fn next_token(
    logits: &mut [f32],
    ids: &[i32],
    options: &GenerateOptions,
    rng: &mut Rng,
) -> i32 {
    if options.repetition_penalty != 1.0 {
        penalize_repetition(logits, ids, options.repetition_penalty);
    }
    if options.temperature == 0.0 {
        return most_likely(logits);
    }
    apply_temperature(logits, options.temperature);
    if let Some(k) = options.top_k {
        keep_top_k(logits, k);
    }
    if let Some(p) = options.top_p {
        keep_top_p(logits, p);
    }
    sample(logits, rng)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    /// Likes the token after the last one, and the one after that a little less; remembers what it
    /// was shown.
    #[derive(Default)]
    struct Counting {
        seen: RefCell<Vec<Vec<i32>>>,
    }

    impl LanguageModel for Counting {
        fn context(&self) -> usize {
            3
        }

        fn next_logits(&self, ids: &[i32]) -> Vec<f32> {
            self.seen.borrow_mut().push(ids.to_vec());
            let next = (ids[ids.len() - 1] + 1) % 10;
            let score = |token| if token == next { 2.0 } else { f32::from(token == next + 1) };
            (0..10).map(score).collect()
        }
    }

    const GREEDY: GenerateOptions = GenerateOptions {
        max_new_tokens: 4,
        temperature: 0.0,
        top_k: None,
        top_p: None,
        repetition_penalty: 1.0,
        stop: Vec::new(),
        seed: 0,
    };

    fn go_on(_: i32) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    #[test]
    fn the_window_slides_when_the_text_is_longer_than_the_context() {
        let model = Counting::default();
        let text = generate(&model, &[1, 2], &GREEDY, go_on);
        assert_eq!(text, Generated { tokens: vec![3, 4, 5, 6], ended: Ended::Full });
        let seen = model.seen.take();
        assert_eq!(seen, [vec![1, 2], vec![1, 2, 3], vec![2, 3, 4], vec![3, 4, 5]]);
        let long = generate(&model, &[9, 9, 9, 9, 0], &GREEDY, go_on);
        assert_eq!((long.tokens[0], &model.seen.take()[0][..]), (1, &[9, 9, 0][..]));
    }

    #[test]
    fn tokens_are_shown_as_they_come_and_the_caller_can_stop() {
        let mut shown = Vec::new();
        let text = generate(&Counting::default(), &[1], &GREEDY, |token| {
            shown.push(token);
            if token == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!(shown, [2, 3]);
        assert_eq!(text, Generated { tokens: shown, ended: Ended::Caller });
    }

    #[test]
    fn a_stop_token_ends_the_text_and_is_not_part_of_it() {
        let options = GenerateOptions { stop: vec![8, 4], ..GREEDY };
        let mut shown = Vec::new();
        let text = generate(&Counting::default(), &[1, 4], &GREEDY, go_on);
        assert_eq!(text.tokens.len(), 4, "a stop token in the prompt stops nothing");
        let text = generate(&Counting::default(), &[1], &options, |token| {
            shown.push(token);
            go_on(token)
        });
        assert_eq!(text, Generated { tokens: vec![2, 3], ended: Ended::Stop(4) });
        assert_eq!(shown, [2, 3]);
    }

    #[test]
    fn a_seed_writes_one_text_and_another_seed_another() {
        let write = |seed| {
            let options = GenerateOptions { max_new_tokens: 40, temperature: 1.0, seed, ..GREEDY };
            generate(&Counting::default(), &[1], &options, go_on).tokens
        };
        assert_eq!(write(1), write(1));
        assert_ne!(write(1), write(2));
    }

    #[test]
    fn what_is_kept_limits_what_is_drawn() {
        let steps = |options: GenerateOptions| {
            let text = generate(&Counting::default(), &[0], &options, go_on).tokens;
            let from = std::iter::once(&0).chain(&text);
            from.zip(&text).map(|(a, b)| (b - a).rem_euclid(10)).collect::<Vec<_>>()
        };
        let wild = GenerateOptions { max_new_tokens: 200, temperature: 1.0, ..GREEDY };
        assert!(steps(wild.clone()).iter().any(|&s| s > 2));
        let two = steps(GenerateOptions { top_k: Some(1), ..wild.clone() });
        assert!(two.iter().all(|&s| s == 1));
        let nucleus = steps(GenerateOptions { top_p: Some(0.3), ..wild.clone() });
        assert!(nucleus.iter().all(|&s| s == 1));
        let cold = steps(GenerateOptions { temperature: 0.01, ..wild });
        assert!(cold.iter().all(|&s| s == 1));
    }

    #[test]
    fn the_penalty_looks_at_the_whole_text_also_when_greedy() {
        // 3 is next and was said, outside of the window: 2 / 4 is less than the 1 of token 4.
        let options = GenerateOptions { repetition_penalty: 4.0, max_new_tokens: 1, ..GREEDY };
        let text = generate(&Counting::default(), &[3, 0, 1, 5, 2], &options, go_on);
        assert_eq!(text.tokens, [4]);
        let text = generate(&Counting::default(), &[0, 1, 5, 2], &options, go_on);
        assert_eq!(text.tokens, [3]);
    }

    #[test]
    fn no_tokens_are_written_when_none_are_wanted() {
        let options = GenerateOptions { max_new_tokens: 0, ..GREEDY };
        let text = generate(&Counting::default(), &[3], &options, go_on);
        assert_eq!(text, Generated { tokens: vec![], ended: Ended::Full });
    }

    #[test]
    #[should_panic(expected = "generate: nothing follows from an empty prompt")]
    fn a_text_needs_a_beginning() {
        generate(&Counting::default(), &[], &GREEDY, go_on);
    }
}
