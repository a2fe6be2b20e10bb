//! Answers a mistyped word with the known one that was probably meant.

/// The known word that looks most like `word`, or `None` when none is near: at most a third of
/// the longer word may differ (and always at least one letter may).
///
/// Upper and lower case are the same. Of equally near words the first one wins.
///
/// ```
/// assert_eq!(stage::nearest("mnits", &["tinydigits", "mnist"]), Some("mnist"));
/// assert_eq!(stage::nearest("weather", &["tinydigits", "mnist"]), None);
/// ```
pub fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let letters = |text: &str| text.to_lowercase().chars().collect::<Vec<_>>();
    let word = letters(word);
    let near = |candidate: &&str| {
        let candidate = letters(candidate);
        let distance = edits(&word, &candidate);
        let allowed = (word.len().max(candidate.len()) / 3).max(1);
        let starts_it = word.len() >= 2 && candidate.starts_with(&word);
        (distance <= allowed || starts_it).then_some(distance)
    };
    known.iter().filter_map(|c| Some((near(c)?, *c))).min_by_key(|(d, _)| *d).map(|(_, c)| c)
}

/// How many letters to insert, remove, replace or swap with their neighbor to turn `a` into `b`
/// (the optimal string alignment distance).
fn edits(a: &[char], b: &[char]) -> usize {
    // rows[i][j] is the distance of the first i letters of `a` from the first j of `b`.
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            if i == 0 || j == 0 {
                rows[i][j] = i + j;
                continue;
            }
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            rows[i][j] = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                rows[i][j] = rows[i][j].min(rows[i - 2][j - 2] + 1);
            }
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distance(a: &str, b: &str) -> usize {
        edits(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>())
    }

    #[test]
    fn inserting_removing_replacing_and_swapping_cost_one_each() {
        assert_eq!(distance("mnist", "mnist"), 0);
        assert_eq!(distance("mnit", "mnist"), 1);
        assert_eq!(distance("mnisst", "mnist"), 1);
        assert_eq!(distance("mnost", "mnist"), 1);
        assert_eq!(distance("mnits", "mnist"), 1);
        assert_eq!(distance("", "xor"), 3);
    }

    #[test]
    fn case_is_ignored_and_a_beginning_is_enough() {
        assert_eq!(nearest("XOR", &["perceptron", "xor"]), Some("xor"));
        assert_eq!(nearest("perc", &["perceptron", "xor"]), Some("perceptron"));
        assert_eq!(nearest("", &["perceptron", "xor"]), None);
    }
}
