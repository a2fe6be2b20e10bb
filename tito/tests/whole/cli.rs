//! The binary, as people and programs meet it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::server::{Reply, Server};

/// A data folder of its own, and a binary that knows nothing of this machine's settings.
struct Shell {
    home: TempDir,
}

struct Said {
    status: i32,
    out: String,
    err: String,
}

impl Shell {
    fn new() -> Shell {
        Shell { home: tempfile::tempdir().unwrap() }
    }

    fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    fn command(&self, words: &str) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("tito"));
        command.args(words.split_whitespace()).env_clear();
        command.env("TINYTORCH_DATA", self.data()).current_dir(self.home.path());
        command
    }

    fn say(&self, words: &str) -> Said {
        Said::from(self.command(words).output().unwrap())
    }

    /// The bytes of a small data set of which no byte is right.
    fn other_bytes(&self) -> PathBuf {
        let path = self.home.path().join("given.txt");
        fs::write(&path, vec![b'a'; 1_115_394]).unwrap();
        path
    }
}

impl From<Output> for Said {
    fn from(output: Output) -> Said {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Said {
            status: output.status.code().unwrap(),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }
}

impl Said {
    /// Everything but the parts that differ from machine to machine.
    fn out_in(&self, folder: &Path) -> String {
        self.out.replace(&folder.display().to_string(), "DATA")
    }
}

#[test]
fn help_tells_a_newcomer_where_to_start() {
    let said = Shell::new().say("--help");
    assert_eq!((said.status, said.err.as_str()), (0, ""));
    insta::assert_snapshot!(said.out);
}

#[test]
fn help_of_every_command_has_its_words() {
    let shell = Shell::new();
    insta::assert_snapshot!(shell.say("milestone --help").out);
    insta::assert_snapshot!(shell.say("milestone run --help").out);
    insta::assert_snapshot!(shell.say("dataset --help").out);
    insta::assert_snapshot!(shell.say("dataset download --help").out);
    insta::assert_snapshot!(shell.say("module --help").out);
    insta::assert_snapshot!(shell.say("module test --help").out);
    insta::assert_snapshot!(shell.say("checkpoint --help").out);
    insta::assert_snapshot!(shell.say("init --help").out);
}

#[test]
fn no_word_at_all_is_wrong_usage_and_shows_the_help() {
    for words in ["milestone", "dataset", "module", "checkpoint", "export", "import"] {
        let said = Shell::new().say(words);
        assert_eq!((said.status, said.out.as_str()), (2, ""), "{words}");
        assert!(said.err.contains("Commands:"), "{}", said.err);
    }
}

#[test]
fn tito_alone_outside_of_a_workspace_says_how_to_begin() {
    let said = Shell::new().say("");
    assert_eq!(said.status, 0);
    assert!(said.out.contains("tito init my-tinytorch"), "{}", said.out);
}

#[test]
fn commands_of_a_workspace_say_how_to_make_one() {
    for words in ["module list", "module test 01", "checkpoint status", "update", "clean"] {
        let said = Shell::new().say(words);
        assert_eq!((said.status, said.out.as_str()), (2, ""), "{words}");
        assert!(said.err.contains("make one: tito init my-tinytorch"), "{}", said.err);
    }
}

#[test]
fn the_version_is_the_workspaces() {
    let said = Shell::new().say("--version");
    assert_eq!(said.out, format!("tito {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn an_unknown_word_is_answered_with_the_nearest_known_one() {
    let cases = [
        ("milstone list", "milestone"),
        ("milestone lst", "list"),
        ("milestone run preceptron", "did you mean `perceptron`?"),
        ("milestone info backprop", "known: perceptron, xor, mlp"),
        ("milestone info tensor", "`tensor` is module 01"),
        ("milestone run all --data mnits", "did you mean `mnist`?"),
        ("dataset dwnload mnist", "download"),
        ("dataset download nmist", "did you mean `mnist`?"),
        ("dataset verify cifar", "did you mean `cifar10`?"),
        ("dataset path tinydigit", "did you mean `tinydigits`?"),
        ("milestone run mlp --jsn", "--json"),
        ("module tset", "test"),
        ("init --track visoin", "did you mean `vision`?"),
    ];
    for (words, answer) in cases {
        let said = Shell::new().say(words);
        assert_eq!((said.status, said.out.as_str()), (2, ""), "{words}");
        assert!(said.err.contains(answer), "{words}: {}", said.err);
    }
}

#[test]
fn wrong_usage_is_status_2() {
    for words in [
        "dataset download",
        "dataset download mnist --accept-other-bytes",
        "dataset download mnist --from /no/such/folder",
        "dataset download xor",
        "dataset download tinydigits",
        "milestone run mlp --seed minus-one",
        "milestone run olympics",
    ] {
        assert_eq!(Shell::new().say(words).status, 2, "{words}");
    }
}

#[test]
fn the_list_of_data_sets_says_what_is_here() {
    let shell = Shell::new();
    let said = shell.say("dataset list").out_in(&shell.data());
    for words in [
        "mnist            not here (11.6 MB to download)\n                 70,000 handwritten",
        "tinydigits       comes with tito",
        "xor              computed from a seed",
        "Data folder: DATA (set TINYTORCH_DATA to move it)",
        "Next: tito dataset download mnist",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
fn every_milestone_is_listed_with_year_title_bars_and_state() {
    let said = Shell::new().say("milestone list");
    assert_eq!(said.status, 0);
    for words in ["1957  Rosenblatt's perceptron", "02  xor", "at least 97.5 % of MNIST"] {
        assert!(said.out.contains(words), "{words}: {}", said.out);
    }
    assert_eq!(said.out.lines().filter(|line| line.starts_with('0')).count(), 6);
    let states = ["    ready: ", "    comes with module", "    still to come"];
    let states = said.out.lines().filter(|line| states.iter().any(|it| line.starts_with(it)));
    assert_eq!(states.count(), 6);
}

#[test]
fn info_tells_needs_bars_data_and_where_records_go() {
    let shell = Shell::new();
    let said = shell.say("milestone info cnn");
    assert_eq!(said.status, 0);
    for words in ["04  cnn  1998", "01 tensor, 02 activations", "at least 75 % of CIFAR-10"] {
        assert!(said.out.contains(words), "{words}: {}", said.out);
    }
    assert!(said.out_in(&shell.data()).contains("DATA/runs"), "{}", said.out);
    assert!(said.out.contains("not here (170.1 MB to download)"), "{}", said.out);
}

#[test]
fn no_line_is_wider_than_80_columns_and_all_is_ascii_when_the_locale_is_c() {
    let shell = Shell::new();
    for words in ["milestone list", "milestone info mlp", "dataset list", "--help"] {
        for locale in ["C", "en_US.UTF-8"] {
            let output = shell.command(words).env("LANG", locale).output().unwrap();
            let said = Said::from(output).out_in(&shell.data());
            assert!(said.is_ascii(), "{words}");
            let widest = said.lines().map(str::len).max().unwrap();
            assert!(widest <= 80, "{words}: {widest} columns");
        }
    }
}

#[test]
fn nothing_is_colored_without_a_terminal() {
    let shell = Shell::new();
    for words in ["milestone list", "dataset list", "milestone run nonsense", "--help"] {
        let said = Said::from(shell.command(words).env("TERM", "xterm-256color").output().unwrap());
        assert!(!said.out.contains('\u{1b}') && !said.err.contains('\u{1b}'), "{words}");
    }
}

#[test]
fn path_prints_a_folder_and_nothing_else() {
    let shell = Shell::new();
    let said = shell.say("dataset path mnist");
    assert_eq!(said.out, format!("{}\n", shell.data().join("mnist").display()));
    assert_eq!((said.status, said.err.as_str()), (0, ""));
    assert_eq!(shell.say("dataset path").out, format!("{}\n", shell.data().display()));
}

#[test]
fn a_relative_data_folder_is_shown_as_an_absolute_one() {
    let shell = Shell::new();
    let output = shell.command("dataset path").env("TINYTORCH_DATA", "here").output().unwrap();
    let folder = fs::canonicalize(shell.home.path()).unwrap().join("here");
    assert_eq!(Said::from(output).out, format!("{}\n", folder.display()));
}

#[test]
fn without_the_variable_data_goes_to_the_cache_folder() {
    let shell = Shell::new();
    let mut command = shell.command("dataset path");
    command.env_remove("TINYTORCH_DATA").env("HOME", shell.home.path());
    let said = Said::from(command.output().unwrap());
    assert!(said.out.starts_with(&shell.home.path().display().to_string()), "{}", said.out);
    assert!(said.out.to_lowercase().contains("cache"), "{}", said.out);
    assert!(said.out.ends_with("tinytorch\n"), "{}", said.out);
}

#[test]
fn other_bytes_are_refused_then_accepted_then_known() {
    let shell = Shell::new();
    let given = shell.other_bytes();
    let download = format!("dataset download tinyshakespeare --from {}", given.display());
    let said = shell.say(&download);
    assert_eq!(said.status, 2);
    assert!(said.err.contains("has other bytes than the publisher's"), "{}", said.err);
    assert!(said.err.contains("add --accept-other-bytes"), "{}", said.err);
    assert_eq!(shell.say("dataset verify tinyshakespeare").status, 1, "nothing is here");

    let said = shell.say(&format!("{download} --accept-other-bytes"));
    assert_eq!(said.status, 0, "{}", said.err);
    let said = shell.say("dataset verify");
    assert_eq!(said.status, 0);
    assert!(said.out.contains("other bytes"), "{}", said.out);
    assert!(said.out.contains(&given.display().to_string()), "{}", said.out);

    let file = shell.data().join("tinyshakespeare/tinyshakespeare.txt");
    fs::write(file, vec![b'b'; 1_115_394]).unwrap();
    let said = shell.say("dataset verify tinyshakespeare");
    assert_eq!(said.status, 1);
    assert!(said.out.contains("damaged: sha256"), "{}", said.out);
}

#[test]
fn a_web_page_in_the_place_of_data_is_shown() {
    let shell = Shell::new();
    let server = Server::start(|_, _| Reply::whole(b"<html><title>Welcome to the hotel</title>"));
    let from = server.url("/");
    let said = shell.say(&format!("dataset download tinyshakespeare --from {from}"));
    assert_eq!(said.status, 3);
    assert!(said.err.contains("a web page instead of the data"), "{}", said.err);
    assert!(said.err.contains("Welcome to the hotel"), "{}", said.err);
}

#[test]
fn progress_without_a_terminal_is_plain_lines_on_stderr() {
    let shell = Shell::new();
    let body = vec![b'a'; 1_115_394];
    let server = Server::start(move |_, _| Reply::whole(&body));
    let from = server.url("/");
    let words = format!("dataset download tinyshakespeare --accept-other-bytes --from {from}");
    let said = shell.say(&words);
    assert_eq!(said.status, 0, "{}", said.err);
    let lines: Vec<_> = said.err.lines().collect();
    assert!(lines[0].starts_with("getting tinyshakespeare.txt from 127.0.0.1:"), "{}", said.err);
    assert!(lines[0].ends_with("(1.1 MB)"), "{}", said.err);
    assert_eq!(lines[1..], ["  25 %", "  50 %", "  75 %"]);
    assert!(!said.err.contains('\r'));
    let out = said.out_in(&shell.data());
    insta::assert_snapshot!(out);
}

#[test]
fn a_data_folder_that_can_not_be_made_is_status_3_with_a_cure() {
    let shell = Shell::new();
    fs::write(shell.data(), b"a file").unwrap();
    let given = shell.other_bytes();
    let words = "dataset download tinyshakespeare --accept-other-bytes --from";
    let said = shell.say(&format!("{words} {}", given.display()));
    assert_eq!(said.status, 3);
    assert!(said.err.contains("TINYTORCH_DATA=/some/folder"), "{}", said.err);
    assert_eq!(fs::read(shell.data()).unwrap(), b"a file");
}

#[test]
fn a_reader_that_goes_away_ends_nothing_with_a_panic() {
    let shell = Shell::new();
    let mut command = shell.command("milestone list");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let said =
        Said::from(command.stdout(writer).stderr(std::process::Stdio::piped()).output().unwrap());
    assert_eq!((said.status, said.err.as_str()), (0, ""));
}
