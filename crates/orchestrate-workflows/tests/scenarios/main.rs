//! Scenarios on the engine, with a skill that only waits, on a clock that does not move by itself.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected is to fail"
)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use expect_test::{Expect, expect};
use orchestrate_core::backend::{AgentFailure, AgentInput, AgentOutput};
use orchestrate_core::outcome::FailureClass;
use orchestrate_core::plan::{Plan, Step};
use orchestrate_core::team::Team;
use orchestrate_core::template::Tier;
use orchestrate_core::testing::template;
use orchestrate_runtime::{FunctionBackend, LocalExecutor};
use orchestrate_workflows::scenarios::{
    Growth, Measured, Metric, Portion, Portions, ScenarioStatus, Scenarios, ScenariosReport, Skill,
    SkillChoice, Sync,
};
use serde_json::json;

/// A skill that takes so many milliseconds for a number of items, and fails where it is told to.
#[derive(Debug)]
struct Waiting {
    portions: Portions,
}

impl Skill for Waiting {
    fn told(&self) -> String {
        "wait".to_owned()
    }

    fn portions(&self) -> Portions {
        self.portions
    }

    fn items(&self) -> Option<u64> {
        None
    }

    fn equip(&self, plan: &mut Plan) {
        let team = Team::new([Arc::new(template("wait", Tier::Cheap))]);
        let agent = team.members()[0].clone();
        plan.agents.insert(agent.id.clone(), Arc::new(agent));
    }

    fn invoke(&self, _: &Portion) -> Step {
        let team = Team::new([Arc::new(template("wait", Tier::Cheap))]);
        Step::agent(team.members()[0].id.clone())
    }
}

/// What steps began, in order, and when, in milliseconds.
type Begun = Arc<Mutex<Vec<(String, u128)>>>;

struct Ran {
    report: ScenariosReport,
    begun: Vec<(String, u128)>,
}

/// Runs scenarios whose steps take what `takes` says of a step and its number of items, or fail.
async fn run(
    inputs: &Scenarios,
    portions: Portions,
    takes: impl Fn(&str, u64) -> Result<u64, FailureClass> + Send + std::marker::Sync + 'static,
) -> Ran {
    let skill = Waiting { portions };
    let plan = inputs.plan(&skill).unwrap();
    let items: BTreeMap<String, u64> = inputs
        .all_portions(portions, None)
        .unwrap()
        .into_iter()
        .flatten()
        .map(|it| (it.name.to_string(), it.items))
        .collect();
    let begun = Begun::default();
    let seen = begun.clone();
    let start = tokio::time::Instant::now();
    let takes = Arc::new(takes);
    let backend = FunctionBackend::new().agent("wait", move |input: AgentInput| {
        let name = input.step.as_str().rsplit('/').next().unwrap().to_owned();
        let (seen, takes) = (seen.clone(), takes.clone());
        let items = items[&name];
        async move {
            let at = start.elapsed().as_millis();
            seen.lock().unwrap().push((name.clone(), at));
            match takes(&name, items) {
                Ok(ms) => {
                    tokio::time::sleep(Duration::from_millis(ms)).await;
                    Ok(AgentOutput::json(json!({"score": 1.0 / items as f64})))
                }
                Err(class) => Err(AgentFailure::new(class, "on purpose")),
            }
        }
    });
    let executor = LocalExecutor::builder().backend(backend).build().unwrap();
    let mut handle = executor.start(&plan).unwrap();
    let (mut events, mut measured) = (handle.events(), Measured::default());
    while let Some(event) = events.next().await {
        measured.apply(&event);
    }
    let report = inputs
        .report(&skill, &measured, "2026-01-02T03:04:05Z")
        .unwrap();
    let begun = begun.lock().unwrap().clone();
    Ran { report, begun }
}

fn inputs(sync: Sync) -> Scenarios {
    Scenarios {
        sync,
        ..Scenarios::of(SkillChoice::Agent("wait".into()))
    }
}

fn shown(report: &ScenariosReport) -> String {
    let lines = report.scenarios.iter().map(|it| {
        let did = it.portions.iter().map(|it| match &it.outcome {
            Some(outcome) => outcome.word(),
            None => "-",
        });
        let did: Vec<&str> = did.collect();
        let mut line = format!(
            "{} {} {:?} {:.1} s: {}\n",
            it.name,
            it.status.as_str(),
            it.held,
            it.time_s,
            did.join(" ")
        );
        for reason in &it.reasons {
            line.push_str(&format!("  {reason}\n"));
        }
        line
    });
    lines.collect()
}

#[track_caller]
fn check(ran: &Ran, expected: Expect) {
    expected.assert_eq(&shown(&ran.report));
}

#[tokio::test(start_paused = true)]
async fn scenarios_run_side_by_side_and_what_they_take_is_measured() {
    let ran = run(&inputs(Sync::FreeRunning), Portions::Growing, |_, items| {
        Ok(10 + items * 2)
    })
    .await;
    check(
        &ran,
        expect![[r#"
            simple complete Some(true) 0.7 s: succeeded succeeded succeeded succeeded succeeded
            medium complete Some(true) 2.1 s: succeeded succeeded succeeded succeeded succeeded
            complex complete Some(true) 5.5 s: succeeded succeeded succeeded succeeded succeeded
        "#]],
    );
    let report = &ran.report;
    assert_eq!(report.growth, Some(Growth::Linear));
    assert_eq!(report.recommendation.difficulty.as_deref(), Some("complex"));
    // All begin at once, the slowest is the critical path, and the work is what the three took together.
    assert_eq!(ran.begun.iter().filter(|(_, at)| *at == 0).count(), 3);
    let whole = 5.0 * 0.01 + 2.0 * (240.0 + 400.0 + 560.0 + 720.0 + 800.0) / 1e3;
    assert!(
        (report.critical_path.seconds - whole).abs() < 0.02,
        "{:?}",
        report.critical_path
    );
    assert_eq!(report.critical_path.steps.len(), 5);
    let parallel = &report.parallel;
    let efficiency = parallel.busy_s / (3.0 * parallel.wall_s);
    assert!((parallel.efficiency.unwrap() - efficiency).abs() < 1e-9);
    assert_eq!(report.usage, None);
}

#[tokio::test(start_paused = true)]
async fn at_milestones_whoever_is_there_waits_for_the_others() {
    let ran = run(&inputs(Sync::Milestone), Portions::Growing, |_, items| {
        Ok(items)
    })
    .await;
    let at = |name: &str| ran.begun.iter().find(|(it, _)| it == name).unwrap().1;
    for number in 1..=5 {
        let of = ["simple", "medium", "complex"].map(|it| at(&format!("{it}_{number}")));
        assert!(
            of.iter().max().unwrap() - of.iter().min().unwrap() <= 2,
            "{of:?}"
        );
    }
    // Waiting is no work: each took what its own portions took.
    assert!(ran.report.scenarios[0].time_s < 0.36);
    let path = ran.report.critical_path.steps.iter();
    assert!(path.clone().all(|it| it.step.starts_with("complex")));
}

#[tokio::test(start_paused = true)]
async fn in_lock_step_every_batch_waits_for_the_one_before_of_all() {
    let mut inputs = inputs(Sync::LockStep);
    inputs.scenarios[0].batch_size = Some(50);
    inputs.scenarios[1].batch_size = Some(100);
    inputs.scenarios[2].batch_size = Some(200);
    let ran = run(&inputs, Portions::Batches, |name, _| {
        Ok(if name.starts_with("medium") { 700 } else { 100 })
    })
    .await;
    let at = |name: &str| ran.begun.iter().find(|(it, _)| it == name).unwrap().1;
    assert!(at("simple_2") >= 700 && at("complex_2") >= 700);
    assert!(at("complex_3") >= 1400);
    // Where nobody is left to wait for, nobody waits.
    assert!(at("complex_4") >= 2100 && ran.report.scenarios[2].portions.len() == 4);
    assert_eq!(ran.report.passed, Some(true));
}

#[tokio::test(start_paused = true)]
async fn who_fails_stops_nobody_else_and_is_not_waited_for() {
    for sync in [Sync::FreeRunning, Sync::Milestone, Sync::LockStep] {
        let ran = run(&inputs(sync), Portions::Growing, |name, _| match name {
            "medium_2" => Err(FailureClass::Reported),
            _ => Ok(100),
        })
        .await;
        check(
            &ran,
            expect![[r#"
                simple complete Some(true) 0.5 s: succeeded succeeded succeeded succeeded succeeded
                medium failed Some(false) 0.1 s: succeeded failed skipped skipped skipped
                  1 of 5 portions failed, and 0 % may
                complex complete Some(true) 0.5 s: succeeded succeeded succeeded succeeded succeeded
            "#]],
        );
        let recommended = &ran.report.recommendation;
        assert_eq!(recommended.difficulty.as_deref(), Some("complex"));
        assert!(recommended.reason.contains("did not hold: medium"));
    }
}

#[tokio::test(start_paused = true)]
async fn so_many_portions_may_fail_as_a_scenario_tolerates() {
    let mut inputs = inputs(Sync::FreeRunning);
    for it in &mut inputs.scenarios {
        it.error_tolerance = 0.2;
    }
    let ran = run(&inputs, Portions::Growing, |name, _| match name {
        "simple_2" | "medium_2" | "medium_3" => Err(FailureClass::Reported),
        _ => Ok(100),
    })
    .await;
    check(
        &ran,
        expect![[r#"
            simple complete Some(true) 0.4 s: succeeded failed succeeded succeeded succeeded
            medium failed Some(false) 0.1 s: succeeded failed failed skipped skipped
              2 of 5 portions failed, and 20 % may
            complex complete Some(true) 0.5 s: succeeded succeeded succeeded succeeded succeeded
        "#]],
    );
    assert_eq!(ran.report.failures[0].portions, 3);
}

#[tokio::test(start_paused = true)]
async fn passing_faults_are_tried_again_three_times_and_are_no_points_of_the_curve() {
    let tries = Arc::new(Mutex::new(0));
    let ran = run(
        &inputs(Sync::FreeRunning),
        Portions::Growing,
        move |name, _| {
            if name != "medium_3" {
                return Ok(100);
            }
            let mut tries = tries.lock().unwrap();
            *tries += 1;
            if *tries < 3 {
                Err(FailureClass::Transient)
            } else {
                Ok(100)
            }
        },
    )
    .await;
    let medium = &ran.report.scenarios[1];
    assert_eq!((medium.retries, medium.portions[2].attempts), (2, 3));
    assert_eq!(medium.held, Some(true));
    assert_eq!(medium.portions[2].took_ms, None);
    assert_eq!(ran.report.scaling.points.len(), 14);
}

#[tokio::test(start_paused = true)]
async fn who_is_out_of_time_is_ended_and_the_others_go_on() {
    let ran = run(&inputs(Sync::FreeRunning), Portions::Growing, |name, _| {
        Ok(if name.starts_with("medium") {
            40_000
        } else {
            10
        })
    })
    .await;
    let held: Vec<Option<bool>> = ran.report.scenarios.iter().map(|it| it.held).collect();
    assert_eq!(held, [Some(true), Some(false), Some(true)]);
    let medium = &ran.report.scenarios[1];
    let succeeded = medium.portions.iter().filter(|it| it.took_ms.is_some());
    assert_eq!(succeeded.count(), 2);
    assert!((medium.time_s - 90.0).abs() < 0.1, "{}", medium.time_s);
    assert_eq!(medium.reasons, ["it did not come to its end within 90 s"]);
    assert_eq!(ran.report.scenarios[1].status, ScenarioStatus::OutOfTime);
}

#[tokio::test(start_paused = true)]
async fn quality_is_read_held_to_its_bounds_and_unknown_where_nothing_is_said() {
    let metric = |at: &str, min| Metric {
        at: at.to_owned(),
        min,
        max: None,
    };
    let mut inputs = inputs(Sync::FreeRunning);
    inputs
        .metrics
        .insert("score".into(), metric("/score", Some(0.002)));
    let ran = run(&inputs, Portions::Growing, |_, _| Ok(10)).await;
    check(
        &ran,
        expect![[r#"
            simple complete Some(true) 0.1 s: succeeded succeeded succeeded succeeded succeeded
            medium complete Some(true) 0.1 s: succeeded succeeded succeeded succeeded succeeded
            complex complete Some(false) 0.1 s: succeeded succeeded succeeded succeeded succeeded
              score is 0.0013, below 0.002
        "#]],
    );
    assert_eq!(
        ran.report.recommendation.difficulty.as_deref(),
        Some("medium")
    );
    let compared = ran
        .report
        .comparison
        .iter()
        .find(|it| it.metric == "score")
        .unwrap();
    assert_eq!(compared.best.as_deref(), Some("simple"));

    inputs
        .metrics
        .insert("other".into(), metric("/other", Some(1.0)));
    let ran = run(&inputs, Portions::Growing, |_, _| Ok(10)).await;
    assert_eq!(ran.report.scenarios[0].held, None);
    assert_eq!(ran.report.passed, Some(false));
    assert!(
        ran.report
            .not_measured
            .iter()
            .any(|it| it.what == "other of simple")
    );
}
