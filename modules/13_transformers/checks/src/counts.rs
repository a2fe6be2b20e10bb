//! 13.6: parameters without a model.

use check::{Because, Check, Verdict, wrong};
use tinytorch_layers::Model;
use tinytorch_tensor::Rng;
use tinytorch_transformers::{GptConfig, NormKind, PositionKind, TransformerBlock};

pub const CHECKS: &[Check] = &[
    Check {
        id: "13.6.tiny",
        exercise: "13.6",
        fact: "the tiny GPT with 65 tokens has 108,352 parameters",
        run: tiny,
    },
    Check {
        id: "13.6.block",
        exercise: "13.6",
        fact: "a layer more is as many as a block really has, of any kind",
        run: block,
    },
    Check {
        id: "13.6.options",
        exercise: "13.6",
        fact: "positions, head and norm are counted when they are learned",
        run: options,
    },
    Check {
        id: "13.6.gpt2",
        exercise: "13.6",
        fact: "GPT-2's four sizes have 124, 355, 774 and 1,558 million",
        run: gpt2,
    },
    Check {
        id: "13.6.absurd",
        exercise: "13.6",
        fact: "absurd sizes from a file end at usize::MAX, in no panic",
        run: absurd,
    },
];

fn tiny() -> Verdict {
    let config = GptConfig { vocab_size: 65, ..GptConfig::tiny() };
    let count = config.parameter_count();
    wrong::unless_eq(count, 108_352)
        .because(count == 104_256, "the 64 learned places, 64 numbers each, are missing")
        .because(count == 112_512, "the head is the table: tied, it is counted once")
        .because(count == 108_224, "the norm above the last block is missing")
        .because(count == 58_368, "there are two layers")
        .because(count == 108_352 - 256 - 64, "the biases of the norms are missing")
        .because(
            count == 108_352 - 1_152 || count == 108_352 - 1_472,
            "the biases of the linear layers are missing: one per output, in four layers a block",
        )
}

fn block() -> Verdict {
    let base = || GptConfig { d_model: 24, hidden: 40, ..GptConfig::tiny() };
    let kinds = [
        ("GPT-2's", base()),
        ("without bias", GptConfig { bias: false, ..base() }),
        ("with shared keys", GptConfig { kv_heads: 1, ..base() }),
        ("with RMS norm", GptConfig { norm: NormKind::RmsNorm, ..base() }),
    ];
    for (name, config) in kinds {
        let real = TransformerBlock::new(&config, &mut Rng::new(0)).parameter_count();
        let more = GptConfig { layers: config.layers + 1, ..config.clone() }.parameter_count();
        wrong::unless_eq(more.saturating_sub(config.parameter_count()), real)
            .note(format!("a block {name}"))
            .because(
                config.kv_heads == 1,
                "keys and values are d / heads * kv_heads wide: `qkv` has d + 2 kv outputs",
            )
            .because(config.norm == NormKind::RmsNorm, "RMS norm has a weight and no bias")?;
    }
    Ok(())
}

fn options() -> Verdict {
    let base = GptConfig { vocab_size: 65, ..GptConfig::tiny() };
    let waves = GptConfig { positions: PositionKind::Sinusoidal, ..base.clone() };
    wrong::unless_eq(waves.parameter_count(), 104_256).note("waves are not learned")?;
    let untied = GptConfig { tied: false, ..base.clone() };
    wrong::unless_eq(untied.parameter_count(), 112_512)
        .note("a head of its own has 65 rows of 64 numbers, and no bias")?;
    let modern = GptConfig {
        positions: PositionKind::Rotary,
        norm: NormKind::RmsNorm,
        kv_heads: 2,
        bias: false,
        ..base
    };
    wrong::unless_eq(modern.parameter_count(), 94_592)
}

fn gpt2() -> Verdict {
    let sizes = [
        (GptConfig::gpt2_small(), 124_439_808),
        (GptConfig::gpt2_medium(), 354_823_168),
        (GptConfig::gpt2_large(), 774_030_080),
        (GptConfig::gpt2_xl(), 1_557_611_200),
    ];
    for (config, count) in sizes {
        wrong::unless_eq(config.parameter_count(), count)
            .note(format!("{} layers, {} wide", config.layers, config.d_model))?;
    }
    Ok(())
}

fn absurd() -> Verdict {
    let huge = usize::MAX;
    for config in [
        GptConfig { vocab_size: huge, ..GptConfig::tiny() },
        GptConfig { hidden: huge / 2, layers: huge, ..GptConfig::tiny() },
    ] {
        wrong::unless_eq(config.parameter_count(), usize::MAX)
            .note("`saturating_mul` and `saturating_add` end at the largest number")?;
    }
    Ok(())
}
