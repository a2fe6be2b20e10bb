//! `tito module watch`: judged whenever something is saved.

mod saves;

use std::io::{IsTerminal, stdin};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

use super::{begun, hint, test};
use crate::course::Module;
use crate::failure::{Failure, MISSED};
use crate::judge::child::Cancel;
use crate::judge::{Bench, Verdict};
use crate::keys::{self, Key};
use crate::terminal::Terminal;
use crate::workspace::Workspace;
use crate::workspace::state::Files;

/// Which module.
#[derive(Debug, Default, clap::Args)]
#[command(after_help = "\
Save a file of the module to have it judged; a run that is not done is ended for the new one.
Keys: t test now, h hint, a show every failure, q quit")]
pub struct Request {
    /// Its number or name: 05, autograd. Without one, the module you work at
    pub module: Option<String>,
    /// Judge once on each save and end when every check passed
    #[arg(long)]
    pub until_done: bool,
}

/// What happens while watching.
enum Happening {
    Saved,
    Pressed(Key),
    /// A run came to its end: its number, and what came of it.
    Judged(u64, Box<Result<Verdict, Failure>>),
}

/// Judges a module now and after every save, until somebody quits.
pub fn watch(
    request: &Request,
    workspace: &Workspace,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let state = workspace.state(terminal)?;
    let module = begun(request.module.as_deref(), workspace, &state)?;
    test::judgeable(module, workspace, &state)?;
    let (tell, hear) = channel();
    let saves = tell.clone();
    let _watcher = saves::watch(&workspace.sources(module), move || {
        // Nobody listens once watching ends.
        let _ = saves.send(Happening::Saved);
    })?;
    let keys = stdin().is_terminal() && terminal.bars;
    if keys {
        let pressed = tell.clone();
        thread::spawn(move || {
            keys::forward(move |key| pressed.send(Happening::Pressed(key)).is_ok())
        });
    }
    let judged = Files::new();
    let mut watch =
        Watch { workspace, module, terminal, tell, run: None, judged, count: 0, all: false };
    let raw = keys.then(|| keys::Raw::enter(terminal)).transpose()?;
    let done = watch.go(&hear, request.until_done, keys);
    watch.end();
    drop(raw);
    done
}

/// A watch that goes on.
struct Watch<'a> {
    workspace: &'a Workspace,
    module: &'a Module,
    terminal: &'a Terminal,
    tell: Sender<Happening>,
    run: Option<(Arc<Bench>, JoinHandle<()>)>,
    /// The files that the last run began with.
    judged: Files,
    /// How many runs were begun: an older one that still answers is not listened to.
    count: u64,
    all: bool,
}

impl Watch<'_> {
    fn go(
        &mut self,
        hear: &Receiver<Happening>,
        until_done: bool,
        keys: bool,
    ) -> Result<ExitCode, Failure> {
        self.begin();
        let mut whole = false;
        while let Ok(happening) = hear.recv() {
            match happening {
                Happening::Saved if !self.changed() => {}
                Happening::Saved => self.begin(),
                // An editor is about to put another file in the place of one; it will be told.
                Happening::Judged(_, verdict) if verdict.is_err() && self.changed() => {}
                Happening::Judged(run, verdict) if run == self.count => {
                    whole = self.show(&(*verdict)?, keys)?;
                    if whole && until_done {
                        return Ok(ExitCode::SUCCESS);
                    }
                }
                Happening::Judged(..) => {}
                Happening::Pressed(Key::Char('q') | Key::Quit) => break,
                Happening::Pressed(Key::Char('t' | '\r')) => self.begin(),
                Happening::Pressed(Key::Char('a')) => {
                    self.all = !self.all;
                    self.begin();
                }
                Happening::Pressed(Key::Char('h')) => self.hint(),
                Happening::Pressed(_) => {}
            }
        }
        Ok(if whole { ExitCode::SUCCESS } else { ExitCode::from(MISSED) })
    }

    /// Whether the files are others than those that the last run began with, or can't be read:
    /// many editors move a file away before they write it anew.
    fn changed(&self) -> bool {
        self.workspace.hashes(self.module).map_or(true, |now| now != self.judged)
    }

    /// Ends the run that goes on, and begins another.
    fn begin(&mut self) {
        self.end();
        self.count += 1;
        // Files that can't be read now are named by the run itself.
        self.judged = self.workspace.hashes(self.module).unwrap_or_default();
        self.terminal.remark(self.terminal.dim(&format!("judging {} ...", self.module.id)));
        let bench = Arc::new(Bench { cancel: Cancel::for_groups(), ..Bench::default() });
        let (run, tell) = (self.count, self.tell.clone());
        let (workspace, module) = (self.workspace.clone(), self.module.clone());
        let (ours, style) = (bench.clone(), self.terminal.style);
        let thread = thread::spawn(move || {
            let terminal = Terminal::styled(style);
            let verdict = ours.judge(&workspace, &module, &terminal);
            let _ = tell.send(Happening::Judged(run, Box::new(verdict)));
        });
        self.run = Some((bench, thread));
    }

    fn end(&mut self) {
        if let Some((bench, thread)) = self.run.take() {
            bench.cancel.cancel();
            let _ = thread.join();
        }
    }

    fn show(&mut self, verdict: &Verdict, keys: bool) -> Result<bool, Failure> {
        if keys {
            self.terminal.clear();
        }
        let request = test::Request { all: self.all, ..Default::default() };
        let bench = Bench::default();
        let Watch { workspace, module, terminal, .. } = self;
        let whole = test::report(verdict, module, &request, workspace, &bench, terminal)?;
        let footer = match keys {
            true => "\nt test   h hint   a all failures   q quit   or save a file",
            false => "\nwatching; save a file, or end with ctrl-c",
        };
        self.terminal.print(self.terminal.dim(footer));
        Ok(whole)
    }

    fn hint(&self) {
        let exercise = Some(self.module.id.clone());
        let request = hint::Request { exercise, level: None };
        if let Err(failure) = hint::hint(&request, self.workspace, self.terminal) {
            self.terminal.complain(&failure);
        }
    }
}
