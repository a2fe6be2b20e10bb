//! Writes JSON objects, one field after the other: all the JSON that a milestone needs.

use std::fmt::Write;

/// A JSON object under construction; the order of the fields is the order of the calls.
pub(crate) struct Object {
    text: String,
}

impl Object {
    pub(crate) fn new() -> Self {
        Object { text: String::from("{") }
    }

    /// Adds a field whose value is JSON already.
    pub(crate) fn raw(mut self, key: &str, json: &str) -> Self {
        if self.text.len() > 1 {
            self.text.push(',');
        }
        self.text += &string(key);
        self.text.push(':');
        self.text += json;
        self
    }

    pub(crate) fn string(self, key: &str, value: &str) -> Self {
        self.raw(key, &string(value))
    }

    pub(crate) fn integer(self, key: &str, value: u64) -> Self {
        self.raw(key, &value.to_string())
    }

    pub(crate) fn number(self, key: &str, value: f64) -> Self {
        self.raw(key, &number(value))
    }

    pub(crate) fn boolean(self, key: &str, value: bool) -> Self {
        self.raw(key, if value { "true" } else { "false" })
    }

    pub(crate) fn finish(mut self) -> String {
        self.text.push('}');
        self.text
    }
}

/// `[a,b]` of items that are JSON already.
pub(crate) fn array(items: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", items.into_iter().collect::<Vec<_>>().join(","))
}

/// The shortest number that reads back as `value`; JSON has no NaN and no infinity: `null`.
pub(crate) fn number(value: f64) -> String {
    if value.is_finite() { format!("{value:?}") } else { "null".to_owned() }
}

/// The shortest number that reads back as `value` in f32: `0.1`, not `0.10000000149011612`.
pub(crate) fn number_f32(value: f32) -> String {
    if value.is_finite() { format!("{value:?}") } else { "null".to_owned() }
}

/// `text` in quotes. Everything but quote, backslash and control characters goes as it is, in
/// UTF-8; U+2028 and U+2029 are escaped too, because readers that split lines by Unicode's rules
/// would cut a JSON line there.
pub(crate) fn string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out += "\\\"",
            '\\' => out += "\\\\",
            '\n' => out += "\\n",
            '\r' => out += "\\r",
            '\t' => out += "\\t",
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => {
                write!(out, "\\u{:04x}", c as u32).expect("a String takes every write");
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_backslashes_and_control_characters_are_escaped() {
        assert_eq!(string("say \"hi\" \\ bye"), r#""say \"hi\" \\ bye""#);
        assert_eq!(string("a\nb\tc\rd"), r#""a\nb\tc\rd""#);
        assert_eq!(string("\0\u{1b}[1m\u{7f}\u{85}"), r#""\u0000\u001b[1m\u007f\u0085""#);
        assert_eq!(string("\u{2028}"), r#""\u2028""#);
    }

    #[test]
    fn other_characters_travel_as_they_are() {
        assert_eq!(string("naïve ⣿ 数 𝄞"), "\"naïve ⣿ 数 𝄞\"");
    }

    #[test]
    fn numbers_are_the_shortest_that_read_back() {
        assert_eq!(number(0.97), "0.97");
        assert_eq!(number(1.0), "1.0");
        assert_eq!(number(-0.0), "-0.0");
        assert_eq!(number(1e300), "1e300");
        assert_eq!(number_f32(0.1), "0.1");
        for value in [0.1 + 0.2, f64::MIN_POSITIVE, f64::MAX, 1.0 / 3.0] {
            assert_eq!(number(value).parse::<f64>().unwrap(), value);
        }
    }

    #[test]
    fn numbers_that_json_does_not_have_are_null() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(number(value), "null");
            assert_eq!(number_f32(value as f32), "null");
        }
    }

    #[test]
    fn fields_keep_the_order_of_the_calls() {
        let object = Object::new().string("b", "x").integer("a", u64::MAX).boolean("c", true);
        let text = object.number("d", f64::NAN).raw("e", &array(["1".into(), "2".into()]));
        assert_eq!(
            text.finish(),
            r#"{"b":"x","a":18446744073709551615,"c":true,"d":null,"e":[1,2]}"#
        );
        assert_eq!(Object::new().finish(), "{}");
    }
}
