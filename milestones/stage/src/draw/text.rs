//! How wide text is on a terminal, and how it is made to fit.

use super::Style;

/// The columns that `text` takes in a terminal; escape sequences for colors take none.
pub(crate) fn columns(text: &str) -> usize {
    let mut chars = text.chars();
    let mut columns = 0;
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            chars.by_ref().find(|c| *c == 'm');
        } else {
            columns += char_columns(c);
        }
    }
    columns
}

/// The columns of one character: 0 for marks that sit on the one before and for control and
/// format characters, 2 for East Asian wide ones and emoji, else 1.
///
/// The ranges are the blocks of Unicode 16 in which such characters live, not the full table of
/// UAX #11: a rare character may be counted one column too wide.
pub(crate) fn char_columns(c: char) -> usize {
    match c as u32 {
        0x20..=0x7e | 0xa1..=0xac | 0xae..=0x2ff => 1,
        0x00..=0x1f | 0x7f..=0xa0 | 0xad => usize::from(c == '\u{a0}'),
        0x300..=0x36f | 0x483..=0x489 | 0x591..=0x5bd | 0x610..=0x61a | 0x64b..=0x65f => 0,
        0x93c | 0x941..=0x948 | 0x94d | 0xe31 | 0xe34..=0xe3a | 0xe47..=0xe4e => 0,
        0x1ab0..=0x1aff | 0x1dc0..=0x1dff | 0x20d0..=0x20ff | 0xfe20..=0xfe2f => 0,
        0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0xfeff | 0xfe00..=0xfe0f => 0,
        0xe0000..=0xe0fff => 0,
        0x1100..=0x115f | 0x2e80..=0x303e | 0x3041..=0x33ff | 0x3400..=0x4dbf => 2,
        0x4e00..=0xa4cf | 0xa960..=0xa97f | 0xac00..=0xd7a3 | 0xf900..=0xfaff => 2,
        0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6 => 2,
        0x231a..=0x231b | 0x23e9..=0x23ec | 0x23f0 | 0x23f3 | 0x2705 | 0x274c | 0x2728 => 2,
        0x2614..=0x2615 | 0x2648..=0x2653 | 0x26a1 | 0x26bd..=0x26be | 0x2753..=0x2755 => 2,
        0x1f000..=0x1faff | 0x20000..=0x3fffd | 0x16fe0..=0x18fff => 2,
        _ => 1,
    }
}

/// `text` without what would break a drawing: control and format characters become spaces, and
/// whatever is not ASCII becomes `?` where the terminal shows no Unicode.
pub(crate) fn clean(text: &str, style: Style) -> String {
    let clean = |c: char| match c {
        c if c.is_control() => ' ',
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => ' ',
        c if !style.unicode && !c.is_ascii() => '?',
        c => c,
    };
    text.chars().map(clean).collect()
}

/// `text`, cleaned and cut to at most `most` columns; a mark at its end says that it was cut.
pub(crate) fn fit(text: &str, most: usize, style: Style) -> String {
    let text = clean(text, style);
    if columns(&text) <= most {
        return text;
    }
    let mut out = String::new();
    let mut used = 1; // the mark
    for c in text.chars() {
        used += char_columns(c);
        if used > most {
            break;
        }
        out.push(c);
    }
    if most > 0 {
        out.push(if style.unicode { '…' } else { '~' });
    }
    out
}

/// `text` with spaces before it, `width` columns in all.
pub(crate) fn right(text: &str, width: usize) -> String {
    " ".repeat(width.saturating_sub(columns(text))) + text
}

/// `text` with spaces after it, `width` columns in all.
pub(crate) fn left(text: &str, width: usize) -> String {
    text.to_owned() + &" ".repeat(width.saturating_sub(columns(text)))
}

/// `text` with spaces around it, `width` columns in all; an odd space goes after it.
pub(crate) fn center(text: &str, width: usize) -> String {
    let before = width.saturating_sub(columns(text)) / 2;
    left(&(" ".repeat(before) + text), width)
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNICODE: Style = Style { width: 80, color: false, unicode: true };

    #[test]
    fn wide_characters_take_two_columns_and_marks_none() {
        assert_eq!(columns("abc"), 3);
        assert_eq!(columns("数字"), 4);
        assert_eq!(columns("e\u{301}"), 1);
        assert_eq!(columns("⣿░▀│"), 4);
        assert_eq!(columns("\u{1b}[0;38;5;34mok\u{1b}[0m"), 2);
    }

    #[test]
    fn text_is_cut_with_a_mark_and_never_too_wide() {
        assert_eq!(fit("perceptron", 6, UNICODE), "perce…");
        assert_eq!(fit("perceptron", 6, Style::default()), "perce~");
        assert_eq!(fit("数字数字", 4, UNICODE), "数…");
        assert_eq!(fit("数字", 4, UNICODE), "数字");
        assert_eq!(fit("abc", 0, UNICODE), "");
    }

    #[test]
    fn control_characters_never_reach_the_terminal() {
        assert_eq!(clean("a\nb\u{1b}[2J\u{202e}", UNICODE), "a b [2J ");
        assert_eq!(clean("naïve", Style::default()), "na?ve");
    }

    #[test]
    fn padding_counts_columns_not_characters() {
        assert_eq!(right("数", 4), "  数");
        assert_eq!(left("数", 4), "数  ");
        assert_eq!(center("ab", 5), " ab  ");
        assert_eq!(center("abcdef", 5), "abcdef");
    }
}
