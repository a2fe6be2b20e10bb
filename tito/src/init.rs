//! `tito init`: a workspace, offline, from this binary alone.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::course::{Course, Track};
use crate::durable::{self, trouble};
use crate::failure::Failure;
use crate::terminal::Terminal;
use crate::tree::Tree;
use crate::workspace::state::State;
use crate::workspace::{SETTINGS, Workspace, course_in_use, facade, manifest};

/// What to make.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tito init my-tinytorch                    the complete course
  tito init seeing --track vision           from the tensor to a network that sees

Tracks: complete, fast, vision, language, production, sampler")]
pub struct Request {
    /// The folder to make
    #[arg(default_value = "my-tinytorch")]
    pub dir: PathBuf,
    /// Which way through the course
    #[arg(long, default_value = "complete", value_name = "TRACK")]
    pub track: String,
}

/// Makes a workspace; never on top of something.
///
/// The folder is built under another name and renamed: it is there as a whole, or not at all.
pub fn init(request: &Request, terminal: &Terminal) -> Result<ExitCode, Failure> {
    let (tree, course) = course_in_use()?;
    let track = course.find_track(&request.track)?;
    let dir =
        std::path::absolute(&request.dir).map_err(|error| trouble("find", &request.dir, &error))?;
    refuse_if_taken(&dir)?;
    let files = files(&tree, &course, track)?;
    let empty = fs::read_dir(&dir).is_ok_and(|mut entries| entries.next().is_none());
    if empty {
        // A rename does not replace a folder everywhere; an empty one holds nothing to lose.
        fs::remove_dir(&dir).map_err(|error| trouble("replace", &dir, &error))?;
    }
    durable::place_folder(&dir, crate::workspace::files::as_slices(&files))?;
    let workspace = Workspace::at(&dir)?;
    workspace.ledger()?; // an empty journal begins with its making
    welcome(&workspace, request, track, terminal);
    Ok(ExitCode::SUCCESS)
}

fn refuse_if_taken(dir: &Path) -> Result<(), Failure> {
    if dir.join(SETTINGS).exists() {
        return Err(Failure::input(format!("{} is a workspace already", dir.display()))
            .cure("go on with it: cd there, then tito")
            .cure("or name another folder: tito init another"));
    }
    let taken = match fs::read_dir(dir) {
        Ok(mut entries) => entries.next().is_some(),
        Err(_) => dir.exists(),
    };
    if taken {
        return Err(Failure::input(format!("{} is there already, and not empty", dir.display()))
            .cure("nothing in it was touched; name another folder: tito init another"));
    }
    Ok(())
}

/// Every file of a new workspace.
fn files(
    tree: &Tree,
    course: &Course,
    track: &Track,
) -> Result<crate::workspace::files::Sources, Failure> {
    let mut files: Vec<(String, String)> = vec![
        (SETTINGS.into(), settings(course, track)),
        ("Cargo.toml".into(), manifest::root(course)),
        ("README.md".into(), README.into()),
        (".gitignore".into(), IGNORED.into()),
        ("rust-analyzer.toml".into(), EDITOR.into()),
        // Cargo's `modules/*` has to match something, be it a text.
        ("modules/README.md".into(), MODULES.into()),
        ("milestones/README.md".into(), MILESTONES.into()),
        ("tinytorch/Cargo.toml".into(), manifest::member("tinytorch", &[])),
        ("tinytorch/src/lib.rs".into(), facade::source(tree, &[], &State::default())),
        (".tito/exercise/Cargo.toml".into(), manifest::alone("exercise")),
    ];
    for (name, bytes) in tree.below("course/exercise/src") {
        let text = String::from_utf8_lossy(bytes).into_owned();
        files.push((format!(".tito/exercise/src/{name}"), text));
    }
    Ok(files.into_iter().map(|(name, text)| (name, text.into_bytes())).collect())
}

/// Puts back what a workspace lost of the files that it began with; gives back their names.
///
/// # Errors
/// The disk does not play along.
pub fn complete_workspace(workspace: &Workspace) -> Result<Vec<String>, Failure> {
    let mut made = Vec::new();
    for (name, content) in files(&workspace.tree, &workspace.course, workspace.track())? {
        let path = workspace.root.join(&name);
        if !path.exists() {
            durable::settle(&path, &content)?;
            made.push(name);
        }
    }
    Ok(made)
}

fn settings(course: &Course, track: &Track) -> String {
    let known: Vec<&str> = course.tracks.iter().map(|track| track.id.as_str()).collect();
    format!(
        "# The settings of this workspace. tito looks for this file to know where it is.\n\n\
         # Your way through the course: {}.\n\
         # Change it whenever you like; nothing that you did is lost.\n\
         track = \"{}\"\n",
        known.join(", "),
        track.id
    )
}

const README: &str = "\
# My TinyTorch

A deep-learning framework, built by me, module by module.

| type | to |
|---|---|
| `tito` | see where you are and what comes next |
| `tito module start 01` | begin a module: its lesson is the README.md of its folder |
| `tito module watch 01` | have your work judged whenever you save |
| `tito module hint` | be asked a question that helps |
| `tito module complete 01` | put a finished module into your package, `tinytorch/` |
| `tito milestone run perceptron` | see history happen on your own code |

You edit the files in `modules/*/src`. `tinytorch/` is your package. `.tito/` holds what tito
knows: keep it, and put it under version control with the rest.
";

const MODULES: &str = "\
Modules come here, a folder each, when they are begun: `tito module start 01`.
";

const MILESTONES: &str = "\
Milestones come here when your modules can carry them: `tito milestone list`.
";

const IGNORED: &str = "\
/target
/.tito/lock
/.tito/checks
/.tito/graph
/.tito/target
.tito-*
";

const EDITOR: &str = "\
# rust-analyzer: say what is wrong as soon as a file is saved, in its own target folder.
cargo.targetDir = true
check.command = \"check\"
";

fn welcome(workspace: &Workspace, request: &Request, track: &Track, terminal: &Terminal) {
    let place = workspace.root.display();
    terminal.print(format!("{}  {place}", terminal.green("made")));
    terminal.print(terminal.dim(&format!("      {}: {}", track.title, track.suits)));
    let first = workspace.course.module(&track.modules[0]).map_or("01", |it| &it.id);
    let dir = request.dir.display().to_string();
    let dir = if dir.contains(char::is_whitespace) { format!("\"{dir}\"") } else { dir };
    terminal.print(format!(
        "\nNext:\n  cd {dir}\n  tito module start {first}\n  tito                     \
         shows where you are, whenever you ask"
    ));
}
