//! What a tool did and found.

use orchestrate_analysis::finding::{Confidence, Severity};
use orchestrate_core::evidence::Evidence;
use serde_json::{Value, json};

use super::family::Family;
use super::tool::ExternalTool;
use crate::process::Stop;

/// How a tool came to its end.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ToolState {
    /// It ran to its end.
    Done(Vec<Reported>),
    /// There was nothing for it to read.
    Idle(String),
    /// It is missing, or it failed: why, and what would help.
    Failed { why: String, how: String },
}

/// A finding as a tool reports it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reported {
    /// The tool's own name of what it found.
    pub(super) rule: String,
    pub(super) severity: Severity,
    pub(super) confidence: Confidence,
    /// Relative to the repository, with forward slashes.
    pub(super) path: String,
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) message: String,
    pub(super) fix: String,
    /// What kind it is of.
    pub(super) family: Family,
}

/// A run of a tool.
#[derive(Debug, Clone)]
pub(crate) struct ToolRun {
    pub(crate) tool: ExternalTool,
    pub(crate) version: String,
    pub(super) command: Vec<String>,
    pub(super) stop: Option<Stop>,
    pub(super) duration_ms: f64,
    pub(crate) state: ToolState,
    /// Files that it could not read, and the like.
    pub(crate) notes: Vec<String>,
}

impl ToolRun {
    /// For the output of an agent.
    pub(crate) fn document(&self) -> Value {
        let (state, found, why) = match &self.state {
            ToolState::Done(found) => ("done", Some(found.len()), None),
            ToolState::Idle(why) => ("idle", None, Some(why)),
            ToolState::Failed { why, .. } => ("failed", None, Some(why)),
        };
        json!({
            "tool": self.tool.name(),
            "version": self.version,
            "state": state,
            "reported": found,
            "why": why,
        })
    }

    /// How its findings came to be; none if it was not run.
    pub(crate) fn evidence(&self) -> Option<Evidence> {
        let stop = self.stop?;
        let mut notes = self.notes.clone();
        if stop.code().is_none() {
            notes.push(stop.told());
        }
        Some(Evidence {
            method: "an external tool of the user's, as it is installed and configured".to_owned(),
            tool: self.tool.name().to_owned(),
            version: self.version.clone(),
            command: Some(self.command.clone()),
            exit_code: stop.code(),
            duration_ms: Some(self.duration_ms),
            notes,
            ..Evidence::default()
        })
    }
}
