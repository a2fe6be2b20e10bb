//! Odd folders, odd files, odd terminals, and machines on which something is missing.

use std::fs;
use std::path::Path;

use crate::learner::{Learner, Said, files};

#[test]
fn spaces_umlauts_and_quotes_in_the_path_are_no_trouble() {
    let name =
        if cfg!(windows) { "J\u{fc}rgen M's" } else { "J\u{fc}rgen \"M\" 's \u{1f642} $HOME" };
    let learner = Learner::named(name);
    learner.say(&["module", "start", "01"]).ended(0);
    learner.type_in("01");
    learner.edit("01", "shape.rs", "    secret_product\n", "    panic!(\"oh\")\n");
    let said = learner.say(&["module", "test", "01"]).ended(1);
    assert!(said.out.contains("at        modules/01_tensor/src/shape.rs:9"), "{}", said.out);
    learner.type_in("01");
    learner.say(&["module", "complete", "01"]).ended(0);
    let adopted = learner.say(&["module", "adopt", "02"]).ended(0);
    assert!(adopted.out.contains("adopted  02 layers"), "{}", adopted.out);
    learner.say(&["milestone", "run", "perceptron"]).ended(0);
}

#[test]
fn files_with_line_ends_of_windows_are_judged_and_found_like_others() {
    let learner = Learner::new();
    learner.say(&["module", "start", "01"]).ended(0);
    for (path, bytes) in files(&learner.sources("01")) {
        let text = String::from_utf8(bytes).unwrap().replace('\n', "\r\n");
        fs::write(learner.sources("01").join(path), text).unwrap();
    }
    learner.say(&["module", "diff", "01"]).ended(0).with("nothing differs");
    learner.say(&["module", "test", "01"]).ended(1).with("src/shape.rs:7");
    learner.type_in("01");
    for (path, bytes) in files(&learner.sources("01")) {
        let text = String::from_utf8(bytes).unwrap().replace('\n', "\r\n");
        fs::write(learner.sources("01").join(path), text).unwrap();
    }
    learner.say(&["module", "complete", "01"]).ended(0);
}

#[test]
fn without_a_terminal_nothing_is_colored_and_with_lang_c_all_is_ascii() {
    let learner = Learner::new();
    learner.say(&["module", "start", "01"]).ended(0);
    for words in [
        &[][..],
        &["module", "list"],
        &["module", "test"],
        &["module", "status"],
        &["checkpoint", "status"],
        &["milestone", "list"],
        &["doctor"],
        &["module", "hint", "--level", "1"],
    ] {
        let said = Said::from(learner.command(words).env("LANG", "C").output().unwrap());
        assert!(said.out.is_ascii() && !said.out.contains('?'.to_string().repeat(2).as_str()));
        assert!(!said.out.contains('\u{1b}') && !said.err.contains('\u{1b}'), "{words:?}");
        let widest = said.out.lines().filter(|it| !it.contains('/')).map(str::len).max().unwrap();
        assert!(widest <= 80, "{words:?}: {widest} columns\n{}", said.out);
    }
}

/// What tito says where it has a terminal, which `script` gives it; none where there is no
/// `script`.
#[cfg(target_os = "linux")]
fn in_a_terminal(learner: &Learner, words: &[&str], set: &[(&str, &str)]) -> Option<String> {
    let tito = learner.command(words);
    let line = format!("'{}' {}", tito.get_program().to_str().unwrap(), words.join(" "));
    let mut command = std::process::Command::new("script");
    command.args(["-qec", &line, "/dev/null"]).current_dir(&learner.root);
    for (name, value) in tito.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.env("TERM", "xterm-256color").envs(set.iter().copied());
    match command.stdin(std::process::Stdio::null()).output() {
        Ok(output) => Some(Said::from(output).ended(0).out),
        Err(_) => {
            println!("left out: there is no `script` here");
            None
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn in_a_terminal_there_is_color_unless_it_is_not_wanted() {
    let learner = Learner::new();
    learner.say(&["module", "start", "01"]).ended(0);
    for words in [&["module", "list"][..], &["module", "status"], &["milestone", "list"]] {
        let Some(colored) = in_a_terminal(&learner, words, &[]) else { return };
        assert!(colored.contains("\u{1b}["), "{colored}");
        for set in [("NO_COLOR", "1"), ("TERM", "dumb")] {
            let plain = in_a_terminal(&learner, words, &[set]).unwrap();
            assert!(!plain.contains('\u{1b}'), "{set:?}: {plain}");
        }
        let ascii = in_a_terminal(&learner, words, &[("LANG", "C")]).unwrap();
        assert!(ascii.is_ascii() && ascii.contains("\u{1b}["), "{ascii}");
    }
}

#[test]
fn what_programs_read_is_json_and_nothing_else() {
    let learner = Learner::new();
    learner.say(&["module", "start", "01"]).ended(0);
    for words in [
        &["module", "list", "--json"][..],
        &["module", "status", "--json"],
        &["module", "test", "--json"],
        &["checkpoint", "status", "--json"],
        &["checkpoint", "timeline", "--json"],
        &["doctor", "--json"],
    ] {
        let said = learner.say(words);
        said.json();
        assert_eq!(said.err, "", "{words:?}");
    }
}

#[test]
fn commands_work_from_any_folder_inside_and_with_a_named_one() {
    let learner = Learner::new();
    learner.say(&["module", "start", "01"]).ended(0);
    let inside = learner.command(&["module", "status"]).current_dir(learner.sources("01")).output();
    Said::from(inside.unwrap()).ended(0).with("01 Tensor");
    let root = learner.root.to_str().unwrap();
    let outside = learner.command(&["-C", root, "module", "status"]).current_dir("/").output();
    Said::from(outside.unwrap()).ended(0).with("01 Tensor");
    let nowhere = learner.command(&["module", "list"]).current_dir("/").output();
    Said::from(nowhere.unwrap()).ended(2).with("tito init my-tinytorch");
}

#[test]
fn a_machine_without_cargo_or_linker_is_told_what_to_install() {
    let learner = Learner::new();
    learner.say(&["module", "start", "01"]).ended(0);
    let empty = learner.home.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let said =
        Said::from(learner.command(&["module", "test"]).env("PATH", &empty).output().unwrap());
    let said = said.ended(3).with("cargo, which builds Rust, is not on the path");
    assert!(said.err.contains("https://rustup.rs"), "{}", said.err);
    let said = Said::from(learner.command(&["doctor"]).env("PATH", &empty).output().unwrap());
    said.ended(3).with("have to be put right first").with("rustup");
}

#[cfg(unix)]
#[test]
fn without_a_linker_the_cure_is_named() {
    let learner = Learner::new();
    learner.say(&["module", "start", "01"]).ended(0);
    let bin = learner.home.path().join("bin");
    fs::create_dir(&bin).unwrap();
    for name in ["cargo", "rustc"] {
        std::os::unix::fs::symlink(program(name), bin.join(name)).unwrap();
    }
    let said = Said::from(learner.command(&["module", "test"]).env("PATH", &bin).output().unwrap());
    said.ended(3).with("Rust needs a linker").with("build-essential");
    let said = Said::from(learner.command(&["doctor"]).env("PATH", &bin).output().unwrap());
    said.ended(3).with("build-essential");
}

/// The real program behind rustup's stand-in, which looks for others on the path.
#[cfg(unix)]
fn program(name: &str) -> std::path::PathBuf {
    let output = std::process::Command::new("rustc").args(["--print", "sysroot"]).output().unwrap();
    let root = String::from_utf8(output.stdout).unwrap();
    Path::new(root.trim()).join("bin").join(name)
}

#[cfg(unix)]
#[test]
fn a_read_only_workspace_can_be_looked_at_and_says_that_it_is() {
    use std::os::unix::fs::PermissionsExt;
    let learner = Learner::new();
    learner.say(&["module", "start", "01"]).ended(0);
    let hidden = learner.root.join(".tito");
    let set = |mode| fs::set_permissions(&hidden, fs::Permissions::from_mode(mode)).unwrap();
    set(0o555);
    if fs::write(hidden.join("probe"), "").is_ok() {
        set(0o755); // root may write anywhere: nothing can be shown here
        return;
    }
    learner.say(&[]).ended(0);
    learner.say(&["module", "hint"]).ended(3).with("nothing was lost");
    learner.say(&["doctor"]).ended(3).with("copy the workspace");
    set(0o755);
}

#[test]
fn a_course_folder_that_is_none_is_named() {
    let learner = Learner::new();
    let said =
        learner.command(&["module", "list"]).env("TITO_COURSE", "/no/such").output().unwrap();
    Said::from(said).ended(2).with("TITO_COURSE names /no/such");
    let said = learner.command(&["init", "x"]).env("TITO_COURSE", "/no/such").output().unwrap();
    Said::from(said).ended(2);
    assert!(!Path::new("x").exists());
}
