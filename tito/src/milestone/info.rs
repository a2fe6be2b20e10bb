//! `tito milestone info`.

use std::process::ExitCode;

use super::own::Own;
use super::{list, record, sources};
use crate::course::{Course, Milestone};
use crate::data_folder::DataFolder;
use crate::dataset;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// Tells about one milestone: what it needs, what it must reach, from which data.
pub fn info(
    word: &str,
    course: &Course,
    data: &DataFolder,
    records: &DataFolder,
    own: Option<&Own>,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let milestone = course.find_milestone(word)?;
    let Milestone { id, name, year, title, .. } = milestone;
    terminal.print(terminal.bold(&format!("{id}  {name}  {year}  {title}")));
    terminal.print(format!("\nBars, each over fixed seeds:\n{}", bars(milestone, terminal)));
    terminal.print(format!("\nData:\n{}", data_lines(milestone, course, data, terminal)));
    terminal.print(format!("\nNeeds:\n{}", modules(&milestone.needs, course, terminal)));
    if !milestone.again.is_empty() {
        let again = modules(&milestone.again, course, terminal);
        terminal.print(format!("\nOnce more, in another way, after:\n{again}"));
    }
    let latest = record::latest(records, id).map_or(String::new(), |path| {
        format!("\n  the latest: {}", path.file_name().unwrap_or_default().to_string_lossy())
    });
    terminal.print(format!("\nRun records:\n  {}{latest}", records.runs().display()));
    let state = match own {
        Some(own) => list::own_state(milestone, own, terminal),
        None => list::state(milestone, terminal),
    };
    terminal.print(format!("\nState:\n  {state}"));
    Ok(ExitCode::SUCCESS)
}

fn bars(milestone: &Milestone, terminal: &Terminal) -> String {
    let lines = milestone.bars.iter().map(|bar| {
        let line = format!("  {:<12} {:<20}", bar.data, bar.metric);
        terminal.fit(&format!("{line} {}", bar.goal))
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn data_lines(
    milestone: &Milestone,
    course: &Course,
    data: &DataFolder,
    terminal: &Terminal,
) -> String {
    let sets = milestone.data_sets().into_iter().filter_map(|id| course.data_set(id));
    let lines = sets.map(|set| {
        let state = dataset::list::state(set, data, terminal);
        let summary = terminal.hang(&format!("  {}", set.id), &set.summary, 15);
        format!("{summary}\n  {:<12} {state}", "")
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn modules(ids: &[String], course: &Course, terminal: &Terminal) -> String {
    let names = ids.iter().filter_map(|id| course.module(id)).map(|module| {
        let missing = if sources::exists(&module.id) { "" } else { " (to come)" };
        format!("{} {}{missing}", module.id, module.name)
    });
    terminal.wrap(&names.collect::<Vec<_>>().join(", "), 2)
}
