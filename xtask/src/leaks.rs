//! Whether an answer stands somewhere in what learners get.

use crate::course::Module;
use crate::files;
use crate::scratch::Files;
use cut::{Cut, Stub};

/// The shortest answer that is looked for elsewhere, in characters without white space. Shorter
/// ones, such as `self.shape`, are said in many places with as much right.
const TELLING: usize = 40;

/// What learners get: of a module, or in a workspace.
pub struct Given {
    /// The folder, for people.
    place: String,
    /// Where, and the text without white space and the marks of comments.
    texts: Vec<(String, String)>,
}

impl Given {
    /// The stubs of a module, and its lesson, exercises and questions.
    pub fn new(module: &Module, stubs: &[(String, Stub)]) -> Self {
        let files = stubs.iter().map(|(file, stub)| (format!("src/{file}.rs"), bare(&stub.text)));
        let told = ["lesson.md", "exercises.toml", "questions.toml"].map(|file| {
            // A file that is missing is found missing elsewhere.
            (file.to_string(), bare(&files::text(&module.folder.join(file)).unwrap_or_default()))
        });
        let place = format!("modules/{}", module.folder_name());
        Self { place, texts: files.chain(told).collect() }
    }

    /// The text files of a folder that is called `place`.
    pub fn of_files(place: &str, files: &Files) -> Self {
        let text = |(name, content): (&String, &Vec<u8>)| {
            let text = std::str::from_utf8(content).ok()?;
            Some((name.clone(), bare(text)))
        };
        Self { place: place.to_string(), texts: files.iter().filter_map(text).collect() }
    }

    /// Each place in which the body of one of `cuts` can be read.
    pub fn leaks(&self, cuts: &[Cut]) -> Vec<String> {
        let mut leaks = Vec::new();
        for cut in cuts.iter().filter(|cut| cut.body.chars().count() >= TELLING) {
            let body = bare(&cut.body);
            for (file, _) in self.texts.iter().filter(|(_, text)| text.contains(&body)) {
                leaks.push(format!(
                    "{}/{file}: the answer of {}, `{}`, stands here",
                    self.place, cut.exercise, cut.function
                ));
            }
        }
        leaks
    }
}

/// Without white space, and without what marks a line as a comment.
fn bare(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let line = line.trim_start();
        line.strip_prefix("///")
            .or(line.strip_prefix("//!"))
            .or(line.strip_prefix("//"))
            .unwrap_or(line)
    });
    lines.flat_map(str::chars).filter(|c| !c.is_whitespace()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_found_in_whatever_form_it_is_written() {
        let body = "letmutsum=0.0;forxinvalues{sum+=x;}sum/values.len()asf32";
        let cut = |body: &str| Cut {
            exercise: "01.1".into(),
            function: "a::mean".into(),
            body: body.into(),
        };
        let text = "/// let mut sum = 0.0;\n/// for x in values {\n///     sum += x;\n/// }\n\
                    /// sum / values.len() as f32\nfn mean() {}";
        let given =
            Given { place: "modules/02_b".into(), texts: vec![("src/a.rs".into(), bare(text))] };
        let leaks = given.leaks(&[cut(body), cut("self.sum()"), cut(&body.replace("sum", "all"))]);
        assert_eq!(leaks, ["modules/02_b/src/a.rs: the answer of 01.1, `a::mean`, stands here"]);
    }
}
