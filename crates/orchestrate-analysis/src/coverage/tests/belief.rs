//! Which reports are believed, and what is said of those that are not.

use super::*;

#[test]
fn a_report_of_the_sources_is_measured() {
    Repo::new(&[("src/a.rs", 20), ("src/b.rs", 20)])
        .report(
            "lcov.info",
            &lcov(&[("src/a.rs", 7, 10), ("src/b.rs", 10, 10)]),
            60,
        )
        .check(expect![[r#"
            85.00 % of 20 lines, at least 85.00 %
            Rust 85.00 %
              src/a.rs 7/10 uncovered [8-10]
              src/b.rs 10/10 uncovered []
            from lcov.info (lcov): 2 files = 2 product + 0 other + 0 unmatched
        "#]]);
}

#[test]
fn nothing_to_measure_with_names_the_commands() {
    Repo::new(&[
        ("src/a.rs", 20),
        ("b.py", 5),
        ("c.js", 5),
        ("d.ts", 5),
        ("e.go", 5),
    ])
    .check(expect![[r#"
        not measured: there is no coverage report
        how: run the tests under coverage first; Rust: `cargo llvm-cov --lcov --output-path lcov.info`; Python: `coverage run -m pytest && coverage json`; JavaScript: `npx c8 --reporter=lcov npm test`, or without a package `node --test --experimental-test-coverage --test-reporter=lcov --test-reporter-destination=lcov.info`; Go: `go test -coverprofile=cover.out ./...`
    "#]]);
    Repo::new(&[("d.ts", 5)]).check(expect![[r#"
        not measured: there is no coverage report
        how: run the tests under coverage first; TypeScript: `npx c8 --reporter=lcov npm test`
    "#]]);
    Repo::new(&[]).check(expect![[r#"
        not measured: there are no product sources of a known language
        how: name a directory with Rust, Python, JavaScript, TypeScript or Go sources
    "#]]);
    Repo::new(&[])
        .with("tests/test_a.py", 9, Role::Test)
        .check(expect![[r#"
            not measured: there are no product sources of a known language
            how: name a directory with Rust, Python, JavaScript, TypeScript or Go sources
        "#]]);
}

#[test]
fn tests_examples_and_vendored_files_do_not_count() {
    Repo::new(&[("a.py", 20)])
        .with("test_a.py", 20, Role::Test)
        .with("vendor/v.py", 20, Role::Vendored)
        .report(
            "lcov.info",
            &lcov(&[
                ("a.py", 5, 10),
                ("test_a.py", 10, 10),
                ("vendor/v.py", 10, 10),
            ]),
            60,
        )
        .check(expect![[r#"
            50.00 % of 10 lines, at least 50.00 %
            Python 50.00 %
              a.py 5/10 uncovered [6-10]
            from lcov.info (lcov): 3 files = 1 product + 2 other + 0 unmatched
              note: as a whole it counts 30 lines (83.3 % covered); 10 of them are product code of these languages (50.0 %)
        "#]]);
    Repo::new(&[("a.py", 20)])
        .with("test_a.py", 20, Role::Test)
        .report("lcov.info", &lcov(&[("test_a.py", 10, 10)]), 60)
        .check(expect![[r#"
            not measured: `lcov.info` names no product code: 1 file that the repository has, all tests, examples, generated or vendored
            how: run the tests under coverage first; Python: `coverage run -m pytest && coverage json`
        "#]]);
}

#[test]
fn test_code_inside_product_files_does_not_count() {
    let mut repo = Repo::new(&[]);
    repo.add("src/a.rs", 20, Role::Product).test_lines = vec![LineSpan { first: 1, last: 4 }];
    repo.report("lcov.info", &lcov(&[("src/a.rs", 5, 10)]), 60)
        .check(expect![[r#"
            16.67 % of 6 lines, at least 16.67 %
            Rust 16.67 %
              src/a.rs 1/6 uncovered [6-10]
            from lcov.info (lcov): 1 files = 1 product + 0 other + 0 unmatched
              note: as a whole it counts 10 lines (50.0 % covered); 6 of them are product code of these languages (16.7 %)
        "#]]);
}

#[test]
fn byte_ranges_of_test_code_become_lines() {
    let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n}\nfn b() {}\n";
    let source = SourceFile {
        path: "src/a.rs".to_owned(),
        language: Language::Rust,
        role: Role::Product,
        text: text.to_owned(),
        modified: None,
    };
    let end = text.find("}\nfn b").unwrap() + 1;
    let indexed = IndexedSource::of(&source, &[text.find('#').unwrap()..end, 3..3]);
    assert_eq!(indexed.lines, 5);
    assert_eq!(indexed.test_lines, [LineSpan { first: 2, last: 4 }]);
}

#[test]
fn a_report_older_than_its_sources_is_not_believed() {
    let repo = |seconds| {
        Repo::new(&[("src/a.rs", 20), ("src/b.rs", 20)]).report(
            "lcov.info",
            &lcov(&[("src/a.rs", 7, 10)]),
            seconds,
        )
    };
    repo(-3600).check(expect![[r#"
        not measured: `lcov.info` is older than the sources: it was written 2027-01-15 08:00:00 UTC, and `src/a.rs` was changed 16 min 40 s later, 2027-01-15 08:16:40 UTC
        how: run the tests under coverage first; Rust: `cargo llvm-cov --lcov --output-path lcov.info`
    "#]]);
    // A checkout writes files in any order within a few seconds.
    assert!(repo(-4).measure().value().is_some());
    // A file that the report does not cover may be newer: it is named as missing instead.
    let mut other = repo(60);
    other.sources.files[1].modified = Some(at(9000));
    assert!(other.measure().value().is_some());
}

#[test]
fn an_unknown_age_is_said() {
    let mut repo =
        Repo::new(&[("src/a.rs", 20)]).report("lcov.info", &lcov(&[("src/a.rs", 7, 10)]), 60);
    repo.sources.files[0].modified = None;
    repo.check(expect![[r#"
        70.00 % of 10 lines, at least 70.00 %
        Rust 70.00 %
          src/a.rs 7/10 uncovered [8-10]
        from lcov.info (lcov): 1 files = 1 product + 0 other + 0 unmatched
        note: the age of `lcov.info` is not known, so it may be older than the sources
    "#]]);
}

#[test]
fn tests_newer_than_the_report_are_said() {
    let mut repo = Repo::new(&[("a.py", 20)]).with("test_a.py", 20, Role::Test);
    repo.sources.files[1].modified = Some(at(2000));
    repo.report("lcov.info", &lcov(&[("a.py", 5, 10)]), 60)
        .check(expect![[r#"
            50.00 % of 10 lines, at least 50.00 %
            Python 50.00 %
              a.py 5/10 uncovered [6-10]
            from lcov.info (lcov): 1 files = 1 product + 0 other + 0 unmatched
              note: tests were changed after it was written, for example `test_a.py`
        "#]]);
}

#[test]
fn a_report_of_other_paths_is_not_believed() {
    Repo::new(&[("src/a.rs", 20)])
        .report(
            "lcov.info",
            &lcov(&[
                ("lib/x.rs", 7, 10),
                ("lib/y.rs", 7, 10),
                ("lib/z.rs", 7, 10),
            ]),
            60,
        )
        .check(expect![[r#"
            not measured: `lcov.info` is of other paths: it names 3 files such as `lib/x.rs` and `lib/y.rs`, the repository has files such as `src/a.rs`
            how: run the tests under coverage first; Rust: `cargo llvm-cov --lcov --output-path lcov.info`
        "#]]);
}

#[test]
fn a_report_of_another_version_is_not_believed() {
    Repo::new(&[("src/a.rs", 8)])
        .report("lcov.info", &lcov(&[("src/a.rs", 7, 10)]), 60)
        .check(expect![[r#"
            not measured: `lcov.info` is of another version: it speaks of line 10 of `src/a.rs`, which has 8 lines
            how: run the tests under coverage first; Rust: `cargo llvm-cov --lcov --output-path lcov.info`
        "#]]);
}

#[test]
fn an_empty_report_measures_nothing() {
    Repo::new(&[("a.go", 20)])
        .report("cover.out", "mode: set\n", 60)
        .check(expect![[r#"
            not measured: `cover.out` is empty: it counts no statements
            how: run the tests under coverage first; Go: `go test -coverprofile=cover.out ./...`
        "#]]);
    Repo::new(&[("a.go", 20)])
        .report("cover.out", "", 60)
        .check(expect![[r#"
            not measured: `cover.out` is empty
            how: run the tests under coverage first; Go: `go test -coverprofile=cover.out ./...`
        "#]]);
    Repo::new(&[("a.py", 20)])
        .report("lcov.info", "SF:a.py\nend_of_record\n", 60)
        .check(expect![[r#"
            not measured: `lcov.info` is empty: it counts no lines
            how: run the tests under coverage first; Python: `coverage run -m pytest && coverage json`
        "#]]);
}

#[test]
fn a_broken_report_fails() {
    Repo::new(&[("a.py", 20)])
        .report("lcov.info", "SF:a.py\nDA:1,1\n", 60)
        .check(expect![[r#"
            failed: `lcov.info` cannot be read: the report is cut off in the record of `a.py` at line 2
            how: run the tests under coverage first; Python: `coverage run -m pytest && coverage json`
        "#]]);
    let latin: &[u8] = b"SF:\xe9.py\n";
    let repo = Repo::new(&[("a.py", 20)]);
    fs::write(repo.root().join("lcov.info"), latin).unwrap();
    repo.check(expect![[r#"
        failed: `lcov.info` cannot be read: no UTF-8 text at byte 3
        how: run the tests under coverage first; Python: `coverage run -m pytest && coverage json`
    "#]]);
}

#[test]
fn a_file_that_only_has_the_name_of_a_report_is_passed_by() {
    Repo::new(&[("a.py", 20)])
        .report("coverage.json", r#"{"threshold": 80}"#, 60)
        .check(expect![[r#"
            not measured: `coverage.json` is no coverage report: JSON of an unknown shape (known are lcov, llvm-cov JSON, coverage.py JSON, istanbul JSON, Cobertura XML and Go cover profiles) at line 1
            how: run the tests under coverage first; Python: `coverage run -m pytest && coverage json`
        "#]]);
    Repo::new(&[("a.py", 20)])
        .report("coverage.json", r#"{"threshold": 80}"#, 60)
        .report("lcov.info", &lcov(&[("a.py", 5, 10)]), 60)
        .check(expect![[r#"
            50.00 % of 10 lines, at least 50.00 %
            Python 50.00 %
              a.py 5/10 uncovered [6-10]
            from lcov.info (lcov): 1 files = 1 product + 0 other + 0 unmatched
            not used: coverage.json is no coverage report: JSON of an unknown shape (known are lcov, llvm-cov JSON, coverage.py JSON, istanbul JSON, Cobertura XML and Go cover profiles) at line 1
        "#]]);
}

#[test]
fn a_named_report_is_the_only_one_and_has_to_be_usable() {
    let repo = || Repo::new(&[("a.py", 20)]).report("lcov.info", &lcov(&[("a.py", 5, 10)]), 60);
    repo()
        .report("out/mine.txt", &lcov(&[("a.py", 9, 10)]), 60)
        .naming("out/mine.txt")
        .check(expect![[r#"
            90.00 % of 10 lines, at least 90.00 %
            Python 90.00 %
              a.py 9/10 uncovered [10-10]
            from out/mine.txt (lcov): 1 files = 1 product + 0 other + 0 unmatched
        "#]]);
    repo()
        .naming("nowhere.info")
        .naming("lcov.info")
        .check(expect![[r#"
            failed: `nowhere.info` cannot be read: No such file or directory (os error 2)
            how: run the tests under coverage first; Python: `coverage run -m pytest && coverage json`
        "#]]);
    repo()
        .report("mine.txt", "what is this", 60)
        .naming("mine.txt")
        .check(expect![[r#"
            failed: `mine.txt` is no coverage report: `what is this` starts no coverage report (known are lcov, llvm-cov JSON, coverage.py JSON, istanbul JSON, Cobertura XML and Go cover profiles) at line 1
            how: run the tests under coverage first; Python: `coverage run -m pytest && coverage json`
        "#]]);
    repo()
        .report("mine.txt", "what is this", 60)
        .naming("lcov.info")
        .naming("mine.txt")
        .check(expect![[r#"
            failed: `mine.txt` is no coverage report: `what is this` starts no coverage report (known are lcov, llvm-cov JSON, coverage.py JSON, istanbul JSON, Cobertura XML and Go cover profiles) at line 1
            how: run the tests under coverage first; Python: `coverage run -m pytest && coverage json`
        "#]]);
    repo()
        .report("out/a.py", "", 60)
        .naming("out")
        .check(expect![[r#"
            failed: `out` cannot be read: it is no regular file
            how: run the tests under coverage first; Python: `coverage run -m pytest && coverage json`
        "#]]);
}

/// Opening a pipe waits for its other end, which nobody opens.
#[cfg(unix)]
#[test]
fn a_pipe_is_no_report_and_no_module_file() {
    use crate::inventory::testing::{in_time, pipe};

    let repo = Repo::new(&[("a.go", 3)]).naming("pipe");
    let directory = repo.root();
    let (Some(_), Some(_)) = (pipe(directory, "pipe"), pipe(directory, "go.mod")) else {
        return;
    };
    let named = in_time(move || {
        let named = render(&repo.measure());
        fs::remove_file(repo.root().join("pipe")).unwrap();
        let repo = Repo {
            named: Vec::new(),
            ..repo
        }
        .report("coverage.out", "mode: set\nx/a.go:1.1,2.2 1 1\n", 60);
        repo.measure();
        named
    });
    assert!(named.contains("it is no regular file"), "{named}");
}
