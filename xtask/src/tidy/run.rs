//! Reads the tree, applies every rule, prints all problems and then the house numbers.

use std::collections::BTreeSet;
use std::fs;

use super::architecture::{self, Known};
use super::source::Source;
use super::{Problem, rust, text};
use crate::args::Accepts;
use crate::process::output;
use crate::verb::{Outcome, Verb};

pub(crate) const VERB: Verb = Verb {
    name: "tidy",
    summary: "Check the rules for files: openings, sizes, banned words, names in ARCHITECTURE.md",
    help: "
tidy

Looks at every file that git tracks or would track. All problems are listed as
`path:line: what`; the house numbers follow.
",
    accepts: Accepts::Only {
        flags: &[],
        options: &[],
        positionals: 0,
        rest: false,
    },
    run: |_| tidy(),
};

/// What the top of the tree holds besides files that start with a dot.
const TOP: &[&str] = &[
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "README.md",
    "crates",
    "deny.toml",
    "docs",
    "xtask",
];

/// What a newcomer looks for first.
const REQUIRED: &[&str] = &["ARCHITECTURE.md", "CHANGELOG.md", "LICENSE", "README.md"];

/// Directories whose files are input for tests, kept as they are.
const DATA: &[&str] = &["fixtures", "testdata", "snapshots", "corpus"];

/// A file as the rules see it.
struct File {
    path: String,
    text: String,
    /// The lines of a Rust file.
    source: Option<Source>,
}

fn tidy() -> Outcome {
    let files = read_tree()?;
    let problems = problems(&files);
    for problem in &problems {
        println!("{problem}");
    }
    println!("{}", numbers(&files));
    if problems.is_empty() {
        Ok(())
    } else {
        Err(format!("{} problems", problems.len()))
    }
}

/// Every text file that is tracked or could be, sorted by path; what is not UTF-8 is no text, and
/// what git lists but the disk has lost is about to be removed.
fn read_tree() -> Result<Vec<File>, String> {
    let list = [
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ];
    let list = output("git", &list)?;
    let paths: BTreeSet<&str> = list.split('\0').filter(|path| !path.is_empty()).collect();
    let read = |path: &str| Some(File::new(path, fs::read_to_string(path).ok()?));
    Ok(paths.into_iter().filter_map(read).collect())
}

impl File {
    fn new(path: &str, text: String) -> Self {
        let source = path.ends_with(".rs").then(|| Source::parse(&text));
        Self {
            path: path.to_owned(),
            text,
            source,
        }
    }

    fn is_data(&self) -> bool {
        self.path.split('/').any(|part| DATA.contains(&part))
    }

    /// The directory in which the modules that this file declares live.
    fn module_directory(&self) -> &str {
        let (directory, name) = self.path.rsplit_once('/').unwrap_or(("", &self.path));
        match name {
            "lib.rs" | "main.rs" | "mod.rs" => directory,
            _ => self.path.trim_end_matches(".rs"),
        }
    }
}

/// Every problem of the tree, sorted.
fn problems(files: &[File]) -> Vec<Problem> {
    let test_modules = test_modules(files);
    let mut problems = top(files);
    for file in files.iter().filter(|file| file.path != "Cargo.lock") {
        let ends_in_data = |line: usize| {
            let line = file
                .source
                .as_ref()
                .and_then(|source| source.lines.get(line));
            file.is_data() || line.is_some_and(|line| line.open_literal)
        };
        problems.extend(text::check(&file.path, &file.text, ends_in_data));
        if let Some(source) = file.source.as_ref().filter(|_| !file.is_data()) {
            let test = is_test(&file.path, &test_modules);
            problems.extend(rust::check(&file.path, &file.text, source, test));
        }
    }
    if let Some(file) = files.iter().find(|file| file.path == "ARCHITECTURE.md") {
        let sources = files.iter().filter_map(|file| file.source.as_ref());
        let known = Known {
            paths: files.iter().map(|file| file.path.clone()).collect(),
            functions: sources
                .flat_map(Source::functions)
                .map(|(_, name)| name.to_owned())
                .collect(),
        };
        problems.extend(architecture::check(&file.path, &file.text, &known));
    }
    problems.sort();
    problems
}

/// Paths without their ending of all modules that are declared for tests only.
fn test_modules(files: &[File]) -> BTreeSet<String> {
    let declared = |file: &File| {
        let directory = file.module_directory().to_owned();
        let modules = file
            .source
            .iter()
            .flat_map(|source| source.test_modules.clone());
        modules
            .map(move |name| format!("{directory}/{name}"))
            .collect::<Vec<_>>()
    };
    files.iter().flat_map(declared).collect()
}

/// Whether all of a file belongs to tests or benches.
fn is_test(path: &str, test_modules: &BTreeSet<String>) -> bool {
    let by_place = path
        .split('/')
        .any(|part| matches!(part, "tests" | "benches"));
    let below = |module: &String| {
        path.strip_prefix(module.as_str())
            .is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
    };
    by_place || test_modules.iter().any(below)
}

/// What must not, and what has to, stand at the top of the tree.
fn top(files: &[File]) -> Vec<Problem> {
    let names: BTreeSet<&str> = files
        .iter()
        .filter_map(|file| file.path.split('/').next())
        .collect();
    let strays = names
        .iter()
        .filter(|name| {
            !TOP.contains(name) && !name.starts_with('.') && !name.starts_with("LICENSE")
        })
        .map(|name| Problem::new(name, 0, "has no place at the top of the tree"));
    let missing = REQUIRED
        .iter()
        .filter(|name| !names.contains(*name))
        .map(|name| Problem::new(name, 0, "is missing"));
    strays.chain(missing).collect()
}

/// The numbers that tell how the tree is doing, over files that are not tests.
fn numbers(files: &[File]) -> String {
    let test_modules = test_modules(files);
    let mut sizes: Vec<(usize, &str)> = files
        .iter()
        .filter(|file| !is_test(&file.path, &test_modules) && !file.is_data())
        .filter_map(|file| Some((file.source.as_ref()?.code_lines(), file.path.as_str())))
        .collect();
    sizes.sort_unstable();
    let total: usize = sizes.iter().map(|(lines, _)| lines).sum();
    let median = sizes.get(sizes.len() / 2).map_or(0, |(lines, _)| *lines);
    let largest = sizes.last().map_or_else(String::new, |(lines, path)| {
        format!(", largest {path} with {lines}")
    });
    format!(
        "tidy: {} Rust files without tests, {total} code lines, median {median}{largest}",
        sizes.len()
    )
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    /// A tree from paths and texts, with what is required unless it is given.
    fn tree(given: &[(&str, &str)]) -> Vec<File> {
        let table = "## Invariants\n| Invariant | Test |\n|---|---|\n| x | `cargo test` |\n";
        let papers = REQUIRED.iter().map(|path| {
            let text = if *path == "ARCHITECTURE.md" {
                table
            } else {
                ""
            };
            (*path, text)
        });
        let papers = papers.filter(|(path, _)| !given.iter().any(|(other, _)| other == path));
        let files = given.iter().copied().chain(papers);
        files
            .map(|(path, text)| File::new(path, text.to_owned()))
            .collect()
    }

    #[track_caller]
    fn check(given: &[(&str, &str)], expected: &Expect) {
        let problems = problems(&tree(given));
        let lines: String = problems
            .iter()
            .map(|problem| format!("{problem}\n"))
            .collect();
        expected.assert_eq(&lines);
    }

    #[test]
    fn an_ordinary_tree_is_clean() {
        check(
            &[
                (".ci/run", "true\n"),
                ("Cargo.lock", "a \n"),
                ("LICENSE-MIT", ""),
                (
                    "crates/a/src/lib.rs",
                    "//! A.\n#[cfg(test)]\nmod check;\nmod b;\n",
                ),
                (
                    "crates/a/src/check.rs",
                    "//! Tests.\nfn a() { b.unwrap(); }\n",
                ),
                ("crates/a/src/b.rs", "//! B.\nconst B: &str = \"b \n\";\n"),
                (
                    "crates/a/tests/it/main.rs",
                    "//! Tests.\nfn a() { b.unwrap(); }\n",
                ),
                ("crates/a/tests/fixtures/bad.rs", "fn a() { todo!() } \n"),
            ],
            &expect![""],
        );
    }

    #[test]
    fn the_top_of_the_tree_holds_what_is_allowed_and_required() {
        check(
            &[("notes.txt", ""), ("scripts/a.sh", ""), ("README.md", "")],
            &expect![[r#"
                notes.txt: has no place at the top of the tree
                scripts: has no place at the top of the tree
            "#]],
        );
        let lines: Vec<String> = top(&[]).iter().map(ToString::to_string).collect();
        assert_eq!(lines.len(), REQUIRED.len());
        assert_eq!(
            lines.last().map(String::as_str),
            Some("README.md: is missing")
        );
    }

    #[test]
    fn problems_of_all_files_are_listed_at_once() {
        check(
            &[
                (
                    "ARCHITECTURE.md",
                    "`crates/gone/`\n## Invariants\n| Test |\n|---|\n| `here` |\n| `gone` |\n",
                ),
                ("crates/a/src/lib.rs", "//! A. \nmod check;\nfn here() {}\n"),
                ("crates/a/src/check.rs", "fn a() { b.unwrap(); }\n"),
                ("docs/a.md", "a \n"),
            ],
            &expect![[r#"
                ARCHITECTURE.md:1: `crates/gone/` does not exist
                ARCHITECTURE.md:6: no test is called `gone`
                crates/a/src/check.rs:1: `unwrap()` outside tests
                crates/a/src/check.rs:1: opens without `//!` saying what the file is
                crates/a/src/lib.rs:1: trailing blanks
                docs/a.md:1: trailing blanks
            "#]],
        );
    }

    #[test]
    fn the_house_numbers_leave_tests_out() {
        let files = tree(&[
            ("crates/a/src/lib.rs", "//! A.\nmod b;\n"),
            (
                "crates/a/src/b.rs",
                "//! B.\nfn a() {}\nfn b() {}\n#[cfg(test)]\nfn c() {}\n",
            ),
            (
                "crates/a/src/c.rs",
                "//! C.\nfn a() {}\nfn b() {}\nfn c() {}\n",
            ),
            (
                "crates/a/tests/it.rs",
                "//! Tests.\nfn a() {}\nfn b() {}\nfn c() {}\nfn d() {}\n",
            ),
        ]);
        assert_eq!(
            numbers(&files),
            "tidy: 3 Rust files without tests, 6 code lines, median 2, largest crates/a/src/c.rs with 3"
        );
    }
}
