//! What a graph costs in memory, and when that comes back.

use crate::clock::{Candidate, measure};
use crate::heap::Heap;
use crate::report::Report;
use std::time::Instant;
use tinytorch::prelude::*;

const WIDTH: usize = 256;
const DEPTH: usize = 64;
const MATRIX: f64 = (4 * WIDTH * WIDTH) as f64;

fn forward(x: &Tensor, weights: &[Tensor]) -> Tensor {
    weights.iter().fold(x.clone(), |h, w| h.matmul(w).relu()).sum()
}

/// A deep network: the activations of 64 layers are 16 MiB, and so are the gradients.
pub fn layers(report: &mut Report) {
    let mut weights: Vec<Tensor> =
        (0..DEPTH).map(|_| Tensor::full([WIDTH, WIDTH], 1.0 / WIDTH as f32).with_grad()).collect();
    let x = Tensor::full([WIDTH, WIDTH], 0.01);
    forward(&x, &weights[..1]).backward(); // what is allocated once

    let heap = Heap::from_here();
    let mut optimizer = Sgd::new(SgdOptions { lr: 1e-6, ..Default::default() });
    let loss = forward(&x, &weights);
    let after_forward = heap.live();
    heap.peak();
    let grads = loss.backward();
    let (peak, after) = (heap.peak(), heap.live());
    report.bytes("after forward", after_forward);
    report.bytes("at the peak of backward", peak);
    report.bytes("after backward, the loss still held", after);
    let above = |value: f64, base: f64| 100.0 * (value / base - 1.0);
    report.at_most("peak above forward", above(peak, after_forward), 5.0, "%");
    report.at_most("left above the gradients", above(after, DEPTH as f64 * MATRIX), 1.0, "%");
    let places: Vec<_> = weights.iter().map(|w| w.data().as_ptr()).collect();
    optimizer.step(&mut weights, &grads);
    let same = weights.iter().zip(places).all(|(w, place)| w.data().as_ptr() == place);
    report.holds("updated in place while the loss is held", same);
    drop((loss, grads, optimizer));
    report.bytes("everything dropped", heap.live());

    let loss = forward(&x, &weights);
    drop(loss);
    report.bytes("a loss dropped without backward", heap.live());
    heap.peak();
    no_grad(|| forward(&x, &weights));
    report.bytes("peak under no_grad", heap.peak());
    let times = measure(
        9,
        vec![Candidate::new("forward and backward", 1, || {
            forward(&x, &weights).backward();
        })],
    );
    times.into_iter().for_each(|(name, time)| report.time(name, time));
}

/// A deep graph: nothing may recurse.
pub fn chain(report: &mut Report) {
    const LINKS: usize = 1_000_000;
    let measured = || {
        let p = Tensor::from(1.0).with_grad();
        let chain = || (0..LINKS).fold(p.clone(), |y, _| &y + &p);
        let (heap, start) = (Heap::from_here(), Instant::now());
        let y = chain();
        let (forward, held) = (start.elapsed(), heap.live());
        let grads = y.backward();
        let (both, peak) = (start.elapsed(), heap.peak());
        let right = grads.of(&p).item() == 1_000_001.0;
        drop(grads);
        let after = heap.live();
        drop(y);
        let y = chain();
        let start = Instant::now();
        drop(y);
        (forward, both - forward, start.elapsed(), held, peak, after, right)
    };
    let thread = std::thread::Builder::new().stack_size(256 << 10).spawn(measured);
    let measured = thread.expect("a thread").join().expect("no overflow");
    let (forward, backward, dropped, held, peak, after, right) = measured;
    for (name, time) in [("forward", forward), ("backward", backward), ("drop", dropped)] {
        let ns = time.as_nanos() as f64 / LINKS as f64;
        report.once(&format!("{name}, per op"), ns);
    }
    report.bytes("after forward", held);
    report.bytes("at the peak of backward", peak);
    report.bytes("after backward", after);
    report.holds("the gradient is right", right);
}
