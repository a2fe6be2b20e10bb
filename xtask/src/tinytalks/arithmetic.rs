//! That the arithmetic of a talk is right, and that its answer is the one that is calculated.

use tinytorch_dataloader::tinytalks::{Level, Talk};

/// Number words, and words that stand for a number in a question.
const NUMBER_WORDS: [(&str, i64); 31] = [
    ("zero", 0),
    ("one", 1),
    ("two", 2),
    ("twos", 2),
    ("half", 2),
    ("double", 2),
    ("three", 3),
    ("four", 4),
    ("quarter", 4),
    ("five", 5),
    ("six", 6),
    ("seven", 7),
    ("eight", 8),
    ("nine", 9),
    ("ten", 10),
    ("tens", 10),
    ("eleven", 11),
    ("twelve", 12),
    ("dozen", 12),
    ("thirteen", 13),
    ("fourteen", 14),
    ("fifteen", 15),
    ("sixteen", 16),
    ("eighteen", 18),
    ("twenty", 20),
    ("thirty", 30),
    ("forty", 40),
    ("fifty", 50),
    ("sixty", 60),
    ("hundred", 100),
    ("thousand", 1000),
];

/// What is wrong with the arithmetic of a talk, in its line `C:` and in its words.
pub fn findings(talk: &Talk) -> Vec<String> {
    let mut findings = of_words(talk);
    match &talk.check {
        Some(check) => findings.extend(of_check(talk, check)),
        None if talk.level == Level::Arithmetic => {
            findings.push("a talk of the level arithmetic wants its line C:".into());
        }
        None => {}
    }
    findings
}

/// The line `C:`: each equation holds, speaks of numbers that are said, and its result is answered;
/// and the answer has no digits that come from nowhere.
fn of_check(talk: &Talk, check: &str) -> Vec<String> {
    let mut findings = Vec::new();
    let answered = numbers(&talk.answer);
    let asked = talk.earlier.iter().flat_map(|turn| [&turn.question, &turn.answer]);
    let asked: Vec<i64> = asked.chain([&talk.question]).flat_map(|said| numbers(said)).collect();
    let mut calculated = Vec::new();
    for equation in check.split(", ") {
        match equation.split_once(" = ").map(|(left, right)| (terms(left), right.parse::<i64>())) {
            Some((Ok(terms), Ok(right))) => {
                match value(&terms) {
                    Some(left) if left == right => {}
                    Some(left) => findings.push(format!("{equation}: it is {left}")),
                    None => findings.push(format!("{equation}: no whole number comes out")),
                }
                for (_, operand) in &terms {
                    if ![&asked, &answered, &calculated].iter().any(|all| all.contains(operand)) {
                        findings.push(format!("{equation}: the talk says no {operand}"));
                    }
                }
                if !answered.contains(&right) {
                    findings.push(format!("{equation}: the answer says no {right}"));
                }
                calculated.extend(terms.iter().map(|(_, operand)| *operand).chain([right]));
            }
            _ => findings.push(format!("expected numbers, + - * / % and one =, got {equation:?}")),
        }
    }
    let digits = talk.answer.split(|c: char| !c.is_ascii_digit()).filter_map(|it| it.parse().ok());
    for number in digits.filter(|number| !asked.contains(number) && !calculated.contains(number)) {
        findings.push(format!("the answer says {number}, which is neither asked nor calculated"));
    }
    findings
}

/// Operators and numbers; the first number counts as added.
fn terms(text: &str) -> Result<Vec<(char, i64)>, ()> {
    let mut terms = Vec::new();
    let mut words = text.split(' ');
    let mut operator = '+';
    loop {
        let number = words.next().ok_or(())?;
        terms.push((operator, number.parse().map_err(|_| ())?));
        operator = match words.next() {
            None => return Ok(terms),
            Some("+") => '+',
            Some("-") => '-',
            Some("*") => '*',
            Some("/") => '/',
            Some("%") => '%',
            Some(_) => return Err(()),
        };
    }
}

/// What `terms` make, `*`, `/` and `%` before `+` and `-`; none where a division has a rest, or by
/// zero.
fn value(terms: &[(char, i64)]) -> Option<i64> {
    let (mut sum, mut product) = (0i64, 0i64);
    for &(operator, number) in terms {
        product = match operator {
            '*' => product.checked_mul(number)?,
            '/' if product.checked_rem(number)? == 0 => product / number,
            '/' => return None,
            '%' => product.checked_rem(number)?,
            sign => {
                sum = sum.checked_add(product)?;
                if sign == '-' { -number } else { number }
            }
        };
    }
    sum.checked_add(product)
}

/// Equations in words, in what is answered: "7 times 8 is 56".
fn of_words(talk: &Talk) -> Vec<String> {
    let earlier = talk.earlier.iter().map(|turn| &turn.answer);
    let mut findings = Vec::new();
    for answer in earlier.chain([&talk.answer]) {
        let answer =
            answer.to_lowercase().replace("divided by", "over").replace("take away", "minus");
        let words: Vec<&str> = words(&answer).collect();
        for said in words.windows(5) {
            let operator = match said[1] {
                "plus" | "and" => '+',
                "minus" => '-',
                "times" => '*',
                "over" => '/',
                _ => continue,
            };
            let equals = ["is", "are", "make", "makes", "equals", "gives", "leaves"];
            let numbers = [said[0], said[2], said[4]].map(number);
            let [Some(a), Some(b), Some(c)] = numbers else { continue };
            if equals.contains(&said[3]) && value(&[('+', a), (operator, b)]) != Some(c) {
                findings.push(format!("\"{}\" is not so", said.join(" ")));
            }
        }
    }
    findings
}

/// The numbers that a sentence says, in digits or words.
fn numbers(said: &str) -> Vec<i64> {
    words(&said.to_lowercase()).filter_map(number).collect()
}

fn words(said: &str) -> impl Iterator<Item = &str> {
    said.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty())
}

fn number(word: &str) -> Option<i64> {
    let known = NUMBER_WORDS.iter().find(|(name, _)| *name == word).map(|(_, number)| *number);
    word.parse().ok().or(known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tinytorch_dataloader::tinytalks::Part;

    fn talk(question: &str, answer: &str, check: Option<&str>) -> Talk {
        Talk {
            number: 1,
            level: Level::Arithmetic,
            part: Part::Train,
            earlier: None,
            question: question.into(),
            answer: answer.into(),
            check: check.map(String::from),
        }
    }

    #[test]
    fn terms_are_worked_out_in_the_order_of_school() {
        for (text, expected) in [
            ("7", Some(7)),
            ("2 + 3 * 4", Some(14)),
            ("8 - 2 * 3", Some(2)),
            ("20 - 6 / 3 + 1", Some(19)),
            ("2 * 3 * 4 / 6", Some(4)),
            ("17 % 5", Some(2)),
            ("7 / 2", None),
            ("7 / 0", None),
            ("7 % 0", None),
        ] {
            assert_eq!(value(&terms(text).unwrap()), expected, "{text}");
        }
        for text in ["", "2 +", "+ 2", "2 + + 3", "2 ^ 3", "two + 3", "2  + 3"] {
            assert_eq!(terms(text), Err(()), "{text:?}");
        }
    }

    #[test]
    fn a_sound_talk_has_no_findings() {
        let sound = talk(
            "Two dozen eggs, and 3 break. How many remain?",
            "There were 24 eggs, so 21 remain.",
            Some("2 * 12 = 24, 24 - 3 = 21"),
        );
        assert_eq!(findings(&sound), [""; 0]);
    }

    #[test]
    fn each_kind_of_wrong_arithmetic_is_found() {
        let asked = "What is 7 plus 8?";
        for (answer, check, expected) in [
            ("It is 16.", "7 + 8 = 16", "7 + 8 = 16: it is 15"),
            ("It is 16.", "7 + 9 = 16", "7 + 9 = 16: the talk says no 9"),
            ("It is fifteen or so.", "8 - 7 = 1", "8 - 7 = 1: the answer says no 1"),
            ("It is 1.", "8 / 7 = 1", "8 / 7 = 1: no whole number comes out"),
            (
                "It is 15, not 17.",
                "7 + 8 = 15",
                "the answer says 17, which is neither asked nor calculated",
            ),
            ("It is 15.", "7 + 8", "expected numbers, + - * / % and one =, got \"7 + 8\""),
            ("It is 15.", "7 + 8 = x", "expected numbers, + - * / % and one =, got \"7 + 8 = x\""),
            ("7 and 8 make 15, 7 times 8 is 15.", "7 + 8 = 15", "\"7 times 8 is 15\" is not so"),
            ("It is 15: 15 minus eight is 8.", "7 + 8 = 15", "\"15 minus eight is 8\" is not so"),
            ("It is 15, and 8 divided by 8 is 7.", "7 + 8 = 15", "\"8 over 8 is 7\" is not so"),
        ] {
            let found = findings(&talk(asked, answer, Some(check)));
            assert_eq!(found[0], expected, "{answer}");
        }
    }

    #[test]
    fn only_the_level_arithmetic_must_have_a_check() {
        let without = talk("What is 7 plus 8?", "It is 15.", None);
        assert_eq!(findings(&without), ["a talk of the level arithmetic wants its line C:"]);
        assert_eq!(findings(&Talk { level: Level::Facts, ..without }), [""; 0]);
    }
}
