//! Rules for one Rust file: its opening, its size, and words that must not stand in code.

use super::Problem;
use super::source::{Source, is_word, split_word};

/// Code lines of a file, tests left out; a longer file holds a second subject.
const CAP: usize = 600;
/// Code lines of a `lib.rs` or `mod.rs`, which hold documentation and re-exports.
const CAP_OF_INDEX: usize = 60;

/// Every problem of a file; `test` says that all of it belongs to tests.
pub(super) fn check(path: &str, text: &str, source: &Source, test: bool) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut report = |line: usize, what: String| problems.push(Problem::new(path, line, what));
    if !opens_with_docs(text) {
        report(1, "opens without `//!` saying what the file is".to_owned());
    }
    if !test {
        size(path, source.code_lines(), &mut report);
    }
    for (index, line) in source.lines.iter().enumerate() {
        for name in ["todo", "dbg", "unimplemented"] {
            if split_word(&line.code, name).is_some_and(|(_, after)| after.starts_with('!')) {
                report(index + 1, format!("`{name}!` is unfinished work"));
            }
        }
        if line.code.contains("#[allow(") || line.code.contains("#![allow(") {
            report(
                index + 1,
                "bare `allow`; want `#[expect(.., reason = \"..\")]`".to_owned(),
            );
        }
        if test || line.test {
            continue;
        }
        let next = source.lines.get(index + 1).map_or("", |next| &next.code);
        if line.code.contains(".unwrap()") {
            report(index + 1, "`unwrap()` outside tests".to_owned());
        }
        if expects(&line.code, next) {
            report(index + 1, "`expect(..)` outside tests".to_owned());
        }
    }
    for (line, name) in unnamed_properties(source) {
        report(
            line,
            format!("property test `{name}` has to be called `prop_..`, or `prop` misses it"),
        );
    }
    problems
}

/// Whether the first line, after inner attributes, is documentation.
fn opens_with_docs(text: &str) -> bool {
    let attribute = |line: &str| line.starts_with("#![") && line.ends_with(']');
    text.lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !attribute(line))
        .is_some_and(|line| line.starts_with("//!") || line.starts_with("/*!"))
}

fn size(path: &str, lines: usize, report: &mut impl FnMut(usize, String)) {
    let name = path.rsplit('/').next().unwrap_or(path);
    if matches!(name, "lib.rs" | "mod.rs") {
        if lines > CAP_OF_INDEX {
            report(
                0,
                format!("{lines} code lines; docs and re-exports fit in {CAP_OF_INDEX}"),
            );
        }
    } else if lines > CAP {
        report(
            0,
            format!("{lines} code lines (cap {CAP}); what second subject is in it?"),
        );
    }
}

/// Whether `Option::expect` or `Result::expect` is called: a method of that name whose argument is
/// a text. A parser's own `expect(Token)` is another thing.
fn expects(code: &str, next: &str) -> bool {
    code.match_indices(".expect(").any(|(at, call)| {
        let rest = code.get(at + call.len()..).unwrap_or_default().trim();
        let argument = if rest.is_empty() { next.trim() } else { rest };
        argument.starts_with('"') || argument.starts_with("&format!")
    })
}

/// Property tests whose names break the convention of `prop`: functions directly within
/// `proptest! { .. }`, and tests that call `proptest!(..)`.
fn unnamed_properties(source: &Source) -> Vec<(usize, &str)> {
    let mut lines = Vec::new();
    // The depth of brackets since the macro's own one, while within it.
    let mut depth: Option<usize> = None;
    for (index, line) in source.lines.iter().enumerate() {
        let mut code = line.code.as_str();
        if depth.is_none() {
            match split_word(code, "proptest") {
                Some((_, after)) if after.starts_with("! {") => {
                    code = after;
                    depth = Some(0);
                }
                Some((_, after)) if after.starts_with("!(") => {
                    lines.extend(test_around(source, index + 1));
                    continue;
                }
                _ => continue,
            }
        }
        let before = depth.unwrap_or_default();
        let mut now = before;
        for char in code.chars() {
            match char {
                '{' | '(' | '[' => now += 1,
                '}' | ')' | ']' => now = now.saturating_sub(1),
                _ => {}
            }
        }
        if before == 1 && split_word(code, "fn").is_some() {
            lines.push(index + 1);
        }
        depth = (now > 0).then_some(now);
    }
    source
        .functions()
        .filter(|(line, name)| lines.contains(line) && !name.starts_with("prop_"))
        .collect()
}

/// The line of the function around a line, if it is a test and not a helper of tests.
fn test_around(source: &Source, line: usize) -> Option<usize> {
    let starts = source.functions().map(|(start, _)| start);
    let start = starts.take_while(|start| *start <= line).last()?;
    let attribute = source.lines.get(start.checked_sub(2)?)?;
    attribute.code.contains("test]").then_some(start)
}

/// The name of a function's last path segment, such as `a` in `crate::module::a()`; none when it
/// does not look like a function.
pub(super) fn function_name(text: &str) -> Option<&str> {
    let name = text.trim_end_matches("()").rsplit("::").next()?;
    let first = name.chars().next()?;
    let lower = first.is_ascii_lowercase() || first == '_';
    (lower && name.chars().all(is_word)).then_some(name)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::super::listing;
    use super::*;

    fn problems(path: &str, text: &str, test: bool) -> String {
        let problems = super::check(path, text, &Source::parse(text), test);
        listing(&problems)
    }

    #[track_caller]
    fn check(text: &str, expected: &Expect) {
        expected.assert_eq(&problems(
            "crates/a/src/b.rs",
            &format!("//! B.\n{text}"),
            false,
        ));
    }

    #[test]
    fn a_clean_file_has_no_problem() {
        check(
            "#[expect(dead_code, reason = \"x\")]\nfn a() { b.unwrap_or(1); todo(); /* todo!() */ }\n\
             #[cfg(test)]\nmod tests { fn a() { b.unwrap(); c.expect(\"d\"); } }\n",
            &expect![""],
        );
    }

    #[test]
    fn a_file_opens_with_its_subject() {
        let check = |text: &str| problems("xtask/src/b.rs", text, false).is_empty();
        assert!(check("//! B.\n"));
        assert!(check("#![forbid(unsafe_code)]\n\n//! B.\n"));
        assert!(!check("fn a() {}\n"));
        assert!(!check("/// B.\nfn a() {}\n"));
        assert!(!check("// B.\n"));
        assert!(!check(""));
    }

    #[test]
    fn unfinished_work_is_found_even_in_tests() {
        check(
            "fn a() { todo!() }\nfn b() { dbg!(1); }\n#[cfg(test)]\nfn c() { unimplemented!(\"d\") }\n",
            &expect![[r#"
                crates/a/src/b.rs:2: `todo!` is unfinished work
                crates/a/src/b.rs:3: `dbg!` is unfinished work
                crates/a/src/b.rs:5: `unimplemented!` is unfinished work
            "#]],
        );
    }

    #[test]
    fn unwrap_and_expect_are_found_outside_tests() {
        let text = "//! B.\nfn a() { b.unwrap(); }\nfn c() { d.expect(\"e\"); }\nfn f() {\n    g.expect(\n        \
                    \"h\",\n    );\n}\nfn i() { parser.expect(Token::End); }\n";
        expect![[r#"
            crates/a/src/b.rs:2: `unwrap()` outside tests
            crates/a/src/b.rs:3: `expect(..)` outside tests
            crates/a/src/b.rs:5: `expect(..)` outside tests
        "#]]
        .assert_eq(&problems("crates/a/src/b.rs", text, false));
        assert_eq!(problems("crates/a/tests/it/b.rs", text, true), "");
    }

    #[test]
    fn a_bare_allow_is_found() {
        check(
            "#[allow(dead_code)]\nfn a() {}\n",
            &expect![[r#"
                crates/a/src/b.rs:2: bare `allow`; want `#[expect(.., reason = "..")]`
            "#]],
        );
    }

    #[test]
    fn sizes_have_caps_and_tests_do_not_count() {
        let file = |lines: usize| format!("//! B.\n{}", "fn a() {}\n// b\n\n".repeat(lines));
        assert_eq!(problems("crates/a/src/b.rs", &file(CAP), false), "");
        expect![[r#"
            crates/a/src/b.rs: 601 code lines (cap 600); what second subject is in it?
        "#]]
        .assert_eq(&problems("crates/a/src/b.rs", &file(CAP + 1), false));
        assert_eq!(problems("crates/a/src/b.rs", &file(CAP + 1), true), "");
        let tests = format!("{}#[cfg(test)]\nmod tests {{\n{}}}\n", file(CAP), file(9));
        assert_eq!(problems("crates/a/src/b.rs", &tests, false), "");
        assert_eq!(
            problems("crates/a/src/c/mod.rs", &file(CAP_OF_INDEX), false),
            ""
        );
        expect![[r#"
            crates/a/src/lib.rs: 61 code lines; docs and re-exports fit in 60
        "#]]
        .assert_eq(&problems(
            "crates/a/src/lib.rs",
            &file(CAP_OF_INDEX + 1),
            false,
        ));
    }

    #[test]
    fn property_tests_carry_their_prefix() {
        check(
            r"
#[cfg(test)]
mod tests {
    fn helper() { proptest!(|(a in 0..9)| {}); }
    proptest! {
        #![proptest_config(x())]
        #[test]
        fn prop_good(a in 0..9) {
            fn inner() {}
        }
        #[test]
        fn unseen(a in 0..9) {}
    }
    #[test]
    fn after() {}
    #[test]
    fn by_call() {
        proptest!(|(a in 0..9)| {});
    }
    #[test]
    fn prop_by_call() {
        proptest!(|(a in 0..9)| {});
    }
}
",
            &expect![[r#"
                crates/a/src/b.rs:13: property test `unseen` has to be called `prop_..`, or `prop` misses it
                crates/a/src/b.rs:18: property test `by_call` has to be called `prop_..`, or `prop` misses it
            "#]],
        );
    }

    #[test]
    fn a_function_is_named_by_its_last_segment() {
        assert_eq!(function_name("walk::tests::ends()"), Some("ends"));
        assert_eq!(function_name("ends"), Some("ends"));
        assert_eq!(function_name("Plan"), None);
        assert_eq!(function_name("a b"), None);
    }
}
