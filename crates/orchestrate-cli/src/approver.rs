//! Who decides in a run of the command line: what was given with `--decide`, else a person at the terminal, else nobody now.

use std::io::{self, BufRead as _, IsTerminal as _};

use async_trait::async_trait;
use orchestrate_core::approval::{ApprovalRequest, Approver, Asked};
use serde_json::Value;
use tokio::sync::Mutex;

use crate::args::Decision;
use crate::render::safe;

/// How much of what is shown fits a terminal, in characters.
const SHOWN: usize = 4_000;

/// Decides by flags, then by asking.
#[derive(Debug)]
pub(crate) struct CommandLineApprover {
    decisions: Vec<Decision>,
    /// Whether there is a person to ask: stdin and stderr are terminals.
    terminal: bool,
    /// One question at a time.
    asking: Mutex<()>,
}

impl CommandLineApprover {
    /// The approver of this process; none when there are neither decisions nor a person at a terminal.
    pub(crate) fn new(decisions: Vec<Decision>) -> Option<Self> {
        let terminal = io::stdin().is_terminal() && io::stderr().is_terminal();
        (terminal || !decisions.is_empty()).then(|| Self {
            decisions,
            terminal,
            asking: Mutex::new(()),
        })
    }
}

#[async_trait]
impl Approver for CommandLineApprover {
    fn name(&self) -> &'static str {
        "command line"
    }

    async fn ask(&self, request: &ApprovalRequest) -> Asked {
        let given = self
            .decisions
            .iter()
            .find(|given| given.step == request.step.as_str());
        if let Some(given) = given {
            return Asked::Decided(request.answer(given.decision.as_str(), "command line"));
        }
        if !self.terminal {
            return Asked::Later;
        }
        let _turn = self.asking.lock().await;
        let request = request.clone();
        // A thread that waits for a line cannot be stopped; it ends with the process.
        let asked = tokio::task::spawn_blocking(move || at_the_terminal(&request)).await;
        asked.unwrap_or(Asked::Later)
    }
}

/// Asks until something is decided. An empty line means later.
fn at_the_terminal(request: &ApprovalRequest) -> Asked {
    say(&question(request));
    let mut lines = io::stdin().lock().lines();
    loop {
        say(&format!(
            "Decide ({}), with a comment behind it if you like; nothing for later: ",
            request.decisions.join(", ")
        ));
        let Some(Ok(line)) = lines.next() else {
            return Asked::Later;
        };
        match read(request, &line) {
            Ok(asked) => return asked,
            Err(problem) => say(&format!("{problem}\n")),
        }
    }
}

fn read(request: &ApprovalRequest, line: &str) -> Result<Asked, String> {
    let line = line.trim();
    if line.is_empty() {
        return Ok(Asked::Later);
    }
    let (word, comment) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    // A decision of several words is given alone.
    let (decision, comment) = if request.decisions.iter().any(|decision| decision == line) {
        (line, "")
    } else {
        (meant(word, &request.decisions), comment.trim())
    };
    let mut answer = request.answer(decision, "person at the terminal");
    answer.comment = (!comment.is_empty()).then(|| comment.to_owned());
    match request.admits(&answer) {
        Ok(()) => Ok(Asked::Decided(answer)),
        Err(refused) => Err(refused.to_string()),
    }
}

/// The decision that a word, or its beginning, names alone; else the word.
fn meant<'a>(word: &'a str, possible: &'a [String]) -> &'a str {
    let mut near = possible.iter().filter(|it| it.starts_with(word));
    match (near.next(), near.next()) {
        (Some(only), None) => only,
        _ => word,
    }
}

fn question(request: &ApprovalRequest) -> String {
    let mut text = format!("\n{}: {}\n", request.step, safe(&request.question));
    let fields = request.shown.as_object().into_iter().flatten();
    for (name, value) in fields {
        let value = match value {
            Value::String(plain) => plain.clone(),
            other => serde_json::to_string_pretty(other).unwrap_or_default(),
        };
        let cut: String = value.chars().take(SHOWN).collect();
        let more = value.chars().count().saturating_sub(SHOWN);
        text.push_str(&format!("  {name}:\n"));
        for line in cut.lines() {
            text.push_str(&format!("    {}\n", safe(line)));
        }
        if more > 0 {
            text.push_str(&format!("    ... and {more} characters more\n"));
        }
    }
    text
}

fn say(text: &str) {
    use std::io::Write as _;
    let mut err = io::stderr().lock();
    // A person who cannot be told cannot decide, and then the answer is "later".
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;
    use orchestrate_core::id::{RunId, StepPath};
    use serde_json::json;
    use std::sync::Arc;

    fn request() -> ApprovalRequest {
        ApprovalRequest::new(
            RunId::of(&[1]),
            StepPath::root().child(&"gate"),
            "Publish\u{1b}[2J?".into(),
            vec!["approve".into(), "reject".into()],
            Arc::new(json!({"draft": "two\nlines", "score": {"n": 1}})),
        )
    }

    #[test]
    fn a_line_is_a_decision_with_a_comment_or_later() {
        let decided = |line: &str| match read(&request(), line) {
            Ok(Asked::Decided(answer)) => format!("{} {:?}", answer.decision, answer.comment),
            Ok(other) => format!("{other:?}"),
            Err(problem) => problem,
        };
        assert_eq!(decided(" approve \n"), "approve None");
        assert_eq!(decided("reject too long"), "reject Some(\"too long\")");
        assert_eq!(decided("a"), "approve None");
        assert_eq!(decided(""), "Later");
        assert_eq!(
            decided("yes"),
            "`yes` cannot be decided here (possible: approve, reject)"
        );
    }

    #[test]
    fn what_is_shown_cannot_steer_the_terminal() {
        expect![[r#"

            gate: Publish\u{1b}[2J?
              draft:
                two
                lines
              score:
                {
                  "n": 1
                }
        "#]]
        .assert_eq(&question(&request()));
    }
}
