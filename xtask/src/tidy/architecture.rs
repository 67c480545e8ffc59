//! Rules for `ARCHITECTURE.md`: what it names exists, and every invariant says what holds it.
//!
//! Invariants stand in a table under a heading with that word; the column whose head says "test"
//! or "held" names tests, or a command such as `cargo xtask layers`, in backticks.

use std::collections::BTreeSet;

use super::Problem;
use super::rust::function_name;

/// What a document may refer to.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Every path of the tree.
    pub(super) paths: BTreeSet<String>,
    /// The name of every function.
    pub(super) functions: BTreeSet<String>,
}

/// Every problem of the document.
pub(super) fn check(path: &str, text: &str, known: &Known) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for token in backticked(line).filter(|token| looks_like_path(token)) {
            for missing in spelled_out(token)
                .into_iter()
                .filter(|path| !known.has_path(path))
            {
                problems.push(Problem::new(
                    path,
                    index + 1,
                    format!("`{missing}` does not exist"),
                ));
            }
        }
    }
    let rows = invariants(text);
    if rows.is_empty() {
        let what = "no table of invariants with a column for the tests that hold them";
        problems.push(Problem::new(path, 0, what));
    }
    for (line, cell) in rows {
        let mut names = backticked(cell).peekable();
        if names.peek().is_none() {
            problems.push(Problem::new(path, line, "an invariant without a test"));
        }
        let tests =
            names.filter(|token| !token.contains(char::is_whitespace) && !looks_like_path(token));
        for test in tests {
            if !function_name(test).is_some_and(|name| known.functions.contains(name)) {
                problems.push(Problem::new(
                    path,
                    line,
                    format!("no test is called `{test}`"),
                ));
            }
        }
    }
    problems
}

impl Known {
    /// Whether a file or a directory has this path, or a file's path ends with it.
    fn has_path(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let (below, tail) = (format!("{path}/"), format!("/{path}"));
        self.paths.contains(path)
            || self
                .paths
                .iter()
                .any(|known| known.starts_with(&below) || known.ends_with(&tail))
    }
}

fn looks_like_path(token: &str) -> bool {
    let file = [".rs", ".md", ".json"]
        .iter()
        .any(|ending| token.ends_with(ending));
    let pattern = token.contains(|c: char| c.is_whitespace() || matches!(c, '*' | '<' | '>' | ':'));
    !pattern && token.contains('/') && (file || token.starts_with("crates/"))
}

/// `a/{b,c}.rs` as `a/b.rs` and `a/c.rs`.
fn spelled_out(token: &str) -> Vec<String> {
    let parts = token.split_once('{').and_then(|(before, rest)| {
        let (choices, after) = rest.split_once('}')?;
        Some((before, choices, after))
    });
    let Some((before, choices, after)) = parts else {
        return vec![token.to_owned()];
    };
    choices
        .split(',')
        .flat_map(|choice| spelled_out(&format!("{before}{}{after}", choice.trim())))
        .collect()
}

/// What stands between backticks in a line.
fn backticked(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// The cells that say what holds an invariant, with their line numbers counted from 1.
fn invariants(text: &str) -> Vec<(usize, &str)> {
    let mut rows = Vec::new();
    let mut under_heading = false;
    // Which column names tests, while within a table.
    let mut column: Option<Option<usize>> = None;
    for (index, line) in text.lines().enumerate() {
        if line.starts_with('#') {
            under_heading = line.to_lowercase().contains("invariant");
        }
        if !under_heading || !line.starts_with('|') {
            column = None;
            continue;
        }
        let mut cells = line.trim().trim_matches('|').split('|');
        match column {
            None => {
                let names_tests = |cell: &str| {
                    let cell = cell.to_lowercase();
                    cell.contains("test") || cell.contains("held")
                };
                column = Some(cells.position(names_tests));
            }
            Some(_) if line.chars().all(|c| matches!(c, '|' | '-' | ':' | ' ')) => {}
            Some(column) => {
                let cell = column.map(|at| cells.nth(at).unwrap_or_default());
                rows.extend(cell.map(|cell| (index + 1, cell)));
            }
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::super::listing;
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &Expect) {
        let known = Known {
            paths: ["crates/core/src/plan.rs", "docs/a.md"]
                .map(str::to_owned)
                .into(),
            functions: ["a_loop_ends".to_owned()].into(),
        };
        let problems = super::check("ARCHITECTURE.md", text, &known);
        expected.assert_eq(&listing(&problems));
    }

    const TABLE: &str = "## Invariants\n\n| # | Invariant | Held by |\n|---|---|---|\n";

    #[test]
    fn what_exists_is_clean() {
        check(
            &format!(
                "`crates/core`, `crates/core/src/`, `core/src/plan.rs`, `docs/{{a,a}}.md`, `a/b`, `crates/*/src/*.rs`\n\
                 {TABLE}| 1 | Loops end | `walk::tests::a_loop_ends`, `a_loop_ends()` |\n\
                 | 2 | Down only | `cargo xtask layers` |\n\
                 ## Other\n\n| Test |\n|---|\n| `gone` |\n"
            ),
            &expect![""],
        );
    }

    #[test]
    fn paths_that_do_not_exist_are_found() {
        check(
            &format!(
                "See `crates/gone` and `src/gone.rs`.\n`docs/{{a,b}}.md`\n{TABLE}| 1 | x | `a_loop_ends` |\n"
            ),
            &expect![[r#"
                ARCHITECTURE.md:1: `crates/gone` does not exist
                ARCHITECTURE.md:1: `src/gone.rs` does not exist
                ARCHITECTURE.md:2: `docs/b.md` does not exist
            "#]],
        );
    }

    #[test]
    fn an_invariant_names_a_test_that_exists() {
        check(
            &format!(
                "{TABLE}| 1 | x | `walk::gone` |\n| 2 | y | by review |\n| 3 | z | `Plan` |\n"
            ),
            &expect![[r#"
                ARCHITECTURE.md:5: no test is called `walk::gone`
                ARCHITECTURE.md:6: an invariant without a test
                ARCHITECTURE.md:7: no test is called `Plan`
            "#]],
        );
    }

    #[test]
    fn the_table_must_be_there() {
        check(
            "## Invariants\n\n| # | Invariant |\n|---|---|\n| 1 | x |\n",
            &expect![[r#"
                ARCHITECTURE.md: no table of invariants with a column for the tests that hold them
            "#]],
        );
    }
}
