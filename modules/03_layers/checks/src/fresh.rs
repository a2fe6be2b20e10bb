//! 03.4: a layer as it starts.

use crate::numbers::{about, largest, of};
use check::{Because, Check, Verdict, wrong};
use tinytorch_layers::{Init, Linear, Module};
use tinytorch_tensor::{Rng, Tensor};

pub const CHECKS: &[Check] = &[
    Check {
        id: "03.4.shapes",
        exercise: "03.4",
        fact: "a layer from 100 to 120 has a weight [120, 100] and a bias [120]",
        run: shapes,
    },
    Check {
        id: "03.4.bound",
        exercise: "03.4",
        fact: "both start between ±0.1 = ±1 / √100, evenly",
        run: bound,
    },
    Check {
        id: "03.4.parameters",
        exercise: "03.4",
        fact: "weight and bias ask for a gradient",
        run: parameters,
    },
    Check {
        id: "03.4.drawn",
        exercise: "03.4",
        fact: "of 1,200 weights hardly two are equal, and a seed gives one layer",
        run: drawn,
    },
    Check {
        id: "03.4.no_inputs",
        exercise: "03.4",
        fact: "a layer without inputs has a finite bias",
        run: no_inputs,
    },
];

fn layer() -> Linear {
    Linear::new(100, 120, &mut Rng::new(3))
}

fn bias(layer: &Linear) -> Result<&Tensor, check::Wrong> {
    match &layer.bias {
        Some(bias) => Ok(bias),
        None => Err(wrong::unless(false, || "the layer has no bias").unwrap_err()),
    }
}

fn shapes() -> Verdict {
    let layer = layer();
    let shape = layer.weight.shape();
    wrong::unless_eq(shape, [120, 100])
        .because(shape == [100, 120], "[out, in]: output o has row o of the weight")?;
    wrong::unless_eq(bias(&layer)?.shape(), [120])
        .because(bias(&layer)?.shape() == [100], "a bias for each output, not for each input")?;
    wrong::unless_eq(layer.forward(&Tensor::zeros([5, 100])).shape(), [5, 120])
}

fn bound() -> Verdict {
    let layer = layer();
    for (name, t) in [("weight", &layer.weight), ("bias", bias(&layer)?)] {
        let (most, deviation) = (largest(t), t.std().item());
        wrong::unless(most <= 0.1, || format!("{most} is in the {name}"))
            .because(about(most, 0.2449), "that is Kaiming's; a default layer has ±1 / √inputs")
            .because(most > 0.9, "the numbers are not scaled: the bound is 1 / √inputs")?;
        wrong::unless(most > 0.095, || format!("the largest number of the {name} is {most}"))
            .because(most > 0.089, "1 / √120 is 0.0913: it is the inputs that count")
            .because(most == 0.0, "nothing was drawn")
            .because(most < 0.011, "1 / 100: the bound is 1 over the root of the inputs")?;
        wrong::unless((deviation / 0.057_735 - 1.0).abs() < 0.2, || {
            format!("the deviation of the {name} is {deviation}, not 0.1 / √3")
        })?;
    }
    Ok(())
}

fn parameters() -> Verdict {
    let layer = layer();
    wrong::unless(layer.weight.requires_grad(), || "the weight asks for no gradient")
        .note("without `with_grad()` it would never be trained")?;
    wrong::unless(bias(&layer)?.requires_grad(), || "the bias asks for no gradient")
        .note("without `with_grad()` it would never be trained")
}

fn drawn() -> Verdict {
    let layer = |seed| Linear::new(30, 40, &mut Rng::new(seed));
    let mut values = layer(1).weight.to_vec();
    values.sort_by(f32::total_cmp);
    values.dedup();
    let different = values.len();
    wrong::unless(different > 1190, || format!("{different} different numbers of 1,200")).because(
        different < 50,
        "units that start alike get the same gradient and stay alike: one generator for all draws",
    )?;
    wrong::unless_close(of(&layer(1).weight), of(&layer(1).weight), 0.0)
        .note("the same seed, twice")?;
    let other = layer(2).weight.to_vec() != layer(1).weight.to_vec();
    wrong::unless(other, || "seeds 1 and 2 give the same layer: draw from `rng`")?;
    let rng = &mut Rng::new(1);
    let bound = 1.0 / 30_f32.sqrt();
    let weight = Init::Uniform { bound }.tensor([40, 30], rng);
    let second = Init::Uniform { bound }.tensor([40], rng);
    let layer = layer(1);
    wrong::unless_close(of(&layer.weight), of(&weight), 1e-7).note("the weight is drawn first")?;
    wrong::unless_close(of(bias(&layer)?), of(&second), 1e-7)
        .note("the bias is drawn after it, from the same generator")
}

fn no_inputs() -> Verdict {
    let layer = Linear::new(0, 3, &mut Rng::new(1));
    let y = layer.forward(&Tensor::zeros([2, 0]));
    wrong::unless_eq(y.shape(), [2, 3])?;
    let values = y.to_vec();
    wrong::unless(values.iter().all(|v| v.abs() <= 1.0), || format!("the outputs are {values:?}"))
        .because(!values.iter().all(|v| v.is_finite()), "1 / √0 is infinite: take at least 1 input")
}
