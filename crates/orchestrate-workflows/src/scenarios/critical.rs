//! The chain of portions that took longest, over what each one really waited for.

use std::collections::BTreeMap;

use orchestrate_core::id::StepName;

use super::report::{CriticalPath, CriticalStep};

/// A portion that ran: its step, the steps that had to end before it, and how long it took in seconds.
pub(super) type Link = (StepName, Vec<StepName>, f64);

/// The longest chain. Whoever is waited for stands before whoever waits, in any order of scenarios.
pub(super) fn critical_path(links: &[Link]) -> CriticalPath {
    let by_name: BTreeMap<&StepName, &Link> = links.iter().map(|it| (&it.0, it)).collect();
    let mut longest: BTreeMap<&StepName, (f64, Option<&StepName>)> = BTreeMap::new();
    // Each pass settles at least one more; chains are as long as there are portions.
    while longest.len() < by_name.len() {
        let settled = longest.len();
        for (name, (_, needs, seconds)) in &by_name {
            let needs = || needs.iter().filter(|it| by_name.contains_key(*it));
            if longest.contains_key(name) || needs().any(|it| !longest.contains_key(it)) {
                continue;
            }
            let before = needs().filter_map(|it| Some((longest.get(it)?.0, it)));
            let before = before.max_by(|a, b| a.0.total_cmp(&b.0));
            let so_far = before.map_or(0.0, |(seconds, _)| seconds);
            longest.insert(name, (so_far + seconds, before.map(|(_, it)| it)));
        }
        if longest.len() == settled {
            break;
        }
    }
    let last = longest.iter().max_by(|a, b| a.1.0.total_cmp(&b.1.0));
    let seconds = last.map_or(0.0, |(_, (seconds, _))| *seconds);
    let mut steps = Vec::new();
    let mut next = last.map(|(name, _)| *name);
    while let Some(name) = next {
        if let Some((_, _, seconds)) = by_name.get(name) {
            steps.push(CriticalStep {
                step: name.to_string(),
                seconds: *seconds,
            });
        }
        next = longest.get(name).and_then(|(_, before)| *before);
    }
    steps.reverse();
    CriticalPath { steps, seconds }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_chain_crosses_scenarios_where_they_wait_for_each_other() {
        let name = |it: &str| StepName::new(it).unwrap();
        let of = |it: &str, needs: &[&str], seconds| {
            (name(it), needs.iter().map(|it| name(it)).collect(), seconds)
        };
        let path = critical_path(&[
            of("a_1", &[], 1.0),
            of("a_2", &["a_1", "b_1"], 4.0),
            of("b_1", &[], 3.0),
            of("b_2", &["b_1", "a_1"], 2.0),
            of("b_3", &["b_2", "gone"], 1.0),
        ]);
        let steps: Vec<&str> = path.steps.iter().map(|it| it.step.as_str()).collect();
        assert_eq!((steps, path.seconds), (vec!["b_1", "a_2"], 7.0));
        assert_eq!(critical_path(&[]).steps.len(), 0);
    }
}
