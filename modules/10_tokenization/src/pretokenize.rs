//! GPT-2's cut of a text into words, within which the merges stay.
//!
//! Without it, a vocabulary would fill with `dog.`, `dog!` and `dog?`, each learned anew. The cut
//! is this pattern, whose alternatives are tried in order at each place:
//!
//! ```text
//! 's|'t|'re|'ve|'m|'ll|'d      an English ending
//!  ?\p{L}+                      letters, with the space before them
//!  ?\p{N}+                      digits, with the space before them
//!  ?[^\s\p{L}\p{N}]+            anything else that is no space, with the space before it
//! \s+(?!\S)                     spaces, up to the end of the text or the last before a word
//! \s+                           a space that is left
//! ```
//!
//! So `"we're  4ever!"` becomes `we`, `'re`, ` `, ` 4`, `ever`, `!`: of two spaces the second goes
//! with the word. Only the character U+0020 does so; a tab or a line break is a word of its own.
//!
//! It is written here as a scanner by hand: one look at a character says which alternative it
//! begins, so that each character is looked at about once, whatever the text. A general regular
//! expression engine needs look-ahead for the last but one line, which the linear-time ones do not
//! have.
//!
//! Source: `encoder.py` of OpenAI's GPT-2 (2019); its word for the pieces is "tokens", that of
//! Hugging Face "pre-tokens".

use crate::Category;

/// The words of `text`, in order. Put together they are `text`; none is empty.
///
/// ```
/// use tinytorch_tokenization::gpt2_words;
///
/// let words: Vec<&str> = gpt2_words("we're  4ever!").collect();
/// assert_eq!(words, ["we", "'re", " ", " 4", "ever", "!"]);
/// ```
pub fn gpt2_words(text: &str) -> Gpt2Words<'_> {
    Gpt2Words { rest: text }
}

/// The words of a text: made by [`gpt2_words`].
#[derive(Clone, Debug)]
pub struct Gpt2Words<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Gpt2Words<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.rest.is_empty() {
            return None;
        }
        let (word, rest) = self.rest.split_at(first_word(self.rest));
        self.rest = rest;
        Some(word)
    }
}

/// The length in bytes of the first word of `text`, which is not empty.
fn first_word(text: &str) -> usize {
    if let Some(length) = contraction(text) {
        return length;
    }
    // The optional space belongs to what follows it, if that is no space.
    let after_space = text.strip_prefix(' ').unwrap_or(text);
    let category = after_space.chars().next().map_or(Category::Space, Category::of);
    match category {
        Category::Space => spaces(text),
        _ => text.len() - after_space.len() + run(after_space, category),
    }
}

/// The length of the English ending that `text` begins with, such as `'re`.
fn contraction(text: &str) -> Option<usize> {
    let letters = text.strip_prefix('\'')?.as_bytes();
    match letters {
        [b's' | b't' | b'm' | b'd', ..] => Some(2),
        [b'r', b'e', ..] | [b'v', b'e', ..] | [b'l', b'l', ..] => Some(3),
        _ => None,
    }
}

/// The length in bytes of the longest beginning of `text` that is all of `category`.
fn run(text: &str, category: Category) -> usize {
    text.find(|c| Category::of(c) != category).unwrap_or(text.len())
}

/// The length of the word that the spaces at the beginning of `text` make: all of them at the end
/// of a text; else all but the last, if there are several.
fn spaces(text: &str) -> usize {
    let all = run(text, Category::Space);
    let last = text[..all].chars().next_back().map_or(0, char::len_utf8);
    if all == text.len() || all == last { all } else { all - last }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        gpt2_words(text).collect()
    }

    #[test]
    fn each_alternative_of_the_pattern_takes_its_part() {
        assert_eq!(words("Hello, world"), ["Hello", ",", " world"]);
        assert_eq!(words("it's I'll we've"), ["it", "'s", " I", "'ll", " we", "'ve"]);
        assert_eq!(words("abc123 456"), ["abc", "123", " 456"]);
        assert_eq!(words("a ??? b"), ["a", " ???", " b"]);
        assert_eq!(words(""), Vec::<&str>::new());
    }

    #[test]
    fn an_ending_is_lower_case_ascii_and_follows_no_space() {
        assert_eq!(words("IT'S"), ["IT", "'", "S"]);
        assert_eq!(words("a 's"), ["a", " '", "s"]);
        assert_eq!(words("''s"), ["''", "s"]);
        assert_eq!(words("'r'"), ["'", "r", "'"]);
        assert_eq!(words("'strange"), ["'s", "trange"]);
        assert_eq!(words("it’s"), ["it", "’", "s"]);
    }

    #[test]
    fn the_last_of_several_spaces_goes_with_the_word_if_it_is_a_plain_one() {
        assert_eq!(words("a  b"), ["a", " ", " b"]);
        assert_eq!(words("a\n\nb"), ["a", "\n", "\n", "b"]);
        assert_eq!(words("a\n  b"), ["a", "\n ", " b"]);
        assert_eq!(words("a \u{3000}b"), ["a", " ", "\u{3000}", "b"]);
        assert_eq!(words("a\r\nb\r\n"), ["a", "\r", "\n", "b", "\r\n"]);
        assert_eq!(words("a   "), ["a", "   "]);
        assert_eq!(words(" "), [" "]);
    }

    #[test]
    fn marks_and_joiners_are_neither_letters_nor_spaces() {
        assert_eq!(words("e\u{301}a"), ["e", "\u{301}", "a"]);
        assert_eq!(words(" \u{1f469}\u{200d}\u{1f680}!"), [" \u{1f469}\u{200d}\u{1f680}!"]);
        assert_eq!(words("x\u{b2} \u{2163}"), ["x", "\u{b2}", " \u{2163}"]);
    }
}
