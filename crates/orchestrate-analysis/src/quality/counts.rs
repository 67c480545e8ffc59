//! The counts that the score is made of, summed over product code.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::language::Language;
use crate::scan::{FileFacts, Snapshot};

/// Cyclomatic complexity from which a function is called complex, and very complex.
pub(super) const COMPLEX: [u32; 2] = [10, 20];
/// Lines of code from which a function is called long, and very long.
pub(super) const LONG: [u32; 2] = [60, 100];
/// Nesting from which a function is called deep.
pub(super) const DEEP: u32 = 4;
/// Cognitive complexity from which a function is called hard to follow.
pub(super) const HARD: u32 = 15;
/// Lines of code from which a file is called oversized.
pub(super) const OVERSIZED: u32 = 600;

/// Sums over product code. Tests, examples, generated and vendored code are not in them.
///
/// Lines are lines of code: no blank lines, no comments. "Lines of x" are all lines of code in
/// functions or files that are x, so that a long function weighs more than a short one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QualityCounts {
    /// All lines.
    pub lines: u64,
    /// Lines in functions with a cyclomatic complexity over 10.
    pub complex: u64,
    /// Lines in functions with a cyclomatic complexity over 20.
    pub very_complex: u64,
    /// Lines in functions with a cognitive complexity over 15.
    pub hard: u64,
    /// Lines in functions of more than 60 lines.
    pub long: u64,
    /// Lines in functions of more than 100 lines.
    pub very_long: u64,
    /// Lines in functions nested more than 4 deep.
    pub deep: u64,
    /// Lines in files of more than 600 lines.
    pub oversized: u64,
    /// Lines of the languages in which hazards are looked for: Rust, Go, Python.
    pub hazard_lines: u64,
    /// Places that end the program or swallow every error.
    pub hazards: u64,
    /// Markers of unfinished work.
    pub markers: u64,
}

impl QualityCounts {
    /// Sums over the product files of a snapshot.
    #[must_use]
    pub fn of(snapshot: &Snapshot) -> Self {
        let mut counts = Self::default();
        for file in snapshot.product() {
            counts.add(file);
        }
        counts
    }

    fn add(&mut self, file: &FileFacts) {
        let lines = u64::from(file.code_lines);
        self.lines += lines;
        if file.code_lines > OVERSIZED {
            self.oversized += lines;
        }
        if has_hazards(file.language) {
            self.hazard_lines += lines;
            self.hazards += count(file.hazards.iter().filter(|hazard| !hazard.in_test));
        }
        self.markers += count(file.markers.iter().filter(|marker| !marker.in_test));
        let [complex, very_complex] = COMPLEX;
        let [long, very_long] = LONG;
        for function in file.functions.iter().filter(|function| !function.is_test) {
            let lines = u64::from(function.code_lines);
            let when = |holds: bool| if holds { lines } else { 0 };
            self.complex += when(function.cyclomatic > complex);
            self.very_complex += when(function.cyclomatic > very_complex);
            self.hard += when(function.cognitive > HARD);
            self.long += when(function.code_lines > long);
            self.very_long += when(function.code_lines > very_long);
            self.deep += when(function.nesting > DEEP);
        }
    }
}

/// Whether hazards of a language are looked for. A script has no construct that is one by itself.
fn has_hazards(language: Language) -> bool {
    match language {
        Language::Rust | Language::Go | Language::Python => true,
        Language::JavaScript | Language::TypeScript => false,
    }
}

fn count<T>(items: impl Iterator<Item = T>) -> u64 {
    u64::try_from(items.count()).unwrap_or(u64::MAX)
}
