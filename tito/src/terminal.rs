//! What is at the other end of our output, and how to write for it.
//!
//! Results go to stdout, progress and remarks to stderr, so that `tito ... > file` keeps what
//! matters. Color, characters beyond ASCII and moving bars are used only where they can be shown:
//! `NO_COLOR`, `TERM=dumb`, `LANG=C` and pipes are heeded.

use std::cell::{Cell, RefCell};
use std::env;
use std::fmt::Display;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;

use stage::Style;

/// Columns where nobody can say how many there are.
const USUAL_WIDTH: usize = 80;
/// Longer lines are hard to read, however wide the window.
const WIDEST: usize = 100;

/// What can be shown, and where to write it.
#[derive(Debug)]
pub struct Terminal {
    /// Columns, color and characters of stdout.
    pub style: Style,
    /// Whether stderr is a terminal, so that a progress bar may move on it.
    pub bars: bool,
    /// Whether stderr shows color.
    colored_errors: bool,
    /// Whether the terminal hands over single keys and so wants a return before each new line.
    raw: Cell<bool>,
    /// Where text goes instead of the process's own stdout and stderr, for tests.
    memory: Option<RefCell<[Vec<u8>; 2]>>,
}

/// Which of the two streams.
#[derive(Clone, Copy)]
enum Stream {
    Out,
    Err,
}

impl Terminal {
    /// What this process is connected to.
    pub fn detect() -> Terminal {
        let (out, err) = (io::stdout().is_terminal(), io::stderr().is_terminal());
        let variable = |name: &str| env::var(name).unwrap_or_default();
        let dumb = variable("TERM") == "dumb";
        let columns = terminal_size::terminal_size_of(io::stdout());
        let width = columns.map_or(USUAL_WIDTH, |(terminal_size::Width(columns), _)| {
            usize::from(columns).min(WIDEST)
        });
        let plain = dumb || !variable("NO_COLOR").is_empty();
        Terminal {
            style: Style { width, color: out && !plain, unicode: speaks_unicode(variable) },
            bars: err && !dumb,
            colored_errors: err && !plain,
            raw: Cell::new(false),
            memory: None,
        }
    }

    /// A terminal of this style that nobody looks at: for what only needs to know how to format.
    pub fn styled(style: Style) -> Terminal {
        Terminal { style, ..Terminal::plain() }
    }

    /// Whether stdout is a terminal.
    pub fn is_terminal(&self) -> bool {
        self.memory.is_none() && io::stdout().is_terminal()
    }

    /// From here on, lines end as a terminal wants them that hands over single keys.
    pub fn set_raw(&self, raw: bool) {
        self.raw.set(raw);
    }

    /// An empty screen.
    pub fn clear(&self) {
        // Nobody looks at a closed terminal.
        let _ = self.write(Stream::Out, b"\x1b[2J\x1b[H");
    }

    /// A terminal without color, bars or characters beyond ASCII, 80 columns wide, that keeps
    /// what is written: for words that are looked at by a program.
    pub fn plain() -> Terminal {
        Terminal {
            style: Style::default(),
            bars: false,
            colored_errors: false,
            raw: Cell::new(false),
            memory: Some(RefCell::default()),
        }
    }

    /// What was written to stdout and stderr of a plain terminal.
    #[cfg(test)]
    pub fn written(&self) -> (String, String) {
        let [out, err] = self.memory.as_ref().expect("a plain terminal").borrow().clone();
        (String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    }

    fn write(&self, stream: Stream, bytes: &[u8]) -> io::Result<()> {
        if self.raw.get() {
            let text = String::from_utf8_lossy(bytes).replace('\n', "\r\n");
            return match stream {
                Stream::Out => {
                    let mut out = io::stdout().lock();
                    out.write_all(text.as_bytes()).and_then(|()| out.flush())
                }
                Stream::Err => io::stderr().lock().write_all(text.as_bytes()),
            };
        }
        match (&self.memory, stream) {
            (Some(memory), _) => memory.borrow_mut()[stream as usize].write_all(bytes),
            (None, Stream::Out) => {
                let mut out = io::stdout().lock();
                out.write_all(bytes).and_then(|()| out.flush())
            }
            (None, Stream::Err) => io::stderr().lock().write_all(bytes),
        }
    }

    /// A reader that has gone away (`tito milestone list | head -1`) ends the process quietly.
    fn print_bytes(&self, mut bytes: Vec<u8>) {
        bytes.push(b'\n');
        if self.write(Stream::Out, &bytes).is_err() {
            std::process::exit(0);
        }
    }

    /// Writes a result to stdout.
    pub fn print(&self, text: impl AsRef<str>) {
        self.print_bytes(self.fit(text.as_ref()).into_bytes());
    }

    /// Shows a prompt and reads the line that is typed after it; `None` at the end of the input.
    pub fn ask(&self, prompt: &str) -> Option<String> {
        let text = format!("{} ", self.bold(&self.fit(prompt)));
        if self.memory.is_some() || self.write(Stream::Out, text.as_bytes()).is_err() {
            return None;
        }
        let mut line = Vec::new();
        let read = io::stdin().lock().read_until(b'\n', &mut line).unwrap_or(0);
        if read == 0 {
            self.print(""); // the prompt's line ends all the same
            return None;
        }
        Some(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']).to_owned())
    }

    /// Writes JSON to stdout as it is: JSON is UTF-8 whatever the locale.
    pub fn print_json(&self, json: &str) {
        self.print_bytes(json.as_bytes().to_vec());
    }

    /// Writes a path to stdout byte for byte: programs read it.
    pub fn print_exactly(&self, path: &Path) {
        self.print_bytes(path.as_os_str().as_encoded_bytes().to_vec());
    }

    /// Writes a remark to stderr.
    pub fn remark(&self, text: impl AsRef<str>) {
        // Nobody listens on a closed stderr; the work goes on.
        let _ = self.write(Stream::Err, format!("{}\n", self.fit(text.as_ref())).as_bytes());
    }

    /// Writes to stderr why a command, or a part of it, failed.
    pub fn complain(&self, what: impl Display) {
        let word = if self.colored_errors { "\x1b[1;31merror:\x1b[0m" } else { "error:" };
        self.remark(format!("{word} {what}"));
    }

    /// The text in bold, where that can be shown.
    pub fn bold(&self, text: &str) -> String {
        self.painted(text, "1")
    }

    /// The text in a quieter color.
    pub fn dim(&self, text: &str) -> String {
        self.painted(text, "2")
    }

    /// The text as good news.
    pub fn green(&self, text: &str) -> String {
        self.painted(text, "32")
    }

    /// The text as bad news.
    pub fn red(&self, text: &str) -> String {
        self.painted(text, "31")
    }

    fn painted(&self, text: &str, code: &str) -> String {
        if self.style.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// The text with every character that the terminal can't show replaced by one that it can.
    pub fn fit(&self, text: &str) -> String {
        if self.style.unicode || text.is_ascii() {
            return text.to_owned();
        }
        text.chars().fold(String::with_capacity(text.len()), |mut fitted, c| {
            if c.is_ascii() {
                fitted.push(c)
            } else {
                fitted.push_str(in_ascii(c))
            }
            fitted
        })
    }

    /// The text as a paragraph: broken between words at the terminal's width, each line indented.
    pub fn wrap(&self, text: &str, indent: usize) -> String {
        let room = self.style.width.max(20) - indent;
        let mut lines: Vec<String> = Vec::new();
        for word in text.split_whitespace() {
            match lines.last_mut() {
                Some(line) if line.chars().count() + 1 + word.chars().count() <= room => {
                    line.push(' ');
                    line.push_str(word);
                }
                _ => lines.push(word.to_owned()),
            }
        }
        let margin = " ".repeat(indent);
        lines.iter().map(|line| format!("{margin}{line}")).collect::<Vec<_>>().join("\n")
    }

    /// A paragraph whose first line begins with a label: `mnist      70,000 handwritten ...`.
    pub fn hang(&self, label: &str, text: &str, indent: usize) -> String {
        let wrapped = self.wrap(text, indent);
        format!("{label:<indent$}{}", wrapped.get(indent..).unwrap_or_default())
    }
}

/// Whether the locale's characters are UTF-8, by the order in which C libraries look.
///
/// On Windows the console takes UTF-8 from Rust's standard library whatever the locale.
fn speaks_unicode(variable: impl Fn(&str) -> String) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().map(variable).find(|it| !it.is_empty());
    match locale {
        Some(name) => {
            let name = name.to_ascii_lowercase();
            name.contains("utf-8") || name.contains("utf8")
        }
        None => cfg!(windows),
    }
}

/// The nearest thing to a character in ASCII.
fn in_ascii(c: char) -> &'static str {
    match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' => "-",
        '\u{2018}' | '\u{2019}' => "'",
        '\u{201c}' | '\u{201d}' => "\"",
        '\u{2026}' => "...",
        '\u{d7}' => "x",
        '\u{b7}' | '\u{2022}' => "*",
        '\u{2264}' => "<=",
        '\u{2265}' => ">=",
        '\u{2192}' => "->",
        '\u{2190}' => "<-",
        '\u{b1}' => "+-",
        '\u{2713}' | '\u{2714}' => "+",
        '\u{2717}' => "x",
        '\u{a0}' => " ",
        '\u{2500}' | '\u{2501}' => "-",
        '\u{2502}' => "|",
        '\u{251c}' | '\u{2514}' => "+",
        '\u{25cf}' => "#",
        '\u{25d0}' => "=",
        '\u{25c9}' => "@",
        '\u{25cb}' => "o",
        '\u{2605}' => "*",
        '\u{2606}' => "+",
        'à'..='å' => "a",
        'ç' => "c",
        'è'..='ë' => "e",
        'ì'..='ï' => "i",
        'ñ' => "n",
        'ò'..='ö' | 'ø' => "o",
        'ù'..='ü' => "u",
        _ => "?",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terminal(width: usize, color: bool, unicode: bool) -> Terminal {
        Terminal { style: Style { width, color, unicode }, ..Terminal::plain() }
    }

    fn locale(set: &[(&str, &str)]) -> bool {
        speaks_unicode(|name| {
            set.iter().find(|(key, _)| *key == name).map_or(String::new(), |it| it.1.to_owned())
        })
    }

    #[test]
    fn the_first_set_locale_variable_decides() {
        assert!(locale(&[("LANG", "en_US.UTF-8")]));
        assert!(locale(&[("LC_CTYPE", "C.utf8"), ("LANG", "C")]));
        assert!(!locale(&[("LC_ALL", "C"), ("LANG", "en_US.UTF-8")]));
        assert!(!locale(&[("LC_ALL", ""), ("LANG", "C")]));
        assert_eq!(locale(&[]), cfg!(windows));
    }

    #[test]
    fn text_is_put_into_ascii_where_nothing_else_can_be_shown() {
        let text = "at least 95\u{a0}% \u{2192} \u{201c}caf\u{e9}\u{201d}\u{2026}";
        assert_eq!(terminal(80, false, false).fit(text), "at least 95 % -> \"cafe\"...");
        assert_eq!(terminal(80, false, true).fit(text), text);
    }

    #[test]
    fn color_is_added_only_where_it_can_be_shown() {
        assert_eq!(terminal(80, true, true).red("no"), "\x1b[31mno\x1b[0m");
        assert_eq!(terminal(80, false, true).red("no"), "no");
    }

    #[test]
    fn paragraphs_break_between_words_within_the_width() {
        let wrapped = terminal(20, false, true).wrap("one two three\nfour five  six", 2);
        assert_eq!(wrapped, "  one two three four\n  five six");
        let hung = terminal(20, false, true).hang("  a", "one two three four", 6);
        assert_eq!(hung, "  a   one two three\n      four");
        let long = terminal(20, false, true).wrap("abcdefghijklmnopqrstuvwxyz", 0);
        assert_eq!(long, "abcdefghijklmnopqrstuvwxyz", "a long word is not cut");
    }
}
