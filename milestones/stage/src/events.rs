//! The stage: where a milestone tells what it does while it does it.

use std::collections::VecDeque;

/// Where a milestone tells what it does while it does it. It only tells; how that looks is the
/// implementation's business.
///
/// Drawings arrive complete in [`picture`](Stage::picture): the milestone makes them with the
/// [`Style`](crate::Style) of its settings.
pub trait Stage {
    /// Opens a chapter of the story.
    fn chapter(&mut self, title: &str);

    /// Says one paragraph. The implementation wraps it to its width; a line break in `text` is a
    /// space.
    fn say(&mut self, text: &str);

    /// Opens a progress bar of `total` steps. One is open at a time; opening another one ends it.
    fn begin(&mut self, total: u64, label: &str);

    /// Sets the open bar to `done` steps out of its total (not `done` more), with a short note
    /// beside it: `loss 0.31  accuracy 92.1 %`.
    fn advance(&mut self, done: u64, note: &str);

    /// Closes the open progress bar, whether or not it is full.
    fn end(&mut self);

    /// Shows a drawing of one or more lines as it is, without wrapping.
    fn picture(&mut self, picture: &str);

    /// Says that the run from `seed` starts.
    fn seed_started(&mut self, seed: u64);

    /// Says that the run from `seed` ended, and the value of the metric that it reached.
    fn seed_finished(&mut self, seed: u64, value: f64);

    /// Asks the audience for a line of text, and gives back what it typed, without the line break;
    /// `None` when nobody answers, or nobody is there.
    fn ask(&mut self, prompt: &str) -> Option<String>;
}

/// A stage without an audience.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Stage for Silent {
    fn chapter(&mut self, _title: &str) {}
    fn say(&mut self, _text: &str) {}
    fn begin(&mut self, _total: u64, _label: &str) {}
    fn advance(&mut self, _done: u64, _note: &str) {}
    fn end(&mut self) {}
    fn picture(&mut self, _picture: &str) {}
    fn seed_started(&mut self, _seed: u64) {}
    fn seed_finished(&mut self, _seed: u64, _value: f64) {}
    fn ask(&mut self, _prompt: &str) -> Option<String> {
        None
    }
}

/// One thing that happened on a [`Stage`]: its methods as values, to be kept, sent and replayed.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each variant is the method of `Stage` of the same name")]
pub enum Event {
    Chapter { title: String },
    Say { text: String },
    Begin { total: u64, label: String },
    Advance { done: u64, note: String },
    End,
    Picture { picture: String },
    SeedStarted { seed: u64 },
    SeedFinished { seed: u64, value: f64 },
    Ask { prompt: String },
}

impl Event {
    /// Makes it happen on `stage`. Gives back what the audience answered, if this was a question
    /// and it did.
    pub fn replay(&self, stage: &mut dyn Stage) -> Option<String> {
        match self {
            Event::Chapter { title } => stage.chapter(title),
            Event::Say { text } => stage.say(text),
            Event::Begin { total, label } => stage.begin(*total, label),
            Event::Advance { done, note } => stage.advance(*done, note),
            Event::End => stage.end(),
            Event::Picture { picture } => stage.picture(picture),
            Event::SeedStarted { seed } => stage.seed_started(*seed),
            Event::SeedFinished { seed, value } => stage.seed_finished(*seed, *value),
            Event::Ask { prompt } => return stage.ask(prompt),
        }
        None
    }
}

/// A stage that keeps everything that happens on it, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recorder {
    /// What happened so far.
    pub events: Vec<Event>,
    /// What the audience will answer, the next answer first.
    pub answers: VecDeque<String>,
}

impl Stage for Recorder {
    fn chapter(&mut self, title: &str) {
        self.events.push(Event::Chapter { title: title.to_owned() });
    }

    fn say(&mut self, text: &str) {
        self.events.push(Event::Say { text: text.to_owned() });
    }

    fn begin(&mut self, total: u64, label: &str) {
        self.events.push(Event::Begin { total, label: label.to_owned() });
    }

    fn advance(&mut self, done: u64, note: &str) {
        self.events.push(Event::Advance { done, note: note.to_owned() });
    }

    fn end(&mut self) {
        self.events.push(Event::End);
    }

    fn picture(&mut self, picture: &str) {
        self.events.push(Event::Picture { picture: picture.to_owned() });
    }

    fn seed_started(&mut self, seed: u64) {
        self.events.push(Event::SeedStarted { seed });
    }

    fn seed_finished(&mut self, seed: u64, value: f64) {
        self.events.push(Event::SeedFinished { seed, value });
    }

    fn ask(&mut self, prompt: &str) -> Option<String> {
        self.events.push(Event::Ask { prompt: prompt.to_owned() });
        self.answers.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every method of a stage once.
    fn perform(stage: &mut dyn Stage) {
        stage.chapter("one");
        stage.say("two");
        stage.begin(2, "three");
        stage.advance(1, "four");
        stage.end();
        stage.picture("five");
        stage.seed_started(6);
        stage.seed_finished(6, 0.7);
        stage.ask("eight");
    }

    #[test]
    fn a_recorder_keeps_every_event_in_order() {
        let mut recorder = Recorder::default();
        perform(&mut recorder);
        assert_eq!(recorder.events.len(), 9);
        assert_eq!(recorder.events[0], Event::Chapter { title: "one".into() });
        assert_eq!(recorder.events[3], Event::Advance { done: 1, note: "four".into() });
        assert_eq!(recorder.events[7], Event::SeedFinished { seed: 6, value: 0.7 });
    }

    #[test]
    fn a_replayed_performance_equals_the_first() {
        let (mut first, mut second) = (Recorder::default(), Recorder::default());
        perform(&mut first);
        for event in &first.events {
            event.replay(&mut second);
        }
        assert_eq!(first, second);
    }

    #[test]
    fn questions_are_answered_in_order_until_nobody_answers() {
        let answers = ["one".to_owned(), "two".to_owned()].into();
        let mut recorder = Recorder { answers, ..Recorder::default() };
        assert_eq!(recorder.ask("?").as_deref(), Some("one"));
        let asked = Event::Ask { prompt: "?".into() };
        assert_eq!(asked.replay(&mut recorder).as_deref(), Some("two"));
        assert_eq!((recorder.ask("?"), Silent.ask("?")), (None, None));
    }
}
