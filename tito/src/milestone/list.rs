//! `tito milestone list`.

use std::process::ExitCode;

use super::own::Own;
use super::{registry, sources};
use crate::course::{Course, Milestone};
use crate::failure::Failure;
use crate::module::{named, status};
use crate::terminal::Terminal;

/// Shows every milestone in a few lines: what it is, its bars, and whether it can run.
pub fn list(course: &Course, own: Option<&Own>, terminal: &Terminal) -> Result<ExitCode, Failure> {
    let shown = course.milestones.iter().map(|it| entry(it, own, terminal));
    terminal.print(shown.collect::<Vec<_>>().join("\n\n"));
    match own {
        Some(own) => status::next_line(own.workspace, own.state, terminal)?,
        None => terminal
            .print("\nNext: tito milestone run mlp, or tito milestone info mlp to read about it"),
    }
    Ok(ExitCode::SUCCESS)
}

fn entry(milestone: &Milestone, own: Option<&Own>, terminal: &Terminal) -> String {
    let Milestone { id, name, year, title, .. } = milestone;
    let mut lines = vec![terminal.bold(&format!("{id}  {name:<12} {year}  {title}"))];
    for bar in &milestone.bars {
        lines.push(terminal.hang(&format!("    {}", bar.data), &bar.goal, 17));
    }
    let state = match own {
        Some(own) => own_state(milestone, own, terminal),
        None => state(milestone, terminal),
    };
    lines.push(format!("    {state}"));
    lines.join("\n")
}

/// Whether a milestone can run on a learner's modules, and what it reached, in words.
pub fn own_state(milestone: &Milestone, own: &Own, terminal: &Terminal) -> String {
    if !own.workspace.is_staged(milestone) {
        return terminal.dim("comes later");
    }
    let waits = own.workspace.milestone_waits_for(milestone, own.state);
    if !waits.is_empty() {
        return terminal.dim(&format!("waits for {}", named(&waits)));
    }
    let sets = milestone.data_sets().into_iter();
    let met: Vec<&str> = sets.filter(|data| own.state.met(milestone, data)).collect();
    match met.as_slice() {
        [] => terminal.green(&format!("unlocked: tito milestone run {}", milestone.name)),
        _ => terminal.green(&format!("met on your code: {}", met.join(", "))),
    }
}

/// Whether a milestone can run, in words.
pub fn state(milestone: &Milestone, terminal: &Terminal) -> String {
    if registry::find(registry::MILESTONES, &milestone.id).is_some() {
        return terminal.green(&format!("ready: tito milestone run {}", milestone.name));
    }
    let missing: Vec<&str> =
        milestone.needs.iter().map(String::as_str).filter(|id| !sources::exists(id)).collect();
    terminal.dim(&match missing.as_slice() {
        [] => "still to come".to_owned(),
        [one] => format!("comes with module {one}"),
        [first, .., last] if spans(&missing) => format!("comes with modules {first} to {last}"),
        _ => format!("comes with modules {}", missing.join(", ")),
    })
}

/// Whether the ids are neighbors.
fn spans(ids: &[&str]) -> bool {
    let numbers: Vec<u32> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    numbers.windows(2).all(|pair| pair[0] + 1 == pair[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbors_are_told_from_gaps() {
        assert!(spans(&["09", "10", "11"]));
        assert!(!spans(&["09", "11"]));
    }

    #[test]
    fn a_milestone_without_its_modules_says_which_bring_it() {
        let terminal = Terminal::plain();
        let mut milestone = Course::embedded().milestones.remove(5);
        milestone.id = "99".into(); // in no registry
        milestone.needs = vec!["01".into(), "97".into(), "98".into(), "99".into()];
        assert_eq!(state(&milestone, &terminal), "comes with modules 97 to 99");
        milestone.needs = vec!["01".into()];
        assert_eq!(state(&milestone, &terminal), "still to come");
    }
}
