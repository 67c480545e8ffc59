//! `approvals`: open questions of recorded runs, and the one way to decide them from outside.

use std::fmt::Write as _;

use orchestrate_core::approval::{AnswerRefused, ApprovalRequest};
use orchestrate_core::event::{Event, EventKind};
use orchestrate_core::id::RunId;
use orchestrate_core::journal::{Decision, JournalError, RunFilter, RunJournal, RunState};
use serde_json::json;

use super::runs::{now_ms, user};
use super::store::{existing, existing_if_any};
use super::watch::wait_for;
use crate::app::Call;
use crate::args::{ApprovalsVerb, FindArgs, Question};
use crate::error::{CliError, Failure};
use crate::exit::Exit;
use crate::render::{Columns, safe};

pub(crate) fn run(verb: &ApprovalsVerb, call: &Call) -> Result<Exit, Failure> {
    match verb {
        ApprovalsVerb::List { at } => list(at, call),
        ApprovalsVerb::Show { about } => show(about, call),
        ApprovalsVerb::Decide {
            about,
            decision,
            comment,
            by,
        } => {
            let by = by.clone().unwrap_or_else(user);
            decide(about, decision, comment.clone(), by, call)
        }
    }
}

/// The questions of a run that nobody has answered.
fn open(events: &[Event]) -> Vec<&ApprovalRequest> {
    let mut open: Vec<&ApprovalRequest> = Vec::new();
    for event in events {
        match &event.kind {
            EventKind::ApprovalRequested { request } => {
                open.retain(|other| other.step != request.step);
                open.push(request);
            }
            EventKind::ApprovalDecided { step, .. } => open.retain(|other| other.step != *step),
            EventKind::StepFinished { step, .. } => {
                open.retain(|other| other.waiting_step() != step);
            }
            _ => {}
        }
    }
    open
}

fn list(at: &FindArgs, call: &Call) -> Result<Exit, Failure> {
    let questions = match existing_if_any(at)? {
        Some(journal) => wait_for(all(&*journal))?,
        None => Vec::new(),
    };
    let document = json!({"approvals": questions.iter().map(|(request, decided)| json!({
        "run_id": request.run, "step": request.step, "question": request.question,
        "decisions": request.decisions, "decided": decided,
    })).collect::<Vec<_>>()});
    let text = || {
        if questions.is_empty() {
            return "nothing waits for a decision\n".to_owned();
        }
        let mut columns = Columns::new(["RUN", "STEP", "DECISIONS", "QUESTION"]);
        for (request, decided) in &questions {
            let decisions = match decided {
                Some(decision) => {
                    format!("{} (by {})", decision.answer.decision, decision.answer.by)
                }
                None => request.decisions.join(", "),
            };
            columns.row([
                request.run.to_string(),
                request.step.to_string(),
                safe(&decisions),
                safe(&request.question),
            ]);
        }
        columns.render()
    };
    call.printer.answer(text, &document)?;
    Ok(Exit::Yes)
}

/// All open questions of runs that have not ended, each with a decision that its run has not seen yet.
async fn all(
    journal: &dyn RunJournal,
) -> Result<Vec<(ApprovalRequest, Option<Decision>)>, JournalError> {
    let filter = RunFilter {
        states: vec![RunState::Paused, RunState::Running, RunState::Interrupted],
        limit: None,
    };
    let mut questions = Vec::new();
    for run in journal.list(&filter).await? {
        // A damaged run has no questions that could be trusted; `runs list` shows it.
        let Ok(recorded) = journal.load(&run.run_id).await else {
            continue;
        };
        let outside = journal.outside(&run.run_id).await?;
        for request in open(&recorded.events) {
            let decided = outside.decisions.iter().find(|it| it.step == request.step);
            questions.push((request.clone(), decided.map(|it| it.decision.clone())));
        }
    }
    Ok(questions)
}

fn request(
    about: &Question,
) -> Result<(std::sync::Arc<dyn RunJournal>, RunId, ApprovalRequest), Failure> {
    let journal = existing(&about.at)?;
    let (run, events) = wait_for(async {
        let run = journal.find(&about.run).await?;
        let events = journal.load(&run).await?.events;
        Ok::<_, JournalError>((run, events))
    })?;
    let open = open(&events);
    let found = open.iter().find(|it| it.step.to_string() == about.step);
    let request = found.copied().cloned().ok_or_else(|| CliError::Unknown {
        what: "question",
        given: about.step.clone(),
        possible: open.iter().map(|it| it.step.to_string()).collect(),
        list: "approvals list",
    })?;
    Ok((journal, run, request))
}

fn show(about: &Question, call: &Call) -> Result<Exit, Failure> {
    let (_, run, request) = request(about)?;
    let text = || {
        let mut text = format!("{}\n\n", safe(&request.question));
        if let Some(shown) = request.shown.as_object() {
            for (name, value) in shown {
                let _ = writeln!(text, "  {name}: {}", safe(&value.to_string()));
            }
        }
        let _ = writeln!(text, "\nDecide with");
        for decision in &request.decisions {
            let _ = writeln!(
                text,
                "  orchestrate approvals decide {run} {} {decision}",
                request.step
            );
        }
        text
    };
    call.printer.answer(text, &request)?;
    Ok(Exit::Yes)
}

fn decide(
    about: &Question,
    decision: &str,
    comment: Option<String>,
    by: String,
    call: &Call,
) -> Result<Exit, Failure> {
    let (journal, run, request) = request(about)?;
    let mut answer = request.answer(decision, by);
    answer.comment = comment;
    if let Err(refused) = request.admits(&answer) {
        return Err(match refused {
            AnswerRefused::NoSuchDecision { .. } => CliError::Unknown {
                what: "decision",
                given: decision.to_owned(),
                possible: request.decisions,
                list: "approvals list",
            },
            AnswerRefused::OtherRequest => CliError::arguments(
                refused.to_string(),
                "look at it again with `approvals show`",
            ),
        }
        .into());
    }
    let decision = Decision {
        answer,
        at_ms: now_ms(),
    };
    wait_for(journal.decide(&run, &request.step, &decision))?;
    let document = json!({"run_id": run, "step": request.step, "decision": decision});
    let words = || {
        format!(
            "{} of {run}: {}\n\nA run that waits goes on with `orchestrate runs resume {run}`.\n",
            request.step, decision.answer.decision
        )
    };
    call.printer.answer(words, &document)?;
    Ok(Exit::Yes)
}
