//! As much JSON as the header of a safetensors file is made of: objects, arrays of whole numbers,
//! strings. Strict, without recursion (the format nests three deep, and so do its readers), and
//! without a tree: a reader walks the text once and takes what it expects.

use std::collections::BTreeSet;
use std::fmt::Write;

/// A place in a JSON text. Every method first skips white space.
pub(crate) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// What has not been read.
    pub(crate) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn problem(&self, expected: &str) -> String {
        match self.rest().chars().next() {
            Some(found) => format!("expected {expected}, found {found:?} at byte {}", self.at),
            None => format!("expected {expected}, but the header ends at byte {}", self.at),
        }
    }

    fn skip_space(&mut self) {
        let space = |b: &u8| matches!(b, b' ' | b'\n' | b'\r' | b'\t');
        self.at += self.rest().bytes().take_while(space).count();
    }

    /// Steps over `byte` if it is next.
    fn take(&mut self, byte: u8) -> bool {
        self.skip_space();
        let found = self.rest().as_bytes().first() == Some(&byte);
        self.at += usize::from(found);
        found
    }

    /// Reads an object: `field` is called with each key, and reads the value.
    ///
    /// A key that comes twice is an error: readers disagree about which of the two counts, so that
    /// one file could show two faces.
    pub(crate) fn object(
        &mut self,
        mut field: impl FnMut(&mut Self, String) -> Result<(), String>,
    ) -> Result<(), String> {
        let mut seen = BTreeSet::new();
        self.sequence(b'{', b'}', |cursor| {
            let key = cursor.string()?;
            if !seen.insert(key.clone()) {
                return Err(format!("the key {key:?} comes twice"));
            }
            if !cursor.take(b':') {
                return Err(cursor.problem("`:`"));
            }
            field(cursor, key)
        })
    }

    /// Reads an array of whole numbers.
    pub(crate) fn integers(&mut self) -> Result<Vec<u64>, String> {
        let mut numbers = Vec::new();
        self.sequence(b'[', b']', |cursor| {
            numbers.push(cursor.integer()?);
            Ok(())
        })?;
        Ok(numbers)
    }

    fn sequence(
        &mut self,
        open: u8,
        close: u8,
        mut item: impl FnMut(&mut Self) -> Result<(), String>,
    ) -> Result<(), String> {
        if !self.take(open) {
            return Err(self.problem(&format!("`{}`", open as char)));
        }
        if self.take(close) {
            return Ok(());
        }
        loop {
            item(self)?;
            if self.take(close) {
                return Ok(());
            }
            if !self.take(b',') {
                return Err(self.problem(&format!("`,` or `{}`", close as char)));
            }
        }
    }

    /// Reads a number without sign, point, exponent or leading zero.
    fn integer(&mut self) -> Result<u64, String> {
        self.skip_space();
        let digits = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = self.rest().split_at(digits);
        if after.starts_with(['.', 'e', 'E']) || (digits > 1 && number.starts_with('0')) {
            return Err(self.problem("a whole number in plain digits"));
        }
        let value = number.parse().map_err(|_| self.problem("a whole number below 2^64"))?;
        self.at += digits;
        Ok(value)
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
            match self.rest().as_bytes().first() {
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
            b'u' => {
                let first = self.code_unit()?;
                // Beyond 16 bits, two units make a character (RFC 8259, section 7).
                let units = if (0xd800..0xdc00).contains(&first) {
                    vec![first, self.code_unit()?]
                } else {
                    vec![first]
                };
                let mut decoded = char::decode_utf16(units);
                return match (decoded.next(), decoded.next()) {
                    (Some(Ok(c)), None) => Ok(c),
                    _ => Err(self.problem("a pair of surrogates before this")),
                };
            }
            _ => return Err(self.problem("a known escape")),
        };
        self.at += 2;
        Ok(plain)
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

/// Appends `text` to `out` as a JSON string, escaped as `serde_json` does, so that our files are
/// the reference's byte for byte.
pub(crate) fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
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

    fn read_string(json: &str) -> Result<String, String> {
        let mut cursor = Cursor::new(json);
        let string = cursor.string()?;
        if cursor.rest().is_empty() { Ok(string) } else { Err(cursor.rest().to_string()) }
    }

    #[test]
    fn a_string_comes_back_from_its_escapes() {
        let every = (0..0x300).filter_map(char::from_u32).collect::<String>();
        for text in [every.as_str(), "", "\u{1f980}", "\\u0041", "a\"b\\c/d"] {
            let mut json = String::new();
            write_string(text, &mut json);
            assert_eq!(read_string(&json).as_deref(), Ok(text));
        }
        assert_eq!(read_string(r#""\ud83e\udd80\/""#).as_deref(), Ok("\u{1f980}/"));
    }

    #[test]
    fn broken_strings_are_errors() {
        for json in [
            "",
            "\"",
            "\"a",
            "a\"",
            "\"\\\"",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\u12G4\"",
            "\"\\u+123\"",
            "\"\\ud83e\"",
            "\"\\udd80\"",
            "\"\\ud83e\\u0041\"",
            "\"\\ud83ea\"",
            "\"\n\"",
            "\"\\u00é\"",
        ] {
            assert!(read_string(json).is_err(), "{json:?} was taken for a string");
        }
    }

    #[test]
    fn only_plain_whole_numbers_are_numbers() {
        let read = |json| Cursor::new(json).integers();
        assert_eq!(read("[]"), Ok(vec![]));
        assert_eq!(read(" [ 0 ,\n 10,18446744073709551615 ] "), Ok(vec![0, 10, u64::MAX]));
        for json in [
            "[01]",
            "[-1]",
            "[1.0]",
            "[1e3]",
            "[+1]",
            "[18446744073709551616]",
            "[1,]",
            "[,1]",
            "[1 2]",
            "[1",
            "[\"1\"]",
            "[null]",
            "[[1]]",
            "",
        ] {
            assert!(read(json).is_err(), "{json} was taken for an array of whole numbers");
        }
    }

    #[test]
    fn a_key_that_comes_twice_is_an_error_however_it_is_spelled() {
        let keys = |json| Cursor::new(json).object(|cursor, _| cursor.string().map(drop));
        assert_eq!(keys(r#"{"a":"1","b":"2"}"#), Ok(()));
        let error = keys(r#"{"a":"1","\u0061":"2"}"#).unwrap_err();
        assert!(error.contains("twice"), "{error}");
    }
}
