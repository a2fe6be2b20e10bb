//! A milestone's performance in the terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use stage::Stage;

use super::verdict::amount;
use crate::terminal::Terminal;

/// Lines that one progress bar may become where nothing can move.
const MOST_LINES: u64 = 20;

/// Shows a performance: the story and the pictures on stdout, progress on stderr as a moving bar,
/// or as plain lines where nothing can move.
pub struct Show<'a> {
    terminal: &'a Terminal,
    /// Whether seeds end with a share of one.
    share: bool,
    seed: Option<u64>,
    /// Whether the last line is that of a seed.
    after_seeds: bool,
    open: Option<Open>,
}

/// The progress bar that is open.
struct Open {
    label: String,
    total: u64,
    /// Moves, or is hidden.
    bar: ProgressBar,
    /// How many of [`MOST_LINES`] are due by now.
    lines: u64,
}

impl Show<'_> {
    /// A stage on this terminal.
    pub fn new(terminal: &Terminal, share: bool) -> Show<'_> {
        Show { terminal, share, seed: None, after_seeds: false, open: None }
    }

    fn print(&self, text: &str) {
        match &self.open {
            Some(open) => open.bar.suspend(|| self.terminal.print(text)),
            None => self.terminal.print(text),
        }
    }

    /// An empty line between the seeds and what follows them.
    fn close_seeds(&mut self) {
        if std::mem::take(&mut self.after_seeds) {
            self.print("");
        }
    }

    /// What a bar counts: `seed 3  epochs`.
    fn label(&self, label: &str) -> String {
        let seed = self.seed.map_or(String::new(), |seed| format!("seed {seed}  "));
        self.terminal.fit(&format!("{seed}{label}"))
    }

    fn bar(&self, total: u64, label: &str) -> ProgressBar {
        if !self.terminal.bars {
            return ProgressBar::hidden();
        }
        let template = "{prefix}  {bar:20}  {pos} of {len}  {eta} left  {wide_msg}";
        let style = ProgressStyle::with_template(template).expect("a template of ours");
        let chars = if self.terminal.style.unicode { "━╸ " } else { "#> " };
        ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr())
            .with_style(style.progress_chars(chars))
            .with_prefix(label.to_owned())
    }
}

impl Stage for Show<'_> {
    fn chapter(&mut self, title: &str) {
        self.print(&format!("\n{}\n", self.terminal.bold(title)));
    }

    fn say(&mut self, text: &str) {
        self.close_seeds();
        self.print(&format!("{}\n", self.terminal.wrap(text, 0)));
    }

    fn begin(&mut self, total: u64, label: &str) {
        self.end();
        let label = self.label(label);
        let bar = self.bar(total, &label);
        bar.tick();
        self.open = Some(Open { label, total, bar, lines: 0 });
    }

    fn advance(&mut self, done: u64, note: &str) {
        let Some(open) = &mut self.open else { return };
        let note = self.terminal.fit(note);
        open.bar.set_message(note.clone());
        open.bar.set_position(done);
        let due = done * MOST_LINES.min(open.total) / open.total.max(1);
        if !self.terminal.bars && due > open.lines {
            self.terminal.remark(format!("{}  {done} of {}  {note}", open.label, open.total));
        }
        open.lines = open.lines.max(due);
    }

    fn end(&mut self) {
        if let Some(open) = self.open.take() {
            open.bar.finish_and_clear();
        }
    }

    fn picture(&mut self, picture: &str) {
        self.close_seeds();
        // Drawn for this terminal by the milestone: shown as it is.
        self.print(&format!("{picture}\n"));
    }

    fn seed_started(&mut self, seed: u64) {
        self.seed = Some(seed);
    }

    fn seed_finished(&mut self, seed: u64, value: f64) {
        self.seed = None;
        self.print(&format!("seed {seed}: {}", amount(value, self.share)));
        self.after_seeds = true;
    }

    fn ask(&mut self, prompt: &str) -> Option<String> {
        self.close_seeds();
        self.end();
        self.terminal.ask(prompt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_terminal_progress_is_plain_lines_and_not_too_many() {
        let terminal = Terminal::plain();
        let mut show = Show::new(&terminal, true);
        show.seed_started(7);
        show.begin(1000, "steps");
        (1..=1000).for_each(|step| show.advance(step, "loss 0.50"));
        show.end();
        show.seed_finished(7, 0.5);
        let (out, err) = terminal.written();
        assert_eq!(out, "seed 7: 50.0 %\n");
        let lines: Vec<&str> = err.lines().collect();
        assert_eq!(lines.len() as u64, MOST_LINES);
        assert_eq!(lines[0], "seed 7  steps  50 of 1000  loss 0.50");
        assert_eq!(lines[19], "seed 7  steps  1000 of 1000  loss 0.50");
    }

    #[test]
    fn an_empty_line_parts_the_seeds_from_what_follows() {
        let terminal = Terminal::plain();
        let mut show = Show::new(&terminal, true);
        (0..2).for_each(|seed| show.seed_finished(seed, 1.0));
        show.say("Done.");
        assert_eq!(terminal.written().0, "seed 0: 100.0 %\nseed 1: 100.0 %\n\nDone.\n\n");
    }

    #[test]
    fn every_epoch_has_its_line_when_there_are_few() {
        let terminal = Terminal::plain();
        let mut show = Show::new(&terminal, true);
        show.begin(3, "epochs");
        (1..=3).for_each(|epoch| show.advance(epoch, ""));
        show.begin(0, "nothing"); // ends the open one; a total of zero divides nothing
        show.advance(0, "");
        show.end();
        assert_eq!(terminal.written().1.lines().count(), 3);
    }

    #[test]
    fn the_story_is_wrapped_and_pictures_are_not() {
        let terminal = Terminal::plain();
        let mut show = Show::new(&terminal, true);
        show.chapter("1957");
        show.say(&"word ".repeat(30));
        show.picture(&"#".repeat(90));
        let (out, _) = terminal.written();
        let widths: Vec<usize> = out.lines().map(str::len).collect();
        assert_eq!(widths, [0, 4, 0, 79, 69, 0, 90, 0]);
    }
}
