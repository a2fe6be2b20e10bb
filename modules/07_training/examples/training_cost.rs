//! What the lesson predicts and measures: a run that is interrupted, and what a checkpoint costs.
//!
//! `cargo run -p tinytorch-training --example training_cost`

use std::iter::Cloned;
use std::slice::Iter;
use std::time::Instant;
use tinytorch_layers::{Dropout, Linear, Model, ReLU, Sequential, sequential};
use tinytorch_losses::cross_entropy;
use tinytorch_optimizers::{Adam, AdamOptions};
use tinytorch_tensor::{Rng, Tensor};
use tinytorch_training::{
    Checkpoint, EarlyStopping, History, Trainer, TrainerOptions, TrainingError, save_safetensors,
};

const EPOCHS: usize = 8;
const BATCH: usize = 64;
const SHOWN: usize = 8;

type Batches = Vec<(Tensor, Tensor)>;

fn main() -> Result<(), TrainingError> {
    let (train, test) = (samples(1024, 1), samples(512, 2));
    let folder = std::env::temp_dir();
    let whole = folder.join(format!("cost-{}.checkpoint", std::process::id()));
    let weights = folder.join(format!("cost-{}.safetensors", std::process::id()));

    let (mut model, mut optimizer) = (model(1), adam());
    println!("{} parameters", model.parameter_count());
    let mut first_half = trainer(EPOCHS / 2, None);
    first_half.fit(&mut model, &mut optimizer, given(&train), &mut [])?;
    let started = Instant::now();
    Checkpoint::of(&first_half, &model, &optimizer).save(&whole)?;
    let seconds = started.elapsed().as_secs_f64();
    save_safetensors(&weights, &model.state_dict(), &Default::default())?;
    let size = |path| std::fs::metadata(path).map_or(0, |about| about.len());
    println!("weights alone {:9} bytes", size(&weights));
    println!("checkpoint    {:9} bytes, saved in {:.1} ms", size(&whole), seconds * 1e3);

    println!("\nlosses of epoch {}, batch by batch, the rate being constant", EPOCHS / 2);
    let mut never = trainer(EPOCHS, None);
    never.fit(&mut self::model(1), &mut adam(), given(&train), &mut [])?;
    row("never stopped", after_the_stop(never.history()));

    let (mut other, mut other_optimizer) = (self::model(99), adam());
    let mut resumed = trainer(EPOCHS, None);
    Checkpoint::load(&whole)?.restore(&mut resumed, &mut other, &mut other_optimizer)?;
    resumed.fit(&mut other, &mut other_optimizer, given(&train), &mut [])?;
    row("from checkpoint", after_the_stop(resumed.history()));

    let mut from_weights = trainer(EPOCHS / 2, None);
    from_weights.fit(&mut model, &mut adam(), given(&train), &mut [])?;
    row("weights alone", &from_weights.history().batch_losses[..SHOWN]);
    let epoch = |trainer: &Trainer, epoch: usize| trainer.history().epochs[epoch].train.loss;
    println!(
        "epochs {} and {}: {:.4} and {:.4}; with the weights alone {:.4}",
        EPOCHS / 2 - 1,
        EPOCHS / 2,
        epoch(&never, EPOCHS / 2 - 1),
        epoch(&never, EPOCHS / 2),
        epoch(&from_weights, 0),
    );

    let mut stopped = trainer(40, Some(EarlyStopping::new(3)));
    let mut model = self::model(1);
    let check = || test.iter().cloned();
    let outcome =
        stopped.fit_and_validate(&mut model, &mut adam(), given(&train), check, &mut [])?;
    println!();
    row("training loss", &stopped.history().train_losses());
    row("validation loss", &stopped.history().validation_losses());
    let best = stopped.early_stopping().and_then(EarlyStopping::best);
    println!("{outcome:?}, best epoch and its loss {best:?}");

    let per_step = {
        let mut trainer = trainer(2, None);
        let started = Instant::now();
        trainer.fit(&mut model, &mut adam(), given(&train), &mut [])?;
        started.elapsed().as_secs_f64() / trainer.position().step as f64
    };
    let operations = 6.0 * model.parameter_count() as f64 * BATCH as f64;
    println!(
        "\na step of {BATCH} samples: {:.1} million operations, {:.2} ms, {:.1} GFLOP/s",
        operations / 1e6,
        per_step * 1e3,
        operations / per_step / 1e9
    );
    for path in [whole, weights] {
        let _ = std::fs::remove_file(path);
    }
    Ok(())
}

/// Ten classes: each a center of 784 numbers and loud noise; three labels of ten are drawn anew, and
/// can only be learned by heart.
fn samples(count: usize, seed: u64) -> Batches {
    let centers = Tensor::randn([10, 784], &mut Rng::new(7));
    let mut rng = Rng::new(seed);
    (0..count / BATCH)
        .map(|_| {
            let labels = Tensor::randint([BATCH], 0, 10, &mut rng);
            let noise = Tensor::randn([BATCH, 784], &mut rng) * 6.0;
            let x = (centers.index_select(0, &labels) + noise) / 6.0;
            let redrawn = Tensor::rand([BATCH], &mut rng).lt(0.3);
            let others = Tensor::randint([BATCH], 0, 10, &mut rng).to_f32();
            (x, Tensor::where_(&redrawn, others, labels.to_f32()).to_i32())
        })
        .collect()
}

fn model(seed: u64) -> Sequential {
    let mut rng = Rng::new(seed);
    sequential![
        Linear::new(784, 128, &mut rng),
        ReLU,
        Dropout::new(0.2, &mut rng),
        Linear::new(128, 10, &mut rng)
    ]
}

fn adam() -> Adam {
    Adam::new(AdamOptions { lr: 3e-3, ..Default::default() })
}

fn trainer(epochs: usize, early_stopping: Option<EarlyStopping>) -> Trainer {
    let options = TrainerOptions { epochs, early_stopping, ..Default::default() };
    Trainer::new(cross_entropy, options)
}

/// The same batches in every epoch, from the first one wanted.
fn given<'a>(batches: &'a Batches) -> impl Fn(usize, usize) -> Cloned<Iter<'a, (Tensor, Tensor)>> {
    |_, first| batches[first..].iter().cloned()
}

fn after_the_stop(history: &History) -> &[f32] {
    let first = 16 * EPOCHS / 2;
    &history.batch_losses[first..first + SHOWN]
}

fn row(name: &str, losses: &[f32]) {
    let losses: String = losses.iter().map(|loss| format!("{loss:8.4}")).collect();
    println!("{name:<19}{losses}");
}
