//! One question to a model outside of any run, with a form of answer and bounded repair.

use orchestrate_core::limits::Usage;
use orchestrate_core::model::{CacheMark, History, Model, ModelFault, OutputSchema};
use orchestrate_strategies::turn::{End, Need, Turn, TurnLimit, TurnLimits, TurnSetup};
use serde_json::Value;

use super::form::Form;
use super::record;
use crate::guard::masked;

/// What a model is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// What it is told first.
    pub system: &'a str,
    /// What it is asked.
    pub text: &'a str,
    /// JSON Schema of the answer.
    pub schema: &'a Value,
    /// Tokens of all its calls, read and written.
    pub tokens: u64,
}

/// What came of a question.
#[derive(Debug, Clone, PartialEq)]
pub struct Consulted {
    /// The answer, of the form that was asked for; else why there is none.
    pub answer: Result<Value, String>,
    /// Why earlier answers were sent back, in order.
    pub sent_back: Vec<String>,
    /// What it used.
    pub usage: Usage,
    /// The bound that was reached, if one was.
    pub limit: Option<TurnLimit>,
    /// In what way the provider failed, if it did.
    pub fault: Option<ModelFault>,
}

/// Asks a model. An answer of the wrong form, or one that `check` finds wanting, is sent back with the
/// reason, a bounded number of times.
pub async fn consult(
    model: &dyn Model,
    question: Question<'_>,
    mut check: impl FnMut(&Value) -> Result<(), String>,
) -> Consulted {
    let mut consulted = Consulted {
        answer: Err(String::new()),
        sent_back: Vec::new(),
        usage: Usage::default(),
        limit: None,
        fault: None,
    };
    let form = match Form::of(Some(question.schema)) {
        Ok(form) => form,
        Err(failure) => {
            consulted.answer = Err(failure.message);
            return consulted;
        }
    };
    let mut turn = Turn::new(TurnSetup {
        system: question.system.to_owned(),
        history: History::begin(question.text),
        task_at: 0,
        tools: Vec::new(),
        output: Some(OutputSchema {
            name: "answer".to_owned(),
            schema: question.schema.clone(),
        }),
        limits: TurnLimits {
            rounds: 4,
            tool_calls: 0,
            tokens: question.tokens,
            ..TurnLimits::default()
        },
        cache: CacheMark::None,
    });
    consulted.answer = loop {
        match turn.need() {
            Need::Model { request, .. } => match model.answer(&request, &|_| {}).await {
                Ok(response) => {
                    let response = masked(response);
                    consulted.usage += record::usage(&response);
                    turn.model_answered(response, |value| {
                        let checked = form.check(value).and_then(|()| check(value));
                        if let Err(why) = &checked {
                            consulted.sent_back.push(why.clone());
                        }
                        checked
                    });
                }
                Err(error) => {
                    consulted.fault = Some(error.fault);
                    break Err(error.to_string());
                }
            },
            Need::Done(End::Answered { value }) => break Ok(value.clone()),
            Need::Done(End::Failed { message, .. }) => break Err(message.clone()),
            Need::Done(End::LimitReached { limit, .. }) => {
                consulted.limit = Some(*limit);
                break Err(format!("it reached its limit of {}", limit.as_str()));
            }
            // It was given no tools, so it can call none and nobody needs to allow any.
            Need::Tools(_) | Need::Done(End::NeedsPerson { .. }) => {
                break Err("it called a tool that it was not given".to_owned());
            }
        }
    };
    consulted
}

#[cfg(test)]
mod tests {
    use super::*;
    use orchestrate_core::testing::{ScriptedModel, model_says};
    use serde_json::json;

    async fn ask(answers: &[&str]) -> Consulted {
        let script: Vec<_> = answers.iter().map(|it| Ok(model_says(it))).collect();
        let schema =
            json!({"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}});
        let question = Question {
            system: "s",
            text: "t",
            schema: &schema,
            tokens: 10_000,
        };
        let odd = |value: &Value| match value["n"].as_u64() {
            Some(n) if n % 2 == 1 => Ok(()),
            _ => Err("it is even".to_owned()),
        };
        consult(&ScriptedModel::new("m", script), question, odd).await
    }

    #[tokio::test]
    async fn what_is_found_wanting_is_sent_back_with_the_reason_so_often() {
        let consulted = ask(&["{\"n\": 2}", "{}", "{\"n\": 3}"]).await;
        assert_eq!(consulted.answer, Ok(json!({"n": 3})));
        assert_eq!(consulted.sent_back.len(), 2);
        assert_eq!(consulted.sent_back[0], "it is even");
        assert_eq!(consulted.usage.tokens, 45);
        let never = ask(&["{\"n\": 2}", "{\"n\": 2}", "{\"n\": 2}", "{\"n\": 3}"]).await;
        assert_eq!(
            never.answer,
            Err("it is even (sent back 2 times)".to_owned())
        );
        let silent = ask(&[]).await;
        assert!(silent.answer.is_err() && silent.fault.is_some());
    }
}
