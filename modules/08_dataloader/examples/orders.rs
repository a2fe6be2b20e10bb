//! The lesson's small numbers: three orders of ten samples, and the rulers that batches of eight
//! digits would measure with.
//!
//! `cargo run -p tinytorch-dataloader --example orders`

use tinytorch_dataloader::{
    DataLoader, DataLoaderOptions, EpochOrder, Normalize, TensorDataset, TinyDigits,
};
use tinytorch_tensor::Tensor;

fn main() {
    for epoch in 0..3 {
        let order = EpochOrder::new(10, true, 7, epoch);
        println!("epoch {epoch}: {:?}", order.samples(0..10));
    }

    let digits = TinyDigits::train();
    let whole = Normalize::fit(digits.inputs());
    println!("\n1,000 digits: {}", told(&whole));
    for (name, ruler) in ["darkest", "brightest"].iter().zip(extremes(digits)) {
        println!("the {name} 8: {}", told(&ruler));
    }
}

/// Mean and deviation of a ruler, and where it puts ink and paper.
fn told(ruler: &Normalize) -> String {
    let scaled = ruler.of(&Tensor::from_vec(vec![1.0, 0.0], [1, 1, 2])).to_vec();
    let (mean, std) = (ruler.mean()[0], ruler.std()[0]);
    format!("mean {mean:.3}, deviation {std:.3}: ink {:.2}, paper {:.2}", scaled[0], scaled[1])
}

/// The rulers of the batches of eight with the lowest and with the highest mean.
fn extremes(digits: TensorDataset) -> [Normalize; 2] {
    let options = DataLoaderOptions { batch_size: 8, shuffle: true, seed: 7, ..Default::default() };
    let batches = DataLoader::new(digits, options).epoch(0);
    let mut rulers: Vec<Normalize> = batches.map(|(x, _)| Normalize::fit(&x)).collect();
    rulers.sort_by(|a, b| a.mean()[0].total_cmp(&b.mean()[0]));
    [rulers[0].clone(), rulers[rulers.len() - 1].clone()]
}
