//! That no question comes twice, or nearly so.
//!
//! How unlike two questions are: the fewest letters to insert, delete or replace that make one the
//! other (V. Levenshtein, 1966), divided by the length of the longer, so 0 to 1. Capitals and marks
//! count for nothing. Of two turns the last question counts: it is what has to be understood.

use tinytorch_dataloader::tinytalks::Talk;

/// The least for questions of one part: they may have a form in common, not a meaning.
const WITHIN_A_PART: f64 = 0.25;
/// The least for questions of different parts. Below it, a model that has learned one by heart
/// would seem to understand the other.
const ACROSS_PARTS: f64 = 1.0 / 3.0;

/// Pairs of talks whose questions are too much alike.
pub fn findings(talks: &[Talk]) -> Vec<String> {
    let plain: Vec<Vec<u8>> = talks.iter().map(|talk| plain(&talk.question)).collect();
    let mut findings = Vec::new();
    for (j, later) in talks.iter().enumerate() {
        for (i, earlier) in talks[..j].iter().enumerate() {
            let same_part = earlier.part == later.part;
            let least = if same_part { WITHIN_A_PART } else { ACROSS_PARTS };
            let longer = plain[i].len().max(plain[j].len());
            let unlike = |letters: usize| letters as f64 / longer.max(1) as f64;
            // Different lengths alone keep most pairs apart, at no cost.
            if unlike(plain[i].len().abs_diff(plain[j].len())) >= least {
                continue;
            }
            let unlike = unlike(distance(&plain[i], &plain[j]));
            if unlike < least {
                findings.push(format!(
                    "{:03}: {:?} is too much like {:?} of {:03}: {unlike:.2}; {least:.2} at least{}",
                    later.number,
                    later.question,
                    earlier.question,
                    earlier.number,
                    if same_part { "" } else { ", for their parts differ" }
                ));
            }
        }
    }
    findings
}

/// Small letters, digits and single spaces.
fn plain(question: &str) -> Vec<u8> {
    let kept = question.chars().filter(|c| c.is_ascii_alphanumeric() || *c == ' ');
    let kept: String = kept.collect::<String>().to_lowercase();
    kept.split_whitespace().collect::<Vec<_>>().join(" ").into_bytes()
}

/// The fewest letters to insert, delete or replace to make `a` of `b`.
fn distance(a: &[u8], b: &[u8]) -> usize {
    // row[j]: from the letters of `a` so far to the first j of `b`.
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use tinytorch_dataloader::TinyTalks;
    use tinytorch_dataloader::tinytalks::Part;

    fn talk(number: usize, part: Part, question: &str) -> Talk {
        Talk { number, part, question: question.into(), ..TinyTalks::all().remove(0) }
    }

    #[test]
    fn distances_are_those_of_levenshtein() {
        for (a, b, expected) in [
            ("kitten", "sitting", 3),
            ("saturday", "sunday", 3),
            ("", "abc", 3),
            ("abc", "", 3),
            ("same", "same", 0),
            ("ab", "ba", 2),
        ] {
            assert_eq!(distance(a.as_bytes(), b.as_bytes()), expected, "{a} {b}");
        }
    }

    #[test]
    fn the_same_question_in_another_dress_is_found() {
        let first = talk(1, Part::Train, "Where do you live?");
        let again = talk(2, Part::Train, "WHERE do  you live!");
        assert_eq!(
            findings(&[first, again]),
            ["002: \"WHERE do  you live!\" is too much like \"Where do you live?\" of 001: 0.00; \
              0.25 at least"]
        );
    }

    #[test]
    fn questions_of_different_parts_must_differ_by_more() {
        // 5 of 17 letters differ: 0.29.
        let questions = ["Where do you live?", "Where do we leave?"];
        assert_eq!(distance(&plain(questions[0]), &plain(questions[1])), 5);
        let train = talk(1, Part::Train, questions[0]);
        assert_eq!(findings(&[train.clone(), talk(2, Part::Train, questions[1])]), [""; 0]);
        let found = findings(&[train, talk(2, Part::Test, questions[1])]);
        assert_eq!(found.len(), 1);
        assert!(found[0].ends_with("0.29; 0.33 at least, for their parts differ"), "{found:?}");
    }
}
