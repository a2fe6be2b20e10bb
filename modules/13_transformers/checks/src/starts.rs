//! 13.7: where the weights start.

use crate::numbers::small;
use check::{Because, Check, Verdict, wrong};
use tinytorch_layers::Model;
use tinytorch_tensor::{Rng, Tensor};
use tinytorch_transformers::{Gpt, GptConfig, PositionKind};

pub const CHECKS: &[Check] = &[
    Check {
        id: "13.7.constants",
        exercise: "13.7",
        fact: "biases start at 0, the weights of norms at 1",
        run: constants,
    },
    Check {
        id: "13.7.plain",
        exercise: "13.7",
        fact: "other weights are normal, with a deviation of 0.02",
        run: plain,
    },
    Check {
        id: "13.7.last_layers",
        exercise: "13.7",
        fact: "with 8 layers, the last layer of each half has a deviation of 0.02 / 4",
        run: last_layers,
    },
    Check {
        id: "13.7.waves",
        exercise: "13.7",
        fact: "beside waves, a table of rows of 16 starts with a deviation of 1/4",
        run: waves,
    },
];

/// The parameters of a fresh model whose paths satisfy `which`.
fn fresh(config: GptConfig, which: impl Fn(&str) -> bool) -> Vec<(String, Tensor)> {
    let gpt = Gpt::new(config, &mut Rng::new(3));
    let named = gpt.named_parameters().into_iter().filter(|(path, _)| which(path));
    named.map(|(path, tensor)| (path, tensor.clone())).collect()
}

fn is_last(path: &str) -> bool {
    path.ends_with("attention.out.weight") || path.ends_with("mlp.down.weight")
}

fn is_constant(path: &str) -> bool {
    path.ends_with("bias") || path.ends_with("norm.weight")
}

fn constants() -> Verdict {
    for (path, tensor) in fresh(small(), is_constant) {
        let expected = if path.ends_with("bias") { 0.0 } else { 1.0 };
        let wrong = tensor.data().iter().find(|&&v| v != expected).copied();
        wrong::unless_eq(wrong, None).note(format!("`{path}` starts at {expected}")).because(
            path.ends_with("norm.weight"),
            "a norm whose weight is not 1 changes the scale that it has set",
        )?;
    }
    Ok(())
}

fn plain() -> Verdict {
    for (path, tensor) in fresh(small(), |path| !is_constant(path) && !is_last(path)) {
        let deviation = tensor.std().item();
        wrong::unless((0.017..0.023).contains(&deviation), || {
            format!("`{path}` has a deviation of {deviation}, not 0.02")
        })
        .because((0.98..1.02).contains(&(deviation * 10.0)), "that is five times as much")?;
    }
    Ok(())
}

fn last_layers() -> Verdict {
    for (path, tensor) in fresh(GptConfig { layers: 8, ..small() }, is_last) {
        let deviation = tensor.std().item();
        let near = |expected: f32| (deviation / expected - 1.0).abs() < 0.15;
        wrong::unless(near(0.005), || {
            format!("`{path}` has a deviation of {deviation}, not 0.02 / sqrt(16) = 0.005")
        })
        .because(near(0.02), "every half would add as much as in a model of one layer: scale it")
        .because(near(0.007_07), "that is 0.02 / sqrt(8): each of the 8 layers has two halves")
        .because(near(0.001_25), "that is 0.02 / 16: deviations of sums grow with the root")
        .because(near(0.08), "that is multiplied by sqrt(16): divide by it")?;
    }
    Ok(())
}

fn waves() -> Verdict {
    let config = GptConfig { positions: PositionKind::Sinusoidal, ..small() };
    let table = fresh(config, |path| path == "embed.tokens.weight").remove(0).1;
    let deviation = table.std().item();
    wrong::unless((0.21..0.29).contains(&deviation), || {
        format!("the table has a deviation of {deviation}, not 1 / sqrt(16) = 0.25")
    })
    .because(deviation < 0.03, "waves go from -1 to 1: 0.02 sqrt(16) beside them would drown")
}
