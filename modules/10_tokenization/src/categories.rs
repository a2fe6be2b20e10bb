//! Which characters are letters, numbers and spaces, as GPT-2's pattern means them.
//!
//! The standard library's `is_alphabetic` and `is_numeric` are other sets than `\p{L}` and `\p{N}`:
//! `is_alphabetic` has vowel signs, which are marks (`U+0903`), and Roman numerals, which are
//! numbers (`U+2160`). So the tables of [`unicode_tables`](crate::unicode_tables) are searched.

use crate::unicode_tables::{LETTERS, NUMBERS};

/// The four kinds of characters that GPT-2's pattern tells apart. Each character is of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    /// `\p{L}`: letters of all scripts, with or without case. Not the marks written over them.
    Letter,
    /// `\p{N}`: digits of all scripts, Roman numerals, fractions, numbers in circles.
    Number,
    /// `\s`: spaces of all widths, tabs, ends of lines. Unicode's `White_Space`, 25 characters.
    Space,
    /// Everything else: punctuation, symbols, emoji, marks, controls, unassigned code points.
    Other,
}

impl Category {
    /// The category of `character` in Unicode 16.0.
    pub fn of(character: char) -> Self {
        match character {
            'a'..='z' | 'A'..='Z' => Self::Letter,
            '0'..='9' => Self::Number,
            ' ' | '\t'..='\r' => Self::Space,
            '\0'..='\x7f' => Self::Other,
            _ if inside(&LETTERS, character) => Self::Letter,
            _ if character.is_whitespace() => Self::Space,
            _ if inside(&NUMBERS, character) => Self::Number,
            _ => Self::Other,
        }
    }
}

/// Is `character` in the set with these borders? It is if it has passed an odd number of them.
fn inside(borders: &[u32], character: char) -> bool {
    borders.partition_point(|&border| border <= character as u32) % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_cut_for_ascii_says_what_the_tables_say() {
        for c in (0..0x80).filter_map(char::from_u32) {
            let category = Category::of(c);
            assert_eq!(category == Category::Letter, inside(&LETTERS, c), "{c:?}");
            assert_eq!(category == Category::Number, inside(&NUMBERS, c), "{c:?}");
            assert_eq!(category == Category::Space, c.is_whitespace(), "{c:?}");
        }
    }

    #[test]
    fn the_tables_are_sorted_and_closed() {
        for borders in [&LETTERS[..], &NUMBERS[..]] {
            assert!(borders.is_sorted_by(|a, b| a < b));
            assert!(borders.len() % 2 == 0);
        }
    }

    #[test]
    fn no_character_is_of_two_kinds() {
        for c in (0..=0x10ffff).filter_map(char::from_u32) {
            let kinds = [inside(&LETTERS, c), inside(&NUMBERS, c), c.is_whitespace()];
            assert!(kinds.iter().filter(|&&kind| kind).count() <= 1, "{c:?}");
        }
    }

    #[test]
    fn they_are_not_the_sets_of_the_standard_library() {
        for (c, category) in [
            ('\u{903}', Category::Other),   // a vowel sign: alphabetic for std
            ('\u{2160}', Category::Number), // Roman numeral one: alphabetic for std
            ('\u{24b6}', Category::Other),  // A in a circle: alphabetic for std
            ('\u{301}', Category::Other),   // a combining accent
            ('\u{4e00}', Category::Letter), // the Chinese sign for one
            ('\u{664}', Category::Number),
            ('\u{bd}', Category::Number),
            ('\u{3000}', Category::Space),
            ('\u{200b}', Category::Other), // no White_Space, whatever its name says
            ('\u{e000}', Category::Other),
        ] {
            assert_eq!(Category::of(c), category, "{c:?}");
        }
    }
}
