//! Changes to a text by byte ranges, and the ranges that leave no trace behind.

use std::ops::Range;

/// `text` with each range replaced. The ranges do not overlap.
pub(crate) fn apply(text: &str, mut edits: Vec<(Range<usize>, String)>) -> String {
    edits.sort_by_key(|(range, _)| (range.start, range.end));
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (range, with) in edits {
        out.push_str(&text[done..range.start]);
        out.push_str(&with);
        done = range.end;
    }
    out + &text[done..]
}

/// The white space in front of the line that holds `position`.
pub(crate) fn indent(text: &str, position: usize) -> &str {
    let line = &text[line_start(text, position)..];
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// The item at `item`, with the comments that stand right above it, its whole lines, and the blank
/// lines that would be left over.
pub(crate) fn whole(text: &str, item: Range<usize>) -> Range<usize> {
    let mut start = line_start(text, item.start);
    while start > 0 {
        let above = line_start(text, start - 1);
        let line = text[above..start].trim_start();
        // `//!` belongs to what the item is in.
        if !line.starts_with("//") || line.starts_with("//!") {
            break;
        }
        start = above;
    }
    let mut end = line_end(text, item.end);
    let (before, after) = (text[..start].trim_end(), skip_blank_lines(&text[end..]));
    if before.is_empty() || before.ends_with('{') {
        end = text.len() - after.len();
    } else if after.len() < text[end..].len()
        || after.trim().is_empty()
        || after.trim_start().starts_with('}')
    {
        start = line_end(text, before.len());
    }
    start..end
}

fn line_start(text: &str, position: usize) -> usize {
    text[..position].rfind('\n').map_or(0, |i| i + 1)
}

/// Behind the end of the line that holds `position`.
fn line_end(text: &str, position: usize) -> usize {
    text[position..].find('\n').map_or(text.len(), |i| position + i + 1)
}

fn skip_blank_lines(mut text: &str) -> &str {
    while let Some((line, rest)) = text.split_once('\n') {
        if !line.trim().is_empty() {
            break;
        }
        text = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without(text: &str, item: &str) -> String {
        let start = text.find(item).expect("is in the text");
        let range = whole(text, start..start + item.len());
        apply(text, vec![(range, String::new())])
    }

    #[test]
    fn edits_apply_in_any_order_given() {
        let edits = vec![(4..5, "E".to_string()), (0..1, String::new()), (2..2, "--".to_string())];
        assert_eq!(apply("abcdef", edits), "b--cdEf");
    }

    #[test]
    fn an_item_leaves_neither_its_comments_nor_blank_lines_behind() {
        let text = "a\n\n// about x\n  x {\n  } // more\n\nb\n";
        assert_eq!(without(text, "x {\n  }"), "a\n\nb\n");
        assert_eq!(without("a {\n    x\n\n    b\n}\n", "x"), "a {\n    b\n}\n");
        assert_eq!(without("a {\n    b\n\n    x\n}\n", "x"), "a {\n    b\n}\n");
        assert_eq!(without("a\n\nx\n", "x"), "a\n");
        assert_eq!(without("x\n\na\n", "x"), "a\n");
        assert_eq!(without("//! a\n\nx\nb\n", "x"), "//! a\n\nb\n");
    }

    #[test]
    fn the_indent_is_that_of_the_line() {
        assert_eq!(indent("a\n    b c\n", 8), "    ");
        assert_eq!(indent("b c", 2), "");
    }
}
