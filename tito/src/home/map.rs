//! The journey, as a map: modules by tier, milestones where they branch off.

use crate::course::{Milestone, Module, Tier};
use crate::failure::Failure;
use crate::syllabus;
use crate::terminal::Terminal;
use crate::workspace::Workspace;
use crate::workspace::plan::Standing;
use crate::workspace::state::State;

/// All of the course in a screen.
///
/// # Errors
/// The course can't be read.
pub fn journey(
    workspace: &Workspace,
    state: &State,
    terminal: &Terminal,
) -> Result<String, Failure> {
    let mut lines = vec![head(workspace, state, terminal)];
    let last = workspace.course.tiers.last().map(|tier| tier.id.as_str());
    for tier in &workspace.course.tiers {
        lines.push(String::new());
        lines.push(tier_line(tier, terminal));
        for module in workspace.course.modules.iter().filter(|it| it.tier == tier.id) {
            lines.push(module_line(module, workspace, state, terminal)?);
            for milestone in branching_off(module, workspace) {
                lines.push(milestone_line(milestone, workspace, state, terminal));
            }
        }
        if Some(tier.id.as_str()) != last {
            lines.push("  \u{2502}".to_owned());
        }
    }
    Ok(lines.join("\n"))
}

fn head(workspace: &Workspace, state: &State, terminal: &Terminal) -> String {
    let track = workspace.track();
    let done = track.modules.iter().filter(|id| state.completed(id)).count();
    let of = track.modules.len();
    let width = 20;
    let filled = done * width / of.max(1);
    let bar = format!("{}{}", "\u{2501}".repeat(filled), "\u{b7}".repeat(width - filled));
    let title = terminal.bold("TinyTorch");
    format!("{title}   {}   {bar}  {done} of {of} modules", track.title)
}

fn tier_line(tier: &Tier, terminal: &Terminal) -> String {
    format!("  {}   {}", terminal.bold(&tier.title), terminal.dim(&tier.summary))
}

fn module_line(
    module: &Module,
    workspace: &Workspace,
    state: &State,
    terminal: &Terminal,
) -> Result<String, Failure> {
    let here = workspace.current(state).is_some_and(|it| it.id == module.id);
    let standing = workspace.standing(module, state);
    let mark = match standing {
        Standing::Complete => terminal.green("\u{25cf}"),
        Standing::Adopted => terminal.dim("\u{25d0}"),
        Standing::Started => terminal.bold("\u{25c9}"),
        Standing::Ready => "\u{25cb}".to_owned(),
        Standing::Waiting | Standing::Later => terminal.dim("\u{25cb}"),
    };
    let name = format!("{} {:<13}", module.id, module.name);
    let (name, words) = match standing {
        Standing::Complete => (name, String::new()),
        Standing::Adopted => (terminal.dim(&name), terminal.dim("the answer key's")),
        Standing::Started => {
            let of = syllabus::exercises(&workspace.tree, module)?.len();
            let passed = state.module(&module.id).tested.map_or(0, |it| it.passed.len());
            let here = if here { "   \u{2190} you are here" } else { "" };
            (terminal.bold(&name), format!("{passed} of {of} exercises{here}"))
        }
        Standing::Ready if workspace.skips(module) => {
            (terminal.dim(&name), terminal.dim("not on your track"))
        }
        Standing::Ready => (name, "ready".to_owned()),
        Standing::Waiting if workspace.skips(module) => {
            (terminal.dim(&name), terminal.dim("not on your track"))
        }
        Standing::Waiting => (terminal.dim(&name), String::new()),
        Standing::Later => (terminal.dim(&name), terminal.dim("comes later")),
    };
    Ok(format!("  {mark} {name} {words}").trim_end().to_owned())
}

/// The milestones whose last needed module is this one.
fn branching_off<'a>(module: &Module, workspace: &'a Workspace) -> Vec<&'a Milestone> {
    let of = |it: &&Milestone| it.needs.last() == Some(&module.id);
    workspace.course.milestones.iter().filter(of).collect()
}

fn milestone_line(
    milestone: &Milestone,
    workspace: &Workspace,
    state: &State,
    terminal: &Terminal,
) -> String {
    let sets = milestone.data_sets();
    let met = sets.iter().filter(|data| state.met(milestone, data)).count();
    let title = format!("{} {}", milestone.year, milestone.title);
    let line = match (workspace.is_unlocked(milestone, state), met) {
        (_, 1..) if met == sets.len() => terminal.green(&format!("\u{2605} {title}")),
        (_, 1..) => format!("{} {title}  {met} of {} bars", terminal.green("\u{2605}"), sets.len()),
        (true, _) => {
            terminal.bold(&format!("\u{2606} {title}  tito milestone run {}", milestone.name))
        }
        (false, _) => terminal.dim(&format!("\u{2606} {title}")),
    };
    format!("  \u{251c}\u{2500}\u{2500} {line}")
}
