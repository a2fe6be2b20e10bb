//! A text as the words it consists of, each with its count.

use std::collections::HashMap;

use crate::{Word, gpt2_words};

/// The [words](gpt2_words) of all `texts`, in the order in which they first come, each as the ids
/// of its bytes and with its count.
///
/// A text says the same words over and over: 1.1 MB of Shakespeare are 300,000 words, of which
/// 15,000 are different. Training looks at each different one only.
pub(crate) fn count_words<'a>(
    texts: impl IntoIterator<Item = &'a str>,
    byte_ids: &[i32; 256],
) -> Vec<Word> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut words: Vec<Word> = Vec::new();
    for word in texts.into_iter().flat_map(gpt2_words) {
        let place = *places.entry(word).or_insert_with(|| {
            let ids = word.bytes().map(|byte| byte_ids[usize::from(byte)]).collect();
            words.push(Word { ids, count: 0 });
            words.len() - 1
        });
        words[place].count += 1;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_comes_once_with_its_count() {
        let byte_ids = std::array::from_fn(|byte| byte as i32);
        let words = count_words(["a cat, a", " cat"], &byte_ids);
        let found: Vec<(String, u64)> = words
            .iter()
            .map(|word| (word.ids.iter().map(|&id| id as u8 as char).collect(), word.count))
            .collect();
        let expected = [("a", 1), (" cat", 2), (",", 1), (" a", 1)];
        assert_eq!(found, expected.map(|(word, count)| (word.to_string(), count)));
    }
}
