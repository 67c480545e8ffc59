//! What agents say, as opinions that can be compared. Knows nothing of plans.

use orchestrate_core::outcome::{FailureClass, Outcome};
use orchestrate_core::strategy::Part;
use serde_json::Value;

use super::common;

/// The fields in which an agent states what its view comes down to; the first one that is there counts.
const FIELDS: [&str; 6] = [
    "verdict", "decision", "position", "vote", "answer", "passed",
];

/// What a participant votes for: its verdict, else `true` when it succeeded.
///
/// One that broke off votes for nothing. One that did its work and reports that it did not succeed
/// still has the verdict it states.
pub(super) fn opinion(part: &Part) -> Option<Value> {
    let spoke = matches!(
        part.outcome,
        Outcome::Succeeded
            | Outcome::Partial { .. }
            | Outcome::Failed {
                class: FailureClass::Reported,
                ..
            }
    );
    let stated = FIELDS
        .iter()
        .filter_map(|field| part.output.get(*field))
        .find(|value| !value.is_null());
    match stated {
        Some(value) if spoke => Some(value.clone()),
        Some(_) => None,
        None => part.outcome.is_success().then_some(Value::Bool(true)),
    }
}

/// Two texts are the same opinion when they differ only in case and in space around them.
pub(super) fn same(left: &Value, right: &Value) -> bool {
    match (left.as_str(), right.as_str()) {
        (Some(a), Some(b)) => a.trim().to_lowercase() == b.trim().to_lowercase(),
        _ => left == right,
    }
}

/// One opinion and who holds it.
#[derive(Debug)]
pub(super) struct Camp<'a> {
    /// The opinion, as its first holder put it.
    pub(super) opinion: Value,
    /// Its holders, in the order of the team; never empty.
    pub(super) holders: Vec<&'a Part>,
}

impl<'a> Camp<'a> {
    /// The first of its most confident holders.
    pub(super) fn speaker(&self) -> Option<&'a Part> {
        common::most_confident(self.holders.iter().copied())
    }

    pub(super) fn weight(&self) -> f64 {
        self.holders.iter().map(|part| part.confidence).sum()
    }

    pub(super) fn size(&self) -> u32 {
        u32::try_from(self.holders.len()).unwrap_or(u32::MAX)
    }
}

/// The camps among participants, in the order in which they were first voiced.
pub(super) fn camps(parts: &[Part]) -> Vec<Camp<'_>> {
    let mut camps: Vec<Camp<'_>> = Vec::new();
    for part in parts {
        let Some(opinion) = opinion(part) else {
            continue;
        };
        match camps.iter_mut().find(|camp| same(&camp.opinion, &opinion)) {
            Some(camp) => camp.holders.push(part),
            None => camps.push(Camp {
                opinion,
                holders: vec![part],
            }),
        }
    }
    camps
}

#[cfg(test)]
mod tests {
    use super::super::testing::{bad, good, verdict};
    use super::*;
    use serde_json::json;

    #[test]
    fn an_opinion_is_a_verdict_else_success() {
        let reported = |output| Part {
            output: std::sync::Arc::new(output),
            ..bad("a", FailureClass::Reported)
        };
        let timeout = |output| Part {
            output: std::sync::Arc::new(output),
            ..bad("a", FailureClass::Timeout)
        };
        assert_eq!(
            opinion(&good("a", json!({"vote": "no", "decision": "yes"}), 1.0)),
            Some(json!("yes"))
        );
        assert_eq!(
            opinion(&good("a", json!({"verdict": null, "passed": false}), 1.0)),
            Some(json!(false))
        );
        assert_eq!(
            opinion(&good("a", json!("free text"), 1.0)),
            Some(json!(true))
        );
        assert_eq!(
            opinion(&reported(json!({"passed": false}))),
            Some(json!(false))
        );
        assert_eq!(opinion(&reported(json!({}))), None);
        assert_eq!(opinion(&timeout(verdict("yes"))), None);
    }
}
