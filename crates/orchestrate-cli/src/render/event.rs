//! One event as one line, for those who follow a run that another process works on.

use orchestrate_core::event::{Event, EventKind};
use orchestrate_core::spending::Spending;
use serde_json::Value;

use super::text::{safe, spent};

/// The moment in the run, what happened, and to which step; where tokens were used, what that comes to so far.
pub(crate) fn event_line(event: &Event, so_far: &Spending) -> String {
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
    let used = match &event.kind {
        EventKind::CallFinished { result, .. } => result.usage.tokens,
        EventKind::StepFinished { usage, .. } | EventKind::RunFinished { usage, .. } => {
            usage.tokens
        }
        _ => 0,
    };
    if let Some(total) = spent(&so_far.total()).filter(|_| used > 0) {
        line.push_str(&format!("  (so far {total})"));
    }
    safe(&line)
}
