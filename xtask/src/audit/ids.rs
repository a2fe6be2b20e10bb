//! Ids that learners' progress is kept by: once given, they stay.

use crate::files;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const HEAD: &str = "\
# Every id that progress is kept by. Ids are only ever added, by `cargo xtask check-course --add-ids`:
# what was solved must be found again after an update. A line that goes takes somebody's work along.
";

/// The list of ids, `course/ids.txt`.
pub struct Ids {
    path: PathBuf,
    known: BTreeSet<String>,
    added: bool,
}

impl Ids {
    /// Reads the list; empty if there is none.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = if path.exists() { files::text(path)? } else { String::new() };
        let lines = text.lines().map(str::trim);
        let known = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        Ok(Self {
            path: path.to_path_buf(),
            known: known.map(String::from).collect(),
            added: false,
        })
    }

    /// What is wrong with the ids that module `module` has now: some are gone, or not in the list.
    /// Those are added to it if `add`.
    pub fn hold(&mut self, module: &str, now: &[String], add: bool) -> Vec<String> {
        let of_module = |line: &&String| {
            let id = line.split_whitespace().nth(1).unwrap_or_default();
            id.strip_prefix(module).is_some_and(|rest| rest.starts_with('.'))
        };
        let gone = self.known.iter().filter(of_module).filter(|line| !now.contains(line));
        let mut findings: Vec<String> = gone
            .map(|line| format!("module {module}: {line} is gone; ids stay for ever"))
            .collect();
        for line in now.iter().filter(|line| !self.known.contains(*line)).collect::<Vec<_>>() {
            match add {
                true => {
                    self.known.insert(line.clone());
                    self.added = true;
                }
                false => findings.push(format!(
                    "module {module}: {line} is not in course/ids.txt; add it with --add-ids"
                )),
            }
        }
        findings
    }

    /// Writes the list, if something was added to it.
    pub fn write(&self) -> Result<(), String> {
        if !self.added {
            return Ok(());
        }
        let mut lines: Vec<&String> = self.known.iter().collect();
        lines.sort_by_key(|line| order(line));
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        files::write(&self.path, format!("{HEAD}{text}").as_bytes())
    }
}

/// By module, then kind, then number, then word.
fn order(line: &str) -> (String, String, u32, String) {
    let (kind, id) = line.split_once(' ').unwrap_or(("", line));
    let mut parts = id.splitn(3, '.');
    let mut part = || parts.next().unwrap_or_default().to_string();
    let (module, number, word) = (part(), part(), part());
    let number = number.trim_start_matches('q').parse().unwrap_or(u32::MAX);
    (module, kind.to_string(), number, word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(ids: &[&str]) -> Vec<String> {
        ids.iter().map(|id| id.to_string()).collect()
    }

    #[test]
    fn ids_are_added_and_never_go() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join("ids.txt");
        let mut ids = Ids::read(&path).expect("no list is an empty one");
        let first = lines(&["exercise 01.10", "exercise 01.2", "check 01.2.a", "question 01.q1"]);
        assert_eq!(ids.hold("01", &first, false).len(), 4);
        assert!(ids.hold("01", &first, true).is_empty());
        assert!(ids.hold("02", &lines(&["exercise 02.1"]), true).is_empty());
        ids.write().expect("can be written");

        let mut ids = Ids::read(&path).expect("was written");
        assert!(ids.hold("01", &first, false).is_empty());
        assert_eq!(
            ids.hold("01", &first[1..], false),
            ["module 01: exercise 01.10 is gone; ids stay for ever"]
        );
        let text = std::fs::read_to_string(&path).expect("was written");
        assert!(text.ends_with(
            "check 01.2.a\nexercise 01.2\nexercise 01.10\nquestion 01.q1\nexercise 02.1\n"
        ));
    }
}
