//! The newest outcomes of a composition, one by one: which run each comes from, and when.

use orchestrate_core::id::RunId;
use orchestrate_core::learning::RunOutcome;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::form::{milliseconds, moment};

/// How many are kept; the counts of a composition hold all.
pub(super) const KEPT: usize = 256;

#[derive(Debug, Serialize, Deserialize)]
struct Form {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    run: Option<RunId>,
    success: bool,
    quality: f64,
    at: String,
}

/// Outcomes from their stored form, oldest first. What is malformed among them is left out: it
/// is evidence, and the counts do not come from it.
pub(super) fn read(body: &Value) -> Vec<RunOutcome> {
    let list = body.get("outcomes").and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(|it| {
            let form = Form::deserialize(it).ok()?;
            let at = milliseconds(&form.at).ok()?;
            let outcome = RunOutcome::new(form.success, form.quality, at).ok()?;
            Some(match form.run {
                Some(run) => outcome.of_run(run),
                None => outcome,
            })
        })
        .collect()
}

/// The stored form of outcomes, oldest first; the oldest are left out beyond [`KEPT`].
pub(super) fn write(outcomes: &[RunOutcome]) -> Value {
    let kept = outcomes.len().saturating_sub(KEPT);
    let list: Vec<Form> = outcomes
        .iter()
        .skip(kept)
        .map(|it| Form {
            run: it.run.clone(),
            success: it.success,
            quality: it.quality,
            at: moment(it.at),
        })
        .collect();
    json!({ "outcomes": list })
}
