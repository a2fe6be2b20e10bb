//! 12.2: nobody sees the future.

use check::{Because, Check, Verdict, wrong};
use tinytorch_attention::causal_mask;

pub const CHECKS: &[Check] = &[
    Check {
        id: "12.2.square",
        exercise: "12.2",
        fact: "of three words each sees itself and those before",
        run: square,
    },
    Check {
        id: "12.2.newest",
        exercise: "12.2",
        fact: "the newest word alone sees all three keys; two of four see 3 and 4",
        run: newest,
    },
    Check {
        id: "12.2.before",
        exercise: "12.2",
        fact: "three queries and one key: only the last query has something to see",
        run: before,
    },
    Check {
        id: "12.2.empty",
        exercise: "12.2",
        fact: "no keys and no queries are masks without numbers",
        run: empty,
    },
];

fn rows(queries: usize, keys: usize) -> (Vec<usize>, Vec<i32>) {
    let mask = causal_mask(queries, keys);
    (mask.shape().to_vec(), mask.to_vec_i32())
}

fn square() -> Verdict {
    let (shape, got) = rows(3, 3);
    wrong::unless_eq(shape, vec![3, 3])?;
    wrong::unless_eq(got.as_slice(), [1, 0, 0, 1, 1, 0, 1, 1, 1].as_slice())
        .because(got == [0, 0, 0, 1, 0, 0, 1, 1, 0], "a word sees itself: the diagonal is 1")
        .because(got == [1, 1, 0, 1, 1, 1, 1, 1, 1], "each word sees the next one: one too many")
        .because(got == [0, 1, 1, 0, 0, 1, 0, 0, 0], "1 is where a query may look, not where not")
        .because(
            got == [1, 1, 1, 0, 1, 1, 0, 0, 1],
            "rows are queries: this one sees what is later",
        )
        .note("three queries of three keys, row by row")
}

fn newest() -> Verdict {
    let (_, got) = rows(1, 3);
    wrong::unless_eq(got.as_slice(), [1, 1, 1].as_slice())
        .because(
            got == [1, 0, 0],
            "the first query is lined up with the first key; it is the last that meets the last",
        )
        .note("one query of three keys")?;
    wrong::unless_eq(rows(2, 4).1.as_slice(), [1, 1, 1, 0, 1, 1, 1, 1].as_slice())
        .note("two queries of four keys, row by row")
}

fn before() -> Verdict {
    wrong::unless_eq(rows(3, 1).1.as_slice(), [0, 0, 1].as_slice())
        .note("three queries of one key")?;
    wrong::unless_eq(rows(4, 2).1.as_slice(), [0, 0, 0, 0, 1, 0, 1, 1].as_slice())
        .note("four queries of two keys, row by row")
}

fn empty() -> Verdict {
    wrong::unless_eq(rows(0, 3), (vec![0, 3], vec![]))?;
    wrong::unless_eq(rows(2, 0), (vec![2, 0], vec![]))
}
