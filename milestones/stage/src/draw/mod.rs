//! Drawings for a terminal: pure functions from data and a [`Style`] to a `String`.
//!
//! None reads the environment or prints. Lines are joined by `\n` without one at the end, no line
//! is wider than `style.width` columns, and every number may be NaN or infinite.

/// What the terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Columns; less than 20 draws as 20.
    pub width: usize,
    /// Whether colors (the 256 of xterm) may be used.
    pub color: bool,
    /// Whether characters beyond ASCII may be used: block elements and braille.
    pub unicode: bool,
}

impl Default for Style {
    /// 80 columns of ASCII without color: what every terminal and every log shows.
    fn default() -> Self {
        Style {
            width: 80,
            color: false,
            unicode: false,
        }
    }
}
