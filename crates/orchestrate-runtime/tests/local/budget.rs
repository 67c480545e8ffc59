//! Spending: reserved before, settled after, never past the cap.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use expect_test::expect;
use orchestrate_core::backend::{AgentBackend, AgentFailure, AgentInput, AgentOutput};
use orchestrate_core::event::EventKind;
use orchestrate_core::limits::{Cost, Limits, Usage};
use orchestrate_core::outcome::{FailureClass, LimitKind, Outcome};
use orchestrate_core::plan::{Join, Plan, RetryPolicy, Step};
use orchestrate_core::team::{Agent, Team};
use orchestrate_core::template::{AgentTemplate, Tier};
use orchestrate_core::testing::{ScriptedBackend, template};
use orchestrate_runtime::FunctionBackend;
use proptest::prelude::*;
use serde_json::json;

use crate::support::{
    agent, all_of, ended, joined, limited, lines, parallel, plan, run, sequence, takes, with_retry,
};

/// What the outside world sees of spending: what is out and what is gone.
#[derive(Debug, Default)]
struct Book {
    limits: Limits,
    out: Usage,
    gone: Usage,
    calls: u64,
}

impl Book {
    fn check(&self) {
        let sum = self.out + self.gone;
        assert!(
            self.limits.calls.is_none_or(|cap| sum.calls <= cap),
            "{self:?}"
        );
        assert!(
            self.limits.tokens.is_none_or(|cap| sum.tokens <= cap),
            "{self:?}"
        );
        assert!(
            self.limits.cost.is_none_or(|cap| sum.cost <= cap),
            "{self:?}"
        );
    }
}

/// How one agent behaves: how long it takes, which share of its reservation it uses, how often it fails first.
#[derive(Debug, Clone, Copy)]
struct Manner {
    tokens: u64,
    /// The part of it in percent with which it begins all the same.
    least: u64,
    share: u64,
    ms: u64,
    faults: u32,
}

/// A backend that charges tokens and keeps the book.
#[derive(Debug)]
struct Till {
    manners: Vec<Manner>,
    book: Arc<Mutex<Book>>,
}

/// An attempt that is dropped before it can say what it used may have used everything.
struct Out {
    book: Arc<Mutex<Book>>,
    reserved: Usage,
    used: Usage,
}

impl Drop for Out {
    fn drop(&mut self) {
        let mut book = self.book.lock().unwrap();
        book.out = Usage {
            calls: book.out.calls - self.reserved.calls,
            tokens: book.out.tokens - self.reserved.tokens,
            cost: Cost(book.out.cost.0 - self.reserved.cost.0),
            unpriced_tokens: 0,
            estimated_tokens: 0,
            cached_tokens: 0,
        };
        book.gone += self.used;
        book.check();
    }
}

fn manner<'a>(manners: &'a [Manner], agent: &Agent) -> &'a Manner {
    let position: usize = agent.template.id.trim_start_matches('a').parse().unwrap();
    &manners[position]
}

#[async_trait]
impl AgentBackend for Till {
    fn name(&self) -> &'static str {
        "till"
    }

    fn supports(&self, _: &Agent) -> bool {
        true
    }

    fn least(&self, agent: &Agent) -> Usage {
        let whole = self.reservation(agent);
        let Manner { tokens, least, .. } = *manner(&self.manners, agent);
        Usage {
            cost: whole.cost,
            ..whole.of_tokens(tokens * least / 100)
        }
    }

    async fn run(&self, input: AgentInput) -> Result<AgentOutput, AgentFailure> {
        let reserved = input.reserved;
        let Manner {
            tokens: _,
            least: _,
            share,
            ms,
            faults,
        } = *manner(&self.manners, &input.agent);
        let mut out = {
            let mut book = self.book.lock().unwrap();
            book.out += reserved;
            book.calls += 1;
            book.check();
            Out {
                book: self.book.clone(),
                reserved,
                used: reserved,
            }
        };
        if ms > 0 {
            tokio::time::sleep(Duration::from_millis(ms)).await;
        }
        let used = Usage {
            calls: 1,
            tokens: reserved.tokens * share / 100,
            cost: Cost(reserved.cost.0 * share / 100),
            unpriced_tokens: 0,
            estimated_tokens: 0,
            cached_tokens: 0,
        };
        out.used = used;
        if input.attempt <= faults {
            return Err(AgentFailure {
                usage: used,
                ..AgentFailure::new(FailureClass::Transient, "busy")
            });
        }
        Ok(AgentOutput::json(json!(1)).with_usage(used))
    }
}

fn priced(position: usize, tokens: u64) -> Arc<AgentTemplate> {
    let tier = Tier::ALL[position % Tier::ALL.len()];
    let mut template = template(&format!("a{position}"), tier);
    template.resource_requirements.min_tokens = tokens.min(1);
    template.resource_requirements.max_tokens = tokens;
    template.into()
}

/// A sequence of groups; each group is joined in one of the ways.
fn groups(team: &Team, shape: &[(usize, Vec<usize>)]) -> Step {
    let retry = RetryPolicy {
        delay_ms: 2,
        ..RetryPolicy::default()
    };
    let members = team.members();
    let step = |at: &usize| with_retry(Step::agent(members[at % members.len()].id.clone()), retry);
    let group = |(join, steps): &(usize, Vec<usize>)| {
        let join = [Join::All, Join::Any, Join::Best][join % 3];
        joined(join, steps.iter().map(step).collect())
    };
    sequence(shape.iter().map(group).collect())
}

fn manners() -> impl Strategy<Value = Vec<Manner>> {
    let one = (1u64..100, 0u64..=100, 0u64..=100, 0u64..6, 0u32..3).prop_map(
        |(tokens, least, share, ms, faults)| Manner {
            tokens,
            least,
            share,
            ms,
            faults,
        },
    );
    proptest::collection::vec(one, 1..5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Any plan, any prices, any interleaving, cancelled at any time: what is out and what is gone
    /// stay within every cap at every moment, and each step is recorded once.
    #[test]
    fn prop_spending_never_passes_a_cap(
        manners in manners(),
        shape in proptest::collection::vec((0usize..3, proptest::collection::vec(0usize..5, 1..7)), 1..5),
        caps in (proptest::option::of(0u64..30), proptest::option::of(0u64..600), proptest::option::of(0u64..40)),
        concurrency in proptest::option::of(1u32..5),
        cancel_at in proptest::option::of(0u64..12),
    ) {
        let limits = Limits { calls: caps.0, tokens: caps.1, cost: caps.2.map(Cost::units), concurrency, ..Limits::default() };
        let team = Team::new(manners.iter().enumerate().map(|(position, manner)| priced(position, manner.tokens)));
        let plan = Plan::new("spend", &team, groups(&team, &shape));
        let book = Arc::new(Mutex::new(Book { limits, ..Book::default() }));
        let executor = limited(Till { manners, book: book.clone() }, limits);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let (report, _) = runtime.block_on(async {
            let handle = executor.start(&plan).unwrap();
            let canceller = handle.canceller();
            if let Some(ms) = cancel_at {
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(ms)).await;
                    canceller.cancel();
                });
            }
            ended(handle).await
        });
        let stood_still = matches!(&report.outcome, Some(Outcome::Failed { class: FailureClass::Internal, .. }));
        prop_assert!(!stood_still, "{:?}", report.outcome);
        let book = book.lock().unwrap();
        book.check();
        prop_assert_eq!(book.out, Usage::default());
        prop_assert_eq!(report.usage.calls, book.calls);
        prop_assert!(report.usage.tokens <= book.gone.tokens);
        prop_assert!(report.overruns.is_empty());
        prop_assert_eq!(report.agents.len(), shape.iter().map(|(_, steps)| steps.len()).sum::<usize>());
    }
}

/// A backend whose attempts take 10 ms and use what they reserve, under a cap of tokens.
fn till(
    agents: usize,
    tokens: u64,
    share: u64,
    limits: Limits,
) -> (orchestrate_runtime::LocalExecutor, Team, Arc<Mutex<Book>>) {
    let manner = Manner {
        tokens,
        least: 100,
        share,
        ms: 10,
        faults: 0,
    };
    let book = Arc::new(Mutex::new(Book {
        limits,
        ..Book::default()
    }));
    let backend = Till {
        manners: vec![manner; agents],
        book: book.clone(),
    };
    let team = Team::new((0..agents).map(|_| priced(0, tokens)));
    (limited(backend, limits), team, book)
}

#[tokio::test(start_paused = true)]
async fn of_32_at_once_only_so_many_start_as_the_cap_allows() {
    let limits = Limits {
        tokens: Some(250),
        ..Limits::default()
    };
    let (executor, team, book) = till(32, 50, 100, limits);
    let steps = team
        .members()
        .iter()
        .map(|member| Step::agent(member.id.clone()))
        .collect();
    let (report, _) = run(&executor, &Plan::new("spend", &team, parallel(steps))).await;
    let census = report.census();
    assert_eq!((census.succeeded, census.limited), (5, 27));
    assert_eq!(report.usage.tokens, 250);
    assert_eq!(book.lock().unwrap().calls, 5);
    let limit = LimitKind::Tokens;
    assert_eq!(report.outcome, Some(Outcome::LimitReached { limit }));
}

/// What is given back is used by those that wait, in order.
#[tokio::test(start_paused = true)]
async fn who_waits_for_a_reservation_starts_when_one_is_settled() {
    let limits = Limits {
        tokens: Some(110),
        ..Limits::default()
    };
    let (executor, team, _) = till(4, 50, 10, limits);
    let steps = team
        .members()
        .iter()
        .map(|member| Step::agent(member.id.clone()))
        .collect();
    let (report, events) = run(&executor, &Plan::new("spend", &team, parallel(steps))).await;
    assert!(report.success());
    let started: Vec<String> = events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::StepStarted { step, .. } => {
                Some(format!("{step} at {}", event.at_us / 1000))
            }
            _ => None,
        })
        .collect();
    assert_eq!(started, ["0 at 0", "1 at 0", "2 at 10", "3 at 10"]);
    assert_eq!(report.usage.tokens, 20);
}

#[tokio::test(start_paused = true)]
async fn a_limit_lets_work_under_way_go_on_to_its_end() {
    let backend = takes(takes(FunctionBackend::new(), "quick", 10), "slow", 1000);
    let limits = Limits {
        calls: Some(2),
        ..Limits::default()
    };
    let steps = vec![
        agent("slow"),
        sequence(vec![agent("quick"), agent("quick")]),
    ];
    let (report, _) = run(
        &limited(backend, limits),
        &plan(&["quick", "slow"], parallel(steps)),
    )
    .await;
    expect![[r#"
        0 slow succeeded x1
        1/0 quick succeeded x1
        1/1 quick limit_reached x0: stopped: the limit of calls was reached
        run limit_reached after 1000 ms
    "#]]
    .assert_eq(&lines(&report));
}

#[tokio::test(start_paused = true)]
async fn an_overrun_is_booked_and_told() {
    let used = Usage {
        calls: 9,
        tokens: 150,
        cost: Cost::ZERO,
        unpriced_tokens: 0,
        estimated_tokens: 0,
        cached_tokens: 0,
    };
    let backend = ScriptedBackend::answering(AgentOutput::json(json!(1)).with_usage(used));
    let limits = Limits {
        tokens: Some(220),
        ..Limits::default()
    };
    let plan = plan(&["a"], sequence(vec![agent("a"), agent("a")]));
    let (report, events) = run(&limited(backend, limits), &plan).await;
    // 150 are gone, so the second attempt's 100 no longer fit; the agent's own count of calls is not believed.
    expect![[r#"
        0 a succeeded x1
        1 a limit_reached x0: stopped: the limit of tokens was reached
        run limit_reached after 0 ms
    "#]]
    .assert_eq(&lines(&report));
    assert_eq!((report.usage.calls, report.usage.tokens), (1, 150));
    assert_eq!(report.overruns.len(), 1);
    assert!(events.iter().any(|event| matches!(&event.kind, EventKind::BudgetOverrun { reserved, .. } if reserved.tokens == 100)));
}

#[tokio::test(start_paused = true)]
async fn functions_reserve_no_tokens_and_cost_nothing() {
    let backend = takes(takes(FunctionBackend::new(), "a", 10), "b", 10);
    let limits = Limits {
        tokens: Some(0),
        cost: Some(Cost::ZERO),
        ..Limits::default()
    };
    let (report, _) = run(&limited(backend, limits), &all_of(&["a", "b"])).await;
    assert!(report.success());
}

#[tokio::test(start_paused = true)]
async fn the_tighter_of_two_limits_holds() {
    let backend = takes(FunctionBackend::new(), "a", 10);
    let of_plan = Limits {
        calls: Some(1),
        ..Limits::default()
    };
    let of_executor = Limits {
        calls: Some(5),
        ..Limits::default()
    };
    let plan = plan(&["a"], parallel(vec![agent("a"); 3])).with_limits(of_plan);
    let (report, _) = run(&limited(backend, of_executor), &plan).await;
    assert_eq!(report.usage.calls, 1);
}
