//! What the machine brings: Rust, a linker, room, a terminal.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::Finding;
use crate::data_folder::{DataFolder, VARIABLE};
use crate::fetch::bytes;
use crate::judge::build;
use crate::terminal::Terminal;

/// The oldest Rust that builds the course.
const OLDEST: (u32, u32) = (1, 95);
/// A workspace with all that is built in it needs about this much, in bytes.
const ROOM: u64 = 600_000_000;

/// Cargo and the compiler, and whether they are new enough.
pub fn toolchain() -> Vec<Finding> {
    let tools = [("cargo", build::cargo()), ("rustc", "rustc".into())];
    tools.into_iter().map(|(name, program)| version(name, &program)).collect()
}

fn version(what: &'static str, program: &std::ffi::OsStr) -> Finding {
    let output = Command::new(program).arg("--version").output();
    let said = match &output {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout),
        _ => {
            return Finding::bad(what, "is not on the path")
                .cure("install Rust from https://rustup.rs, then open a new terminal");
        }
    };
    let said = said.trim();
    match parse(said) {
        Some(found) if found < OLDEST => {
            Finding::bad(what, format!("{said}: too old, {}.{} is needed", OLDEST.0, OLDEST.1))
                .cure("rustup update stable")
        }
        _ => Finding::good(what, said),
    }
}

/// `cargo 1.95.0 (abc 2026-04-01)` as (1, 95).
fn parse(said: &str) -> Option<(u32, u32)> {
    let mut parts = said.split_whitespace().nth(1)?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// A program of one line, compiled and linked.
pub fn linker() -> Finding {
    let tried = tempfile::tempdir().and_then(|folder| {
        let mut command = Command::new("rustc");
        command.args(["-", "--crate-name", "hello", "-o"]).arg(folder.path().join("hello"));
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        child.stdin.take().expect("piped").write_all(b"fn main() {}")?;
        child.wait_with_output()
    });
    match tried {
        Ok(output) if output.status.success() => Finding::good("linker", "links a program"),
        Ok(output) => Finding::bad("linker", last_line(&output))
            .cure("Linux: install gcc (Debian, Ubuntu: sudo apt install build-essential)")
            .cure("macOS: xcode-select --install")
            .cure("Windows: the C++ build tools of Visual Studio"),
        Err(error) => Finding::bad("linker", format!("can't be tried: {error}"))
            .cure("put right what stands above first"),
    }
}

fn last_line(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    let error = said.lines().find(|line| line.starts_with("error"));
    error.unwrap_or("no program could be linked").to_owned()
}

/// Room on the disk of a folder.
#[cfg(unix)]
pub fn disk(folder: &Path) -> Finding {
    match rustix::fs::statvfs(folder) {
        Ok(found) => room(found.f_bavail.saturating_mul(found.f_frsize)),
        Err(error) => Finding::note("disk", format!("its room can't be told: {error}")),
    }
}

/// Room on the disk of a folder.
#[cfg(not(unix))]
pub fn disk(_: &Path) -> Finding {
    Finding::note("disk", format!("a workspace needs about {}", bytes(ROOM)))
}

#[cfg(any(unix, test))]
fn room(free: u64) -> Finding {
    let found = format!("{} free", bytes(free));
    match free {
        0..50_000_000 => Finding::bad("disk", format!("{found}: nothing can be built"))
            .cure("make room; `tito clean` removes what tito built"),
        50_000_000..ROOM => Finding::note("disk", found)
            .cure(format!("a workspace with all that is built in it takes about {}", bytes(ROOM))),
        _ => Finding::good("disk", found),
    }
}

/// Where data sets and the answer key go.
pub fn data_folder() -> Finding {
    let folder = match DataFolder::from_environment() {
        Ok(folder) => folder,
        Err(failure) => return Finding::bad("data folder", failure.to_string()),
    };
    let shown = folder.root().display().to_string();
    let written = std::fs::create_dir_all(folder.root())
        .and_then(|()| tempfile::tempfile_in(folder.root()).map(|_| ()));
    match written {
        Ok(()) => Finding::good("data folder", shown),
        Err(error) => Finding::bad("data folder", format!("{shown}: {error}"))
            .cure(format!("name another: {VARIABLE}=/some/folder")),
    }
}

/// What the terminal can show.
pub fn terminal(terminal: &Terminal) -> Finding {
    let style = terminal.style;
    let color = if style.color { "color" } else { "no color" };
    let found = format!("{} columns, {color}", style.width);
    if style.unicode {
        return Finding::good("terminal", format!("{found}, all characters"));
    }
    Finding::note("terminal", format!("{found}, plain characters only"))
        .cure("for curves and digits as they are meant, set a UTF-8 locale: LANG=C.UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Health;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(parse("cargo 1.95.0 (abc 2026-04-01)"), Some((1, 95)));
        assert_eq!(parse("rustc 1.100.0-nightly"), Some((1, 100)));
        assert!(parse("rustc 1.100.0").unwrap() > OLDEST);
        assert!(parse("rustc 1.9.0").unwrap() < OLDEST);
        assert_eq!(parse("nonsense"), None);
    }

    #[test]
    fn little_room_is_a_note_and_no_room_is_bad() {
        assert_eq!(room(10_000_000_000).health, Health::Good);
        assert_eq!(room(300_000_000).health, Health::Note);
        assert_eq!(room(1_000_000).health, Health::Bad);
    }

    #[test]
    fn a_program_that_is_not_there_has_a_cure() {
        let finding = version("cargo", "/no/such/cargo".as_ref());
        assert_eq!(finding.health, Health::Bad);
        assert!(finding.cures[0].contains("rustup.rs"));
    }
}
