//! Cuts a learner's files out of a module's sources, and reads what a module says about itself.
//!
//! The answer key is ordinary Rust, without a mark in it. `exercises.toml` ([`Exercises`]) names
//! every function of a module: those that are given, those that are removed, and those that are
//! exercises. [`cut`] puts `exercise!("05.3", "title", parameters)` in the place of the bodies of
//! the latter and leaves everything else byte for byte as it was: documentation, comments, format.
//! A function that is not named is an error, so that no answer gets out because somebody forgot it.
//!
//! ```
//! let spec = cut::Exercises::read(r#"
//!     given = ["shape::Shape::ndim"]
//!     [[exercise]]
//!     id = "01.1"
//!     title = "Count the numbers"
//!     functions = ["shape::Shape::numel"]
//!     points = 5
//!     task = "How many numbers a shape holds."
//!     hints = ["What is [2, 3]?", "2 rows of 3: 2 x 3.", "Multiply all sizes, from 1 on."]
//! "#).unwrap();
//! let source = "\
//! impl Shape {
//!     /// The number of axes.
//!     pub fn ndim(&self) -> usize {
//!         self.0.len()
//!     }
//!
//!     /// How many numbers.
//!     pub fn numel(&self) -> usize {
//!         self.0.iter().product()
//!     }
//! }
//! ";
//! let stub = cut::cut(source, "shape", &spec).unwrap();
//! assert!(stub.text.contains(r#"exercise!("01.1", "Count the numbers", self)"#));
//! assert!(stub.text.contains("self.0.len()") && !stub.text.contains("product"));
//! ```
//!
//! What cannot be cut, because the stub would not compile or would do something before it says
//! that it is not written: `const fn`, `async fn`, `-> impl Trait`, `Drop::drop`. What a
//! `macro_rules!` holds is not looked at and never an exercise. Items under `#[cfg(test)]` and
//! `#[cfg(doctest)]` are not part of a learner's file.

mod edit;
mod exercises;
mod fates;
mod find;
mod module;
mod names;
mod problem;
mod questions;
mod stub;

pub use exercises::{Exercise, Exercises};
pub use module::{Source, module};
pub use problem::{CutError, Problem};
pub use questions::{Kind, Question, Questions};
pub use stub::{Cut, Stub, cut};
