//! Module 01 · Box: how many numbers a box holds, and where they are.

mod sides;

pub use sides::Sides;

#[cfg(doctest)]
#[doc = include_str!("../lesson.md")]
struct Lesson;
