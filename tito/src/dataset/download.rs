//! `tito dataset download`.

use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::find_remote;
use crate::course::Course;
use crate::data_folder::DataFolder;
use crate::failure::Failure;
use crate::fetch::{self, Errand, Http, Origin, Outcome, Progress, bytes};
use crate::remote::Remote;
use crate::terminal::Terminal;

/// What to get, and from where.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tito dataset download mnist
  tito dataset download mnist --from ~/Downloads/mnist      a folder, packed or unpacked
  tito dataset download cifar10 --from cifar-10-binary.tar.gz
  tito dataset download cifar10 --from https://data.example.edu/cifar10/

A download that breaks off goes on from there when the same command is given again.")]
pub struct Request {
    /// Its name: mnist, cifar10, tinyshakespeare
    pub name: String,
    /// A folder, a file or another server to get it from
    #[arg(long, value_name = "DIR|URL")]
    pub from: Option<String>,
    /// Take files that have the right size and other bytes than the publisher's
    #[arg(long, requires = "from")]
    pub accept_other_bytes: bool,
}

/// Brings a data set into the data folder.
pub fn download(
    request: &Request,
    course: &Course,
    data: &DataFolder,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let remote = find_remote(course, &request.name)?;
    let origin = request.from.as_deref().map_or(Origin::Mirrors, Origin::parse);
    let errand =
        Errand { remote: &remote, origin: &origin, accept_other_bytes: request.accept_other_bytes };
    let mut progress = Shown::new(terminal);
    let outcome = fetch::bring(&errand, data, &Http::default(), &mut progress);
    let outcome = outcome.map_err(|trouble| trouble.failure(&remote))?;
    tell(outcome, &remote, course, data, terminal);
    Ok(ExitCode::SUCCESS)
}

fn tell(
    outcome: Outcome,
    remote: &Remote,
    course: &Course,
    data: &DataFolder,
    terminal: &Terminal,
) {
    let id = &remote.id;
    let (folder, size) = (data.data_set(id), bytes(remote.size()));
    let what = match outcome {
        Outcome::AlreadyHere => "was here already: every byte is the publisher's",
        Outcome::Brought => "is here: every byte is the publisher's",
        Outcome::OtherBytes => "is here, with other bytes than the publisher's, as you allowed",
    };
    terminal.print(format!("{} {what}", terminal.bold(id)));
    terminal.print(format!("  {} ({size})", folder.display()));
    terminal.print(terminal.hang("  license:", &remote.license, 11));
    let user = course.milestones.iter().find(|it| it.data_sets().contains(&id.as_str()));
    if let Some(user) = user {
        terminal.print(format!("Next: tito milestone run {} --data {id}", user.name));
    }
}

/// Progress as a moving bar, or as plain lines where nothing can move.
struct Shown<'a> {
    terminal: &'a Terminal,
    bar: ProgressBar,
    total: Option<u64>,
    /// Quarters of the total that have been said, where no bar can move.
    quarters: u64,
}

impl Shown<'_> {
    fn new(terminal: &Terminal) -> Shown<'_> {
        Shown { terminal, bar: ProgressBar::hidden(), total: None, quarters: 0 }
    }
}

impl Progress for Shown<'_> {
    fn begin(&mut self, file: &str, server: &str, total: Option<u64>, done: u64) {
        self.total = total;
        self.quarters = total.map_or(0, |total| done * 4 / total.max(1));
        let size = total.map_or("unknown size".to_owned(), bytes);
        let rest = if done > 0 { format!(", from {} on", bytes(done)) } else { String::new() };
        self.terminal.remark(format!("getting {file} from {server} ({size}{rest})"));
        if !self.terminal.bars {
            return;
        }
        let template = match total {
            Some(_) => "{wide_bar}  {decimal_bytes} of {decimal_total_bytes}  {eta} left",
            None => "{decimal_bytes}  {decimal_bytes_per_sec}",
        };
        let style = ProgressStyle::with_template(template).expect("a template of ours");
        let chars = if self.terminal.style.unicode { "━╸ " } else { "#> " };
        self.bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr())
            .with_style(style.progress_chars(chars));
        self.bar.set_position(done);
        self.bar.reset_eta();
    }

    fn advance(&mut self, done: u64) {
        self.bar.set_position(done);
        if let Some(total) = self.total.filter(|total| !self.terminal.bars && *total > 1_000_000) {
            let quarters = done * 4 / total;
            if quarters > self.quarters && quarters < 4 {
                self.terminal.remark(format!("  {} %", quarters * 25));
            }
            self.quarters = quarters;
        }
    }

    fn end(&mut self) {
        self.bar.finish_and_clear();
        self.bar = ProgressBar::hidden();
    }

    fn remark(&mut self, text: &str) {
        self.bar.suspend(|| self.terminal.remark(text));
    }
}
