//! What of a project's tests is wanted.

use std::time::Duration;

use crate::process::Program;

/// Which tests are to be run, and whether what they reach is to be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ask<'a> {
    /// One file of tests, relative to its project with forward slashes; without it all tests. Runners
    /// of Python, Rust and Go can do that.
    pub(crate) file: Option<&'a str>,
    /// Whether coverage is measured and a report written.
    pub(crate) coverage: bool,
    /// How long the tests themselves may run, builds left out, where that is less than all else may take.
    pub(crate) longest: Option<Duration>,
}

impl Ask<'_> {
    /// All tests, under coverage.
    pub(crate) const ALL: Self = Self {
        file: None,
        coverage: true,
        longest: None,
    };

    /// A program of tests within its time.
    pub(super) fn within(self, tests: Program) -> Program {
        match self.longest {
            Some(longest) => tests.within(longest),
            None => tests,
        }
    }
}
