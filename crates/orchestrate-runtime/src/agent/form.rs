//! Whether an answer has the form that was asked for.

use jsonschema::Validator;
use orchestrate_core::backend::AgentFailure;
use orchestrate_core::outcome::FailureClass;
use serde_json::Value;

/// How many faults of one answer are told to the model.
const TOLD: usize = 5;

/// A schema, ready to check answers.
#[derive(Debug)]
pub(super) struct Form(Option<Validator>);

impl Form {
    /// The form of a schema; without one every object is right.
    pub(super) fn of(schema: Option<&Value>) -> Result<Self, AgentFailure> {
        let validator = schema.map(jsonschema::validator_for).transpose();
        validator.map(Self).map_err(|error| {
            let message = format!("the schema of the answer is none: {error}");
            AgentFailure::new(FailureClass::Input, message)
        })
    }

    /// What is wrong with a value, in words for the model.
    pub(super) fn check(&self, value: &Value) -> Result<(), String> {
        let Some(validator) = &self.0 else {
            return Ok(());
        };
        let faults: Vec<String> = validator
            .iter_errors(value)
            .take(TOLD)
            .map(|fault| match fault.instance_path().as_str() {
                "" => fault.to_string(),
                path => format!("`{path}`: {fault}"),
            })
            .collect();
        if faults.is_empty() {
            Ok(())
        } else {
            Err(faults.join("; "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn faults_are_told_by_their_place() {
        let schema = json!({"type": "object", "required": ["score"], "properties": {"score": {"type": "number"}}});
        let form = Form::of(Some(&schema)).unwrap();
        assert_eq!(form.check(&json!({"score": 1})), Ok(()));
        let fault = form.check(&json!({"score": "a"})).unwrap_err();
        assert!(fault.starts_with("`/score`: "), "{fault}");
        assert!(form.check(&json!({})).unwrap_err().contains("score"));
        assert!(Form::of(Some(&json!({"type": "nonsense"}))).is_err());
    }
}
