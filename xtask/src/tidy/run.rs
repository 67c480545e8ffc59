//! Reads the tree, applies every rule, prints all problems and then the house numbers.

use std::collections::BTreeSet;
use std::fs;

use super::architecture::{self, Known};
use super::source::Source;
use super::{Problem, listing, rust, text};
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
    /// Empty when the file is not UTF-8 and so no text.
    text: String,
    /// The lines of a Rust file.
    source: Option<Source>,
    /// Whether all of it belongs to tests or benches.
    test: bool,
    /// Whether it is input for tests, and not ours to judge by its form.
    data: bool,
}

fn tidy() -> Outcome {
    let files = read_tree()?;
    let problems = problems(&files);
    print!("{}", listing(&problems));
    println!("{}", numbers(&files));
    if problems.is_empty() {
        Ok(())
    } else {
        Err(format!("{} problems", problems.len()))
    }
}

/// Every file that is tracked or could be; what git lists but the disk has lost is about to go.
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
    let read = |path: &str| {
        let text = String::from_utf8(fs::read(path).ok()?).unwrap_or_default();
        Some((path.to_owned(), text))
    };
    Ok(tree(paths.into_iter().filter_map(read).collect()))
}

/// The files of a tree from their paths and texts.
fn tree(texts: Vec<(String, String)>) -> Vec<File> {
    let mut files: Vec<File> = texts
        .into_iter()
        .map(|(path, text)| File {
            source: path.ends_with(".rs").then(|| Source::parse(&text)),
            // What a crate offers to the tests of others is test code too.
            test: has_part(&path, &["tests", "benches", "testing"]),
            data: has_part(&path, DATA),
            path,
            text,
        })
        .collect();
    // A module that is declared for tests only is a test, wherever its file is.
    let modules: Vec<String> = files.iter().flat_map(test_modules).collect();
    for file in &mut files {
        let inside = |module: &String| {
            let rest = file.path.strip_prefix(module.as_str());
            rest.is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        };
        file.test |= modules.iter().any(inside);
    }
    files
}

fn has_part(path: &str, names: &[&str]) -> bool {
    path.split('/').any(|part| names.contains(&part))
}

/// Paths, without their ending, of the modules that a file declares for tests only.
fn test_modules(file: &File) -> Vec<String> {
    let (directory, name) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
    let directory = match name {
        "lib.rs" | "main.rs" | "mod.rs" => directory,
        _ => file.path.trim_end_matches(".rs"),
    };
    let names = file.source.iter().flat_map(|source| &source.test_modules);
    names.map(|name| format!("{directory}/{name}")).collect()
}

/// Every problem of the tree, sorted.
fn problems(files: &[File]) -> Vec<Problem> {
    let mut problems = top(files);
    for file in files.iter().filter(|file| file.path != "Cargo.lock") {
        let lines = file.source.as_ref().map(|source| source.lines.as_slice());
        let ends_in_data = |at: usize| {
            let line = lines.and_then(|lines| lines.get(at));
            file.data || line.is_some_and(|line| line.open_literal)
        };
        problems.extend(text::check(&file.path, &file.text, ends_in_data));
        if let Some(source) = file.source.as_ref().filter(|_| !file.data) {
            problems.extend(rust::check(&file.path, &file.text, source, file.test));
        }
    }
    if let Some(file) = files.iter().find(|file| file.path == "ARCHITECTURE.md") {
        let sources = files.iter().filter_map(|file| file.source.as_ref());
        let functions = sources.flat_map(Source::functions);
        let known = Known {
            paths: files.iter().map(|file| file.path.clone()).collect(),
            functions: functions.map(|(_, name)| name.to_owned()).collect(),
        };
        problems.extend(architecture::check(&file.path, &file.text, &known));
    }
    problems.sort();
    problems
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
    let mut sizes: Vec<(usize, &str)> = files
        .iter()
        .filter(|file| !file.test && !file.data)
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
    use std::collections::BTreeMap;

    use expect_test::{Expect, expect};

    use super::*;

    /// A tree from paths and texts, with what is required unless it is given.
    fn tree(given: &[(&str, &str)]) -> Vec<File> {
        let table = "## Invariants\n| Invariant | Test |\n|---|---|\n| x | `cargo test` |\n";
        let mut texts: BTreeMap<&str, &str> = REQUIRED.iter().map(|path| (*path, "")).collect();
        texts.insert("ARCHITECTURE.md", table);
        texts.extend(given.iter().copied());
        let owned = texts
            .into_iter()
            .map(|(path, text)| (path.to_owned(), text.to_owned()));
        super::tree(owned.collect())
    }

    #[track_caller]
    fn check(given: &[(&str, &str)], expected: &Expect) {
        expected.assert_eq(&listing(&problems(&tree(given))));
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
        expect![[r#"
            ARCHITECTURE.md: is missing
            CHANGELOG.md: is missing
            LICENSE: is missing
            README.md: is missing
        "#]]
        .assert_eq(&listing(&top(&[])));
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
