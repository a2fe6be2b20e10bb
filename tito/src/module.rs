//! `tito module`: a module from its first line to its place in the learner's package.

pub mod list;
pub mod status;
pub mod start;
pub mod view;
pub mod test;
pub mod hint;
pub mod show;
pub mod complete;
pub mod reset;
pub mod adopt;
pub mod solution;
pub mod diff;
pub mod watch;

use std::process::ExitCode;

use crate::cli::ModuleCommand;
use crate::course::Module;
use crate::failure::Failure;
use crate::terminal::Terminal;
use crate::workspace::Workspace;
use crate::workspace::plan::{Standing, Step};
use crate::workspace::state::State;

/// Does what the command says.
pub fn perform(command: ModuleCommand, terminal: &Terminal) -> Result<ExitCode, Failure> {
    let workspace = Workspace::here()?;
    match command {
        ModuleCommand::List(request) => list::list(&request, &workspace, terminal),
        ModuleCommand::Status(request) => status::status(&request, &workspace, terminal),
        ModuleCommand::Start(request) => start::start(&request, &workspace, terminal),
        ModuleCommand::View(request) => view::view(&request, &workspace, terminal),
        ModuleCommand::Test(request) => test::test(&request, &workspace, terminal),
        ModuleCommand::Hint(request) => hint::hint(&request, &workspace, terminal),
        ModuleCommand::Show(request) => show::show(&request, &workspace, terminal),
        ModuleCommand::Complete(request) => complete::complete(&request, &workspace, terminal),
        ModuleCommand::Watch(request) => watch::watch(&request, &workspace, terminal),
        ModuleCommand::Solution(request) => solution::solution(&request, &workspace, terminal),
        ModuleCommand::Diff(request) => diff::diff(&request, &workspace, terminal),
        ModuleCommand::Reset(request) => reset::reset(&request, &workspace, terminal),
        ModuleCommand::Adopt(request) => adopt::adopt(&request, &workspace, terminal),
    }
}

/// The module that a command is about: the one that was named, or the one that is worked at.
pub fn chosen<'a>(
    word: Option<&str>,
    workspace: &'a Workspace,
    state: &State,
) -> Result<&'a Module, Failure> {
    match word {
        Some(word) => workspace.find(word),
        None => workspace.current(state).ok_or_else(|| {
            let failure = Failure::input("no module is begun, so name one");
            match workspace.next_step(state) {
                Ok(Step::Start(next)) => failure.cure(format!("tito module start {}", next.id)),
                _ => failure.cure("`tito module list` shows all of them"),
            }
        }),
    }
}

/// A module whose folder must be there.
pub fn begun<'a>(
    word: Option<&str>,
    workspace: &'a Workspace,
    state: &State,
) -> Result<&'a Module, Failure> {
    let module = chosen(word, workspace, state)?;
    if workspace.sources(module).is_dir() {
        return Ok(module);
    }
    let failure = Failure::input(format!("module {} {} is not begun", module.id, module.name));
    Err(match workspace.standing(module, state) {
        Standing::Later => later(module),
        Standing::Started | Standing::Complete | Standing::Adopted => failure
            .cure(format!(
                "its folder {} is gone; bring it back from your backups",
                module.folder()
            ))
            .cure(format!("or begin it again: tito module reset {}", module.id)),
        _ => failure.cure(format!("begin it: tito module start {}", module.id)),
    })
}

/// The module is still being written.
pub fn later(module: &Module) -> Failure {
    Failure::input(format!("module {} {} comes later", module.id, module.name))
        .cure("it is not part of this edition of the course; `tito update` brings new editions")
}

/// Module ids with names: `01 tensor, 02 activations`.
pub fn named(modules: &[&Module]) -> String {
    let names = modules.iter().map(|module| format!("{} {}", module.id, module.name));
    names.collect::<Vec<_>>().join(", ")
}
