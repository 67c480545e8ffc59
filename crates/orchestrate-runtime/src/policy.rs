//! Which calls of tools a person must allow, what the person is asked, and what the answer means.

use std::sync::Arc;

use orchestrate_core::approval::{ApprovalAnswer, CallQuestion};
use orchestrate_core::backend::AgentFailure;
use orchestrate_core::calls::{AGAIN, Calls};
use orchestrate_core::plan::{APPROVE, REJECT};
use orchestrate_core::tool::{Effect, ToolSpec};
use serde_json::{Value, json};

use crate::guard::scrub_value;

/// What can be decided, besides [`AGAIN`], of a call that was begun and whose end nobody saw.
const SUCCEEDED: &str = "succeeded";
const FAILED: &str = "failed";

/// Which calls of tools a person must allow before they are made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApprovalPolicy {
    /// Names of tools; one that ends in `*` stands for all that begin so.
    names: Vec<String>,
    /// All tools that can change at least this much.
    from: Option<Effect>,
}

impl ApprovalPolicy {
    /// Asks for one more kind of call: a tool by its name, several by a name that ends in `*`, or all that can
    /// change at least so much by an effect, `write` or `external`.
    #[must_use]
    pub fn and(mut self, what: &str) -> Self {
        match what.parse::<Effect>() {
            Ok(effect) => self.from = Some(self.from.map_or(effect, |from| from.min(effect))),
            Err(_) => self.names.push(what.to_owned()),
        }
        self
    }

    /// Whether a person must allow calls of a tool.
    #[must_use]
    pub fn asks_for(&self, tool: &ToolSpec) -> bool {
        self.from.is_some_and(|from| tool.effect >= from)
            || self.names.iter().any(|name| stands_for(name, &tool.name))
    }
}

/// Whether a name, or the beginning of one before a `*`, stands for a tool.
pub(crate) fn stands_for(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => pattern == name,
    }
}

/// A call that a person is asked about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asking<'a> {
    pub(crate) calls: &'a Calls,
    /// Who wants to make it: an agent, or a step.
    pub(crate) who: &'a str,
    pub(crate) tool: &'a ToolSpec,
    pub(crate) arguments: &'a Value,
    /// Position among the calls of the step.
    pub(crate) ordinal: u32,
    /// Digest of the whole call; what is shown may be masked.
    pub(crate) digest: &'a str,
}

/// What a person says to a call.
#[derive(Debug, PartialEq)]
pub(crate) enum Permission {
    Allowed,
    /// It is not made, for this reason.
    Refused(String),
    /// It was made before and ended well.
    Made(String),
}

impl Asking<'_> {
    /// Whether a call may be made, with the words of the tool if it asks itself.
    ///
    /// # Errors
    /// While nobody has decided; see [`Calls::decision`].
    pub(crate) fn before(&self, words: Option<&str>) -> Result<Permission, AgentFailure> {
        let changes = match self.tool.effect {
            Effect::Read => "it changes nothing",
            Effect::Write => "it can change this project",
            Effect::External => "it can change things outside of this project",
        };
        let (who, name) = (self.who, &self.tool.name);
        let question = match words {
            Some(words) => format!("`{who}` wants to call `{name}`: {words}"),
            None => format!("`{who}` wants to call `{name}`; {changes}"),
        };
        let answer = self.decision(question, &[APPROVE, REJECT])?;
        Ok(if answer.decision == APPROVE {
            Permission::Allowed
        } else {
            Permission::Refused(said("did not allow this call", &answer))
        })
    }

    /// What became of a call whose end nobody saw and that cannot simply be made again.
    ///
    /// # Errors
    /// As [`Self::before`].
    #[cfg_attr(
        not(feature = "models"),
        expect(
            dead_code,
            reason = "only agents over models record their calls one by one"
        )
    )]
    pub(crate) fn in_doubt(&self) -> Result<Permission, AgentFailure> {
        let question = format!(
            "`{}` began to call `{}` and nobody saw the end; it may have changed something. What became of it?",
            self.who, self.tool.name
        );
        let answer = self.decision(question, &[AGAIN, SUCCEEDED, FAILED])?;
        Ok(match answer.decision.as_str() {
            AGAIN => Permission::Allowed,
            SUCCEEDED => Permission::Made(said("says that the call succeeded", &answer)),
            _ => Permission::Refused(said("says that the call failed", &answer)),
        })
    }

    fn decision(
        &self,
        question: String,
        decisions: &[&str],
    ) -> Result<ApprovalAnswer, AgentFailure> {
        let masked = scrub_value(self.arguments);
        let shown = json!({
            "agent": self.who,
            "tool": self.tool.name,
            "effect": self.tool.effect,
            "arguments": masked.as_ref().unwrap_or(self.arguments),
            "call": self.ordinal,
            "digest": self.digest,
        });
        self.calls.decision(CallQuestion {
            question,
            decisions: decisions.iter().map(|&it| it.to_owned()).collect(),
            shown: Arc::new(shown),
        })
    }
}

fn said(what: &str, answer: &ApprovalAnswer) -> String {
    let comment = answer.comment.as_deref().filter(|text| !text.is_empty());
    let comment = comment.map(|text| format!(": {text}"));
    format!("{} {what}{}", answer.by, comment.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(name: &str, effect: Effect) -> ToolSpec {
        ToolSpec {
            name: name.to_owned(),
            description: String::new(),
            parameters: json!({}),
            effect,
        }
    }

    #[test]
    fn a_policy_names_tools_or_what_they_can_change() {
        let policy = ApprovalPolicy::default().and("fs.write").and("mcp.*");
        assert!(policy.asks_for(&tool("fs.write", Effect::Write)));
        assert!(policy.asks_for(&tool("mcp.files.read", Effect::Read)));
        assert!(!policy.asks_for(&tool("shell.run", Effect::External)));
        let policy = policy.and("external").and("write");
        assert!(policy.asks_for(&tool("notes.put", Effect::Write)));
        assert!(!policy.asks_for(&tool("fs.read", Effect::Read)));
    }

    #[test]
    fn what_a_person_is_shown_holds_no_credential() {
        let key = format!("sk-{}", "a1b2c3d4e5f6g7h8i9j0".repeat(2));
        let calls = Calls::default();
        let arguments = json!({"text": key});
        let spec = tool("fs.write", Effect::Write);
        let asking = Asking {
            calls: &calls,
            who: "coder",
            tool: &spec,
            arguments: &arguments,
            ordinal: 1,
            digest: "d",
        };
        let waiting = asking.before(None).unwrap_err().question.unwrap();
        assert!(!format!("{waiting:?}").contains(&key));
        assert_eq!(waiting.shown["arguments"]["text"], "[masked]");

        let answer = |decision: &str| ApprovalAnswer {
            digest: waiting.digest(),
            decision: decision.to_owned(),
            by: "ann".to_owned(),
            comment: Some("not there".to_owned()),
            edits: None,
        };
        let decided = |decision: &str| {
            let mut decided = orchestrate_core::calls::Decided::default();
            decided.insert(answer(decision));
            let calls = Calls::default().with_decided(decided);
            Asking {
                calls: &calls,
                ..asking
            }
            .before(None)
        };
        assert_eq!(decided(APPROVE), Ok(Permission::Allowed));
        let refused = "ann did not allow this call: not there".to_owned();
        assert_eq!(decided(REJECT), Ok(Permission::Refused(refused)));
    }
}
