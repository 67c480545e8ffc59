//! Calls inside of a step, recorded in the journal of its run: cut at every entry, none is made again
//! whose end is recorded, and one whose end is not is told as in doubt.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use orchestrate_core::backend::{AgentFailure, AgentInput, AgentOutput};
use orchestrate_core::calls::{CallIntent, CallKind, CallResult, CallStart};
use orchestrate_core::event::{Event, EventKind};
use orchestrate_core::journal::{JournalError, RunJournal};
use orchestrate_core::limits::Usage;
use orchestrate_core::testing::journal::MemoryJournal;
use orchestrate_core::tool::Effect;
use orchestrate_runtime::{FunctionBackend, LocalExecutor, RunError};
use serde_json::json;

use crate::support::{agent, parallel, plan};

const CALLS: u32 = 3;

/// What was made of each call, in order: the step, its ordinal, and what was known of it before.
type Made = Arc<Mutex<Vec<(String, u32, &'static str)>>>;

/// One call: made unless its end is known. The answer tells that it was made, by its place.
async fn call(input: &AgentInput, ordinal: u32, made: &Made) -> Result<u32, AgentFailure> {
    let intent = CallIntent {
        most: Usage::default(),
        ordinal,
        kind: CallKind::Tool,
        name: "count".to_owned(),
        digest: format!("{}:{ordinal}", input.step),
        effect: Effect::Read,
    };
    let note = |known| {
        let step = input.step.as_str().to_owned();
        made.lock().unwrap().push((step, ordinal, known));
    };
    match input.calls.begin(intent).await? {
        CallStart::Recorded(result) => {
            note("recorded");
            assert_eq!(*result.response, json!(ordinal * 10));
            return Ok(ordinal * 10);
        }
        CallStart::InDoubt => note("in doubt"),
        CallStart::Fresh => note("fresh"),
    }
    let result = CallResult {
        success: true,
        response: Arc::new(json!(ordinal * 10)),
        usage: Usage::default(),
    };
    input.calls.finish(ordinal, result).await?;
    Ok(ordinal * 10)
}

fn executor(journal: &Arc<MemoryJournal>, made: &Made) -> LocalExecutor {
    let made = made.clone();
    let backend = FunctionBackend::new().agent("caller", move |input: AgentInput| {
        let made = made.clone();
        async move {
            let mut sum = 0;
            for ordinal in 0..CALLS {
                sum += call(&input, ordinal, &made).await?;
            }
            Ok(AgentOutput::json(json!(sum)))
        }
    });
    let builder = LocalExecutor::builder().backend(backend);
    builder.journal(journal.clone()).build().unwrap()
}

/// What is recorded of each call: that it began, or that it ended.
fn recorded(events: &[Event]) -> BTreeMap<(String, u32), &'static str> {
    let mut calls = BTreeMap::new();
    for event in events {
        match &event.kind {
            EventKind::CallStarted { step, call } => {
                calls.insert((step.as_str().to_owned(), call.ordinal), "in doubt");
            }
            EventKind::CallFinished { step, ordinal, .. } => {
                calls.insert((step.as_str().to_owned(), *ordinal), "recorded");
            }
            _ => {}
        }
    }
    calls
}

#[tokio::test(start_paused = true)]
async fn a_step_that_is_cut_repeats_no_call_whose_end_is_recorded() {
    let plan = plan(
        &["caller"],
        parallel(vec![agent("caller"), agent("caller")]),
    );
    let mut cuts = 0;
    loop {
        let (journal, made) = (Arc::new(MemoryJournal::default()), Made::default());
        journal.fail_after(cuts);
        let cut = executor(&journal, &made).run(&plan).await;
        if let Ok(report) = cut {
            assert!(report.success());
            break;
        }
        let full = matches!(cut, Err(RunError::Journal(JournalError::Full { .. })));
        assert!(full, "{cut:?}");
        journal.mend();
        cuts += 1;
        let Ok(run) = journal.find("latest").await else {
            continue;
        };
        let before = journal.load(&run).await.unwrap().events;
        let known = recorded(&before);
        let ended = |step: &str| {
            before.iter().any(|event| {
                matches!(&event.kind, EventKind::StepFinished { step: path, .. } if path.as_str() == step)
            })
        };
        made.lock().unwrap().clear();
        let handle = executor(&journal, &made).resume(&run, false).await.unwrap();
        let report = handle.report().await.unwrap();
        assert!(report.success(), "cut after {cuts}");
        assert!(report.agents.iter().all(|agent| *agent.output == json!(30)));
        let again = made.lock().unwrap().clone();
        for (step, ordinal, was) in &again {
            assert!(!ended(step), "{step} had ended, cut after {cuts}");
            let expected = known.get(&(step.clone(), *ordinal)).unwrap_or(&"fresh");
            assert_eq!(was, expected, "call {ordinal} of {step}, cut after {cuts}");
        }
    }
    assert!(cuts > 6, "{cuts}");
}
