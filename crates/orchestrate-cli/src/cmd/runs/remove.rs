//! The verbs that look after the store: prune and verify.

use std::collections::HashSet;

use orchestrate_core::error::Explain as _;
use orchestrate_core::id::RunId;
use orchestrate_core::journal::{RunFilter, RunState};
use serde_json::json;

use super::{moment, now_ms};
use crate::app::Call;
use crate::args::{FindArgs, PruneArgs};
use crate::cmd::store::existing;
use crate::cmd::watch::wait_for;
use crate::error::{CliError, Failure};
use crate::exit::Exit;
use crate::render::{Columns, safe};

pub(super) fn prune(args: &PruneArgs, call: &Call) -> Result<Exit, Failure> {
    if args.runs.is_empty() && args.keep.is_none() && args.older_than.is_none() {
        return Err(CliError::arguments(
            "nothing says which runs are to be removed",
            "give `--keep COUNT`, `--older-than AGE`, or the runs by name",
        )
        .into());
    }
    let journal = existing(&args.at)?;
    let runs = wait_for(journal.list(&RunFilter::default()))?;
    let names: Vec<RunId> = runs.iter().map(|run| run.run_id.clone()).collect();
    let mut chosen = Vec::new();
    for reference in &args.runs {
        let run = orchestrate_core::journal::resolve(reference, &names)?;
        chosen.extend(runs.iter().find(|it| it.run_id == run));
    }
    if args.keep.is_some() || args.older_than.is_some() {
        let oldest = args.older_than.map(|age| now_ms().saturating_sub(age.ms));
        let ended = runs.iter().filter(|run| run.state == RunState::Ended);
        let old = ended
            .skip(args.keep.unwrap_or_default())
            .filter(|run| oldest.is_none_or(|oldest| run.updated_ms < oldest));
        chosen.extend(old);
    }
    let mut seen = HashSet::new();
    chosen.retain(|run| seen.insert(&run.run_id));
    if args.yes {
        for run in &chosen {
            wait_for(journal.delete(&run.run_id))?;
        }
    }
    let document = json!({
        "removed": args.yes,
        "runs": chosen.iter().map(|run| &run.run_id).collect::<Vec<_>>(),
        "kept": runs.len() - chosen.len(),
    });
    let text = || {
        let mut columns = Columns::new(["RUN", "BEGAN", "TASK"]);
        for run in &chosen {
            columns.row([
                run.run_id.to_string(),
                moment(run.created_ms),
                safe(&run.task),
            ]);
        }
        let count = chosen.len();
        match (count, args.yes) {
            (0, _) => "no run fits, nothing is removed\n".to_owned(),
            (_, true) => format!("{}\nremoved: {count}\n", columns.render()),
            (_, false) => format!(
                "{}\nwould be removed: {count}; `--yes` removes them\n",
                columns.render()
            ),
        }
    };
    call.printer.answer(text, &document)?;
    Ok(Exit::Yes)
}

pub(super) fn verify(at: &FindArgs, call: &Call) -> Result<Exit, Failure> {
    let journal = existing(at)?;
    let (runs, problems) = wait_for(async {
        let runs = journal.list(&RunFilter::default()).await?.len();
        Ok::<_, orchestrate_core::journal::JournalError>((runs, journal.verify().await?))
    })?;
    let document = json!({
        "store": journal.url(),
        "runs": runs,
        "problems": problems.iter().map(|problem| json!({
            "code": problem.code(),
            "message": problem.to_string(),
        })).collect::<Vec<_>>(),
    });
    let text = || {
        let mut text: String = problems
            .iter()
            .map(|problem| format!("{}: {}\n", problem.code(), safe(&problem.to_string())))
            .collect();
        text.push_str(&format!("{runs} runs, {} damaged\n", problems.len()));
        text
    };
    call.printer.answer(text, &document)?;
    Ok(if problems.is_empty() {
        Exit::Yes
    } else {
        Exit::No
    })
}
