//! The whole path of one file: text in, facts and findings out.

use std::collections::BTreeSet;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::inspect;
use super::parse::{Parsers, parse};
use super::snapshot::{FileFacts, Syntax};
use crate::architecture::imports;
use crate::documentation::{opens_with_documentation, public_items};
use crate::finding::Finding;
use crate::inventory::{SkipReason, role_of_text};
use crate::metrics::measure;
use crate::performance::hints;
use crate::source::{Role, SourceFile};
use crate::test_quality::{ProductNames, TestFunction, declarations, inspect as inspect_tests};
use crate::user_rules::UserRules;

/// A tree that is deeper is not measured: rules may follow it with the call stack.
const MAX_DEPTH: usize = 2_000;

/// What one source file gave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScannedFile {
    /// Its facts, or why there are none.
    pub facts: Result<FileFacts, SkipReason>,
    /// What the rules found in it. Rules over plain text run even where the parser fails.
    pub findings: Vec<Finding>,
    /// Modules in other files that are compiled for tests only.
    pub test_modules: Vec<String>,
    /// Its tests and what they claim.
    pub tests: Vec<TestFunction>,
    /// Slow patterns in it.
    pub hints: Vec<Finding>,
    /// Byte ranges of test code in it.
    pub test_ranges: Vec<Range<usize>>,
    /// What it declares that tests can reach without an import.
    pub declared: BTreeSet<String>,
}

/// Measures one source file. Its role may be changed to what the text says of itself.
///
/// What it declares is added to `names`, by which tests are told that never reach the product.
/// Nothing that the text holds makes this fail or run without end.
#[must_use]
pub fn scan_text(
    parsers: &mut Parsers,
    mut source: SourceFile,
    names: &mut ProductNames,
    rules: &UserRules,
) -> ScannedFile {
    // A generated test stays a test: what is found in it is found in a test.
    if source.role == Role::Product
        && let Some(role) = role_of_text(&source.text, source.language)
    {
        source.role = role;
    }
    let mut scanned = ScannedFile {
        facts: Err(SkipReason::ParseBudget),
        findings: inspect::text(&source.path, &source.text, source.role, rules),
        test_modules: Vec::new(),
        tests: Vec::new(),
        hints: Vec::new(),
        test_ranges: Vec::new(),
        declared: BTreeSet::new(),
    };
    let (parsed, test_code) = match parse(parsers, &source) {
        Ok(parsed) => parsed,
        Err(why) => {
            scanned.facts = Err(why);
            return scanned;
        }
    };
    let measures = measure(&parsed);
    if measures.depth > MAX_DEPTH {
        scanned.facts = Err(SkipReason::TooDeep);
        return scanned;
    }
    if measures.error_bytes * 2 > source.text.len() {
        scanned.facts = Err(SkipReason::MostlyErrors);
        return scanned;
    }
    scanned.test_modules = test_code.modules;
    scanned.declared = declarations(&parsed);
    names.learn(&source.path, &scanned.declared);
    scanned.tests = inspect_tests(&parsed, names);
    inspect::mark_tests(&mut scanned.findings, &parsed);
    scanned.findings.extend(inspect::syntax(&parsed, rules));
    scanned.hints = hints(&parsed);
    scanned.test_ranges.clone_from(&parsed.test_ranges);
    let syntax = if measures.has_errors {
        Syntax::Partial {
            error_bytes: measures.error_bytes,
        }
    } else {
        Syntax::Whole
    };
    scanned.facts = Ok(FileFacts {
        path: source.path.clone(),
        language: source.language,
        role: source.role,
        bytes: source.text.len(),
        lines: u32::try_from(source.text.lines().count()).unwrap_or(u32::MAX),
        code_lines: measures.code_lines,
        test_code_lines: measures.test_code_lines,
        syntax,
        functions: measures.functions,
        markers: measures.markers,
        hazards: measures.hazards,
        public_items: if source.role == Role::Product {
            public_items(&parsed)
        } else {
            Vec::new()
        },
        imports: if source.role == Role::Product {
            imports(&parsed)
        } else {
            Vec::new()
        },
        opens_with_documentation: opens_with_documentation(&parsed),
    });
    scanned
}
