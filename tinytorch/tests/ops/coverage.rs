//! Which ops exist, read from the sources; and which were computed, as an interpreter saw them.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use tinytorch_tensor::{Interpreter, Op, Tensor, pass_on, with};

/// The name of every op that the modules define, and where.
pub fn ops_in_the_sources() -> Vec<(String, PathBuf)> {
    let modules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../modules");
    let mut files = Vec::new();
    collect(&modules, &mut files);
    let mut found = Vec::new();
    for file in files {
        let source = fs::read_to_string(&file).expect("a source file");
        let names = names_in(&source).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        found.extend(names.into_iter().map(|name| (name, file.clone())));
    }
    found
}

/// The Rust files in the `src` of every module; those of tests and checks define ops of their own.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
        .map(|entry| entry.expect("an entry").path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            let name = path.file_name().expect("a folder has one");
            if name != "tests" && name != "checks" {
                collect(&path, files);
            }
        } else if path.extension().is_some_and(|e| e == "rs")
            && path.components().any(|c| c.as_os_str() == "src")
        {
            files.push(path);
        }
    }
}

/// The names of the ops of a source: the strings in `fn name` of each `impl Op for ..`. Where a
/// macro writes the block, the name is the first string in each call of that macro. The gradients
/// of pointwise ops are named by their rules: `Pointwise::<Exp> { name: "exp_backward", .. }`.
fn names_in(source: &str) -> Result<Vec<String>, String> {
    let own = source.split("#[cfg(test)]").next().expect("a first part");
    let code: Vec<&str> = own.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.join("\n");
    let rules = code.split("Pointwise::<").skip(1);
    let mut names: Vec<String> = rules.filter_map(first_string).collect();
    for (at, _) in code.match_indices("Op for ") {
        let (before, block) = code.split_at(at);
        let head = before.rsplit('\n').next().expect("a line").trim_start();
        if !head.starts_with("impl") {
            continue;
        }
        let body = block.split_once("fn name(").ok_or("an op without `fn name`")?.1;
        let body = body.split("fn ").next().expect("up to the next function");
        let written = strings(body);
        if written.is_empty() && !body.contains("self.name") {
            let macros = before.rsplit_once("macro_rules! ").ok_or("an op without a name")?.1;
            let name = macros.split([' ', '{']).next().expect("a macro has a name");
            let call = format!("\n{name}!");
            let calls = code.split(&call).skip(1);
            names.extend(calls.filter_map(first_string));
        }
        names.extend(written);
    }
    Ok(names)
}

/// The string literals of a piece of code.
fn strings(code: &str) -> Vec<String> {
    code.split('"').skip(1).step_by(2).map(str::to_string).collect()
}

/// The names of all ops that `f` computes, those of its backward passes included.
pub fn ops_computed_by(f: impl FnOnce()) -> BTreeSet<&'static str> {
    let seen = Rc::new(Seen::default());
    with(seen.clone(), f);
    seen.names.take()
}

#[derive(Default)]
struct Seen {
    names: RefCell<BTreeSet<&'static str>>,
}

impl Interpreter for Seen {
    fn apply(&self, op: &Arc<dyn Op>, x: &[&Tensor]) -> Tensor {
        self.names.borrow_mut().insert(op.name());
        pass_on(op, x)
    }
}

fn first_string(code: &str) -> Option<String> {
    code.split('"').nth(1).map(str::to_string)
}

#[test]
fn names_are_read_from_blocks_and_macros_and_rules() {
    let plain = "impl Op for Add {\n    fn name(&self) -> &str {\n        \"add\"\n    }\n}";
    assert_eq!(names_in(plain).unwrap(), ["add"]);
    let written = [
        "macro_rules! op {\n    ($t:ident $n:literal) => {\n        impl Op for $t {",
        "            fn name(&self) -> &str {\n                $n",
        "            }\n        }\n    };\n}",
        "op!(Exp \"exp\");\nop! {\n    /// A \"quoted\" word.\n    Ln \"ln\"\n}",
    ];
    assert_eq!(names_in(&written.join("\n")).unwrap(), ["exp", "ln"]);
    let field =
        "impl<O> Op for Slope<O> {\n    fn name(&self) -> &str {\n        self.name\n    }\n}";
    assert!(names_in(field).unwrap().is_empty());
    assert_eq!(
        names_in("&Pointwise::<Exp> { name: \"exp_backward\", b }").unwrap(),
        ["exp_backward"]
    );
    assert!(names_in("impl Op for Odd {}").is_err());
}
