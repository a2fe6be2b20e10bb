//! Markdown, line by line: what is prose, and words that are not used in it.

/// A line of Markdown and what it belongs to.
pub struct Line<'a> {
    pub number: usize,
    pub text: &'a str,
    pub code: bool,
}

/// A fenced block: the line that opens it, its language, and whether it is closed.
#[derive(Debug, PartialEq)]
pub struct Fence<'a> {
    pub line: usize,
    pub info: &'a str,
    pub closed: bool,
}

/// The lines of `text`, those of fenced blocks marked as code, and the blocks.
pub fn lines(text: &str) -> (Vec<Line<'_>>, Vec<Fence<'_>>) {
    let (mut lines, mut fences) = (Vec::new(), Vec::<Fence>::new());
    let mut open: Option<&str> = None;
    for (i, text) in text.lines().enumerate() {
        let trimmed = text.trim_start();
        let ticks = &trimmed[..trimmed.len() - trimmed.trim_start_matches('`').len()];
        let marks = ticks.len() >= 3;
        let code = open.is_some() || marks;
        lines.push(Line { number: i + 1, text, code });
        match open {
            None if marks => {
                open = Some(ticks);
                let info = trimmed[ticks.len()..].trim();
                fences.push(Fence { line: i + 1, info, closed: false });
            }
            Some(opened) if ticks.len() >= opened.len() && trimmed.trim_end() == ticks => {
                open = None;
                fences.iter_mut().for_each(|fence| fence.closed = true);
            }
            _ => {}
        }
    }
    (lines, fences)
}

/// A line without what stands between backticks, and without the targets of links.
pub fn said(line: &str) -> String {
    let outside: String = line.split('`').step_by(2).collect::<Vec<_>>().join(" ");
    let mut out = String::new();
    let mut rest = outside.as_str();
    while let Some((before, link)) = rest.split_once("](") {
        out.push_str(before);
        out.push(' ');
        rest = link.split_once(')').map_or("", |(_, after)| after);
    }
    out + rest
}

/// Words that belittle what the reader finds hard.
const BELITTLING: [&str; 5] = ["simply", "just", "obviously", "trivially", "of course"];

/// British forms, and what they are here.
const BRITISH: [(&str, &str); 12] = [
    ("behaviour", "behavior"),
    ("colour", "color"),
    ("neighbour", "neighbor"),
    ("favour", "favor"),
    ("centre", "center"),
    ("normalis", "normaliz"),
    ("initialis", "initializ"),
    ("optimis", "optimiz"),
    ("generalis", "generaliz"),
    ("regularis", "regulariz"),
    ("labelled", "labeled"),
    ("modelling", "modeling"),
];

/// What is not written here, with the line that it is in.
pub fn unwanted(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in lines(text).0.iter().filter(|line| !line.code) {
        let said = said(line.text).to_lowercase();
        let words: Vec<&str> =
            said.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        let spaced = format!(" {} ", words.join(" "));
        for word in BELITTLING.iter().filter(|word| spaced.contains(&format!(" {word} "))) {
            found.push(format!("line {}: without \"{word}\"", line.number));
        }
        for (british, american) in BRITISH {
            if words.iter().any(|word| word.starts_with(british)) {
                found.push(format!("line {}: \"{american}…\", not \"{british}…\"", line.number));
            }
        }
        if let Some(emoji) = line.text.chars().find(|c| is_emoji(*c)) {
            found.push(format!("line {}: without {emoji}", line.number));
        }
    }
    found
}

fn is_emoji(c: char) -> bool {
    matches!(c,
        '\u{1F000}'..='\u{1FAFF}' | '\u{2600}'..='\u{26FF}' | '\u{FE0F}' | '\u{2705}' | '\u{2728}'
        | '\u{274C}' | '\u{274E}' | '\u{2753}'..='\u{2757}' | '\u{2795}'..='\u{2797}'
        | '\u{2B50}' | '\u{2B55}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_told_from_prose() {
        let text = "a\n```rust\nlet just = 1;\n```\nb `simply` [c](obviously.md)\n````text\n```\n";
        let (lines, fences) = lines(text);
        let code: Vec<usize> = lines.iter().filter(|l| l.code).map(|l| l.number).collect();
        assert_eq!(code, [2, 3, 4, 6, 7]);
        assert_eq!(
            fences,
            [
                Fence { line: 2, info: "rust", closed: true },
                Fence { line: 6, info: "text", closed: false }
            ]
        );
        assert_eq!(unwanted(text), [""; 0]);
    }

    #[test]
    fn unwanted_words_are_named_with_their_line() {
        let text = "It is just so.\nAdjust and justify.\nOf course; the Behaviour.\nDone \u{1F389}";
        assert_eq!(
            unwanted(text),
            [
                "line 1: without \"just\"",
                "line 3: without \"of course\"",
                "line 3: \"behavior…\", not \"behaviour…\"",
                "line 4: without \u{1F389}"
            ]
        );
    }
}
