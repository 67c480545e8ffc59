//! Spending that cannot run away: caps hold, and a used-up quota stops what is queued.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use orchestrate_core::event::EventKind;
use orchestrate_core::limits::Limits;
use orchestrate_core::outcome::{Census, FailureClass, Outcome};
use orchestrate_core::plan::{Plan, Step, StepKind};
use orchestrate_core::report::RunReport;
use orchestrate_core::team::Team;
use orchestrate_core::template::Tier;
use orchestrate_core::testing::journal::MemoryJournal;
use orchestrate_core::testing::template;
use orchestrate_runtime::LocalExecutor;
use orchestrate_runtime::agent::ModelBackend;
use orchestrate_runtime::model::ProviderKind;

use crate::agents::book;
use crate::double::{Double, Reply};
use crate::families::{READ, WRITTEN, says};

/// So many agents at once, each of which may use so many tokens.
fn many(count: usize, tokens: u64) -> Plan {
    let mut one = template("worker", Tier::Cheap);
    one.resource_requirements.max_tokens = tokens;
    let one = Arc::new(one);
    let team = Team::new((0..count).map(|_| one.clone()));
    let steps = team
        .members()
        .iter()
        .map(|member| Step::agent(member.id.clone()))
        .collect();
    let root = StepKind::Parallel {
        steps,
        join: Default::default(),
        max_concurrency: None,
        on_error: orchestrate_core::plan::OnError::Continue,
        collect: None,
    };
    Plan::new("Work", &team, Step::new(root))
}

#[tokio::test]
async fn of_32_delegates_none_spends_past_the_cap() {
    let kind = ProviderKind::OpenAi;
    let double = Double::in_order(vec![says("fine").stream(kind)]).await;
    let limits = Limits {
        tokens: Some(2000),
        ..Limits::default()
    };
    let backend = ModelBackend::new(Arc::new(book(kind, &[&double])));
    let executor = LocalExecutor::builder()
        .backend(backend)
        .limits(limits)
        .build()
        .unwrap();
    let report = executor.run(&many(32, 600)).await.unwrap();
    assert!(report.usage.tokens <= 2000, "{:?}", report.usage);
    assert!(report.overruns.is_empty());
    let spent = double.asked().len() as u64 * (READ + WRITTEN);
    assert_eq!(report.usage.tokens, spent);
    let census = report.census();
    assert!(
        census.succeeded > 0 && census.succeeded + census.limited == 32,
        "{census:?}"
    );
}

const WIDTH: usize = 8;
/// A provider that is not held back, so that going on takes no time.
const OTHER: ProviderKind = ProviderKind::Ollama;

/// An executor of a process of its own: its circuits are closed.
fn fresh(kind: ProviderKind, double: &Double, journal: &Arc<MemoryJournal>) -> LocalExecutor {
    let limits = Limits {
        concurrency: Some(WIDTH as u32),
        ..Limits::default()
    };
    LocalExecutor::builder()
        .backend(ModelBackend::new(Arc::new(book(kind, &[double]))))
        .limits(limits)
        .journal(journal.clone())
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_used_up_quota_stops_what_is_queued_and_the_run_goes_on_once_it_is_mended() {
    let kind = ProviderKind::OpenAi;
    let mended = Arc::new(AtomicBool::new(false));
    let refused = Arc::new(AtomicUsize::new(0));
    let (is_mended, counted) = (mended.clone(), refused.clone());
    let double = Double::start(move |number, _| {
        if is_mended.load(Ordering::SeqCst) {
            return says("fine").stream(OTHER);
        }
        if number < 20 {
            return says("fine").stream(kind);
        }
        counted.fetch_add(1, Ordering::SeqCst);
        Reply::status(429, r#"{"error":{"message":"You exceeded your current quota","code":"insufficient_quota"}}"#)
    })
    .await;
    let journal = Arc::new(MemoryJournal::default());
    let mut handle = fresh(kind, &double, &journal)
        .start(&many(300, 2000))
        .unwrap();
    let mut events = handle.events();
    let run = handle.run_id().clone();
    let report = handle.report().await.unwrap();

    // Whoever was under way when the first refusal came may have been refused too, and nobody else was sent.
    let refused = refused.load(Ordering::SeqCst);
    assert!((1..=WIDTH).contains(&refused), "{refused}");
    assert_eq!(double.asked().len(), 20 + refused);
    let mut begun_after = None;
    while let Some(event) = events.next().await {
        match (&event.kind, &mut begun_after) {
            (EventKind::StepFinished { outcome, .. }, None) if !outcome.is_success() => {
                begun_after = Some(0);
            }
            (EventKind::StepStarted { .. }, Some(count)) => *count += 1,
            _ => {}
        }
    }
    assert!(
        begun_after.is_some_and(|count| count <= WIDTH),
        "{begun_after:?}"
    );

    let word = |report: &RunReport| report.outcome.as_ref().map(Outcome::word);
    assert_eq!(word(&report), Some("partial"));
    let census = report.census();
    let failed = [(FailureClass::Quota, 280)].into();
    assert_eq!(
        census,
        Census {
            requested: 300,
            succeeded: 20,
            failed,
            ..Census::default()
        }
    );
    assert!(
        report.usage.calls <= (20 + WIDTH) as u64,
        "{:?}",
        report.usage
    );

    // Another process goes on: 280 are done, and what had ended is neither paid for nor lost.
    mended.store(true, Ordering::SeqCst);
    let executor = fresh(OTHER, &double, &journal);
    let next = executor.take_over_unpaid(&run).await.unwrap().unwrap();
    let whole = executor
        .resume(&next, false)
        .await
        .unwrap()
        .report()
        .await
        .unwrap();
    assert_eq!(word(&whole), Some("succeeded"));
    assert_eq!(
        whole.census(),
        Census {
            requested: 300,
            succeeded: 300,
            ..Census::default()
        }
    );
    assert_eq!(double.asked().len(), 300 + refused);
    assert_eq!(whole.usage.tokens, 300 * (READ + WRITTEN));
    assert_eq!(executor.take_over_unpaid(&next).await.unwrap(), None);
}
