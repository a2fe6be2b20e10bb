//! The results as a file.

use crate::race::Rules;
use crate::results::Spread;
use crate::table::Judged;
use crate::workload::Precision;
use crate::{Machine, entrant};
use serde_json::{Value, json};

/// Machine, rules and rows. Times are milliseconds, memory MiB.
pub fn document(machine: &Machine, rules: &Rules, rows: &[Judged]) -> Value {
    let peaks = machine.probes.iter().map(|(threads, probe)| {
        json!({
            "threads": threads,
            "f32_gflops": probe.products(Precision::F32) / 1e9,
            "bf16_gflops": probe.products(Precision::Bf16) / 1e9,
            "int8_gops": probe.products(Precision::Int8) / 1e9,
            "read_gb_per_s": probe.reading(f64::INFINITY) / 1e9,
        })
    });
    json!({
        "machine": machine.name,
        "cores": machine.cores,
        "unix_seconds": machine.seconds,
        "rounds": rules.rounds,
        "seconds_each": rules.seconds,
        "least_disturbed": rules.least,
        "one_process_per_family": rules.together,
        "peaks": peaks.collect::<Vec<_>>(),
        "rows": rows.iter().map(row).collect::<Vec<_>>(),
    })
}

fn row(row: &Judged) -> Value {
    let cell = &row.raced.cell;
    let modes = |peer: &str| cell.modes(peer).iter().map(mode).collect::<Vec<_>>();
    let others = entrant::peers().into_iter().map(|peer| (peer, modes(peer)));
    let others = others.filter(|(_, modes)| !modes.is_empty());
    json!({
        "workload": row.raced.workload.name,
        "threads": row.raced.threads,
        "unit": row.raced.workload.unit(),
        "ours": cell.ours().as_ref().map(mode),
        "others": others.map(|(peer, modes)| (peer.to_string(), json!(modes))).collect::<serde_json::Map<_, _>>(),
        "best": cell.best().map(|best| best.entrant),
        "ratio": cell.ratio(),
        "standing": row.standing().map(|standing| format!("{standing:?}").to_lowercase()),
        "limit": row.limit,
        "share": row.share(),
        "losses_differ": cell.different,
        "failure": cell.failure,
    })
}

fn mode(spread: &Spread) -> Value {
    let Spread { entrant, median, min, max, rounds } = spread;
    json!({ "mode": entrant, "median": median, "min": min, "max": max, "rounds": rounds })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entrant::OURS;
    use crate::race::Raced;
    use crate::results::Cell;
    use crate::workload::{Work, Workload};

    #[test]
    fn a_file_holds_the_rules_and_every_mode_of_every_row() {
        let workload = Workload::new("W2.x", Work::NONE, |_| ());
        let mut cell = Cell::default();
        cell.runs.insert((OURS, OURS.to_string()), vec![2.0]);
        cell.runs.insert(("torch", "torch-eager".to_string()), vec![4.0, 6.0]);
        let raced = Raced { workload: &workload, threads: 1, cell };
        let judged = Judged { raced: &raced, limit: Some(1.0), margin: 1.1 };
        let machine =
            Machine { name: "a machine".to_string(), cores: 2, seconds: 7, probes: Vec::new() };
        let rules = Rules { rounds: 2, seconds: 0.25, patience: 1, least: false, together: false };
        let document = document(&machine, &rules, &[judged]);
        assert_eq!((&document["rounds"], &document["cores"]), (&json!(2), &json!(2)));
        let row = &document["rows"][0];
        assert_eq!((&row["workload"], &row["standing"]), (&json!("W2.x"), &json!("ahead")));
        assert_eq!((&row["ratio"], &row["share"]), (&json!(0.4), &json!(0.5)));
        let torch = json!([
            { "mode": "torch-eager", "median": 5.0, "min": 4.0, "max": 6.0, "rounds": 2 }
        ]);
        assert_eq!(row["others"], json!({ "torch": torch }));
        assert_eq!(row["ours"]["median"], json!(2.0));
        assert_eq!(row["failure"], Value::Null);
    }
}
