//! 13.10: from scores to a token.

use check::{Because, Check, Verdict, wrong};
use tinytorch_tensor::Rng;
use tinytorch_transformers::{apply_temperature, most_likely, sample};

pub const CHECKS: &[Check] = &[
    Check {
        id: "13.10.temperature",
        exercise: "13.10",
        fact: "a temperature of 0.5 doubles the scores 1 3, one of 2 halves them",
        run: temperature,
    },
    Check {
        id: "13.10.greedy",
        exercise: "13.10",
        fact: "the most likely is the first of the largest, also where all are negative",
        run: greedy,
    },
    Check {
        id: "13.10.drawn",
        exercise: "13.10",
        fact: "weights 5 2 3: up to 0.5 it is token 0, up to 0.7 token 1, then token 2",
        run: drawn,
    },
    Check {
        id: "13.10.often",
        exercise: "13.10",
        fact: "of 10,000 draws, tokens of probability 0.1 0.2 0.7 come about as often",
        run: often,
    },
    Check {
        id: "13.10.never",
        exercise: "13.10",
        fact: "a token of score -inf is never drawn, not even by a random number of exactly 0",
        run: never,
    },
    Check {
        id: "13.10.any_size",
        exercise: "13.10",
        fact: "scores of 1000 and 999.5, 1e38 and infinity can be drawn from",
        run: any_size,
    },
];

const OUT: f32 = f32::NEG_INFINITY;

fn temperature() -> Verdict {
    for (t, expected) in [(0.5, [2.0, 6.0]), (1.0, [1.0, 3.0]), (2.0, [0.5, 1.5])] {
        let mut got = [1.0, 3.0];
        apply_temperature(&mut got, t);
        wrong::unless_close(got, expected, 1e-6)
            .because(t == 0.5 && got == [0.5, 1.5], "that is times 0.5: scores are divided")?;
    }
    Ok(())
}

fn greedy() -> Verdict {
    wrong::unless_eq(most_likely(&[1.0, 5.0, 2.0]), 1)?;
    wrong::unless_eq(most_likely(&[OUT, -3.0, -7.0]), 1)
        .because(true, "a search that begins at 0 finds nothing below it")?;
    wrong::unless_eq(most_likely(&[1.0, 5.0, 5.0]), 1).note("of equal ones the first")?;
    wrong::unless_panics(|| most_likely(&[0.0, f32::NAN]), "NaN")
        .note("`largest` is given, and refuses NaN")
}

fn drawn() -> Verdict {
    let logits = [5.0_f32.ln(), 2.0_f32.ln(), 3.0_f32.ln()];
    let mut tokens = [0; 3];
    for seed in 0..300 {
        let u = Rng::new(seed).uniform();
        if [0.5, 0.7].iter().any(|border| (u - border).abs() < 1e-3) {
            continue;
        }
        let expected = usize::from(u > 0.5) + usize::from(u > 0.7);
        tokens[expected] += 1;
        let got = sample(&logits, &mut Rng::new(seed));
        wrong::unless_eq(got, expected as i32).note(format!("the random number was {u}")).because(
            got == most_likely(&logits) && expected != 0,
            "that is the most likely one: a draw was asked for",
        )?;
    }
    wrong::unless(tokens.iter().all(|&count| count > 20), || format!("{tokens:?}"))?;
    let mut rng = Rng::new(0);
    sample(&logits, &mut rng);
    wrong::unless_eq(rng.state().counter, 1).note("one random number a token, `rng.uniform()`")
}

fn often() -> Verdict {
    let logits = [0.1_f32.ln(), 0.2_f32.ln(), 0.7_f32.ln()];
    let (mut rng, mut counts) = (Rng::new(1), [0; 3]);
    (0..10_000).for_each(|_| counts[sample(&logits, &mut rng) as usize] += 1);
    let near = |(count, expected): (&i32, i32)| (count - expected).abs() < 150;
    wrong::unless(counts.iter().zip([1000, 2000, 7000]).all(near), || {
        format!("{counts:?} times, not about 1000, 2000, 7000")
    })
    .because(
        counts.iter().all(|&count| (3000..3700).contains(&count)),
        "all come equally often: add up the weights, e^score, not the tokens",
    )
}

/// The first random number of this seed is 0, as of one in 16 million.
const ZERO: u64 = 12_121_362;

fn never() -> Verdict {
    let logits = [OUT, 0.0, OUT];
    wrong::unless_eq(Rng::new(ZERO).uniform(), 0.0)?;
    wrong::unless_eq(sample(&logits, &mut Rng::new(ZERO)), 1).because(
        true,
        "0 is not above 0: a token is drawn when the sum has passed the place, not reached it",
    )?;
    let mut rng = Rng::new(0);
    let all = (0..1000).all(|_| sample(&logits, &mut rng) == 1);
    wrong::unless(all, || "a token out of question was drawn".to_string())
}

fn any_size() -> Verdict {
    let mut rng = Rng::new(0);
    let mut counts = [0; 2];
    (0..1000).for_each(|_| counts[sample(&[1000.0, 999.5], &mut rng) as usize] += 1);
    wrong::unless(counts[0] > 550 && counts[1] > 300, || format!("{counts:?}, not 622 and 378"))
        .because(true, "e^1000 is infinite: take the largest score off first")?;
    for (logits, expected) in [([1e38, -1e38, 0.0], 0), ([OUT, f32::INFINITY, 3.0], 1)] {
        wrong::unless_eq(sample(&logits, &mut rng), expected)
            .note(format!("of {logits:?}; a score that equals the largest has the weight 1"))?;
    }
    Ok(())
}
