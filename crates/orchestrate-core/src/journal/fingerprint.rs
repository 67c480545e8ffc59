//! One short text for what happened in a run, whatever the order and the time.

use serde_json::Value;

use super::Digest;
use crate::canonical;
use crate::event::{Event, EventKind};

/// The digest of everything that happened, regardless of when, in which order of independent steps,
/// under which name, and by how many processes. Two runs of one plan that came to the same by the
/// same attempts have the same.
#[must_use]
pub fn fingerprint(events: &[Event]) -> String {
    let mut digests: Vec<Digest> = events.iter().filter_map(of_event).collect();
    digests.sort_unstable();
    let all: Vec<u8> = digests.iter().flat_map(|digest| digest.0).collect();
    Digest::of(&all).to_string()
}

fn of_event(event: &Event) -> Option<Digest> {
    if matches!(
        event.kind,
        EventKind::RunResumed { .. }
            | EventKind::RunPaused { .. }
            | EventKind::Progress { .. }
            | EventKind::StepUnstopped { .. }
    ) {
        return None;
    }
    // Strings, numbers, lists and string-keyed maps can always be written.
    let mut value = serde_json::to_value(&event.kind).unwrap_or_default();
    if let Value::Object(fields) = &mut value {
        // What was left of a limit depends on who was quicker.
        for name in ["run_id", "duration_us", "short"] {
            fields.shift_remove(name);
        }
        if let Some(Value::Object(call)) = fields.get_mut("call") {
            call.shift_remove("most");
        }
    }
    Some(Digest::of(canonical::to_string(&value).as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::journal::{finished, started, step_finished, step_started};
    use serde_json::json;

    #[test]
    fn order_time_and_name_do_not_count_and_everything_else_does() {
        let run = |name: &str, output: u32, turned: bool| {
            let mut steps = vec![
                step_started(1, "a"),
                step_finished(2, "a", json!(output)),
                step_finished(3, "b", json!(2)),
            ];
            if turned {
                steps.reverse();
            }
            let mut events = vec![started(name)];
            events.extend(steps);
            events.push(finished(4));
            for (event, at_us) in events.iter_mut().zip(7..) {
                event.at_us += at_us * u64::from(turned);
            }
            fingerprint(&events)
        };
        assert_eq!(run("run-a", 1, false), run("run-b", 1, true));
        assert_ne!(run("run-a", 1, false), run("run-a", 2, false));
    }
}
