//! What a program is told and what is read from what it writes.

use orchestrate_core::backend::AgentInput;
use serde_json::{Map, Value, json};

/// The format of the document that a program gets.
const FORMAT: &str = "orchestrate.agent/1";

/// The work as a document.
pub(super) fn document(input: &AgentInput) -> Value {
    let inputs: Map<String, Value> = input
        .inputs
        .iter()
        .map(|(name, value)| (name.to_string(), (**value).clone()))
        .collect();
    let mut results: Vec<Value> = input
        .scope
        .iter()
        .filter_map(|entry| Some(json!({"step": entry.step, "agent": entry.agent.as_ref()?, "output": &*entry.output})))
        .collect();
    results.reverse();
    let template = &input.agent.template;
    json!({
        "format": FORMAT,
        "run": input.run,
        "step": input.step,
        "attempt": input.attempt,
        "idempotency_key": input.idempotency_key(),
        "task": &*input.task,
        "context": &*input.context,
        "agent": {
            "id": input.agent.id,
            "role": template.role,
            "instructions": template.default_instructions,
            "tier": input.agent.tier,
        },
        "instruction": input.instruction.as_deref(),
        "inputs": inputs,
        "results": results,
        "answer_schema": input.answer.as_deref(),
    })
}

/// The answer in what a program wrote: the object that stands where the setup says, or its last line
/// that is an object, or its words under `summary`. Nothing when it wrote nothing.
pub(super) fn answer(written: &[u8], at: Option<&str>) -> Option<Value> {
    let text = String::from_utf8_lossy(written);
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let whole = serde_json::from_str::<Value>(text).ok();
    let inside = whole.as_ref().and_then(|value| value.pointer(at?)).cloned();
    let found = inside.or(whole);
    match found {
        Some(object @ Value::Object(_)) => Some(object),
        Some(Value::String(words)) => Some(of_words(&words)),
        Some(other) => Some(json!({ "summary": other })),
        None => Some(of_words(text)),
    }
}

/// The answer in words: the object that they are, or that stands in them, or they themselves under `summary`.
pub(crate) fn of_words(words: &str) -> Value {
    let object = |text: &str| {
        serde_json::from_str::<Value>(text.trim())
            .ok()
            .filter(Value::is_object)
    };
    let fenced = words
        .split("```")
        .nth(1)
        .map(|it| it.trim_start_matches("json"));
    object(words)
        .or_else(|| object(fenced?))
        .or_else(|| object(words.trim_end().lines().next_back()?))
        .unwrap_or_else(|| json!({ "summary": words.trim() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_found_in_every_form() {
        let check = |written: &str, at: Option<&str>, expected: Value| {
            assert_eq!(answer(written.as_bytes(), at), Some(expected), "{written}");
        };
        check("{\"score\": 1}\n", None, json!({"score": 1}));
        check("looking\n{\"score\": 1}\n", None, json!({"score": 1}));
        check("it is fine\n", None, json!({"summary": "it is fine"}));
        check(
            "{\"result\": \"fine\", \"cost\": 1}",
            Some("/result"),
            json!({"summary": "fine"}),
        );
        check(
            "{\"result\": \"```json\\n{\\\"a\\\": 1}\\n```\"}",
            Some("/result"),
            json!({"a": 1}),
        );
        check("[1]", None, json!({"summary": [1]}));
        assert_eq!(answer(b" \n", None), None);
    }
}
