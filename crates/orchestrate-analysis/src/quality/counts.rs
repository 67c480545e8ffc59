//! The counts that the score is made of, summed over product code.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::finding::{Finding, Severity};
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
    /// Lines that are copies of others.
    pub copied: u64,
    /// Findings of security rules and rules of the user, and slow patterns, of medium severity or worse.
    pub violations: u64,
}

impl QualityCounts {
    /// Sums over the product files of a snapshot.
    #[must_use]
    pub fn of(snapshot: &Snapshot) -> Self {
        let mut counts = Self::default();
        let copied = &snapshot.duplication.copied_lines;
        for file in snapshot.product() {
            counts.add(file);
            let copied = copied.get(&file.path).copied().unwrap_or_default();
            // Blank lines and comments in a copy are no lines of code.
            counts.copied += u64::from(copied.min(file.code_lines));
        }
        let product: BTreeSet<&str> = snapshot.product().map(|file| file.path.as_str()).collect();
        let violates = |finding: &&Finding| {
            finding.severity <= Severity::Medium
                && !finding.in_test
                && finding.suppressed.is_none()
                && !finding.rule_id.starts_with("secrets.")
                && product.contains(finding.path.as_str())
        };
        let found = snapshot.findings.iter().chain(&snapshot.hints);
        counts.violations = count(found.filter(violates));
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

#[cfg(test)]
mod tests {
    use super::QualityCounts;
    use crate::scan::{Parsers, scan_text};
    use crate::source::SourceFile;

    fn check(path: &str, text: &str, expected: QualityCounts) {
        let source = SourceFile::of_text(path, text).expect("a known ending");
        let facts = scan_text(
            &mut Parsers::default(),
            source,
            &mut crate::test_quality::ProductNames::default(),
            &crate::user_rules::UserRules::default(),
        )
        .facts
        .expect("it is measurable");
        let mut counts = QualityCounts::default();
        counts.add(&facts);
        assert_eq!(counts, expected, "for {path}");
    }

    /// A function of so many lines with so many branches in a row.
    fn function(lines: usize, branches: usize) -> String {
        let body = "    a();\n".repeat(lines - 2 - branches);
        format!("fn f() {{\n{}{body}}}\n", "    if a {}\n".repeat(branches))
    }

    fn plain(lines: u64) -> QualityCounts {
        QualityCounts {
            lines,
            hazard_lines: lines,
            ..QualityCounts::default()
        }
    }

    #[test]
    fn limits_are_not_exceeded_by_reaching_them() {
        check("a.rs", &function(60, 9), plain(60));
    }

    #[test]
    fn limits_that_are_exceeded_count_the_lines_of_the_function() {
        let complex = QualityCounts {
            complex: 20,
            ..plain(21)
        };
        check("a.rs", &format!("use a;\n{}", function(20, 10)), complex);
        let long = QualityCounts {
            long: 100,
            ..plain(100)
        };
        check("a.rs", &function(100, 0), long);
        let all = QualityCounts {
            complex: 601,
            very_complex: 601,
            hard: 601,
            long: 601,
            very_long: 601,
            oversized: 601,
            ..plain(601)
        };
        check("a.rs", &function(601, 20), all);
    }

    #[test]
    fn nesting_over_four_is_deep() {
        let nested = |depth: usize| {
            format!(
                "fn f() {{{}{}}}\n",
                "if a {".repeat(depth),
                "}".repeat(depth)
            )
        };
        check("a.rs", &nested(4), plain(1));
        let deep = QualityCounts {
            deep: 1,
            ..plain(1)
        };
        check("a.rs", &nested(5), deep);
    }

    #[test]
    fn tests_and_their_hazards_do_not_count() {
        let text = "fn f() { a.unwrap() } // TODO\n#[cfg(test)]\nmod tests {\n    // FIXME\n    fn g() { a.unwrap() }\n}\n";
        let counts = QualityCounts {
            hazards: 1,
            markers: 1,
            ..plain(1)
        };
        check("a.rs", text, counts);
    }

    #[test]
    fn scripts_have_no_hazards() {
        let counts = QualityCounts {
            lines: 1,
            ..QualityCounts::default()
        };
        check("a.js", "a.unwrap();\n", counts);
    }
}
