//! Where agents agree and differ: their figures side by side, what several say, and fields that contradict each other.

use std::collections::BTreeMap;

use orchestrate_core::strategy::Part;
use orchestrate_core::task::Context;
use serde_json::{Value, json};

use super::compose::{Conflict, succeeded, who};
use super::item::{Item, items};

pub(super) fn compare(parts: &[Part], conflict: Conflict) -> Value {
    let comparison: Context = parts
        .iter()
        .map(|part| (who(part).to_owned(), figures(part)))
        .collect();
    json!({
        "quality_comparison": comparison,
        "consensus_items": agreed(succeeded(parts).flat_map(items), 2),
        "disagreements": disagreements(parts, conflict),
    })
}

/// An agent's outcome, confidence, number of findings, and the numbers at the top of its output.
fn figures(part: &Part) -> Value {
    let mut line = Context::new();
    line.insert("outcome".to_owned(), part.outcome.word().into());
    if part.outcome.is_success() {
        line.insert("confidence".to_owned(), part.confidence.into());
        line.insert("items".to_owned(), items(part).len().into());
        let fields = part.output.as_object().into_iter().flatten();
        let numbers = fields.filter(|(_, value)| value.is_number());
        line.extend(numbers.map(|(name, value)| (name.clone(), value.clone())));
    }
    Value::Object(line)
}

/// What at least so many different agents say, in the order in which it was first said.
pub(super) fn agreed(all: impl Iterator<Item = Item>, least: usize) -> Vec<Value> {
    let mut order: Vec<(String, Vec<String>)> = Vec::new();
    let mut place: BTreeMap<String, usize> = BTreeMap::new();
    for item in all {
        let at = *place.entry(item.key()).or_insert_with(|| {
            let text = match &item.place {
                Some(place) => format!("{} ({place})", item.text),
                None => item.text.clone(),
            };
            order.push((text, Vec::new()));
            order.len() - 1
        });
        if let Some((_, agents)) = order.get_mut(at)
            && !agents.contains(&item.agent)
        {
            agents.push(item.agent);
        }
    }
    let several = order
        .into_iter()
        .filter(|(_, agents)| agents.len() >= least);
    several
        .map(|(text, agents)| json!({"text": text, "agents": agents}))
        .collect()
}

/// Fields for which agents give different words or flags, and what the policy makes of it. Numbers
/// measure different things under one name too easily; they stand side by side and are no quarrel.
fn disagreements(parts: &[Part], conflict: Conflict) -> Vec<Value> {
    let mut fields: BTreeMap<&str, Vec<(&Part, &Value)>> = BTreeMap::new();
    for part in succeeded(parts) {
        for (name, value) in part.output.as_object().into_iter().flatten() {
            let short = value.as_str().is_some_and(|text| text.len() <= 60);
            if short || value.is_boolean() {
                fields.entry(name).or_default().push((part, value));
            }
        }
    }
    let mut told = Vec::new();
    for (field, held) in fields {
        let differ = held.iter().any(|(_, value)| same(value) != first(&held));
        if held.len() < 2 || !differ {
            continue;
        }
        let values: Context = held
            .iter()
            .map(|(part, value)| (who(part).to_owned(), (*value).clone()))
            .collect();
        let winner = settle(&held, conflict);
        told.push(json!({
            "field": field, "values": values, "policy": conflict,
            "resolved": winner, "settled": winner.is_some(),
        }));
    }
    told
}

/// A value as it is compared: words without case and blanks around them.
fn same(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), |text| text.trim().to_lowercase())
}

fn first(held: &[(&Part, &Value)]) -> String {
    held.first()
        .map(|(_, value)| same(value))
        .unwrap_or_default()
}

/// The value that wins; none when none does.
fn settle(held: &[(&Part, &Value)], conflict: Conflict) -> Option<Value> {
    let mut camps: Vec<(String, &Value, usize, f64, f64)> = Vec::new();
    for (part, value) in held {
        let key = same(value);
        match camps.iter_mut().find(|camp| camp.0 == key) {
            Some(camp) => {
                camp.2 += 1;
                camp.3 += part.confidence;
                camp.4 = camp.4.max(part.confidence);
            }
            None => camps.push((key, value, 1, part.confidence, part.confidence)),
        }
    }
    let heads = held.len();
    let weight: f64 = camps.iter().map(|camp| camp.3).sum();
    let best = camps.iter().map(|camp| camp.4).fold(0.0, f64::max);
    let wins = |camp: &&(String, &Value, usize, f64, f64)| match conflict {
        Conflict::Majority => camp.2 * 2 > heads,
        Conflict::Weighted => weight > 0.0 && camp.3 * 2.0 > weight,
        Conflict::HighestConfidence => camp.4 >= best,
    };
    let mut winners = camps.iter().filter(wins);
    let winner = winners.next()?;
    winners.next().is_none().then(|| winner.1.clone())
}
