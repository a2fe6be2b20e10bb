//! Numbers in rows and columns.

mod shape;

pub use shape::{numel, transpose};

#[cfg(doctest)]
#[doc = include_str!("../lesson.md")]
struct Lesson;
