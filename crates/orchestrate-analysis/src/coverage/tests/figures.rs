//! What the reports come to together: units, languages, floors and gaps.

use super::*;

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
