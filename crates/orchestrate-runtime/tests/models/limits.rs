//! Spending that cannot run away: caps hold, and a used-up quota stops what is queued.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use expect_test::expect;
use orchestrate_core::event::{EventKind, LimitHolder};
use orchestrate_core::limits::{Cost, Limits};
use orchestrate_core::model::Price;
use orchestrate_core::outcome::{Census, FailureClass, LimitKind, Outcome};
use orchestrate_core::plan::{Plan, Step, StepKind};
use orchestrate_core::report::RunReport;
use orchestrate_core::result::AgentResult;
use orchestrate_core::team::Team;
use orchestrate_core::template::Tier;
use orchestrate_core::testing::journal::MemoryJournal;
use orchestrate_core::testing::template;
use orchestrate_runtime::LocalExecutor;
use orchestrate_runtime::agent::ModelBackend;
use orchestrate_runtime::model::{ModelBook, Prices, ProviderKind, ProviderSetup};
use orchestrate_runtime::tools::ToolSet;
use secrecy::SecretString;
use serde_json::json;

use crate::agents::{Reader, book};
use crate::double::{Double, Reply};
use crate::families::{KEY, READ, Said, WRITTEN, calls, says, tool};

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
    let by_limit = |it: &&AgentResult| {
        let class = FailureClass::Limit;
        matches!(&it.outcome, Outcome::Failed { class: it, .. } if *it == class)
    };
    // Who began with the rest may not have come to an answer with it.
    let short = report.agents.iter().filter(by_limit).count();
    assert!(
        census.succeeded > 0 && census.succeeded + census.limited + short as u32 == 32,
        "{census:?}"
    );
}

/// A step may use more than the run has left: it is given what is left, and no more than it reserved is spent.
#[tokio::test]
async fn a_step_is_given_what_the_run_has_left() {
    let kind = ProviderKind::OpenAi;
    let price = Price {
        input: Cost::units(1),
        output: Cost::units(5),
        ..Price::FREE
    };
    let run = async |answer: Said, tokens: Option<u64>, cost: Option<u64>| {
        let double = Double::in_order(vec![answer.stream(kind)]).await;
        let mut prices = Prices::default();
        prices.set("p0/m", price);
        let mut book = ModelBook::new(prices);
        let setup = ProviderSetup::new("p0", kind).at(double.address.as_str());
        book.add_provider(setup.with_key(SecretString::from(KEY)))
            .unwrap();
        book.set_tier(Tier::Cheap, &["p0/m".to_owned()]).unwrap();
        let mut tools = ToolSet::default();
        tools.add(Arc::new(Reader {
            spec: tool(),
            called: Arc::default(),
        }));
        tools.allow("*", "fs.read");
        let limits = Limits {
            tokens,
            cost: cost.map(Cost),
            ..Limits::default()
        };
        let executor = LocalExecutor::builder()
            .backend(ModelBackend::new(Arc::new(book)).with_tools(tools))
            .limits(limits)
            .build()
            .unwrap();
        let report = executor.run(&many(1, 200_000)).await.unwrap();
        assert!(report.overruns.is_empty());
        assert!(tokens.is_none_or(|cap| report.usage.tokens <= cap));
        assert!(cost.is_none_or(|cap| report.usage.cost <= Cost(cap)));
        (report.agents[0].error.clone(), report)
    };
    // 200 000 tokens would cost a dollar; the run may spend less than a cent.
    let (error, _) = run(says("fine"), Some(3000), Some(9000)).await;
    assert_eq!(error, None);
    let endless = || calls("fs_read", json!({"path": "a"}));
    let (error, _) = run(endless(), Some(1500), None).await;
    expect!["it came to no answer within the 1500 tokens that the limit of tokens of the run left for it; `--max-tokens 5661` would let it make its next call"].assert_eq(&error.unwrap());
    // What was used counts at what it cost, not at the dearest price of the model.
    let (error, report) = run(endless(), None, Some(5000)).await;
    assert!(report.usage.tokens > 1000, "{:?}", report.usage);
    expect!["it came to no answer within the $0.005 that the limit of cost of the run left for it; `--max-cost 0.02547` would let it make its next call"].assert_eq(&error.unwrap());
    let (error, report) = run(says("fine"), Some(9), None).await;
    assert_eq!(report.usage.calls, 0);
    expect!["stopped: the limit of tokens was reached"].assert_eq(&error.unwrap());
    let [reached] = &report.limits[..] else {
        panic!("{:?}", report.limits);
    };
    let short = &reached.short;
    assert_eq!(
        (&reached.of, reached.limit),
        (&LimitHolder::Run, LimitKind::Tokens)
    );
    let told = (short.needs.tokens, short.spent.tokens, short.limits.tokens);
    assert_eq!(told, (10, 0, Some(9)));
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
