//! `tito update`: a newer course into an existing workspace, without touching what was written.
//!
//! Three texts meet in each file: what the course gave when the module was begun, what the
//! learner made of it, and what the course gives now. Where changes of both do not overlap they
//! are joined; where they do, the learner's file stays as it is and the new text is put beside it.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use crate::course::Module;
use crate::durable::{self, read_folder};
use crate::failure::Failure;
use crate::init;
use crate::judge::answers;
use crate::module::status;
use crate::stub;
use crate::syllabus;
use crate::terminal::Terminal;
use crate::workspace::files::given;
use crate::workspace::state::{Event, State};
use crate::workspace::{Workspace, edition};

/// How.
#[derive(Debug, Default, clap::Args)]
#[command(after_help = "\
The course is part of tito: install a newer tito first, then update each workspace.")]
pub struct Request {
    /// Say what would change, and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// What becomes of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Fate {
    /// The course did not change it, or the learner has it so already.
    Stays,
    /// The learner did not change it.
    Taken(String),
    /// Both did, in different places.
    Joined(String),
    /// Both did, in the same place: the learner's stays.
    Beside(String),
}

/// Brings a workspace to the course that this tito carries.
pub fn update(request: &Request, terminal: &Terminal) -> Result<ExitCode, Failure> {
    let workspace = Workspace::here()?;
    let mut ledger = workspace.ledger()?;
    let now = edition(&workspace.tree);
    if ledger.state().course == now {
        terminal.print(format!("this workspace has the course of tito {} already", now.version));
        return Ok(ExitCode::SUCCESS);
    }
    let mut tally = Tally { dry: request.dry_run, ..Tally::default() };
    for module in &workspace.course.modules {
        if workspace.module(module).is_dir() {
            update_module(module, &workspace, ledger.state(), &mut tally)?;
        }
    }
    if request.dry_run {
        tally.tell(&workspace, terminal);
        terminal.print("nothing was changed");
        return Ok(ExitCode::SUCCESS);
    }
    init::complete_workspace(&workspace)?;
    ledger.record(Event::Updated { course: now })?;
    workspace.export(ledger.state())?;
    let state = ledger.state().clone();
    drop(ledger);
    tally.tell(&workspace, terminal);
    status::next_line(&workspace, &state, terminal)?;
    Ok(ExitCode::SUCCESS)
}

/// What was done, by file.
#[derive(Default)]
struct Tally {
    dry: bool,
    taken: Vec<String>,
    joined: Vec<String>,
    beside: Vec<String>,
    kept: Vec<String>,
}

impl Tally {
    fn tell(&self, _: &Workspace, terminal: &Terminal) {
        let say = |word: &str, paths: &[String]| {
            paths.iter().for_each(|path| terminal.print(format!("{word}  {path}")));
        };
        say("new     ", &self.taken);
        say("joined  ", &self.joined);
        for path in &self.beside {
            let words = format!("beside    {path}.new: yours stays as it is, have a look");
            terminal.print(terminal.bold(&words));
        }
        if self.taken.is_empty() && self.joined.is_empty() && self.beside.is_empty() {
            terminal.print("no file of yours is concerned");
        }
        self.kept.iter().for_each(|kept| {
            terminal.print(terminal.dim(&format!("what was there is in {kept}")));
        });
    }
}

fn update_module(
    module: &Module,
    workspace: &Workspace,
    state: &State,
    tally: &mut Tally,
) -> Result<(), Failure> {
    let tree = &workspace.tree;
    let sources = match state.adopted(&module.id) {
        true => answers::of(tree, module),
        false if syllabus::is_taught(tree, module) => stub::of(tree, module)?,
        false => return Ok(()), // no longer taught: what the learner has stays
    };
    let base = read_folder(&workspace.base(module))?;
    let folder = workspace.module(module);
    let mut fates = Vec::new();
    for (name, new) in given(tree, module, &sources)? {
        let base = base.iter().find(|(it, _)| *it == name).map(|(_, bytes)| bytes.as_slice());
        let path = folder.join(&name);
        let mine = fs::read(&path).ok();
        let fate = fate(base, mine.as_deref(), &new);
        if fate != Fate::Stays {
            fates.push((path, fate));
        }
    }
    let changes = fates.iter().any(|(_, fate)| matches!(fate, Fate::Taken(_) | Fate::Joined(_)));
    if changes && !tally.dry {
        let name = format!("{}_{}", module.id, module.name);
        tally.kept.push(workspace.back_up(&name, &folder)?);
    }
    for (path, fate) in fates {
        apply(&path, fate, workspace, tally)?;
    }
    if tally.dry { Ok(()) } else { workspace.keep_base(module, &sources) }
}

/// What becomes of a file, given what the course gave, what the learner has, what it gives now.
fn fate(base: Option<&[u8]>, mine: Option<&[u8]>, new: &[u8]) -> Fate {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace("\r\n", "\n");
    let Some(mine_raw) = mine else {
        // Never there: it is new. There before: the learner took it away, and meant it.
        return if base.is_none() { Fate::Taken(text(new)) } else { Fate::Stays };
    };
    let (mine, new) = (text(mine_raw), text(new));
    let base = base.map(text).unwrap_or_default();
    // The learner's line ends stay the learner's.
    let ends = |text: String| match mine_raw.windows(2).any(|pair| pair == b"\r\n") {
        true => text.replace('\n', "\r\n"),
        false => text,
    };
    if mine == new || base == new {
        Fate::Stays
    } else if mine == base {
        Fate::Taken(ends(new))
    } else if is_joined(&base, &mine, &new) {
        Fate::Stays
    } else {
        match diffy::merge(&base, &mine, &new) {
            Ok(joined) => Fate::Joined(ends(joined)),
            Err(_) => Fate::Beside(ends(new)),
        }
    }
}

/// Whether the course's change is in a learner's text already: an update that was cut off came so
/// far, and did not come to keep the new base. Joined once more, neighboring changes of both could
/// look like a conflict.
fn is_joined(base: &str, mine: &str, new: &str) -> bool {
    let without = diffy::merge(new, mine, base);
    let again = without.and_then(|without| diffy::merge(base, &without, new));
    again.is_ok_and(|again| again == mine)
}

fn apply(path: &Path, fate: Fate, workspace: &Workspace, tally: &mut Tally) -> Result<(), Failure> {
    let shown = workspace.shown(path);
    let beside = path
        .with_file_name(format!("{}.new", path.file_name().unwrap_or_default().to_string_lossy()));
    let (place, text, list) = match &fate {
        Fate::Stays => return Ok(()),
        Fate::Taken(text) => (path, text, &mut tally.taken),
        Fate::Joined(text) => (path, text, &mut tally.joined),
        Fate::Beside(text) => (beside.as_path(), text, &mut tally.beside),
    };
    list.push(shown);
    if tally.dry {
        return Ok(());
    }
    durable::settle(place, text.as_bytes()).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "one\ntwo\nthree\nfour\nfive\n";

    fn of(base: &str, mine: &str, new: &str) -> Fate {
        fate(Some(base.as_bytes()), Some(mine.as_bytes()), new.as_bytes())
    }

    #[test]
    fn what_only_one_side_changed_is_that_sides() {
        let mine = BASE.replace("two", "2");
        assert_eq!(of(BASE, &mine, BASE), Fate::Stays);
        assert_eq!(of(BASE, BASE, &mine), Fate::Taken(mine.clone()));
        assert_eq!(of(BASE, &mine, &mine), Fate::Stays);
    }

    #[test]
    fn changes_in_different_places_are_joined() {
        let (mine, new) = (BASE.replace("one", "1"), BASE.replace("five", "5"));
        assert_eq!(of(BASE, &mine, &new), Fate::Joined(mine.replace("five", "5")));
    }

    #[test]
    fn changes_in_the_same_place_leave_the_learners_file_alone() {
        let (mine, new) = (BASE.replace("two", "mine"), BASE.replace("two", "new"));
        assert_eq!(of(BASE, &mine, &new), Fate::Beside(new));
    }

    #[test]
    fn an_update_that_was_cut_off_can_be_said_again() {
        let (mine, new) = (BASE.replace("one", "1"), BASE.replace("five", "5"));
        let Fate::Joined(joined) = of(BASE, &mine, &new) else { panic!("they join") };
        // The file was written, and the base was not: the same again changes nothing.
        assert_eq!(of(BASE, &joined, &new), Fate::Stays);
        // Not even where the changes are so near that they look like one.
        let base = "//! Shapes.\n\nuse exercise::exercise;\n\nfn numel() {\n    hole\n}\n";
        let mine = "//! Shapes.\n\nfn numel() {\n    mine\n}\n";
        let new = base.replace("Shapes.", "Shapes, newer.");
        let Fate::Joined(joined) = of(base, mine, &new) else { panic!("they join") };
        assert_eq!(of(base, &joined, &new), Fate::Stays);
    }

    #[test]
    fn line_ends_of_windows_stay_and_do_not_count_as_changes() {
        let mine = BASE.replace('\n', "\r\n");
        assert_eq!(of(BASE, &mine, BASE), Fate::Stays);
        let new = BASE.replace("five", "5");
        assert_eq!(of(BASE, &mine, &new), Fate::Taken(new.replace('\n', "\r\n")));
    }

    #[test]
    fn a_new_file_comes_and_one_that_was_deleted_does_not_come_back() {
        assert_eq!(fate(None, None, b"x"), Fate::Taken("x".into()));
        assert_eq!(fate(Some(b"x"), None, b"y"), Fate::Stays);
        assert_eq!(fate(None, Some(b"mine"), b"new"), Fate::Beside("new".into()));
    }
}
