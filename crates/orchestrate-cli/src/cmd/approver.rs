//! Asks the person at the terminal for decisions, one question at a time.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use async_trait::async_trait;
use orchestrate_core::approval::{ApprovalRequest, Approver, Asked};
use tokio::sync::Mutex;

use crate::render::safe;

/// A person at a terminal. Without a terminal nobody is asked, and the run pauses.
#[derive(Debug, Default)]
pub(crate) struct Terminal {
    /// Held while a question stands on the screen.
    turn: Mutex<()>,
}

impl Terminal {
    /// The person at the terminal, if there is one.
    pub(crate) fn present() -> Option<Self> {
        let is_terminal = io::stdin().is_terminal() && io::stderr().is_terminal();
        is_terminal.then(Self::default)
    }
}

#[async_trait]
impl Approver for Terminal {
    fn name(&self) -> &str {
        "terminal"
    }

    async fn ask(&self, request: &ApprovalRequest) -> Asked {
        let _turn = self.turn.lock().await;
        let asked = request.clone();
        // Reading a line blocks; a question that is withdrawn leaves the thread to the end of the program.
        match tokio::task::spawn_blocking(move || ask(&asked)).await {
            Ok(Ok(Some((decision, comment)))) => {
                let mut answer = request.answer(decision, "terminal");
                answer.comment = comment;
                Asked::Decided(answer)
            }
            Ok(Ok(None)) => Asked::Later,
            Ok(Err(error)) => Asked::Unavailable(error.to_string()),
            Err(error) => Asked::Unavailable(error.to_string()),
        }
    }
}

/// A decision and what is said to it; none when the person says nothing.
fn ask(request: &ApprovalRequest) -> io::Result<Option<(String, Option<String>)>> {
    let mut err = io::stderr().lock();
    writeln!(err, "\n{}", safe(&request.question))?;
    for (name, value) in request.shown.as_object().into_iter().flatten() {
        let text = serde_json::to_string_pretty(value)?;
        writeln!(err, "  {}:", safe(name))?;
        for line in text.lines() {
            writeln!(err, "    {}", safe(line))?;
        }
    }
    let possible = request.decisions.join("/");
    loop {
        write!(
            err,
            "[{}] (and a comment behind it; empty to decide later): ",
            safe(&possible)
        )?;
        err.flush()?;
        let mut line = String::new();
        if io::stdin().lock().read_line(&mut line)? == 0 || line.trim().is_empty() {
            return Ok(None);
        }
        let (word, comment) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
        if let Some(decision) = decision(word, &request.decisions) {
            let comment = Some(comment.trim().to_owned()).filter(|it| !it.is_empty());
            return Ok(Some((decision, comment)));
        }
    }
}

/// The decision that a word, or its beginning, names alone.
fn decision(word: &str, possible: &[String]) -> Option<String> {
    if let Some(exact) = possible.iter().find(|it| *it == word) {
        return Some(exact.clone());
    }
    let mut near = possible.iter().filter(|it| it.starts_with(word));
    let first = near.next()?;
    near.next().is_none().then(|| first.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_may_be_shortened_as_long_as_it_is_the_only_one() {
        let possible = ["approve", "edit", "reject", "respond"].map(str::to_owned);
        assert_eq!(decision("a", &possible).as_deref(), Some("approve"));
        assert_eq!(decision("re", &possible), None);
        assert_eq!(decision("reject", &possible).as_deref(), Some("reject"));
        assert_eq!(decision("yes", &possible), None);
    }
}
