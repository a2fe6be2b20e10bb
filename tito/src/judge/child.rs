//! Processes that can be ended from another thread, with all that they started.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// Ends what runs under it.
#[derive(Debug, Default)]
pub struct Cancel {
    cancelled: AtomicBool,
    running: Mutex<Option<Child>>,
    /// Whether children lead a process group of their own. Then a key press can't end them past
    /// us, and we end them with all that they started.
    group: bool,
}

/// What a process left.
#[derive(Debug)]
pub struct Ended {
    /// How it ended.
    pub status: ExitStatus,
    /// The end of its stderr.
    pub stderr: String,
}

/// What a process hears of us: its stdin.
pub struct Voice(Option<ChildStdin>);

impl Voice {
    /// Says one line; `None` hangs up, and the process hears no more.
    pub fn say(&mut self, line: Option<&str>) {
        let (Some(stdin), Some(line)) = (&mut self.0, line) else {
            self.0 = None;
            return;
        };
        // A process that has ended hears nothing; its end is told elsewhere.
        let said = stdin.write_all(format!("{line}\n").as_bytes()).and_then(|()| stdin.flush());
        if said.is_err() {
            self.0 = None;
        }
    }
}

impl Cancel {
    /// One whose children are ended with all that they started.
    pub fn for_groups() -> Cancel {
        Cancel { group: true, ..Cancel::default() }
    }

    /// Ends what runs, and whatever would be started next.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::SeqCst);
        if let Some(child) = self.running.lock().expect("no holder panics").as_mut() {
            self.kill(child);
        }
    }

    /// Whether somebody called [`cancel`](Cancel::cancel).
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::SeqCst)
    }

    #[cfg(unix)]
    fn kill(&self, child: &mut Child) {
        use rustix::process::{Pid, Signal, kill_process, kill_process_group};
        let pid = Pid::from_child(child);
        // The process may have ended by itself in this moment; then there is nothing to do.
        let _ = match self.group {
            true => kill_process_group(pid, Signal::KILL),
            false => kill_process(pid, Signal::KILL),
        };
    }

    #[cfg(not(unix))]
    fn kill(&self, child: &mut Child) {
        let _ = child.kill();
    }

    /// Runs a command and hands each line of its stdout to `see`; none where it was cancelled.
    ///
    /// # Errors
    /// It can't be started.
    pub fn run(
        &self,
        command: &mut Command,
        mut see: impl FnMut(String),
    ) -> io::Result<Option<Ended>> {
        command.stdin(Stdio::null());
        self.listen(command, |line, _| see(line))
    }

    /// Runs a command that may ask, and hands each line of its stdout to `hear`, with the voice to
    /// answer by; none where it was cancelled.
    ///
    /// # Errors
    /// It can't be started.
    pub fn talk(
        &self,
        command: &mut Command,
        hear: impl FnMut(String, &mut Voice),
    ) -> io::Result<Option<Ended>> {
        command.stdin(Stdio::piped());
        self.listen(command, hear)
    }

    fn listen(
        &self,
        command: &mut Command,
        mut hear: impl FnMut(String, &mut Voice),
    ) -> io::Result<Option<Ended>> {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        #[cfg(unix)]
        if self.group {
            std::os::unix::process::CommandExt::process_group(command, 0);
        }
        let (mut voice, stdout, stderr) = {
            let mut running = self.running.lock().expect("no holder panics");
            if self.is_cancelled() {
                return Ok(None);
            }
            let mut child = command.spawn()?;
            let pipes = (Voice(child.stdin.take()), child.stdout.take(), child.stderr.take());
            *running = Some(child);
            pipes
        };
        let stderr = thread::spawn(move || tail(stderr.expect("piped")));
        let mut lines = BufReader::new(stdout.expect("piped"));
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line)? > 0 {
            let text = String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']).to_owned();
            hear(text, &mut voice);
            line.clear();
        }
        drop(voice);
        let child = self.running.lock().expect("no holder panics").take();
        let status = child.expect("put there above").wait()?;
        let stderr = stderr.join().unwrap_or_default();
        Ok(if self.is_cancelled() { None } else { Some(Ended { status, stderr }) })
    }
}

/// Reads to the end and keeps the last 64 KiB.
fn tail(mut from: impl Read) -> String {
    const KEPT: usize = 1 << 16;
    let mut kept = Vec::new();
    let mut chunk = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut chunk) {
        kept.extend_from_slice(&chunk[..count]);
        if kept.len() > 2 * KEPT {
            kept.drain(..kept.len() - KEPT);
        }
    }
    String::from_utf8_lossy(&kept).into_owned()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn lines_and_the_end_are_handed_over() {
        let mut lines = Vec::new();
        let mut command = Command::new("sh");
        command.args(["-c", "echo one; printf two; echo wrong >&2; exit 3"]);
        let ended = Cancel::default().run(&mut command, |line| lines.push(line)).unwrap().unwrap();
        assert_eq!(lines, ["one", "two"]);
        assert_eq!((ended.status.code(), ended.stderr.as_str()), (Some(3), "wrong\n"));
    }

    #[test]
    fn questions_are_answered_until_we_hang_up() {
        let mut heard = Vec::new();
        let mut command = Command::new("sh");
        command.args(["-c", "while echo ask; read line; do echo \"<$line>\"; done; echo bye"]);
        let mut answers = ["one", "two"].into_iter();
        let ended = Cancel::default().talk(&mut command, |line, voice| {
            if line == "ask" {
                voice.say(answers.next());
            }
            heard.push(line);
        });
        assert!(ended.unwrap().unwrap().status.success());
        assert_eq!(heard, ["ask", "<one>", "ask", "<two>", "ask", "bye"]);
    }

    #[test]
    fn a_cancelled_process_ends_with_all_that_it_started() {
        let cancel = Cancel::for_groups();
        let ended = thread::scope(|scope| {
            let run = scope.spawn(|| {
                let mut command = Command::new("sh");
                // The inner sleep holds the pipe open: killing the shell alone would not end it.
                command.args(["-c", "echo started; sleep 600; true"]);
                cancel.run(&mut command, |_| cancel.cancelled.store(true, Ordering::SeqCst))
            });
            while !cancel.is_cancelled() {
                thread::yield_now();
            }
            cancel.cancel();
            run.join().unwrap().unwrap()
        });
        assert!(ended.is_none());
        assert!(cancel.run(&mut Command::new("sh"), |_| ()).unwrap().is_none(), "nor the next");
    }
}
