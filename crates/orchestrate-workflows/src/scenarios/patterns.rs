//! What succeeded alike and what failed alike, counted.

use std::collections::BTreeMap;

use orchestrate_core::outcome::{CancelReason, Outcome};

use super::report::{Pattern, PortionReport, ScenarioReport, ScenarioStatus};

/// What succeeded: whole scenarios, and those that needed no second attempt.
pub(super) fn successes(scenarios: &[ScenarioReport]) -> Vec<Pattern> {
    let whole: Vec<&ScenarioReport> = scenarios
        .iter()
        .filter(|it| it.status == ScenarioStatus::Complete && it.failed == 0)
        .collect();
    let mut found = Vec::new();
    let of = |what: String, which: &[&ScenarioReport]| Pattern {
        what,
        scenarios: which.iter().map(|it| it.name.clone()).collect(),
        portions: which.iter().map(|it| it.portions.len()).sum(),
    };
    if !whole.is_empty() {
        found.push(of("every portion succeeded".to_owned(), &whole));
        let (first, again): (Vec<&ScenarioReport>, Vec<&ScenarioReport>) =
            whole.into_iter().partition(|it| it.retries == 0);
        if !first.is_empty() && !again.is_empty() {
            found.push(of("none needed a second attempt".to_owned(), &first));
        }
    }
    found
}

/// What failed: by what went wrong, and whether it went wrong with larger inputs only.
pub(super) fn failures(scenarios: &[ScenarioReport]) -> Vec<Pattern> {
    let mut alike: BTreeMap<&str, (Vec<String>, usize)> = BTreeMap::new();
    let all = || {
        scenarios
            .iter()
            .flat_map(|it| it.portions.iter().map(move |portion| (it, portion)))
    };
    for (scenario, portion) in all().filter(|(_, it)| is_failure(it)) {
        let error = portion.error.as_deref().unwrap_or("no reason is known");
        let (names, count) = alike.entry(error).or_default();
        if names.last() != Some(&scenario.name) {
            names.push(scenario.name.clone());
        }
        *count += 1;
    }
    let mut found: Vec<Pattern> = alike
        .into_iter()
        .map(|(what, (scenarios, portions))| Pattern {
            what: what.to_owned(),
            scenarios,
            portions,
        })
        .collect();
    found.sort_by(|a, b| b.portions.cmp(&a.portions).then(a.what.cmp(&b.what)));
    let failed = all().filter(|(_, it)| is_failure(it));
    let least = failed.map(|(_, it)| it.items).min();
    let good = all().filter(|(_, it)| succeeded(it));
    let most = good.map(|(_, it)| it.items).max();
    if let (Some(least), Some(most)) = (least, most)
        && least > most
    {
        let failed: Vec<&ScenarioReport> = scenarios.iter().filter(|it| it.failed > 0).collect();
        let what =
            format!("inputs of {least} items and more failed, and none of {most} and fewer did");
        let pattern = Pattern {
            what,
            scenarios: failed.iter().map(|it| it.name.clone()).collect(),
            portions: failed.iter().map(|it| it.failed).sum(),
        };
        found.insert(0, pattern);
    }
    let retried: Vec<&ScenarioReport> = scenarios.iter().filter(|it| it.retries > 0).collect();
    if !retried.is_empty() {
        let portions = retried.iter().flat_map(|it| &it.portions);
        found.push(Pattern {
            what: "needed more than one attempt".to_owned(),
            scenarios: retried.iter().map(|it| it.name.clone()).collect(),
            portions: portions.filter(|it| it.attempts > 1).count(),
        });
    }
    found
}

/// Whether a portion ran and did not succeed.
pub(super) fn is_failure(portion: &PortionReport) -> bool {
    match &portion.outcome {
        None
        | Some(
            Outcome::Succeeded
            | Outcome::Skipped { .. }
            | Outcome::LimitReached { .. }
            | Outcome::Paused { .. },
        ) => false,
        Some(Outcome::Cancelled { reason }) => {
            *reason == CancelReason::Deadline && portion.attempts > 0
        }
        Some(_) => true,
    }
}

/// Whether a portion succeeded.
pub(super) fn succeeded(portion: &PortionReport) -> bool {
    matches!(portion.outcome, Some(Outcome::Succeeded))
}
