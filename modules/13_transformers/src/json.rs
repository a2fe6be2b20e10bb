//! As much JSON as a `config.json` is made of: one object, of which the plain values are read and
//! whatever is nested is stepped over.

use std::collections::BTreeMap;

/// A value of the object.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    /// An object or an array, of which nothing is known but its end.
    Nested,
}

/// The fields of a JSON object.
///
/// A key that comes twice is an error: readers disagree about which of the two counts.
pub(crate) fn fields(text: &str) -> Result<BTreeMap<String, Value>, String> {
    let (mut cursor, mut fields) = (Cursor { text, at: 0 }, BTreeMap::new());
    cursor.expect(b'{')?;
    if !cursor.take(b'}') {
        loop {
            let key = cursor.string()?;
            cursor.expect(b':')?;
            let value = cursor.value()?;
            if fields.insert(key.clone(), value).is_some() {
                return Err(format!("the key {key:?} comes twice"));
            }
            if cursor.take(b'}') {
                break;
            }
            cursor.expect(b',')?;
        }
    }
    match cursor.next() {
        None => Ok(fields),
        Some(_) => Err(cursor.problem("nothing after the last `}`")),
    }
}

/// A place in a JSON text.
struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl Cursor<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn problem(&self, expected: &str) -> String {
        match self.rest().chars().next() {
            Some(found) => format!("expected {expected}, found {found:?} at byte {}", self.at),
            None => format!("expected {expected}, but the text ends at byte {}", self.at),
        }
    }

    /// The next byte that is no white space.
    fn next(&mut self) -> Option<u8> {
        let space = |b: &u8| matches!(b, b' ' | b'\n' | b'\r' | b'\t');
        self.at += self.rest().bytes().take_while(space).count();
        self.rest().bytes().next()
    }

    /// Steps over `byte` if it is next.
    fn take(&mut self, byte: u8) -> bool {
        let found = self.next() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8) -> Result<(), String> {
        match self.take(byte) {
            true => Ok(()),
            false => Err(self.problem(&format!("`{}`", byte as char))),
        }
    }

    fn value(&mut self) -> Result<Value, String> {
        match self.next() {
            Some(b'"') => Ok(Value::Text(self.string()?)),
            Some(b'{' | b'[') => self.nested(),
            _ => self.word(),
        }
    }

    /// `null`, `true`, `false`, or a number.
    fn word(&mut self) -> Result<Value, String> {
        let end = |b: &u8| !matches!(b, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t');
        let len = self.rest().bytes().take_while(end).count();
        let number = |word: &str| {
            let plain = |b: u8| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E');
            let starts = word.starts_with(|c: char| c.is_ascii_digit() || c == '-');
            let value = word.parse().ok().filter(|_| starts && word.bytes().all(plain))?;
            f64::is_finite(value).then_some(Value::Number(value))
        };
        let value = match &self.rest()[..len] {
            "null" => Some(Value::Null),
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            word => number(word),
        };
        let value = value.ok_or_else(|| self.problem("a value"))?;
        self.at += len;
        Ok(value)
    }

    /// Steps over an object or an array, however deep, without recursion.
    fn nested(&mut self) -> Result<Value, String> {
        let mut open = Vec::new();
        loop {
            match self.next() {
                Some(b'"') => _ = self.string()?,
                Some(bracket @ (b'{' | b'[')) => {
                    open.push(if bracket == b'{' { b'}' } else { b']' });
                    self.at += 1;
                }
                Some(bracket @ (b'}' | b']')) if open.pop() == Some(bracket) => {
                    self.at += 1;
                    if open.is_empty() {
                        return Ok(Value::Nested);
                    }
                }
                Some(byte) if byte.is_ascii() && !matches!(byte, b'}' | b']') => self.at += 1,
                _ => return Err(self.problem("the end of what is nested")),
            }
        }
    }

    /// A string, its escapes resolved.
    fn string(&mut self) -> Result<String, String> {
        self.expect(b'"')?;
        let mut out = String::new();
        loop {
            let mut rest = self.rest().chars();
            let step = match rest.next() {
                Some('"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some('\\') => match rest.next() {
                    Some('u') => {
                        out.push(self.code_unit()?);
                        6
                    }
                    escape => {
                        out.push(plain_escape(escape).ok_or_else(|| self.problem("an escape"))?);
                        2
                    }
                },
                Some(c) if c >= ' ' => {
                    out.push(c);
                    c.len_utf8()
                }
                _ => return Err(self.problem("the end of a string")),
            };
            self.at += step;
        }
    }

    /// What `\uXXXX` means. Half a pair of surrogates, which no setting needs, is replaced.
    fn code_unit(&self) -> Result<char, String> {
        let digits = self.rest().get(2..6).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        let unit = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let unit = unit.ok_or_else(|| self.problem("`\\u` and four hexadecimal digits"))?;
        Ok(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER))
    }
}

fn plain_escape(escape: Option<char>) -> Option<char> {
    match escape? {
        c @ ('"' | '\\' | '/') => Some(c),
        'b' => Some('\x08'),
        'f' => Some('\x0c'),
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_values_are_read_and_nested_ones_stepped_over() {
        let text = r#" { "a": 1, "b" : -2.5e-1, "c": null, "d": true, "e": false,
            "f": "x\n\"\u0041\u00e9 é", "g": {"h": [1, {"}": "]\""}], "a": 3}, "i": [] } "#;
        let fields = fields(text).expect("sound");
        let expected = [
            ("a", Value::Number(1.0)),
            ("b", Value::Number(-0.25)),
            ("c", Value::Null),
            ("d", Value::Bool(true)),
            ("e", Value::Bool(false)),
            ("f", Value::Text("x\n\"Aé é".to_string())),
            ("g", Value::Nested),
            ("i", Value::Nested),
        ];
        assert_eq!(fields, expected.map(|(k, v)| (k.to_string(), v)).into());
        assert_eq!(super::fields("{}"), Ok(BTreeMap::new()));
    }

    #[test]
    fn broken_texts_are_errors_that_say_where() {
        let broken = [
            "",
            "[]",
            "{",
            "{}x",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{\"a\":1 \"b\":2}",
            "{a:1}",
            "{\"a\":nul}",
            "{\"a\":+1}",
            "{\"a\":1e999}",
            "{\"a\":NaN}",
            "{\"a\":infinity}",
            "{\"a\":[}",
            "{\"a\":[1,2}",
            "{\"a\":{\"b\":1]}",
            "{\"a\":[",
            "{\"a\":\"x}",
            "{\"\\x\":1}",
            "{\"\\u12\":1}",
            "{\"\\u00é\":1}",
            "{\"a\":é}",
            "{\"a\":[é]}",
            "{\"a\":1,\"\\u0061\":2}",
            "{\"\n\":1}",
        ];
        for text in broken {
            let error = fields(text).expect_err(text);
            assert!(error.contains("expected") || error.contains("twice"), "{text}: {error}");
        }
    }

    #[test]
    fn a_million_brackets_overflow_no_stack() {
        let deep = format!("{{\"a\":{}", "[".repeat(1_000_000));
        assert!(fields(&deep).is_err());
        let closed = format!("{deep}{}}}", "]".repeat(1_000_000));
        assert_eq!(fields(&closed).expect("sound")["a"], Value::Nested);
    }
}
