//! 13.11: only the likely ones.

use check::{Because, Check, Verdict, wrong};
use tinytorch_transformers::{keep_top_k, keep_top_p};

pub const CHECKS: &[Check] = &[
    Check {
        id: "13.11.k",
        exercise: "13.11",
        fact: "of the scores 1 4 2 0 3, the top 2 are 4 and 3",
        run: k,
    },
    Check {
        id: "13.11.k_ties",
        exercise: "13.11",
        fact: "of 1 4 2 2 3, the top 3 are four: both 2 stay",
        run: k_ties,
    },
    Check {
        id: "13.11.p",
        exercise: "13.11",
        fact: "of the probabilities 0.5 0.125 0.25 0.125, two make up 0.6, all make up 0.9",
        run: p,
    },
    Check {
        id: "13.11.p_first",
        exercise: "13.11",
        fact: "the likeliest always stays, however small p is",
        run: p_first,
    },
    Check {
        id: "13.11.p_ties",
        exercise: "13.11",
        fact: "of two that are equally likely, the lower id comes first",
        run: p_ties,
    },
    Check {
        id: "13.11.p_follows",
        exercise: "13.11",
        fact: "of 100 tokens, a nucleus of 0.9 keeps 90 of a flat row and 1 of a steep one",
        run: p_follows,
    },
];

const OUT: f32 = f32::NEG_INFINITY;

fn top_k(logits: &[f32], k: usize) -> Vec<f32> {
    let mut logits = logits.to_vec();
    keep_top_k(&mut logits, k);
    logits
}

/// What a nucleus of `p` keeps of these probabilities, given up to a factor.
fn nucleus(shares: &[f32], p: f32) -> Vec<usize> {
    let mut logits: Vec<f32> = shares.iter().map(|share| share.ln()).collect();
    let before = logits.clone();
    keep_top_p(&mut logits, p);
    let kept = (0..shares.len()).filter(|&token| logits[token] == before[token]);
    kept.filter(|&token| logits[token] > OUT).collect()
}

fn k() -> Verdict {
    let got = top_k(&[1.0, 4.0, 2.0, 0.0, 3.0], 2);
    let kept = got.iter().filter(|&&score| score > OUT).count();
    wrong::unless_eq(&got[..], [OUT, 4.0, OUT, OUT, 3.0])
        .because(kept == 3, "three are left: the second highest is at place 1, counted from 0")
        .because(kept == 1, "one is left: what equals the second highest stays")
        .because(got.contains(&0.0), "the lowest were kept")?;
    let got = top_k(&[1.0, 4.0, 2.0, 0.0, 3.0], 1);
    wrong::unless_eq(&got[..], [OUT, 4.0, OUT, OUT, OUT])
}

fn k_ties() -> Verdict {
    let got = top_k(&[1.0, 4.0, 2.0, 2.0, 3.0], 3);
    wrong::unless_eq(&got[..], [OUT, 4.0, 2.0, 2.0, 3.0])
        .because(got[2] != got[3], "nothing says which 2 should go: compare scores, not places")
        .because(got[2] == OUT, "what equals the third highest stays")?;
    let got = top_k(&[-1.0, -4.0, OUT, -2.0], 2);
    wrong::unless_eq(&got[..], [-1.0, OUT, OUT, -2.0]).note("scores may all be negative")
}

const SHARES: [f32; 4] = [8.0, 2.0, 4.0, 2.0];

fn p() -> Verdict {
    let got = nucleus(&SHARES, 0.6);
    wrong::unless_eq(&got[..], [0, 2])
        .because(
            got == [0],
            "0.5 is less than 0.6: the token with which the sum gets there stays, too",
        )
        .because(got == [0, 1, 2], "after two it is 0.75 already: the third goes")
        .because(got == [0, 1], "walk them in falling order of their scores")?;
    wrong::unless_eq(&nucleus(&SHARES, 0.49)[..], [0])?;
    wrong::unless_eq(&nucleus(&SHARES, 0.9)[..], [0, 1, 2, 3])
}

fn p_first() -> Verdict {
    let got = nucleus(&SHARES, 0.01);
    wrong::unless_eq(&got[..], [0])
        .because(got.is_empty(), "no token is left: before the first one there is nothing yet")
}

fn p_ties() -> Verdict {
    let got = nucleus(&SHARES, 0.8);
    wrong::unless_eq(&got[..], [0, 1, 2])
        .because(got == [0, 2, 3], "of tokens 1 and 3 the one of lower id comes first")
}

fn p_follows() -> Verdict {
    let flat = nucleus(&[1.0; 100], 0.895).len();
    wrong::unless_eq(flat, 90).because(
        !(80..100).contains(&flat),
        "the sum of the weights is compared with p times the total of them, which is not 1",
    )?;
    let steep: Vec<f32> = (0..100).map(|i| if i == 7 { 1e6 } else { 1.0 }).collect();
    wrong::unless_eq(&nucleus(&steep, 0.9)[..], [7])
}
