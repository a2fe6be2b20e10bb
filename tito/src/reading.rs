//! Markdown for a terminal: wrapped paragraphs, lists, code as it is.

use crate::terminal::Terminal;

/// The text, as lines of at most the terminal's width where it can be broken.
pub fn markdown(text: &str, terminal: &Terminal) -> String {
    let mut page = Page { terminal, lines: Vec::new(), paragraph: Vec::new() };
    let mut fence = None;
    for line in text.lines() {
        let bare = line.trim_start();
        if bare.starts_with("```") {
            page.close();
            fence = match fence {
                None => Some(bare.trim_start_matches('`').trim().to_owned()),
                Some(_) => None,
            };
        } else if let Some(language) = &fence {
            // rustdoc compiles lines that begin with `# ` and does not show them.
            if !(language.starts_with("rust") && (bare == "#" || bare.starts_with("# "))) {
                page.lines.push(format!("    {}", page.terminal.dim(line)));
            }
        } else {
            page.take(line);
        }
    }
    page.close();
    page.lines.join("\n")
}

struct Page<'a> {
    terminal: &'a Terminal,
    lines: Vec<String>,
    paragraph: Vec<&'a str>,
}

impl<'a> Page<'a> {
    fn take(&mut self, line: &'a str) {
        let bare = line.trim();
        if bare.is_empty() {
            self.close();
            if self.lines.last().is_some_and(|last| !last.is_empty()) {
                self.lines.push(String::new());
            }
        } else if bare.starts_with('#') {
            self.close();
            self.lines.push(self.terminal.bold(bare.trim_start_matches('#').trim()));
        } else if bare.starts_with('|') || bare.starts_with("![") {
            self.close();
            self.lines.push(line.to_owned()); // tables are already in columns
        } else if is_item(bare) {
            self.close();
            self.paragraph.push(line);
        } else {
            self.paragraph.push(line);
        }
    }

    fn close(&mut self) {
        if self.paragraph.is_empty() {
            return;
        }
        let first = self.paragraph[0];
        let margin = first.len() - first.trim_start().len();
        let text = self.paragraph.join(" ");
        let wrapped = match is_item(first.trim_start()) {
            true => {
                let (mark, rest) = text.trim_start().split_once(' ').unwrap_or((&text, ""));
                let indent = margin + mark.chars().count() + 1;
                self.terminal.hang(&format!("{:margin$}{mark} ", ""), rest, indent)
            }
            false => self.terminal.wrap(&text, margin),
        };
        self.lines.push(wrapped);
        self.paragraph.clear();
    }
}

/// Whether a line begins an item of a list: `- `, `* `, `1. `.
fn is_item(line: &str) -> bool {
    let (mark, rest) = line.split_once(' ').unwrap_or((line, ""));
    let number = mark.strip_suffix('.').is_some_and(|it| it.parse::<u32>().is_ok());
    !rest.is_empty() && (mark == "-" || mark == "*" || number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_are_joined_and_code_is_left_alone() {
        let text = "# Title\n\nOne two\nthree.\n\n- an item\n  that goes on\n- another\n\n\
                    ```rust\n# use hidden;\nlet x = 1;\n```\n| a | b |\n";
        let shown = markdown(text, &Terminal::plain());
        assert_eq!(
            shown,
            "Title\n\nOne two three.\n\n- an item that goes on\n- another\n\n    let x = 1;\n\
             | a | b |"
        );
    }
}
