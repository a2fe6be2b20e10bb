//! The settings of a case: the same names in the fixtures and in the random samples.

use crate::fixtures;
use serde_json::Value;

/// The settings of a case, by name.
#[derive(Clone, Debug)]
pub struct Args(pub Value);

impl Args {
    /// Whether a setting is there.
    pub fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some()
    }
    /// An integer, such as an axis.
    pub fn int(&self, name: &str) -> isize {
        self.0[name].as_i64().unwrap_or_else(|| panic!("no integer `{name}` in {}", self.0))
            as isize
    }
    /// A count, a position, or a size.
    pub fn size(&self, name: &str) -> usize {
        self.int(name).try_into().expect("not negative")
    }
    /// A number; infinities are strings.
    pub fn float(&self, name: &str) -> f64 {
        fixtures::number(&self.0[name])
    }
    /// A number as the framework takes it.
    pub fn f32(&self, name: &str) -> f32 {
        self.float(name) as f32
    }
    /// True or false.
    pub fn flag(&self, name: &str) -> bool {
        self.0[name].as_bool().unwrap_or_else(|| panic!("no flag `{name}` in {}", self.0))
    }
    /// Integers, such as axes or a shape with -1.
    pub fn ints(&self, name: &str) -> Vec<isize> {
        let list =
            self.0[name].as_array().unwrap_or_else(|| panic!("no list `{name}` in {}", self.0));
        list.iter().map(|v| v.as_i64().expect("an integer") as isize).collect()
    }
    /// A shape.
    pub fn shape(&self, name: &str) -> Vec<usize> {
        self.ints(name).into_iter().map(|s| s.try_into().expect("a size")).collect()
    }
    /// A word, if it is there.
    pub fn word(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }
}
