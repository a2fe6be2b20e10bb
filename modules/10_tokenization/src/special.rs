//! Tokens that stand for a text as a whole, and are not made by merges.

use std::cmp::Reverse;

/// Which special tokens a text may spell out, or may not.
///
/// A text from outside should spell out none: a user who types `<|endoftext|>` must not be able to
/// end a text. So [`encode`](crate::Tokenizer::encode) takes it as 13 plain characters; asking for
/// the token is
/// [`encode_with_special`](crate::BpeTokenizer::encode_with_special).
#[derive(Clone, Copy, Debug)]
pub enum Special<'a> {
    /// No special token.
    None,
    /// All that the tokenizer has.
    All,
    /// These.
    Only(&'a [&'a str]),
}

impl Special<'_> {
    /// Is the token spelled `content` among them?
    pub(crate) fn contains(&self, content: &str) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Only(contents) => contents.contains(&content),
        }
    }
}

/// A token that is found in a text before the text is cut into words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AddedToken {
    pub(crate) id: i32,
    /// What a text has to spell out.
    pub(crate) content: String,
    /// Special tokens are looked for only when they are asked for; others, such as a run of
    /// spaces that was added later, in every text.
    pub(crate) special: bool,
    /// Hugging Face looks for tokens without this mark first, then for those that have it in what
    /// is left of the text. (The mark says that the token is normalized as the text is.)
    pub(crate) normalized: bool,
}

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stretch<'t> {
    Text(&'t str),
    Token(i32),
}

/// Where the first of `tokens` stands in `text`: at the leftmost place, and there the longest.
pub(crate) fn find<'a>(text: &str, tokens: &[&'a AddedToken]) -> Option<(usize, &'a AddedToken)> {
    let mut begins = [false; 256];
    for token in tokens {
        begins[usize::from(token.content.as_bytes()[0])] = true;
    }
    let bytes = text.as_bytes();
    for (at, &byte) in bytes.iter().enumerate() {
        if begins[usize::from(byte)] {
            let here = tokens.iter().filter(|t| bytes[at..].starts_with(t.content.as_bytes()));
            if let Some(token) = here.max_by_key(|token| (token.content.len(), Reverse(token.id))) {
                return Some((at, token));
            }
        }
    }
    None
}

/// `text` as stretches of plain text and the tokens between them. No stretch of text is empty.
pub(crate) fn split<'t>(text: &'t str, tokens: &[&AddedToken]) -> Vec<Stretch<'t>> {
    let (marked, plain): (Vec<_>, Vec<_>) = tokens.iter().partition(|token| token.normalized);
    let mut stretches = vec![Stretch::Text(text)];
    for pass in [plain, marked] {
        if !pass.is_empty() {
            stretches = stretches.into_iter().flat_map(|s| split_stretch(s, &pass)).collect();
        }
    }
    stretches.retain(|stretch| *stretch != Stretch::Text(""));
    stretches
}

fn split_stretch<'t>(stretch: Stretch<'t>, tokens: &[&AddedToken]) -> Vec<Stretch<'t>> {
    let Stretch::Text(mut text) = stretch else { return vec![stretch] };
    let mut stretches = Vec::new();
    while let Some((at, token)) = find(text, tokens) {
        stretches.push(Stretch::Text(&text[..at]));
        stretches.push(Stretch::Token(token.id));
        text = &text[at + token.content.len()..];
    }
    stretches.push(Stretch::Text(text));
    stretches
}

#[cfg(test)]
mod tests {
    use super::*;
    use Stretch::{Text, Token};

    fn token(id: i32, content: &str, normalized: bool) -> AddedToken {
        AddedToken { id, content: content.into(), special: true, normalized }
    }

    #[test]
    fn the_leftmost_token_is_taken_and_of_several_there_the_longest() {
        let tokens = [token(1, "<a>", false), token(2, "<a><b>", false), token(3, "é", false)];
        let tokens: Vec<&AddedToken> = tokens.iter().collect();
        let expected = [Text("x<"), Token(2), Token(1), Token(3), Text("<b>")];
        assert_eq!(split("x<<a><b><a>é<b>", &tokens), expected);
        assert_eq!(split("", &tokens), []);
        assert_eq!(split("<a>", &tokens), [Token(1)]);
        assert_eq!(split("plain è", &tokens), [Text("plain è")]);
        assert_eq!(split("plain", &[]), [Text("plain")]);
    }

    #[test]
    fn marked_tokens_are_looked_for_in_what_the_others_leave() {
        let tokens = [token(1, "bc", false), token(2, "ab", true)];
        let tokens: Vec<&AddedToken> = tokens.iter().collect();
        assert_eq!(split("abcab", &tokens), [Text("a"), Token(1), Token(2)]);
    }
}
