//! What an agent's output says, piece by piece: findings, recommendations, things not measured.

use orchestrate_core::strategy::Part;
use serde_json::Value;

use super::compose::who;

/// One thing that an agent said.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// In the agent's words.
    pub text: String,
    /// What is to be done about it, in the agent's words.
    pub remedy: Option<String>,
    /// From 0 (no harm) to 4 (critical); 1 for what carries no severity.
    pub severity: u8,
    /// Where, if it was said.
    pub place: Option<String>,
    /// Who said it.
    pub agent: String,
    /// How sure that agent is, from 0 to 1.
    pub confidence: f64,
}

/// Fields that hold lists of things found or advised.
const LISTS: [&str; 6] = [
    "findings",
    "issues",
    "recommendations",
    "suggestions",
    "action_items",
    "items",
];

const SEVERITIES: [&str; 5] = ["info", "low", "medium", "high", "critical"];

impl Item {
    /// What two items have in common when they say the same: words without case, signs or blanks, and the place.
    pub(super) fn key(&self) -> String {
        let words = self.text.split(|c: char| !c.is_alphanumeric());
        let words: Vec<String> = words
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect();
        format!(
            "{} {}",
            words.join(" "),
            self.place.as_deref().unwrap_or_default()
        )
    }
}

/// Everything that a part says, in its order.
#[must_use]
pub fn items(part: &Part) -> Vec<Item> {
    let lists = LISTS.iter().filter_map(|name| part.output.get(name));
    let values = lists.filter_map(Value::as_array).flatten();
    values.filter_map(|value| read(value, part)).collect()
}

fn read(value: &Value, part: &Part) -> Option<Item> {
    let agent = who(part).to_owned();
    let confidence = part.confidence;
    if let Some(text) = value.as_str() {
        return Some(Item {
            text: text.to_owned(),
            remedy: None,
            severity: 1,
            place: None,
            agent,
            confidence,
        });
    }
    let first = |names: &[&str]| {
        let found = names.iter().find_map(|name| value.get(name)?.as_str());
        found.filter(|text| !text.trim().is_empty())
    };
    let text = first(&["message", "title", "text", "summary", "description", "task"])?;
    let severity = first(&["severity", "priority"]).map(str::to_lowercase);
    let rank = severity.and_then(|word| SEVERITIES.iter().position(|it| *it == word));
    let line = value.get("line").and_then(Value::as_u64);
    let place = first(&["path", "file"]).map(|path| match line {
        Some(line) => format!("{path}:{line}"),
        None => path.to_owned(),
    });
    Some(Item {
        text: text.to_owned(),
        remedy: first(&["fix", "recommendation", "remedy", "how_to_fix"]).map(str::to_owned),
        severity: rank.and_then(|rank| u8::try_from(rank).ok()).unwrap_or(1),
        place,
        agent,
        confidence,
    })
}
