//! `tito milestone list`.

use std::process::ExitCode;

use super::{registry, sources};
use crate::course::{Course, Milestone};
use crate::failure::Failure;
use crate::terminal::Terminal;

/// Shows every milestone in a few lines: what it is, its bars, and whether it can run.
pub fn list(course: &Course, terminal: &Terminal) -> Result<ExitCode, Failure> {
    let shown: Vec<String> = course.milestones.iter().map(|it| entry(it, terminal)).collect();
    terminal.print(shown.join("\n\n"));
    terminal.print("\nNext: tito milestone run mlp, or tito milestone info mlp to read about it");
    Ok(ExitCode::SUCCESS)
}

fn entry(milestone: &Milestone, terminal: &Terminal) -> String {
    let Milestone { id, name, year, title, .. } = milestone;
    let mut lines = vec![terminal.bold(&format!("{id}  {name:<12} {year}  {title}"))];
    for bar in &milestone.bars {
        lines.push(terminal.hang(&format!("    {}", bar.data), &bar.goal, 17));
    }
    lines.push(format!("    {}", state(milestone, terminal)));
    lines.join("\n")
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
