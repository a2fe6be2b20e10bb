//! What maintainers run: `cargo xtask <command>`.
//!
//! | in | is |
//! |---|---|
//! | [`course`], [`mistakes`] | the course's files, read |
//! | [`scratch`], [`checks`], [`files`] | a module on trial: its own workspace, its checks' words |
//! | [`stubs`], [`leaks`] | `stubs`: what learners get, and what must not be in it |
//! | [`mutants`] | `mutants`: known mistakes, made on purpose |
//! | [`learner`] | `learner`: somebody who knows every answer, with the real `tito` |
//! | [`generated`] | `generated-mutants`: mistakes that a machine makes up |
//! | [`audit`] | `check-course`: what must hold in what is written |
//! | [`tinydigits`] | `tinydigits`: a data set, made |
//! | [`tinytalks`] | `tinytalks`: a data set, judged |

mod audit;
mod checks;
mod course;
mod files;
mod generated;
mod leaks;
mod learner;
mod mistakes;
mod mutants;
mod scratch;
mod stubs;
mod tinydigits;
mod tinytalks;

use clap::Parser;
use course::Course;
use std::path::PathBuf;
use std::process::ExitCode;

/// What maintainers run.
#[derive(Parser)]
#[command(name = "cargo xtask")]
enum Xtask {
    /// Derive what learners start with, and verify it: it compiles without warnings, scores 0, and
    /// holds no answer, while the answer key scores full
    Stubs {
        #[command(flatten)]
        scope: Scope,
        /// Write the files here as well, to look at
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Make the mistakes of mistakes.toml: each must compile, and be caught by its exercise's
    /// checks with words that name the cause
    Mutants {
        #[command(flatten)]
        scope: Scope,
        #[command(flatten)]
        choice: mutants::Choice,
    },
    /// Let cargo-mutants (which must be installed) make up mistakes, and try a sample of them: the
    /// checks of the module must catch 85 % of those that compile
    GeneratedMutants {
        #[command(flatten)]
        scope: Scope,
        #[command(flatten)]
        choice: generated::Choice,
    },
    /// Go through the course as a learner, with the real `tito` in an empty folder: every check from
    /// not written to passed, every milestone when it is due and on that code
    Learner {
        #[command(flatten)]
        scope: Scope,
        #[command(flatten)]
        manner: learner::Manner,
    },
    /// Check what is written: ids, lists, needs, questions, lessons, figures
    CheckCourse {
        #[command(flatten)]
        scope: Scope,
        /// Add new ids to course/ids.txt, where they stay for ever
        #[arg(long)]
        add_ids: bool,
    },
    /// Make datasets/tinydigits from scikit-learn's digits.csv or digits.csv.gz
    Tinydigits {
        /// 64 pixel values 0..=16 and a label per line, as in scikit-learn's `digits.csv.gz`
        csv: PathBuf,
    },
    /// Judge datasets/tinytalks: counts, lengths, characters, spelling, arithmetic, and that no
    /// question comes twice or nearly so
    Tinytalks {
        /// Another file than the shipped one
        #[arg(default_value_os_t = tinytalks::shipped(), hide_default_value = true)]
        file: PathBuf,
    },
}

/// What a command of the course looks at.
#[derive(clap::Args)]
struct Scope {
    /// Ids of modules, such as 05; all that have exercises if none is given
    modules: Vec<String>,
    /// Another repository than this one
    #[arg(long, default_value_os_t = course::root(), hide_default_value = true)]
    root: PathBuf,
}

impl Scope {
    fn course(&self) -> Result<Course, String> {
        Course::read(&self.root)
    }
}

/// Does what the command line asks for. What is returned are its findings, if it judges.
fn run(command: Xtask) -> Result<Vec<String>, String> {
    match command {
        Xtask::Stubs { scope, out } => {
            let course = scope.course()?;
            stubs::verify(&course, &course.chosen(&scope.modules)?, out.as_deref())
        }
        Xtask::Mutants { scope, choice } => {
            let course = scope.course()?;
            mutants::verify(&course, &course.chosen(&scope.modules)?, &choice)
        }
        Xtask::GeneratedMutants { scope, choice } => {
            let course = scope.course()?;
            generated::verify(&course, &course.chosen(&scope.modules)?, &choice)
        }
        Xtask::Learner { scope, manner } => {
            let course = scope.course()?;
            let modules = match &manner.track {
                Some(track) => course.on_track(track)?,
                None => course.chosen(&scope.modules)?,
            };
            learner::verify(&course, &modules, &manner)
        }
        Xtask::CheckCourse { scope, add_ids } => {
            let course = scope.course()?;
            audit::verify(&course, &course.chosen(&scope.modules)?, add_ids)
        }
        Xtask::Tinydigits { csv } => {
            tinydigits::make(&csv, &tinydigits::shipped()).map(|()| vec![])
        }
        Xtask::Tinytalks { file } => tinytalks::verify(&file),
    }
}

fn main() -> ExitCode {
    match run(Xtask::parse()) {
        Ok(findings) if findings.is_empty() => ExitCode::SUCCESS,
        Ok(findings) => {
            eprintln!();
            findings.iter().for_each(|finding| eprintln!("{finding}"));
            let s = if findings.len() == 1 { "" } else { "s" };
            eprintln!("\n{} finding{s}", findings.len());
            ExitCode::FAILURE
        }
        Err(problem) => {
            eprintln!("error: {problem}");
            ExitCode::FAILURE
        }
    }
}
