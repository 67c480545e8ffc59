//! Masks secrets in everything that an agent hands over: paths and names come from the repository
//! like any other text.

use std::borrow::Cow;
use std::sync::Arc;

use orchestrate_analysis::secrets::redact;
use orchestrate_core::backend::{AgentFailure, AgentOutput};
use orchestrate_core::evidence::Evidence;
use serde_json::{Map, Value};

/// An answer without a secret in any of its strings, keys or evidence.
pub(super) fn output(mut output: AgentOutput) -> AgentOutput {
    value(Arc::make_mut(&mut output.output));
    evidence(&mut output.evidence);
    output
}

/// A failure without a secret in what it says.
pub(super) fn failure(mut failure: AgentFailure) -> AgentFailure {
    text(&mut failure.message);
    if let Some(output) = &mut failure.output {
        value(Arc::make_mut(output));
    }
    evidence(&mut failure.evidence);
    failure
}

fn evidence(evidence: &mut [Evidence]) {
    for one in evidence {
        text(&mut one.method);
        one.command.iter_mut().flatten().for_each(text);
        one.notes.iter_mut().for_each(text);
    }
}

/// Values here are made by this crate, so they are only a few levels deep.
pub(crate) fn value(json: &mut Value) {
    match json {
        Value::String(string) => text(string),
        Value::Array(items) => items.iter_mut().for_each(value),
        Value::Object(fields) => {
            fields.values_mut().for_each(value);
            if fields
                .keys()
                .any(|key| matches!(redact(key), Cow::Owned(_)))
            {
                keys(fields);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Two keys that read alike once they are masked are told apart by a number.
fn keys(fields: &mut Map<String, Value>) {
    for (key, field) in std::mem::take(fields) {
        let masked = redact(&key).into_owned();
        let free = (2..)
            .map(|number| format!("{masked} #{number}"))
            .find(|name| !fields.contains_key(name));
        match free.filter(|_| fields.contains_key(&masked)) {
            Some(name) => fields.insert(name, field),
            None => fields.insert(masked, field),
        };
    }
}

fn text(text: &mut String) {
    if let Cow::Owned(masked) = redact(text) {
        *text = masked;
    }
}

#[cfg(test)]
mod tests {
    use orchestrate_core::outcome::FailureClass;
    use serde_json::json;

    use super::*;

    #[test]
    fn every_string_and_key_is_masked_and_nothing_else_changes() {
        // Assembled here so that the file itself holds no credential.
        let one = format!("ghp_{}", "Zk3Qv9Lw2Xc8Rb5Tn7Yd1Hs6Jf4Gm0PaUeBi");
        let two = format!("ghp_{}", "Qk3Zv9Lw2Xc8Rb5Tn7Yd1Hs6Jf4Gm0PaUeBi");
        let made = output(
            AgentOutput::json(json!({
                "paths": [format!("src/{one}.py"), "src/plain.py"],
                "fields": { &one: 1, &two: format!("get_{two}_now"), "plain": 0.5 },
            }))
            .with_evidence(Evidence {
                method: format!("read {one}"),
                notes: vec![format!("left out {two}")],
                ..Evidence::default()
            }),
        );
        assert_eq!(
            *made.output,
            json!({
                "paths": ["src/ghp_...(40 characters).py", "src/plain.py"],
                "fields": {
                    "ghp_...(40 characters)": 1,
                    "ghp_...(40 characters) #2": "get_ghp_...(40 characters)_now",
                    "plain": 0.5,
                },
            })
        );
        let shown = format!("{made:?}");
        assert!(!shown.contains(&one) && !shown.contains(&two), "{shown}");
        let failed = failure(AgentFailure::new(
            FailureClass::Input,
            format!("no `{one}`"),
        ));
        assert_eq!(failed.message, "no `ghp_...(40 characters)`");
    }
}
