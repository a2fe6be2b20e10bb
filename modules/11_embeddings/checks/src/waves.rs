//! 11.7: places as waves.

use crate::numbers::of;
use check::{Because, Check, Verdict, wrong};
use tinytorch_embeddings::sinusoidal;

pub const CHECKS: &[Check] = &[
    Check { id: "11.7.first", exercise: "11.7", fact: "place 0 is 0 1 0 1", run: first },
    Check {
        id: "11.7.second",
        exercise: "11.7",
        fact: "place 1 of width 4 is sin 1, cos 1, sin 0.01, cos 0.01",
        run: second,
    },
    Check {
        id: "11.7.frequencies",
        exercise: "11.7",
        fact: "of width 8, each wave is ten times as slow as the one before",
        run: frequencies,
    },
    Check {
        id: "11.7.odd",
        exercise: "11.7",
        fact: "an odd width ends with a sine; widths and lengths of 0 are empty",
        run: odd,
    },
    Check {
        id: "11.7.prefix",
        exercise: "11.7",
        fact: "a longer table begins with the shorter one",
        run: prefix,
    },
    Check {
        id: "11.7.far",
        exercise: "11.7",
        fact: "at place 100,000 the angle has still all its digits",
        run: far,
    },
    Check {
        id: "11.7.distance",
        exercise: "11.7",
        fact: "the product of two places depends on their distance alone",
        run: distance,
    },
];

fn first() -> Verdict {
    let got = sinusoidal(3, 4).select(0, 0);
    wrong::unless_close(of(&got), [0.0, 1.0, 0.0, 1.0], 0.0)
        .because((got.at([0]) - 1_f32.sin()).abs() < 1e-6, "that is place 1: counting starts at 0")
        .because(got.at([0]) == 1.0, "even columns are sines, and the sine of 0 is 0")
        .because(
            got.at([1]) == 0.0,
            "sine and cosine of a wave stand next to each other: sines at 2i, cosines at 2i + 1",
        )
}

fn second() -> Verdict {
    let got = sinusoidal(2, 4).select(0, 1);
    let slow = got.at([2]);
    let expected = [1_f32.sin(), 1_f32.cos(), 0.01_f32.sin(), 0.01_f32.cos()];
    wrong::unless_close(of(&got), expected, 1e-6)
        .because(
            (slow - 1e-4_f32.sin()).abs() < 1e-6,
            "wave 1 has the exponent 2i/d = 2/4; this is i = 1 itself, or 2i, over 2",
        )
        .because(
            (slow - 0.1_f32.sin()).abs() < 1e-6,
            "wave 1 has the exponent 2i/d = 2/4; the 2 is missing in 1/4",
        )
        .because(slow == 1_f32.sin(), "all waves are equally fast: i is missing in the exponent")
        .because(!(0.0..0.99).contains(&slow), "the exponent is negative: later waves are slower")
}

fn frequencies() -> Verdict {
    let row = sinusoidal(2, 8).select(0, 1);
    for i in 0..4 {
        let angle = 10_f64.powi(-i);
        let column = 2 * i as usize;
        let got = f64::from(row.at([column]));
        wrong::unless_close(got as f32, angle.sin() as f32, 1e-6)
            .because(
                (got - 10_000_f64.powi(-i).sin()).abs() < 1e-7,
                "the exponent is i instead of 2i/d: it has to reach 1 at the last wave only",
            )
            .note(format!("column {column}: the sine of place 1 for wave {i}, {angle} radians"))?;
    }
    Ok(())
}

fn odd() -> Verdict {
    let got = sinusoidal(3, 5);
    wrong::unless_eq(got.shape().to_vec(), vec![3, 5])?;
    let last = (2.0 * 10_000_f64.powf(-4.0 / 5.0)).sin() as f32;
    wrong::unless_close(got.at([2, 4]), last, 1e-6).note("place 2, column 4: wave 2, a sine")?;
    wrong::unless_eq(sinusoidal(0, 4).shape().to_vec(), vec![0, 4])?;
    wrong::unless_eq(sinusoidal(4, 0).shape().to_vec(), vec![4, 0])?;
    wrong::unless_eq(sinusoidal(2, 1).shape().to_vec(), vec![2, 1])
}

fn prefix() -> Verdict {
    wrong::unless_close(of(&sinusoidal(40, 6).narrow(0, 0, 10)), of(&sinusoidal(10, 6)), 0.0)
}

fn far() -> Verdict {
    let got = sinusoidal(100_001, 6).at([100_000, 2]);
    let single = f64::from(100_000.0_f32 * 10_000_f64.powf(-1.0 / 3.0) as f32).sin() as f32;
    let exact = (100_000.0 * 10_000_f64.powf(-1.0 / 3.0)).sin() as f32;
    wrong::unless_close(got, exact, 1e-6).because(
        (got - single).abs() < 1e-6,
        "the angle is 4641.588834, and the nearest `f32` is 4641.5889: take it as `f64`",
    )
}

fn distance() -> Verdict {
    let table = sinusoidal(200, 16);
    let product = |m: usize, n: usize| (table.select(0, m) * table.select(0, n)).sum().item();
    for shift in [1, 50, 150] {
        wrong::unless_close(product(7 + shift, 3 + shift), product(7, 3), 1e-4).note(format!(
            "places 7 and 3, moved by {shift}; sin a sin b + cos a cos b = cos(a - b)"
        ))?;
    }
    Ok(())
}
