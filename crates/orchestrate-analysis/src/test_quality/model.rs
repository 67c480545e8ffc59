//! What is known of a test, and of many.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a test claims.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Claims {
    /// It has an assertion that depends on something.
    Asserts,
    /// All its assertions are of constants, such as `assert True`, and can never fail.
    OnlyTrivial,
    /// It has no visible assertion, but calls code that might hold one, or that fails by itself.
    NoneVisible,
    /// It has no assertion and calls nothing that could hold one.
    Nothing,
}

/// Whether a test gets to the code of the project.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Its file imports product code, and the test uses something.
    Reaches,
    /// It may, by way of test helpers, fixtures or another process.
    Unknown,
    /// Nothing in it or its file leads to product code.
    DoesNot,
}

/// One test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TestFunction {
    /// Path relative to the repository, with forward slashes.
    pub path: String,
    /// Its name; for JavaScript the text given to `it` or `test`.
    pub name: String,
    /// Its first line, from 1.
    pub line: u32,
    /// Visible assertions, trivial ones included.
    pub assertions: u32,
    /// Visible assertions that can never fail.
    pub trivial_assertions: u32,
    /// What it claims.
    pub claims: Claims,
    /// Whether it gets to product code.
    pub reach: Reach,
}

impl TestFunction {
    /// Whether it can say nothing about the product, whatever the product does.
    #[must_use]
    pub fn says_nothing(&self) -> bool {
        matches!(self.claims, Claims::OnlyTrivial | Claims::Nothing) || self.reach == Reach::DoesNot
    }
}

/// Counts over many tests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TestFacts {
    /// Tests.
    pub tests: usize,
    /// Tests without any assertion, and without a call that could hold one.
    pub assert_nothing: usize,
    /// Tests whose assertions are all trivial.
    pub only_trivial: usize,
    /// Tests that may assert in code that was not looked into.
    pub no_visible_assertion: usize,
    /// Tests that can say nothing about the product: of the first two kinds, or without a way to it.
    pub say_nothing_about_product: usize,
    /// Tests that get to product code.
    pub reach_product: usize,
    /// Tests of which that is not known.
    pub reach_unknown: usize,
    /// Files with tests.
    pub files: usize,
    /// Files with tests of which none leads to product code.
    pub files_without_product: usize,
}

impl TestFacts {
    /// Counts tests.
    #[must_use]
    pub fn of(tests: &[TestFunction]) -> Self {
        let mut facts = Self::default();
        let mut files: BTreeMap<&str, bool> = BTreeMap::new();
        for test in tests {
            facts.tests += 1;
            facts.assert_nothing += usize::from(test.claims == Claims::Nothing);
            facts.only_trivial += usize::from(test.claims == Claims::OnlyTrivial);
            facts.no_visible_assertion += usize::from(test.claims == Claims::NoneVisible);
            facts.say_nothing_about_product += usize::from(test.says_nothing());
            facts.reach_product += usize::from(test.reach == Reach::Reaches);
            facts.reach_unknown += usize::from(test.reach == Reach::Unknown);
            *files.entry(&test.path).or_default() |= test.reach != Reach::DoesNot;
        }
        facts.files = files.len();
        facts.files_without_product = files.values().filter(|leads| !**leads).count();
        facts
    }

    /// One sentence, without a verdict: `501 tests, 501 assert nothing about the product, 0 reach the product`.
    #[must_use]
    pub fn describe(&self) -> String {
        let mut text = format!(
            "{} {}, {} assert nothing about the product, {} reach the product",
            self.tests,
            if self.tests == 1 { "test" } else { "tests" },
            self.say_nothing_about_product,
            self.reach_product,
        );
        if self.reach_unknown > 0 {
            text.push_str(&format!(" ({} more may)", self.reach_unknown));
        }
        if self.no_visible_assertion > 0 {
            text.push_str(&format!(
                ", {} have no visible assertion",
                self.no_visible_assertion
            ));
        }
        text
    }
}
