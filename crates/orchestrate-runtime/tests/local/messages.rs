//! Messages between the agents of a team: who gets what, when, and what is said of those that nobody got.

use expect_test::expect;
use orchestrate_core::backend::{AgentFailure, AgentInput, AgentOutput};
use orchestrate_core::bus::{BusMessage, MessageBus, Recipient};
use orchestrate_core::event::{Event, EventKind};
use orchestrate_core::outcome::FailureClass;
use orchestrate_core::plan::RetryPolicy;
use orchestrate_runtime::FunctionBackend;
use serde_json::json;

use crate::support::{agent, executor, parallel, plan, run, sequence, with_retry};

fn to(text: &str) -> Recipient {
    Recipient::try_from(text.to_owned()).unwrap()
}

/// What the events say about messages, one a line.
fn mail(events: &[Event]) -> String {
    let line = |event: &Event| match &event.kind {
        EventKind::MessageSent { message: m } => {
            Some(format!("{} {} -> {}: {}", m.id, m.from, m.to, m.content))
        }
        EventKind::MessageRefused { from, why, .. } => Some(format!("{from} refused: {why}")),
        EventKind::MessageDelivered { message, step, to } => {
            Some(format!("{message} reached {to} at {step}"))
        }
        EventKind::MessageUndelivered { message, to } => {
            Some(format!("{message} did not reach {to}"))
        }
        _ => None,
    };
    let lines: Vec<String> = events.iter().filter_map(line).collect();
    lines.join("\n") + "\n"
}

#[tokio::test(start_paused = true)]
async fn a_message_arrives_with_the_next_step_and_what_nobody_gets_is_told() {
    let heard = |input: &AgentInput| {
        let texts = input.messages.iter();
        json!(texts.map(|m| m.content.clone()).collect::<Vec<_>>())
    };
    let backend = FunctionBackend::new()
        .agent("lead", move |_: AgentInput| async move {
            Ok(AgentOutput::json(json!("planned"))
                .with_message(to("*"), json!("begin"))
                .with_message(to("ghost"), json!("boo")))
        })
        .agent("left", move |input: AgentInput| async move {
            let right = to("right");
            Ok(AgentOutput::json(heard(&input)).with_message(right, json!("the contract")))
        })
        .agent("right", move |input: AgentInput| async move {
            match input.attempt {
                1 => Err(AgentFailure::new(FailureClass::Transient, "not yet")),
                _ => Ok(AgentOutput::json(heard(&input)).with_message(to("lead"), json!("done"))),
            }
        });
    let again = with_retry(
        agent("right"),
        RetryPolicy {
            max_attempts: 2,
            ..RetryPolicy::default()
        },
    );
    let root = sequence(vec![
        agent("lead"),
        parallel(vec![agent("left"), again.clone()]),
        again,
    ]);
    let (report, events) = run(&executor(backend), &plan(&["lead", "left", "right"], root)).await;
    expect![[r#"
        0 lead -> *: "begin"
        lead refused: `ghost` reaches nobody in the team (possible: *, lead, left, right)
        0 reached left at 1/0
        1 left -> right: "the contract"
        0 reached right at 1/1
        2 right -> lead: "done"
        1 reached right at 2
        3 right -> lead: "done"
        2 did not reach lead
        3 did not reach lead
    "#]]
    .assert_eq(&mail(&events));
    let outputs: Vec<String> = report
        .agents
        .iter()
        .map(|it| it.output.to_string())
        .collect();
    assert_eq!(
        outputs,
        [
            r#""planned""#,
            r#"["begin"]"#,
            r#"["begin"]"#,
            r#"["the contract"]"#
        ]
    );
    assert_eq!((report.mail.sent, report.mail.delivered), (4, 3));
    assert_eq!((report.mail.undelivered, report.mail.refused), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_run_is_heard_on_the_bus_under_the_known_topics() {
    let backend = FunctionBackend::new().agent("one", |_: AgentInput| async {
        Ok(AgentOutput::json(json!(1)))
    });
    let (_, events) = run(&executor(backend), &plan(&["one"], agent("one"))).await;
    let mut bus = MessageBus::default();
    bus.subscribe("me", ["orchestration.*"]);
    for message in events.iter().flat_map(BusMessage::of) {
        bus.publish(message);
    }
    let heard = bus.poll("me", 100).unwrap();
    let topics: Vec<&str> = heard
        .messages
        .iter()
        .map(|(_, m)| m.topic.as_str())
        .collect();
    assert_eq!(
        topics,
        [
            "orchestration.plan_started",
            "orchestration.task_assigned",
            "orchestration.task_completed",
            "orchestration.plan_completed"
        ]
    );
    assert_eq!(bus.history("one").count(), 2);
}
