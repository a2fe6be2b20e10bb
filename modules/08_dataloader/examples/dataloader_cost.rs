//! What the lesson predicts and measures: an epoch of 60,000 pictures of 28 x 28, as MNIST has.
//!
//! `cargo run --release -p tinytorch-dataloader --example dataloader_cost`

use std::time::Instant;
use tinytorch_dataloader::{
    Compose, DataLoader, DataLoaderOptions, Dataset, EpochOrder, RandomCrop, RandomHorizontalFlip,
    TensorDataset,
};
use tinytorch_tensor::{Rng, Tensor};

const SAMPLES: usize = 60_000;

fn main() {
    let pictures = Tensor::rand([SAMPLES, 1, 28, 28], &mut Rng::new(0));
    println!("{SAMPLES} pictures: {:.0} MB as f32", pictures.nbytes() as f64 / 1e6);
    let stored = TensorDataset::new(pictures, Tensor::arange_i32(SAMPLES));

    let order = seconds(|| EpochOrder::new(SAMPLES, true, 7, 3).samples(0..SAMPLES).len());
    println!("the order of an epoch      {:8.2} ms", order * 1e3);

    let moved = 2.0 * stored.inputs().nbytes() as f64; // read once, written once
    let gathered = seconds(|| epoch(&stored, 0));
    println!(
        "938 batches, gathered      {:8.2} ms   {:.1} GB/s",
        gathered * 1e3,
        moved / gathered / 1e9
    );

    let augment = Compose::new()
        .then(RandomCrop { size: 28, padding: 2 })
        .then(RandomHorizontalFlip { p: 0.5 });
    let changed = stored.map(augment);
    for workers in [0, 1, 2] {
        let took = seconds(|| epoch(&changed, workers));
        println!(
            "cropped, mirrored, {workers} workers {:6.2} ms   {:.2} µs a picture",
            took * 1e3,
            took / SAMPLES as f64 * 1e6
        );
    }
}

/// The labels of an epoch, added up, so that nothing can be left out.
fn epoch(data: &(impl Dataset + Clone + 'static), workers: usize) -> usize {
    let options =
        DataLoaderOptions { batch_size: 64, shuffle: true, workers, ..Default::default() };
    DataLoader::new(data.clone(), options).epoch(3).map(|(x, _)| x.size(0)).sum()
}

/// The fastest of three runs: what the machine can do when nothing disturbs it.
fn seconds(run: impl Fn() -> usize) -> f64 {
    let time = |_| {
        let started = Instant::now();
        assert_eq!(run(), SAMPLES);
        started.elapsed().as_secs_f64()
    };
    (0..3).map(time).fold(f64::INFINITY, f64::min)
}
