//! From scores to the next token: what is changed, what is kept, what is drawn.
//!
//! A row of scores (*logits*, `[v]`, one per token of the vocabulary) passes through the functions
//! here in their order. A token that is no longer in question has the score `-inf`, which softmax
//! turns into probability 0. They agree with the processors of the same purpose in Hugging Face's
//! `transformers`.

use tinytorch_tensor::Rng;

/// Makes what was said before less likely: the score of each token in `seen` is divided by
/// `penalty` if it is positive, multiplied by it if not. 1 changes nothing, 1.2 is usual.
///
/// A token seen ten times is penalized once. N. S. Keskar et al., "CTRL: a conditional
/// transformer language model for controllable generation" (2019), section 4.1.
///
/// # Panics
/// When `penalty` is not positive, or a token is not in the vocabulary.
#[track_caller]
pub fn penalize_repetition(logits: &mut [f32], seen: &[i32], penalty: f32) {
    assert!(
        penalty > 0.0 && penalty.is_finite(),
        "repetition_penalty: must be positive, not {penalty}; 1 changes nothing"
    );
    check_tokens("repetition_penalty", seen, logits.len());
    penalize(logits, seen, penalty);
}

/// Penalizes each token of `seen` once.
fn penalize(logits: &mut [f32], seen: &[i32], penalty: f32) {
    let mut once = seen.to_vec();
    once.sort_unstable();
    once.dedup();
    for token in once {
        let score = &mut logits[token as usize];
        *score = if *score > 0.0 { *score / penalty } else { *score * penalty };
    }
}

#[track_caller]
fn check_tokens(what: &str, tokens: &[i32], vocabulary: usize) {
    if let Some(token) = tokens.iter().find(|&&t| t < 0 || t as usize >= vocabulary) {
        panic!(
            "{what}: token {token} is not in the vocabulary of {vocabulary}; check that the \
             tokenizer is the model's"
        )
    }
}

/// Divides the scores by `temperature`: below 1 the likely becomes likelier, above 1 all tokens
/// come closer to each other.
///
/// # Panics
/// When `temperature` is not positive: for the most likely token alone see [`most_likely`].
#[track_caller]
pub fn apply_temperature(logits: &mut [f32], temperature: f32) {
    assert!(
        temperature > 0.0 && temperature.is_finite(),
        "temperature: must be positive here, not {temperature}; 0, greedy, is `most_likely`"
    );
    heat(logits, temperature);
}

/// Scores over `temperature`.
fn heat(logits: &mut [f32], temperature: f32) {
    logits.iter_mut().for_each(|score| *score /= temperature);
}

/// Keeps the `k` tokens of the highest scores, and all that equal the last of them.
///
/// Ties stay together, because nothing would say which of them to leave out; so a few more than
/// `k` may stay. A. Fan, M. Lewis, Y. Dauphin, "Hierarchical neural story generation" (2018),
/// section 5.1.
///
/// # Panics
/// When `k` is 0.
#[track_caller]
pub fn keep_top_k(logits: &mut [f32], k: usize) {
    assert!(k > 0, "top_k: 0 keeps no token; use 1 or more, or `None` for all");
    if k < logits.len() {
        top_k(logits, k);
    }
}

/// Puts out of question what is below the `k`-th highest score, of more than `k`.
fn top_k(logits: &mut [f32], k: usize) {
    let mut sorted = logits.to_vec();
    let (_, &mut last, _) = sorted.select_nth_unstable_by(k - 1, |a, b| b.total_cmp(a));
    logits.iter_mut().filter(|score| **score < last).for_each(|score| *score = f32::NEG_INFINITY);
}

/// Keeps the fewest tokens whose probabilities add up to `p`: the *nucleus*.
///
/// A token stays as long as those more likely than it come to less than `p` together, so that one
/// always stays; of equal ones those of lower id come first. How many stay follows the model:
/// few where it is sure, many where it is not. A. Holtzman et al., "The curious case of neural
/// text degeneration" (2020), section 3.1.
///
/// # Panics
/// When `p` is not above 0 and at most 1.
#[track_caller]
pub fn keep_top_p(logits: &mut [f32], p: f32) {
    assert!(
        p > 0.0 && p <= 1.0,
        "top_p: a part of the probability, above 0 and at most 1, not {p}; use `None` for all"
    );
    if p < 1.0 {
        top_p(logits, p);
    }
}

/// Puts out of question each token before which, in falling order, at least `p` is reached.
#[track_caller]
fn top_p(logits: &mut [f32], p: f32) {
    let weights = weights("top_p", logits);
    let total: f64 = weights.iter().sum();
    let mut order: Vec<usize> = (0..logits.len()).collect();
    order.sort_by(|&a, &b| logits[b].total_cmp(&logits[a])); // stable: equal ones by their id
    let mut before = 0.0;
    for token in order {
        if before >= f64::from(p) * total {
            logits[token] = f32::NEG_INFINITY;
        }
        before += weights[token];
    }
}

/// The token of the highest score; of equal ones that of the lowest id.
///
/// # Panics
/// When a score is NaN, or none is above `-inf`.
#[track_caller]
pub fn most_likely(logits: &[f32]) -> i32 {
    let largest = largest("most_likely", logits);
    logits.iter().position(|&score| score == largest).expect("it is one of them") as i32
}

/// A token drawn with the probabilities that softmax makes of the scores.
///
/// One random number between 0 and 1 falls into one of the tokens' shares of that line. A token
/// of score `-inf` has no share and is never drawn.
///
/// # Panics
/// When a score is NaN, or none is above `-inf`.
#[track_caller]
pub fn sample(logits: &[f32], rng: &mut Rng) -> i32 {
    let weights = weights("sample", logits);
    let target = f64::from(rng.uniform()) * weights.iter().sum::<f64>();
    let mut passed = 0.0;
    for (token, &weight) in weights.iter().enumerate() {
        passed += weight;
        if passed > target {
            return token as i32;
        }
    }
    // Only when the sum was rounded up to the target: the last token that has a share.
    weights.iter().rposition(|&weight| weight > 0.0).expect("the largest has a share of 1") as i32
}

/// `e^(score - largest)`: shares that are in the proportion of the probabilities.
#[track_caller]
fn weights(what: &str, logits: &[f32]) -> Vec<f64> {
    let largest = largest(what, logits);
    let weight = |&score: &f32| match score == largest {
        true => 1.0, // even when both are infinite
        false => (f64::from(score) - f64::from(largest)).exp(),
    };
    logits.iter().map(weight).collect()
}

#[track_caller]
fn largest(what: &str, logits: &[f32]) -> f32 {
    assert!(
        !logits.iter().any(|score| score.is_nan()),
        "{what}: a score is NaN; look for where training diverged"
    );
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    assert!(largest > f32::NEG_INFINITY, "{what}: no token is left to choose; allow one");
    largest
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUT: f32 = f32::NEG_INFINITY;

    fn changed(logits: &[f32], change: impl Fn(&mut [f32])) -> Vec<f32> {
        let mut logits = logits.to_vec();
        change(&mut logits);
        logits
    }

    #[test]
    fn repetition_is_penalized_on_both_sides_of_0_and_once() {
        let logits = [3.0, -3.0, 0.0, 1.5, OUT];
        let got = changed(&logits, |l| penalize_repetition(l, &[0, 1, 0, 4, 0, 2], 1.5));
        assert_eq!(got, [2.0, -4.5, 0.0, 1.5, OUT]);
        assert_eq!(changed(&logits, |l| penalize_repetition(l, &[0, 1], 1.0)), logits);
        assert_eq!(changed(&logits, |l| penalize_repetition(l, &[], 9.0)), logits);
    }

    #[test]
    fn a_low_temperature_sharpens_and_a_high_one_flattens() {
        let gap = |t| {
            let got = changed(&[1.0, 3.0], |l| apply_temperature(l, t));
            got[1] - got[0]
        };
        assert_eq!((gap(0.5), gap(1.0), gap(2.0)), (4.0, 2.0, 1.0));
    }

    #[test]
    fn top_k_keeps_k_and_what_equals_the_last() {
        let logits = [1.0, 4.0, 2.0, 2.0, 3.0];
        let keep = |k| changed(&logits, |l| keep_top_k(l, k));
        assert_eq!(keep(1), [OUT, 4.0, OUT, OUT, OUT]);
        assert_eq!(keep(2), [OUT, 4.0, OUT, OUT, 3.0]);
        assert_eq!(keep(3), [OUT, 4.0, 2.0, 2.0, 3.0]);
        assert_eq!((keep(5), keep(99)), (logits.to_vec(), logits.to_vec()));
    }

    #[test]
    fn top_p_keeps_the_fewest_that_reach_p() {
        // Probabilities 0.5, 0.125, 0.25, 0.125.
        let logits = [8.0_f32, 2.0, 4.0, 2.0].map(f32::ln);
        let kept = |p| changed(&logits, |l| keep_top_p(l, p)).iter().map(|&l| l > OUT).collect();
        let kept: &dyn Fn(f32) -> Vec<bool> = &kept;
        assert_eq!(kept(0.01), [true, false, false, false]);
        assert_eq!(kept(0.49), [true, false, false, false]);
        assert_eq!(kept(0.6), [true, false, true, false]);
        assert_eq!(kept(0.8), [true, true, true, false]); // of two equal ones the first
        assert_eq!(kept(0.9), [true, true, true, true]);
        assert_eq!(kept(1.0), [true, true, true, true]);
    }

    #[test]
    fn the_most_likely_is_the_first_of_the_largest() {
        assert_eq!(most_likely(&[1.0, 5.0, 5.0, OUT]), 1);
        assert_eq!(most_likely(&[OUT, OUT, -7.0]), 2);
    }

    #[test]
    fn tokens_are_drawn_as_often_as_they_are_likely() {
        // Probabilities 0.1, 0.2, 0, 0.7.
        let logits = [0.1_f32.ln(), 0.2_f32.ln(), OUT, 0.7_f32.ln()];
        let (mut rng, mut counts) = (Rng::new(1), [0_i32; 4]);
        (0..10_000).for_each(|_| counts[sample(&logits, &mut rng) as usize] += 1);
        for (count, expected) in counts.into_iter().zip([1000, 2000, 0, 7000]) {
            // Three standard deviations are at most 138.
            assert!((count - expected).abs() < 140 * expected.min(1) + 1, "{counts:?}");
        }
    }

    #[test]
    fn scores_of_any_size_can_be_drawn_from() {
        let mut rng = Rng::new(0);
        assert_eq!(sample(&[1e38, -1e38, 0.0], &mut rng), 0);
        assert_eq!(sample(&[OUT, f32::INFINITY, 3.0], &mut rng), 1);
        assert_eq!(sample(&[-1e38, OUT], &mut rng), 0);
    }

    #[test]
    #[should_panic(expected = "sample: a score is NaN; look for where training diverged")]
    fn a_score_that_is_no_number_is_an_error() {
        sample(&[0.0, f32::NAN], &mut Rng::new(0));
    }

    #[test]
    #[should_panic(expected = "sample: no token is left to choose")]
    fn a_choice_among_nothing_is_an_error() {
        sample(&[OUT, OUT], &mut Rng::new(0));
    }

    #[test]
    #[should_panic(expected = "repetition_penalty: token 3 is not in the vocabulary of 2")]
    fn a_token_beyond_the_vocabulary_is_an_error() {
        penalize_repetition(&mut [0.0, 1.0], &[3], 1.2);
    }

    #[test]
    #[should_panic(expected = "temperature: must be positive here, not 0")]
    fn a_temperature_of_0_is_another_function() {
        apply_temperature(&mut [0.0, 1.0], 0.0);
    }

    #[test]
    #[should_panic(expected = "top_p: a part of the probability, above 0 and at most 1, not 90")]
    fn p_is_no_percentage() {
        keep_top_p(&mut [0.0, 1.0], 90.0);
    }
}
