//! `tito module show`: what a check asks, as it is written.

use std::process::ExitCode;

use super::chosen;
use crate::course::Module;
use crate::failure::Failure;
use crate::terminal::Terminal;
use crate::workspace::Workspace;

/// Which check.
#[derive(Debug, Default, clap::Args)]
pub struct Request {
    /// A check (05.3.diamond), an exercise (05.3) or a module (05, autograd)
    pub check: Option<String>,
}

/// A check, as it stands in its table.
#[derive(Debug, PartialEq)]
struct Listed<'a> {
    file: &'a str,
    id: String,
    /// The name of its function.
    function: String,
}

/// Shows the source of a check, of all checks of an exercise, or the list of a module's.
pub fn show(
    request: &Request,
    workspace: &Workspace,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let state = workspace.state(terminal)?;
    let word = request.check.as_deref();
    let module = chosen(word.map(|it| it.split('.').next().unwrap_or(it)), workspace, &state)?;
    let sources = sources(workspace, module);
    let listed: Vec<Listed> = sources.iter().flat_map(|(file, text)| table(file, text)).collect();
    if listed.is_empty() {
        return Err(super::later(module));
    }
    let rest = word.and_then(|it| it.split_once('.')).map(|(_, rest)| rest);
    let Some(rest) = rest else {
        listed.iter().for_each(|check| terminal.print(format!("{:<28} {}", check.id, check.file)));
        terminal.print(format!("\nOne of them: tito module show {}", listed[0].id));
        return Ok(ExitCode::SUCCESS);
    };
    let id = format!("{}.{rest}", module.id);
    let belongs = |check: &&Listed| check.id == id || check.id.starts_with(&format!("{id}."));
    let chosen: Vec<&Listed> = listed.iter().filter(belongs).collect();
    if chosen.is_empty() {
        return Err(Failure::input(format!("there is no check {id}"))
            .cure(format!("`tito module show {}` lists them", module.id)));
    }
    for check in chosen {
        let text = sources.iter().find(|(file, _)| *file == check.file).map_or("", |it| it.1);
        terminal.print(terminal.bold(&format!("{}   checks/src/{}", check.id, check.file)));
        terminal.print(format!("{}\n", function(text, &check.function).unwrap_or(text)));
    }
    Ok(ExitCode::SUCCESS)
}

fn sources<'a>(workspace: &'a Workspace, module: &Module) -> Vec<(&'a str, &'a str)> {
    let files = workspace.tree.below(&format!("{}/checks/src", module.folder()));
    files.filter_map(|(name, bytes)| Some((name, std::str::from_utf8(bytes).ok()?))).collect()
}

/// The checks of a file: `id: "01.1.counts"` ... `run: counts` in its tables.
fn table<'a>(file: &'a str, text: &str) -> Vec<Listed<'a>> {
    let mut found = Vec::new();
    for entry in text.split("id:").skip(1) {
        let id = entry.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next());
        let run = entry.split_once("run:").map(|(_, rest)| rest.trim_start());
        let name = run.map(|rest| {
            let part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
            rest.chars().take_while(|c| part(*c)).collect::<String>()
        });
        if let (Some(id), Some(function)) = (id, name) {
            let function = function.rsplit(':').next().unwrap_or_default().to_owned();
            found.push(Listed { file, id: id.to_owned(), function });
        }
    }
    found
}

/// A function of formatted source, with its comments: down to the first line that is `}` alone.
fn function<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let head = format!("fn {name}(");
    let mut start = 0; // of the lines that belong to the next item
    let mut at = 0;
    let mut inside = false;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end();
        inside |= line.starts_with(&head) || line.starts_with(&format!("pub {head}"));
        at += line.len();
        if inside && (bare == "}" || (line.contains(&head) && bare.ends_with('}'))) {
            return Some(text[start..at].trim_end());
        }
        let attached = bare.starts_with("//") || bare.starts_with("#[");
        if !inside && !attached {
            start = at;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
//! Shapes.

pub const CHECKS: &[Check] = &[
    Check { id: \"01.1.counts\", exercise: \"01.1\", fact: \"24\", run: counts },
    limit_s(
        Check { id: \"01.1.more\", exercise: \"01.1\", fact: \"x\", run: more::all },
        20,
    ),
];

/// Says why.
fn counts() -> Verdict {
    if true {
        one()
    }
}

fn all() -> Verdict { Ok(()) }
";

    #[test]
    fn checks_are_found_in_their_tables_and_functions_in_the_source() {
        let ids: Vec<_> = table("f.rs", FILE).into_iter().map(|it| (it.id, it.function)).collect();
        let pair = |id: &str, run: &str| (id.to_owned(), run.to_owned());
        assert_eq!(ids, [pair("01.1.counts", "counts"), pair("01.1.more", "all")]);
        let counts = function(FILE, "counts").unwrap();
        assert!(counts.starts_with("/// Says why.\nfn counts") && counts.ends_with("\n}"));
        assert_eq!(function(FILE, "all"), Some("fn all() -> Verdict { Ok(()) }"));
        assert_eq!(function(FILE, "none"), None);
    }
}
