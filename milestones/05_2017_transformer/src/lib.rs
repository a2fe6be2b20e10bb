//! Milestone 05 · 2017: attention is all you need.
//!
//! Modules 01 to 13 at work together: a GPT learns to reverse, to answer, and to write.
//!
//! | part | what it learns | bar |
//! |---|---|---|
//! | `reversal` | to write eight letters backward | 99 % of 500 unseen rows, on three seeds |
//! | `tinytalks` | to answer questions, shipped | 90 % of its training questions, word for word |
//! | `tinyshakespeare` | to write as in 1 MB of plays, downloaded | 1.88 nats a character on unseen text |
//!
//! Without a name, the first two run: `tinyshakespeare` has to be asked for, since it takes a download
//! and its time. With `--chat`, the model of `tinytalks` answers what you type.

mod learn;
mod exact;
mod attention;
mod reversal;
mod talks;
mod chat;
mod tinytalks;
mod shakespeare;

use stage::{Report, Settings, Stage, StageError};

/// 2017: a network that attends.
pub const MILESTONE: stage::Milestone = stage::Milestone { id: "05", name: "transformer", run };

fn run(settings: &Settings, stage: &mut dyn Stage) -> Result<Vec<Report>, StageError> {
    let parts = match (&settings.data, settings.chat) {
        (Some(_), _) => settings.parts(&["reversal", "tinytalks", "tinyshakespeare"])?,
        (None, true) => vec!["tinytalks"],
        (None, false) => vec!["reversal", "tinytalks"],
    };
    let mut reports = Vec::new();
    for part in parts {
        reports.push(match part {
            "tinytalks" => tinytalks::run(&tinytalks::TASK, settings, stage),
            "tinyshakespeare" => {
                let text = shakespeare::read(&settings.data_dir)?;
                shakespeare::run(&text, &shakespeare::TASK, settings, stage)
            }
            _ => reversal::run(&reversal::TASK, settings, stage),
        });
    }
    Ok(reports)
}
