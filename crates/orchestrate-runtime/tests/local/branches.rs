//! Limits of parts of a plan and of agents: they stop what is theirs, and the rest of the run goes on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use expect_test::expect;
use orchestrate_core::backend::{AgentBackend, AgentFailure, AgentInput, AgentOutput};
use orchestrate_core::event::{Event, EventKind, LimitHolder};
use orchestrate_core::journal::RunJournal as _;
use orchestrate_core::limits::{Cost, Limits, Usage};
use orchestrate_core::outcome::FailureClass;
use orchestrate_core::plan::{Plan, RetryPolicy, Step, StepKind};
use orchestrate_core::report::RunReport;
use orchestrate_core::result::Worker;
use orchestrate_core::team::{Agent, Team};
use orchestrate_core::template::Tier;
use orchestrate_core::testing::journal::MemoryJournal;
use orchestrate_core::testing::template;
use orchestrate_runtime::LocalExecutor;
use proptest::prelude::*;
use serde_json::json;

use crate::support::{agent, lines, parallel, plan, run, sequence, with_retry};

/// What one attempt of an agent may use, how long it takes, which share it uses and how often it fails first.
#[derive(Debug, Clone, Copy)]
struct Manner {
    tokens: u64,
    cost: u64,
    ms: u64,
    share: u64,
    faults: u32,
}

/// Charges as its agents do, by the number in their names.
#[derive(Debug, Clone)]
struct Till(Vec<Manner>);

impl Till {
    fn manner(&self, agent: &Agent) -> Manner {
        let number: usize = agent.template.id[1..].parse().unwrap();
        self.0[number]
    }
}

#[async_trait]
impl AgentBackend for Till {
    fn name(&self) -> &'static str {
        "till"
    }

    fn supports(&self, _: &Agent) -> bool {
        true
    }

    fn reservation(&self, agent: &Agent) -> Usage {
        let Manner { tokens, cost, .. } = self.manner(agent);
        Usage {
            calls: 1,
            tokens,
            cost: Cost(cost),
            ..Usage::default()
        }
    }

    async fn run(&self, input: AgentInput) -> Result<AgentOutput, AgentFailure> {
        let Manner {
            ms, share, faults, ..
        } = self.manner(&input.agent);
        if ms > 0 {
            tokio::time::sleep(Duration::from_millis(ms)).await;
        }
        let reserved = self.reservation(&input.agent);
        let usage = Usage {
            tokens: reserved.tokens * share / 100,
            cost: Cost(reserved.cost.0 * share / 100),
            ..Usage::default()
        };
        if input.attempt <= faults {
            let failure = AgentFailure::new(FailureClass::Transient, "busy");
            return Err(AgentFailure { usage, ..failure });
        }
        Ok(AgentOutput::json(json!(1)).with_usage(usage))
    }
}

/// Every agent uses 50 tokens and takes 10 ms.
fn till() -> LocalExecutor {
    let manner = Manner {
        tokens: 50,
        cost: 1,
        ms: 10,
        share: 100,
        faults: 0,
    };
    let backend = Till(vec![manner; 3]);
    LocalExecutor::builder().backend(backend).build().unwrap()
}

fn tokens(cap: u64) -> Limits {
    Limits {
        tokens: Some(cap),
        ..Limits::default()
    }
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_a_branch_stops_what_is_inside_and_the_rest_goes_on() {
    let small = sequence(vec![agent("a0"), agent("a0"), agent("a0")]).limited(tokens(100));
    let free = sequence(vec![agent("a1"), agent("a1"), agent("a1")]);
    let root = sequence(vec![parallel(vec![small, free]), agent("a2")]);
    let (report, events) = run(&till(), &plan(&["a0", "a1", "a2"], root)).await;
    expect![[r#"
        0/0/0 a0 succeeded x1
        0/0/1 a0 succeeded x1
        0/0/2 a0 limit_reached x0: stopped: the limit of tokens was reached
        0/1/0 a1 succeeded x1
        0/1/1 a1 succeeded x1
        0/1/2 a1 succeeded x1
        1 a2 succeeded x1
        run limit_reached after 40 ms
    "#]]
    .assert_eq(&lines(&report));
    let told: Vec<_> = events.iter().filter_map(reached).collect();
    assert_eq!(told, ["step 0/0: tokens"]);
}

fn reached(event: &Event) -> Option<String> {
    match &event.kind {
        EventKind::LimitReached { of, limit, .. } => Some(match of {
            LimitHolder::Run => format!("run: {}", limit.as_str()),
            LimitHolder::Step(step) => format!("step {step}: {}", limit.as_str()),
            LimitHolder::Agent(agent) => format!("agent {agent}: {}", limit.as_str()),
        }),
        _ => None,
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_a_branch_holds_up_nobody_else() {
    // One of the two small ones waits until the other has given its reservation back; nobody else does.
    let small = parallel(vec![agent("a0"), agent("a0")]).limited(tokens(100));
    let mut team = Till(vec![
        Manner {
            tokens: 60,
            cost: 0,
            ms: 10,
            share: 10,
            faults: 0
        };
        2
    ]);
    team.0[1].tokens = 10;
    let root = parallel(vec![small, agent("a1"), agent("a1")]);
    let executor = LocalExecutor::builder().backend(team).build().unwrap();
    let (report, events) = run(&executor, &plan(&["a0", "a1"], root)).await;
    assert!(report.success(), "{}", lines(&report));
    let started = |event: &Event| match &event.kind {
        EventKind::StepStarted { step, .. } => Some(format!("{step} at {}", event.at_us / 1000)),
        _ => None,
    };
    let started: Vec<String> = events.iter().filter_map(started).collect();
    assert_eq!(started, ["1 at 0", "2 at 0", "0/0 at 0", "0/1 at 10"]);
}

#[tokio::test(start_paused = true)]
async fn an_agent_has_limits_of_its_own_wherever_it_works() {
    let mut plan = plan(
        &["a0", "a1"],
        parallel(vec![
            sequence(vec![agent("a0"), agent("a0")]),
            sequence(vec![agent("a0"), agent("a1")]),
        ]),
    );
    let id = agent("a0");
    let StepKind::Agent(work) = &id.kind else {
        panic!("it is an agent's work");
    };
    let limited = Agent {
        limits: Limits {
            calls: Some(2),
            concurrency: Some(1),
            ..Limits::default()
        },
        ..(*plan.agents[&work.agent]).clone()
    };
    plan.agents.insert(work.agent.clone(), Arc::new(limited));
    let (report, events) = run(&till(), &plan).await;
    expect![[r#"
        0/0 a0 succeeded x1
        0/1 a0 limit_reached x0: stopped: the limit of calls was reached
        1/0 a0 succeeded x1
        1/1 a1 succeeded x1
        run limit_reached after 30 ms
    "#]]
    .assert_eq(&lines(&report));
    let told: Vec<_> = events.iter().filter_map(reached).collect();
    assert_eq!(told, ["agent a0: calls"]);
}

#[tokio::test(start_paused = true)]
async fn of_32_delegates_in_a_branch_none_spends_past_its_cap() {
    let delegates = parallel(vec![agent("a0"); 32]).limited(tokens(2000));
    let root = parallel(vec![delegates, agent("a1")]);
    let manner = Manner {
        tokens: 600,
        cost: 0,
        ms: 10,
        share: 90,
        faults: 0,
    };
    let backend = Till(vec![manner; 2]);
    let executor = LocalExecutor::builder().backend(backend).build().unwrap();
    let (report, _) = run(&executor, &plan(&["a0", "a1"], root)).await;
    let census = report.census();
    assert_eq!((census.succeeded, census.limited), (3 + 1, 29));
    assert_eq!(report.usage.tokens, 4 * 540);
}

#[tokio::test(start_paused = true)]
async fn places_depth_width_and_time_of_a_branch_hold_inside_it() {
    let limit = |limits: Limits, step: Step| step.limited(limits);
    let places = Limits {
        concurrency: Some(2),
        ..Limits::default()
    };
    let (report, _) = run(
        &till(),
        &plan(
            &["a0"],
            limit(
                places,
                parallel(vec![agent("a0"), agent("a0"), agent("a0"), agent("a0")]),
            ),
        ),
    )
    .await;
    assert_eq!((report.success(), report.wall_us / 1000), (true, 20));

    let nested = |step: serde_json::Value| -> Step { serde_json::from_value(step).unwrap() };
    let work = json!({"step": "agent", "agent": "a0"});
    let call =
        |inner: &serde_json::Value| json!({"step": "call", "inline": inner, "unkeyed": true});
    let branch = |mut step: serde_json::Value, limits: serde_json::Value| {
        step["limits"] = limits;
        nested(json!({"step": "parallel", "steps": [step, call(&call(&work))]}))
    };
    let map = json!({"step": "map", "over": "context.items", "max_items": 9, "body": work});
    let cases = [
        (branch(call(&call(&work)), json!({"max_depth": 1})), "depth"),
        (branch(map, json!({"max_width": 2})), "width"),
        (
            branch(work.clone(), json!({"wall_ms": 5})),
            "it took longer than 5 ms",
        ),
    ];
    for (root, why) in cases {
        let context = json!({"items": [1, 2, 3]});
        let plan = plan(&["a0"], root).with_context(context.as_object().unwrap().clone());
        let (report, events) = run(&till(), &plan).await;
        // What stands outside of the branch is as deep, and succeeds.
        assert!(!report.success(), "{why}");
        let told = |event: &Event| match &event.kind {
            EventKind::GroupFinished { outcome, .. } | EventKind::StepFinished { outcome, .. } => {
                outcome.error().is_some_and(|error| {
                    error.contains(why)
                        || why.starts_with("it") && error.contains("its time was over")
                })
            }
            _ => false,
        };
        assert!(events.iter().any(told), "{why}: {events:?}");
    }
}

/// A group of groups, or an agent by its number.
#[derive(Debug, Clone)]
enum Tree {
    Leaf(usize),
    Group {
        at_once: bool,
        limits: Limits,
        parts: Vec<Tree>,
    },
}

impl Tree {
    fn step(&self, agents: usize) -> Step {
        match self {
            Self::Leaf(number) => {
                let retry = RetryPolicy {
                    delay_ms: 2,
                    ..RetryPolicy::default()
                };
                with_retry(agent(&format!("a{}", number % agents)), retry)
            }
            Self::Group {
                at_once,
                limits,
                parts,
            } => {
                let steps = parts.iter().map(|part| part.step(agents)).collect();
                let group = if *at_once {
                    parallel(steps)
                } else {
                    sequence(steps)
                };
                group.limited(*limits)
            }
        }
    }

    /// The limits of every group, by its path.
    fn limits(&self, path: &str, all: &mut Vec<(String, Limits)>) {
        if let Self::Group { limits, parts, .. } = self {
            all.push((path.to_owned(), *limits));
            for (at, part) in parts.iter().enumerate() {
                let inner = match path {
                    "" => at.to_string(),
                    path => format!("{path}/{at}"),
                };
                part.limits(&inner, all);
            }
        }
    }
}

fn caps() -> impl Strategy<Value = Limits> {
    let of = proptest::option::weighted::<std::ops::Range<u64>>;
    (
        of(0.3, 0..12),
        of(0.4, 0..500),
        of(0.3, 0..400),
        proptest::option::weighted(0.2, 1u32..3),
    )
        .prop_map(|(calls, tokens, cost, concurrency)| Limits {
            calls,
            tokens,
            cost: cost.map(Cost),
            concurrency,
            ..Limits::default()
        })
}

fn tree() -> impl Strategy<Value = Tree> {
    let group = |parts| {
        (any::<bool>(), caps(), parts).prop_map(|(at_once, limits, parts)| Tree::Group {
            at_once,
            limits,
            parts,
        })
    };
    let leaf = (0usize..4).prop_map(Tree::Leaf).boxed();
    let inner = leaf.prop_recursive(3, 24, 4, move |part| {
        group(proptest::collection::vec(part, 1..5).boxed()).boxed()
    });
    group(proptest::collection::vec(inner, 1..5).boxed())
}

fn manners() -> impl Strategy<Value = Vec<Manner>> {
    let one = (1u64..100, 0u64..90, 0u64..6, 0u64..=100, 0u32..3);
    let one = one.prop_map(|(tokens, cost, ms, share, faults)| Manner {
        tokens,
        cost,
        ms,
        share,
        faults,
    });
    proptest::collection::vec(one, 1..4)
}

/// What events alone say of spending: what is out and what is gone, by step.
#[derive(Debug, Default)]
struct Book {
    out: BTreeMap<String, (String, Usage)>,
    gone: BTreeMap<String, (String, Usage)>,
}

impl Book {
    fn apply(&mut self, event: &Event, most: &dyn Fn(&str) -> Usage) {
        match &event.kind {
            EventKind::StepStarted {
                step,
                worker: Worker::Agent(agent),
                ..
            } => {
                let step = step.as_str().to_owned();
                let reserved = most(agent.as_str());
                self.out.insert(step, (agent.to_string(), reserved));
            }
            EventKind::StepRetried { step, usage, .. } => {
                if let Some((agent, _)) = self.out.remove(step.as_str()) {
                    self.spend(step.as_str(), &agent, *usage);
                }
            }
            EventKind::StepFinished { step, usage, .. } => {
                if let Some((agent, _)) = self.out.remove(step.as_str()) {
                    // Attempts before this one are in the step's sum.
                    let (_, before) = self.gone.get(step.as_str()).cloned().unwrap_or_default();
                    let more = usage.without(before);
                    self.spend(step.as_str(), &agent, more);
                }
            }
            // Nobody saw the ends of the attempts that were under way: each may have used all, and none goes on.
            EventKind::RunResumed { .. } => {
                for (step, (agent, lost)) in std::mem::take(&mut self.out) {
                    self.spend(&step, &agent, lost);
                }
            }
            _ => {}
        }
    }

    fn spend(&mut self, step: &str, agent: &str, used: Usage) {
        let entry = self.gone.entry(step.to_owned());
        entry
            .or_insert_with(|| (agent.to_owned(), Usage::default()))
            .1 += used;
    }

    /// What is out and gone where something holds, and how many are under way.
    fn sum(&self, of: &dyn Fn(&str, &str) -> bool) -> (Usage, usize) {
        let of =
            |(step, (agent, used)): (&String, &(String, Usage))| of(step, agent).then_some(*used);
        let out: Vec<Usage> = self.out.iter().filter_map(of).collect();
        let gone: Usage = self.gone.iter().filter_map(of).sum();
        (out.iter().copied().sum::<Usage>() + gone, out.len())
    }
}

fn within(limits: &Limits, (used, under_way): (Usage, usize)) -> bool {
    limits.calls.is_none_or(|cap| used.calls <= cap)
        && limits.tokens.is_none_or(|cap| used.tokens <= cap)
        && limits.cost.is_none_or(|cap| used.cost <= cap)
        && limits
            .concurrency
            .is_none_or(|places| under_way <= places as usize)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Any tree of groups with any limits, any agents with limits of their own, any prices, any
    /// interleaving, cut anywhere and gone on with: at every event, what was spent and reserved stays
    /// within every cap of the run, of each group and of each agent; and every step is recorded once.
    #[test]
    fn prop_no_account_is_ever_overdrawn(
        tree in tree(),
        manners in manners(),
        workers in proptest::collection::vec(proptest::option::weighted(0.4, caps()), 4),
        run_limits in caps(),
        cut_after in proptest::option::of(1u64..40),
    ) {
        let team = Team::new((0..manners.len()).map(|at| template(&format!("a{at}"), Tier::Cheap).into()));
        let mut plan = Plan::new("spend", &team, tree.step(manners.len())).with_limits(run_limits);
        for (agent, limits) in plan.agents.values_mut().zip(&workers) {
            let limits = limits.unwrap_or_default();
            *agent = Arc::new(Agent { limits, ..(**agent).clone() });
        }
        let backend = Till(manners.clone());
        let executor = |journal: &Arc<MemoryJournal>| LocalExecutor::builder()
            .backend(backend.clone()).journal(journal.clone()).build().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let (report, events): (RunReport, Vec<Event>) = runtime.block_on(async {
            let journal = Arc::new(MemoryJournal::default());
            if let Some(batches) = cut_after {
                journal.fail_after(batches);
            }
            let report = match executor(&journal).run(&plan).await {
                Ok(report) => report,
                Err(_) => {
                    journal.mend();
                    let run = journal.find("latest").await.unwrap();
                    executor(&journal).resume(&run, false).await.unwrap().report().await.unwrap()
                }
            };
            let run = journal.find("latest").await.unwrap();
            (report, journal.load(&run).await.unwrap().events)
        });
        let mut groups = Vec::new();
        tree.limits("", &mut groups);
        let most = |agent: &str| backend.reservation(&plan.agents.values().find(|it| it.id.as_str() == agent).unwrap().clone());
        let mut book = Book::default();
        for event in &events {
            book.apply(event, &most);
            prop_assert!(within(&run_limits, book.sum(&|_, _| true)), "run {event:?}");
            for (path, limits) in &groups {
                let inside = |step: &str, _: &str| path.is_empty() || step.strip_prefix(path.as_str()).is_some_and(|rest| rest.starts_with('/'));
                prop_assert!(within(limits, book.sum(&inside)), "group {path} {limits:?} {event:?}");
            }
            for agent in plan.agents.values() {
                let own = |_: &str, who: &str| who == agent.id.as_str();
                prop_assert!(within(&agent.limits, book.sum(&own)), "agent {} {event:?}", agent.id);
            }
        }
        let ended: Vec<&str> = events.iter().filter_map(|event| match &event.kind {
            EventKind::StepFinished { step, .. } => Some(step.as_str()),
            _ => None,
        }).collect();
        let once: std::collections::BTreeSet<_> = ended.iter().collect();
        prop_assert_eq!(once.len(), ended.len());
        prop_assert_eq!(report.agents.len(), ended.len());
        prop_assert!(report.outcome.is_some());
    }
}
