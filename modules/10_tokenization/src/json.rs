//! As much JSON as the files of tokenizers need: objects, arrays, strings, whole numbers, true,
//! false and null, and stepping over whatever else there is.
//!
//! There is no tree: a reader walks the text once, asks for what it expects, and keeps nothing
//! else. So what hostile text can make it allocate is bounded by the text's own length, and how
//! deep it can make it call by [`MAX_DEPTH`].

use std::collections::HashSet;
use std::fmt::Write;

/// How deep arrays and objects may nest. The files read here need six.
const MAX_DEPTH: usize = 64;

/// A place in a JSON text. Every method first skips white space; an error says what was expected,
/// what was found, and at which byte.
pub(crate) struct Cursor<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        // Some editors begin a file with a byte order mark.
        let at = if text.starts_with('\u{feff}') { 3 } else { 0 };
        Self { text, at, depth: 0 }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// What is said when something else than `expected` comes next.
    pub(crate) fn problem(&self, expected: &str) -> String {
        match self.rest().chars().next() {
            Some(found) => format!("expected {expected}, found {found:?} at byte {}", self.at),
            None => format!("expected {expected}, but the text ends at byte {}", self.at),
        }
    }

    /// The next byte that is not white space.
    fn peek(&mut self) -> Option<u8> {
        let space = |b: &u8| matches!(b, b' ' | b'\n' | b'\r' | b'\t');
        self.at += self.rest().bytes().take_while(space).count();
        self.rest().bytes().next()
    }

    /// Steps over `byte` if it is next.
    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// Steps over `word` if it is next.
    fn take_word(&mut self, word: &str) -> bool {
        self.peek();
        let found = self.rest().starts_with(word);
        self.at += if found { word.len() } else { 0 };
        found
    }

    /// Nothing but white space may be left.
    pub(crate) fn end(&mut self) -> Result<(), String> {
        if self.peek().is_none() { Ok(()) } else { Err(self.problem("the end of the text")) }
    }

    /// Reads an object: `field` is called with each key, and reads the value.
    ///
    /// A key that comes twice is an error: readers disagree about which of the two counts.
    pub(crate) fn object(
        &mut self,
        mut field: impl FnMut(&mut Self, String) -> Result<(), String>,
    ) -> Result<(), String> {
        let mut seen = HashSet::new();
        self.sequence(b'{', b'}', &mut |cursor| {
            let key = cursor.string()?;
            if !seen.insert(key.clone()) {
                return Err(format!(
                    "the key {key:?} comes twice, again before byte {}",
                    cursor.at
                ));
            }
            if !cursor.take(b':') {
                return Err(cursor.problem("`:`"));
            }
            field(cursor, key)
        })
    }

    /// Reads an array: `item` is called before each item, and reads it.
    pub(crate) fn array(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<(), String>,
    ) -> Result<(), String> {
        self.sequence(b'[', b']', &mut item)
    }

    fn sequence(
        &mut self,
        open: u8,
        close: u8,
        item: &mut dyn FnMut(&mut Self) -> Result<(), String>,
    ) -> Result<(), String> {
        if !self.take(open) {
            return Err(self.problem(&format!("`{}`", open as char)));
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.problem(&format!("at most {MAX_DEPTH} levels of nesting")));
        }
        if !self.take(close) {
            loop {
                item(self)?;
                if self.take(close) {
                    break;
                }
                if !self.take(b',') {
                    return Err(self.problem(&format!("`,` or `{}`", close as char)));
                }
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// Steps over a value of any kind.
    pub(crate) fn skip(&mut self) -> Result<(), String> {
        match self.peek() {
            Some(b'{') => self.object(|cursor, _| cursor.skip()),
            Some(b'[') => self.array(Self::skip),
            Some(b'"') => self.string().map(drop),
            Some(b'-' | b'0'..=b'9') => self.number().map(drop),
            _ if self.take_word("true") || self.take_word("false") || self.null() => Ok(()),
            _ => Err(self.problem("a value")),
        }
    }

    /// Steps over `null` if it is next.
    pub(crate) fn null(&mut self) -> bool {
        self.take_word("null")
    }

    /// Reads `true` or `false`.
    pub(crate) fn boolean(&mut self) -> Result<bool, String> {
        if self.take_word("true") {
            return Ok(true);
        }
        if self.take_word("false") { Ok(false) } else { Err(self.problem("`true` or `false`")) }
    }

    /// Does a value begin here that begins with `byte`: `{`, `[` or `"`?
    pub(crate) fn begins_with(&mut self, byte: u8) -> bool {
        self.peek() == Some(byte)
    }

    /// Reads the text of a number: `-0.5e+3`.
    fn number(&mut self) -> Result<&'a str, String> {
        self.peek();
        let rest = self.rest();
        let digits = |from: usize| rest[from..].bytes().take_while(u8::is_ascii_digit).count();
        let mut end = usize::from(rest.starts_with('-'));
        let whole = digits(end);
        let leading_zero = whole > 1 && rest[end..].starts_with('0');
        end += whole;
        let mut sound = whole > 0 && !leading_zero;
        if rest[end..].starts_with('.') {
            let fraction = digits(end + 1);
            sound &= fraction > 0;
            end += 1 + fraction;
        }
        if rest[end..].starts_with(['e', 'E']) {
            end += 1 + usize::from(rest[end + 1..].starts_with(['+', '-']));
            let exponent = digits(end);
            sound &= exponent > 0;
            end += exponent;
        }
        if !sound {
            return Err(self.problem("a number"));
        }
        self.at += end;
        Ok(&rest[..end])
    }

    /// Reads an id: a whole number from 0 to 2^31 - 1, in plain digits.
    pub(crate) fn id(&mut self) -> Result<i32, String> {
        self.peek();
        let start = self.at;
        let id = self.number().ok().and_then(|text| text.parse().ok()).filter(|id| *id >= 0);
        id.ok_or_else(|| {
            self.at = start;
            self.problem("an id, which is a whole number from 0 to 2^31 - 1")
        })
    }

    /// Reads a string, its escapes resolved.
    pub(crate) fn string(&mut self) -> Result<String, String> {
        if !self.take(b'"') {
            return Err(self.problem("a string"));
        }
        let mut out = String::new();
        loop {
            let special = |c: char| matches!(c, '"' | '\\' | '\0'..='\x1f');
            let plain = self.rest().find(special).unwrap_or(self.rest().len());
            out.push_str(&self.rest()[..plain]);
            self.at += plain;
            match self.rest().bytes().next() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => out.push(self.escape()?),
                _ => return Err(self.problem("the end of the string")),
            }
        }
    }

    /// Reads an escape, the backslash included.
    fn escape(&mut self) -> Result<char, String> {
        let Some(&kind) = self.rest().as_bytes().get(1) else {
            return Err(self.problem("an escape"));
        };
        let plain = match kind {
            b'"' | b'\\' | b'/' => kind as char,
            b'b' => '\x08',
            b'f' => '\x0c',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode_escape(),
            _ => return Err(self.problem("a known escape")),
        };
        self.at += 2;
        Ok(plain)
    }

    /// Reads `\uXXXX`, or two of them: beyond 16 bits, a pair of surrogates makes a character
    /// (RFC 8259, section 7).
    fn unicode_escape(&mut self) -> Result<char, String> {
        let start = self.at;
        let first = self.code_unit()?;
        let second = match first {
            0xd800..0xdc00 => Some(self.code_unit()?),
            _ => None,
        };
        let mut decoded = char::decode_utf16([first].into_iter().chain(second));
        match (decoded.next(), decoded.next()) {
            (Some(Ok(c)), None) => Ok(c),
            _ => {
                self.at = start;
                Err(self.problem("a character, or a whole pair of surrogates"))
            }
        }
    }

    /// Reads `\uXXXX`.
    fn code_unit(&mut self) -> Result<u16, String> {
        let digits = self.rest().strip_prefix("\\u").and_then(|rest| rest.get(..4));
        let unit = digits
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|digits| u16::from_str_radix(digits, 16).ok())
            .ok_or_else(|| self.problem("`\\u` and four hexadecimal digits"))?;
        self.at += 6;
        Ok(unit)
    }
}

/// Appends `text` to `out` as a JSON string.
pub(crate) fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..='\x1f' => write!(out, "\\u{:04x}", c as u32).expect("a String takes all"),
            _ => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole<'a, T>(
        json: &'a str,
        read: impl FnOnce(&mut Cursor<'a>) -> Result<T, String>,
    ) -> Result<T, String> {
        let mut cursor = Cursor::new(json);
        let value = read(&mut cursor)?;
        cursor.end().map(|()| value)
    }

    #[test]
    fn a_string_comes_back_from_its_escapes() {
        let every = (0..0x3000).filter_map(char::from_u32).collect::<String>();
        for text in [every.as_str(), "", "\u{1f980}", "\\u0041", "a\"b\\c/d"] {
            let mut json = String::new();
            write_string(text, &mut json);
            assert_eq!(whole(&json, Cursor::string).as_deref(), Ok(text));
            assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
        assert_eq!(whole(r#""\ud83e\udd80\/""#, Cursor::string).as_deref(), Ok("\u{1f980}/"));
    }

    #[test]
    fn it_takes_and_refuses_what_serde_json_does() {
        let texts = [
            "",
            " ",
            "null",
            "nul",
            "true",
            "false",
            "truefalse",
            "0",
            "-0",
            "01",
            "-",
            "1.",
            ".5",
            "1.5e-3",
            "1e",
            "1e+",
            "+1",
            "[]",
            "[1,]",
            "[,1]",
            "[1 2]",
            "[1",
            "]",
            "{}",
            "{",
            "{1:2}",
            r#"{"a":1,"b":[{},{"c":null}]}"#,
            r#"{"a" 1}"#,
            r#"{"a":1,}"#,
            r#"{"a"}"#,
            "\"",
            "\"a",
            "a\"",
            r#""\""#,
            r#""\x""#,
            r#""\u12""#,
            r#""\u12G4""#,
            r#""\u+123""#,
            r#""\ud83e""#,
            r#""\udd80""#,
            r#""\ud83e\u0041""#,
            r#""\ud83e\ud83e""#,
            r#""\ud83ea""#,
            "\"\n\"",
            "\"\\u00é\"",
            "\"é\"",
            "[1]]",
            " [ 0 ,\n-10\t]\r\n",
            "\u{a0}1",
            "Infinity",
        ];
        for text in texts {
            let theirs = serde_json::from_str::<serde_json::Value>(text);
            let ours = whole(text, Cursor::skip);
            assert_eq!(ours.is_ok(), theirs.is_ok(), "{text:?}: {ours:?}, {theirs:?}");
        }
    }

    #[test]
    fn an_id_is_a_whole_number_that_fits() {
        assert_eq!(whole(" 2147483647 ", Cursor::id), Ok(i32::MAX));
        for json in ["2147483648", "-1", "1.0", "1e3", "01", "\"1\"", "null", ""] {
            let error = whole(json, Cursor::id).unwrap_err();
            assert!(error.starts_with("expected an id"), "{json}: {error}");
        }
    }

    #[test]
    fn an_error_says_what_was_expected_and_where() {
        let error = whole(r#"{"a": [1, 2}"#, Cursor::skip).unwrap_err();
        assert_eq!(error, "expected `,` or `]`, found '}' at byte 11");
        let error = whole(r#"{"a": "#, Cursor::skip).unwrap_err();
        assert_eq!(error, "expected a value, but the text ends at byte 6");
        let error = whole(r#"{"a":1,"\u0061":2}"#, Cursor::skip).unwrap_err();
        assert_eq!(error, "the key \"a\" comes twice, again before byte 15");
    }

    #[test]
    fn nesting_too_deep_is_an_error_and_no_stack_overflow() {
        let deep = |n: usize| "[".repeat(n) + &"]".repeat(n);
        assert_eq!(whole(&deep(MAX_DEPTH), Cursor::skip), Ok(()));
        assert!(whole(&deep(MAX_DEPTH + 1), Cursor::skip).unwrap_err().contains("64 levels"));
        assert!(whole(&"[".repeat(1_000_000), Cursor::skip).is_err());
    }
}
