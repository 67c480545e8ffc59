//! One hash for what happened in a run, whatever happened first.
//!
//! Two runs of one plan whose steps end in the same way have the same hash: times, durations, run
//! ids, positions and progress are left out, and what is left is put in order by step. A replay
//! that gives another hash did something else.

use serde_json::Value;

use crate::canonical;
use crate::event::{Event, EventKind};

/// Fields that differ between two runs in which the same happened.
const INCIDENTAL: [&str; 10] = [
    "seq",
    "at_us",
    "run_id",
    "run",
    "duration_us",
    "duration_ms",
    "delay_ms",
    "after_ms",
    // What was left depends on who was quicker.
    "short",
    "most",
];

/// The hash of a run's events: 32 hexadecimal digits.
///
/// The order of the events does not matter, nor that of keys in their values.
pub fn event_hash<'a>(events: impl IntoIterator<Item = &'a Event>) -> String {
    let mut lines: Vec<(String, String)> = events
        .into_iter()
        .filter(|event| !matches!(event.kind, EventKind::Progress { .. }))
        .map(line)
        .collect();
    lines.sort_unstable();
    let mut text = Vec::new();
    for (_, line) in lines {
        text.extend(line.as_bytes());
        text.push(b'\n');
    }
    canonical::digest_of(&text)
}

/// The step of an event, and what it says without what is incidental.
fn line(event: &Event) -> (String, String) {
    // Events can always be written: strings, numbers, lists and string-keyed maps.
    let mut value = serde_json::to_value(event).unwrap_or_default();
    if let Value::Object(fields) = &mut value {
        INCIDENTAL.iter().for_each(|field| {
            fields.remove(*field);
        });
        let evidence = fields.get_mut("evidence").and_then(Value::as_array_mut);
        for entry in evidence.into_iter().flatten() {
            forget(entry);
        }
        for name in ["request", "call"] {
            if let Some(value) = fields.get_mut(name) {
                forget(value);
            }
        }
    }
    let asked = value.pointer("/request/step");
    let step = value.get("step").or(asked).and_then(Value::as_str);
    let step = step.unwrap_or_default().to_owned();
    (step, canonical::to_string(&value))
}

fn forget(value: &mut Value) {
    if let Value::Object(fields) = value {
        INCIDENTAL.iter().for_each(|field| {
            fields.remove(*field);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Evidence;
    use crate::id::{AgentId, RunId, StepPath};
    use crate::limits::Usage;
    use crate::outcome::Outcome;
    use crate::result::Worker;
    use serde_json::json;
    use std::sync::Arc;

    fn finished(seq: u64, step: &str, output: Value) -> Event {
        Event {
            seq,
            at_us: seq * 7,
            kind: EventKind::StepFinished {
                step: StepPath::root().child(&step),
                worker: Worker::Agent(AgentId::new("a").unwrap()),
                outcome: Outcome::Succeeded,
                output: Arc::new(output),
                confidence: 1.0,
                attempts: 1,
                duration_us: seq * 3,
                usage: Usage::default(),
                evidence: vec![Evidence {
                    duration_ms: Some(seq as f64),
                    ..Evidence::default()
                }],
            },
        }
    }

    fn started(run: u64) -> Event {
        Event {
            seq: 0,
            at_us: 0,
            kind: EventKind::RunStarted {
                run_id: RunId::of(&[run]),
                format: "f".into(),
                plan_digest: "d".into(),
                task: "t".into(),
                planning: Usage::default(),
            },
        }
    }

    #[test]
    fn order_times_and_run_ids_do_not_count_but_results_do() {
        let keys: Value = serde_json::from_str(r#"{"x": 1, "y": 2}"#).unwrap();
        let turned: Value = serde_json::from_str(r#"{"y": 2, "x": 1}"#).unwrap();
        let one = [
            started(1),
            finished(1, "a", keys),
            finished(2, "b", json!(null)),
        ];
        let two = [
            started(2),
            finished(1, "b", json!(null)),
            finished(9, "a", turned),
        ];
        assert_eq!(event_hash(&one), event_hash(&two));
        let other = [
            started(1),
            finished(1, "a", json!({"x": 1, "y": 3})),
            finished(2, "b", json!(null)),
        ];
        assert_ne!(event_hash(&one), event_hash(&other));
        assert_ne!(event_hash(&one), event_hash(one.iter().take(2)));
    }
}
