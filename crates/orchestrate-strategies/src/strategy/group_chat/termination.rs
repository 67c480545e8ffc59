//! When a conversation is over: conditions that compose with any and all.

use orchestrate_core::condition::Condition;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::common;

/// Something that ends a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Termination {
    /// As soon as one of these holds.
    Any(Vec<Termination>),
    /// As soon as all of these hold.
    All(Vec<Termination>),
    /// The last message has this text somewhere.
    TextMention(String),
    /// There are so many messages.
    MaxMessages(u32),
    /// The participants have used so many tokens.
    MaxTokens(u64),
    /// The participants have worked so long, in milliseconds: the sum over all messages.
    TimeoutMs(u64),
    /// The last message hands over to this one, who may be outside of the conversation.
    HandoffTo(String),
    /// The last message called the tool or function of this name.
    FunctionCalled(String),
    /// A person, asked this after every message, says stop.
    External(String),
    /// A condition over `messages`, `last`, `tokens` and `worked_ms`.
    When(Condition),
}

impl Termination {
    /// Why the conversation is over; none while it is not.
    pub(super) fn reason(&self, state: &Value) -> Option<String> {
        let last = || state.get("last").unwrap_or(&Value::Null);
        match self {
            Self::Any(of) => of.iter().find_map(|one| one.reason(state)),
            Self::All(of) => {
                let reasons: Option<Vec<String>> = of.iter().map(|one| one.reason(state)).collect();
                reasons
                    .filter(|reasons| !reasons.is_empty())
                    .map(|reasons| reasons.join(" and "))
            }
            Self::TextMention(text) => {
                mentions(last(), text).then(|| format!("text_mention: `{text}`"))
            }
            Self::MaxMessages(most) => {
                let messages = common::list(Some(state), "messages").len();
                (messages as u64 >= u64::from(*most)).then(|| format!("max_messages: {most}"))
            }
            Self::MaxTokens(most) => (common::count(Some(state), "tokens") >= *most)
                .then(|| format!("max_tokens: {most}")),
            Self::TimeoutMs(most) => (common::count(Some(state), "worked_ms") >= *most)
                .then(|| format!("timeout: {most} ms")),
            Self::HandoffTo(to) => {
                let handed = last().get("handoff_to").and_then(Value::as_str);
                (handed == Some(to)).then(|| format!("handoff_to: `{to}`"))
            }
            Self::FunctionCalled(name) => {
                let calls = common::list(Some(last()), "tool_calls");
                let called = |call: &Value| {
                    call.as_str() == Some(name)
                        || call.get("name").and_then(Value::as_str) == Some(name)
                };
                calls
                    .iter()
                    .any(called)
                    .then(|| format!("function_called: `{name}`"))
            }
            Self::External(_) => (state.get("external").and_then(Value::as_str) == Some("stop"))
                .then(|| "external".to_owned()),
            Self::When(condition) => condition
                .evaluate(state)
                .holds
                .then(|| format!("when: {condition}")),
        }
    }

    /// The question that a person is asked after every message, if one is.
    pub(super) fn question(&self) -> Option<&str> {
        match self {
            Self::Any(of) | Self::All(of) => of.iter().find_map(Self::question),
            Self::External(question) => Some(question),
            _ => None,
        }
    }
}

/// Whether a text stands anywhere in a value.
fn mentions(value: &Value, text: &str) -> bool {
    match value {
        Value::String(own) => own.contains(text),
        Value::Array(items) => items.iter().any(|item| mentions(item, text)),
        Value::Object(map) => map.values().any(|item| mentions(item, text)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use orchestrate_core::condition::Comparison;
    use serde_json::json;

    fn check(termination: Value, expected: Option<&str>) {
        let termination: Termination = serde_json::from_value(termination).unwrap();
        let state = json!({
            "messages": [{}, {}, {}],
            "last": {"text": "All done. TERMINATE", "handoff_to": "user", "tool_calls": [{"name": "submit"}]},
            "tokens": 900,
            "worked_ms": 4000,
        });
        assert_eq!(
            termination.reason(&state).as_deref(),
            expected,
            "{termination:?}"
        );
    }

    #[test]
    fn each_condition_and_their_any_and_all() {
        check(
            json!({"text_mention": "TERMINATE"}),
            Some("text_mention: `TERMINATE`"),
        );
        check(json!({"text_mention": "terminate"}), None);
        check(json!({"max_messages": 3}), Some("max_messages: 3"));
        check(json!({"max_messages": 4}), None);
        check(json!({"max_tokens": 900}), Some("max_tokens: 900"));
        check(json!({"max_tokens": 901}), None);
        check(json!({"timeout_ms": 4000}), Some("timeout: 4000 ms"));
        check(json!({"handoff_to": "user"}), Some("handoff_to: `user`"));
        check(
            json!({"function_called": "submit"}),
            Some("function_called: `submit`"),
        );
        check(json!({"function_called": "sub"}), None);
        check(json!({"external": "go on?"}), None);
        check(
            json!({"any": [{"max_messages": 9}, {"max_tokens": 1}]}),
            Some("max_tokens: 1"),
        );
        check(
            json!({"all": [{"max_messages": 9}, {"max_tokens": 1}]}),
            None,
        );
        check(
            json!({"all": [{"max_messages": 2}, {"max_tokens": 1}]}),
            Some("max_messages: 2 and max_tokens: 1"),
        );
        check(json!({"all": []}), None);
        let when = Condition::compare("tokens", Comparison::Gt, 100);
        check(json!({"when": when}), Some("when: tokens > 100"));
    }
}
