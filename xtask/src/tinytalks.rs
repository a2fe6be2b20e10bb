//! Judges TinyTalks: that the shipped file holds what its data sheet says of it.
//!
//! What a program can tell: counts, lengths, characters, spelling, that no question comes twice or
//! nearly so, that the arithmetic is right and is that of the answer. That an answer is true and
//! kind, a reader has to tell.

mod arithmetic;
mod likeness;

use std::collections::BTreeSet;
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use tinytorch_dataloader::TinyTalks;
use tinytorch_dataloader::tinytalks::{Level, Part, Talk};

/// How many talks of each level a part has.
const EACH: [(Part, usize); 3] = [(Part::Train, 56), (Part::Validation, 7), (Part::Test, 7)];
/// Of the file.
const BYTES: RangeInclusive<usize> = 38_000..=42_000;
const WORDS_OF_A_QUESTION: RangeInclusive<usize> = 3..=25;
const WORDS_OF_AN_ANSWER: RangeInclusive<usize> = 3..=30;
/// Besides letters, digits and the space: few, so that a character tokenizer stays small.
const MARKS: &str = ".,?!':-";

/// What British spellings have in them, and what is written here.
const BRITISH: [(&str, &str); 20] = [
    ("colour", "color"),
    ("favour", "favor"),
    ("flavour", "flavor"),
    ("neighbour", "neighbor"),
    ("behaviour", "behavior"),
    ("honour", "honor"),
    ("centre", "center"),
    ("metre", "meter"),
    ("litre", "liter"),
    ("theatre", "theater"),
    ("grey", "gray"),
    ("travell", "travel"),
    ("jewell", "jewel"),
    ("programme", "program"),
    ("pyjama", "pajama"),
    ("tyre", "tire"),
    ("plough", "plow"),
    ("organis", "organiz"),
    ("recognis", "recogniz"),
    ("aeroplane", "airplane"),
];

/// Where the repository keeps the data set.
pub fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../datasets/tinytalks/tinytalks.txt")
}

/// Judges a file. Returns what does not hold, each with the number of its talk.
///
/// # Errors
/// The file can't be read, or a line of it does not follow the format.
pub fn verify(file: &Path) -> Result<Vec<String>, String> {
    let named = |problem: String| format!("{}: {problem}", file.display());
    let text = fs::read_to_string(file).map_err(|e| named(e.to_string()))?;
    let talks = TinyTalks::parse(&text).map_err(|e| named(e.to_string()))?;
    let findings = findings(&text, &talks);
    let sums = talks.iter().filter(|talk| talk.check.is_some()).count();
    println!(
        "{} talks, {} bytes, {} characters in use, {sums} with arithmetic: {}",
        talks.len(),
        text.len(),
        characters(&talks).len(),
        if findings.is_empty() { "sound" } else { "not sound" }
    );
    Ok(findings)
}

fn findings(text: &str, talks: &[Talk]) -> Vec<String> {
    let mut findings = of_the_file(text, talks);
    findings.extend(of_counts(talks));
    for talk in talks {
        let found = of_a_talk(talk).into_iter().chain(arithmetic::findings(talk));
        findings.extend(found.map(|said| format!("{:03}: {said}", talk.number)));
    }
    findings.extend(of_train_characters(talks));
    findings.extend(likeness::findings(talks));
    findings
}

/// The size, and that there is one way to write a talk: whoever reads the file with a program of
/// their own need not think of others.
fn of_the_file(text: &str, talks: &[Talk]) -> Vec<String> {
    let mut findings = Vec::new();
    if !BYTES.contains(&text.len()) {
        findings.push(format!("{} bytes; {} to {}", text.len(), BYTES.start(), BYTES.end()));
    }
    let mut head: String =
        text.split_inclusive('\n').take_while(|line| !line.starts_with('[')).collect();
    head.push_str(&talks.iter().map(written).collect::<Vec<_>>().join("\n"));
    if head != text {
        let same = head.lines().zip(text.lines()).take_while(|(plain, line)| plain == line).count();
        findings.push(format!("line {}: written in another way than all others", same + 1));
    }
    findings
}

/// The lines of a talk in the file.
fn written(talk: &Talk) -> String {
    let Talk { number, level, part, .. } = talk;
    let check = talk.check.iter().map(|check| format!("C: {check}\n"));
    let header = format!("[{number:03} {} {}]\n", level.name(), part.name());
    header + &talk.text() + &check.collect::<String>()
}

fn of_counts(talks: &[Talk]) -> Vec<String> {
    let mut findings = Vec::new();
    for (level, (part, expected)) in Level::ALL.iter().flat_map(|l| EACH.map(|each| (l, each))) {
        let count = talks.iter().filter(|t| t.level == *level && t.part == part).count();
        if count != expected {
            let (level, part) = (level.name(), part.name());
            findings.push(format!("{count} talks of {level} for {part}; {expected}"));
        }
    }
    let astray = (1..).zip(talks).find(|(place, talk)| *place != talk.number);
    findings.extend(astray.map(|(place, talk)| {
        format!("{:03}: out of order, it is the talk of place {place}", talk.number)
    }));
    findings
}

/// What is wrong with one talk, but for its arithmetic.
fn of_a_talk(talk: &Talk) -> Vec<String> {
    let mut findings = Vec::new();
    if talk.earlier.is_some() != (talk.level == Level::Context) {
        findings.push("talks of the level context have two turns, others one".to_string());
    }
    let earlier = talk.earlier.iter().map(|turn| (&turn.question, &turn.answer));
    for (question, answer) in earlier.chain([(&talk.question, &talk.answer)]) {
        findings.extend(of_a_sentence(question, WORDS_OF_A_QUESTION));
        findings.extend(of_a_sentence(answer, WORDS_OF_AN_ANSWER));
    }
    findings
}

fn of_a_sentence(said: &str, lengths: RangeInclusive<usize>) -> Vec<String> {
    let mut findings = Vec::new();
    let mut say = |problem: String| findings.push(format!("{problem}: {said:?}"));
    let words: Vec<&str> = said.split_whitespace().collect();
    if !lengths.contains(&words.len()) {
        say(format!("{} words; {} to {}", words.len(), lengths.start(), lengths.end()));
    }
    if words.join(" ") != said {
        say("one space between words, none around them".into());
    }
    if !said.starts_with(|c: char| c.is_ascii_uppercase() || c.is_ascii_digit()) {
        say("begins with a capital letter or a digit".into());
    }
    if !said.ends_with(['.', '?', '!']) {
        say("ends with a full stop, a question mark or an exclamation mark".into());
    }
    if let Some(other) = said.chars().find(|c| !allowed(*c)) {
        say(format!("{other:?} is not among the characters of the set"));
    }
    let lower = said.to_lowercase();
    for (british, american) in BRITISH.iter().filter(|(british, _)| lower.contains(british)) {
        say(format!("\"{american}\", not \"{british}\""));
    }
    findings
}

fn allowed(c: char) -> bool {
    c == ' ' || c.is_ascii_alphanumeric() || MARKS.contains(c)
}

/// A tokenizer of characters that is built from what is learned from must read all the rest, and
/// what people type: train has every character of the set.
fn of_train_characters(talks: &[Talk]) -> Vec<String> {
    let train: Vec<Talk> = talks.iter().filter(|talk| talk.part == Part::Train).cloned().collect();
    let seen = characters(&train);
    let all = (' '..='~').filter(|c| allowed(*c));
    all.filter(|c| !seen.contains(c)).map(|c| format!("{c:?} does not occur in train")).collect()
}

/// What a model sees of the talks, by characters.
fn characters(talks: &[Talk]) -> BTreeSet<char> {
    talks.iter().flat_map(|talk| talk.text().chars().collect::<Vec<_>>()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped_text() -> String {
        fs::read_to_string(shipped()).unwrap()
    }

    /// What is found when `from` stands as `to` in the shipped file.
    fn found(from: &str, to: &str) -> Vec<String> {
        let text = shipped_text();
        assert_eq!(text.matches(from).count(), 1, "{from:?}");
        let text = text.replacen(from, to, 1);
        findings(&text, &TinyTalks::parse(&text).unwrap())
    }

    #[test]
    fn the_shipped_file_is_sound() {
        assert_eq!(verify(&shipped()).unwrap(), [""; 0]);
    }

    #[test]
    fn a_broken_sentence_is_found_with_the_number_of_its_talk() {
        let name = "What is your name?";
        let whole = |problem: &str, to: &str| format!("006: {problem}: {to:?}");
        for (to, problem) in [
            ("Your name?", "2 words; 3 to 25"),
            ("what is your name?", "begins with a capital letter or a digit"),
            ("What is your name", "ends with a full stop, a question mark or an exclamation mark"),
            ("What is  your name?", "one space between words, none around them"),
            ("What is your näme?", "'ä' is not among the characters of the set"),
            ("What; is your name?", "';' is not among the characters of the set"),
            ("What are your true colours?", "\"color\", not \"colour\""),
        ] {
            assert_eq!(found(name, to), [whole(problem, to)]);
        }
        let long = format!("What is your{} name?", " long".repeat(22));
        assert_eq!(found(name, &long), [whole("26 words; 3 to 25", &long)]);
    }

    #[test]
    fn earlier_turns_are_judged_as_well() {
        let said = found("A: What a lovely name!\n", "A: A name!\n");
        assert_eq!(said, ["281: 2 words; 3 to 30: \"A name!\""]);
        let said = found("Q: Welcome back from", "Q: Hello there!\nA: Hello to you.\nQ: Back from");
        assert_eq!(
            said,
            [
                "054: talks of the level context have two turns, others one",
                "054: 2 words; 3 to 25: \"Hello there!\""
            ]
        );
    }

    #[test]
    fn a_talk_of_another_part_or_level_is_missed_where_it_was() {
        assert_eq!(
            found("[006 greetings train]", "[006 greetings test]"),
            ["55 talks of greetings for train; 56", "8 talks of greetings for test; 7"]
        );
        assert_eq!(
            found("[006 greetings train]", "[006 facts train]"),
            ["55 talks of greetings for train; 56", "57 talks of facts for train; 56"]
        );
    }

    #[test]
    fn talks_out_of_order_are_found() {
        assert_eq!(
            found("[006 greetings train]", "[008 greetings train]"),
            ["008: out of order, it is the talk of place 6"]
        );
    }

    #[test]
    fn another_way_of_writing_is_found_with_its_line() {
        let place = |from: &str| {
            let text = shipped_text();
            text.lines().position(|line| line == from).unwrap() + 1
        };
        let line = place("[006 greetings train]");
        let other = |line| [format!("line {line}: written in another way than all others")];
        assert_eq!(found("[006 greetings train]", "[6 greetings train]"), other(line));
        assert_eq!(found("[006 ", "\n[006 "), other(line));
        assert_eq!(found("[006 ", "# a remark\n[006 "), other(line));
        assert_eq!(found("What is your name?\n", "What is your name? \n"), other(line + 1));
    }

    #[test]
    fn a_file_that_is_too_small_or_too_large_is_found() {
        let [small, large] = [37_999, 42_001].map(|bytes| "#".repeat(bytes));
        assert_eq!(of_the_file(&small, &[]), ["37999 bytes; 38000 to 42000"]);
        assert_eq!(of_the_file(&large, &[]), ["42001 bytes; 38000 to 42000"]);
    }

    #[test]
    fn a_character_that_train_lacks_is_found() {
        assert_eq!(
            found("A: It begins with A and ends with Z.", "A: It begins with A and so on."),
            ["'Z' does not occur in train"]
        );
    }

    #[test]
    fn a_line_that_is_not_of_the_format_is_an_error_with_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("talks.txt");
        fs::write(&file, "Hello there!\n").unwrap();
        let expected = "tinytalks: line 1: expected [number level part] first";
        assert_eq!(verify(&file).unwrap_err(), format!("{}: {expected}", file.display()));
    }
}
