//! Part `tinyshakespeare`: a model that has read nothing but plays.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use stage::draw::{Axes, Line, curve};
use stage::{Bar, Report, SeedResult, Settings, Stage, StageError, thousands};
use tinytorch::layers::evaluating;
use tinytorch::prelude::*;
use tinytorch::tokenization::{CharTokenizer, Tokenizer};
use tinytorch::transformers::{GenerateOptions, GptConfig, generate};

use crate::learn::{Recipe, next_token_loss, train};

/// What is learned, and how.
pub struct Task {
    /// The model; its vocabulary is that of the text.
    pub config: fn() -> GptConfig,
    /// How it is trained.
    pub recipe: Recipe,
}

/// nanoGPT's small setting, made for a laptop: four blocks of width 128, a context of 64
/// characters, 2,000 batches of 12. At twice its learning rate, which is worth 0.08 nats here.
pub const TASK: Task = Task {
    config: GptConfig::shakespeare_small,
    recipe: Recipe { batch: 12, steps: 2000, lr: 2e-3, warmup: 100, weight_decay: 0.1 },
};

/// What nanoGPT's documentation reports for this setting, in nats a character.
const BAR: Bar = Bar::at_most(1.88);

/// The seeds that count: one, because a run takes its time.
const SEEDS: [u64; 1] = [1337];

/// Rows of unseen text that the loss is measured on.
const MEASURED: usize = 400;

/// The plays.
///
/// # Errors
/// [`StageError::MissingData`] when the file is not there, [`StageError::Input`] when it can't be
/// read.
pub fn read(data_dir: &Path) -> Result<String, StageError> {
    let folder = data_dir.join("tinyshakespeare");
    let file = folder.join("input.txt");
    std::fs::read_to_string(&file).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => StageError::missing_data("tinyshakespeare", &folder),
        _ => StageError::Input(format!("{}: {error}", file.display())),
    })
}

/// Runs the part on `text`: nine tenths to learn from, the last tenth to measure by.
pub fn run(text: &str, task: &Task, settings: &Settings, stage: &mut dyn Stage) -> Report {
    let tokenizer = CharTokenizer::from_text(text);
    let ids = tokenizer.encode(text);
    let (train_ids, held_out) = ids.split_at(ids.len() * 9 / 10);
    let config = GptConfig { vocab_size: tokenizer.vocab_size(), ..(task.config)() };
    stage.chapter("A million characters of Shakespeare");
    stage.say(&format!(
        "{} characters of plays, {} kinds of them. The model, {} blocks of width {} and {} \
         parameters, sees {} characters and guesses the next. It knows no words, no grammar and \
         no names; whatever of these it writes, it found. The last tenth of the text is kept \
         from it, to measure how surprised it is by what it has not read: in nats a character, \
         ln {} = {:.2} if it knew nothing.",
        thousands(ids.len()),
        tokenizer.vocab_size(),
        config.layers,
        config.d_model,
        thousands(config.parameter_count()),
        config.context,
        tokenizer.vocab_size(),
        (tokenizer.vocab_size() as f64).ln(),
    ));
    let started = Instant::now();
    let mut values = Vec::new();
    let mut last = None;
    for seed in settings.seeds(&SEEDS) {
        stage.seed_started(seed);
        let mut model = Gpt::new(config.clone(), &mut Rng::new(seed));
        let batch = |step: usize| {
            windows(train_ids, config.context, task.recipe.batch, &mut Rng::at(seed, step as u64))
        };
        let outcome = train(&mut model, &task.recipe, batch, stage);
        let (losses, value) = match outcome {
            Ok(losses) => (losses, measure(&model, held_out, config.context)),
            Err(error) => {
                stage.say(&format!("Seed {seed} broke off: {error}."));
                (Vec::new(), f64::NAN)
            }
        };
        stage.seed_finished(seed, value);
        values.push(SeedResult { seed, value });
        last = Some((model, losses));
    }
    let seconds = started.elapsed().as_secs_f64();
    let (model, losses) = last.expect("there is a seed");
    let line = Line { name: "training loss", values: &losses };
    let axes = Axes { x_label: "step", ..Axes::default() };
    stage.picture(&curve(&[line], &axes, settings.style));
    stage.say("What it writes, each character drawn as it thinks likely:");
    stage.picture(&sample(&model, &tokenizer, 400));
    Report::judge("05", "tinyshakespeare", "nats per character", BAR, values)
        .with_fact("parameters", thousands(config.parameter_count()))
        .with_fact("nanoGPT's documentation", "1.88 for this setting, 1.47 for its full one")
        .with_fact("characters learned from", {
            thousands(task.recipe.steps * task.recipe.batch * config.context)
        })
        .with_curve("training loss", losses)
        .took(seconds)
}

/// `n` windows of `t` characters from random places, and the same moved on by one: `[n, t]`.
fn windows(ids: &[i32], t: usize, n: usize, rng: &mut Rng) -> (Tensor, Tensor) {
    let places: Vec<usize> = (0..n).map(|_| rng.below((ids.len() - t) as u64) as usize).collect();
    cut(ids, t, &places)
}

fn cut(ids: &[i32], t: usize, places: &[usize]) -> (Tensor, Tensor) {
    let at = |shift: usize| {
        let windows = places.iter().flat_map(|at| &ids[at + shift..at + shift + t]);
        Tensor::from_vec(windows.copied().collect::<Vec<i32>>(), [places.len(), t])
    };
    (at(0), at(1))
}

/// The mean surprise at a character of text that was not learned from, over windows at even
/// distances, all the same for every model.
fn measure(model: &dyn Module, ids: &[i32], t: usize) -> f64 {
    let last = ids.len() - t - 1;
    let places: Vec<usize> = (0..MEASURED).map(|i| i * last / (MEASURED - 1)).collect();
    let losses = places.chunks(20).map(|places| {
        let (ids, next) = cut(ids, t, places);
        let loss = no_grad(|| evaluating(|| next_token_loss(&model.forward(&ids), &next)));
        f64::from(loss.item()) * places.len() as f64
    });
    losses.sum::<f64>() / MEASURED as f64
}

fn sample(model: &Gpt, tokenizer: &CharTokenizer, characters: usize) -> String {
    let options =
        GenerateOptions { max_new_tokens: characters, temperature: 0.8, ..Default::default() };
    let prompt = tokenizer.encode("\n");
    let written = generate(model, &prompt, &options, |_| ControlFlow::Continue(()));
    tokenizer.decode(&written.tokens)
}

#[cfg(test)]
mod tests {
    use super::*;
    use stage::Silent;

    #[test]
    fn a_window_and_what_comes_after_each_of_its_characters() {
        let ids: Vec<i32> = (0..30).collect();
        let (window, next) = windows(&ids, 4, 5, &mut Rng::new(0));
        for (a, b) in window.to_vec_i32().into_iter().zip(next.to_vec_i32()) {
            assert_eq!(a + 1, b);
        }
    }

    #[test]
    fn what_repeats_is_learned_and_measured_on_what_was_kept_back() {
        let text = "to be or not to be, ".repeat(60);
        let task = Task {
            config: || GptConfig { context: 16, ..GptConfig::tiny() },
            recipe: Recipe { steps: 60, batch: 8, lr: 3e-3, warmup: 5, ..TASK.recipe },
        };
        let settings = Settings { seed: Some(0), ..Settings::default() };
        let report = run(&text, &task, &settings, &mut Silent);
        assert!(report.value() < 1.0, "{}", report.value());
        let untrained = Task { recipe: Recipe { lr: 0.0, ..task.recipe }, ..task };
        assert!(!run(&text, &untrained, &settings, &mut Silent).passed());
    }

    #[test]
    fn without_the_plays_the_error_says_how_to_get_them() {
        let error = read(Path::new("/nowhere")).unwrap_err();
        assert!(error.to_string().contains("`tito dataset download tinyshakespeare`"), "{error}");
    }
}
