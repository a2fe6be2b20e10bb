//! `tito module view`: the lesson.

use std::process::ExitCode;

use super::{chosen, later};
use crate::failure::Failure;
use crate::reading;
use crate::terminal::Terminal;
use crate::workspace::Workspace;

/// Which lesson.
#[derive(Debug, Default, clap::Args)]
pub struct Request {
    /// The module's number or name. Without one, the module you work at
    pub module: Option<String>,
    /// Show only the part about this exercise: 05.3
    #[arg(long, value_name = "ID")]
    pub exercise: Option<String>,
}

/// Shows a module's lesson, or the part of it about one exercise.
pub fn view(
    request: &Request,
    workspace: &Workspace,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let state = workspace.state(terminal)?;
    let word = request.module.as_deref().or(request.exercise.as_deref().map(of_exercise));
    let module = chosen(word, workspace, &state)?;
    let path = format!("{}/lesson.md", module.folder());
    let lesson = workspace.tree.text(&path).ok_or_else(|| later(module))?;
    let part = match &request.exercise {
        None => lesson,
        Some(id) => section(lesson, id).ok_or_else(|| {
            Failure::input(format!("the lesson of {} has no part about {id}", module.id))
                .cure(format!("`tito module status {}` shows its exercises", module.id))
        })?,
    };
    terminal.print(reading::markdown(part, terminal));
    Ok(ExitCode::SUCCESS)
}

/// The module in an exercise's id.
fn of_exercise(id: &str) -> &str {
    id.split('.').next().unwrap_or(id)
}

/// The part of a lesson under the heading that names the exercise, up to the next heading of its
/// rank or higher.
fn section<'a>(lesson: &'a str, id: &str) -> Option<&'a str> {
    let rank = |line: &str| line.chars().take_while(|c| *c == '#').count();
    let mut fenced = false;
    let mut start = None;
    let mut at = 0;
    for line in lesson.split_inclusive('\n') {
        fenced ^= line.trim_start().starts_with("```");
        if !fenced && rank(line) > 0 {
            match start {
                Some((begin, depth)) if rank(line) <= depth => return Some(&lesson[begin..at]),
                None if line.split([' ', ':']).any(|word| word.trim() == id) => {
                    start = Some((at, rank(line)));
                }
                _ => {}
            }
        }
        at += line.len();
    }
    start.map(|(begin, _)| &lesson[begin..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_ends_at_the_next_heading_of_its_rank_outside_of_code() {
        let lesson = "# T\n### Exercise 01.1: Count\none\n```rust\n# hidden\n```\n#### deeper\n\
                      ### Exercise 01.10: Join\nten\n## Costs\n";
        let one = section(lesson, "01.1").unwrap();
        assert!(one.starts_with("### Exercise 01.1") && one.ends_with("#### deeper\n"), "{one}");
        assert_eq!(section(lesson, "01.10").unwrap(), "### Exercise 01.10: Join\nten\n");
        assert_eq!(section(lesson, "01.2"), None);
    }
}
