//! 03.7: where in a model something is.

use check::{Because, Check, Verdict, wrong};
use tinytorch_layers::Path;

pub const CHECKS: &[Check] = &[
    Check {
        id: "03.7.field",
        exercise: "03.7",
        fact: "field `weight` of field `hidden` is `hidden.weight`",
        run: field,
    },
    Check {
        id: "03.7.item",
        exercise: "03.7",
        fact: "field `weight` of item 12 of field `blocks` is `blocks.12.weight`",
        run: item,
    },
    Check {
        id: "03.7.back",
        exercise: "03.7",
        fact: "after each visit the path is what it was before",
        run: back,
    },
    Check {
        id: "03.7.one_buffer",
        exercise: "03.7",
        fact: "two thousand steps write into one buffer",
        run: one_buffer,
    },
];

fn field() -> Verdict {
    let (mut alone, mut inner) = (String::new(), String::new());
    Path::new().field("weight", |path| alone = path.to_string());
    wrong::unless_eq(&*alone, "weight")
        .because(alone == ".weight", "no dot at the root: a path begins with a name")
        .because(alone.is_empty(), "the name was not added")?;
    Path::new().field("hidden", |path| path.field("weight", |path| inner = path.to_string()));
    wrong::unless_eq(&*inner, "hidden.weight")
        .because(inner == "hiddenweight", "a dot between the names")
        .because(inner == "weight", "the name is put behind what is there")
}

fn item() -> Verdict {
    let mut seen = Vec::new();
    let mut path = Path::new();
    path.field("blocks", |path| {
        path.item(12, |path| path.field("weight", |path| seen.push(path.to_string())));
        path.item(0, |path| seen.push(path.to_string()));
    });
    path.item(3, |path| seen.push(path.to_string()));
    wrong::unless_eq(seen, ["blocks.12.weight", "blocks.0", "3"])
}

fn back() -> Verdict {
    let mut path = Path::new();
    let mut inside = Vec::new();
    path.field("hidden", |path| {
        path.field("weight", |_| {});
        inside.push(path.to_string());
        path.item(7, |_| {});
        inside.push(path.to_string());
    });
    let got = (inside[0].clone(), inside[1].clone(), path.to_string());
    wrong::unless_eq((&*got.0, &*got.1, &*got.2), ("hidden", "hidden", ""))
        .because(
            got.0 == "hidden.weight",
            "the name stayed: cut the path back to its length from before",
        )
        .because(
            got.0 == "hidden.",
            "the dot stayed: note the length before the dot, and cut back to that",
        )
        .because(got.1 == "hidden.7", "the number stayed: cut the path back after an item, too")
        .note("inside `hidden` after its field `weight`, after its item 7, and at the end")
}

fn one_buffer() -> Verdict {
    let mut path = Path::new();
    path.field("a_rather_long_name_of_a_block", |path| path.item(1000, |_| {}));
    let place = |path: &Path| path.as_str().as_ptr();
    let (root, mut elsewhere) = (place(&path), 0);
    for i in 0..1000 {
        path.field("block", |path| {
            let field = place(path);
            elsewhere += usize::from(field != root);
            path.item(i, |path| elsewhere += usize::from(place(path) != field));
        });
    }
    wrong::unless_eq(elsewhere, 0)
        .because(elsewhere >= 1000, "a new string at every step: grow and cut the one there is")
        .note("steps, of 2,000, on which the path lay elsewhere in memory than the step before")
}
