//! What a test run came to.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use orchestrate_analysis::language::Language;
use orchestrate_core::evidence::Evidence;
use serde_json::{Value, json};

use crate::process::{Ended, Program, Stop};

/// How many lines of output are shown of a run that did not pass.
const LINES: usize = 30;

/// How a test run came to its end.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum TestState {
    /// All tests passed.
    Passed,
    /// Tests failed; this is the last thing that they said.
    Failed(String),
    /// Nobody knows: why, and what would help.
    NotMeasured { why: String, how: String },
}

/// A program that was run, for the evidence.
#[derive(Debug, Clone)]
pub(super) struct Ran {
    command: Vec<String>,
    stop: Stop,
    duration: Duration,
}

/// The tests of one project of one kind.
#[derive(Debug, Clone)]
pub(crate) struct TestRun {
    /// What was run, for example `pytest under coverage.py`.
    pub(crate) what: String,
    /// The tool that measured coverage, with its version.
    pub(crate) tool: String,
    pub(crate) version: String,
    /// The languages that it speaks for.
    pub(crate) languages: Vec<Language>,
    /// Where the project lies, relative to the analysed directory; empty for its root.
    pub(crate) inside: String,
    pub(crate) state: TestState,
    /// The coverage reports that it wrote.
    pub(crate) reports: Vec<PathBuf>,
    /// What a reader should know.
    pub(crate) notes: Vec<String>,
    /// The tests that failed, by the names that their runner gives them, as far as it told them.
    pub(crate) failed: BTreeSet<String>,
    ran: Vec<Ran>,
    /// Which of these were the tests themselves, and how people would type that.
    tests: Option<(usize, String)>,
    tail: String,
}

impl TestRun {
    /// A run that has not begun.
    pub(super) fn new(what: &str, languages: &[Language], inside: &str) -> Self {
        Self {
            what: what.to_owned(),
            tool: what.to_owned(),
            version: String::new(),
            languages: languages.to_vec(),
            inside: inside.to_owned(),
            state: TestState::Passed,
            reports: Vec::new(),
            notes: Vec::new(),
            failed: BTreeSet::new(),
            ran: Vec::new(),
            tests: None,
            tail: String::new(),
        }
    }

    /// The same run, in which nothing could be measured.
    pub(super) fn not_measured(mut self, why: impl Into<String>, how: impl Into<String>) -> Self {
        self.state = TestState::NotMeasured {
            why: why.into(),
            how: how.into(),
        };
        self
    }

    /// Says that the program that ran last were the tests, until a later one is.
    pub(super) fn were_tests(&mut self, shown: String) {
        self.tests = Some((self.ran.len().saturating_sub(1), shown));
    }

    /// Remembers a program that was run; the last output is shown unless all went well.
    pub(super) fn add(&mut self, program: &Program, ended: &Ended) {
        self.ran.push(Ran {
            command: program.command(),
            stop: ended.stop,
            duration: ended.duration,
        });
        if !ended.stop.is_success() {
            self.tail = ended.last_lines(LINES);
        }
    }

    /// How the program of the tests themselves ended, and how long it took; nothing if it did not run.
    pub(crate) fn ended(&self) -> Option<(Stop, Duration)> {
        let ran = self.ran.get(self.tests.as_ref()?.0)?;
        Some((ran.stop, ran.duration))
    }

    /// The last lines of the output of what did not go well.
    pub(crate) fn tail(&self) -> &str {
        &self.tail
    }

    /// The command that ran the tests themselves, as people type it.
    pub(crate) fn command(&self) -> String {
        self.tests
            .as_ref()
            .map(|(_, shown)| shown.clone())
            .unwrap_or_default()
    }

    /// For the output of an agent.
    pub(crate) fn document(&self) -> Value {
        let tests = self.tests.as_ref().and_then(|(at, _)| self.ran.get(*at));
        let (passed, why) = match &self.state {
            TestState::Passed => (Some(true), None),
            TestState::Failed(why) => (Some(false), Some(why)),
            TestState::NotMeasured { why, .. } => (None, Some(why)),
        };
        let time: Duration = self.ran.iter().map(|ran| ran.duration).sum();
        json!({
            "what": self.what,
            "inside": self.inside,
            "tool": self.tool,
            "version": self.version,
            "passed": passed,
            "why": why,
            "command": self.command(),
            "exit_code": tests.and_then(|ran| ran.stop.code()),
            "duration_ms": time.as_secs_f64() * 1e3,
            "tail": if passed == Some(true) { "" } else { self.tail.as_str() },
        })
    }

    /// One piece of evidence for each program that was run.
    pub(crate) fn evidence(&self) -> Vec<Evidence> {
        let evidence = self.ran.iter().map(|ran| Evidence {
            method: format!("{}, in a copy of the repository", self.what),
            tool: self.tool.clone(),
            version: self.version.clone(),
            command: Some(ran.command.clone()),
            exit_code: ran.stop.code(),
            duration_ms: Some(ran.duration.as_secs_f64() * 1e3),
            notes: match ran.stop {
                Stop::Exit(_) => self.notes.clone(),
                stop => vec![stop.told()],
            },
            ..Evidence::default()
        });
        evidence.collect()
    }
}
