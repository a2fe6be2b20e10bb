//! What the command line asks for.

use crate::Check;

#[derive(PartialEq, Debug)]
pub(crate) struct Options {
    pub only: Vec<String>,
    pub list: bool,
    pub text: bool,
    pub patience: u32,
}

impl Options {
    /// Whether `check` is among those asked for: its id begins so, and no number is cut in two.
    pub fn includes(&self, check: &Check) -> bool {
        let begins = |prefix: &String| {
            let rest = check.id.strip_prefix(prefix.as_str());
            rest.is_some_and(|rest| {
                let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
                !(digit(prefix.chars().last()) && digit(rest.chars().next()))
            })
        };
        self.only.is_empty() || self.only.iter().any(begins)
    }
}

/// The options in `args`; `terminal` says whether people are watching.
pub(crate) fn read(
    args: impl Iterator<Item = String>,
    terminal: bool,
) -> Result<Options, &'static str> {
    let mut options = Options { only: vec![], list: false, text: terminal, patience: 1 };
    let mut args = args;
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--only" => options.only.push(args.next().ok_or("--only wants the id of a check")?),
            "--list" => options.list = true,
            "--text" => options.text = true,
            "--json" => options.text = false,
            "--patience" => {
                let times = args.next().and_then(|n| n.parse().ok()).filter(|&n| n > 0);
                options.patience = times.ok_or("--patience wants a whole number from 1 on")?;
            }
            _ => return Err("options are --only PREFIX, --list, --text, --json, --patience N"),
        }
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(args: &[&str]) -> Result<Options, &'static str> {
        read(args.iter().map(|arg| arg.to_string()), false)
    }

    #[test]
    fn a_prefix_never_cuts_a_number_in_two() {
        let check = |id| Check { id, exercise: "", fact: "", run: || Ok(()) };
        let options = asked(&["--only", "01.1"]).expect("is an option");
        assert!(options.includes(&check("01.1.counts")));
        assert!(!options.includes(&check("01.10.joins")));
        let word = asked(&["--only", "01.1.co", "--only", "01.2"]).expect("are options");
        assert!(word.includes(&check("01.1.counts")) && word.includes(&check("01.2.x")));
        assert!(!word.includes(&check("01.1.empty")));
    }

    #[test]
    fn what_is_not_an_option_is_an_error() {
        assert!(asked(&["--olny", "01.1"]).is_err() && asked(&["--only"]).is_err());
        assert!(asked(&["--patience", "0"]).is_err());
        assert_eq!(asked(&["--patience", "4"]).map(|options| options.patience), Ok(4));
    }
}
