//! What must be noticed when one of a learner's functions is wrong.

use super::Learner;
use super::history::History;
use crate::course::Module;
use crate::mistakes::Mistake;
use std::path::PathBuf;

/// A milestone that must fail when this mistake is in this module.
const MISSED: &[(&str, &str, &str)] = &[
    ("01", "01", "products replace one another"),
    ("02", "05", "binary: target minus sigmoid"),
    ("02", "01", "products replace one another"),
    ("03", "05", "cross entropy: truth minus probabilities"),
    ("03", "01", "products replace one another"),
];

/// A module whose checks must say that the fault is in another, where this mistake is.
const BLAMED: &[(&str, &str, &str)] =
    &[("06", "01", "transpose swaps the shape but not the strides")];

/// With a mistake in a module, those after it say where it is.
pub fn in_an_earlier_module(learner: &mut Learner) -> Result<(), String> {
    for (judged, module, name) in BLAMED {
        let Some(spoiled) = Spoiled::new(learner, module, name)? else { continue };
        if !learner.walked.iter().any(|module| module.id == *judged) {
            continue;
        }
        spoiled.spoil()?;
        let (verdict, seconds) = learner.tito.judges(judged)?;
        let said = verdict.fault_in.as_deref().unwrap_or("no other module");
        println!("     {module}: {name}; {judged} says: the fault is in {said}  {seconds:.1} s");
        if said != *module {
            let finding = format!("module {judged} blames {said} for \"{name}\" in {module}");
            learner.find(finding);
        }
        spoiled.mend()?;
        if !learner.tito.judges(judged)?.0.whole {
            learner.find(format!("module {judged} is not whole again when {module} is"));
        }
    }
    Ok(())
}

/// With a mistake in a module, milestones miss their bars.
pub fn in_a_milestone(learner: &mut Learner, history: &History) -> Result<(), String> {
    for (milestone, module, name) in MISSED {
        let milestone = learner.course.milestones.iter().find(|it| it.id == *milestone);
        let Some(milestone) = milestone.filter(|it| history.has(it)) else { continue };
        let Some(spoiled) = Spoiled::new(learner, module, name)? else { continue };
        spoiled.spoil()?;
        let said = learner.tito.say(&["milestone", "run", &milestone.name, "--json"])?;
        let (id, status) = (&milestone.id, said.status);
        println!("     {module}: {name}; milestone {id} ends with {status}  {:.1} s", said.seconds);
        if status != 1 {
            let finding = format!("milestone {id} ends with {status}, not 1, when in {module}");
            learner.find(format!("{finding} {name}"));
        }
        spoiled.mend()?;
    }
    Ok(())
}

/// A learner's file with a mistake in it, and without.
struct Spoiled {
    path: PathBuf,
    whole: String,
    wrong: String,
}

impl Spoiled {
    /// A mistake of a module that the learner wrote; none if it was adopted.
    fn new(learner: &Learner, id: &str, name: &str) -> Result<Option<Self>, String> {
        let Some(module) = learner.walked.iter().find(|module| module.id == id) else {
            return Ok(None);
        };
        let mistake = mistake(module, name)?;
        let file = mistake.file.trim_start_matches("src/");
        let path = learner.tito.sources(module).join(file);
        let whole = crate::files::text(&path)?;
        let wrong = mistake.made_in(&whole).map_err(|why| format!("\"{name}\": {why}"))?;
        Ok(Some(Self { path, whole, wrong }))
    }

    fn spoil(&self) -> Result<(), String> {
        crate::files::write(&self.path, self.wrong.as_bytes())
    }

    fn mend(&self) -> Result<(), String> {
        crate::files::write(&self.path, self.whole.as_bytes())
    }
}

fn mistake(module: &Module, name: &str) -> Result<Mistake, String> {
    let found = module.mistakes()?.mistakes.into_iter().find(|mistake| mistake.name == name);
    found.ok_or_else(|| format!("module {}: there is no mistake \"{name}\"", module.id))
}
