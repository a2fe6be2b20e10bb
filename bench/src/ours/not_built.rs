//! Rows that others have and we not yet. Who builds what one of them needs takes it from here into
//! its family, with the function that runs it.

use super::{cnn, gpt, low_precision, writing};
use crate::workload::Precision::{Bf16, Int8};
use crate::workload::{Ours, Precision, Work, Workload};

/// The losses in 16 bits are those in 32, a little less exactly.
type Losses = &'static [(usize, f64)];

/// All of them: name, work, losses, and what is missing.
pub fn workloads() -> Vec<Workload> {
    let forward = cnn::forward_flops();
    let picture = forward.iter().sum::<f64>();
    let step = 64.0 * (3.0 * picture - forward[0]);
    let autocast = "training in bf16";
    let mut rows: Vec<(String, Work, Losses, &'static str)> = vec![
        row("W4.cnn_train_b64@bf16", Work::flops(step), Bf16, &[(1, 2.302_694)], autocast),
        row("W4.cnnbn_train_b64@bf16", Work::flops(step), Bf16, &[(1, 2.326_906)], autocast),
        row("W4.cnn_infer_b256@bf16", Work::flops(256.0 * picture), Bf16, &[], "bf16"),
        row("W5.gpt_tiny_train@bf16", gpt::tiny(), Bf16, &[(1, 4.203_544)], autocast),
        row("W5.gpt_small_train@bf16", gpt::small(), Bf16, &[(1, 4.240_607)], autocast),
        row("W6.gpt2_bf16", writing::gpt2(2.0), Bf16, &[], "decoding in bf16"),
        row("W6.gpt2_int8", writing::gpt2(1.0), Int8, &[], "decoding in int8"),
    ];
    for n in [512, 1024, 2048] {
        let name = format!("W7.bf16_mm_{n}");
        rows.push(row(name, Work::matmul([n, n, n]), Bf16, &[], "products in bf16"));
    }
    for (size, shape) in low_precision::SIZES {
        let bf16 = low_precision::work(shape, 2.0);
        let int8 = low_precision::work(shape, 1.0);
        rows.push(row(format!("W7.bf16_{size}"), bf16, Bf16, &[], "products in bf16"));
        rows.push(row(format!("W7.int8_{size}"), int8, Int8, &[], "products in int8"));
    }
    let build = |(name, work, losses, missing)| Workload {
        losses,
        ours: Ours::NotBuilt(missing),
        ..Workload::new(name, work, |_| ())
    };
    rows.into_iter().map(build).collect()
}

fn row(
    name: impl Into<String>,
    work: Work,
    precision: Precision,
    losses: Losses,
    missing: &'static str,
) -> (String, Work, Losses, &'static str) {
    (name.into(), work.in_format(precision), losses, missing)
}
