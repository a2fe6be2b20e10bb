//! `mistakes.toml`: what learners get wrong, as changes to the answer key.

use serde::Deserialize;

/// The mistakes of a module.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mistakes {
    #[serde(rename = "mistake")]
    pub mistakes: Vec<Mistake>,
}

/// One mistake.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mistake {
    /// What it is called, once in a module.
    pub name: String,
    /// The file, seen from the module's folder: `src/layout.rs`.
    pub file: String,
    /// Text of the answer key that is there once.
    pub find: String,
    /// What stands there instead.
    pub replace: String,
    /// The exercise whose checks catch it.
    pub exercise: String,
    /// What they say of it.
    pub says: String,
}

impl Mistake {
    /// The text of the file with the mistake in it.
    pub fn made_in(&self, text: &str) -> Result<String, String> {
        match text.matches(&self.find).count() {
            _ if self.find == self.replace => Err("changes nothing".to_string()),
            1 => Ok(text.replacen(&self.find, &self.replace, 1)),
            0 => Err(format!("what it replaces is not in {}", self.file)),
            n => Err(format!("what it replaces is in {} {n} times: say more of it", self.file)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_made_in_one_place() {
        let mistake = |find: &str| Mistake {
            name: "sum".into(),
            file: "src/a.rs".into(),
            find: find.into(),
            replace: "+".into(),
            exercise: "01.1".into(),
            says: "adds".into(),
        };
        let text = "a * b, c / d, e / f";
        assert_eq!(mistake("*").made_in(text).as_deref(), Ok("a + b, c / d, e / f"));
        assert!(mistake("%").made_in(text).is_err_and(|e| e.contains("is not in src/a.rs")));
        assert!(mistake("/").made_in(text).is_err_and(|e| e.contains("2 times")));
        assert!(mistake("+").made_in(text).is_err_and(|e| e == "changes nothing"));
    }
}
