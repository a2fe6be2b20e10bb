//! Where in a learner's files an exercise is, by its text: files that do not parse must do too.

use std::ops::Range;

use cut::Exercise;

use crate::workspace::files::Sources;

/// The file and the line (from 1) of an exercise: of its first hole, or else of the first of its
/// functions that is found.
pub fn exercise(sources: &Sources, exercise: &Exercise) -> Option<(String, usize)> {
    hole(sources, &exercise.id)
        .or_else(|| exercise.functions.iter().find_map(|path| function(sources, path)))
}

/// The lines of a function in formatted source, with its documentation; counted from 0, the end
/// not included.
pub fn span(text: &str, item: &str) -> Option<Range<usize>> {
    let lines: Vec<&str> = text.lines().collect();
    let (first, end) = match item.split_once('[') {
        Some((table, row)) => {
            let first = table_row(&lines, table, row.trim_end_matches(']'))?;
            (first, first + balanced(&lines[first..])?)
        }
        None => {
            let first = method(&lines, item)?;
            let indent = lines[first].len() - lines[first].trim_start().len();
            let close = format!("{}}}", &lines[first][..indent]);
            let whole = lines[first].contains('{') && lines[first].trim_end().ends_with('}');
            let after = lines[first..].iter().position(|line| line.trim_end() == close);
            (first, if whole { first + 1 } else { first + after? + 1 })
        }
    };
    let attached = |line: &&&str| {
        let line = line.trim_start();
        line.starts_with("///") || line.starts_with("#[") || line.starts_with("//")
    };
    let above = lines[..first].iter().rev().take_while(attached).count();
    Some(first - above..end)
}

/// How many lines until every bracket that was opened is closed.
fn balanced(lines: &[&str]) -> Option<usize> {
    let mut depth = 0;
    for (number, line) in lines.iter().enumerate() {
        for c in line.chars() {
            depth += match c {
                '(' | '[' | '{' => 1,
                ')' | ']' | '}' => -1,
                _ => 0,
            };
        }
        if depth <= 0 {
            return Some(number + 1);
        }
    }
    None
}

/// Whether something of the exercise is not written yet.
pub fn has_hole(sources: &Sources, id: &str) -> bool {
    hole(sources, id).is_some()
}

/// The macro may stand on one line or on several.
fn hole(sources: &Sources, id: &str) -> Option<(String, usize)> {
    let quoted = format!("\"{id}\"");
    sources.iter().find_map(|(name, content)| {
        let text = String::from_utf8_lossy(content);
        let mut opened = None; // the line of an `exercise!(` whose id is still to come
        for (number, line) in text.lines().enumerate() {
            let line = line.trim_start();
            if line.starts_with("//") {
                continue;
            }
            let rest = match line.split_once("exercise!(") {
                Some((_, rest)) => {
                    opened = Some(number);
                    rest.trim_start()
                }
                None => line,
            };
            if let Some(opened) = opened.filter(|_| !rest.is_empty())
                && rest.starts_with(&quoted)
            {
                return Some((name.clone(), opened + 1));
            }
            if !rest.is_empty() {
                opened = None;
            }
        }
        None
    })
}

/// The line of a function, named as in exercises.toml: `ops/matmul::<MatMul as Op>::forward`.
fn function(sources: &Sources, path: &str) -> Option<(String, usize)> {
    let (file, item) = path.split_once("::")?;
    let name = format!("{file}.rs");
    let (_, content) = sources.iter().find(|(it, _)| *it == name)?;
    let text = String::from_utf8_lossy(content);
    let lines: Vec<&str> = text.lines().collect();
    let line = match item.split_once('[') {
        Some((table, row)) => table_row(&lines, table, row.trim_end_matches(']')),
        None => method(&lines, item),
    }?;
    Some((name, line + 1))
}

fn method(lines: &[&str], item: &str) -> Option<usize> {
    let (owner, name) = item.rsplit_once("::").unwrap_or(("", item));
    let is_it = |line: &str| {
        let after = line.split_once(&format!("fn {name}")).map(|(_, rest)| rest);
        after.is_some_and(|rest| rest.starts_with(['(', '<']))
    };
    // `Layout` or `<MatMul as Op>`: the block that begins with these words comes first.
    let words: Vec<&str> = owner.trim_matches(['<', '>']).split(" as ").collect();
    let opens = |line: &str| {
        let block = ["impl", "trait"].iter().any(|it| line.trim_start().starts_with(it))
            || line.trim_start().starts_with("pub trait");
        block && words.iter().all(|word| line.contains(word))
    };
    let start = match owner {
        "" => 0,
        _ => lines.iter().position(|line| opens(line)).unwrap_or(0),
    };
    let from =
        |start: usize| lines[start..].iter().position(|line| is_it(line)).map(|it| it + start);
    from(start).or_else(|| from(0))
}

fn table_row(lines: &[&str], table: &str, row: &str) -> Option<usize> {
    let start = lines.iter().position(|line| line.contains(table)).unwrap_or(0);
    let names =
        |line: &str| line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == row);
    lines[start..].iter().position(|line| names(line)).map(|it| it + start)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
use exercise::exercise;
impl Shape {
    fn numel(&self) -> usize {
        exercise!(\"01.1\", \"the product\", self)
    }
    fn long(&self) -> usize {
        // exercise!(\"01.2\"
        exercise!(
            \"01.2\",
            \"the longest\",
            self
        )
    }
}
impl Op for Add {
    fn forward(&self) {}
}
impl Op for MatMul {
    fn forward<T>(&self) {}
}
static RULES: &[Rule] = &[
    rule::<AddTo>(&[|g| g]),
    rule::<Add>(&[|g| g]),
];
";

    fn found(id: &str, functions: &[&str]) -> Option<(String, usize)> {
        let exercise = Exercise {
            id: id.to_owned(),
            title: String::new(),
            functions: functions.iter().map(|it| it.to_string()).collect(),
            points: 0,
            task: String::new(),
            hints: Default::default(),
        };
        // Windows writes other line ends.
        let content = FILE.replace('\n', "\r\n").into_bytes();
        super::exercise(&vec![("ops/shape.rs".to_owned(), content)], &exercise)
    }

    #[test]
    fn a_function_is_spanned_with_its_documentation() {
        let text = "use x;\n\nimpl A {\n    /// Doc.\n    #[inline]\n    fn a(\n        &self,\n    ) {\n        \
                    if x {\n        }\n    }\n\n    fn b() -> u8 { 1 }\n}\n\nstatic RULES: &[R] = &[\n    \
                    rule::<Add>(&[\n        |g| g,\n    ]),\n];\n";
        assert_eq!(span(text, "A::a"), Some(3..11));
        assert_eq!(span(text, "A::b"), Some(12..13));
        assert_eq!(span(text, "RULES[Add]"), Some(16..19));
        assert_eq!(span(text, "none"), None);
    }

    #[test]
    fn a_hole_comes_first_then_the_function() {
        let file = |line| Some(("ops/shape.rs".to_owned(), line));
        assert_eq!(found("01.1", &["ops/shape::Shape::numel"]), file(4));
        assert_eq!(found("01.2", &[]), file(8));
        assert_eq!(found("01.9", &["ops/shape::Shape::numel"]), file(3));
        assert_eq!(found("01.9", &["ops/shape::<MatMul as Op>::forward"]), file(19));
        assert_eq!(found("01.9", &["ops/shape::RULES[Add]"]), file(23));
        assert_eq!(found("01.9", &["ops/none::x", "ops/shape::<Add as Op>::forward"]), file(16));
        assert_eq!(found("01.9", &["ops/shape::gone"]), None);
    }
}
