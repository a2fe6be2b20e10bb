//! A learner's file, cut out of a file of the answer key.

use crate::edit::{apply, indent, whole};
use crate::exercises::{Exercise, Exercises};
use crate::fates::{Fate, fates};
use crate::find::{Body, Form, Found, Function, Scope, find};
use crate::problem::{CutError, Problem};
use std::ops::Range;

/// A learner's file.
#[derive(Clone, PartialEq, Debug)]
pub struct Stub {
    /// The file.
    pub text: String,
    /// What was cut, in the order of the source.
    pub cuts: Vec<Cut>,
    /// Modules that this file declares for tests only (`mod trial;`): their files are not a
    /// learner's.
    pub test_files: Vec<String>,
}

/// A body that was cut.
#[derive(Clone, PartialEq, Debug)]
pub struct Cut {
    /// The exercise's id.
    pub exercise: String,
    /// The function, as `exercises.toml` may name it.
    pub function: String,
    /// What was there, without comments and white space: what must be found in no learner's file.
    pub body: String,
}

/// The learner's file, from `source`, the text of `file` (without `.rs`, seen from `src`).
///
/// # Errors
/// Everything that is wrong at once: functions that are unlisted, listed twice, or listed and
/// missing; exercises that cannot be cut; a file that is not Rust.
pub fn cut(source: &str, file: &str, spec: &Exercises) -> Result<Stub, CutError> {
    let error = |problems| CutError { file: file.to_string(), problems };
    let parsed = syn::parse_file(source)
        .map_err(|e| error(vec![Problem::Syntax(e.span().start().line, e.to_string())]))?;
    let found = find(source, &parsed);
    let fates = fates(&found, file, spec).map_err(error)?;
    Ok(Stub {
        text: apply(source, edits(source, &found, &fates)),
        cuts: cuts(file, &found, &fates),
        test_files: found.test_files,
    })
}

fn cuts(file: &str, found: &Found, fates: &[Fate]) -> Vec<Cut> {
    let cut = |(function, fate): (&Function, &Fate)| match fate {
        Fate::Cut(exercise) => function
            .bodies
            .iter()
            .map(|body| Cut {
                exercise: exercise.id.clone(),
                function: format!("{file}::{}", function.name),
                body: body.tokens.clone(),
            })
            .collect(),
        Fate::Given | Fate::Removed => vec![],
    };
    found.functions.iter().zip(fates).flat_map(cut).collect()
}

type Edit = (Range<usize>, String);

fn edits(source: &str, found: &Found, fates: &[Fate]) -> Vec<Edit> {
    let gone = |item: &Range<usize>| (whole(source, item.clone()), String::new());
    let mut edits: Vec<Edit> = found.tests.iter().map(gone).collect();
    let emptied = emptied(found, fates);
    edits.extend(emptied.iter().map(|&parent| gone(&found.parents[parent].item)));
    for (function, fate) in found.functions.iter().zip(fates) {
        match fate {
            Fate::Given => {}
            Fate::Removed if function.parent.is_some_and(|parent| emptied.contains(&parent)) => {}
            Fate::Removed => edits.extend(function.item.iter().map(gone)),
            Fate::Cut(exercise) => {
                let marked = |body: &Body| (body.range.clone(), marker(source, body, exercise));
                edits.extend(function.bodies.iter().map(marked));
            }
        }
    }
    edits.extend(imports(source, found, fates));
    edits
}

/// The `impl`s and `trait`s of which nothing is left, by their index.
fn emptied(found: &Found, fates: &[Fate]) -> Vec<usize> {
    let mut left: Vec<usize> = found.parents.iter().map(|parent| parent.count).collect();
    for (function, fate) in found.functions.iter().zip(fates) {
        if let (Some(parent), Fate::Removed) = (function.parent, fate) {
            left[parent] -= 1;
        }
    }
    let was_full = |&parent: &usize| found.parents[parent].count > 0;
    (0..left.len()).filter(|&parent| left[parent] == 0).filter(was_full).collect()
}

/// A `use` for each scope in which something is cut.
fn imports(source: &str, found: &Found, fates: &[Fate]) -> Vec<Edit> {
    let pairs = || found.functions.iter().zip(fates);
    let is_cut =
        |scope: usize| pairs().any(|(f, fate)| f.scope == scope && matches!(fate, Fate::Cut(_)));
    let scopes = found.scopes.iter().enumerate().filter(|(i, _)| is_cut(*i));
    scopes.map(|(_, scope)| import(source, scope)).collect()
}

/// The widest line that is written.
const WIDTH: usize = 100;

/// What stands in the place of `body`.
fn marker(source: &str, body: &Body, exercise: &Exercise) -> String {
    let outer = indent(source, body.range.start);
    let quoted = |text: &str| proc_macro2::Literal::string(text).to_string();
    let mut arguments = vec![quoted(&exercise.id), quoted(&exercise.title)];
    arguments.extend(body.parameters.iter().cloned());
    let line = format!("exercise!({})", arguments.join(", "));
    let inner = format!("{outer}    ");
    match body.form {
        Form::Expression => line,
        Form::Block => format!("{{ {line} }}"),
        Form::Function if inner.len() + line.len() <= WIDTH => {
            format!("{{\n{inner}{line}\n{outer}}}")
        }
        Form::Function => {
            let arguments = arguments.join(&format!(",\n{inner}    "));
            format!("{{\n{inner}exercise!(\n{inner}    {arguments}\n{inner})\n{outer}}}")
        }
    }
}

/// `use exercise::exercise;` at its place in the alphabet, or in front of everything.
fn import(source: &str, scope: &Scope) -> Edit {
    const PATH: &str = "exercise::exercise";
    let own = |path: &str| {
        let first = path.split("::").next().unwrap_or(path);
        !matches!(first, "crate" | "self" | "super")
    };
    let behind = |(_, path): &&(usize, String)| (own(path), path.as_str()) > (true, PATH);
    let line = format!("use {PATH};\n");
    match scope.uses.iter().find(behind) {
        Some(&(start, _)) => (start..start, format!("{line}{}", indent(source, start))),
        None => match scope.uses.last() {
            Some(&(start, _)) => {
                // Behind the last one, which may run over several lines.
                let end = start + source[start..].find(';').map_or(0, |i| i + 1);
                (end..end, format!("\n{}{}", indent(source, start), line.trim_end()))
            }
            None => {
                let start = scope.start;
                (start..start, format!("{line}\n{}", indent(source, start)))
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `given`, `removed`, and the functions of exercises 05.1, 05.2 and so on.
    fn spec(given: &[&str], removed: &[&str], cut: &[&[&str]]) -> Exercises {
        let owned = |names: &[&str]| names.iter().map(|name| name.to_string()).collect();
        let exercises = cut.iter().enumerate().map(|(i, functions)| Exercise {
            id: format!("05.{}", i + 1),
            title: "the \"chain\" rule".to_string(),
            functions: owned(functions),
            points: 1,
            task: String::new(),
            hints: Default::default(),
        });
        Exercises {
            given_files: vec![],
            given: owned(given),
            removed: owned(removed),
            exercises: exercises.collect(),
        }
    }

    fn problems(source: &str, spec: &Exercises) -> Vec<String> {
        let error = cut(source, "rules", spec).expect_err("cannot be cut");
        error.problems.iter().map(ToString::to_string).collect()
    }

    const SOURCE: &str = r#"//! Rules.

use crate::rule::Node;
use tinytorch_tensor::{Mul, Tensor};

/// A row per op; ü and 漢 are more than a byte.
#[rustfmt::skip]
pub(crate) static RULES: &[&dyn Rule] = &[
    // What stays.
    &Broadcast::<Add>(&[|_, _, g| g.clone(),  |_, _, g| g.clone()]),
    &Broadcast::<tensor::Mul>(&[|_, n, g| g * n.x(1),  |_, n, g| -> Tensor { g * n.x(0) }]),
    &Each::<CrossEntropyOp>(&[cross_entropy]),
];

impl Walk<'_> {
    /// What it gives back.
    ///
    /// # Panics
    /// When empty.
    #[track_caller]
    pub fn run(mut self, [a, b]: [f32; 2], Node { op, inputs: x, .. }: Node, _: u8) -> Tensor {
        // how
        self.a += a; /* and why */
        b + x[op]
    }

    fn left(&self) -> usize {
        self.0.iter().map(|x| x + 1).sum()
    }
}

impl fmt::Debug for Walk<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "walk")
    }
}

trait Rule {
    fn op(&self) -> TypeId;

    fn pass(&self) {
        self.op();
    }
}

#[cfg(doctest)]
#[doc = include_str!("../lesson.md")]
struct Lesson;

#[cfg(test)]
mod tests {
    #[test]
    fn it_holds() {}
}
"#;

    #[test]
    fn bodies_are_cut_and_the_rest_stays_as_it_was() {
        let given = ["rules::RULES", "rules::RULES[CrossEntropyOp]", "rules::Walk::left"];
        let removed = ["rules::<Walk as fmt::Debug>::fmt"];
        let exercises: [&[&str]; 2] =
            [&["rules::RULES[Mul]", "rules::Rule::pass"], &["rules::Walk::run"]];
        let stub = cut(SOURCE, "rules", &spec(&given, &removed, &exercises)).expect("is cut");
        let expected = r#"//! Rules.

use crate::rule::Node;
use exercise::exercise;
use tinytorch_tensor::{Mul, Tensor};

/// A row per op; ü and 漢 are more than a byte.
#[rustfmt::skip]
pub(crate) static RULES: &[&dyn Rule] = &[
    // What stays.
    &Broadcast::<Add>(&[|_, _, g| g.clone(),  |_, _, g| g.clone()]),
    &Broadcast::<tensor::Mul>(&[|_, n, g| exercise!("05.1", "the \"chain\" rule", n, g),  |_, n, g| -> Tensor { exercise!("05.1", "the \"chain\" rule", n, g) }]),
    &Each::<CrossEntropyOp>(&[cross_entropy]),
];

impl Walk<'_> {
    /// What it gives back.
    ///
    /// # Panics
    /// When empty.
    #[track_caller]
    pub fn run(mut self, [a, b]: [f32; 2], Node { op, inputs: x, .. }: Node, _: u8) -> Tensor {
        exercise!("05.2", "the \"chain\" rule", self, a, b, op, x)
    }

    fn left(&self) -> usize {
        self.0.iter().map(|x| x + 1).sum()
    }
}

trait Rule {
    fn op(&self) -> TypeId;

    fn pass(&self) {
        exercise!("05.1", "the \"chain\" rule", self)
    }
}
"#;
        assert_eq!(stub.text, expected);
        let bodies: Vec<(&str, &str, &str)> =
            stub.cuts.iter().map(|c| (&*c.exercise, &*c.function, &*c.body)).collect();
        assert_eq!(
            bodies,
            [
                ("05.1", "rules::RULES[Mul]", "g*n.x(1)"),
                ("05.1", "rules::RULES[Mul]", "{g*n.x(0)}"),
                ("05.2", "rules::Walk::run", "self.a+=a;b+x[op]"),
                ("05.1", "rules::Rule::pass", "self.op();"),
            ]
        );
    }

    #[test]
    fn every_problem_is_named_at_once() {
        let given = ["rules::RULES[Add]", "rules::Walk::lost", "rules::Walk::left", "other::f"];
        let removed = ["rules::RULES[tensor::Mul]"];
        let exercises: [&[&str]; 1] = [&["rules::Walk::left", "rules::RULES[CrossEntropyOp]"]];
        assert_eq!(
            problems(SOURCE, &spec(&given, &removed, &exercises)),
            [
                "`rules::Walk::lost` is listed, and there is no such function",
                "`rules::RULES[tensor::Mul]` cannot be an exercise: a row of a table cannot be \
                 removed",
                "`rules::RULES[CrossEntropyOp]` cannot be an exercise: there is no closure in it",
                "`rules::Walk::run` is not listed: is it given, removed, or part of an exercise?",
                "`rules::Walk::left` is listed twice",
                "`rules::<Walk as Debug>::fmt` is not listed: is it given, removed, or part of an \
                 exercise?",
                "`rules::Rule::pass` is not listed: is it given, removed, or part of an exercise?",
            ]
        );
    }

    #[test]
    fn what_is_not_rust_is_named_by_its_line() {
        let said = problems("fn a() {}\nfn b( {}\n", &spec(&[], &[], &[]));
        assert!(said[0].starts_with("line 2: "), "{said:?}");
    }

    #[test]
    fn a_short_name_that_several_could_have_is_ambiguous() {
        let source = "impl From<u8> for A { fn from(x: u8) -> A { A(1) } }\n\
                      impl From<u16> for A { fn from(x: u16) -> A { A(2) } }\n";
        let both = ["rules::<A as From<u8>>::from", "rules::<A as From<u16>>::from"];
        assert!(cut(source, "rules", &spec(&both, &[], &[])).is_ok());
        let said = problems(source, &spec(&["rules::<A as From>::from"], &[], &[]));
        assert_eq!(
            said,
            ["`rules::<A as From>::from` may be any of `rules::<A as From<u8>>::from`, \
              `rules::<A as From<u16>>::from`: write it out"]
        );
    }

    #[test]
    fn what_cannot_be_a_stub_is_refused_as_an_exercise_and_allowed_as_given() {
        let source = "const fn one() -> u8 { 1 }\nfn all() -> impl Iterator<Item = u8> { 0..1 }\n\
                      impl Drop for A { fn drop(&mut self) { free() } }\nasync fn wait() {}\n";
        let names = ["rules::one", "rules::all", "rules::<A as Drop>::drop", "rules::wait"];
        assert!(cut(source, "rules", &spec(&names, &[], &[])).is_ok());
        let said = problems(source, &spec(&[], &[], &[&names]));
        assert_eq!(said.len(), 4);
        assert!(said.iter().all(|said| said.contains("cannot be an exercise")), "{said:?}");
    }

    #[test]
    fn a_file_given_as_a_whole_loses_only_its_tests() {
        let mut all = spec(&[], &[], &[]);
        all.given_files.push("rules".to_string());
        let stub = cut(SOURCE, "rules", &all).expect("nothing is cut");
        let (kept, _) = SOURCE.split_once("\n#[cfg(doctest)]").expect("has a lesson");
        assert_eq!(stub.text, kept);
        all.given.push("rules::Walk::left".to_string());
        let said = problems(SOURCE, &all);
        assert_eq!(said, ["`rules::Walk::left` is listed, and its whole file is given"]);
    }

    #[test]
    fn inline_modules_import_for_themselves_and_macros_are_left_alone() {
        let source = "//! Top.\n\nmod inner {\n    pub fn f(x: u8) -> u8 {\n        x\n    }\n}\n\n\
                      macro_rules! ops { ($x:ident) => { fn $x() { 1 } } }\nops!(a);\n";
        let stub = cut(source, "rules", &spec(&[], &[], &[&["rules::inner::f"]])).expect("is cut");
        let start = "//! Top.\n\nmod inner {\n    use exercise::exercise;\n\n    pub fn f(x: u8)";
        assert!(stub.text.starts_with(start), "{}", stub.text);
        assert!(stub.text.contains("macro_rules! ops { ($x:ident) => { fn $x() { 1 } } }"));
    }

    #[test]
    fn a_marker_that_is_too_wide_has_a_line_for_each_of_its_parts() {
        let long = "first_long_parameter_of_the_function";
        let source = format!("fn f({long}: u8, second_long_parameter_of_it: u8) {{\n    1\n}}\n");
        let stub = cut(&source, "rules", &spec(&[], &[], &[&["rules::f"]])).expect("is cut");
        let body = format!(
            "{{\n    exercise!(\n        \"05.1\",\n        \"the \\\"chain\\\" rule\",\n        \
             {long},\n        second_long_parameter_of_it\n    )\n}}\n"
        );
        assert!(stub.text.ends_with(&body), "{}", stub.text);
    }

    #[test]
    fn the_import_goes_to_its_place_in_the_alphabet() {
        let with = |uses: &str| {
            let source = format!("{uses}\nfn f() {{}}\n");
            cut(&source, "rules", &spec(&[], &[], &[&["rules::f"]])).expect("is cut").text
        };
        assert!(
            with("use crate::a;\nuse std::b;\n")
                .starts_with("use crate::a;\nuse exercise::exercise;\nuse std::b;\n\nfn")
        );
        assert!(
            with("use super::{\n    a,\n};\n")
                .starts_with("use super::{\n    a,\n};\nuse exercise::exercise;\n\nfn")
        );
        assert!(with("//! Docs.\n").starts_with("//! Docs.\n\nuse exercise::exercise;\n\nfn"));
    }
}
