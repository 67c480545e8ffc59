//! What agents tell each other: signals to one or to all, and events of a stream.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Something that one agent tells another, or all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Signal {
    /// Its place among the signals of the team.
    pub number: u64,
    /// What it is about.
    #[serde(rename = "type")]
    pub kind: String,
    /// Who tells it.
    pub source: String,
    /// To whom; none for everybody else.
    pub target: Option<String>,
    /// What is told.
    pub payload: Value,
    /// When.
    pub at: u64,
    /// From when on nobody is told any more.
    pub until: u64,
}

impl Signal {
    /// Whether an agent is to be told.
    #[must_use]
    pub fn is_for(&self, agent: &str, now: u64) -> bool {
        let addressed = match &self.target {
            Some(target) => target == agent,
            None => self.source != agent,
        };
        addressed && now < self.until
    }
}

/// One event of a stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StreamEvent {
    /// Its place in the stream, from 1, without gaps.
    pub number: u64,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: String,
    /// Who published it.
    pub source: String,
    /// What happened.
    pub payload: Value,
    /// When.
    pub at: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_reaches_whom_it_is_for_while_it_lasts() {
        let signal = |target: Option<&str>| Signal {
            number: 1,
            kind: "x".into(),
            source: "a".into(),
            target: target.map(str::to_owned),
            payload: Value::Null,
            at: 0,
            until: 10,
        };
        assert!(signal(None).is_for("b", 9) && !signal(None).is_for("a", 9));
        assert!(signal(Some("b")).is_for("b", 9) && !signal(Some("b")).is_for("c", 9));
        assert!(!signal(None).is_for("b", 10));
    }
}
