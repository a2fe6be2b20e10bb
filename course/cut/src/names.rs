//! The name of a function, as `exercises.toml` says it and as the source has it.

use proc_macro2::{TokenStream, TokenTree};
use std::fmt;
use std::str::FromStr;

/// A type or a trait: with its generics, and without.
///
/// Lifetimes and the front of paths are never part of it: `fmt::Debug` is `Debug`, `Node<'_>` is
/// `Node`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Word {
    full: String,
    short: String,
}

impl Word {
    /// From source text, such as `From<[usize; N]>`.
    pub fn new(text: &str) -> Self {
        let tokens = TokenStream::from_str(text).map(flat).unwrap_or_else(|_| vec![text.into()]);
        let tokens = without_fronts(without_lifetimes(tokens));
        Self { short: joined(&without_generics(&tokens)), full: joined(&tokens) }
    }

    /// Whether `listed` means this: written out, or without any generics.
    fn is_meant_by(&self, listed: &Word) -> bool {
        listed.full == self.full || listed.full == self.short
    }
}

/// The name of a function in its file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Name {
    /// The type or the module inside of the file that it belongs to.
    pub owner: Option<Word>,
    pub of_trait: Option<Word>,
    /// The function's own word; the table's, for a row.
    pub word: String,
    pub row: Option<Word>,
}

impl Name {
    /// From an entry of `exercises.toml`, less its file: `Shape::numel`, `<Shape as Debug>::fmt`,
    /// `RULES[Mul]`.
    pub fn listed(text: &str) -> Self {
        let text = text.trim();
        let (text, row) = match text.strip_suffix(']').and_then(|open| open.split_once('[')) {
            Some((table, row)) => (table, Some(Word::new(row))),
            None => (text, None),
        };
        let (owner, of_trait, word) = match last_split(text, "::") {
            Some((qualified, word)) => {
                let inner = qualified.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
                match inner.and_then(|inner| last_split(inner, " as ")) {
                    Some((owner, of)) => (Some(Word::new(owner)), Some(Word::new(of)), word),
                    None => (Some(Word::new(inner.unwrap_or(qualified))), None, word),
                }
            }
            None => (None, None, text),
        };
        Self { owner, of_trait, word: word.to_string(), row }
    }

    /// Whether `listed` means this function, or the whole table that this row is in.
    pub fn is_meant_by(&self, listed: &Name) -> bool {
        let same = |ours: &Option<Word>, listed: &Option<Word>| match (ours, listed) {
            (Some(ours), Some(listed)) => ours.is_meant_by(listed),
            (None, None) => true,
            _ => false,
        };
        let row = listed.row.is_none() || same(&self.row, &listed.row);
        row && self.word == listed.word
            && same(&self.owner, &listed.owner)
            && same(&self.of_trait, &listed.of_trait)
    }
}

/// As it can be put into `exercises.toml`.
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spaced = |word: &Word| word.full.replace(',', ", ").replace(';', "; ");
        match (&self.owner, &self.of_trait) {
            (Some(owner), Some(of)) => write!(f, "<{} as {}>::", spaced(owner), spaced(of))?,
            (Some(owner), None) => write!(f, "{}::", spaced(owner))?,
            _ => {}
        }
        write!(f, "{}", self.word)?;
        self.row.iter().try_for_each(|row| write!(f, "[{}]", spaced(row)))
    }
}

/// Splits at the last `at` that is in no brackets.
fn last_split<'a>(text: &'a str, at: &str) -> Option<(&'a str, &'a str)> {
    let (mut depth, mut found) = (0, None);
    for (i, c) in text.char_indices() {
        match c {
            '>' if text[..i].ends_with('-') => {} // an arrow
            '<' | '[' | '(' => depth += 1,
            '>' | ']' | ')' => depth -= 1,
            _ if depth == 0 && text[i..].starts_with(at) => found = Some(i),
            _ => {}
        }
    }
    found.map(|i| (&text[..i], &text[i + at.len()..]))
}

/// All tokens in a row, each as text; brackets are tokens, too.
pub(crate) fn flat(tokens: TokenStream) -> Vec<String> {
    let mut out = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    proc_macro2::Delimiter::Parenthesis => ("(", ")"),
                    proc_macro2::Delimiter::Bracket => ("[", "]"),
                    proc_macro2::Delimiter::Brace => ("{", "}"),
                    proc_macro2::Delimiter::None => ("", ""),
                };
                out.push(open.to_string());
                out.extend(flat(group.stream()));
                out.push(close.to_string());
            }
            token => out.push(token.to_string()),
        }
    }
    out
}

/// Without lifetimes, and the comma behind each; without brackets that are left empty.
fn without_lifetimes(tokens: Vec<String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        if token == "'" {
            tokens.next();
            tokens.next_if(|next| next == ",");
            continue;
        }
        match token == ">" && out.last().is_some_and(|last| last == "<") {
            true => drop(out.pop()),
            false => out.push(token),
        }
    }
    out
}

/// `b` of `a::b`; a turbofish is written as other generics are.
fn without_fronts(tokens: Vec<String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for token in tokens {
        let after_colons = out.ends_with(&[":".to_string(), ":".to_string()]);
        if after_colons {
            out.truncate(out.len() - 2);
            if token != "<" && out.last().is_some_and(|last| is_word(last)) {
                out.pop();
            }
        }
        out.push(token);
    }
    out
}

fn without_generics(tokens: &[String]) -> Vec<String> {
    let (mut depth, mut out) = (0, Vec::new());
    for (i, token) in tokens.iter().enumerate() {
        let arrow = token == ">" && i > 0 && tokens[i - 1] == "-";
        match token.as_str() {
            "<" => depth += 1,
            ">" if !arrow => depth -= 1,
            _ if depth == 0 => out.push(token.clone()),
            _ => {}
        }
    }
    out
}

fn is_word(token: &str) -> bool {
    token.chars().all(|c| c.is_alphanumeric() || c == '_') && !token.is_empty()
}

/// Together, with a space only between words.
fn joined(tokens: &[String]) -> String {
    let mut out = String::new();
    for (i, token) in tokens.iter().enumerate() {
        if i > 0 && is_word(token) && is_word(&tokens[i - 1]) {
            out.push(' ');
        }
        out.push_str(token);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(owner: &str, of_trait: Option<&str>, word: &str) -> Name {
        let owner = (!owner.is_empty()).then(|| Word::new(owner));
        Name { owner, of_trait: of_trait.map(Word::new), word: word.to_string(), row: None }
    }

    #[test]
    fn lifetimes_fronts_and_spaces_do_not_count() {
        for (listed, name) in [
            ("numel", found("", None, "numel")),
            ("Node::x", found("Node<'_>", None, "x")),
            ("<Shape as fmt::Debug>::fmt", found("Shape", Some("fmt::Debug"), "fmt")),
            ("<Shape as Debug>::fmt", found("crate::Shape", Some("std::fmt::Debug"), "fmt")),
            ("<Shape as From<[usize;N]>>::from", found("Shape", Some("From<[usize; N]>"), "from")),
            ("<&Tensor as ops::Neg>::neg", found("&'a Tensor", Some("Neg"), "neg")),
            ("Each::pass", found("Each<'a, O>", None, "pass")),
            ("Each<O>::pass", found("Each<'a, O>", None, "pass")),
            ("<F as Fn(f32) -> f32>::go", found("F", Some("Fn(f32) -> f32"), "go")),
        ] {
            assert!(name.is_meant_by(&Name::listed(listed)), "{listed} and {name}");
        }
    }

    #[test]
    fn what_differs_is_not_meant() {
        for (listed, name) in [
            ("Shape::numel", found("Layout", None, "numel")),
            ("Shape::fmt", found("Shape", Some("Debug"), "fmt")),
            ("<Shape as From<usize>>::from", found("Shape", Some("From<Vec<usize>>"), "from")),
            ("Tensor::neg", found("&Tensor", None, "neg")),
        ] {
            assert!(!name.is_meant_by(&Name::listed(listed)), "{listed} and {name}");
        }
    }

    #[test]
    fn a_row_is_meant_by_its_own_name_and_by_that_of_its_table() {
        let row = Name { row: Some(Word::new("tensor::Mul")), ..found("", None, "RULES") };
        assert!(row.is_meant_by(&Name::listed("RULES[Mul]")));
        assert!(row.is_meant_by(&Name::listed("RULES")));
        assert!(!row.is_meant_by(&Name::listed("RULES[Add]")));
        assert_eq!(row.to_string(), "RULES[Mul]");
    }

    #[test]
    fn a_name_is_shown_as_it_can_be_listed() {
        let name = found("Shape", Some("std::convert::From<[usize; N]>"), "from");
        assert_eq!(name.to_string(), "<Shape as From<[usize; N]>>::from");
        assert!(name.is_meant_by(&Name::listed(&name.to_string())));
    }
}
