//! Where a new test may lie, by the customs of each language.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use orchestrate_analysis::Snapshot;
use orchestrate_analysis::inventory::role_of_path;
use orchestrate_analysis::language::Language;
use orchestrate_analysis::source::Role;
use orchestrate_analysis::test_quality::{Claims, TestFunction};
use serde::{Deserialize, Serialize};

use super::gap::CoverageGap;

/// Where a test of a gap may lie, and how it is written there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Area {
    /// A free place for it; none when tests of this function cannot be checked here.
    pub(super) path: Option<String>,
    /// The directory that it must lie in.
    pub(super) directory: String,
    /// How it is written there, in words.
    pub(super) how: String,
    /// Why no test for it can be checked here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) cannot: Option<String>,
}

/// The area of a gap.
pub(super) fn area(
    gap: &CoverageGap,
    snapshot: &Snapshot,
    is_there: &dyn Fn(&str) -> bool,
    is_free: &dyn Fn(&str) -> bool,
) -> Area {
    match gap.language {
        Language::Python => python(gap, snapshot, is_free),
        Language::Rust => rust(gap, is_there, is_free),
        Language::Go => go(gap, is_free),
        other => Area {
            path: None,
            directory: String::new(),
            how: String::new(),
            cannot: Some(format!(
                "a new test in {} cannot be run alone here yet, so none could be accepted",
                other.name()
            )),
        },
    }
}

fn python(gap: &CoverageGap, snapshot: &Snapshot, is_free: &dyn Fn(&str) -> bool) -> Area {
    let directory = python_tests(gap, snapshot);
    let stem = identifier(&format!("{}_{}", module_name(&gap.path), gap.function));
    let path = free(&directory, &format!("test_{stem}"), ".py", is_free);
    let module = python_module(&gap.path);
    Area {
        path: Some(path),
        how: format!(
            "a new file `test_*.py` with functions `test_*` and plain asserts, run by pytest (or unittest) from the root of the project; `{module}` is the module of the function"
        ),
        directory,
        cannot: None,
    }
}

/// The directory of tests nearest to the source: that which shares most of its path, then one that is
/// called like the source's own, then the one with most tests. What is only called like a test has none.
fn python_tests(gap: &CoverageGap, snapshot: &Snapshot) -> String {
    let asserts = |test: &&TestFunction| test.claims == Claims::Asserts;
    let tests = snapshot.tests.iter().filter(asserts);
    let tests = tests.map(|test| test.path.as_str());
    let mut counts = BTreeMap::<&str, usize>::new();
    for path in tests.filter(|path| is_python_test(path)) {
        *counts.entry(parent(path)).or_default() += 1;
    }
    let own = parent(&gap.path).rsplit('/').next();
    let weight = |directory: &str, count: usize| {
        let is_mirror = directory.rsplit('/').next() == own;
        (common(directory, &gap.path), is_mirror, count)
    };
    let best = counts
        .into_iter()
        .max_by_key(|(directory, count)| weight(directory, *count));
    best.map_or_else(|| "tests".to_owned(), |(directory, _)| directory.to_owned())
}

/// How many directories two paths share from the root on.
fn common(one: &str, other: &str) -> usize {
    let pairs = one.split('/').zip(other.split('/'));
    pairs.take_while(|(a, b)| a == b).count()
}

fn is_python_test(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.ends_with(".py") && (name.starts_with("test_") || name.ends_with("_test.py"))
}

/// The name by which Python imports a file: below `src` if it lies there.
pub(super) fn python_module(path: &str) -> String {
    let path = path.strip_prefix("src/").unwrap_or(path);
    let path = path.strip_suffix(".py").unwrap_or(path);
    let path = path.strip_suffix("/__init__").unwrap_or(path);
    path.replace('/', ".")
}

fn rust(
    gap: &CoverageGap,
    is_there: &dyn Fn(&str) -> bool,
    is_free: &dyn Fn(&str) -> bool,
) -> Area {
    let package = package(&gap.path, is_there);
    let directory = join(&package, "tests");
    let has_library = is_there(&join(&package, "src/lib.rs"));
    let source = gap.path.strip_prefix(&join(&package, "src/"));
    if !has_library || source.is_none() {
        return Area {
            path: None,
            directory,
            how: String::new(),
            cannot: Some(
                "it is no part of a library, and tests beside a program cannot reach it".to_owned(),
            ),
        };
    }
    let stem = identifier(&format!("{}_{}", module_name(&gap.path), gap.function));
    Area {
        path: Some(free(&directory, &stem, ".rs", is_free)),
        how: "a new integration test: a file directly in `tests/` of the package, with `#[test]` functions, that reaches the function through what the library makes public".to_owned(),
        directory,
        cannot: None,
    }
}

fn go(gap: &CoverageGap, is_free: &dyn Fn(&str) -> bool) -> Area {
    let directory = parent(&gap.path).to_owned();
    let stem = identifier(&format!("{}_{}", module_name(&gap.path), gap.function));
    Area {
        path: Some(free(&directory, &stem, "_test.go", is_free)),
        how: "a new file `*_test.go` beside the source, in the same package, with functions `func TestXxx(t *testing.T)` whose names no other test of the package has".to_owned(),
        directory,
        cannot: None,
    }
}

/// The directory of the nearest manifest above a source.
fn package(path: &str, is_there: &dyn Fn(&str) -> bool) -> String {
    let mut at = parent(path);
    while !at.is_empty() && !is_there(&join(at, "Cargo.toml")) {
        at = parent(at);
    }
    at.to_owned()
}

/// Whether a test that was written for a gap may lie where its writer says; else why not.
pub(super) fn check(
    path: &str,
    gap: &CoverageGap,
    area: &Area,
    is_there: &dyn Fn(&str) -> bool,
) -> Result<(), String> {
    if let Some(why) = &area.cannot {
        return Err(why.clone());
    }
    let mut parts = Path::new(path).components();
    let is_plain = parts.all(|part| matches!(part, Component::Normal(_)));
    if path.is_empty() || !is_plain || path.contains('\\') || path.contains("//") {
        return Err(format!(
            "`{path}` is not a plain path inside of the repository"
        ));
    }
    if path.split('/').any(|part| part.starts_with('.')) {
        return Err(format!("`{path}` is hidden"));
    }
    if is_there(path) {
        return Err(format!(
            "`{path}` exists already, and nothing is overwritten"
        ));
    }
    let directory = &area.directory;
    let (is_right, wanted) = match gap.language {
        Language::Python => (
            is_python_test(path)
                && role_of_path(path, Some(Language::Python)) == Role::Test
                && (directory.is_empty() || path.starts_with(&format!("{directory}/"))),
            format!("a file `test_*.py` in `{directory}`"),
        ),
        Language::Go => (
            parent(path) == directory && path.ends_with("_test.go"),
            format!("a file `*_test.go` in `{directory}`"),
        ),
        _ => (
            parent(path) == directory && path.ends_with(".rs"),
            format!("a file `*.rs` directly in `{directory}`"),
        ),
    };
    match is_right {
        true => Ok(()),
        false => Err(format!("`{path}` is not {wanted}")),
    }
}

/// A file name that is not taken yet.
fn free(directory: &str, stem: &str, ending: &str, is_free: &dyn Fn(&str) -> bool) -> String {
    let path = |name: &str| join(directory, &format!("{name}{ending}"));
    let numbered = (2..100).map(|number| path(&format!("{stem}_{number}")));
    std::iter::once(path(stem))
        .chain(numbered)
        .find(|path| is_free(path))
        .unwrap_or_else(|| path(stem))
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

fn join(directory: &str, name: &str) -> String {
    match directory {
        "" => name.to_owned(),
        directory => format!("{directory}/{name}"),
    }
}

fn module_name(path: &str) -> String {
    let path = ["/__init__.py", "/mod.rs"]
        .iter()
        .find_map(|ending| path.strip_suffix(ending))
        .unwrap_or(path);
    let name = path.rsplit('/').next().unwrap_or(path);
    name.split('.').next().unwrap_or(name).to_owned()
}

/// Words that can stand in the name of a file and of a function.
pub(super) fn identifier(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join("_").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use orchestrate_analysis::test_quality::Reach;

    fn gap(path: &str) -> CoverageGap {
        CoverageGap {
            rank: 1,
            path: path.to_owned(),
            language: Language::of_path(path).unwrap(),
            function: "Screen.show".to_owned(),
            start: 1,
            end: 2,
            total: 2,
            uncovered: 2,
            uncovered_lines: vec![1, 2],
            cyclomatic: None,
            callers: None,
            importance: None,
            reason: String::new(),
            cannot: None,
        }
    }

    /// The area of a source among these tests and files.
    fn of(path: &str, tests: &[&str], files: &[&str]) -> Area {
        let directory = tempfile::tempdir().unwrap();
        let mut snapshot =
            orchestrate_analysis::scan(directory.path(), &Default::default()).unwrap();
        let test = |path: &&str| TestFunction {
            path: (*path).to_owned(),
            name: "test".to_owned(),
            line: 1,
            assertions: 1,
            trivial_assertions: 0,
            claims: Claims::Asserts,
            reach: Reach::Reaches,
        };
        snapshot.tests = tests.iter().map(test).collect();
        let is_there = |path: &str| files.contains(&path);
        area(&gap(path), &snapshot, &is_there, &|path| !is_there(path))
    }

    #[test]
    fn a_test_lies_where_its_like_lie() {
        let check = |path: &str, tests: &[&str], files: &[&str], expected: &str| {
            assert_eq!(of(path, tests, files).path.as_deref(), Some(expected));
        };
        let unit = [
            "tests/unit/core/test_a.py",
            "tests/unit/core/test_b.py",
            "tests/unit/formatters/test_c.py",
        ];
        let name = "test_screen_screen_show";
        check(
            "app/formatters/screen.py",
            &unit,
            &[],
            &format!("tests/unit/formatters/{name}.py"),
        );
        check(
            "app/other/screen.py",
            &unit,
            &[],
            &format!("tests/unit/core/{name}.py"),
        );
        check("screen.py", &[], &[], &format!("tests/{name}.py"));
        let taken = format!("tests/{name}.py");
        check("screen.py", &[], &[&taken], &format!("tests/{name}_2.py"));
        let many = [
            "one/tests/test_a.py",
            "two/tests/test_a.py",
            "two/tests/test_b.py",
        ];
        check("one/screen.py", &many, &[], &format!("one/tests/{name}.py"));
        check(
            "crates/a/src/screen.rs",
            &[],
            &["crates/a/Cargo.toml", "crates/a/src/lib.rs"],
            "crates/a/tests/screen_screen_show.rs",
        );
        check("ui/screen.go", &[], &[], "ui/screen_screen_show_test.go");
    }

    #[test]
    fn what_cannot_be_checked_says_so() {
        let of_program = of("src/main.rs", &[], &["Cargo.toml", "src/main.rs"]);
        assert!(
            of_program
                .cannot
                .is_some_and(|why| why.contains("no part of a library"))
        );
        let of_script = of("src/screen.ts", &[], &[]);
        assert!(
            of_script
                .cannot
                .is_some_and(|why| why.contains("TypeScript"))
        );
    }

    #[test]
    fn a_writer_cannot_put_a_test_anywhere() {
        let files = ["tests/test_there.py"];
        let area = of("src/screen.py", &["tests/test_there.py"], &files);
        let check = |path: &str| {
            let is_there = |path: &str| files.contains(&path);
            super::check(path, &gap("src/screen.py"), &area, &is_there)
        };
        assert_eq!(check("tests/test_screen.py"), Ok(()));
        assert_eq!(check("tests/deep/screen_test.py"), Ok(()));
        for bad in [
            "",
            "/tests/test_screen.py",
            "tests/../src/test_screen.py",
            "tests\\test_screen.py",
            "tests/.hidden/test_screen.py",
            "tests/conftest.py",
            "tests/test_screen.txt",
            "src/test_screen.py",
            "tests/test_there.py",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
