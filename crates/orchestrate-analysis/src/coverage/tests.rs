//! Measuring as a user meets it: a directory with sources and reports in, a verdict out.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use expect_test::{Expect, expect};
use tempfile::TempDir;

use super::report::CoverageReport;
use super::{
    CoverageOptions, FunctionSpan, IndexedSource, LineSpan, SourceIndex, measure, rank_files,
    rank_gaps,
};
use crate::language::Language;
use crate::measured::Measured;
use crate::source::{Role, SourceFile};

/// A repository whose sources are all written at one time, and reports at times of their own.
struct Repo {
    directory: TempDir,
    sources: SourceIndex,
    named: Vec<PathBuf>,
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + seconds)
}

impl Repo {
    /// Product sources with their numbers of lines.
    fn new(sources: &[(&str, u32)]) -> Self {
        let mut repo = Self {
            directory: tempfile::tempdir().unwrap(),
            sources: SourceIndex::default(),
            named: Vec::new(),
        };
        for (path, lines) in sources {
            repo.add(path, *lines, Role::Product);
        }
        repo
    }

    fn add(&mut self, path: &str, lines: u32, role: Role) -> &mut IndexedSource {
        self.sources.files.push(IndexedSource {
            path: path.to_owned(),
            language: Language::of_path(path).unwrap(),
            role,
            modified: Some(at(1000)),
            lines,
            test_lines: Vec::new(),
        });
        self.sources.files.last_mut().unwrap()
    }

    fn with(mut self, path: &str, lines: u32, role: Role) -> Self {
        self.add(path, lines, role);
        self
    }

    fn write(&self, path: &str, text: &str) -> PathBuf {
        let path = self.directory.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// A report written `seconds` after the sources were (before, if negative).
    fn report(self, path: &str, text: &str, seconds: i64) -> Self {
        let path = self.write(path, &text.replace("$ROOT", self.root().to_str().unwrap()));
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_modified(at(1000_u64.saturating_add_signed(seconds)))
            .unwrap();
        self
    }

    fn naming(mut self, report: &str) -> Self {
        self.named.push(PathBuf::from(report));
        self
    }

    fn root(&self) -> &Path {
        self.directory.path()
    }

    fn measure(&self) -> Measured<CoverageReport> {
        measure(
            self.root(),
            &self.sources,
            &CoverageOptions {
                reports: self.named.clone(),
            },
        )
    }

    fn check(&self, expected: Expect) {
        let text = render(&self.measure()).replace(self.root().to_str().unwrap(), "$ROOT");
        expected.assert_eq(&text);
    }
}

fn render(measured: &Measured<CoverageReport>) -> String {
    let report = match measured {
        Measured::Measured { value } => value,
        Measured::NotMeasured { why, how } => return format!("not measured: {why}\nhow: {how}\n"),
        Measured::Failed { why, how } => return format!("failed: {why}\nhow: {how}\n"),
    };
    let mut text = String::new();
    for totals in &report.totals {
        write!(
            text,
            "{:.2} % of {} {}, at least {:.2} %",
            totals.percent,
            totals.total,
            totals.unit.name(),
            totals.floor_percent
        )
        .unwrap();
        if let Some(branches) = totals.branches {
            write!(text, ", branches {}/{}", branches.covered, branches.total).unwrap();
        }
        text.push('\n');
    }
    for language in &report.languages {
        writeln!(
            text,
            "{} {:.2} %",
            language.language.name(),
            language.totals.percent
        )
        .unwrap();
        for file in &language.files {
            let spans: Vec<String> = file
                .uncovered
                .iter()
                .map(|span| format!("{}-{}", span.first, span.last))
                .collect();
            writeln!(
                text,
                "  {} {}/{} uncovered [{}]",
                file.path,
                file.counts.covered,
                file.counts.total,
                spans.join(" ")
            )
            .unwrap();
        }
        for missing in &language.sources_missing_from_report {
            writeln!(text, "  {} in no report", missing.path).unwrap();
        }
    }
    for unmeasured in &report.languages_not_measured {
        writeln!(
            text,
            "{} not measured: {}; {}",
            unmeasured.language.name(),
            unmeasured.why,
            unmeasured.how
        )
        .unwrap();
    }
    for evidence in &report.evidence {
        writeln!(
            text,
            "from {} ({}): {} files = {} product + {} other + {} unmatched{}",
            evidence.path,
            evidence.format.name(),
            evidence.files,
            evidence.files_product,
            evidence.files_not_product,
            evidence.files_unmatched,
            evidence
                .path_mapping
                .as_ref()
                .map(|mapping| format!(", {mapping}"))
                .unwrap_or_default(),
        )
        .unwrap();
        for note in &evidence.notes {
            writeln!(text, "  note: {note}").unwrap();
        }
    }
    for rejected in &report.rejected {
        writeln!(text, "not used: {} {}", rejected.path, rejected.why).unwrap();
    }
    for note in &report.notes {
        writeln!(text, "note: {note}").unwrap();
    }
    text
}

/// An lcov report in which each file has lines 1 to `total`, the first `covered` of them executed.
fn lcov(files: &[(&str, u32, u32)]) -> String {
    let mut text = String::new();
    for (path, covered, total) in files {
        writeln!(text, "SF:{path}").unwrap();
        for line in 1..=*total {
            writeln!(text, "DA:{line},{}", u32::from(line <= *covered)).unwrap();
        }
        writeln!(text, "end_of_record").unwrap();
    }
    text
}

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

#[test]
fn absolute_paths_below_the_root_are_ours() {
    Repo::new(&[("src/a.rs", 20)])
        .report(
            "lcov.info",
            &lcov(&[
                ("$ROOT/src/a.rs", 7, 10),
                ("/rustc/abc/library/core/src/lib.rs", 1, 2),
            ]),
            60,
        )
        .check(expect![[r#"
            70.00 % of 10 lines, at least 70.00 %
            Rust 70.00 %
              src/a.rs 7/10 uncovered [8-10]
            from lcov.info (lcov): 2 files = 1 product + 0 other + 1 unmatched
              note: as a whole it counts 12 lines (66.7 % covered); 10 of them are product code of these languages (70.0 %)
        "#]]);
}

#[test]
fn paths_of_another_checkout_are_mapped() {
    Repo::new(&[("src/a.rs", 20), ("src/b/mod.rs", 20)])
        .report(
            "lcov.info",
            &lcov(&[
                ("/build/p/src/a.rs", 7, 10),
                ("/build/p/src/b/mod.rs", 1, 10),
                ("/srv/.cargo/registry/src/x-1/src/a.rs", 9, 9),
            ]),
            60,
        )
        .check(expect![[r#"
            40.00 % of 20 lines, at least 40.00 %
            Rust 40.00 %
              src/a.rs 7/10 uncovered [8-10]
              src/b/mod.rs 1/10 uncovered [2-10]
            from lcov.info (lcov): 3 files = 2 product + 0 other + 1 unmatched, `/build/p/` -> ``
              note: as a whole it counts 29 lines (58.6 % covered); 20 of them are product code of these languages (40.0 %)
        "#]]);
    // A run inside a subdirectory leaves its name out.
    Repo::new(&[("backend/app/a.py", 20), ("frontend/a.js", 9)])
        .report("coverage/lcov.info", &lcov(&[("app/a.py", 7, 10)]), 60)
        .check(expect![[r#"
            70.00 % of 10 lines, at least 70.00 %
            Python 70.00 %
              backend/app/a.py 7/10 uncovered [8-10]
            JavaScript not measured: no usable report names any of its 1 file; run `npx c8 --reporter=lcov npm test`, or without a package `node --test --experimental-test-coverage --test-reporter=lcov --test-reporter-destination=lcov.info`
            from coverage/lcov.info (lcov): 1 files = 1 product + 0 other + 0 unmatched, `` -> `backend/`
            note: JavaScript is not in the figures: no usable report names any of its 1 file
        "#]]);
}

#[test]
fn equal_names_do_not_make_a_foreign_report_ours() {
    // One of three files has a name of ours.
    Repo::new(&[("src/lib.rs", 20)])
        .report(
            "lcov.info",
            &lcov(&[
                ("/other/src/lib.rs", 7, 10),
                ("/other/src/x.rs", 7, 10),
                ("/other/src/y.rs", 7, 10),
            ]),
            60,
        )
        .check(expect![[r#"
            not measured: `lcov.info` is of other paths: it names 3 files such as `/other/src/lib.rs` and `/other/src/x.rs`, the repository has files such as `src/lib.rs`
            how: run the tests under coverage first; Rust: `cargo llvm-cov --lcov --output-path lcov.info`
        "#]]);
    // Two of our files could be meant.
    Repo::new(&[("x/main.py", 20), ("y/main.py", 20)])
        .report("lcov.info", &lcov(&[("main.py", 7, 10)]), 60)
        .check(expect![[r#"
            not measured: `lcov.info` is of other paths: it names 1 file such as `main.py`, the repository has files such as `x/main.py`
            how: run the tests under coverage first; Python: `coverage run -m pytest && coverage json`
        "#]]);
}

#[test]
fn cobertura_paths_start_from_their_sources() {
    let xml = |source: &str| {
        format!(
            "<coverage line-rate='1'><sources><source>{source}</source></sources><packages><package><classes>\
             <class filename='app/a.py'><lines><line number='1' hits='1'/><line number='2' hits='0'/></lines></class>\
             </classes></package></packages></coverage>"
        )
    };
    let repo = || Repo::new(&[("src/app/a.py", 20), ("app/a.py", 20)]);
    repo()
        .report("coverage.xml", &xml("$ROOT/src"), 60)
        .check(expect![[r#"
            50.00 % of 2 lines, at least 4.55 %
            Python 50.00 %
              src/app/a.py 1/2 uncovered [2-2]
              app/a.py in no report
            from coverage.xml (Cobertura XML): 1 files = 1 product + 0 other + 0 unmatched
            note: 1 of 2 Python product files are in no report (20 lines with comments and blanks; the largest is `app/a.py`): they hold no executable code, or no test loads them. They are not in the 50.0 %; were all their lines code and uncovered, it would be 4.5 %
        "#]]);
    repo()
        .report("coverage.xml", &xml("src"), 60)
        .check(expect![[r#"
            50.00 % of 2 lines, at least 4.55 %
            Python 50.00 %
              src/app/a.py 1/2 uncovered [2-2]
              app/a.py in no report
            from coverage.xml (Cobertura XML): 1 files = 1 product + 0 other + 0 unmatched
            note: 1 of 2 Python product files are in no report (20 lines with comments and blanks; the largest is `app/a.py`): they hold no executable code, or no test loads them. They are not in the 50.0 %; were all their lines code and uncovered, it would be 4.5 %
        "#]]);
    repo()
        .report("coverage.xml", &xml("/elsewhere"), 60)
        .check(expect![[r#"
            50.00 % of 2 lines, at least 4.55 %
            Python 50.00 %
              app/a.py 1/2 uncovered [2-2]
              src/app/a.py in no report
            from coverage.xml (Cobertura XML): 1 files = 1 product + 0 other + 0 unmatched
            note: 1 of 2 Python product files are in no report (20 lines with comments and blanks; the largest is `src/app/a.py`): they hold no executable code, or no test loads them. They are not in the 50.0 %; were all their lines code and uncovered, it would be 4.5 %
        "#]]);
}

#[test]
fn go_import_paths_are_mapped_by_module() {
    let repo = Repo::new(&[("a.go", 20), ("tools/gen/b.go", 20)]);
    repo.write(
        "go.mod",
        "module example.com/m // the main one\n\ngo 1.22\n",
    );
    repo.write("tools/go.mod", "module example.com/m/v2/tools\n");
    repo.report(
        "cover.out",
        "mode: set\nexample.com/m/a.go:1.1,3.2 3 1\nexample.com/m/v2/tools/gen/b.go:1.1,3.2 1 0\n",
        60,
    )
    .check(expect![[r#"
        75.00 % of 4 statements, at least 75.00 %
        Go 75.00 %
          a.go 3/3 uncovered []
          tools/gen/b.go 0/1 uncovered [1-3]
        from cover.out (Go cover profile): 2 files = 2 product + 0 other + 0 unmatched
    "#]]);
}

#[test]
fn lines_and_statements_are_kept_apart() {
    let repo = Repo::new(&[("a.go", 20), ("b.py", 20), ("c.js", 20)])
        .report(
            "cover.out",
            "mode: set\na.go:1.1,3.2 3 1\na.go:4.1,5.2 1 0\n",
            60,
        )
        .report("lcov.info", &lcov(&[("b.py", 6, 10)]), 60);
    repo.check(expect![[r#"
        60.00 % of 10 lines, at least 60.00 %
        75.00 % of 4 statements, at least 75.00 %
        Python 60.00 %
          b.py 6/10 uncovered [7-10]
        Go 75.00 %
          a.go 3/4 uncovered [4-5]
        JavaScript not measured: no usable report names any of its 1 file; run `npx c8 --reporter=lcov npm test`, or without a package `node --test --experimental-test-coverage --test-reporter=lcov --test-reporter-destination=lcov.info`
        from lcov.info (lcov): 1 files = 1 product + 0 other + 0 unmatched
        from cover.out (Go cover profile): 1 files = 1 product + 0 other + 0 unmatched
        note: JavaScript is not in the figures: no usable report names any of its 1 file
    "#]]);
    let report = repo.measure();
    let report = report.value().unwrap();
    assert!(
        (report.percent() - 60.0).abs() < 1e-9,
        "the lower of the two units decides"
    );
    assert!(!report.is_complete());
}

#[test]
fn the_newest_of_two_reports_of_the_same_code_counts() {
    Repo::new(&[("a.py", 20), ("b.py", 20)])
        .report("coverage.json", r#"{"meta": {"format": 3}, "files": {"a.py": {"executed_lines": [1], "missing_lines": [2]}}}"#, 60)
        .report("lcov.info", &lcov(&[("a.py", 10, 10)]), 30)
        .check(expect![[r#"
            50.00 % of 2 lines, at least 4.55 %
            Python 50.00 %
              a.py 1/2 uncovered [2-2]
              b.py in no report
            from coverage.json (coverage.py JSON): 1 files = 1 product + 0 other + 0 unmatched
            not used: lcov.info is not used for Python: `coverage.json` covers the same code and is newer
            note: 1 of 2 Python product files are in no report (20 lines with comments and blanks; the largest is `b.py`): they hold no executable code, or no test loads them. They are not in the 50.0 %; were all their lines code and uncovered, it would be 4.5 %
        "#]]);
}

#[test]
fn reports_of_different_parts_complement_each_other() {
    let repo = Repo::new(&[("packages/a/x.js", 20), ("packages/b/y.js", 20)]);
    for package in ["a", "b"] {
        repo.write(&format!("packages/{package}/package.json"), "{}");
    }
    repo.report(
        "packages/a/coverage/lcov.info",
        &lcov(&[("$ROOT/packages/a/x.js", 10, 10)]),
        60,
    )
    .report(
        "packages/b/coverage/lcov.info",
        &lcov(&[("$ROOT/packages/b/y.js", 5, 10)]),
        30,
    )
    .check(expect![[r#"
        75.00 % of 20 lines, at least 75.00 %
        JavaScript 75.00 %
          packages/a/x.js 10/10 uncovered []
          packages/b/y.js 5/10 uncovered [6-10]
        from packages/a/coverage/lcov.info (lcov): 1 files = 1 product + 0 other + 0 unmatched
        from packages/b/coverage/lcov.info (lcov): 1 files = 1 product + 0 other + 0 unmatched
    "#]]);
}

#[test]
fn paths_of_a_project_inside_the_repository_start_there() {
    let repo = Repo::new(&[
        ("packages/a/src/index.js", 20),
        ("packages/b/src/index.js", 20),
    ]);
    for package in ["a", "b"] {
        repo.write(&format!("packages/{package}/package.json"), "{}");
    }
    repo.report(
        "packages/a/coverage/lcov.info",
        &lcov(&[("src/index.js", 10, 10)]),
        60,
    )
    .report(
        "packages/b/coverage/lcov.info",
        &lcov(&[("src/index.js", 5, 10)]),
        60,
    )
    .check(expect![[r#"
        75.00 % of 20 lines, at least 75.00 %
        JavaScript 75.00 %
          packages/a/src/index.js 10/10 uncovered []
          packages/b/src/index.js 5/10 uncovered [6-10]
        from packages/a/coverage/lcov.info (lcov): 1 files = 1 product + 0 other + 0 unmatched, relative to `packages/a/`
        from packages/b/coverage/lcov.info (lcov): 1 files = 1 product + 0 other + 0 unmatched, relative to `packages/b/`
    "#]]);
}

#[test]
fn product_files_in_no_report_are_named_and_lower_the_floor() {
    Repo::new(&[
        ("a.ts", 20),
        ("b.ts", 90),
        ("types.d.ts", 40),
        ("empty.ts", 0),
    ])
    .report("lcov.info", &lcov(&[("a.ts", 9, 10)]), 60)
    .check(expect![[r#"
        90.00 % of 10 lines, at least 9.00 %
        TypeScript 90.00 %
          a.ts 9/10 uncovered [10-10]
          b.ts in no report
        from lcov.info (lcov): 1 files = 1 product + 0 other + 0 unmatched
        note: 1 of 2 TypeScript product files are in no report (90 lines with comments and blanks; the largest is `b.ts`): they hold no executable code, or no test loads them. They are not in the 90.0 %; were all their lines code and uncovered, it would be 9.0 %
    "#]]);
}

#[test]
fn a_summary_that_disagrees_is_said() {
    Repo::new(&[("a.py", 20)])
        .report("coverage.json", r#"{"meta": {"format": 3}, "files": {"a.py": {"executed_lines": [1], "missing_lines": [2]}},
            "totals": {"covered_lines": 99, "num_statements": 100}}"#, 60)
        .check(expect![[r#"
            50.00 % of 2 lines, at least 50.00 %
            Python 50.00 %
              a.py 1/2 uncovered [2-2]
            from coverage.json (coverage.py JSON): 1 files = 1 product + 0 other + 0 unmatched
              note: its own summary says 99.0 % (99 of 100), its files add up to 50.0 % (1 of 2)
        "#]]);
}

#[test]
fn gaps_are_ranked_by_risk() {
    let repo = Repo::new(&[("a.py", 40), ("b.py", 40)]).report(
        "lcov.info",
        &lcov(&[("a.py", 12, 30), ("b.py", 10, 12)]),
        60,
    );
    let measured = repo.measure();
    let report = measured.value().unwrap();
    let span = |path: &str, name: &str, start, end, cyclomatic| FunctionSpan {
        path: path.to_owned(),
        name: name.to_owned(),
        start,
        end,
        cyclomatic,
    };
    let spans = [
        span("a.py", "covered", 1, 10, 9),
        span("a.py", "half", 11, 14, 10),
        span("a.py", "plain", 15, 30, 1),
        span("a.py", "plain.inner", 20, 22, 3),
        span("b.py", "not_measured", 30, 40, 50),
    ];
    let mut text = String::new();
    for gap in rank_gaps(report, &spans)
        .into_iter()
        .chain(rank_files(report))
    {
        let name = gap.function.as_deref().unwrap_or("(file)");
        writeln!(
            text,
            "{} {name} {}-{}: {} uncovered of {}, risk {:.2?}",
            gap.path, gap.start, gap.end, gap.uncovered, gap.counts.total, gap.risk
        )
        .unwrap();
    }
    expect![[r#"
        a.py half 11-14: 2 uncovered of 4, risk Some(22.50)
        a.py plain.inner 20-22: 3 uncovered of 3, risk Some(12.00)
        a.py plain 15-30: 13 uncovered of 13, risk Some(2.00)
        a.py (file) 13-30: 18 uncovered of 30, risk None
        b.py (file) 11-12: 2 uncovered of 12, risk None
    "#]]
    .assert_eq(&text);
}

#[test]
fn without_a_parser_the_functions_of_the_report_are_ranked() {
    let repo = Repo::new(&[("a.py", 40)]).report(
        "lcov.info",
        "SF:a.py\nFN:1,2,good\nFN:3,4,bad\nFN:5,open_end\nFNDA:1,good\nFNDA:0,bad\nDA:1,1\nDA:2,1\nDA:3,1\nDA:4,0\nDA:5,0\nend_of_record\n",
        60,
    );
    let measured = repo.measure();
    let gaps = rank_gaps(measured.value().unwrap(), &[]);
    let names: Vec<_> = gaps
        .iter()
        .map(|gap| (gap.function.as_deref(), gap.uncovered, gap.risk))
        .collect();
    assert_eq!(names, [(Some("bad"), 1, None)]);
}

#[test]
fn the_same_input_gives_the_same_report() {
    let repo = Repo::new(&[("a.py", 20), ("b.py", 20)])
        .report("coverage/lcov.info", &lcov(&[("a.py", 10, 10)]), 60)
        .report("lcov.info", &lcov(&[("a.py", 5, 10)]), 60);
    assert_eq!(repo.measure(), repo.measure());
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
