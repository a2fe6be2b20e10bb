//! `tito module diff`: what was changed.

use std::collections::BTreeSet;
use std::process::ExitCode;

use super::begun;
use crate::durable::read_folder;
use crate::failure::Failure;
use crate::judge::answers;
use crate::terminal::Terminal;
use crate::workspace::Workspace;
use crate::workspace::files::Sources;
use crate::workspace::plan::Standing;

/// Which module, against what.
#[derive(Debug, Default, clap::Args)]
#[command(after_help = "\
Exit status: 0 nothing differs, 1 something does")]
pub struct Request {
    /// Its number or name: 05, autograd. Without one, the module you work at
    pub module: Option<String>,
    /// Compare with the answer key; once the module is complete
    #[arg(long)]
    pub answer_key: bool,
}

/// Shows what the learner wrote: against the empty exercises, or against the answer key.
pub fn diff(
    request: &Request,
    workspace: &Workspace,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let state = workspace.state(terminal)?;
    let module = begun(request.module.as_deref(), workspace, &state)?;
    let before = if request.answer_key {
        if !matches!(workspace.standing(module, &state), Standing::Complete | Standing::Adopted) {
            return Err(Failure::input(format!("{} {} is not complete", module.id, module.name))
                .cure("the answer key can be compared with once your own passes"));
        }
        answers::of(&workspace.tree, module)
    } else {
        read_folder(&workspace.base(module).join("src"))?
    };
    let after = workspace.read(module)?;
    let patches = patches(&before, &after);
    for (name, patch) in &patches {
        let title = format!("{}/src/{name}", module.folder());
        terminal.print(terminal.bold(&title));
        patch.lines().for_each(|line| terminal.print(painted(line, terminal)));
    }
    if patches.is_empty() {
        terminal.print(format!("nothing differs in {}/src", module.folder()));
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::from(1))
}

/// The files that differ, each with how; line ends do not count.
fn patches(before: &Sources, after: &Sources) -> Vec<(String, String)> {
    let names: BTreeSet<&String> = before.iter().chain(after).map(|(name, _)| name).collect();
    let text = |files: &Sources, name: &String| {
        let found = files.iter().find(|(it, _)| it == name);
        found.map_or(String::new(), |(_, it)| String::from_utf8_lossy(it).replace("\r\n", "\n"))
    };
    let differs = names.into_iter().filter_map(|name| {
        let (before, after) = (text(before, name), text(after, name));
        (before != after).then(|| (name.clone(), hunks(&before, &after)))
    });
    differs.collect()
}

/// A patch without the two lines that name files.
fn hunks(before: &str, after: &str) -> String {
    let patch = diffy::create_patch(before, after).to_string();
    patch.lines().skip(2).collect::<Vec<_>>().join("\n")
}

fn painted(line: &str, terminal: &Terminal) -> String {
    match line.chars().next() {
        Some('+') => terminal.green(line),
        Some('-') => terminal.red(line),
        Some('@') => terminal.dim(line),
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_that_differ_are_shown_and_line_ends_do_not_count() {
        let file = |name: &str, text: &str| (name.to_owned(), text.as_bytes().to_vec());
        let before = vec![file("a.rs", "one\ntwo\n"), file("b.rs", "same\n")];
        let after = vec![file("a.rs", "one\nthree\n"), file("b.rs", "same\r\n")];
        let patches = patches(&before, &after);
        assert_eq!(patches.len(), 1);
        assert!(patches[0].1.contains("-two\n+three"), "{}", patches[0].1);
        assert!(patches[0].1.starts_with("@@"), "{}", patches[0].1);
    }
}
