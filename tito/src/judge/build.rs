//! Builds by cargo, and what the compiler says, shortened to what concerns the learner.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use super::child::{Cancel, Ended};
use crate::failure::Failure;
use crate::terminal::Terminal;
use crate::workspace::Workspace;

/// How to build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// For checks: quick to build.
    Dev,
    /// For milestones: quick to run.
    Release,
}

/// What came of a build.
#[derive(Clone, Debug)]
pub enum Built {
    /// The program.
    Ready(PathBuf),
    /// What the compiler found wrong.
    Wrong(Vec<Diagnostic>),
    /// Ended from outside.
    Cancelled,
}

/// Something that the compiler found wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// As cargo shows it, with the learner's files named from the workspace on.
    pub text: String,
    /// Whether it is in the learner's files.
    pub yours: bool,
}

#[derive(Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
enum Line {
    CompilerMessage {
        message: Message,
    },
    CompilerArtifact {
        executable: Option<PathBuf>,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Message {
    rendered: Option<String>,
    level: String,
    spans: Vec<Span>,
}

#[derive(Deserialize)]
struct Span {
    file_name: String,
    is_primary: bool,
}

/// Builds the one program of a package.
///
/// # Errors
/// Cargo, the linker, the disk or the toolchain does not play along.
pub fn build(
    manifest: &Path,
    target: &Path,
    profile: Profile,
    workspace: &Workspace,
    terminal: &Terminal,
    cancel: &Cancel,
) -> Result<Built, Failure> {
    let mut command = Command::new(cargo());
    command.args(["build", "--offline", "--quiet", "--manifest-path"]).arg(manifest);
    command.arg(match terminal.style.color {
        true => "--message-format=json-diagnostic-rendered-ansi",
        false => "--message-format=json",
    });
    if profile == Profile::Release {
        command.arg("--release");
    }
    // What the surroundings set for another build must not reach this one.
    command.env("CARGO_TARGET_DIR", target).current_dir(&workspace.root);
    let foreign = ["CARGO_BUILD_TARGET_DIR", "RUST_BACKTRACE", "CARGO_MAKEFLAGS", "MAKEFLAGS"];
    foreign.iter().for_each(|name| {
        command.env_remove(name);
    });
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CARGO_PROFILE_") {
            command.env_remove(name);
        }
    }
    let mut messages = Vec::new();
    let mut program = None;
    let ended = cancel.run(&mut command, |line| match serde_json::from_str(&line) {
        Ok(Line::CompilerMessage { message }) if message.level.starts_with("error") => {
            messages.push(message);
        }
        Ok(Line::CompilerArtifact { executable: Some(path) }) => program = Some(path),
        _ => {}
    });
    let ended = ended.map_err(|error| no_cargo(&error))?;
    let Some(ended) = ended else { return Ok(Built::Cancelled) };
    match program {
        Some(program) if ended.status.success() => Ok(Built::Ready(program)),
        _ => wrong(messages, &ended, workspace),
    }
}

/// The cargo to call: the one that the surroundings name, or the one on the path.
pub fn cargo() -> OsString {
    std::env::var_os("CARGO").filter(|it| !it.is_empty()).unwrap_or_else(|| "cargo".into())
}

/// Cargo could not be started.
pub fn no_cargo(error: &std::io::Error) -> Failure {
    match error.kind() {
        ErrorKind::NotFound => Failure::environment("cargo, which builds Rust, is not on the path")
            .cure("install Rust from https://rustup.rs, open a new terminal, and say it again")
            .cure("`tito doctor` looks at everything that is needed"),
        _ => Failure::environment(format!("cargo can't be started: {error}"))
            .cure("`tito doctor` looks at everything that is needed"),
    }
}

fn wrong(messages: Vec<Message>, ended: &Ended, workspace: &Workspace) -> Result<Built, Failure> {
    let all = || messages.iter().filter_map(|it| it.rendered.as_deref()).chain([&*ended.stderr]);
    for (mark, failure) in ENVIRONMENT {
        if all().any(|text| text.contains(mark)) {
            return Err(failure());
        }
    }
    // The last line of all: `aborting due to 2 previous errors`. It says nothing new.
    let said = |message: &&Message| !message.spans.is_empty();
    let diagnostics: Vec<Diagnostic> =
        messages.iter().filter(said).map(|message| diagnostic(message, workspace)).collect();
    if diagnostics.is_empty() {
        let failure = Failure::environment("cargo could not build the checks");
        let said = all().map(str::trim).filter(|text| !text.is_empty());
        return Err(said.fold(failure, |failure, text| failure.cure(text.replace('\n', "\n  "))));
    }
    Ok(Built::Wrong(diagnostics))
}

type Words = (&'static str, fn() -> Failure);

/// What the compiler says when it is not the code that is wrong.
const ENVIRONMENT: &[Words] = &[
    ("linker `", || {
        Failure::environment("Rust needs a linker, and there is none")
            .cure("Linux: install gcc (Debian, Ubuntu: sudo apt install build-essential)")
            .cure("macOS: xcode-select --install")
            .cure("Windows: the C++ build tools of Visual Studio")
    }),
    ("No space left on device", || {
        Failure::environment("the disk is full, so nothing could be built")
            .cure("make room; `tito clean` removes what tito built. Nothing of yours was lost")
    }),
    ("Read-only file system", || {
        Failure::environment("the folder is read-only, so nothing could be built in it")
            .cure("copy the workspace to a folder that you may write to")
    }),
    ("requires rustc", || {
        Failure::environment("this Rust is too old for the course")
            .cure("rustup update stable brings the newest")
    }),
];

fn diagnostic(message: &Message, workspace: &Workspace) -> Diagnostic {
    let primary = message.spans.iter().find(|span| span.is_primary);
    let file = primary.map_or("", |span| &span.file_name).replace('\\', "/");
    let text = in_workspace(message.rendered.as_deref().unwrap_or_default(), workspace);
    let yours = in_workspace(&file, workspace).starts_with("modules/");
    Diagnostic { text: text.trim_end().to_owned(), yours }
}

/// The text with the paths of the learner's files as seen from the workspace.
pub fn in_workspace(text: &str, workspace: &Workspace) -> String {
    let root = format!("{}{}", workspace.root.display(), std::path::MAIN_SEPARATOR);
    let text = text.replace(&root, "");
    ["../../../../../", "../../../../"].iter().fold(text, |text, up| text.replace(up, ""))
}
