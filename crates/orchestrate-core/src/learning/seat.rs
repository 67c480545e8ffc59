//! One agent of a composition, as stores keep it: a template, a tier, what the strategy has it for.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::task::Context;
use crate::template::Tier;

/// The keys under which files of other systems name the template, the surest first.
const TEMPLATE_KEYS: [&str; 4] = ["template_id", "role", "agent_id", "id"];

/// One agent of a composition. In JSON an object `{"role": "security_auditor", "tier": "PREMIUM"}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Context", into = "Context")]
pub struct AgentSeat {
    /// The id of its template.
    pub template: String,
    /// The tier that it works at; without it the one that the template prefers.
    pub tier: Option<Tier>,
    /// What the strategy has it for, for example `synthesizer`, where that matters.
    pub seat: Option<String>,
    /// Whatever else a file says of it; kept as it is.
    pub other: Context,
}

impl AgentSeat {
    /// An agent at a tier.
    #[must_use]
    pub fn new(template: impl Into<String>, tier: Option<Tier>) -> Self {
        Self {
            template: template.into(),
            tier,
            seat: None,
            other: Context::new(),
        }
    }

    /// The same with what the strategy has it for.
    #[must_use]
    pub fn with_seat(mut self, seat: Option<String>) -> Self {
        self.seat = seat;
        self
    }
}

/// An agent of a composition that names no template, or a tier that there is not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidSeat(String);

impl TryFrom<Context> for AgentSeat {
    type Error = InvalidSeat;

    fn try_from(mut map: Context) -> Result<Self, InvalidSeat> {
        let text = |value: &Value| value.as_str().filter(|it| !it.is_empty()).is_some();
        let key = TEMPLATE_KEYS
            .into_iter()
            .find(|key| map.get(*key).is_some_and(text));
        let template = key.and_then(|key| map.shift_remove(key));
        let Some(Value::String(template)) = template else {
            let keys = TEMPLATE_KEYS.join("`, `");
            return Err(InvalidSeat(format!(
                "an agent needs the id of its template under one of `{keys}`"
            )));
        };
        let tier = match map.shift_remove("tier") {
            None | Some(Value::Null) => None,
            Some(value) => {
                let word = value.as_str().unwrap_or_default();
                let tier: Tier = word
                    .parse()
                    .map_err(|error| InvalidSeat(format!("agent `{template}`: {error}")))?;
                Some(tier)
            }
        };
        let seat = match map.shift_remove("seat") {
            Some(Value::String(seat)) => Some(seat),
            _ => None,
        };
        Ok(Self {
            template,
            tier,
            seat,
            other: map,
        })
    }
}

impl From<AgentSeat> for Context {
    fn from(seat: AgentSeat) -> Self {
        // A file that has a text of its own under `role` keeps it there.
        let key = if seat.other.contains_key("role") {
            "template_id"
        } else {
            "role"
        };
        let mut map = Self::new();
        map.insert(key.to_owned(), seat.template.into());
        if let Some(tier) = seat.tier {
            map.insert("tier".to_owned(), tier.as_str().into());
        }
        if let Some(name) = seat.seat {
            map.insert("seat".to_owned(), name.into());
        }
        map.extend(seat.other);
        map
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_form_of_an_agent_is_read_and_nothing_of_it_is_lost() {
        let check = |given: Value, template: &str| {
            let seat: AgentSeat = serde_json::from_value(given.clone()).unwrap();
            assert_eq!(seat.template, template);
            assert_eq!(serde_json::to_value(seat).unwrap(), given);
        };
        check(
            json!({"role": "security_auditor", "tier": "PREMIUM"}),
            "security_auditor",
        );
        check(
            json!({"template_id": "code_reviewer", "role": "Reviewer", "mode": "x"}),
            "code_reviewer",
        );
        check(
            json!({"role": "synthesizer", "seat": "synthesizer"}),
            "synthesizer",
        );
    }

    #[test]
    fn an_agent_without_a_template_or_of_no_known_tier_is_refused() {
        let refused = |given: Value| {
            serde_json::from_value::<AgentSeat>(given)
                .unwrap_err()
                .to_string()
        };
        assert!(refused(json!({"tier": "CHEAP"})).contains("`template_id`"));
        assert!(refused(json!({"role": "x", "tier": "GOLD"})).contains("unknown tier `GOLD`"));
    }
}
