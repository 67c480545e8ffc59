//! One event as one line, for those who follow a run that another process works on.

use orchestrate_core::event::{Event, EventKind};
use serde_json::Value;

use super::text::safe;

/// The moment in the run, what happened, and to which step.
pub(crate) fn event_line(event: &Event) -> String {
    let value = serde_json::to_value(&event.kind).unwrap_or_default();
    let word = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
    let seconds = event.at_us as f64 / 1e6;
    let what = word("type").replace('_', " ");
    let mut line = format!("{seconds:>9.3}s  {what:<16}");
    let step = match &event.kind {
        EventKind::RunStarted { run_id, .. } => run_id.to_string(),
        _ => word("step").to_owned(),
    };
    for part in [
        step.as_str(),
        word("outcome"),
        word("label"),
        word("message"),
        word("reason"),
    ] {
        if !part.is_empty() {
            line.push_str("  ");
            line.push_str(&part.replace('_', " "));
        }
    }
    safe(&line)
}
