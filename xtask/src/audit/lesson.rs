//! What must hold in a lesson.

use super::prose::{Line, lines, said};
use crate::files;
use std::ops::RangeInclusive;
use std::path::Path;

/// How many words a lesson may have; most have 1,500 to 3,000.
const WORDS: RangeInclusive<usize> = 1_500..=4_000;
/// The most sources that a reader is sent to.
const MOST_SOURCES: usize = 5;
/// What a block may be in. Rust is run as a test; the rest is not.
const LANGUAGES: [&str; 7] = ["rust", "text", "console", "sh", "python", "toml", "mermaid"];

/// The number of words outside of code.
pub fn words(lesson: &str) -> usize {
    let (lines, _) = lines(lesson);
    let prose = lines.iter().filter(|line| !line.code);
    let is_word = |word: &&str| word.contains(char::is_alphanumeric);
    prose.map(|line| line.text.split_whitespace().filter(is_word).count()).sum()
}

/// What does not hold in a lesson that is to have these exercises, in order, and these questions.
pub fn findings(lesson: &str, exercises: &[&str], questions: &[&str]) -> Vec<String> {
    let (lines, fences) = lines(lesson);
    let mut findings = Vec::new();
    let count = words(lesson);
    if !WORDS.contains(&count) {
        let (least, most) = (WORDS.start(), WORDS.end());
        findings.push(format!("lesson.md has {count} words; {least} to {most}"));
    }
    for fence in &fences {
        let mut said = |what: &str| findings.push(format!("lesson.md line {}: {what}", fence.line));
        let mut words = fence.info.split(',').map(str::trim);
        if !fence.closed {
            said("this block is not closed");
        }
        if !words.next().is_some_and(|language| LANGUAGES.contains(&language)) {
            said(&format!("a block says what it is: {}", LANGUAGES.join(", ")));
        }
        if words.any(|word| word == "ignore") {
            said("code that is not tested is fenced as text");
        }
    }
    findings.extend(headings(&lines, exercises));
    let asked = asked(lesson);
    let unasked = questions.iter().filter(|id| !asked.iter().any(|asked| asked == *id));
    findings.extend(unasked.map(|id| format!("lesson.md does not ask question {id}")));
    findings.extend(sources(&lines));
    findings
}

/// The headings `### Exercise 01.3: Strides`: each exercise has one, in order.
fn headings(lines: &[Line], exercises: &[&str]) -> Vec<String> {
    let (mut findings, mut found) = (Vec::new(), Vec::new());
    for line in lines.iter().filter(|line| !line.code) {
        let Some(heading) = line.text.trim_start_matches('#').trim().strip_prefix("Exercise ")
        else {
            continue;
        };
        if !line.text.starts_with('#') {
            continue;
        }
        match heading.split_once(": ") {
            Some((id, title)) if line.text.starts_with("### ") && !title.trim().is_empty() => {
                found.push(id);
            }
            _ => findings.push(format!(
                "lesson.md line {}: as in `### Exercise 01.3: Strides`",
                line.number
            )),
        }
    }
    if found != exercises && findings.is_empty() {
        findings.push(format!(
            "lesson.md has exercises {} in place; exercises.toml has {}",
            found.join(", "),
            exercises.join(", ")
        ));
    }
    findings
}

/// The ids of questions in a lesson: `01.q2`, and all of `01.q2 to 01.q5`.
fn asked(lesson: &str) -> Vec<String> {
    let mut asked = Vec::new();
    let mut last = None;
    let words = lesson.split_whitespace().map(|word| {
        word.trim_matches(|c: char| !c.is_alphanumeric())
            .split_once(".q")
            .and_then(|(m, n)| Some((m.to_string(), n.parse::<u32>().ok()?)))
    });
    for (word, id) in lesson.split_whitespace().zip(words) {
        match (id, &last) {
            (Some((module, number)), Some((first, true))) => {
                asked.extend((*first..=number).map(|n| format!("{module}.q{n}")));
                last = Some((number, false));
            }
            (Some((module, number)), _) => {
                asked.push(format!("{module}.q{number}"));
                last = Some((number, false));
            }
            (None, Some((number, _))) if word == "to" => last = Some((*number, true)),
            (None, _) => last = None,
        }
    }
    asked
}

/// "Read on": one to five sources, an item each.
fn sources(lines: &[Line]) -> Option<String> {
    let heading = |line: &&Line| line.text.starts_with('#') && !line.code;
    let under = lines.iter().skip_while(|line| !(heading(line) && line.text.contains("Read on")));
    let section = under.skip(1).take_while(|line| !heading(line));
    let item = |line: &&Line| {
        let numbered = line.text.trim_start_matches(|c: char| c.is_ascii_digit());
        let numbered = numbered.len() < line.text.len() && numbered.starts_with(". ");
        line.text.starts_with("- ") || line.text.starts_with("* ") || numbered
    };
    let count = section.filter(item).count();
    (!(1..=MOST_SOURCES).contains(&count))
        .then(|| format!("lesson.md: {count} sources under \"Read on\"; 1 to {MOST_SOURCES}"))
}

/// What does not hold between a lesson and the figures of its module, in `folder`.
pub fn figures(lesson: &str, folder: &Path) -> Vec<String> {
    let there = match files::under(&folder.join("figures")) {
        Ok(there) => there,
        Err(problem) => return vec![problem],
    };
    let (mut findings, mut shown) = (Vec::new(), Vec::new());
    for line in lines(lesson).0.iter().filter(|line| !line.code) {
        let mut say =
            |what: String| findings.push(format!("lesson.md line {}: {what}", line.number));
        let mut rest = line.text;
        while let Some((_, image)) = rest.split_once("![") {
            let Some((alternative, target)) = image.split_once("](") else { break };
            let (target, after) = target.split_once(')').unwrap_or((target, ""));
            if said(alternative).trim().is_empty() {
                say(format!("{target} has no text for those who cannot see it"));
            }
            match target.strip_prefix("figures/") {
                Some(name) if there.contains_key(name) => shown.push(name.to_string()),
                _ => say(format!("{target} does not exist")),
            }
            rest = after;
        }
    }
    for (name, path) in &there {
        let mut say = |what: &str| findings.push(format!("figures/{name} {what}"));
        if !shown.contains(name) {
            say("is shown nowhere");
        }
        let text = files::text(path).unwrap_or_default();
        if !(text.contains("<title") && text.contains("<desc")) {
            say("has no <title> and <desc> for those who cannot see it");
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const LESSON: &str = "# Tensor\n\n### Exercise 01.1: Count\n\n```rust\nlet a = 1;\n```\n\n\
                          ### Exercise 01.2: Stride\n\n![a grid](figures/grid.svg)\n\n\
                          ## Think\n\n01.q1, 01.q2\n\n## Read on\n\n- a book\n";

    fn long(lesson: &str) -> String {
        lesson.to_string() + "\n## More\n\n" + &"word ".repeat(1_500)
    }

    #[test]
    fn a_sound_lesson_has_no_findings() {
        let found = findings(&long(LESSON), &["01.1", "01.2"], &["01.q1", "01.q2"]);
        assert_eq!(found, [""; 0]);
    }

    #[test]
    fn what_is_missing_is_named() {
        let lesson = LESSON.replace("- a book\n", "").replace("```\n\n##", "##");
        let found = findings(&lesson, &["01.1", "01.2"], &["01.q1", "01.q10"]);
        for said in [
            "lesson.md has 4 words; 1500 to 4000",
            "lesson.md line 5: this block is not closed",
            "lesson.md has exercises 01.1 in place; exercises.toml has 01.1, 01.2",
            "lesson.md: 0 sources under \"Read on\"; 1 to 5",
        ] {
            assert!(found.iter().any(|found| found == said), "{said} in {found:?}");
        }
        let found = findings(&long(LESSON), &["01.2", "01.1"], &["01.q10"]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(found[1], "lesson.md does not ask question 01.q10");
        let found =
            findings(&long(&LESSON.replace("```rust", "```rust,ignore")), &["01.1", "01.2"], &[]);
        assert_eq!(found, ["lesson.md line 5: code that is not tested is fenced as text"]);
        let found = findings(&long(&LESSON.replace("```rust", "```")), &["01.1", "01.2"], &[]);
        assert!(found[0].starts_with("lesson.md line 5: a block says what it is"), "{found:?}");
    }

    #[test]
    fn questions_are_asked_one_by_one_or_from_one_to_another() {
        assert_eq!(
            asked("(01.q2) to 01.q4, **01.q7**"),
            ["01.q2", "01.q2", "01.q3", "01.q4", "01.q7"]
        );
        assert_eq!(asked("01.q1 and 01.q10"), ["01.q1", "01.q10"]);
    }

    #[test]
    fn figures_exist_and_can_be_read_aloud() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let name = |name: &str| folder.path().join("figures").join(name);
        files::write(&name("grid.svg"), b"<svg><title>t</title><desc>d</desc></svg>")
            .expect("written");
        assert_eq!(figures(LESSON, folder.path()), [""; 0]);
        files::write(&name("more.svg"), b"<svg/>").expect("written");
        let lesson = LESSON.replace("a grid", " ") + "![a](figures/none.svg)";
        assert_eq!(
            figures(&lesson, folder.path()),
            [
                "lesson.md line 11: figures/grid.svg has no text for those who cannot see it",
                "lesson.md line 20: figures/none.svg does not exist",
                "figures/more.svg is shown nowhere",
                "figures/more.svg has no <title> and <desc> for those who cannot see it",
            ]
        );
    }
}
