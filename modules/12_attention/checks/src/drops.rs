//! 12.7: dropout of weights.

use crate::numbers::{drawn, of};
use check::{Because, Check, Verdict, wrong};
use tinytorch_attention::{AttentionOptions, WeightDropout, scaled_dot_product_attention};
use tinytorch_layers::Dropout;
use tinytorch_tensor::{Rng, Tensor};

pub const CHECKS: &[Check] = &[
    Check {
        id: "12.7.share",
        exercise: "12.7",
        fact: "with p = 1/4, a quarter becomes 0 and the rest 4/3",
        run: share,
    },
    Check {
        id: "12.7.same",
        exercise: "12.7",
        fact: "a row asked again gives the same, another row or seed gives others",
        run: same,
    },
    Check {
        id: "12.7.prefix",
        exercise: "12.7",
        fact: "a longer row begins with the shorter one",
        run: prefix,
    },
    Check {
        id: "12.7.training",
        exercise: "12.7",
        fact: "a layer in training drops anew at each call, in evaluation never",
        run: training,
    },
];

fn row(seed: u64, row: usize, len: usize) -> Vec<f32> {
    let mut factors = vec![-1.0; len];
    WeightDropout { p: 0.25, seed }.factors(row, &mut factors);
    factors
}

fn share() -> Verdict {
    let got = row(1, 0, 10_000);
    let odd = got.iter().copied().find(|&f| f != 0.0 && (f - 4.0 / 3.0).abs() > 1e-6);
    wrong::unless(odd.is_none(), || format!("a factor of {}", odd.unwrap_or(0.0)))
        .because(odd == Some(1.0), "what is kept is scaled by 1 / (1 - p), so that the mean stays")
        .because(odd == Some(4.0), "what is kept is scaled by 1 / (1 - p), not by 1 / p")?;
    let dropped = got.iter().filter(|&&f| f == 0.0).count();
    // 2,500, give or take 43.
    wrong::unless((2300..2700).contains(&dropped), || format!("{dropped} of 10,000 are dropped"))
        .because(dropped > 7000, "p is the probability to be dropped, not to be kept")
}

fn same() -> Verdict {
    let first = row(1, 5, 50);
    wrong::unless(row(1, 5, 50) == first, || "the same row of the same seed gave other factors")?;
    wrong::unless(row(1, 6, 50) != first, || "rows 5 and 6 drop the same: use the row's stream")?;
    wrong::unless(row(2, 5, 50) != first, || "seeds 1 and 2 drop the same")
}

fn prefix() -> Verdict {
    wrong::unless_eq(&row(3, 2, 40)[..10], row(3, 2, 10).as_slice())
}

fn training() -> Verdict {
    let (q, k, v) = (drawn([4, 2], 1), drawn([30, 2], 2), drawn([30, 2], 3));
    let mut layer = Dropout::new(0.5, &mut Rng::new(1));
    let call = |layer: &Dropout| {
        let options = AttentionOptions { dropout: Some(layer), ..Default::default() };
        scaled_dot_product_attention(&q, &k, &v, &options)
    };
    let (first, second): (Tensor, Tensor) = (call(&layer), call(&layer));
    wrong::unless(first != second, || "two calls in training dropped the same")?;
    layer.training.0 = false;
    let plain = scaled_dot_product_attention(&q, &k, &v, &AttentionOptions::default());
    wrong::unless_close(of(&call(&layer)), of(&plain), 0.0)
}
