//! What is said in either version of the protocol, without anybody who says it.

use orchestrate_core::canonical;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::{Part, parts, words};

/// A version of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    V1,
    V03,
}

/// What an agent is asked.
#[derive(Debug, Clone, Copy)]
pub(super) enum Operation {
    Send,
    Get,
    Cancel,
}

/// A message to an agent.
#[derive(Debug)]
pub(super) struct Outgoing<'a> {
    /// The same whenever the same message is sent.
    pub(super) id: &'a str,
    pub(super) text: &'a str,
    /// The task that it goes on with.
    pub(super) task: Option<&'a str>,
}

/// What became of a message.
#[derive(Debug, PartialEq)]
pub(super) enum Reply {
    /// A task was begun.
    Task(RemoteTask),
    /// It was answered at once.
    Answer(Vec<Part>),
}

/// A task of a remote agent.
#[derive(Debug, PartialEq)]
pub(super) struct RemoteTask {
    pub(super) id: String,
    pub(super) state: State,
    /// What the agent says to its state.
    pub(super) said: String,
    /// What it has made.
    pub(super) made: Vec<Part>,
    /// Digest of its whole status, by which a later state is told from an earlier one.
    pub(super) status: String,
}

/// How far a task is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    Working,
    Completed,
    Failed,
    Cancelled,
    Rejected,
    InputRequired,
    AuthRequired,
}

impl State {
    fn of(word: &str) -> Option<Self> {
        let word = word.strip_prefix("TASK_STATE_").unwrap_or(word);
        Some(match word.to_lowercase().replace('_', "-").as_str() {
            "submitted" | "working" => Self::Working,
            "completed" => Self::Completed,
            "failed" => Self::Failed,
            "canceled" => Self::Cancelled,
            "rejected" => Self::Rejected,
            "input-required" => Self::InputRequired,
            "auth-required" => Self::AuthRequired,
            _ => return None,
        })
    }
}

impl Dialect {
    /// The dialect of a version as a card writes it. The main address of an old card names none.
    pub(super) fn of(version: &str) -> Option<Self> {
        match version.split('.').next() {
            Some("1") => Some(Self::V1),
            Some("0" | "") => Some(Self::V03),
            _ => None,
        }
    }

    /// The version as it is named to the other side.
    pub(super) fn version(self) -> &'static str {
        match self {
            Self::V1 => "1.0",
            Self::V03 => "0.3",
        }
    }

    /// The name of an operation.
    pub(super) fn method(self, operation: Operation) -> &'static str {
        match (self, operation) {
            (Self::V1, Operation::Send) => "SendMessage",
            (Self::V1, Operation::Get) => "GetTask",
            (Self::V1, Operation::Cancel) => "CancelTask",
            (Self::V03, Operation::Send) => "message/send",
            (Self::V03, Operation::Get) => "tasks/get",
            (Self::V03, Operation::Cancel) => "tasks/cancel",
        }
    }

    /// The parameters by which a message is sent without waiting for what comes of it.
    pub(super) fn message(self, outgoing: &Outgoing<'_>) -> Value {
        let (mut message, configuration) = match self {
            Self::V1 => (
                json!({"role": "ROLE_USER", "parts": [{"text": outgoing.text}]}),
                json!({"returnImmediately": true}),
            ),
            Self::V03 => (
                json!({"kind": "message", "role": "user", "parts": [{"kind": "text", "text": outgoing.text}]}),
                json!({"blocking": false}),
            ),
        };
        set(&mut message, "messageId", outgoing.id);
        if let Some(task) = outgoing.task {
            set(&mut message, "taskId", task);
        }
        json!({"message": message, "configuration": configuration})
    }

    /// Reads what became of a message.
    ///
    /// # Errors
    /// In words, when it is not what the protocol says.
    pub(super) fn reply(self, result: &Value) -> Result<Reply, String> {
        let (task, message) = match self {
            Self::V1 => (result.get("task"), result.get("message")),
            Self::V03 => match result.get("kind").and_then(Value::as_str) {
                Some("task") => (Some(result), None),
                Some("message") => (None, Some(result)),
                _ => (None, None),
            },
        };
        match (task, message) {
            (Some(task), _) => Ok(Reply::Task(read_task(task)?)),
            (None, Some(message)) => Ok(Reply::Answer(parts(message))),
            (None, None) => Err("its answer is neither a task nor a message".to_owned()),
        }
    }
}

fn set(object: &mut Value, key: &str, value: &str) {
    if let Some(object) = object.as_object_mut() {
        object.insert(key.to_owned(), value.into());
    }
}

/// Reads a task; both versions write the same but for the words of states.
///
/// # Errors
/// In words, when it is none.
pub(super) fn read_task(task: &Value) -> Result<RemoteTask, String> {
    let text = |at: &str| task.pointer(at).and_then(Value::as_str);
    let id = text("/id").ok_or("a task has no `id`")?;
    let word = text("/status/state").ok_or_else(|| format!("task `{id}` has no state"))?;
    let state =
        State::of(word).ok_or_else(|| format!("task `{id}` has the unknown state `{word}`"))?;
    let list = |key: &str| {
        task.get(key)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    };
    let mut made: Vec<Part> = list("artifacts").flat_map(parts).collect();
    let status = task.pointer("/status/message");
    let said = status.map(parts).unwrap_or_default();
    if made.is_empty() && state == State::Completed {
        // Some agents answer in words alone: those of the last state, or their last message.
        let is_agent = |it: &&Value| {
            let role = it.get("role").and_then(Value::as_str);
            matches!(role, Some("agent" | "ROLE_AGENT"))
        };
        made = match said.is_empty() {
            false => said.clone(),
            true => list("history")
                .rfind(is_agent)
                .map(parts)
                .unwrap_or_default(),
        };
    }
    Ok(RemoteTask {
        id: id.to_owned(),
        state,
        said: words(&said),
        made,
        status: canonical::digest(task.get("status").unwrap_or(&Value::Null)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(dialect: Dialect, result: &Value, expected: Expect) {
        let told = match dialect.reply(result) {
            Ok(Reply::Task(task)) => format!(
                "task {} {:?} {:?} made {:?}",
                task.id, task.state, task.said, task.made
            ),
            Ok(Reply::Answer(parts)) => format!("answer {parts:?}"),
            Err(problem) => problem,
        };
        expected.assert_eq(&told);
    }

    #[test]
    fn both_versions_are_read() {
        check(
            Dialect::V1,
            &json!({"task": {"id": "7", "status": {"state": "TASK_STATE_INPUT_REQUIRED",
                "message": {"parts": [{"text": "which?"}]}}}}),
            expect![[r#"task 7 InputRequired "which?" made []"#]],
        );
        check(
            Dialect::V03,
            &json!({"kind": "task", "id": "7", "status": {"state": "completed"},
                "artifacts": [{"parts": [{"kind": "data", "data": {"n": 1}}, {"kind": "text", "text": "one"}]}]}),
            expect![[r#"task 7 Completed "" made [Data(Object {"n": Number(1)}), Text("one")]"#]],
        );
        check(
            Dialect::V03,
            &json!({"kind": "message", "parts": [{"kind": "text", "text": "hello"}]}),
            expect![[r#"answer [Text("hello")]"#]],
        );
        check(
            Dialect::V1,
            &json!({"message": {"parts": [{"text": "hello"}]}}),
            expect![[r#"answer [Text("hello")]"#]],
        );
    }

    #[test]
    fn a_task_that_made_nothing_has_its_last_words() {
        let user = json!({"role": "ROLE_USER", "parts": [{"text": "do it"}]});
        let agent = json!({"role": "ROLE_AGENT", "parts": [{"text": "done"}]});
        check(
            Dialect::V1,
            &json!({"task": {"id": "7", "status": {"state": "TASK_STATE_COMPLETED"}, "history": [agent, user]}}),
            expect![[r#"task 7 Completed "" made [Text("done")]"#]],
        );
    }

    #[test]
    fn what_is_not_of_the_protocol_is_told() {
        check(
            Dialect::V1,
            &json!({"kind": "task"}),
            expect!["its answer is neither a task nor a message"],
        );
        check(
            Dialect::V1,
            &json!({"task": {"id": "7"}}),
            expect!["task `7` has no state"],
        );
        check(
            Dialect::V03,
            &json!({"kind": "task", "id": "7", "status": {"state": "asleep"}}),
            expect!["task `7` has the unknown state `asleep`"],
        );
    }

    #[test]
    fn both_versions_are_written() {
        let outgoing = Outgoing {
            id: "m",
            text: "go",
            task: Some("7"),
        };
        let told = [Dialect::V1, Dialect::V03].map(|it| it.message(&outgoing).to_string());
        expect![[r#"
            {"message":{"role":"ROLE_USER","parts":[{"text":"go"}],"messageId":"m","taskId":"7"},"configuration":{"returnImmediately":true}}
            {"message":{"kind":"message","role":"user","parts":[{"kind":"text","text":"go"}],"messageId":"m","taskId":"7"},"configuration":{"blocking":false}}"#]]
        .assert_eq(&told.join("\n"));
    }
}
