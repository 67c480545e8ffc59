//! What is to be done first: what the agents found, ranked by harm, agreement and confidence.

use std::collections::BTreeMap;

use orchestrate_core::strategy::Part;
use serde_json::{Value, json};

use super::compose::succeeded;
use super::item::{Item, items};

/// How many recommendations are given; the rest is counted.
const MOST: usize = 10;

pub(super) fn rank(parts: &[Part]) -> Value {
    let mut groups: BTreeMap<String, Vec<Item>> = BTreeMap::new();
    for item in succeeded(parts).flat_map(items) {
        groups.entry(item.key()).or_default().push(item);
    }
    let mut ranked: Vec<Advice> = groups.into_values().filter_map(Advice::of).collect();
    // The text decides among equals, so that the order never depends on who came first.
    ranked.sort_by(|a, b| {
        let by_figures = b.severity.cmp(&a.severity);
        by_figures
            .then(b.agents.len().cmp(&a.agents.len()))
            .then(b.confidence.total_cmp(&a.confidence))
            .then_with(|| a.text.cmp(&b.text))
    });
    let total = ranked.len();
    let shown: Vec<Value> = ranked
        .iter()
        .take(MOST)
        .zip(1u32..)
        .map(|(advice, priority)| advice.told(priority))
        .collect();
    let done: Vec<&Part> = succeeded(parts).collect();
    let sure: f64 = done.iter().map(|part| part.confidence).sum();
    // Who gave nothing counts as not sure at all: a part that is missing could have said anything.
    let confidence = if parts.is_empty() {
        0.0
    } else {
        sure / parts.len() as f64
    };
    json!({
        "recommendations": shown,
        "more": total.saturating_sub(MOST),
        "confidence": (confidence * 1000.0).round() / 1000.0,
    })
}

struct Advice {
    text: String,
    remedy: Option<String>,
    place: Option<String>,
    severity: u8,
    agents: Vec<String>,
    confidence: f64,
}

impl Advice {
    fn of(items: Vec<Item>) -> Option<Self> {
        let first = items.first()?;
        let mut advice = Self {
            text: first.text.clone(),
            place: first.place.clone(),
            remedy: None,
            severity: 0,
            agents: Vec::new(),
            confidence: 0.0,
        };
        for item in items {
            advice.severity = advice.severity.max(item.severity);
            advice.confidence = advice.confidence.max(item.confidence);
            advice.remedy = advice.remedy.or(item.remedy);
            if !advice.agents.contains(&item.agent) {
                advice.agents.push(item.agent);
            }
        }
        Some(advice)
    }

    fn told(&self, priority: u32) -> Value {
        let severity = ["info", "low", "medium", "high", "critical"];
        json!({
            "priority": priority,
            "message": self.text,
            "severity": severity.get(usize::from(self.severity)),
            "path": self.place,
            "fix": self.remedy,
            "agents": self.agents,
            "confidence": self.confidence,
        })
    }
}
