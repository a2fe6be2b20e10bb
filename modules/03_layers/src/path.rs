//! Where in a model something is.

use std::fmt::{self, Write};

/// The names of the fields that lead to a place in a model, such as `blocks.2.weight`.
///
/// One buffer, which grows and shrinks on the way through the model: a visitor that wants to
/// keep a name copies it, and one that does not pays no allocation per parameter.
#[derive(Clone, Debug, Default)]
pub struct Path(String);

impl Path {
    /// The root. Allocates when it is first extended; reuse it where visits are frequent.
    pub const fn new() -> Self {
        Self(String::new())
    }

    /// The names, with dots between them; empty at the root.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Runs `visit` with the path to field `name` of this place.
    #[inline]
    pub fn field(&mut self, name: &str, visit: impl FnOnce(&mut Path)) {
        let here = self.separate();
        self.0.push_str(name);
        visit(self);
        self.0.truncate(here);
    }

    /// Runs `visit` with the path to item `i` of this place.
    #[inline]
    pub fn item(&mut self, i: usize, visit: impl FnOnce(&mut Path)) {
        let here = self.separate();
        write!(self.0, "{i}").expect("a string takes everything");
        visit(self);
        self.0.truncate(here);
    }

    /// Writes the dot, and gives back the length without it.
    #[inline]
    fn separate(&mut self) -> usize {
        let here = self.0.len();
        if here > 0 {
            self.0.push('.');
        }
        here
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_grows_and_shrinks_with_the_visit() {
        let mut path = Path::new();
        path.field("blocks", |path| {
            path.item(12, |path| {
                path.field("weight", |path| assert_eq!(path.as_str(), "blocks.12.weight"));
                assert_eq!(path.as_str(), "blocks.12");
            });
        });
        assert_eq!(path.as_str(), "");
        path.item(0, |path| assert_eq!(path.to_string(), "0"));
    }

    #[test]
    fn a_second_visit_writes_where_the_first_did() {
        let mut path = Path::new();
        let mut places = Vec::new();
        for name in ["weight", "bias", "weight"] {
            path.field(name, |path| path.item(7, |path| places.push(path.as_str().as_ptr())));
        }
        assert_eq!(places[1], places[2], "nothing was allocated");
    }
}
