//! What the checks of a module may use: the module, what it needs, and the harness.

use crate::course::{Course, Module};
use toml::{Table, Value};

/// Dependencies of a module's checks that are not among what it needs.
pub fn findings(course: &Course, module: &Module) -> Vec<String> {
    let path = "checks/Cargo.toml";
    let manifest = module.text(path);
    match manifest.and_then(|text| undeclared(course, module, &text)) {
        Ok(undeclared) => undeclared
            .into_iter()
            .map(|name| format!("{path}: {name} is not among what course.toml says it needs"))
            .collect(),
        Err(problem) => vec![problem],
    }
}

fn undeclared(course: &Course, module: &Module, manifest: &str) -> Result<Vec<String>, String> {
    let manifest: Table = toml::from_str(manifest).map_err(|e| e.to_string())?;
    let dependencies = manifest.get("dependencies").and_then(Value::as_table);
    let names = dependencies.into_iter().flat_map(|table| table.keys());
    let usable = course.usable(module);
    let allowed = |name: &str| name == "check" || name == module.package || usable.contains(name);
    Ok(names.filter(|name| !allowed(name)).cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(id: &str, needs: &[&str]) -> Module {
        Module {
            id: id.to_string(),
            name: id.to_string(),
            needs: needs.iter().map(|need| need.to_string()).collect(),
            package: format!("p{id}"),
            folder: id.into(),
        }
    }

    #[test]
    fn checks_use_what_the_module_needs_and_what_that_needs() {
        let modules = vec![
            module("01", &[]),
            module("02", &["01"]),
            module("03", &["02"]),
            module("04", &[]),
        ];
        let course = Course { root: ".".into(), modules, milestones: vec![], tracks: vec![] };
        let manifest = "[dependencies]\ncheck.workspace = true\np01 = \"1\"\np02 = \"1\"\n\
                        p03 = \"1\"\np04 = \"1\"\nrand = \"1\"\n";
        let found = undeclared(&course, &course.modules[2], manifest);
        assert_eq!(found, Ok(vec!["p04".to_string(), "rand".to_string()]));
    }
}
