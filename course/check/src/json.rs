//! JSON, as much of it as is written here: objects of strings, numbers and lists.

use std::fmt::Write;

/// An object that is written field by field.
pub(crate) struct Object(String);

impl Object {
    pub fn new() -> Self {
        Self("{".to_string())
    }

    /// Adds a string, or `null`.
    pub fn text<'a>(self, name: &str, value: impl Into<Option<&'a str>>) -> Self {
        let value = value.into().map_or("null".to_string(), quoted);
        self.raw(name, &value)
    }

    /// Adds a whole number.
    pub fn number(self, name: &str, value: usize) -> Self {
        self.raw(name, &value.to_string())
    }

    /// Adds a list of objects.
    pub fn list(self, name: &str, objects: impl Iterator<Item = Object>) -> Self {
        let objects: Vec<String> = objects.map(Object::finish).collect();
        self.raw(name, &format!("[{}]", objects.join(",")))
    }

    fn raw(mut self, name: &str, value: &str) -> Self {
        let comma = if self.0.len() > 1 { "," } else { "" };
        let _ = write!(self.0, "{comma}{}:{value}", quoted(name));
        self
    }

    pub fn finish(self) -> String {
        self.0 + "}"
    }
}

/// `text` in quotes, on one line.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_one_line_whatever_is_in_it() {
        let inner = [Object::new().number("n", 1), Object::new()];
        let text = Object::new()
            .text("a", "say \"hi\"\\\n\tü\u{1}\u{85}\u{2028}")
            .text("b", None)
            .number("c", 24)
            .list("d", inner.into_iter())
            .finish();
        let expected = concat!(
            r#"{"a":"say \"hi\"\\\n\tü\u0001\u0085\u2028","#,
            r#""b":null,"c":24,"d":[{"n":1},{}]}"#
        );
        assert_eq!(text, expected);
    }
}
