//! Spending that cannot run away: caps hold, and a used-up quota stops what is queued.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use orchestrate_core::limits::Limits;
use orchestrate_core::outcome::FailureClass;
use orchestrate_core::plan::{Plan, Step, StepKind};
use orchestrate_core::team::Team;
use orchestrate_core::template::Tier;
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

#[tokio::test]
async fn a_used_up_quota_stops_what_is_queued() {
    const WIDTH: usize = 8;
    let kind = ProviderKind::OpenAi;
    let after_first_error = Arc::new(AtomicUsize::new(0));
    let counted = after_first_error.clone();
    let double = Double::start(move |number, _| {
        if number < 20 {
            return says("fine").stream(kind);
        }
        counted.fetch_add(1, Ordering::SeqCst);
        Reply::status(429, r#"{"error":{"message":"You exceeded your current quota","code":"insufficient_quota"}}"#)
    })
    .await;
    let limits = Limits {
        concurrency: Some(WIDTH as u32),
        ..Limits::default()
    };
    let backend = ModelBackend::new(Arc::new(book(kind, &[&double])));
    let executor = LocalExecutor::builder()
        .backend(backend)
        .limits(limits)
        .build()
        .unwrap();
    let report = executor.run(&many(300, 2000)).await.unwrap();
    let census = report.census();
    assert_eq!(census.succeeded, 20);
    assert_eq!(
        census.failed.get(&FailureClass::Quota),
        Some(&280),
        "{census:?}"
    );
    assert_eq!(census.requested, 300);
    // Up to WIDTH are under way when the provider refuses the first; while that answer is on its way, each
    // other place may end well and begin once more. Behind that nothing is sent.
    assert!(
        after_first_error.load(Ordering::SeqCst) < 2 * WIDTH,
        "{after_first_error:?}"
    );
    assert_eq!(
        report.outcome.map(|outcome| outcome.word()),
        Some("partial")
    );
}
