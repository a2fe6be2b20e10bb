//! 03.3: how large weights start.

use crate::numbers::{about, largest};
use check::{Because, Check, Verdict, wrong};
use tinytorch_activations::Activations;
use tinytorch_layers::{Init, linear};
use tinytorch_tensor::{Rng, Tensor};

pub const CHECKS: &[Check] = &[
    Check {
        id: "03.3.kaiming",
        exercise: "03.3",
        fact: "10,000 Kaiming weights [200, 50] have the deviation √(2 / 50) = 0.2",
        run: kaiming,
    },
    Check {
        id: "03.3.xavier",
        exercise: "03.3",
        fact: "10,000 Xavier weights [200, 50] have the deviation √(2 / 250) = 0.0894",
        run: xavier,
    },
    Check {
        id: "03.3.bound",
        exercise: "03.3",
        fact: "uniform weights of deviation 0.2 reach ±0.3464 and no further",
        run: bound,
    },
    Check {
        id: "03.3.kernel",
        exercise: "03.3",
        fact: "an output of a [64, 3, 5, 5] kernel sees 75 inputs, an input reaches 1,600 outputs",
        run: kernel,
    },
    Check {
        id: "03.3.deep",
        exercise: "03.3",
        fact: "through 20 layers of 256 and relu, a signal keeps its size to a factor of 3",
        run: deep,
    },
];

/// The deviation of 10,000 weights `[200, 50]`.
fn deviation(init: Init) -> f32 {
    init.tensor([200, 50], &mut Rng::new(7)).std().item()
}

fn off(got: f32, expected: f32) -> Verdict {
    wrong::unless_eq(got, expected)
        .or_else(|wrong| if about(got, expected) { Ok(()) } else { Err(wrong) })
}

fn kaiming() -> Verdict {
    for init in [Init::KaimingNormal, Init::KaimingUniform] {
        let got = deviation(init);
        off(got, 0.2)
            .because(about(got, 0.1), "0.1 is √(2 / 200): it is the inputs that are added up")
            .because(about(got, 0.04), "0.04 is the variance: the deviation is its root")
            .because(about(got, 0.141_421), "√(1 / 50): the 2 makes up for relu, which halves")
            .because(about(got, 0.115_470), "numbers between ±0.2 deviate by 0.2 / √3 only")
            .because(
                about(got, 0.014_142),
                "√(2 / 10000): an output sees 50 inputs, not all weights",
            )
            .because(
                about(got, 0.346_410) && init == Init::KaimingNormal,
                "√(6 / 50) would be the bound of uniform numbers: the deviation is √(2 / 50)",
            )
            .because(about(got, 0.346_410), "the bound is √3 times the deviation, not 3 times")
            .because(about(got, 0.447_214), "the bound is √3 · 0.2, not √(3 · 0.2)")
            .because(about(got, 1.0), "the numbers are not scaled")
            .note(format!("{init:?}"))?;
    }
    let mean = Init::KaimingUniform.tensor([200, 50], &mut Rng::new(7)).mean().item();
    wrong::unless(mean.abs() < 0.008, || format!("the mean is {mean}"))
        .because(mean.abs() > 0.1, "as many weights are below 0 as above: from -bound to bound")
}

fn xavier() -> Verdict {
    for init in [Init::XavierNormal, Init::XavierUniform] {
        let got = deviation(init);
        off(got, 0.089_443)
            .because(about(got, 0.2), "√(2 / 50): the outputs count as well, 2 / (50 + 200)")
            .because(about(got, 0.1), "√(2 / 200): the inputs count as well, 2 / (50 + 200)")
            .because(about(got, 0.063_246), "√(1 / 250): the 2 makes it a mean of the two fans")
            .because(about(got, 0.008), "0.008 is the variance: the deviation is its root")
            .note(format!("{init:?}"))?;
    }
    Ok(())
}

fn bound() -> Verdict {
    let got = largest(&Init::KaimingUniform.tensor([200, 50], &mut Rng::new(7)));
    let bound = 0.12_f32.sqrt(); // √3 * 0.2
    wrong::unless((0.99 * bound..=bound).contains(&got), || {
        format!("of 10,000 weights the largest is {got}, and the bound is {bound}")
    })
    .because(
        about(got, 0.2),
        "evenly between ±0.2 the deviation is 0.2 / √3: the bound is √3 larger",
    )
    .because(about(got, 0.6), "the bound is √3 times the deviation, not 3 times")
}

fn kernel() -> Verdict {
    let deviation = |init: Init| init.tensor([64, 3, 5, 5], &mut Rng::new(9)).std().item();
    let got = deviation(Init::KaimingNormal);
    off(got, 0.163_299)
        .because(about(got, 0.816_497), "√(2 / 3): each of the 25 places counts")
        .because(about(got, 0.035_355), "√(2 / 1600): axis 0 are the outputs, axis 1 the inputs")?;
    let got = deviation(Init::XavierNormal);
    off(got, 0.034_555)
        .because(about(got, 0.119_952), "√(2 / (75 + 64)): the places count for the outputs, too")
        .note("√(2 / (75 + 1600))")
}

fn deep() -> Verdict {
    let mut rng = Rng::new(11);
    let x = Tensor::randn([64, 256], &mut rng);
    let size = |t: &Tensor| (t * t).mean().item();
    let mut y = x.clone();
    for _ in 0..20 {
        let weight = Init::KaimingUniform.tensor([256, 256], &mut rng);
        y = linear(&y, &weight, None).relu();
    }
    let (before, after) = (size(&x), size(&y));
    wrong::unless((1.0 / 3.0..3.0).contains(&(after / before)), || {
        format!("the mean square was {before:.3} and is {after:.3e}")
    })
    .because(after < 1e-3 * before, "each layer makes it smaller: weights start too small")
    .because(after > 1e3 * before, "each layer makes it larger: weights start too large")
}
