//! W9: what a process costs that does nothing else: until the first trained step, and in memory.

use super::mlp;
use crate::workload::{Metric, Work, Workload};

/// The first step of W2, and the memory of two trainings.
pub fn workloads() -> Vec<Workload> {
    let first = Workload::new("W9.first_step", Work::NONE, |meter| {
        meter.losses("W9.first_step", 1, mlp::training_step());
    });
    let memory =
        [("W9.memory_cnn", "W4.cnn_train_b64"), ("W9.memory_gpt_small", "W5.gpt_small_train")];
    let memory = memory.into_iter().map(|(name, of)| Workload {
        metric: Metric::Memory(of),
        run: None,
        ..Workload::new(name, Work::NONE, |_| ())
    });
    let losses = &[(1, 2.298_644)];
    std::iter::once(Workload { metric: Metric::Process, losses, ..first }).chain(memory).collect()
}
