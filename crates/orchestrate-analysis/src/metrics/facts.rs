//! What is counted, and how it is defined.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::hazard::Hazard;
use super::marker::Marker;

/// The figures of one function.
///
/// A closure, lambda or function value without a name counts in the function around it. Go's
/// function literals, and those of scripts that nothing encloses, are functions of their own,
/// called `func1`, `func2` in the order in which they stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FunctionFacts {
    /// Its name with the type that holds it, for example `Parser::next` or `Parser.next`.
    pub name: String,
    /// Line on which the definition starts (after decorators and attributes), from 1.
    pub line: u32,
    /// Line on which it ends.
    pub end_line: u32,
    /// Lines with code, without blank lines, comments and functions defined inside. A line belongs
    /// to whatever has the first token on it.
    pub code_lines: u32,
    /// Cyclomatic complexity: 1 and every decision. As radon counts it for Python and lizard for
    /// Go; elsewhere decisions are branches, loops, cases, match arms beyond the first, guards,
    /// handlers, conditional expressions and the operators that cut evaluation short.
    pub cyclomatic: u32,
    /// Cognitive complexity: breaks in the flow, each weighted by how deeply it is nested
    /// (without the increment for recursion).
    pub cognitive: u32,
    /// The deepest nesting of branches, loops, matches and handlers.
    pub nesting: u32,
    /// Parameters, without the receiver.
    pub parameters: u32,
    /// Whether it is test code.
    pub is_test: bool,
}

impl FunctionFacts {
    /// Lines from its first to its last, blank ones and comments included.
    #[must_use]
    pub fn lines(&self) -> u32 {
        self.end_line.saturating_sub(self.line) + 1
    }
}

/// What one walk over one tree gives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileMeasures {
    /// Functions in the order in which they start.
    pub functions: Vec<FunctionFacts>,
    /// Lines with code that ships; Python's documentation strings are not code.
    pub code_lines: u32,
    /// Lines with code that is test code.
    pub test_code_lines: u32,
    /// `TODO` and its like, in the order of the text.
    pub markers: Vec<Marker>,
    /// Places that end the program or swallow errors, in the order of the text.
    pub hazards: Vec<Hazard>,
    /// Bytes inside syntax errors.
    pub error_bytes: usize,
    /// Whether any part is a syntax error.
    pub has_errors: bool,
    /// Depth of the tree.
    pub depth: usize,
}
