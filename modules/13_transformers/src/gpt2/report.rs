//! Which names were found where.

use std::fmt;
use tinytorch_layers::Mismatch;

/// Which parameters a file had. Names are the file's, without `transformer.`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LoadReport {
    /// Loaded.
    pub matched: Vec<String>,
    /// Parameters of the model that the file lacks; they stay as freshly drawn.
    pub missing: Vec<String>,
    /// Tensors of the file that the model has no use for.
    pub unexpected: Vec<String>,
    /// In both, but of other shape or kind.
    pub mismatched: Vec<Mismatch>,
    /// In the file, and known to hold nothing that is learned: masks, and a head that is the
    /// embedding's table.
    pub ignored: Vec<String>,
}

impl LoadReport {
    /// Whether every parameter was found and nothing was left over.
    pub fn is_exact(&self) -> bool {
        self.missing.is_empty() && self.unexpected.is_empty() && self.mismatched.is_empty()
    }
}

/// `148 matched; missing: h.0.attn.c_attn.bias, ln_f.weight and 3 more; …`
impl fmt::Display for LoadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} matched", self.matched.len())?;
        let quoted = |names: &[String]| names.iter().map(|name| format!("`{name}`")).collect();
        let lists: [(&str, Vec<String>); 3] = [
            ("missing", quoted(&self.missing)),
            ("unexpected", quoted(&self.unexpected)),
            ("of another shape", self.mismatched.iter().map(Mismatch::to_string).collect()),
        ];
        const SHOWN: usize = 6;
        for (what, items) in lists.iter().filter(|(_, items)| !items.is_empty()) {
            write!(f, "; {what}: {}", items[..items.len().min(SHOWN)].join(", "))?;
            if items.len() > SHOWN {
                write!(f, " and {} more", items.len() - SHOWN)?;
            }
        }
        Ok(())
    }
}
