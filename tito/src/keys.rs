//! Single keys, pressed in a terminal.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, read};
use crossterm::terminal::{disable_raw_mode, enable_raw_mode};

use crate::failure::Failure;
use crate::terminal::Terminal;

/// A key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A character, in lower case; the return key is `\r`.
    Char(char),
    /// ctrl-c, ctrl-d or escape.
    Quit,
}

/// The terminal hands over single keys until this is dropped.
#[derive(Debug)]
pub struct Raw<'a> {
    terminal: &'a Terminal,
}

impl Raw<'_> {
    /// Single keys from here on.
    ///
    /// # Errors
    /// The terminal can't.
    pub fn enter(terminal: &Terminal) -> Result<Raw<'_>, Failure> {
        enable_raw_mode().map_err(|error| {
            Failure::environment(format!("the terminal does not hand over keys: {error}"))
        })?;
        terminal.set_raw(true);
        Ok(Raw { terminal })
    }
}

impl Drop for Raw<'_> {
    fn drop(&mut self) {
        self.terminal.set_raw(false);
        let _ = disable_raw_mode();
    }
}

/// Waits for a key; none where the terminal is gone.
pub fn next() -> Option<Key> {
    loop {
        if let Event::Key(event) = read().ok()?
            && let Some(key) = key(event)
        {
            return Some(key);
        }
    }
}

/// Hands over keys until `to` no longer wants any.
pub fn forward(to: impl Fn(Key) -> bool) {
    while let Some(key) = next() {
        if !to(key) || key == Key::Quit {
            break;
        }
    }
}

fn key(event: KeyEvent) -> Option<Key> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let control = event.modifiers.contains(KeyModifiers::CONTROL);
    match event.code {
        KeyCode::Char('c' | 'd') if control => Some(Key::Quit),
        KeyCode::Esc => Some(Key::Quit),
        KeyCode::Enter => Some(Key::Char('\r')),
        KeyCode::Char(c) if !control => Some(Key::Char(c.to_ascii_lowercase())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_whatever_the_case_and_ctrl_c_quits() {
        let press = |code, modifiers| key(KeyEvent::new(code, modifiers));
        assert_eq!(press(KeyCode::Char('T'), KeyModifiers::SHIFT), Some(Key::Char('t')));
        assert_eq!(press(KeyCode::Char('c'), KeyModifiers::CONTROL), Some(Key::Quit));
        assert_eq!(press(KeyCode::Char('c'), KeyModifiers::NONE), Some(Key::Char('c')));
        assert_eq!(press(KeyCode::Enter, KeyModifiers::NONE), Some(Key::Char('\r')));
        assert_eq!(press(KeyCode::F(1), KeyModifiers::NONE), None);
    }
}
