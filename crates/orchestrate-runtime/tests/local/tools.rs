//! Tools as steps: functions and programs, what is retried and what is not.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use expect_test::{Expect, expect};
use orchestrate_core::backend::AgentOutput;
use orchestrate_core::error::Explain;
use orchestrate_core::event::{Event, EventKind};
use orchestrate_core::outcome::{FailureClass, Outcome};
use orchestrate_core::plan::{Plan, Step, StepKind};
use orchestrate_core::report::RunReport;
use orchestrate_core::result::Worker;
use orchestrate_core::testing::ScriptedBackend;
use orchestrate_core::tool::{Effect, ToolCall, ToolFailure, ToolOutput};
use orchestrate_runtime::LocalExecutor;
use orchestrate_runtime::tools::{FunctionTool, ProgramTool};
use serde_json::{Value, json};

use crate::support::{plan, run};

fn step(value: Value) -> Step {
    serde_json::from_value(value).unwrap()
}

fn echo(effect: Effect) -> FunctionTool {
    FunctionTool::new("echo", effect, |call: ToolCall| async move {
        Ok(ToolOutput::json(
            json!({"got": *call.arguments, "key": call.idempotency_key.split(':').next_back()}),
        ))
    })
    .described(
        "gives back what it was given",
        json!({"type": "object", "properties": {"n": {"type": "integer"}}}),
    )
}

fn executor(tool: impl orchestrate_core::tool::Tool + 'static) -> LocalExecutor {
    let backend = ScriptedBackend::answering(AgentOutput::json(json!({"n": 7})));
    let builder = LocalExecutor::builder().backend(backend).tool(tool);
    builder.build().unwrap()
}

fn told(report: &RunReport) -> String {
    let mut lines = String::new();
    for work in &report.work {
        let error = work.error.as_deref().map(|e| format!(": {e}"));
        lines.push_str(&format!(
            "{} {} {} x{}{} {}\n",
            work.step,
            work.worker,
            work.outcome.word(),
            work.attempts,
            error.unwrap_or_default(),
            work.output
        ));
    }
    let outcome = report.outcome.as_ref().map_or("none", Outcome::word);
    lines.push_str(&format!("run {outcome}\n"));
    lines
}

async fn check(executor: &LocalExecutor, plan: &Plan, expected: Expect) -> (RunReport, Vec<Event>) {
    let (report, events) = run(executor, plan).await;
    expected.assert_eq(&told(&report));
    (report, events)
}

#[tokio::test]
async fn a_credential_that_a_program_prints_is_recorded_nowhere() {
    let secret = format!("ghp_{}", "a1b2c3d4e5".repeat(4));
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("key"), format!("token {secret}\n")).unwrap();
    for script in ["cat key", "cat key; cat key >&2; false"] {
        let print = step(json!({
            "name": "t", "step": "tool", "tool": "run", "arguments": {"argv": ["sh", "-c", script]}
        }));
        let plan = plan(&["a"], print).with_tool("run", Effect::External);
        let (report, events) = run(&executor(ProgramTool::new(directory.path())), &plan).await;
        let written = format!("{report:?} {}", serde_json::to_string(&events).unwrap());
        assert!(written.contains("token [masked]"), "{written}");
        assert!(!written.contains(&secret));
    }
}

#[tokio::test]
async fn a_tool_is_given_literals_with_references_laid_over_them() {
    let root = step(json!({"step": "sequence", "steps": [
        {"name": "a", "step": "agent", "agent": "a"},
        {"name": "t", "step": "tool", "tool": "echo", "arguments": {"n": 1, "x": "y"}, "inputs": {"n": "steps.a.output.n"}},
    ]}));
    let plan = plan(&["a"], root).with_tool("echo", Effect::Read);
    let (report, events) = check(
        &executor(echo(Effect::Read)),
        &plan,
        expect![[r#"
            t echo succeeded x1 {"got":{"n":7,"x":"y"},"key":"t"}
            run succeeded
        "#]],
    )
    .await;
    assert_eq!(report.usage.calls, 2);
    assert_eq!(report.census().succeeded, 2);
    let started = |event: &Event| matches!(&event.kind, EventKind::StepStarted { worker: Worker::Tool(name), backend, .. } if &**name == "echo" && &**backend == "tool");
    assert!(events.iter().any(started));
}

#[tokio::test]
async fn arguments_that_do_not_fit_the_schema_are_not_sent() {
    let plan = plan(
        &["a"],
        step(json!({"name": "t", "step": "tool", "tool": "echo", "arguments": {"n": "seven"}})),
    )
    .with_tool("echo", Effect::Read);
    check(
        &executor(echo(Effect::Read)),
        &plan,
        expect![[r#"
            (root) echo failed x1: the arguments of tool `echo` do not fit: `/n`: "seven" is not of type "integer" null
            run failed
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_tool_that_is_not_there_is_not_executed_and_the_check_tells() {
    let plan = plan(&["a"], step(json!({"step": "tool", "tool": "deploy"})))
        .with_tool("deploy", Effect::External);
    let executor = executor(echo(Effect::Read));
    let (report, _) = check(
        &executor,
        &plan,
        expect![[r#"
            (root) deploy failed x0: there is no tool `deploy` (possible: echo) null
            run failed
        "#]],
    )
    .await;
    let class = FailureClass::NotExecuted;
    assert!(matches!(&report.work[0].outcome, Outcome::Failed { class: c, .. } if *c == class));
    let problems: Vec<_> = executor
        .check(&plan)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        problems,
        ["ORC0614 at step `(root)`: there is no tool `deploy` (possible: echo)"]
    );
}

#[tokio::test]
async fn a_tool_that_can_change_more_than_the_plan_admits_is_refused_before_anything_runs() {
    let plan =
        plan(&["a"], step(json!({"step": "tool", "tool": "echo"}))).with_tool("echo", Effect::Read);
    let error = executor(echo(Effect::External))
        .run(&plan)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "ORC0615");
}

fn failing(effect: Effect, calls: Arc<AtomicU32>) -> FunctionTool {
    FunctionTool::new("echo", effect, move |_| {
        let first = calls.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            if first {
                Err(ToolFailure::Failed {
                    class: FailureClass::Transient,
                    message: "busy".into(),
                })
            } else {
                Ok(ToolOutput::json(json!("done")))
            }
        }
    })
}

#[tokio::test(start_paused = true)]
async fn only_what_changes_nothing_is_tried_again() {
    for (effect, calls, expected) in [
        (
            Effect::Read,
            2,
            expect![[r#"
            (root) echo succeeded x2 "done"
            run succeeded
        "#]],
        ),
        (
            Effect::Write,
            1,
            expect![[r#"
            (root) echo failed x1: busy null
            run failed
        "#]],
        ),
    ] {
        let count = Arc::new(AtomicU32::new(0));
        let plan =
            plan(&["a"], step(json!({"step": "tool", "tool": "echo"}))).with_tool("echo", effect);
        check(&executor(failing(effect, count.clone())), &plan, expected).await;
        assert_eq!(count.load(Ordering::SeqCst), calls);
    }
}

#[tokio::test(start_paused = true)]
async fn an_effect_that_nobody_saw_the_end_of_is_unknown_and_not_repeated() {
    let hangs = || {
        FunctionTool::new("echo", Effect::External, |_| async {
            tokio::time::sleep(Duration::from_secs(600)).await;
            Ok(ToolOutput::json(json!(null)))
        })
    };
    let plan = plan(
        &["a"],
        step(json!({"step": "tool", "tool": "echo", "timeout_ms": 50, "retry": {"retry_timeouts": true}})),
    )
    .with_tool("echo", Effect::External);
    check(&executor(hangs()), &plan, expect![[r#"
        (root) echo unknown x1: tool `echo` was called and nobody saw the end (it took longer than 50 ms): its effect (`external`) may have happened null
        run unknown
    "#]]).await;
    // The same when the run is told to stop.
    let handle = executor(hangs()).start(&plan).unwrap();
    tokio::time::sleep(Duration::from_millis(10)).await;
    handle.cancel();
    let report = handle.report().await.unwrap();
    assert_eq!(report.work[0].outcome.word(), "unknown");
}

fn program(arguments: Value) -> Plan {
    let root = Step::new(StepKind::Tool(orchestrate_core::plan::ToolStep::new(
        "run",
        arguments.as_object().cloned().unwrap(),
    )));
    plan(&["a"], root).with_tool("run", Effect::External)
}

#[tokio::test]
async fn a_program_gives_its_output_its_exit_code_and_evidence() {
    let executor = executor(ProgramTool::new("."));
    let (report, _) = check(
        &executor,
        &program(json!({"argv": ["printf", "{\"n\": %s}", "$HOME"]})),
        expect![[r#"
            (root) run succeeded x1 {"exit_code":0,"stdout":"{\"n\": $HOME}","stderr":""}
            run succeeded
        "#]],
    )
    .await;
    let evidence = &report.work[0].evidence[0];
    assert_eq!(evidence.exit_code, Some(0));
    assert!(evidence.duration_ms.is_some());
    let command = evidence.command.as_deref().unwrap();
    assert_eq!(command, ["printf", "{\"n\": %s}", "$HOME"]);
    check(
        &executor,
        &program(json!({"argv": ["cat"], "stdin": "[1, 2]", "parse": "json"})),
        expect![[r#"
            (root) run succeeded x1 {"exit_code":0,"stdout":[1,2],"stderr":""}
            run succeeded
        "#]],
    )
    .await;
    check(
        &executor,
        &program(json!({"argv": ["cat", "/no/such/file"]})),
        expect![[r#"
            (root) run failed x1: program `cat` ended with exit code 1: cat: /no/such/file: No such file or directory {"exit_code":1,"stdout":"","stderr":"cat: /no/such/file: No such file or directory\n"}
            run failed
        "#]],
    )
    .await;
    check(
        &executor,
        &program(json!({"argv": ["true"], "cwd": "../.."})),
        expect![[r#"
            (root) run failed x1: `cwd` leads out of the directory: `../..` null
            run failed
        "#]],
    )
    .await;
    check(
        &self::executor(ProgramTool::new(".").only(["git"])),
        &program(json!({"argv": ["rm", "x"]})),
        expect![[r#"
            (root) run failed x1: `rm x` may not be run (possible: git) null
            run failed
        "#]],
    )
    .await;
}

/// The children of a program that is cut off are ended with it.
///
/// Each of them holds the writing end of a pipe, so the pipe ends when the last of them has. The
/// clock stands still until the children have started, because it does not move while a thread
/// reads.
#[tokio::test(start_paused = true)]
async fn a_program_is_ended_with_its_children() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    // The shell starts a child that outlives it, and says so, unless the whole group is ended.
    let script = "exec 3> pipe; { sleep 60; echo outlived >&3; } & echo started >&3; wait";
    let mut plan = program(json!({"argv": ["sh", "-c", script]}));
    if let StepKind::Tool(tool) = &mut plan.root.kind {
        tool.timeout_ms = Some(400);
    }
    let started = tokio::task::spawn_blocking(move || {
        let mut pipe = BufReader::new(File::open(pipe).unwrap());
        let mut line = String::new();
        pipe.read_line(&mut line).unwrap();
        (line, pipe)
    });
    let (report, _) = run(&executor(ProgramTool::new(folder.path())), &plan).await;
    assert_eq!(report.work[0].outcome.word(), "unknown");
    let (line, mut pipe) = started.await.unwrap();
    assert_eq!(line, "started\n");
    let mut rest = String::new();
    pipe.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
}
