//! Drawings for a terminal: pure functions from data and a [`Style`] to a `String`.
//!
//! None reads the environment or prints. Lines are joined by `\n` without one at the end, no line
//! is wider than `style.width` columns, and every number may be NaN or infinite.
//!
//! `cargo run -p stage --example gallery` shows them all.

mod curve;
mod image;
mod plane;
mod table;
mod bars;
mod confusion;
mod heatmap;
mod beside;
mod frame;
mod canvas;
mod scale;
mod ink;
mod text;
#[cfg(test)]
mod never_breaks;

pub use bars::{Amount, bars};
pub use beside::beside;
pub use confusion::confusion;
pub use curve::{Axes, Line, curve};
pub use heatmap::heatmap;
pub use image::{Captioned, Image, Verdict, image, image_grid};
pub use plane::{Plane, Point, plane};
pub use table::table;

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
        Style { width: 80, color: false, unicode: false }
    }
}

impl Style {
    /// The style with the least width that drawings are made for.
    fn at_least_20(self) -> Self {
        Style { width: self.width.max(20), ..self }
    }
}
