//! What successes have in common, and what failures.

use orchestrate_core::outcome::Outcome;
use orchestrate_core::strategy::Part;
use serde_json::{Value, json};

use super::comparative::agreed;
use super::compose::{succeeded, who};
use super::item::items;

pub(super) fn extract(parts: &[Part]) -> Value {
    json!({
        "success_patterns": agreed(succeeded(parts).flat_map(items), 2),
        "failure_patterns": failures(parts),
    })
}

/// Failures by how they ended, most frequent first, with who and the different messages.
fn failures(parts: &[Part]) -> Vec<Value> {
    let mut kinds: Vec<(String, Vec<&str>, Vec<String>)> = Vec::new();
    for part in parts.iter().filter(|part| !part.outcome.lets_pass()) {
        let kind = match &part.outcome {
            Outcome::Failed { class, .. } => class.as_str().to_owned(),
            other => other.word().to_owned(),
        };
        let at = kinds.iter().position(|known| known.0 == kind);
        let at = at.unwrap_or_else(|| {
            kinds.push((kind, Vec::new(), Vec::new()));
            kinds.len() - 1
        });
        let Some((_, agents, messages)) = kinds.get_mut(at) else {
            continue;
        };
        agents.push(who(part));
        if let Some(message) = part.outcome.error()
            && !messages.contains(&message)
        {
            messages.push(message);
        }
    }
    kinds.sort_by_key(|(_, agents, _)| std::cmp::Reverse(agents.len()));
    kinds
        .into_iter()
        .map(|(kind, agents, messages)| {
            json!({"class": kind, "count": agents.len(), "agents": agents, "messages": messages})
        })
        .collect()
}
